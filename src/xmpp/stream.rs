//! The stream of one session: opening, TLS, login, restart, closing (RFC 7395 §3, RFC 6120 §4 and §5). A state machine: an
//! element goes in, what has to be done comes out.

use roxmltree::Node;

use crate::xml::{XmlError, escape};
use crate::xmpp::domain::Domain;
use crate::xmpp::jid::Jid;
use crate::xmpp::ns;
use crate::xmpp::sasl;
use crate::xmpp::sasl::{Auth, Failure, Plain};
use crate::xmpp::stanza;
use crate::xmpp::stanza::Kind;

/// The `<close/>` byte for byte as Strophe 1.2.16 compares it; another spelling it does not know.
pub const CLOSE: &str = "<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" />";

/// The end of a stream over TCP (RFC 6120 §4.4).
pub const END: &str = "</stream:stream>";

/// The answer to `<starttls/>`: TLS begins behind it (RFC 6120 §5.4.2.3).
pub const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/// The software that the server names in the features, as Openfire 4.3 and later do (XEP-0115). Answered by disco.
pub const CAPS_NODE: &str = "https://www.igniterealtime.org/projects/openfire/";
/// The verification string that goes with [`CAPS_NODE`].
pub const CAPS_VER: &str = "k3mOuil8afx3OTZxYy6yxLmFsok=";

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
    pub const BAD_NAMESPACE_PREFIX: Self = Self::new(
        "bad-namespace-prefix",
        "A stream begins with <stream:stream>, and declares no other prefix than this one.",
    );
    pub const BEFORE_TLS: Self =
        Self::new("policy-violation", "Nothing may follow <starttls/> before TLS has begun.");
    pub const CONFLICT: Self = Self::new("conflict", "Replaced by a new connection with the same resource.");
    pub const CONNECTION_TIMEOUT: Self = Self::new("connection-timeout", "Two pings in a row had no answer.");
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
        let Self { condition, text, .. } = self;
        let text = if text.is_empty() {
            String::new()
        } else {
            format!("<text xmlns=\"{}\" xml:lang=\"en\">{}</text>", ns::STREAMS, escape(text))
        };
        format!(
            "<stream:error xmlns:stream=\"{}\"><{condition} xmlns=\"{}\"/>{text}</stream:error>",
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

/// Where a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing has been said.
    Connected,
    /// Opened, not logged in.
    Opened,
    /// Asked for the response to an empty challenge.
    Challenged,
    /// A password is being checked.
    Checking,
    /// TLS begins, and after that another stream.
    Securing,
    /// Logged in; the client has to open the stream again.
    LoggedIn,
    /// Logged in and opened again: stanzas may come.
    Ready,
    /// The stream is over, or about to be: what comes in is not looked at.
    Closed,
}

/// The request of an element.
#[derive(Debug)]
pub enum Step {
    /// Answer with [`open`] and the features of the state.
    Open,
    /// Ask for the response of a login that has begun without one.
    Challenge,
    /// Begin TLS.
    StartTls,
    /// Check this login.
    Login(Plain),
    /// The login attempt failed without a look at the password.
    Refuse(Failure),
    /// A stanza to route.
    Stanza(Kind),
    /// The client closes the stream.
    Close,
}

/// How a stream is opened and closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// By elements of their own, or by envelopes (RFC 7395 §3.4, XEP-0206 §3).
    Framed,
    /// By the tags of one document (RFC 6120 §4.2).
    Tcp(Tls),
}

/// How far the TLS of a stream over TCP is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Nobody logs in without it (RFC 6120 §5.3.1).
    Required,
    /// There can be some.
    Offered,
    /// There is.
    Done,
}

/// The state machine.
#[derive(Debug)]
pub struct Stream {
    state: State,
    form: Form,
    failures: usize,
    /// The user that the client says it is, until that is answered.
    from: Option<Box<str>>,
    lang: Option<Box<str>>,
}

/// The language of what the server itself says.
const LANG: &str = "en";

impl Default for Stream {
    fn default() -> Self {
        Self::new(Form::Framed)
    }
}

impl Stream {
    /// A stream on which nothing has been said.
    pub fn new(form: Form) -> Self {
        Self { state: State::Connected, form, failures: 0, from: None, lang: None }
    }

    /// Tells whether it is one document over TCP.
    pub fn is_tcp(&self) -> bool {
        self.form != Form::Framed
    }

    /// Where it is.
    pub fn state(&self) -> State {
        self.state
    }

    /// Takes the bare JID that the client has put in its `<open/>`: the answer goes to it (RFC 6120 §4.7.2).
    pub fn take_from(&mut self) -> Option<Box<str>> {
        self.from.take()
    }

    /// In which language the client writes where it says nothing else: as it has said when it opened the stream. `None`: in the
    /// server's own, or nobody knows (RFC 6120 §4.7.4).
    pub fn lang(&self) -> Option<&str> {
        self.lang.as_deref()
    }

    /// The client opens the stream in this language.
    pub fn set_lang(&mut self, lang: Option<&str>) {
        self.lang = lang.filter(|lang| !lang.eq_ignore_ascii_case(LANG)).map(Box::from);
    }

    /// Tells whether the login is done.
    pub fn is_logged_in(&self) -> bool {
        matches!(self.state, State::LoggedIn | State::Ready)
    }

    /// Takes one element.
    pub fn receive(&mut self, element: Node<'_, '_>, domain: &Domain) -> Result<Step, StreamError> {
        match element.tag_name().namespace() {
            Some(ns::FRAMING) if !self.is_tcp() => self.framing(element, domain),
            Some(ns::STREAM) if self.is_tcp() && element.tag_name().name() == "stream" => {
                self.header(element, domain)
            }
            _ if self.is_tcp() && matches!(self.state, State::Connected | State::LoggedIn) => {
                Err(StreamError::NO_HEADER)
            }
            Some(ns::SASL) => self.sasl(element, domain.name()),
            Some(ns::TLS) => self.start_tls(element),
            // An opening in another namespace, or the header of a TCP stream (RFC 7395 §3.3.2).
            _ if matches!(element.tag_name().name(), "open" | "close" | "stream") => {
                Err(StreamError::INVALID_NAMESPACE)
            }
            _ if matches!(self.state, State::Connected | State::LoggedIn) => Err(StreamError {
                text: "The stream is not open: it needs <open/>, or over BOSH a restart.",
                ..StreamError::UNSUPPORTED_STANZA_TYPE
            }),
            _ => match Kind::of(element) {
                Some(_) if self.state != State::Ready => Err(StreamError::NOT_AUTHORIZED),
                Some(kind) => Ok(Step::Stanza(kind)),
                None if element.tag_name().namespace() == Some(ns::CLIENT) => {
                    Err(StreamError::UNSUPPORTED_STANZA_TYPE)
                }
                None => Err(StreamError {
                    text: "Stanzas need xmlns='jabber:client'.",
                    ..StreamError::INVALID_NAMESPACE
                }),
            },
        }
    }

    fn framing(&mut self, element: Node<'_, '_>, domain: &Domain) -> Result<Step, StreamError> {
        match element.tag_name().name() {
            "close" => Ok(Step::Close),
            "open" => self.opening(element, domain),
            _ => Err(StreamError::UNSUPPORTED_STANZA_TYPE),
        }
    }

    fn opening(&mut self, element: Node<'_, '_>, domain: &Domain) -> Result<Step, StreamError> {
        self.from = element.attribute("from").and_then(bare);
        self.set_lang(stanza::lang(element));
        self.open(element.attribute("to"), element.attribute("version"), domain)?;
        Ok(Step::Open)
    }

    /// The start tag of a stream over TCP (RFC 6120 §4.7, §4.8).
    fn header(&mut self, element: Node<'_, '_>, domain: &Domain) -> Result<Step, StreamError> {
        let text = element.document().input_text().get(element.range().start..);
        let is_bad = |name| !matches!(name, None | Some("stream" | "xml"));
        if !text.is_some_and(|text| text.starts_with("<stream:"))
            || element.namespaces().any(|namespace| is_bad(namespace.name()))
        {
            return Err(StreamError::BAD_NAMESPACE_PREFIX);
        }
        if element.default_namespace().is_some_and(|namespace| namespace != ns::CLIENT) {
            return Err(StreamError {
                text: "The default namespace of a stream is jabber:client.",
                ..StreamError::INVALID_NAMESPACE
            });
        }
        self.opening(element, domain)
    }

    /// `<starttls/>` (RFC 6120 §5.4.2.1).
    fn start_tls(&mut self, element: Node<'_, '_>) -> Result<Step, StreamError> {
        match (element.tag_name().name(), self.form, self.state) {
            ("starttls", Form::Tcp(Tls::Required | Tls::Offered), State::Opened) => {
                self.state = State::Securing;
                Ok(Step::StartTls)
            }
            _ => Err(StreamError::UNSUPPORTED_STANZA_TYPE),
        }
    }

    /// There is TLS: another stream begins (RFC 6120 §5.4.3.3).
    pub fn secure(&mut self) {
        if self.state == State::Securing {
            (self.state, self.form) = (State::Connected, Form::Tcp(Tls::Done));
        }
    }

    /// The client opens the stream, for the first time or again after the login, to `to` in `version` (RFC 7395 §3.4,
    /// XEP-0206 §3 and §5).
    pub fn open(
        &mut self,
        to: Option<&str>,
        version: Option<&str>,
        domain: &Domain,
    ) -> Result<(), StreamError> {
        self.state = match self.state {
            State::Connected => State::Opened,
            State::LoggedIn => State::Ready,
            _ => return Err(StreamError::UNSUPPORTED_STANZA_TYPE),
        };
        check_open(to, version, domain)
    }

    fn sasl(&mut self, element: Node<'_, '_>, domain: &str) -> Result<Step, StreamError> {
        let asked = match self.state {
            State::Opened => false,
            State::Challenged => true,
            _ => return Err(StreamError::UNSUPPORTED_STANZA_TYPE),
        };
        if self.form == Form::Tcp(Tls::Required) {
            return Ok(Step::Refuse(Failure::EncryptionRequired));
        }
        let plain = match (element.tag_name().name(), asked) {
            ("auth", false) => match sasl::auth(element, domain) {
                Ok(Auth::Nothing) => {
                    self.state = State::Challenged;
                    return Ok(Step::Challenge);
                }
                Ok(Auth::Response(plain)) => Ok(plain),
                Err(failure) => Err(failure),
            },
            ("response", true) => sasl::response(element, domain),
            ("abort", _) => Err(Failure::Aborted),
            // There is no challenge that it could answer, or one that it does not.
            _ => Err(Failure::MalformedRequest),
        };
        Ok(match plain {
            Ok(plain) => {
                self.state = State::Checking;
                Step::Login(plain)
            }
            Err(failure) => Step::Refuse(failure),
        })
    }

    /// The login succeeded.
    pub fn accept(&mut self) {
        self.state = State::LoggedIn;
    }

    /// The login failed. Tells whether that was one time too many (RFC 6120 §6.4.5).
    pub fn refuse(&mut self, attempts: usize) -> bool {
        self.state = State::Opened;
        self.failures += 1;
        self.failures >= attempts
    }

    /// Nothing more is taken.
    pub fn close(&mut self) {
        self.state = State::Closed;
    }

    /// The answer to the opening of the stream, to `to`. `id` needs no escaping.
    pub fn answer(&self, domain: &str, id: &str, to: Option<&str>) -> String {
        match self.form {
            Form::Framed => open(domain, id, to),
            Form::Tcp(_) => format!("<?xml version='1.0'?>{}", start_tag(domain, id, to)),
        }
    }

    /// The features of the stream (RFC 6120 §4.3.2), a frame of their own that declares its prefix, with this mechanism of SASL.
    pub fn features(&self, mechanism: &str) -> String {
        let offer = if self.is_logged_in() {
            format!("<bind xmlns='{}'/><session xmlns='{}'><optional/></session>", ns::BIND, ns::SESSION)
        } else {
            let tls = match self.form {
                Form::Tcp(Tls::Required) => {
                    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
                }
                Form::Tcp(Tls::Offered) => "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                Form::Framed | Form::Tcp(Tls::Done) => "",
            };
            match self.form {
                Form::Tcp(Tls::Required) => tls.to_owned(),
                _ => format!(
                    "{tls}<mechanisms xmlns=\"{}\"><mechanism>{mechanism}</mechanism></mechanisms>",
                    ns::SASL
                ),
            }
        };
        format!(
            "<stream:features xmlns:stream='{}'>{offer}<c xmlns=\"{}\" hash=\"sha-1\" node=\"{CAPS_NODE}\" ver=\"{CAPS_VER}\"/></stream:features>",
            ns::STREAM,
            ns::CAPS
        )
    }

    /// The end of the stream.
    pub fn end_tag(&self) -> &'static str {
        if self.is_tcp() { END } else { CLOSE }
    }
}

/// The bare JID in an address that a client gives itself. Any other address is not repeated.
fn bare(from: &str) -> Option<Box<str>> {
    let jid = Jid::parse(from.split('/').next()?).ok()?;
    Some(jid.to_string().into())
}

/// RFC 7395 §3.4, RFC 6120 §4.7.
fn check_open(to: Option<&str>, version: Option<&str>, domain: &Domain) -> Result<(), StreamError> {
    let to = to.ok_or(StreamError::IMPROPER_ADDRESSING)?;
    if !domain.has(to) {
        return Err(StreamError::HOST_UNKNOWN);
    }
    match version.and_then(|version| version.split('.').next()?.parse::<u32>().ok()) {
        Some(1..) => Ok(()),
        _ => Err(StreamError::UNSUPPORTED_VERSION),
    }
}

/// The answer to an `<open/>`; its first bytes must be `<open `, by which Strophe 1.2.16 knows it. `id` needs no escaping.
pub fn open(domain: &str, id: &str, to: Option<&str>) -> String {
    let domain = escape(domain);
    let to = address(to);
    format!("<open from='{domain}' id='{id}'{to} xmlns='{}' xml:lang='{LANG}' version='1.0'/>", ns::FRAMING)
}

/// The opening of a stream as it was before RFC 7395, over a WebSocket too.
pub fn old_open(domain: &str, id: &str) -> String {
    start_tag(domain, id, None)
}

fn start_tag(domain: &str, id: &str, to: Option<&str>) -> String {
    format!(
        "<stream:stream xmlns='{}' xmlns:stream='{}' from='{}' id='{id}'{} xml:lang='{LANG}' version='1.0'>",
        ns::CLIENT,
        ns::STREAM,
        escape(domain),
        address(to)
    )
}

fn address(to: Option<&str>) -> String {
    to.map_or_else(String::new, |to| format!(" to='{}'", escape(to)))
}

#[cfg(test)]
mod tests;
