//! The steps of a connection, in the order in which a client takes them.

/// A step of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The name of the host becomes addresses.
    Dns,
    Tcp,
    /// A stream without TLS up to the answer to `<starttls/>` (RFC 6120 §5.4.2).
    StartTls,
    Tls,
    /// The WebSocket handshake (RFC 6455 §4), or the first BOSH body (XEP-0124 §7).
    Upgrade,
    /// The server's `<open/>` (RFC 7395 §3.4), or the start tag of its stream (RFC 6120 §4.2).
    Open,
    /// The features before the login, with the SASL mechanisms.
    Features,
    /// SASL (RFC 6120 §6).
    Auth,
    /// The stream after the login, and its features.
    Restart,
    /// Resource binding (RFC 6120 §7).
    Bind,
    /// The session of RFC 3921 §3, where it is offered.
    Session,
    /// The client's own initial presence.
    Presence,
    /// The presence of the user `finesse`, without which a desktop does not count as connected.
    Finesse,
    /// XEP-0060 §6.1.
    Subscribe,
    /// An event, if one comes (XEP-0060 §7.1.2.1).
    Event,
    /// XEP-0199.
    Ping,
    /// A time in which the client sends nothing: whether something in between ends the connection.
    Silence,
    /// XEP-0060 §6.2.
    Unsubscribe,
    Close,
    /// `GET /finesse/api/SystemInfo`.
    SystemInfo,
    /// `GET /finesse/api/User/ID`, with the password.
    User,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 21] = [
        Self::Dns,
        Self::Tcp,
        Self::StartTls,
        Self::Tls,
        Self::Upgrade,
        Self::Open,
        Self::Features,
        Self::Auth,
        Self::Restart,
        Self::Bind,
        Self::Session,
        Self::Presence,
        Self::Finesse,
        Self::Subscribe,
        Self::Event,
        Self::Ping,
        Self::Silence,
        Self::Unsubscribe,
        Self::Close,
        Self::SystemInfo,
        Self::User,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::Upgrade => "upgrade",
            Self::Open => "open",
            Self::Features => "features",
            Self::Auth => "auth",
            Self::Restart => "restart",
            Self::Bind => "bind",
            Self::Session => "session",
            Self::Presence => "presence",
            Self::Finesse => "finesse",
            Self::Subscribe => "subscribe",
            Self::Event => "event",
            Self::Ping => "ping",
            Self::Silence => "silence",
            Self::Unsubscribe => "unsubscribe",
            Self::Close => "close",
            Self::SystemInfo => "system-info",
            Self::User => "user",
        }
    }
}
