//! The stream of one session: opening, TLS, login, restart, closing (RFC 7395 §3, RFC 6120 §4 and §5). A state machine: an
//! element goes in, what has to be done comes out.

mod error;

use std::sync::{Arc, OnceLock};

use roxmltree::Node;

use crate::config::scram::{Mechanism, Proof};
use crate::xml::escape;
use crate::xmpp::domain::Domain;
use crate::xmpp::jid::Jid;
use crate::xmpp::ns;
use crate::xmpp::sasl;
use crate::xmpp::sasl::scram::{Exchange, First};
use crate::xmpp::sasl::{Failure, Plain, Said};
use crate::xmpp::stanza;
use crate::xmpp::stanza::Kind;

pub use error::StreamError;

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

/// Where a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing has been said.
    Connected,
    /// Opened, not logged in.
    Opened,
    /// Asked for the response to a challenge.
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
    /// Ask this user for its proof, with [`Stream::ask`].
    Ask(First),
    /// Check this proof of a user.
    Prove(Box<str>, Proof),
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
    failures: u32,
    login: Option<Box<Login>>,
    /// The user that the client says it is, until that is answered.
    from: Option<Box<str>>,
    lang: Option<Box<str>>,
}

/// What is known of a login that is not decided.
#[derive(Debug)]
enum Login {
    /// An empty challenge of this mechanism has to be answered.
    Named(Mechanism),
    /// A challenge of SCRAM has to be answered.
    Asked(Exchange),
    /// A proof is checked, and the server's own has its place here.
    Proving(Arc<OnceLock<String>>),
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
        Self { state: State::Connected, form, failures: 0, login: None, from: None, lang: None }
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

    /// Takes one element, where these mechanisms of SASL are offered.
    pub fn receive(
        &mut self,
        element: Node<'_, '_>,
        domain: &Domain,
        offered: &[Mechanism],
    ) -> Result<Step, StreamError> {
        match element.tag_name().namespace() {
            Some(ns::FRAMING) if !self.is_tcp() => self.framing(element, domain),
            Some(ns::STREAM) if self.is_tcp() && element.tag_name().name() == "stream" => {
                self.header(element, domain)
            }
            _ if self.is_tcp() && matches!(self.state, State::Connected | State::LoggedIn) => {
                Err(StreamError::NO_HEADER)
            }
            Some(ns::SASL) => self.sasl(element, domain.name(), offered),
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

    fn sasl(
        &mut self,
        element: Node<'_, '_>,
        domain: &str,
        offered: &[Mechanism],
    ) -> Result<Step, StreamError> {
        if !matches!(self.state, State::Opened | State::Challenged) {
            return Err(StreamError::UNSUPPORTED_STANZA_TYPE);
        }
        if self.form == Form::Tcp(Tls::Required) {
            return Ok(Step::Refuse(Failure::EncryptionRequired));
        }
        let said = match (element.tag_name().name(), self.login.take().map(|login| *login)) {
            ("auth", None) => sasl::auth(element, offered, domain),
            ("response", Some(Login::Named(mechanism))) => sasl::response(mechanism, element, domain),
            ("response", Some(Login::Asked(exchange))) => {
                return Ok(match sasl::data(element).and_then(|data| exchange.finish(&data)) {
                    Ok(proof) => {
                        self.state = State::Checking;
                        self.login = Some(Box::new(Login::Proving(proof.answer.clone())));
                        Step::Prove(exchange.user().into(), proof)
                    }
                    Err(failure) => Step::Refuse(failure),
                });
            }
            ("abort", _) => Err(Failure::Aborted),
            // There is no challenge that it could answer, or one that it does not.
            _ => Err(Failure::MalformedRequest),
        };
        if said.is_ok() {
            self.state = State::Checking;
        }
        Ok(match said {
            Ok(Said::Nothing(mechanism)) => {
                self.state = State::Challenged;
                self.login = Some(Box::new(Login::Named(mechanism)));
                Step::Challenge
            }
            Ok(Said::Plain(plain)) => Step::Login(plain),
            Ok(Said::Scram(first)) => Step::Ask(first),
            Err(failure) => Step::Refuse(failure),
        })
    }

    /// Asks for a proof. Returns the challenge.
    pub fn ask(&mut self, exchange: Exchange) -> String {
        self.state = State::Challenged;
        let challenge = sasl::challenge(Some(exchange.question()));
        self.login = Some(Box::new(Login::Asked(exchange)));
        challenge
    }

    /// The login succeeded. Returns the answer.
    pub fn accept(&mut self) -> String {
        self.state = State::LoggedIn;
        let proof = match self.login.take().map(|login| *login) {
            Some(Login::Proving(answer)) => answer.get().map(|answer| format!("v={answer}")),
            _ => None,
        };
        sasl::success(proof.as_deref())
    }

    /// The login failed. Tells whether that was one time too many (RFC 6120 §6.4.5).
    pub fn refuse(&mut self, attempts: usize) -> bool {
        self.state = State::Opened;
        self.login = None;
        self.failures = self.failures.saturating_add(1);
        self.failures as usize >= attempts
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

    /// The features of the stream (RFC 6120 §4.3.2), a frame of their own that declares its prefix, with these mechanisms of SASL.
    /// `more`: what is offered after the login beside a resource.
    pub fn features(&self, mechanisms: &[Mechanism], more: &str) -> String {
        let offer = if self.is_logged_in() {
            format!(
                "<bind xmlns='{}'/><session xmlns='{}'><optional/></session>{more}",
                ns::BIND,
                ns::SESSION
            )
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
                _ => {
                    let each = mechanisms.iter().map(|mechanism| mechanism.name());
                    let each: String = each.map(|name| format!("<mechanism>{name}</mechanism>")).collect();
                    format!("{tls}<mechanisms xmlns=\"{}\">{each}</mechanisms>", ns::SASL)
                }
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
