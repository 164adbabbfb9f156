//! Reads what both sides of a stream say, live or from a file, and says how each step went.

use std::time::Duration;

use roxmltree::Node;

mod client;
mod server;

use super::header;
use super::outcome::Outcomes;
use super::secret::without_key;
use super::step::Step;
use super::symptom::Symptom;
use crate::xml::{self, Bounds};

/// How late the answer to a ping may be: Cisco's desktop fails over then.
pub const PING_LATE: Duration = Duration::from_secs(10);

/// How many requests are remembered that have no answer yet.
const PENDING_MAX: usize = 64;

/// The bounds of a frame of a server: more than callboard takes from a client, for events are escaped, and a BOSH body has many.
pub(in crate::probe) fn bounds() -> Bounds {
    Bounds { bytes: 1 << 20, elements: 65_536, depth: 128, attributes: 64, prefixes: 32 }
}

/// Which side sent a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// How a connection ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The code of the close frame (RFC 6455 §7.4), where there was one.
    pub code: Option<u16>,
    /// What the close frame or the system said.
    pub reason: String,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    Bind,
    Session,
    Subscribe,
    Unsubscribe,
    Ping,
}

/// A request without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pending {
    id: String,
    purpose: Purpose,
    /// Of a subscription.
    node: String,
    at: Duration,
}

/// A request of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub from: String,
    pub id: String,
    /// XEP-0199.
    pub is_ping: bool,
}

/// How far a stream has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    #[default]
    Before,
    /// The client has sent its first `<open/>`.
    Opening,
    Opened,
    /// The client has sent `<starttls/>`.
    Securing,
    LoggingIn,
    LoggedIn,
    /// The second `<open/>` has been sent.
    Restarting,
    /// Its features have come.
    Ready,
    Bound,
    /// Either side has said that it ends.
    Closing,
    Ended,
}

/// A stream by what both sides have said.
#[derive(Clone, Debug, Default)]
pub struct Dialogue {
    pub outcomes: Outcomes,
    phase: Phase,
    /// Each message is an element of its own.
    is_framed: bool,
    /// The stream is one document.
    is_tcp: bool,
    has_tls: bool,
    offers_tls: bool,
    /// The full JID that the server has bound.
    jid: Option<String>,
    mechanisms: Vec<String>,
    offers_session: bool,
    pending: Vec<Pending>,
    subscribed: Vec<String>,
    pings: Vec<Duration>,
    /// How many presences of the user `finesse` have come and not gone.
    finesse: usize,
    /// A subscription was refused as on a server without nodes of Finesse.
    lacks_nodes: bool,
    /// Requests of the server that want an answer.
    asked: Vec<Asked>,
}

impl Dialogue {
    /// The full JID that the server has bound.
    pub fn jid(&self) -> Option<&str> {
        self.jid.as_deref()
    }

    /// Whether the mechanism that Finesse has is offered.
    pub fn offers_plain(&self) -> bool {
        self.mechanisms.iter().any(|mechanism| mechanism == "PLAIN")
    }

    /// Whether the stream goes over TCP without TLS, and STARTTLS is offered.
    pub fn offers_tls(&self) -> bool {
        self.offers_tls
    }

    /// Whether there is TLS below the stream, as far as can be told.
    pub fn has_tls(&self) -> bool {
        self.has_tls
    }

    /// There is TLS: what was seen of a stream before it does not count (RFC 6120 §5.4.3.3).
    pub fn secured(&mut self) {
        self.has_tls = true;
        self.offers_tls = false;
        if self.phase == Phase::Securing {
            self.phase = Phase::Before;
            self.mechanisms.clear();
            for step in [Step::Open, Step::Features] {
                self.outcomes.forget(step);
            }
        }
    }

    /// Whether a session has to be asked for (RFC 3921 §3).
    pub fn offers_session(&self) -> bool {
        self.offers_session
    }

    /// Whether either side has said that the stream ends.
    pub fn is_closing(&self) -> bool {
        self.phase >= Phase::Closing
    }

    /// Whether a login has succeeded.
    pub fn has_logged_in(&self) -> bool {
        self.phase >= Phase::LoggedIn
    }

    /// Whether a request of this step has no answer yet.
    pub fn waits_for(&self, step: Step) -> bool {
        self.pending.iter().any(|pending| pending.purpose.step() == step)
    }

    /// A node that the client is subscribed to, and is not to be any more.
    pub fn take_subscribed(&mut self) -> Option<String> {
        self.subscribed.pop()
    }

    /// How many nodes the client is subscribed to.
    pub fn subscribed(&self) -> usize {
        self.subscribed.len()
    }

    /// How long the answers to the first pings took.
    pub fn pings(&self) -> &[Duration] {
        &self.pings
    }

    /// The requests of the server that have not been answered yet.
    pub fn take_asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.asked)
    }

    /// A frame that one side sent, whatever the transport: for BOSH a whole body.
    pub fn frame(&mut self, at: Duration, side: Side, text: &str) {
        let is_header = header::is_header(text);
        self.is_tcp |= is_header && side == Side::Client && !self.is_framed;
        if self.is_tcp && matches!(text.trim(), "" | header::END) {
            match (text.trim(), side) {
                // White space, by which a side shows that it lives.
                ("", _) => {}
                (_, Side::Client) => self.closing(at),
                (_, Side::Server) => self.closed(at),
            }
            return;
        }
        if is_header && side == Side::Server && !self.is_tcp {
            self.outcomes.fail(Step::Open, at, Symptom::OldFraming);
            return;
        }
        let text = &*header::whole(text);
        match xml::read_document(text, &bounds()) {
            Ok(document) => self.element(at, side, document.root_element()),
            Err(_) if side == Side::Server => {
                let step = self.step();
                let symptom = match self.is_tcp && self.phase == Phase::Opening {
                    true => header::no_stream(text),
                    false => Symptom::NotWellFormed,
                };
                let shown = if symptom == Symptom::SpeaksHttp { header::first_line(text) } else { text };
                self.outcomes.fact(step, "frame", without_key(shown));
                self.outcomes.fail(step, at, symptom);
            }
            // What the client sends is its own matter; a server answers it with an error of the stream.
            Err(_) => {}
        }
    }

    fn element(&mut self, at: Duration, side: Side, element: Node<'_, '_>) {
        match side {
            Side::Client => self.client_says(at, element),
            Side::Server => self.server_says(at, element),
        }
    }

    /// The connection has ended.
    pub fn ended(&mut self, at: Duration, end: &End) {
        if self.phase == Phase::Ended {
            return;
        }
        let is_expected = self.phase == Phase::Closing;
        let step = self.step();
        self.phase = Phase::Ended;
        let step = if is_expected { Step::Close } else { step };
        if let Some(code) = end.code {
            self.outcomes.fact(step, "close code", code.to_string());
        }
        if !end.reason.is_empty() {
            self.outcomes.fact(step, "reason", end.reason.clone());
        }
        if is_expected {
            self.outcomes.pass(Step::Close, at);
            return;
        }
        let symptom = match (step, end.code) {
            // Nobody has said a word.
            (Step::Open, None) if self.is_tcp && end.reason == header::RESET => Symptom::Refused,
            (Step::Silence, _) => Symptom::IdleClosed,
            (_, Some(_)) => Symptom::Closed,
            (_, None) => Symptom::Broken,
        };
        if step == Step::Silence {
            let silent = at.saturating_sub(self.outcomes.of(step).from.unwrap_or(at));
            self.outcomes.fact(step, "silent for", format!("{:.1} s", silent.as_secs_f64()));
        }
        self.outcomes.fail(step, at, symptom);
    }

    /// The user `finesse` has not come.
    pub fn no_finesse(&mut self, at: Duration) {
        self.outcomes.fail(Step::Finesse, at, Symptom::NoFinesse);
        self.judge_finesse();
    }

    /// Without the user `finesse` and without its nodes a server is none of Finesse.
    fn judge_finesse(&mut self) {
        if self.lacks_nodes && self.outcomes.of(Step::Finesse).symptom == Some(Symptom::NoFinesse) {
            self.outcomes.tell(Step::Finesse, Symptom::NoFinesse, Symptom::NotFinesse);
            for symptom in [Symptom::ItemNotFound, Symptom::SubscriptionRefused] {
                self.outcomes.tell(Step::Subscribe, symptom, Symptom::NotFinesse);
            }
        }
    }

    /// A recording ends here: a step that is under way has no answer in it.
    pub fn recorded(&mut self, at: Duration) {
        let step = self.step();
        let outcome = self.outcomes.of(step);
        let waits = outcome.from.is_some() && outcome.took.is_none();
        // Others of its kind were answered before.
        let late = self.pending.first().is_some_and(|pending| at.saturating_sub(pending.at) > PING_LATE);
        // A client that has not waited for the user `finesse` may have gone on without it.
        let finesse = self.outcomes.of(Step::Finesse);
        if let (Some(from), None) = (finesse.from, finesse.took)
            && (step == Step::Finesse || at.saturating_sub(from) > PING_LATE)
            && self.outcomes.failed().is_none_or(|(step, _)| step == Step::Subscribe)
        {
            self.no_finesse(at);
        }
        if (waits || late) && !self.is_closing() && self.outcomes.failed().is_none() {
            let symptom = match step {
                Step::Ping if late => Symptom::PingLate,
                _ => Symptom::Silent,
            };
            self.outcomes.fail(step, at, symptom);
        }
    }

    /// The step that is under way: a time of silence with the ping at its end, that of the request that has waited longest, or the
    /// last that has begun.
    pub fn step(&self) -> Step {
        let silence = self.outcomes.of(Step::Silence);
        if silence.from.is_some() && silence.took.is_none() && !self.is_closing() {
            return Step::Silence;
        }
        let waiting = self.pending.first().map(|pending| pending.purpose.step());
        let of_phase = match self.phase {
            Phase::Before | Phase::Opening => Step::Open,
            Phase::Opened => Step::Features,
            Phase::Securing => Step::StartTls,
            Phase::LoggingIn => Step::Auth,
            Phase::LoggedIn | Phase::Restarting => Step::Restart,
            Phase::Ready => Step::Bind,
            Phase::Closing | Phase::Ended => Step::Close,
            Phase::Bound => {
                let begun = self.outcomes.iter().filter(|(_, outcome)| outcome.from.is_some());
                let open = |step: &Step| *step > Step::Bind && *step != Step::Event;
                begun.map(|(step, _)| step).filter(open).last().unwrap_or(Step::Bind)
            }
        };
        waiting.unwrap_or(of_phase)
    }
}

impl Purpose {
    fn step(&self) -> Step {
        match self {
            Self::Bind => Step::Bind,
            Self::Session => Step::Session,
            Self::Subscribe => Step::Subscribe,
            Self::Unsubscribe => Step::Unsubscribe,
            Self::Ping => Step::Ping,
        }
    }

    fn refused(&self, condition: &str) -> Symptom {
        match (self, condition) {
            (Self::Bind, "conflict") => Symptom::Conflict,
            (Self::Bind, _) => Symptom::BindRefused,
            (Self::Session, _) => Symptom::SessionRefused,
            (Self::Subscribe, "item-not-found") => Symptom::ItemNotFound,
            (Self::Subscribe | Self::Unsubscribe, _) => Symptom::SubscriptionRefused,
            (Self::Ping, _) => Symptom::PingError,
        }
    }
}

/// A child by its name alone: clients and servers differ in the namespaces that they declare.
fn child_named<'a, 'input>(element: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    element.children().find(|child| child.is_element() && child.tag_name().name() == name)
}
