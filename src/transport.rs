//! What carries a session.

use std::fmt;

/// The transport of a session, as the log and the figures name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// XMPP over requests of HTTP (XEP-0206).
    Bosh,
    /// Server-sent events (WHATWG HTML §9.2).
    Sse,
    /// XMPP over TCP without TLS (RFC 6120).
    Tcp,
    /// XMPP over TCP in TLS, from the first byte or by STARTTLS.
    Tls,
    /// XMPP over a WebSocket without TLS (RFC 7395).
    Ws,
    /// XMPP over a WebSocket in TLS.
    Wss,
}

impl Transport {
    /// All transports, in the order of their names.
    pub const ALL: [Self; 6] = [Self::Bosh, Self::Sse, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bosh => "bosh",
            Self::Sse => "sse",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
