//! The linear scan before the tree reader: bounds, and what that reader takes though it must not pass.

use std::borrow::Cow;

use crate::xml::bounds::{Bounds, XmlError};
use crate::xml::name::{XML_NS, XMLNS_NS, is_uri, split};
use crate::xml::write::{find, is_character};

/// The rules for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// RFC 6120 §11: no comments and no processing instructions; and no namespace that a parser could refuse.
    Stanza,
    /// A document over HTTP.
    Document,
}

const NO_ELEMENT: XmlError = XmlError::NO_ELEMENT;
const NAME: XmlError = XmlError::NotWellFormed("A name is not one, or has a colon in the wrong place.");
const PREFIX: XmlError = XmlError::NotWellFormed("The prefixes xml and xmlns cannot be declared or used so.");
const VERSION: XmlError = XmlError::NotWellFormed("The version of XML is 1.0.");
const EMPTY: XmlError = XmlError::NotWellFormed("A prefix is declared for no namespace.");
const URI: XmlError = XmlError::NotWellFormed("The name of a namespace is a URI.");

/// Looks at every byte once and refuses what the tree reader must not see, and of names and namespaces what it does not
/// refuse. That tags fit, attributes differ and prefixes are declared is for the reader to say.
pub fn scan(rules: Rules, text: &str, bounds: &Bounds) -> Result<(), XmlError> {
    if text.len() > bounds.bytes {
        return Err(XmlError::TooMuch("message too large"));
    }
    if !text.starts_with('<') {
        return Err(NO_ELEMENT);
    }
    let mut scan = Scan { rest: text, rules, bounds, elements: 0, depth: 0, prefixes: 0 };
    scan.declaration()?;
    while let Some(at) = find(scan.rest, |byte| matches!(byte, b'<' | b'&')) {
        scan.rest = &scan.rest[at..];
        scan.markup()?;
    }
    Ok(())
}

/// The rest of a text, and the counts up to it.
struct Scan<'a> {
    rest: &'a str,
    rules: Rules,
    bounds: &'a Bounds,
    elements: usize,
    depth: usize,
    prefixes: usize,
}

impl<'a> Scan<'a> {
    /// An XML declaration may stand at the start, though it says nothing (RFC 7395 §3.3.3).
    fn declaration(&mut self) -> Result<(), XmlError> {
        let inside = self.rest.strip_prefix("<?xml").filter(|rest| rest.starts_with(is_space));
        let Some(inside) = inside else { return Ok(()) };
        let (inside, rest) = inside.split_once("?>").ok_or(NO_ELEMENT)?;
        self.rest = rest;
        let said = |name| {
            let is_around = |c| is_space(c) || matches!(c, '=' | '"' | '\'');
            inside.split_once(name)?.1.trim_start_matches(is_around).split(is_around).next()
        };
        // A version that comes later is read as this one (XML 1.0 §2.8).
        let minor = said("version").and_then(|version| version.strip_prefix("1."));
        if !minor.is_some_and(|minor| minor == "0" || self.is_document() && is_digits(minor)) {
            return Err(VERSION);
        }
        let Some(encoding) = said("encoding") else { return Ok(()) };
        // ASCII is UTF-8 too.
        let known = ["utf-8", "utf8", "us-ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known));
        if known { Ok(()) } else { Err(XmlError::Encoding) }
    }

    /// Takes what begins with `<` or `&`.
    fn markup(&mut self) -> Result<(), XmlError> {
        if self.rest.starts_with('&') {
            self.rest = reference(self.rest)?.1;
        } else if let Some(data) = self.rest.strip_prefix("<![CDATA[") {
            self.skip(data, "]]>")?;
        } else if let Some(comment) = self.rest.strip_prefix("<!--").filter(|_| self.is_document()) {
            self.count()?;
            self.skip(comment, "-->")?;
        } else if let Some(instruction) = self.rest.strip_prefix("<?").filter(|_| self.is_document()) {
            self.count()?;
            self.skip(instruction, "?>")?;
        } else if self.rest.starts_with("<!") || self.rest.starts_with("<?") {
            return Err(XmlError::Restricted);
        } else if let Some(tag) = self.rest.strip_prefix("</") {
            self.depth = self.depth.checked_sub(1).ok_or(NO_ELEMENT)?;
            self.rest = tag;
            // The reader compares both halves of the name, and takes an empty prefix for none.
            split(self.name()?).ok_or(NAME)?;
            self.rest = self.rest.trim_start_matches(is_space).strip_prefix('>').ok_or(NO_ELEMENT)?;
        } else {
            self.count()?;
            self.rest = &self.rest[1..];
            if !self.start_tag()? {
                self.depth += 1;
                if self.depth > self.bounds.depth {
                    return Err(XmlError::TooMuch("elements nested too deep"));
                }
            }
        }
        Ok(())
    }

    fn is_document(&self) -> bool {
        self.rules == Rules::Document
    }

    fn skip(&mut self, text: &'a str, end: &str) -> Result<(), XmlError> {
        self.rest = text.split_once(end).ok_or(NO_ELEMENT)?.1;
        Ok(())
    }

    /// Counts an element, or what takes as much place in the tree.
    fn count(&mut self) -> Result<(), XmlError> {
        self.elements += 1;
        if self.elements > self.bounds.elements {
            return Err(XmlError::TooMuch("too many elements"));
        }
        Ok(())
    }

    /// Passes over what stands behind the `<` of a start tag. Returns whether the element is empty.
    fn start_tag(&mut self) -> Result<bool, XmlError> {
        // No element has ever been given a name with these.
        if let ("xml" | "xmlns", _) = split(self.name()?).ok_or(NAME)? {
            return Err(PREFIX);
        }
        let (mut attributes, mut defaults) = (0, 0);
        loop {
            self.rest = self.rest.trim_start_matches(is_space);
            if let Some(rest) = self.rest.strip_prefix('>') {
                self.rest = rest;
                return Ok(false);
            }
            if let Some(rest) = self.rest.strip_prefix("/>") {
                self.rest = rest;
                return Ok(true);
            }
            attributes += 1;
            if attributes > self.bounds.attributes {
                return Err(XmlError::TooMuch("too many attributes"));
            }
            defaults += usize::from(self.attribute()?);
            // Any other that stands twice is refused by the reader.
            if defaults > 1 {
                return Err(NO_ELEMENT);
            }
        }
    }

    /// Takes a name, whatever it consists of.
    fn name(&mut self) -> Result<&'a str, XmlError> {
        let is_end =
            |byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'/' | b'>' | b'<' | b'"' | b'\'');
        let end = find(self.rest, is_end).ok_or(NO_ELEMENT)?;
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.is_empty() { Err(NO_ELEMENT) } else { Ok(name) }
    }

    /// Passes over an attribute. Returns whether it declares the default namespace.
    fn attribute(&mut self) -> Result<bool, XmlError> {
        let name = self.name()?;
        let value = self.rest.trim_start_matches(is_space).strip_prefix('=').ok_or(NO_ELEMENT)?;
        let value = value.trim_start_matches(is_space);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(NO_ELEMENT)?;
        let (value, rest) = value[1..].split_once(quote).ok_or(NO_ELEMENT)?;
        self.rest = rest;
        let is_default = name == "xmlns";
        match split(name).ok_or(NAME)? {
            ("xmlns", prefix) => {
                self.prefixes += 1;
                if self.prefixes > self.bounds.prefixes {
                    return Err(XmlError::TooMuch("too many namespace prefixes"));
                }
                self.namespace(Some(prefix), value)?;
            }
            ("", "xmlns") => self.namespace(None, value)?,
            (_, "xmlns") => return Err(PREFIX),
            _ => check_references(value)?,
        }
        Ok(is_default)
    }

    /// A namespace is declared, for a prefix or as the default (Namespaces in XML §3 and §6).
    fn namespace(&self, prefix: Option<&str>, value: &str) -> Result<(), XmlError> {
        let value = decoded(value)?;
        match (prefix, &*value) {
            (Some("xml"), XML_NS) => Ok(()),
            (Some("xml" | "xmlns"), _) | (_, XML_NS | XMLNS_NS) => Err(PREFIX),
            (Some(_), "") => Err(EMPTY),
            (_, uri) if !self.is_document() && !is_uri(uri) => Err(URI),
            _ => Ok(()),
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn check_references(mut value: &str) -> Result<(), XmlError> {
    while let Some(at) = value.find('&') {
        value = reference(&value[at..])?.1;
    }
    Ok(())
}

/// A value with the characters in place of the references to them.
fn decoded(mut value: &str) -> Result<Cow<'_, str>, XmlError> {
    if !value.contains('&') {
        return Ok(value.into());
    }
    let mut out = String::with_capacity(value.len());
    while let Some(at) = value.find('&') {
        out.push_str(&value[..at]);
        let (character, rest) = reference(&value[at..])?;
        out.push(character);
        value = rest;
    }
    out.push_str(value);
    Ok(out.into())
}

/// `text` starts with `&`: takes one of the five predefined entities or a reference to a character. Returns what that is, and
/// what stands behind it.
fn reference(text: &str) -> Result<(char, &str), XmlError> {
    let name = &text[1..];
    let end = name.find(|c: char| !c.is_alphanumeric() && !matches!(c, '#' | '_' | '-' | '.' | ':'));
    let end = end.filter(|end| name[*end..].starts_with(';')).ok_or(NO_ELEMENT)?;
    let (name, rest) = (&name[..end], &name[end + 1..]);
    let number = |digits, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let character = match (name, name.strip_prefix('#')) {
        ("amp", _) => '&',
        ("lt", _) => '<',
        ("gt", _) => '>',
        ("quot", _) => '"',
        ("apos", _) => '\'',
        // The tree reader would put another character in the place of one that there cannot be.
        (_, Some(digits)) => {
            let found = digits.strip_prefix('x').map_or_else(|| number(digits, 10), |hex| number(hex, 16));
            found.filter(|c| is_character(*c)).ok_or(NO_ELEMENT)?
        }
        ("", _) => return Err(NO_ELEMENT),
        _ => return Err(XmlError::Restricted),
    };
    Ok((character, rest))
}
