//! The address of a session.

use crate::xml::escape;

/// The full JID of a bound session.
#[derive(Clone, Debug)]
pub struct Address {
    /// The full JID as it stands in an attribute value. A localpart and a domain have nothing to escape.
    escaped: Box<str>,
    bare: usize,
    /// The resource as it is.
    pub resource: Box<str>,
}

impl Address {
    pub fn new(local: &str, domain: &str, resource: &str) -> Self {
        let bare = local.len() + 1 + domain.len();
        Self {
            escaped: format!("{local}@{domain}/{}", escape(resource)).into(),
            bare,
            resource: resource.into(),
        }
    }

    /// The bare JID.
    pub fn bare(&self) -> &str {
        &self.escaped[..self.bare]
    }

    /// The full JID, escaped for an attribute value.
    pub fn full(&self) -> &str {
        &self.escaped
    }

    /// The full JID as it is.
    pub fn jid(&self) -> String {
        format!("{}/{}", self.bare(), self.resource)
    }
}
