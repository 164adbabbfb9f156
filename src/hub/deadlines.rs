//! When a session is looked at, and what is due then: pings, logins, the end of a close.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::hub::session::{Carrier, Kind, Silence, Xmpp};
use crate::hub::{Action, Hub, Now};
use crate::id::SessionId;
use crate::xmpp::stream::{State, StreamError};

/// How many deadlines that do not count any more are kept at least: to look for them costs time.
pub(super) const STALE_DEADLINES: usize = 1024;

/// The deadlines of all sessions, the earliest first. Of each session one counts; others are stale.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<(Instant, SessionId)>>,
}

impl Deadlines {
    /// The earliest deadline.
    fn first(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes the earliest deadline out, if it has come.
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, SessionId)> {
        self.first().filter(|due| *due <= now)?;
        self.heap.pop().map(|Reverse(deadline)| deadline)
    }

    /// Adds a deadline of one of so many sessions. Drops those that do not count when there are too many: the deadlines of
    /// sessions that came and went must not pile up until they are due.
    fn add(
        &mut self,
        due: Instant,
        id: SessionId,
        sessions: usize,
        counts: impl Fn(Instant, SessionId) -> bool,
    ) {
        self.heap.push(Reverse((due, id)));
        if self.heap.len() > 2 * sessions + STALE_DEADLINES {
            self.heap.retain(|Reverse((due, id))| counts(*due, *id));
        }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.heap.len()
    }
}

impl Hub {
    /// When [`Hub::tick`] has to be called next.
    pub fn wake_at(&self) -> Option<Instant> {
        self.deadlines.first().into_iter().chain(self.desk.wake_at()).chain(self.holds_end_at()).min()
    }

    pub(super) fn schedule(&mut self, id: SessionId, due: Instant) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.due = due;
        let sessions = &self.sessions;
        let counts = |due, id| sessions.get(id).is_some_and(|session| session.due == due);
        self.deadlines.add(due, id, self.report.counters.sessions as usize, counts);
    }

    /// A session that has bound its resource: from now on it is looked at when it is silent.
    pub(super) fn listen(&mut self, now: Now, id: SessionId) {
        if self.sessions.xmpp(id).is_some_and(|xmpp| xmpp.bosh().is_none()) {
            self.schedule(id, now.monotonic + self.limits.ping);
        }
    }

    /// A session's deadline has come.
    pub(super) fn look_at(&mut self, now: Now, id: SessionId) {
        match self.sessions.get(id).map(|session| &session.kind) {
            None => {}
            Some(Kind::Events(_)) => self.look_at_stream(now, id),
            Some(Kind::Xmpp(Xmpp { carrier: Carrier::Bosh(_), .. })) => self.look_at_bosh(now, id),
            Some(Kind::Xmpp(Xmpp { carrier: Carrier::WebSocket(_), .. })) => self.look_at_web_socket(now, id),
        }
    }

    fn look_at_web_socket(&mut self, now: Now, id: SessionId) {
        // Nothing is read from it then, so its silence says nothing.
        let unheard = self.is_held_at(id);
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        match xmpp.stream.state() {
            State::Closed => self.report.act(Action::Abort(id)),
            // It is ours to answer. How many can be waited for has a bound of its own.
            State::Checking => self.schedule(id, now.monotonic + self.limits.login),
            State::Ready if xmpp.address.is_some() => match xmpp.silence(now.monotonic, &self.limits) {
                Silence::Until(due) => self.schedule(id, due),
                Silence::Dead if !unheard => self.fail(now, id, StreamError::CONNECTION_TIMEOUT),
                Silence::Ping | Silence::Dead => {
                    self.ping(now, id);
                    self.schedule(id, now.monotonic + self.limits.ping_answer);
                }
            },
            _ => self.fail(now, id, StreamError::LOGIN_TIMEOUT),
        }
    }
}
