//! The steps of a stream: what a probe says next when the last thing has been answered.

use std::time::Duration;

use super::{PINGS, Probe, State, stanzas};
use crate::probe::carrier;
use crate::probe::outcome::{Verdict, millis};
use crate::probe::plan::{Do, Way};
use crate::probe::step::Step;
use crate::probe::symptom::Symptom;

impl Probe {
    /// Goes on to the next step if that which is under way is over.
    pub(super) fn advance(&mut self, at: Duration, out: &mut Vec<Do>) {
        if self.state >= State::Closing {
            return;
        }
        self.look_for_tls(at);
        let is_not_open = self.state == State::Opening && self.has_failed(Step::Open);
        let has_failed = self.has_failed(self.state.step()) && self.state != State::Pinging;
        if self.dialogue.is_closing() || has_failed || is_not_open {
            return self.close(at, out);
        }
        let passed =
            |step| matches!(self.dialogue.outcomes.of(step).verdict, Verdict::Passed | Verdict::Warned);
        match self.state {
            State::Opening if passed(Step::Features) && self.dialogue.offers_tls() => {
                self.stanza(at, stanzas::START_TLS, out);
                self.go(at, State::Securing);
            }
            State::Opening if passed(Step::Features) => self.log_in(at, out),
            State::Securing if passed(Step::StartTls) => {
                self.state = State::Connecting;
                self.begin_step(at, Step::Tls);
                out.push(Do::Secure);
            }
            State::LoggingIn if passed(Step::Auth) => {
                let restart = self.carrier.restart(&self.plan.domain);
                self.send(at, restart, out);
                self.go(at, State::Restarting);
            }
            State::Restarting if passed(Step::Restart) => {
                let bind = stanzas::bind(self.id(), &self.plan.resource);
                self.stanza(at, &bind, out);
                self.go(at, State::Binding);
            }
            State::Binding if passed(Step::Bind) => {
                if self.dialogue.offers_session() {
                    let session = stanzas::session(self.id());
                    self.stanza(at, &session, out);
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
                self.close(at, out);
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

    /// Warns of a stream over TCP on which there is no TLS and will be none.
    fn look_for_tls(&mut self, at: Duration) {
        let features = self.dialogue.outcomes.of(Step::Features);
        let has_features = features.took.is_some()
            && matches!(features.symptom, None | Some(Symptom::NoPlain | Symptom::Slow));
        let lacks_tls = self.plan.way == Way::Tcp && !self.dialogue.has_tls() && !self.dialogue.offers_tls();
        if self.state == State::Opening && has_features && lacks_tls {
            self.dialogue.outcomes.warn(Step::StartTls, at, Symptom::NoStartTls);
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
        self.stanza(at, stanzas::PRESENCE, out);
        self.go(at, State::Finesse);
    }

    /// Subscribes to the next node.
    pub(super) fn subscribe(&mut self, at: Duration, out: &mut Vec<Do>) {
        match self.to_subscribe.pop_front() {
            Some(node) => {
                self.pubsub(at, "subscribe", &node, out);
                self.go(at, State::Subscribing);
            }
            None => self.ping(at, out),
        }
    }

    pub(super) fn pubsub(&mut self, at: Duration, action: &str, node: &str, out: &mut Vec<Do>) {
        let id = self.id();
        let jid = self.dialogue.jid().unwrap_or_default();
        let stanza = stanzas::pubsub(id, &self.plan.domain, action, node, jid);
        self.stanza(at, &stanza, out);
    }

    pub(super) fn send_ping(&mut self, at: Duration, out: &mut Vec<Do>) {
        let ping = stanzas::ping(self.id(), &self.plan.domain);
        self.stanza(at, &ping, out);
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

    pub(super) fn unsubscribe(&mut self, at: Duration, out: &mut Vec<Do>) {
        match self.dialogue.take_subscribed() {
            Some(node) => {
                self.pubsub(at, "unsubscribe", &node, out);
                self.go(at, State::Unsubscribing);
            }
            None => self.close(at, out),
        }
    }

    pub(super) fn close(&mut self, at: Duration, out: &mut Vec<Do>) {
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
}
