//! A live probe: what it does next. `stream` has the steps of the stream, and `stanzas` what is said in them. It changes nothing on the other side: it has a resource of its own, subscribes with its full JID,
//! and unsubscribes what it has subscribed.

mod errand;
mod stanzas;
mod stream;

use std::collections::VecDeque;
use std::time::Duration;

use crate::probe::carrier::Carrier;
use crate::probe::dialogue::{Dialogue, Side};
use crate::probe::errand::Progress;
use crate::probe::peer;
use crate::probe::plan::{Do, Frame, Judged, Plan, Seen, Way};
use crate::probe::step::Step;
use crate::probe::symptom::Symptom;

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
    /// Waits for the answer to `<starttls/>`.
    Securing,
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
            carrier: Carrier::new(plan.way, rid),
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
        match self.state < State::Closing {
            true => self.deadline.min(self.carrier.wake_at()),
            false => self.deadline,
        }
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
                    None => {
                        self.tell_port();
                        self.state = State::Done;
                    }
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
                self.dialogue.secured();
                self.upgrade(at, &mut out);
            }
            Seen::Secured(Err(failed)) => {
                peer::not_secured(steps, at, failed, self.plan.way == Way::Tcp);
                self.state = State::Done;
            }
            Seen::Upgraded(answer) => {
                if peer::upgraded(steps, at, &answer, self.plan.way == Way::Bosh) {
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
            Seen::Tick => self.poll(at, &mut out),
            Seen::Frame(_) | Seen::Ended(_) => {}
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
        if self.plan.way != Way::Tcp {
            self.begin_step(at, Step::Upgrade);
        }
        match self.plan.way {
            Way::WebSocket => out.push(Do::Upgrade),
            // The answer to the first body is both.
            Way::Bosh | Way::Tcp => self.open(at, out),
        }
    }

    /// Tells why nothing answers at a port that Finesse closes.
    fn tell_port(&mut self) {
        if let Some(symptom) = self.plan.closed_port() {
            for from in [Symptom::Refused, Symptom::Unreachable] {
                self.dialogue.outcomes.tell(Step::Tcp, from, symptom);
            }
        }
    }

    fn open(&mut self, at: Duration, out: &mut Vec<Do>) {
        let open = self.carrier.open(&self.plan.domain);
        self.send(at, open, out);
        self.go(at, State::Opening);
    }

    fn go(&mut self, at: Duration, state: State) {
        // Who has watched many nodes does not wait for each of them at the end: the subscriptions are gone with the session.
        let goes_on = self.is_errand() && state == State::Unsubscribing && self.state == state;
        self.state = state;
        if !goes_on {
            self.deadline = at + self.plan.patience;
        }
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
        self.carrier.received(at, &text);
        self.keep(at, Side::Server, &text);
        self.dialogue.frame(at, Side::Server, &text);
        for asked in self.dialogue.take_asked() {
            self.stanza(at, &stanzas::reply(&asked), out);
        }
        if self.is_errand() {
            self.look(&text);
        }
        self.advance(at, out);
        self.poll(at, out);
    }

    /// Lets the carrier ask for what comes.
    fn poll(&mut self, at: Duration, out: &mut Vec<Do>) {
        if self.state < State::Closing
            && let Some(next) = self.carrier.next(at)
        {
            // An empty request says nothing to anybody who reads the frames.
            if next.ends_with("/>") {
                out.push(Do::Send(next));
            } else {
                self.carried(at, next, out);
            }
        }
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
                    Step::Tcp => {
                        outcomes.fail(Step::Tcp, at, Symptom::Unreachable);
                        self.tell_port();
                    }
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

impl State {
    /// The step that is under way.
    fn step(self) -> Step {
        match self {
            Self::Connecting => Step::Upgrade,
            Self::Opening => Step::Features,
            Self::Securing => Step::StartTls,
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
