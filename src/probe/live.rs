//! A live probe: what it does next. It changes nothing on the other side: it has a resource of its own, subscribes with its full JID,
//! and unsubscribes what it has subscribed.

use std::collections::VecDeque;
use std::time::Duration;

use super::carrier::{self, Carrier};
use super::dialogue::{Asked, Dialogue, Side};
use super::errand::Progress;
use super::outcome::{Verdict, millis};
use super::peer::{self, Flaw, NotSecured, Secured};
use super::plan::{Do, Frame, Judged, Plan, Seen};
use super::step::Step;
use super::symptom::Symptom;
use crate::xml;

mod errand;

/// How many pings are sent.
const PINGS: usize = 3;

/// How many frames are kept for a report.
const FRAMES_MAX: usize = 400;

/// How far a probe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Connecting,
    /// Waits for the features before the login.
    Opening,
    LoggingIn,
    Restarting,
    Binding,
    Session,
    Finesse,
    Pinging,
    Silence,
    /// A ping after the silence: a firewall that has forgotten the connection tells nobody.
    AfterSilence,
    /// Waits for the list of nodes, to watch those that fit.
    Listing,
    Subscribing,
    Publishing,
    Watching,
    Unsubscribing,
    Closing,
    SystemInfo,
    User,
    Done,
}

/// A probe of one connection.
#[derive(Debug)]
pub struct Probe {
    plan: Plan,
    dialogue: Dialogue,
    carrier: Carrier,
    state: State,
    /// When the other side has taken too long.
    deadline: Duration,
    is_trusted: bool,
    to_subscribe: VecDeque<String>,
    next_id: u32,
    frames: Vec<Frame>,
    dropped: usize,
    progress: Progress,
}

impl Probe {
    /// A probe that has not begun. `rid` is the number of its first BOSH request (XEP-0124 §14.1).
    pub fn new(plan: Plan, rid: u64) -> Self {
        Self {
            carrier: if plan.bosh { Carrier::bosh(rid) } else { Carrier::WebSocket },
            is_trusted: plan.local || plan.insecure,
            to_subscribe: plan.nodes.iter().cloned().collect(),
            dialogue: Dialogue::default(),
            state: State::Connecting,
            deadline: Duration::MAX,
            next_id: 0,
            frames: Vec::new(),
            dropped: 0,
            progress: Progress::default(),
            plan,
        }
    }

    /// The stream by what both sides have said.
    pub fn dialogue(&self) -> &Dialogue {
        &self.dialogue
    }

    /// The result of the probe under a name.
    pub fn judged(self, name: String) -> Judged {
        let Self { dialogue, frames, dropped: left_out, .. } = self;
        Judged {
            name,
            outcomes: dialogue.outcomes,
            frames,
            left_out,
            is_recording: false,
            end_is_unknown: false,
        }
    }

    /// The frames of both sides, as a report may show them.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Whether there is nothing more to do.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// When to come again with [`Seen::Tick`], since the first step began.
    pub fn wake_at(&self) -> Duration {
        self.deadline
    }

    /// The first thing to do.
    pub fn begin(&mut self, at: Duration) -> Vec<Do> {
        self.deadline = at + self.plan.patience;
        self.dialogue.outcomes.begin(Step::Dns, at);
        vec![Do::Resolve]
    }

    /// Takes what was seen, and returns what is to be done.
    pub fn handle(&mut self, at: Duration, seen: Seen) -> Vec<Do> {
        let mut out = Vec::new();
        if self.state == State::Done {
            return out;
        }
        let steps = &mut self.dialogue.outcomes;
        match seen {
            Seen::Resolved(Ok(addresses)) if !addresses.is_empty() => {
                addresses.iter().for_each(|address| steps.fact(Step::Dns, "address", address.to_string()));
                steps.pass(Step::Dns, at);
                self.begin_step(at, Step::Tcp);
                out.push(Do::Connect(addresses));
            }
            Seen::Resolved(failed) => {
                steps.fact(Step::Dns, "error", failed.err().unwrap_or_default());
                steps.fail(Step::Dns, at, Symptom::NameUnknown);
                self.state = State::Done;
            }
            Seen::Connected(tried, to) => {
                peer::connected(steps, at, &tried, to);
                match to {
                    None => self.state = State::Done,
                    Some(_) if self.plan.secure => {
                        self.begin_step(at, Step::Tls);
                        out.push(Do::Secure);
                    }
                    Some(_) => self.upgrade(at, &mut out),
                }
            }
            Seen::Secured(Ok(secured)) => {
                peer::secured(steps, at, &secured);
                self.is_trusted = self.plan.insecure || secured.is_trusted();
                self.upgrade(at, &mut out);
            }
            Seen::Secured(Err(NotSecured { certificate: Some(seen), words, .. })) => {
                let flaw = Some(Flaw::Other(words));
                peer::secured(steps, at, &Secured { flaw, is_told: false, ..seen });
                self.state = State::Done;
            }
            Seen::Secured(Err(NotSecured { certificate: None, is_reset, words })) => {
                steps.fact(Step::Tls, "error", words);
                steps.fail(Step::Tls, at, if is_reset { Symptom::Refused } else { Symptom::NoTls });
                self.state = State::Done;
            }
            Seen::Upgraded(answer) => {
                if peer::upgraded(steps, at, &answer, self.plan.bosh) {
                    self.open(at, &mut out);
                } else {
                    self.ask(at, &mut out);
                }
            }
            Seen::Frame(text) if self.state < State::SystemInfo => self.frame(at, text, &mut out),
            Seen::Ended(end) if self.state < State::SystemInfo => {
                self.dialogue.ended(at, &end);
                self.ask(at, &mut out);
            }
            Seen::Got(answer) => {
                let step = self.state.step();
                match answer {
                    Ok(answer) => peer::got(steps, step, at, &answer, &self.plan.domain),
                    Err(words) => {
                        steps.fact(step, "error", words);
                        steps.fail(step, at, Symptom::Broken);
                    }
                }
                self.ask(at, &mut out);
            }
            Seen::Stop => self.stop(at, &mut out),
            Seen::Tick if at >= self.deadline => self.late(at, &mut out),
            Seen::Frame(_) | Seen::Ended(_) | Seen::Tick => {}
        }
        out
    }

    fn begin_step(&mut self, at: Duration, step: Step) {
        self.dialogue.outcomes.begin(step, at);
        self.deadline = at + self.plan.patience;
    }

    /// The stream is over: asks the REST API the next question.
    fn ask(&mut self, at: Duration, out: &mut Vec<Do>) {
        // A password that was refused is not sent again: five in a row lock the user out.
        let is_refused = matches!(
            self.dialogue.outcomes.of(Step::Auth).symptom,
            Some(Symptom::NotAuthorized | Symptom::LockedOut | Symptom::LoginRefused)
        );
        let knows_user = self.is_trusted && self.plan.password.is_some() && !is_refused;
        let (state, path) = match self.state {
            _ if !self.plan.rest => (State::Done, String::new()),
            State::SystemInfo if knows_user => (State::User, format!("/finesse/api/User/{}", self.plan.user)),
            State::SystemInfo | State::User | State::Done => (State::Done, String::new()),
            _ => (State::SystemInfo, "/finesse/api/SystemInfo".to_owned()),
        };
        self.state = state;
        if state != State::Done {
            self.begin_step(at, state.step());
            out.push(Do::Get(path, state == State::User));
        }
    }

    fn upgrade(&mut self, at: Duration, out: &mut Vec<Do>) {
        self.begin_step(at, Step::Upgrade);
        if self.plan.bosh {
            // The answer to the first body is both.
            self.open(at, out);
        } else {
            out.push(Do::Upgrade);
        }
    }

    fn open(&mut self, at: Duration, out: &mut Vec<Do>) {
        let open = self.carrier.open(&self.plan.domain);
        self.send(at, open, out);
        self.go(at, State::Opening);
    }

    fn go(&mut self, at: Duration, state: State) {
        self.state = state;
        self.deadline = at + self.plan.patience;
    }

    fn send(&mut self, at: Duration, text: String, out: &mut Vec<Do>) {
        self.dialogue.frame(at, Side::Client, &text);
        self.carried(at, text, out);
    }

    /// Sends a stanza, or keeps it until it may be sent. For the steps it is sent.
    fn stanza(&mut self, at: Duration, xml: &str, out: &mut Vec<Do>) {
        self.dialogue.frame(at, Side::Client, xml);
        if let Some(text) = self.carrier.stanza(xml) {
            self.carried(at, text, out);
        }
    }

    fn carried(&mut self, at: Duration, text: String, out: &mut Vec<Do>) {
        self.keep(at, Side::Client, &text);
        out.push(Do::Send(text));
    }

    fn keep(&mut self, at: Duration, side: Side, text: &str) {
        if self.is_errand() {
            return;
        }
        if self.frames.len() == FRAMES_MAX {
            self.dropped += 1;
            return;
        }
        let text = self.carrier.shown(side, text);
        self.frames.push(Frame { at, side, text });
    }

    fn id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    fn frame(&mut self, at: Duration, text: String, out: &mut Vec<Do>) {
        // The first answer has the key of a BOSH session, which no report has.
        self.carrier.received(&text);
        self.keep(at, Side::Server, &text);
        self.dialogue.frame(at, Side::Server, &text);
        for asked in self.dialogue.take_asked() {
            self.stanza(at, &reply(&asked), out);
        }
        if self.is_errand() {
            self.look(&text);
        }
        self.advance(at, out);
        if self.state < State::Closing
            && let Some(next) = self.carrier.next()
        {
            // An empty request says nothing to anybody who reads the frames.
            if next.ends_with("/>") {
                out.push(Do::Send(next));
            } else {
                self.carried(at, next, out);
            }
        }
    }

    /// Goes on to the next step if that which is under way is over.
    fn advance(&mut self, at: Duration, out: &mut Vec<Do>) {
        if self.state >= State::Closing {
            return;
        }
        if self.dialogue.is_closing() || (self.has_failed(self.state.step()) && self.state != State::Pinging)
        {
            return self.close(at, out);
        }
        let passed =
            |step| matches!(self.dialogue.outcomes.of(step).verdict, Verdict::Passed | Verdict::Warned);
        match self.state {
            State::Opening if passed(Step::Features) => self.log_in(at, out),
            State::LoggingIn if passed(Step::Auth) => {
                let restart = self.carrier.restart(&self.plan.domain);
                self.send(at, restart, out);
                self.go(at, State::Restarting);
            }
            State::Restarting if passed(Step::Restart) => {
                let (id, resource) = (self.id(), xml::escape(&self.plan.resource));
                self.stanza(
                    at,
                    &format!(
                        "<iq xmlns='jabber:client' type='set' id='probe-{id}'>\
                         <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>"
                    ),
                    out,
                );
                self.go(at, State::Binding);
            }
            State::Binding if passed(Step::Bind) => {
                if self.dialogue.offers_session() {
                    let id = self.id();
                    self.stanza(
                        at,
                        &format!(
                            "<iq xmlns='jabber:client' type='set' id='probe-{id}'>\
                             <session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"
                        ),
                        out,
                    );
                    self.go(at, State::Session);
                } else {
                    self.appear(at, out);
                }
            }
            State::Session if passed(Step::Session) => self.appear(at, out),
            State::Finesse if passed(Step::Finesse) => self.subscribe(at, out),
            State::Subscribing if self.dialogue.waits_for(Step::Subscribe) => {}
            State::Subscribing if self.is_errand() => self.watch_next(at, out),
            State::Subscribing => self.subscribe(at, out),
            State::Watching => self.heard(at, out),
            State::Publishing if self.progress.over.is_some() || !self.progress.refused.is_empty() => {
                self.close(at, out)
            }
            State::Pinging if self.has_failed(Step::Ping) => self.unsubscribe(at, out),
            State::Pinging if !self.dialogue.waits_for(Step::Ping) => self.ping(at, out),
            State::AfterSilence if !self.dialogue.waits_for(Step::Ping) => {
                self.dialogue.outcomes.pass(Step::Silence, at);
                self.unsubscribe(at, out);
            }
            State::Unsubscribing if !self.dialogue.waits_for(Step::Unsubscribe) => self.unsubscribe(at, out),
            _ => {}
        }
    }

    fn has_failed(&self, step: Step) -> bool {
        self.dialogue.outcomes.of(step).verdict == Verdict::Failed
    }

    fn log_in(&mut self, at: Duration, out: &mut Vec<Do>) {
        let Some(password) = self.plan.password.as_ref() else { return self.close(at, out) };
        if !self.is_trusted {
            self.dialogue.outcomes.begin(Step::Auth, at);
            self.dialogue.outcomes.fail(Step::Auth, at, Symptom::PasswordKept);
            return self.close(at, out);
        }
        let auth = carrier::auth(&self.plan.user, password);
        self.stanza(at, &auth, out);
        self.go(at, State::LoggingIn);
    }

    fn appear(&mut self, at: Duration, out: &mut Vec<Do>) {
        if self.is_errand() {
            return self.set_out(at, out);
        }
        self.stanza(at, "<presence xmlns='jabber:client'/>", out);
        self.go(at, State::Finesse);
    }

    /// Subscribes to the next node.
    fn subscribe(&mut self, at: Duration, out: &mut Vec<Do>) {
        match self.to_subscribe.pop_front() {
            Some(node) => {
                self.pubsub(at, "subscribe", &node, out);
                self.go(at, State::Subscribing);
            }
            None => self.ping(at, out),
        }
    }

    fn pubsub(&mut self, at: Duration, action: &str, node: &str, out: &mut Vec<Do>) {
        let (id, node, domain) = (self.id(), xml::escape(node), xml::escape(&self.plan.domain));
        let jid = xml::escape(self.dialogue.jid().unwrap_or_default());
        self.stanza(
            at,
            &format!(
                "<iq xmlns='jabber:client' type='set' to='pubsub.{domain}' id='probe-{id}'>\
                 <pubsub xmlns='http://jabber.org/protocol/pubsub'><{action} node='{node}' jid='{jid}'/></pubsub></iq>"
            ),
            out,
        );
    }

    fn send_ping(&mut self, at: Duration, out: &mut Vec<Do>) {
        let (id, domain) = (self.id(), xml::escape(&self.plan.domain));
        self.stanza(
            at,
            &format!(
                "<iq xmlns='jabber:client' type='get' to='{domain}' id='probe-{id}'><ping xmlns='urn:xmpp:ping'/></iq>"
            ),
            out,
        );
    }

    fn ping(&mut self, at: Duration, out: &mut Vec<Do>) {
        if self.dialogue.pings().len() < PINGS {
            self.send_ping(at, out);
            return self.go(at, State::Pinging);
        }
        let pings = self.dialogue.pings();
        let (least, most) = (pings.iter().min(), pings.iter().max());
        if let (Some(least), Some(most)) = (least, most) {
            let text = format!("{:.1} to {:.1} ms", millis(*least), millis(*most));
            self.dialogue.outcomes.fact(Step::Ping, "answered in", text);
        }
        if self.plan.silence.is_zero() {
            return self.unsubscribe(at, out);
        }
        self.dialogue.outcomes.begin(Step::Silence, at);
        self.state = State::Silence;
        self.deadline = at + self.plan.silence;
    }

    fn unsubscribe(&mut self, at: Duration, out: &mut Vec<Do>) {
        match self.dialogue.take_subscribed() {
            Some(node) => {
                self.pubsub(at, "unsubscribe", &node, out);
                self.go(at, State::Unsubscribing);
            }
            None => self.close(at, out),
        }
    }

    fn close(&mut self, at: Duration, out: &mut Vec<Do>) {
        let close = self.carrier.close();
        let is_open = close.is_some();
        if let Some(close) = close {
            self.send(at, close, out);
        }
        out.push(Do::Close);
        if !is_open {
            return self.ask(at, out);
        }
        self.go(at, State::Closing);
    }

    /// The other side has taken too long, or a time of silence is over.
    fn late(&mut self, at: Duration, out: &mut Vec<Do>) {
        let (step, of_dialogue) = (self.state.step(), self.dialogue.step());
        let outcomes = &mut self.dialogue.outcomes;
        match self.state {
            State::Silence => {
                self.send_ping(at, out);
                return self.go(at, State::AfterSilence);
            }
            State::AfterSilence => outcomes.fail(step, at, Symptom::IdleClosed),
            State::Finesse => {
                // A desktop would wait for ever; what comes after it can be looked at all the same.
                self.dialogue.no_finesse(at);
                return self.subscribe(at, out);
            }
            State::Watching => return self.quiet(at, out),
            State::Closing => {
                outcomes.warn(step, at, Symptom::Silent);
                return self.ask(at, out);
            }
            State::SystemInfo | State::User => {
                outcomes.fail(step, at, Symptom::Silent);
                return self.ask(at, out);
            }
            State::Connecting => {
                let begun = outcomes.iter().filter(|(_, outcome)| outcome.from.is_some());
                match begun.map(|(step, _)| step).last().unwrap_or(Step::Dns) {
                    Step::Dns => outcomes.fail(Step::Dns, at, Symptom::NameUnknown),
                    Step::Tcp => outcomes.fail(Step::Tcp, at, Symptom::Unreachable),
                    step => {
                        outcomes.fail(step, at, Symptom::Silent);
                        return self.ask(at, out);
                    }
                }
                self.state = State::Done;
                return;
            }
            State::Pinging => {
                outcomes.fail(step, at, Symptom::PingLate);
                return self.unsubscribe(at, out);
            }
            _ => outcomes.fail(of_dialogue, at, Symptom::Silent),
        }
        self.close(at, out);
    }
}

/// The answer to a request of the server: a probe knows pings.
fn reply(Asked { from, id, is_ping }: &Asked) -> String {
    let (to, id) = (xml::escape(from), xml::escape(id));
    if *is_ping {
        return format!("<iq xmlns='jabber:client' type='result' to='{to}' id='{id}'/>");
    }
    format!(
        "<iq xmlns='jabber:client' type='error' to='{to}' id='{id}'><error type='cancel'>\
         <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )
}

impl State {
    /// The step that is under way.
    fn step(self) -> Step {
        match self {
            Self::Connecting => Step::Upgrade,
            Self::Opening => Step::Features,
            Self::LoggingIn => Step::Auth,
            Self::Restarting => Step::Restart,
            Self::Binding => Step::Bind,
            Self::Session => Step::Session,
            Self::Finesse => Step::Presence,
            Self::Listing | Self::Subscribing | Self::Publishing | Self::Watching => Step::Event,
            Self::Pinging => Step::Ping,
            Self::Silence | Self::AfterSilence => Step::Silence,
            Self::Unsubscribing => Step::Unsubscribe,
            Self::SystemInfo => Step::SystemInfo,
            Self::User => Step::User,
            Self::Closing | Self::Done => Step::Close,
        }
    }
}
