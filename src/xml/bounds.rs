//! What a text may contain, and why it is not read.

use crate::config::limits::Limits;

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
