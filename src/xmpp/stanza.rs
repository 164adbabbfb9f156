//! Stanzas: what an `iq`, `message` or `presence` says of itself, and the table of stanza errors (RFC 6120 §8).

use roxmltree::Node;

use crate::xml::{write_attribute, write_node};
use crate::xmpp::ns;

/// A stanza error: the row of a table, and a sentence for people (RFC 6120 §8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StanzaError {
    /// The defined condition (RFC 6120 §8.3.3).
    pub condition: Condition,
    /// A child of the namespace `http://jabber.org/protocol/pubsub#errors` (XEP-0060 §6 to §8), with the feature
    /// that `<unsupported/>` names.
    pub pubsub: Option<(&'static str, Option<&'static str>)>,
    /// Says what went wrong, for the person who reads the answer. Empty: the condition says it all.
    pub text: &'static str,
    /// The error type where it differs from the one the condition goes with.
    pub kind: Option<&'static str>,
}

/// The conditions in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    BadRequest,
    Conflict,
    FeatureNotImplemented,
    Forbidden,
    InternalServerError,
    ItemNotFound,
    JidMalformed,
    NotAcceptable,
    NotAllowed,
    NotAuthorized,
    PolicyViolation,
    RemoteServerNotFound,
    RemoteServerTimeout,
    ResourceConstraint,
    ServiceUnavailable,
    UnexpectedRequest,
}

impl Condition {
    /// All conditions.
    const ALL: [Self; 16] = [
        Self::BadRequest,
        Self::Conflict,
        Self::FeatureNotImplemented,
        Self::Forbidden,
        Self::InternalServerError,
        Self::ItemNotFound,
        Self::JidMalformed,
        Self::NotAcceptable,
        Self::NotAllowed,
        Self::NotAuthorized,
        Self::PolicyViolation,
        Self::RemoteServerNotFound,
        Self::RemoteServerTimeout,
        Self::ResourceConstraint,
        Self::ServiceUnavailable,
        Self::UnexpectedRequest,
    ];

    /// The condition with this name of an element.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.row().0 == name)
    }

    /// Element name, error type, and the code of XEP-0086 that older Finesse clients read.
    fn row(self) -> (&'static str, &'static str, u16) {
        match self {
            Self::BadRequest => ("bad-request", "modify", 400),
            Self::Conflict => ("conflict", "cancel", 409),
            Self::FeatureNotImplemented => ("feature-not-implemented", "cancel", 501),
            Self::Forbidden => ("forbidden", "auth", 403),
            Self::InternalServerError => ("internal-server-error", "cancel", 500),
            Self::ItemNotFound => ("item-not-found", "cancel", 404),
            Self::JidMalformed => ("jid-malformed", "modify", 400),
            Self::NotAcceptable => ("not-acceptable", "modify", 406),
            Self::NotAllowed => ("not-allowed", "cancel", 405),
            Self::NotAuthorized => ("not-authorized", "auth", 401),
            // XEP-0086 is older than it: the code of what it takes the place of.
            Self::PolicyViolation => ("policy-violation", "wait", 405),
            Self::RemoteServerNotFound => ("remote-server-not-found", "cancel", 404),
            Self::RemoteServerTimeout => ("remote-server-timeout", "wait", 504),
            Self::ResourceConstraint => ("resource-constraint", "wait", 500),
            Self::ServiceUnavailable => ("service-unavailable", "cancel", 503),
            Self::UnexpectedRequest => ("unexpected-request", "wait", 400),
        }
    }
}

impl From<Condition> for StanzaError {
    fn from(condition: Condition) -> Self {
        Self { condition, pubsub: None, text: "", kind: None }
    }
}

impl StanzaError {
    /// An error with a sentence.
    pub const fn new(condition: Condition, text: &'static str) -> Self {
        Self { condition, pubsub: None, text, kind: None }
    }

    /// An error with a condition of the pubsub errors.
    pub const fn pubsub(mut self, name: &'static str) -> Self {
        self.pubsub = Some((name, None));
        self
    }

    /// A part of XEP-0060 that is not there (XEP-0060 §10, `<unsupported feature='…'/>`).
    pub const fn unsupported(feature: &'static str) -> Self {
        Self {
            condition: Condition::FeatureNotImplemented,
            pubsub: Some(("unsupported", Some(feature))),
            text: "",
            kind: None,
        }
    }

    /// Appends `<error …>…</error>`.
    pub fn write(&self, out: &mut String) {
        let (name, kind, code) = self.condition.row();
        out.push_str("<error");
        write_attribute(out, "code", &code.to_string());
        write_attribute(out, "type", self.kind.unwrap_or(kind));
        out.push_str("><");
        out.push_str(name);
        write_attribute(out, "xmlns", ns::STANZAS);
        out.push_str("/>");
        if !self.text.is_empty() {
            out.push_str("<text");
            write_attribute(out, "xmlns", ns::STANZAS);
            write_attribute(out, "xml:lang", "en");
            out.push('>');
            out.push_str(self.text);
            out.push_str("</text>");
        }
        if let Some((name, feature)) = self.pubsub {
            out.push('<');
            out.push_str(name);
            write_attribute(out, "xmlns", ns::PUBSUB_ERRORS);
            if let Some(feature) = feature {
                write_attribute(out, "feature", feature);
            }
            out.push_str("/>");
        }
        out.push_str("</error>");
    }
}

/// The kind of a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Iq,
    Message,
    Presence,
}

impl Kind {
    /// The kind of an element of the namespace `jabber:client`.
    pub fn of(node: Node<'_, '_>) -> Option<Self> {
        if node.tag_name().namespace() != Some(ns::CLIENT) {
            return None;
        }
        match node.tag_name().name() {
            "iq" => Some(Self::Iq),
            "message" => Some(Self::Message),
            "presence" => Some(Self::Presence),
            _ => None,
        }
    }
}

/// The text of a stanza whose client has left out the namespace, with `jabber:client` declared. `None`: the namespace is
/// there, or this is no stanza.
///
/// RFC 7395 §3.3.3 demands the namespace. Openfire goes by the name alone, and some public libraries never declare it. Over BOSH
/// such a stanza has the namespace of the `<body/>` around it.
pub fn with_namespace(element: Node<'_, '_>) -> Option<String> {
    let name = element.tag_name();
    if !matches!(name.namespace(), None | Some(ns::HTTPBIND))
        || !matches!(name.name(), "iq" | "message" | "presence")
    {
        return None;
    }
    let text = element.document().input_text().get(element.range())?;
    let rest = text.strip_prefix('<')?.strip_prefix(name.name()).filter(|rest| !rest.starts_with(':'))?;
    Some(format!("<{} xmlns=\"{}\"{rest}", name.name(), ns::CLIENT))
}

/// The type of an iq (RFC 6120 §8.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IqType {
    Get,
    Set,
    /// A result or an error: it asks for no answer.
    Response,
}

/// A request that must be answered.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The whole stanza.
    pub iq: Node<'a, 'a>,
    /// The only child of the stanza.
    pub child: Node<'a, 'a>,
    /// A `set`, not a `get`.
    pub set: bool,
}

impl<'a> Request<'a> {
    /// Tells whether the child is `name` of the namespace `uri`.
    pub fn is(&self, name: &str, uri: &str) -> bool {
        is(self.child, name, uri)
    }
}

/// Tells whether `node` is the element `name` of the namespace `uri`.
pub fn is(node: Node<'_, '_>, name: &str, uri: &str) -> bool {
    node.tag_name().name() == name && node.tag_name().namespace() == Some(uri)
}

/// The longest name of a language, in bytes (RFC 5646 §4.4.1).
const LANG_MAX: usize = 35;

/// The language that an element names for itself and what stands in it, if that can be one (RFC 6120 §4.7.4, §8.1.5).
pub fn lang<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    let is_language = |name: &&str| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=LANG_MAX).contains(&name.len()) && name.bytes().all(good)
    };
    node.attribute((ns::XML, "lang")).filter(is_language)
}

/// The type of an iq, or the error that it earns.
pub fn iq_type(iq: Node<'_, '_>) -> Result<IqType, StanzaError> {
    if iq.attribute("id").is_none() {
        return Err(StanzaError::new(Condition::BadRequest, "An iq needs an id (RFC 6120 8.2.3)."));
    }
    match iq.attribute("type") {
        Some("get") => Ok(IqType::Get),
        Some("set") => Ok(IqType::Set),
        Some("result" | "error") => Ok(IqType::Response),
        _ => Err(StanzaError::new(Condition::BadRequest, "The type of an iq is get, set, result or error.")),
    }
}

/// The request in an iq of the type get or set.
pub fn request<'a>(iq: Node<'a, 'a>, set: bool) -> Result<Request<'a>, StanzaError> {
    let mut children = iq.children().filter(Node::is_element);
    match (children.next(), children.next()) {
        (Some(child), None) => Ok(Request { iq, child, set }),
        _ => Err(StanzaError::new(
            Condition::BadRequest,
            "An iq of the type get or set has exactly one child.",
        )),
    }
}

/// Begins the answer to `stanza`: `<iq type="result" id="…" from="…" to="…" xmlns="jabber:client"` without the end
/// of the tag. `from` is the address that the request was sent to, where it named one.
fn begin_answer(stanza: Node<'_, '_>, kind: &str, from: Option<&str>, to: &str) -> String {
    let mut out = String::with_capacity(256);
    out.push('<');
    out.push_str(stanza.tag_name().name());
    write_attribute(&mut out, "type", kind);
    if let Some(id) = stanza.attribute("id") {
        write_attribute(&mut out, "id", id);
    }
    if let Some(from) = from {
        write_attribute(&mut out, "from", from);
    }
    write_attribute(&mut out, "to", to);
    write_attribute(&mut out, "xmlns", ns::CLIENT);
    out
}

/// The result of an iq; `payload` is XML, empty for none.
pub fn result(iq: Node<'_, '_>, to: &str, payload: &str) -> String {
    let mut out = begin_answer(iq, "result", iq.attribute("to"), to);
    if payload.is_empty() {
        out.push_str("/>");
    } else {
        out.push('>');
        out.push_str(payload);
        out.push_str("</iq>");
    }
    out
}

/// The longest content of a stanza that is sent back with an error, in bytes.
const ECHO_MAX: usize = 1024;

/// The error answer to any stanza, with what it contained before the error, as Openfire does (RFC 6120 §8.3.1), if
/// that is short.
pub fn error(stanza: Node<'_, '_>, to: &str, error: &StanzaError) -> String {
    let mut out = begin_answer(stanza, "error", stanza.attribute("to"), to);
    out.push('>');
    let mut echo = String::new();
    let mut children = stanza.children().filter(Node::is_element);
    if children.all(|child| write_node(&mut echo, child, Some(ns::CLIENT), ECHO_MAX).is_ok()) {
        out.push_str(&echo);
    }
    error.write(&mut out);
    out.push_str("</");
    out.push_str(stanza.tag_name().name());
    out.push('>');
    out
}
