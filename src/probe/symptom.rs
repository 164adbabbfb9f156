//! What can be wrong with a connection. What each means and what to check is said by the table of diagnoses.

use crate::diagnosis::{self, Language, Words};

/// What was seen to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// The name of the host has no address.
    NameUnknown,
    /// Nothing listens at the port.
    Refused,
    /// No answer to the connection within the time.
    Unreachable,
    /// Nothing answers at port 5222, which Finesse closes.
    InsecurePort,
    /// Nothing answers at port 5223, for which Finesse has a list of addresses.
    SecurePort,
    /// A stream over TCP without TLS, and none is offered.
    NoStartTls,
    /// `<starttls/>` was answered with `<failure/>`.
    StartTlsRefused,
    /// The other side speaks no TLS, or none of the versions.
    NoTls,
    /// A stream over TCP in place of a handshake of TLS or of a response of HTTP.
    SpeaksXmpp,
    /// A record of TLS in place of a stream.
    TlsExpected,
    /// A response of HTTP in place of a stream.
    SpeaksHttp,
    Expired,
    NotYetValid,
    WrongName,
    /// A certificate that has signed itself.
    SelfSigned,
    /// The chain lacks the certificate of its issuer.
    IncompleteChain,
    UnknownIssuer,
    CertificateRefused,
    /// 502, 503 or 504 in place of 101.
    ServiceDown,
    /// Any other status in place of 101.
    UpgradeRefused,
    /// 200, 400 or 426: what answers does not pass the upgrade on.
    NotUpgraded,
    /// 300 to 399: the resource is said to be elsewhere.
    Redirected,
    /// 401, 403 or 407: what answers wants a login of its own, or does not let this client in.
    Forbidden,
    /// 413, 414 or 431: a limit of what answers.
    TooLarge,
    /// Any other status in place of the answer to a BOSH body, or 200 with something else.
    BoshRefused,
    NotFound,
    /// 101 without the subprotocol `xmpp`.
    NoSubprotocol,
    /// An answer that is no HTTP, or an upgrade against RFC 6455.
    BadHandshake,
    /// Nothing came in the time.
    Silent,
    OldFraming,
    HostUnknown,
    NoPlain,
    NotAuthorized,
    LockedOut,
    /// A login without TLS was refused for that (RFC 6120 §6.5.4).
    EncryptionRequired,
    LoginRefused,
    /// The peer was not verified, so that the password was not sent.
    PasswordKept,
    Conflict,
    BindRefused,
    SessionRefused,
    StreamError,
    NoFinesse,
    /// Neither the user `finesse` nor the nodes of Finesse.
    NotFinesse,
    FinesseGone,
    NegativePriority,
    ItemNotFound,
    SubscriptionRefused,
    PingLate,
    PingError,
    /// The connection ended in a time in which nothing was sent.
    IdleClosed,
    /// The server closed the connection, with a handshake.
    Closed,
    /// The server ended the BOSH session with a condition (XEP-0124 §17.2).
    BoshEnded,
    /// The connection ended without a handshake of its end.
    Broken,
    NotWellFormed,
    /// An answer came, and took long.
    Slow,
    /// SystemInfo says that Finesse is not in service.
    OutOfService,
    /// SystemInfo has another domain than the one that was used.
    OtherDomain,
    /// A request of the REST API was answered with an error.
    RestRefused,
    /// What answers has no REST API of Finesse.
    NoRest,
    /// A recording has a WebSocket, and none of its messages.
    NoMessages,
}

impl Symptom {
    /// All of them, for tables.
    pub const ALL: [Self; 60] = [
        Self::NameUnknown,
        Self::Refused,
        Self::Unreachable,
        Self::InsecurePort,
        Self::SecurePort,
        Self::NoStartTls,
        Self::StartTlsRefused,
        Self::NoTls,
        Self::SpeaksXmpp,
        Self::TlsExpected,
        Self::SpeaksHttp,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::SelfSigned,
        Self::IncompleteChain,
        Self::UnknownIssuer,
        Self::CertificateRefused,
        Self::ServiceDown,
        Self::UpgradeRefused,
        Self::NotUpgraded,
        Self::Redirected,
        Self::Forbidden,
        Self::TooLarge,
        Self::BoshRefused,
        Self::NotFound,
        Self::NoSubprotocol,
        Self::BadHandshake,
        Self::Silent,
        Self::OldFraming,
        Self::HostUnknown,
        Self::NoPlain,
        Self::NotAuthorized,
        Self::LockedOut,
        Self::EncryptionRequired,
        Self::LoginRefused,
        Self::PasswordKept,
        Self::Conflict,
        Self::BindRefused,
        Self::SessionRefused,
        Self::StreamError,
        Self::NoFinesse,
        Self::NotFinesse,
        Self::FinesseGone,
        Self::NegativePriority,
        Self::ItemNotFound,
        Self::SubscriptionRefused,
        Self::PingLate,
        Self::PingError,
        Self::IdleClosed,
        Self::Closed,
        Self::BoshEnded,
        Self::Broken,
        Self::NotWellFormed,
        Self::Slow,
        Self::OutOfService,
        Self::OtherDomain,
        Self::RestRefused,
        Self::NoRest,
        Self::NoMessages,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NameUnknown => "name-unknown",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::InsecurePort => "port-5222",
            Self::SecurePort => "port-5223",
            Self::NoStartTls => "no-starttls",
            Self::StartTlsRefused => "starttls-refused",
            Self::NoTls => "no-tls",
            Self::SpeaksXmpp => "speaks-xmpp",
            Self::TlsExpected => "tls-expected",
            Self::SpeaksHttp => "speaks-http",
            Self::Expired => "certificate-expired",
            Self::NotYetValid => "certificate-not-yet-valid",
            Self::WrongName => "certificate-name",
            Self::SelfSigned => "certificate-self-signed",
            Self::IncompleteChain => "certificate-chain",
            Self::UnknownIssuer => "certificate-issuer",
            Self::CertificateRefused => "certificate",
            Self::ServiceDown => "service-down",
            Self::UpgradeRefused => "upgrade-refused",
            Self::NotUpgraded => "not-upgraded",
            Self::Redirected => "redirected",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "too-large",
            Self::BoshRefused => "bosh-refused",
            Self::NotFound => "not-found",
            Self::NoSubprotocol => "no-subprotocol",
            Self::BadHandshake => "bad-handshake",
            Self::Silent => "silent",
            Self::OldFraming => "old-framing",
            Self::HostUnknown => "host-unknown",
            Self::NoPlain => "no-plain",
            Self::NotAuthorized => "not-authorized",
            Self::LockedOut => "account-disabled",
            Self::EncryptionRequired => "encryption-required",
            Self::LoginRefused => "login-refused",
            Self::PasswordKept => "password-kept",
            Self::Conflict => "conflict",
            Self::BindRefused => "bind-refused",
            Self::SessionRefused => "session-refused",
            Self::StreamError => "stream-error",
            Self::NoFinesse => "no-finesse",
            Self::NotFinesse => "not-finesse",
            Self::FinesseGone => "finesse-gone",
            Self::NegativePriority => "negative-priority",
            Self::ItemNotFound => "item-not-found",
            Self::SubscriptionRefused => "subscription-refused",
            Self::PingLate => "ping-late",
            Self::PingError => "ping-error",
            Self::IdleClosed => "idle-closed",
            Self::Closed => "closed",
            Self::BoshEnded => "bosh-ended",
            Self::Broken => "broken",
            Self::NotWellFormed => "not-well-formed",
            Self::RestRefused => "rest-refused",
            Self::NoRest => "no-rest",
            Self::NoMessages => "no-messages",
            Self::OtherDomain => "other-domain",
            Self::OutOfService => "out-of-service",
            Self::Slow => "slow",
        }
    }

    /// The symptom with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|symptom| symptom.name() == name)
    }

    /// What it means, and what to check.
    pub fn words(self, language: Language) -> Option<&'static Words> {
        diagnosis::Symptom::of(&format!("probe-{}", self.name())).map(|symptom| symptom.words(language))
    }
}
