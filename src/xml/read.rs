//! Reads messages and documents.

use roxmltree::{Document, Node, ParsingOptions};

use crate::config::limits::Limits;
use crate::xml::bounds::{Bounds, XmlError};
use crate::xml::scan::{self, Rules};

/// What a document may have before everything else: it tells the encoding and is no part of the text (RFC 7303 §3.3).
pub const BYTE_ORDER_MARK: char = '\u{feff}';

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
