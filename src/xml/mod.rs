//! The only entrance and exit for XML, whatever the transport.
//!
//! Incoming text passes one linear scan before the tree reader sees it: the reader's cost grows up to the fourth
//! power with the number of namespace prefixes in scope, and it takes names and namespaces that other parsers refuse, and
//! comments and processing instructions.
//!
//! There are two sets of rules. A stanza may be handed on, so it has to be what every parser takes, and less than XML has
//! (RFC 6120 §11). A document over HTTP is only read here.

mod bounds;
mod name;
mod read;
mod scan;
#[cfg(test)]
mod tests;
mod write;

pub use bounds::{Bounds, XmlError};
#[cfg(test)]
pub use read::READ;
pub use read::{BYTE_ORDER_MARK, read, read_again, read_document, text_content};
pub use write::{
    TooLong, escape, escape_into, escape_text_into, is_carriable, write_attribute, write_node,
    write_node_with,
};
