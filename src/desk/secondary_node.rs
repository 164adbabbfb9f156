//! The other node of a pair (the guide, "SystemInfo").

/// Another node as SystemInfo names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondaryNode {
    pub host: String,
    /// Its port for HTTPS; `None`: that of the primary node.
    pub port: Option<u16>,
}
