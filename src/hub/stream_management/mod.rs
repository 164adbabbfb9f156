//! Stream management (XEP-0198): clients and server tell each other what they have handled, and a session that was cut waits for its
//! client. Nothing of it is there unless the configuration asks for it.

pub(super) mod list;
pub(super) mod managed;
mod resuming;
pub(super) mod sending;
mod waiting;

use std::time::Duration;

use roxmltree::Node;

use crate::clock::Now;
use crate::hub::delivery::frame::Element;
use crate::hub::session::Carrier;
use crate::hub::state::Hub;
use crate::hub::stream_management::managed::Managed;
use crate::id::SessionId;
use crate::xmpp::sm::{self, Acknowledged, Nonza};
use crate::xmpp::stream::{State, StreamError};

impl Hub {
    /// Takes an element of stream management.
    pub(super) fn manage(&mut self, now: Now, id: SessionId, element: Node<'_, '_>) {
        let Some(xmpp) = self.sessions.xmpp_mut(id) else { return };
        // BOSH has acknowledgements of its own, and a stream that is not open takes nothing.
        if !matches!(xmpp.carrier, Carrier::Connection(_))
            || matches!(xmpp.stream.state(), State::Connected | State::LoggedIn)
        {
            return self.fail(now, id, StreamError::UNSUPPORTED_STANZA_TYPE);
        }
        let nonza = match Nonza::of(element) {
            Ok(nonza) => nonza,
            Err(error) => return self.fail(now, id, error),
        };
        let is_bound = xmpp.address.is_some();
        match (nonza, &mut xmpp.managed) {
            (Nonza::Enable { .. }, Some(_)) => self.fail(now, id, StreamError::ENABLED_TWICE),
            (Nonza::Enable { resume, max }, None) if is_bound => self.enable(now, id, resume, max),
            (Nonza::Resume { previous, handled }, None) if !is_bound && xmpp.stream.is_logged_in() => {
                self.resume(now, id, previous, handled);
            }
            (Nonza::Request, Some(managed)) => {
                let answer = sm::answer(managed.counts.handled());
                self.send(now, id, answer);
            }
            (Nonza::Answer(h), Some(_)) => self.acknowledge(now, id, h),
            // Each has its place behind another one (XEP-0198 §3).
            _ => self.send(now, id, sm::failed("unexpected-request", None)),
        }
    }

    /// `<enable/>` (XEP-0198 §3).
    fn enable(&mut self, now: Now, id: SessionId, resume: bool, max: Option<u32>) {
        let window =
            max.map_or(self.limits.resume, |max| self.limits.resume.min(Duration::from_secs(max.into())));
        let token = (resume && !window.is_zero()).then(|| self.token());
        let answer = sm::enabled(token.as_deref().map(|token| (token, window)));
        let managed = Managed::new(token.map(Box::from), window, self.queue_memory.clone());
        if let Some(xmpp) = self.sessions.xmpp_mut(id) {
            xmpp.managed = Some(Box::new(managed));
        }
        self.send(now, id, answer);
    }

    /// `<a/>` (XEP-0198 §4).
    fn acknowledge(&mut self, now: Now, id: SessionId, h: u32) {
        let limits = self.limits;
        let Some(managed) = self.sessions.xmpp_mut(id).and_then(|xmpp| xmpp.managed.as_mut()) else { return };
        let was_full = managed.is_full(&limits);
        let acknowledged = managed.acknowledge(h);
        let goes_on = was_full && !managed.is_full(&limits);
        if !self.is_credible(now, id, h, acknowledged) {
            return;
        }
        if goes_on {
            self.wake(id);
        }
    }

    /// Counts an acknowledgement of less than before. One of more than was sent ends the stream (XEP-0198 §6). Tells whether it goes on.
    fn is_credible(&mut self, now: Now, id: SessionId, h: u32, acknowledged: Acknowledged) -> bool {
        match acknowledged {
            Acknowledged::More(_) => true,
            Acknowledged::Back => {
                self.report.counters.acknowledged_back += 1;
                true
            }
            Acknowledged::TooHigh { sent } => {
                let error = StreamError::HANDLED_TOO_MUCH;
                self.send(now, id, error.frame_with(&sm::too_high(h, sent)));
                self.report.count_failure("stream", error.condition);
                self.end(now, id, None, "it acknowledged more than it was sent");
                false
            }
        }
    }

    /// At the deadline of a session with stream management: asks what the client has handled, if it is time for that. Tells whether
    /// the deadline was for nothing else; then the one that it came before counts again.
    pub(super) fn ask_in_time(&mut self, now: Now, id: SessionId) -> bool {
        let Some(xmpp) = self.sessions.xmpp_mut(id).filter(|xmpp| xmpp.stream.state() == State::Ready) else {
            return false;
        };
        let Some(managed) = &mut xmpp.managed else { return false };
        let put_off = managed.put_off.take();
        if managed.counts.ask_at().is_some_and(|due| due <= now.monotonic) {
            managed.counts.ask();
            self.push(now, id, Element::Text(sm::REQUEST.into()));
        }
        let Some(due) = put_off.filter(|due| *due > now.monotonic) else { return false };
        self.schedule(id, due);
        self.look_to_ask(id);
        true
    }

    /// Looks at a session before its deadline, if the server has to ask its client before that.
    pub(super) fn look_to_ask(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let due = session.due;
        let Some(managed) = session.xmpp_mut().and_then(|xmpp| xmpp.managed.as_mut()) else { return };
        if let Some(ask_at) = managed.counts.ask_at().filter(|ask_at| *ask_at < due) {
            managed.put_off = Some(due);
            self.schedule(id, ask_at);
        }
    }
}
