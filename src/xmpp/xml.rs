//! The only entrance and exit for XML, whatever the transport.
//!
//! Incoming text passes one linear scan before the tree reader sees it: the reader's cost grows up to the fourth
//! power with the number of namespace prefixes in scope, and it lets comments and processing instructions pass,
//! which RFC 6120 §11.1 forbids. Outgoing text is written with the functions at the end.

use std::fmt::Write as _;

use roxmltree::{Document, Node, NodeType, ParsingOptions};

use crate::limits::Limits;

/// The namespace of the prefix `xml`, declared in every document.
const XML_NS: &str = "http://www.w3.org/XML/1998/namespace";

/// What one message may contain at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Length of the text in bytes.
    pub bytes: usize,
    /// Number of elements.
    pub elements: usize,
    /// Number of elements open at the same time.
    pub depth: usize,
    /// Number of attributes of one element, namespace declarations among them.
    pub attributes: usize,
    /// Number of `xmlns:prefix` declarations in the whole message: the only bound that keeps the tree reader linear.
    pub prefixes: usize,
}

impl Bounds {
    /// The small bounds of a peer that has not logged in.
    pub fn before_login(limits: &Limits) -> Self {
        Self { bytes: limits.stanza_before_login, elements: limits.elements_before_login, ..Self::of(limits) }
    }

    /// The bounds of a peer that has logged in.
    pub fn of(limits: &Limits) -> Self {
        Self {
            bytes: limits.stanza,
            elements: limits.elements,
            depth: limits.depth,
            attributes: limits.attributes,
            prefixes: limits.prefixes,
        }
    }
}

/// Why a text was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmlError {
    /// Not one well-formed XML element (RFC 6120 §4.9.3.13).
    NotWellFormed,
    /// A comment, processing instruction, DTD or entity (RFC 6120 §11.1, §4.9.3.18).
    Restricted,
    /// Over one of the [`Bounds`]; the text names it (RFC 6120 §4.9.3.14).
    TooMuch(&'static str),
}

/// Reads one message: exactly one element within `bounds`.
pub fn read<'a>(text: &'a str, bounds: &Bounds) -> Result<Document<'a>, XmlError> {
    scan(text, bounds)?;
    let options = ParsingOptions {
        // Every element has at most one text node before and one after it, and each tag is one node.
        nodes_limit: u32::try_from(bounds.elements * 3 + 8).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|_| XmlError::NotWellFormed)
}

/// Where the first of some ASCII characters stands: byte by byte, as no other character has such a byte in UTF-8.
fn find(text: &str, is_one: impl Fn(u8) -> bool) -> Option<usize> {
    text.bytes().position(is_one)
}

/// Looks at every byte once and refuses what the tree reader must not see. It does not check that the text is well
/// formed beyond what it needs for counting.
fn scan(text: &str, bounds: &Bounds) -> Result<(), XmlError> {
    if text.len() > bounds.bytes {
        return Err(XmlError::TooMuch("message too large"));
    }
    if !text.starts_with('<') {
        return Err(XmlError::NotWellFormed);
    }
    // A declaration may stand at the start, though it says nothing (RFC 7395 §3.3.3).
    let mut rest = match text.strip_prefix("<?xml version") {
        Some(declaration) => declaration.split_once("?>").ok_or(XmlError::NotWellFormed)?.1,
        None => text,
    };
    let mut elements = 0;
    let mut depth = 0_usize;
    let mut prefixes = 0;
    while let Some(at) = find(rest, |byte| matches!(byte, b'<' | b'&')) {
        rest = &rest[at..];
        if rest.starts_with('&') {
            rest = skip_reference(rest)?;
        } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
            rest = data.split_once("]]>").ok_or(XmlError::NotWellFormed)?.1;
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            return Err(XmlError::Restricted);
        } else if let Some(tag) = rest.strip_prefix("</") {
            depth = depth.checked_sub(1).ok_or(XmlError::NotWellFormed)?;
            rest = tag.split_once('>').ok_or(XmlError::NotWellFormed)?.1;
        } else {
            elements += 1;
            if elements > bounds.elements {
                return Err(XmlError::TooMuch("too many elements"));
            }
            let tag = scan_tag(&rest[1..], bounds)?;
            prefixes += tag.prefixes;
            if prefixes > bounds.prefixes {
                return Err(XmlError::TooMuch("too many namespace prefixes"));
            }
            if !tag.empty {
                depth += 1;
                if depth > bounds.depth {
                    return Err(XmlError::TooMuch("elements nested too deep"));
                }
            }
            rest = tag.rest;
        }
    }
    Ok(())
}

/// What stands between `<` and `>` of one start tag.
struct Tag<'a> {
    rest: &'a str,
    prefixes: usize,
    empty: bool,
}

fn scan_tag<'a>(text: &'a str, bounds: &Bounds) -> Result<Tag<'a>, XmlError> {
    let mut rest = text;
    let mut attributes = 0;
    let mut prefixes = 0;
    loop {
        let is_mark = |byte| matches!(byte, b'=' | b'>' | b'<' | b'"' | b'\'');
        let at = find(rest, is_mark).ok_or(XmlError::NotWellFormed)?;
        let before = &rest[..at];
        match rest.as_bytes()[at] {
            b'>' => {
                return Ok(Tag { rest: &rest[at + 1..], prefixes, empty: before.ends_with('/') });
            }
            b'=' => {
                attributes += 1;
                if attributes > bounds.attributes {
                    return Err(XmlError::TooMuch("too many attributes"));
                }
                let name = before.trim_ascii_end();
                let name = &name[name.rfind([' ', '\t', '\r', '\n', '"', '\'']).map_or(0, |at| at + 1)..];
                prefixes += usize::from(name.starts_with("xmlns:"));
                let value = rest[at + 1..].trim_ascii_start();
                let quote = value
                    .chars()
                    .next()
                    .filter(|c| matches!(c, '"' | '\''))
                    .ok_or(XmlError::NotWellFormed)?;
                let (value, after) = value[1..].split_once(quote).ok_or(XmlError::NotWellFormed)?;
                check_references(value)?;
                rest = after;
            }
            _ => return Err(XmlError::NotWellFormed),
        }
    }
}

fn check_references(mut value: &str) -> Result<(), XmlError> {
    while let Some(at) = value.find('&') {
        value = skip_reference(&value[at..])?;
    }
    Ok(())
}

/// `text` starts with `&`: passes over one of the five predefined entities or a reference to a character.
fn skip_reference(text: &str) -> Result<&str, XmlError> {
    let name = &text[1..];
    let end = name.find(|c: char| !c.is_alphanumeric() && !matches!(c, '#' | '_' | '-' | '.' | ':'));
    let end = end.filter(|end| name[*end..].starts_with(';')).ok_or(XmlError::NotWellFormed)?;
    let (name, rest) = (&name[..end], &name[end + 1..]);
    let number = |digits, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match (name, name.strip_prefix('#')) {
        ("amp" | "lt" | "gt" | "quot" | "apos", _) => Ok(rest),
        // The tree reader would put another character in the place of one that there cannot be.
        (_, Some(digits)) => {
            match digits.strip_prefix('x').map_or_else(|| number(digits, 10), |hex| number(hex, 16)) {
                Some(character) if is_character(character) => Ok(rest),
                _ => Err(XmlError::NotWellFormed),
            }
        }
        ("", _) => Err(XmlError::NotWellFormed),
        _ => Err(XmlError::Restricted),
    }
}

/// The characters of XML 1.0 §2.2.
fn is_character(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Tells whether `text` can be carried as XML character data at all (XML 1.0 §2.2).
pub fn is_carriable(text: &str) -> bool {
    text.chars().all(is_character)
}

/// Appends `text` escaped for an attribute value in either kind of quotes, or for character data.
pub fn escape_into(out: &mut String, text: &str) {
    let mut rest = text;
    let is_special = |byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | b'\n' | b'\r' | b'\t');
    while let Some(at) = find(rest, is_special) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&apos;",
            // As references these survive the normalisation of attribute values (XML 1.0 §3.3.3).
            b'\n' => "&#10;",
            b'\r' => "&#13;",
            _ => "&#9;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// `text` escaped as by [`escape_into`].
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    escape_into(&mut out, text);
    out
}

/// Appends `text` escaped for character data only: quotes and line breaks stay readable.
pub fn escape_text_into(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = find(rest, |byte| matches!(byte, b'&' | b'<' | b'>' | b'\r')) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            // A bare carriage return would come out of the peer's parser as a line feed (XML 1.0 §2.11).
            _ => "&#13;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// What was written came out longer than it may be. A namespace that is declared once can have to be declared again
/// at every element, so a short text can become a very long one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Appends the element `node` as it has to stand inside an element whose default namespace is `outer`: with every
/// namespace that it uses declared on the spot, so that it means the same wherever it is put. Stops soon after `out`
/// has become longer than `limit` bytes.
pub fn write_node(out: &mut String, node: Node<'_, '_>, outer: &str, limit: usize) -> Result<(), TooLong> {
    write_node_with(out, node, outer, limit, |_| {}, |_| true)
}

/// [`write_node`] with attributes of the outermost element replaced: `keep` tells by local name which of its
/// unprefixed attributes stay, `extra` appends others.
pub fn write_node_with(
    out: &mut String,
    node: Node<'_, '_>,
    outer: &str,
    limit: usize,
    extra: impl FnOnce(&mut String),
    keep: impl Fn(&str) -> bool,
) -> Result<(), TooLong> {
    let name = node.tag_name();
    let namespace = name.namespace().unwrap_or("");
    out.push('<');
    out.push_str(name.name());
    if namespace != outer {
        write_attribute(out, "xmlns", namespace);
    }
    // The prefixes made for this element, by their namespaces: one of each, however many attributes use it.
    let mut made: Vec<&str> = Vec::new();
    for attribute in node.attributes() {
        if out.len() > limit {
            return Err(TooLong);
        }
        match attribute.namespace() {
            None if keep(attribute.name()) => write_attribute(out, attribute.name(), attribute.value()),
            None => {}
            Some(XML_NS) => write_attribute(out, &format!("xml:{}", attribute.name()), attribute.value()),
            Some(uri) => {
                let number = made.iter().position(|known| *known == uri).unwrap_or_else(|| {
                    write_attribute(out, &format!("xmlns:ns{}", made.len()), uri);
                    made.push(uri);
                    made.len() - 1
                });
                write_attribute(out, &format!("ns{number}:{}", attribute.name()), attribute.value());
            }
        }
    }
    extra(out);
    if !node.has_children() {
        out.push_str("/>");
    } else {
        out.push('>');
        for child in node.children() {
            match child.node_type() {
                NodeType::Element => write_node(out, child, namespace, limit)?,
                NodeType::Text => escape_text_into(out, child.text().unwrap_or("")),
                NodeType::Root | NodeType::Comment | NodeType::PI => {}
            }
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "</{}>", name.name());
    }
    if out.len() > limit { Err(TooLong) } else { Ok(()) }
}

/// Appends ` name="value"`.
pub fn write_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape_into(out, value);
    out.push('"');
}

/// All character data of `node` and its descendants (DOM's textContent).
pub fn text_content(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Bounds {
        Bounds::of(&Limits::default())
    }

    fn refused(text: &str) -> XmlError {
        read(text, &bounds()).map(|_| ()).unwrap_err()
    }

    #[test]
    fn one_element_is_read() {
        let text =
            "<iq a='1' b = \"x > y's &amp; &#x41;\"><![CDATA[<!-- & -->]]><q xmlns:p='u' p:z='/'/></iq>";
        let document = read(text, &bounds()).unwrap();
        assert_eq!(document.root_element().attribute("b"), Some("x > y's & A"));
        assert_eq!(text_content(document.root_element()), "<!-- & -->");
        assert!(read("<?xml version='1.0' encoding='UTF-8'?>\n<a/>", &bounds()).is_ok());
    }

    #[test]
    fn what_rfc_6120_11_1_forbids_is_restricted() {
        for text in [
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "<a>&b;</a>",
            "<a b='&c;'/>",
            "<a><!-- c --></a>",
            "<a><?b c?></a>",
            "<a>&a-rather-long-name-of-an-entity;</a>",
            "<?xml-stylesheet href='a'?><a/>",
            "<a/><?xml version='1.0'?>",
        ] {
            assert_eq!(refused(text), XmlError::Restricted, "{text}");
        }
    }

    #[test]
    fn what_is_not_one_element_is_not_well_formed() {
        for text in [
            "",
            " ",
            "hello",
            " <a/>",
            "<a/><b/>",
            "<a/>b",
            "<a>",
            "<a></b>",
            "</a>",
            "<a b=c/>",
            "<a b='c/>",
            "<a b='<'/>",
            "<a b='1' b='2'/>",
            "<a>&</a>",
            "<a>& b;</a>",
            "<p:a/>",
            "<a",
            "<a <b/>",
            "<![CDATA[a",
            "<a>\u{1}</a>",
            "<a '",
            "<a>&#0;</a>",
            "<a>&#xD800;</a>",
            "<a b='&#x110000;'/>",
            "<a>&#99999999999;</a>",
            "<a>&#x;</a>",
            "<a>a&b</a>",
            "<?xml version='1.0'",
        ] {
            assert_eq!(refused(text), XmlError::NotWellFormed, "{text}");
        }
    }

    #[test]
    fn each_bound_holds_at_its_value() {
        let bounds = Bounds { bytes: 400, elements: 3, depth: 2, attributes: 2, prefixes: 2 };
        for (fits, over) in [
            ("<a><b/><b/></a>", "<a><b/><b/><b/></a>"),
            ("<a><b><c/></b></a>", "<a><b><c></c></b></a>"),
            ("<a b='' c=''/>", "<a b='' c='' d=''/>"),
            ("<a xmlns:b='u' xmlns:c='u'/>", "<a xmlns:b='u' xmlns:c='u'><d xmlns:e='u'/></a>"),
            (&format!("<a>{}</a>", "x".repeat(393)), &format!("<a>{}</a>", "x".repeat(394))),
        ] {
            assert!(read(fits, &bounds).is_ok(), "{fits}");
            assert!(matches!(read(over, &bounds), Err(XmlError::TooMuch(_))), "{over}");
        }
    }

    /// The shapes that cost the tree reader seconds: they must end in the scan. Whatever the scan lets pass has at
    /// most 16 prefixes in scope, with which the reader's work is linear.
    #[test]
    fn hostile_shapes_never_reach_the_tree_reader() {
        let nested: String = (0..3000).map(|i| format!("<a xmlns:p{i}='u'>")).collect();
        let within_depth: String = (0..28)
            .map(|level| {
                let prefixes: String = (0..63).map(|i| format!(" xmlns:p{level}x{i}='u'")).collect();
                format!("<a{prefixes}>")
            })
            .collect();
        let attributes: String = (0..8000).map(|i| format!(" a{i}=''")).collect();
        for text in [nested, within_depth, format!("<a{attributes}/>")] {
            let bounds = Bounds { bytes: usize::MAX, ..bounds() };
            assert!(matches!(scan(&text, &bounds), Err(XmlError::TooMuch(_))));
        }
        let spread: String = (0..900).map(|i| format!("<b xmlns:q{i}='u'/>")).collect();
        assert!(matches!(scan(&format!("<a>{spread}</a>"), &bounds()), Err(XmlError::TooMuch(_))));
    }

    #[test]
    fn a_node_keeps_its_meaning_in_another_place() {
        let text = "<iq xmlns='c' xmlns:p='u'><p:a p:b='1' xml:lang='en' c='&lt;\"'>x<d xmlns='v'>&amp;<p:e/></d></p:a></iq>";
        let document = read(text, &bounds()).unwrap();
        let node = document.root_element().first_element_child().unwrap();
        let mut out = String::new();
        write_node(&mut out, node, "elsewhere", 1000).unwrap();
        assert_eq!(
            out,
            "<a xmlns=\"u\" xmlns:ns0=\"u\" ns0:b=\"1\" xml:lang=\"en\" c=\"&lt;&quot;\">x<d xmlns=\"v\">&amp;<e xmlns=\"u\"/></d></a>"
        );
        assert_eq!(read(&out, &bounds()).unwrap().root_element().tag_name(), node.tag_name());
    }

    #[test]
    fn a_text_that_grows_when_it_is_written_again_is_given_up() {
        let uri = "u".repeat(30_000);
        let siblings = "<p:a/>".repeat(1000);
        let attributes = (0..60).map(|i| format!(" p:a{i}=''")).collect::<String>();
        for (content, limit, fits) in [
            (siblings.as_str(), 100_000, false),
            ("<p:a/><p:a/>", 100_000, true),
            (&format!("<b{attributes}/>"), 100_000, true),
            (&format!("<b{attributes}/>"), 20_000, false),
        ] {
            let text = format!("<iq xmlns:p='{uri}'>{content}</iq>");
            let document = read(&text, &bounds()).unwrap();
            let mut out = String::new();
            let written = write_node(&mut out, document.root_element(), "", limit);
            assert_eq!(written.is_ok(), fits, "{content}");
            assert!(out.len() <= limit + 31_000, "it stops in time");
        }
    }

    #[test]
    fn escaped_text_comes_back_as_it_was() {
        let text = "a&b<c>d\"e'f\ng\rh\ti 漢字 ]]>";
        let written = format!("<a b=\"{0}\" c='{0}'>{0}</a>", escape(text));
        let document = read(&written, &bounds()).unwrap();
        assert_eq!(document.root_element().attribute("b"), Some(text));
        assert_eq!(document.root_element().attribute("c"), Some(text));
        assert_eq!(document.root_element().text(), Some(text));
        let mut body = String::new();
        escape_text_into(&mut body, text);
        assert_eq!(read(&format!("<a>{body}</a>"), &bounds()).unwrap().root_element().text(), Some(text));
        assert!(is_carriable(text) && !is_carriable("\0") && !is_carriable("\u{ffff}"));
    }
}
