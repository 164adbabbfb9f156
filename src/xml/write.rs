//! The exit: elements and text as they leave.

use roxmltree::{Node, NodeType};

use crate::xml::name::XML_NS;

/// The characters of XML 1.0 §2.2.
pub(crate) fn is_character(c: char) -> bool {
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

/// The text came out longer than it may be. A namespace that is declared once can have to be declared again
/// at every element, so a short text can become a very long one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Appends the element `node` as it has to stand inside an element whose default namespace is `outer`, or anywhere if there
/// is none: with every namespace that it uses declared on the spot, so that it means the same wherever it is put. Stops soon
/// after `out` has become longer than `limit` bytes.
pub fn write_node(
    out: &mut String,
    node: Node<'_, '_>,
    outer: Option<&str>,
    limit: usize,
) -> Result<(), TooLong> {
    write_node_with(out, node, outer, limit, |_| {}, |_| true)
}

/// [`write_node`] with attributes of the outermost element replaced: `keep` tells by local name which of its
/// unprefixed attributes stay, `extra` appends others.
pub fn write_node_with(
    out: &mut String,
    node: Node<'_, '_>,
    outer: Option<&str>,
    limit: usize,
    extra: impl FnOnce(&mut String),
    keep: impl Fn(&str) -> bool,
) -> Result<(), TooLong> {
    let name = node.tag_name();
    let namespace = name.namespace().unwrap_or("");
    out.push('<');
    out.push_str(name.name());
    if outer != Some(namespace) {
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
                NodeType::Element => write_node(out, child, Some(namespace), limit)?,
                NodeType::Text => escape_text_into(out, child.text().unwrap_or("")),
                NodeType::Root | NodeType::Comment | NodeType::PI => {}
            }
        }
        out.push_str("</");
        out.push_str(name.name());
        out.push('>');
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

/// Where the first of some ASCII characters stands: byte by byte, as no other character has such a byte in UTF-8.
pub(super) fn find(text: &str, is_one: impl Fn(u8) -> bool) -> Option<usize> {
    text.bytes().position(is_one)
}
