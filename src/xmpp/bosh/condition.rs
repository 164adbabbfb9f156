//! Why a session ends, as BOSH says it.

use crate::xml::XmlError;
use crate::xmpp::stream::StreamError;

/// The terminal binding conditions in use (XEP-0124 §17.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    BadRequest,
    HostUnknown,
    ImproperAddressing,
    InternalServerError,
    ItemNotFound,
    OtherRequest,
    PolicyViolation,
    RemoteConnectionFailed,
    RemoteStreamError,
    SystemShutdown,
    UndefinedCondition,
}

impl Condition {
    /// The conditions that a session can end with by somebody's wish.
    const ALL: [Self; 8] = [
        Self::BadRequest,
        Self::InternalServerError,
        Self::ItemNotFound,
        Self::OtherRequest,
        Self::PolicyViolation,
        Self::RemoteConnectionFailed,
        Self::SystemShutdown,
        Self::UndefinedCondition,
    ];

    /// The condition with this value of the attribute, of those that a session can end with by somebody's wish.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.name() == name)
    }

    /// The value of the attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::HostUnknown => "host-unknown",
            Self::ImproperAddressing => "improper-addressing",
            Self::InternalServerError => "internal-server-error",
            Self::ItemNotFound => "item-not-found",
            Self::OtherRequest => "other-request",
            Self::PolicyViolation => "policy-violation",
            Self::RemoteConnectionFailed => "remote-connection-failed",
            Self::RemoteStreamError => "remote-stream-error",
            Self::SystemShutdown => "system-shutdown",
            Self::UndefinedCondition => "undefined-condition",
        }
    }

    /// The status code of HTTP that says it to clients of the time before there were conditions (XEP-0124 §17.1).
    pub fn legacy_status(self) -> Option<u16> {
        match self {
            Self::BadRequest => Some(400),
            Self::PolicyViolation => Some(403),
            Self::ItemNotFound => Some(404),
            _ => None,
        }
    }
}

/// An error of the stream keeps its own name where BOSH has it, as the part that answers HTTP and the one that speaks
/// XMPP are the same here. All others stand inside the body (XEP-0206 §6).
impl From<&StreamError> for Condition {
    fn from(error: &StreamError) -> Self {
        match error.condition {
            "host-unknown" => Self::HostUnknown,
            "improper-addressing" => Self::ImproperAddressing,
            "system-shutdown" => Self::SystemShutdown,
            _ => Self::RemoteStreamError,
        }
    }
}

/// A request that breaks the rules of BOSH: it ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    pub condition: Condition,
    /// For the log.
    pub sentence: &'static str,
}

/// All there are.
impl Violation {
    pub const ACK: Self = Self::bad("BOSH: 'ack' is not a number");
    pub const CHARACTERS: Self = Self::bad("BOSH: there is text in <body/> outside of its children");
    pub const CONTENT: Self =
        Self::bad("BOSH: 'content' is no content type of XML, such as 'text/xml; charset=utf-8'");
    pub const HIDDEN_SID: Self = Self::bad("BOSH: 'sid' stands too far behind the start of <body/>");
    pub const HOLD: Self = Self::bad("BOSH: 'hold' is not a number");
    pub const NEWKEY: Self = Self::bad("BOSH: 'newkey' is not 40 hexadecimal digits");
    pub const NO_BODY: Self = Self::bad("BOSH: not a <body xmlns='http://jabber.org/protocol/httpbind'/>");
    pub const NO_RID: Self = Self::bad("BOSH: 'rid' is not a positive number of at most 2^53-1");
    pub const NO_SESSION: Self = Self::bad("BOSH: a session that does not exist cannot be paused or ended");
    pub const NOT_XML: Self = Self::bad("BOSH: the body is not exactly one well-formed XML element in UTF-8");
    pub const PAUSE: Self = Self::bad("BOSH: 'pause' is not a number");
    pub const RESTRICTED_XML: Self =
        Self::bad("BOSH: comments, processing instructions, DTDs and entities are not allowed");
    pub const TYPE: Self = Self::bad("BOSH: 'type' is neither terminate nor error");
    pub const WAIT: Self = Self::bad("BOSH: 'wait' is not a number");

    pub const ANSWER_GONE: Self = Self::not_found("BOSH: a request came again whose answer is not kept");
    pub const KEY: Self = Self::not_found("BOSH: a key does not fit the one before");
    pub const RID: Self = Self::not_found("BOSH: 'rid' is outside of the window");
    pub const SID: Self = Self::not_found("BOSH: there is no such session");

    pub const LONG_PAUSE: Self = Self::policy("BOSH: a longer pause was asked for than there may be");
    pub const NAMESPACES: Self = Self::policy("BOSH: the namespaces of <body/> are too long");
    pub const REPEATS: Self = Self::policy("BOSH: the same request came too often");
    pub const TOO_FAST: Self = Self::policy("BOSH: empty requests came too fast");
    pub const TOO_MANY: Self = Self::policy("BOSH: too many requests at the same time");
    pub const TOO_MUCH: Self = Self::policy("BOSH: the body is too large");

    const fn bad(sentence: &'static str) -> Self {
        Self { condition: Condition::BadRequest, sentence }
    }

    const fn not_found(sentence: &'static str) -> Self {
        Self { condition: Condition::ItemNotFound, sentence }
    }

    const fn policy(sentence: &'static str) -> Self {
        Self { condition: Condition::PolicyViolation, sentence }
    }
}

impl From<XmlError> for Violation {
    fn from(error: XmlError) -> Self {
        match error {
            XmlError::NotWellFormed(_) | XmlError::Encoding => Self::NOT_XML,
            XmlError::Restricted => Self::RESTRICTED_XML,
            XmlError::TooMuch(_) => Self::TOO_MUCH,
        }
    }
}
