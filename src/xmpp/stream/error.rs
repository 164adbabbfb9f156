//! The errors with which a stream ends (RFC 6120 §4.9).

use crate::xml::{XmlError, escape};
use crate::xmpp::ns;

/// A stream error: the stream ends with it (RFC 6120 §4.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamError {
    /// The element name (RFC 6120 §4.9.3).
    pub condition: &'static str,
    /// A sentence for people; may be empty.
    pub text: &'static str,
    /// The WebSocket close code that goes with it (RFC 6455 §7.4.1).
    pub code: u16,
}

/// The stream errors in use.
impl StreamError {
    pub const BAD_COUNT: Self = Self::new("bad-format", "'h' has to be a number from 0 to 4294967295.");
    pub const BAD_NAMESPACE_PREFIX: Self = Self::new(
        "bad-namespace-prefix",
        "A stream begins with <stream:stream>, and declares no other prefix than this one.",
    );
    pub const ENABLED_TWICE: Self =
        Self::new("policy-violation", "Stream management is enabled once on a stream.");
    pub const BEFORE_TLS: Self =
        Self::new("policy-violation", "Nothing may follow <starttls/> before TLS has begun.");
    pub const CONFLICT: Self = Self::new("conflict", "Replaced by a new connection with the same resource.");
    pub const CONNECTION_TIMEOUT: Self = Self::new("connection-timeout", "Two pings in a row had no answer.");
    /// Goes out with an element of stream management behind the condition (XEP-0198 §6).
    pub const HANDLED_TOO_MUCH: Self = Self::new("undefined-condition", "");
    pub const HOST_UNKNOWN: Self =
        Self::new("host-unknown", "This server does not serve the domain in 'to'.");
    pub const IMPROPER_ADDRESSING: Self = Self::new("improper-addressing", "'to' has to name the domain.");
    pub const INVALID_NAMESPACE: Self = Self::new(
        "invalid-namespace",
        "A stream starts with <open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>.",
    );
    pub const LOGIN_TIMEOUT: Self = Self::new("connection-timeout", "The login took too long.");
    pub const NO_HEADER: Self = Self::new(
        "bad-format",
        "A stream starts with <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>.",
    );
    pub const NOT_AUTHORIZED: Self = Self::new("not-authorized", "Log in and bind a resource first.");
    pub const NOT_WELL_FORMED: Self = Self::new("not-well-formed", "A message is exactly one XML element.");
    pub const REMOVED: Self =
        Self::new("not-authorized", "The configuration does not have this user any more.");
    pub const RESOURCE_CONSTRAINT: Self = Self::new("resource-constraint", "There are too many sessions.");
    #[cfg(feature = "replica")]
    pub const NOT_KEPT: Self =
        Self::new("internal-server-error", "A change could not be kept: the disk does not take it.");
    pub const RESTRICTED_XML: Self =
        Self::new("restricted-xml", "No comments, processing instructions, DTDs or entities.");
    pub const SLOW_READER: Self =
        Self::new("policy-violation", "The session did not read what was sent to it.");
    pub const SYSTEM_SHUTDOWN: Self =
        Self { condition: "system-shutdown", text: "The server is going down.", code: 1001 };
    pub const TOO_LARGE: Self = Self { condition: "policy-violation", text: "message too large", code: 1009 };
    pub const TOO_MANY_ATTEMPTS: Self = Self::new("policy-violation", "Too many failed logins.");
    pub const UNSUPPORTED_ENCODING: Self = Self::new("unsupported-encoding", "The encoding has to be UTF-8.");
    pub const UNSUPPORTED_STANZA_TYPE: Self =
        Self::new("unsupported-stanza-type", "This element has no place here in the stream.");
    pub const UNSUPPORTED_VERSION: Self = Self::new("unsupported-version", "The version has to be 1.0.");

    const fn new(condition: &'static str, text: &'static str) -> Self {
        Self { condition, text, code: 1000 }
    }

    /// The frame.
    pub fn frame(&self) -> String {
        self.frame_with("")
    }

    /// The frame, with an element of another namespace behind the condition and its text (RFC 6120 §4.9.4).
    pub fn frame_with(&self, more: &str) -> String {
        let Self { condition, text, .. } = self;
        let text = if text.is_empty() {
            String::new()
        } else {
            format!("<text xmlns=\"{}\" xml:lang=\"en\">{}</text>", ns::STREAMS, escape(text))
        };
        format!(
            "<stream:error xmlns:stream=\"{}\"><{condition} xmlns=\"{}\"/>{text}{more}</stream:error>",
            ns::STREAM,
            ns::STREAMS
        )
    }
}

impl From<XmlError> for StreamError {
    fn from(error: XmlError) -> Self {
        match error {
            XmlError::NotWellFormed(text) => Self { text, ..Self::NOT_WELL_FORMED },
            XmlError::Encoding => Self::UNSUPPORTED_ENCODING,
            XmlError::Restricted => Self::RESTRICTED_XML,
            XmlError::TooMuch(text) => Self { text, ..Self::TOO_LARGE },
        }
    }
}
