//! Reads what both sides of a stream say, live or from a file, and says how each step went.

use std::time::Duration;

use roxmltree::Node;

use super::outcome::Outcomes;
use super::step::Step;
use super::symptom::Symptom;
use crate::xml::{self, Bounds};
use crate::xmpp::ns;
use crate::xmpp::stanza;

/// How late the answer to a ping may be: Cisco's desktop fails over then.
pub const PING_LATE: Duration = Duration::from_secs(10);

/// How many requests are remembered that have no answer yet.
const PENDING_MAX: usize = 64;

/// What a frame of a server may have: more than callboard takes from a client, for events are escaped, and a BOSH body has many.
pub(super) fn bounds() -> Bounds {
    Bounds { bytes: 1 << 20, elements: 65_536, depth: 128, attributes: 64, prefixes: 32 }
}

/// The namespace of a stream before RFC 7395, in which no message is an element of its own.
const OLD_FRAMING: &str = "<stream:stream";

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

/// How far a stream has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    #[default]
    Before,
    /// The client has sent its first `<open/>`.
    Opening,
    Opened,
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

/// What both sides of one stream have said.
#[derive(Clone, Debug, Default)]
pub struct Dialogue {
    pub outcomes: Outcomes,
    phase: Phase,
    /// The full JID that the server has bound.
    jid: Option<String>,
    mechanisms: Vec<String>,
    offers_session: bool,
    pending: Vec<Pending>,
    subscribed: Vec<String>,
    pings: Vec<Duration>,
    /// When the client sent something last.
    sent: Duration,
    finesse: usize,
    /// Requests of the server that want an answer: id and whether it is a ping.
    asked: Vec<(String, String)>,
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

    /// Whether a session has to be asked for (RFC 3921 §3).
    pub fn offers_session(&self) -> bool {
        self.offers_session
    }

    /// How many presences of the user `finesse` have come and not gone.
    pub fn finesse(&self) -> usize {
        self.finesse
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

    /// How long the answers to pings took.
    pub fn pings(&self) -> &[Duration] {
        &self.pings
    }

    /// The requests of the server that have not been answered yet, as sender and id.
    pub fn take_asked(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.asked)
    }

    /// A frame that one side sent, whatever the transport: for BOSH a whole body.
    pub fn frame(&mut self, at: Duration, side: Side, text: &str) {
        if side == Side::Client {
            self.sent = at;
        }
        if side == Side::Server && text.trim_start().starts_with(OLD_FRAMING) {
            self.outcomes.fail(Step::Open, at, Symptom::OldFraming);
            return;
        }
        match xml::read_document(text, &bounds()) {
            Ok(document) => self.element(at, side, document.root_element()),
            Err(_) if side == Side::Server => {
                let step = self.step();
                self.outcomes.fact(step, "frame", text);
                self.outcomes.fail(step, at, Symptom::NotWellFormed);
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

    fn client_says(&mut self, at: Duration, element: Node<'_, '_>) {
        match element.tag_name().name() {
            "open" => self.opening(at, element),
            "body" => {
                let is_restart = element.attribute((ns::XBOSH, "restart")) == Some("true");
                if element.attribute("sid").is_none() || is_restart {
                    self.opening(at, element);
                }
                element.children().filter(Node::is_element).for_each(|child| self.client_says(at, child));
                if element.attribute("type") == Some("terminate") {
                    self.closing(at);
                }
            }
            "auth" => {
                self.phase = Phase::LoggingIn;
                self.outcomes.begin(Step::Auth, at);
                let mechanism = element.attribute("mechanism").unwrap_or_default();
                self.outcomes.fact(Step::Auth, "mechanism", mechanism);
            }
            "iq" => self.request(at, element),
            "presence" if element.attribute("type").is_none() && element.attribute("to").is_none() => {
                self.outcomes.begin(Step::Presence, at);
                self.outcomes.begin(Step::Finesse, at);
                let priority = stanza_child(element, "priority").and_then(|priority| priority.text());
                if priority.is_some_and(|priority| priority.trim().starts_with('-')) {
                    self.outcomes.fact(Step::Presence, "priority", priority.unwrap_or_default());
                    self.outcomes.fail(Step::Presence, at, Symptom::NegativePriority);
                } else {
                    self.outcomes.pass(Step::Presence, at);
                }
            }
            "close" => self.closing(at),
            _ => {}
        }
    }

    fn opening(&mut self, at: Duration, open: Node<'_, '_>) {
        let step = if self.phase == Phase::LoggedIn { Step::Restart } else { Step::Open };
        self.phase = if step == Step::Open { Phase::Opening } else { Phase::Restarting };
        self.outcomes.begin(step, at);
        if step == Step::Open
            && let Some(domain) = open.attribute("to")
        {
            self.outcomes.fact(step, "domain", domain);
        }
    }

    fn closing(&mut self, at: Duration) {
        if self.phase < Phase::Closing {
            self.phase = Phase::Closing;
        }
        self.outcomes.begin(Step::Close, at);
    }

    /// An iq of the client.
    fn request(&mut self, at: Duration, iq: Node<'_, '_>) {
        let Some(child) = iq.first_element_child() else { return };
        let mut node = "";
        let purpose = match (child.tag_name().name(), child.tag_name().namespace()) {
            ("bind", Some(ns::BIND)) => Purpose::Bind,
            ("session", Some(ns::SESSION)) => Purpose::Session,
            ("ping", Some(ns::PING)) => Purpose::Ping,
            ("pubsub", Some(ns::PUBSUB)) => match child.first_element_child() {
                Some(action) if action.tag_name().name() == "subscribe" => {
                    node = action.attribute("node").unwrap_or_default();
                    self.outcomes.fact(Step::Subscribe, "node", node);
                    Purpose::Subscribe
                }
                Some(action) if action.tag_name().name() == "unsubscribe" => Purpose::Unsubscribe,
                _ => return,
            },
            _ => return,
        };
        if purpose == Purpose::Bind {
            let resource = stanza_child(child, "resource").and_then(|resource| resource.text());
            self.outcomes.fact(Step::Bind, "resource", resource.unwrap_or_default());
        }
        self.outcomes.begin(purpose.step(), at);
        if self.pending.len() < PENDING_MAX {
            let id = iq.attribute("id").unwrap_or_default().to_owned();
            self.pending.push(Pending { id, purpose, node: node.to_owned(), at });
        }
    }

    fn server_says(&mut self, at: Duration, element: Node<'_, '_>) {
        match (element.tag_name().name(), element.tag_name().namespace()) {
            ("open", _) => self.opened(at, element),
            ("body", _) => {
                if self.phase == Phase::Opening {
                    self.outcomes.pass(Step::Upgrade, at);
                    if element.attribute("sid").is_some() {
                        self.opened(at, element);
                    }
                }
                element.children().filter(Node::is_element).for_each(|child| self.server_says(at, child));
                if element.attribute("type") == Some("terminate") {
                    let condition = element.attribute("condition").unwrap_or_default().to_owned();
                    // Errors of the stream that BOSH has a name for (XEP-0124 §17.2).
                    if matches!(&*condition, "host-unknown" | "improper-addressing" | "system-shutdown")
                        && self.phase < Phase::Closing
                    {
                        self.stream_ends(at, &condition);
                    }
                    self.ended(at, &End { code: None, reason: condition });
                }
            }
            ("features", Some(ns::STREAM)) => self.features(at, element),
            ("success", Some(ns::SASL)) => {
                self.phase = Phase::LoggedIn;
                self.outcomes.pass(Step::Auth, at);
            }
            ("failure", Some(ns::SASL)) => {
                let condition = element.first_element_child().map_or("", |child| child.tag_name().name());
                self.outcomes.fact(Step::Auth, "condition", condition);
                let symptom = match condition {
                    "not-authorized" => Symptom::NotAuthorized,
                    "account-disabled" => Symptom::LockedOut,
                    _ => Symptom::LoginRefused,
                };
                self.outcomes.fail(Step::Auth, at, symptom);
            }
            ("error", Some(ns::STREAM)) => self.stream_error(at, element),
            ("iq", _) => self.answer(at, element),
            ("presence", _) => self.presence(at, element),
            ("message", _) => self.message(at, element),
            ("close", _) => self.closed(at),
            _ => {}
        }
    }

    fn opened(&mut self, at: Duration, open: Node<'_, '_>) {
        if self.phase == Phase::Opening {
            self.phase = Phase::Opened;
            self.outcomes.pass(Step::Open, at);
            self.outcomes.begin(Step::Features, at);
            let from = open.attribute("from").unwrap_or_default();
            if !from.is_empty() {
                self.outcomes.fact(Step::Open, "from", from);
            }
        }
    }

    fn features(&mut self, at: Duration, features: Node<'_, '_>) {
        if self.phase >= Phase::LoggedIn {
            self.phase = Phase::Ready;
            self.offers_session = stanza_child(features, "session").is_some();
            self.outcomes.pass(Step::Restart, at);
            return;
        }
        let mechanisms = features.descendants().filter(|node| stanza::is(*node, "mechanism", ns::SASL));
        self.mechanisms = mechanisms.filter_map(|node| node.text()).take(16).map(str::to_owned).collect();
        self.outcomes.begin(Step::Features, at);
        self.outcomes.fact(Step::Features, "mechanisms", self.mechanisms.join(" "));
        if let Some(caps) = features.children().find(|node| stanza::is(*node, "c", ns::CAPS)) {
            self.outcomes.fact(Step::Features, "software", caps.attribute("node").unwrap_or_default());
        }
        if self.offers_plain() {
            self.outcomes.pass(Step::Features, at);
        } else {
            self.outcomes.fail(Step::Features, at, Symptom::NoPlain);
        }
    }

    fn stream_error(&mut self, at: Duration, error: Node<'_, '_>) {
        self.stream_ends(at, error.first_element_child().map_or("", |child| child.tag_name().name()));
    }

    fn stream_ends(&mut self, at: Duration, condition: &str) {
        let step = self.step();
        self.outcomes.fact(step, "condition", condition);
        let symptom = match condition {
            "host-unknown" | "improper-addressing" => Symptom::HostUnknown,
            "conflict" => Symptom::Conflict,
            _ => Symptom::StreamError,
        };
        self.outcomes.fail(step, at, symptom);
        self.phase = Phase::Closing;
    }

    fn answer(&mut self, at: Duration, iq: Node<'_, '_>) {
        let id = iq.attribute("id").unwrap_or_default();
        let is_error = match iq.attribute("type") {
            Some("result") => false,
            Some("error") => true,
            _ => {
                if self.asked.len() < PENDING_MAX {
                    let from = iq.attribute("from").unwrap_or_default();
                    self.asked.push((from.to_owned(), id.to_owned()));
                }
                return;
            }
        };
        let Some(place) = self.pending.iter().position(|pending| pending.id == id) else { return };
        let pending = self.pending.remove(place);
        let took = at.saturating_sub(pending.at);
        let step = pending.purpose.step();
        if is_error {
            let condition = stanza_child(iq, "error")
                .into_iter()
                .flat_map(|error| error.children())
                .find(|child| child.tag_name().namespace() == Some(ns::STANZAS))
                .map_or("", |child| child.tag_name().name());
            self.outcomes.fact(step, "condition", condition);
            self.outcomes.fail(step, at, pending.purpose.refused(condition));
            return;
        }
        match pending.purpose {
            Purpose::Bind => {
                let jid = iq.descendants().find(|node| stanza::is(*node, "jid", ns::BIND));
                self.jid = jid.and_then(|jid| jid.text()).map(str::to_owned);
                self.phase = Phase::Bound;
                self.outcomes.fact(step, "jid", self.jid.clone().unwrap_or_default());
                self.outcomes.pass(step, at);
            }
            Purpose::Ping => {
                self.pings.push(took);
                if took > PING_LATE {
                    self.outcomes.fail(step, at, Symptom::PingLate);
                } else {
                    self.outcomes.pass(step, at);
                }
            }
            Purpose::Subscribe => {
                self.subscribed.push(pending.node);
                self.outcomes.pass(step, at);
                self.outcomes.begin(Step::Event, at);
            }
            Purpose::Session | Purpose::Unsubscribe => self.outcomes.pass(step, at),
        }
    }

    fn presence(&mut self, at: Duration, presence: Node<'_, '_>) {
        let from = presence.attribute("from").unwrap_or_default();
        if from.split('@').next() != Some("finesse") || !from.contains('@') {
            return;
        }
        match presence.attribute("type") {
            None => {
                self.finesse += 1;
                self.outcomes.fact(Step::Finesse, "from", from);
                self.outcomes.pass(Step::Finesse, at);
            }
            Some("unavailable") => {
                self.finesse = self.finesse.saturating_sub(1);
                if self.finesse == 0 {
                    self.outcomes.fail(Step::Finesse, at, Symptom::FinesseGone);
                }
            }
            Some(_) => {}
        }
    }

    fn message(&mut self, at: Duration, message: Node<'_, '_>) {
        let items = message.descendants().find(|node| stanza::is(*node, "items", ns::PUBSUB_EVENT));
        if let Some(items) = items {
            self.outcomes.fact(Step::Event, "node", items.attribute("node").unwrap_or_default());
            self.outcomes.pass(Step::Event, at);
        }
    }

    /// The server has sent `<close/>`.
    fn closed(&mut self, at: Duration) {
        if self.phase == Phase::Closing {
            self.outcomes.begin(Step::Close, at);
        } else {
            let step = self.step();
            self.outcomes.fail(step, at, Symptom::Closed);
            self.phase = Phase::Closing;
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
            (Step::Silence, _) => Symptom::IdleClosed,
            (_, Some(_)) => Symptom::Closed,
            (_, None) => Symptom::Broken,
        };
        if step == Step::Silence {
            let silent = at.saturating_sub(self.sent);
            self.outcomes.fact(step, "silent for", format!("{:.1} s", silent.as_secs_f64()));
        }
        self.outcomes.fail(step, at, symptom);
    }

    /// A recording ends here: a step that is under way has no answer in it.
    pub fn recorded(&mut self, at: Duration) {
        let step = self.step();
        let outcome = self.outcomes.of(step);
        let waits = outcome.from.is_some() && outcome.took.is_none();
        // Others of its kind were answered before.
        let late = self.pending.first().is_some_and(|pending| at.saturating_sub(pending.at) > PING_LATE);
        if (waits || late) && !self.is_closing() && self.outcomes.failed().is_none() {
            let symptom = match step {
                Step::Finesse => Symptom::NoFinesse,
                Step::Ping if late => Symptom::PingLate,
                _ => Symptom::Silent,
            };
            self.outcomes.fail(step, at, symptom);
        }
    }

    /// The step that is under way: that of the request that has waited longest, or the last that has begun.
    pub fn step(&self) -> Step {
        let waiting = self.pending.first().map(|pending| pending.purpose.step());
        let of_phase = match self.phase {
            Phase::Before | Phase::Opening => Step::Open,
            Phase::Opened => Step::Features,
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
fn stanza_child<'a, 'input>(element: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    element.children().find(|child| child.is_element() && child.tag_name().name() == name)
}
