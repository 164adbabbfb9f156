//! The only entrance and exit for XML, whatever the transport.
//!
//! Incoming text passes one linear scan before the tree reader sees it: the reader's cost grows up to the fourth
//! power with the number of namespace prefixes in scope, and it takes names and namespaces that other parsers refuse, and
//! comments and processing instructions.
//!
//! There are two sets of rules. A stanza may be handed on, so it has to be what every parser takes, and less than XML has
//! (RFC 6120 §11). A document over HTTP is only read here.

mod name;
mod scan;
#[cfg(test)]
mod tests;
mod write;

use roxmltree::{Document, Node, ParsingOptions};

use crate::config::limits::Limits;
use scan::Rules;
pub use write::{
    TooLong, escape, escape_into, escape_text_into, is_carriable, write_attribute, write_node,
    write_node_with,
};

/// The namespace of the prefix `xml`, declared in every document.
const XML_NS: &str = "http://www.w3.org/XML/1998/namespace";

/// The namespace of the prefix `xmlns`, which nobody may declare (Namespaces in XML §3).
const XMLNS_NS: &str = "http://www.w3.org/2000/xmlns/";

/// What a document may have before everything else: it tells the encoding and is no part of the text (RFC 7303 §3.3).
pub const BYTE_ORDER_MARK: char = '\u{feff}';

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
    /// Not one element that is well-formed, also by the rules of namespaces (RFC 6120 §4.9.3.13, §11.3). A sentence says why.
    NotWellFormed(&'static str),
    /// A DTD or entity, and in a stanza a comment or processing instruction (RFC 6120 §11.1, §4.9.3.18).
    Restricted,
    /// The message declares another encoding than UTF-8 (RFC 6120 §11.6, §4.9.3.22).
    Encoding,
    /// Over one of the [`Bounds`]; the text names it (RFC 6120 §4.9.3.14).
    TooMuch(&'static str),
}

impl XmlError {
    /// The message is not one element, and no other sentence says why.
    pub const NO_ELEMENT: Self = Self::NotWellFormed("A message is exactly one XML element.");
}

/// Reads one message: exactly one element within `bounds`.
pub fn read<'a>(text: &'a str, bounds: &Bounds) -> Result<Document<'a>, XmlError> {
    read_by(Rules::Stanza, text, bounds)
}

/// Reads a message, or a part of one, that was read before within bounds that were no larger. A declaration may have been added.
pub fn read_again<'a>(text: &'a str, limits: &Limits) -> Result<Document<'a>, XmlError> {
    let bounds = Bounds::of(limits);
    read(text, &Bounds { bytes: usize::MAX, attributes: bounds.attributes + 1, ..bounds })
}

/// Reads a document that came over HTTP, within `bounds`. A byte order mark and white space may stand before it, and comments
/// and processing instructions wherever XML has a place for them.
pub fn read_document<'a>(text: &'a str, bounds: &Bounds) -> Result<Document<'a>, XmlError> {
    // UTF-16 without a mark.
    if text.starts_with("<\0") || text.starts_with("\0<") {
        return Err(XmlError::Encoding);
    }
    read_by(Rules::Document, text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).trim_ascii(), bounds)
}

#[cfg(test)]
thread_local! {
    /// How many bytes were read.
    pub static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

fn read_by<'a>(rules: Rules, text: &'a str, bounds: &Bounds) -> Result<Document<'a>, XmlError> {
    #[cfg(test)]
    READ.set(READ.get() + text.len());
    scan::scan(rules, text, bounds)?;
    let options = ParsingOptions {
        // What is counted as an element is one node, and has at most one text node before and one after it.
        nodes_limit: u32::try_from(bounds.elements * 3 + 8).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|_| XmlError::NO_ELEMENT)
}

/// All character data of `node` and its descendants (DOM's textContent).
pub fn text_content(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect()
}

/// Where the first of some ASCII characters stands: byte by byte, as no other character has such a byte in UTF-8.
fn find(text: &str, is_one: impl Fn(u8) -> bool) -> Option<usize> {
    text.bytes().position(is_one)
}
