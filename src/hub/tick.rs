//! Deadlines and what follows from them: pings, the end of a login, of a hold and of a close.

use std::time::Instant;

use crate::clock::Now;
use crate::hub::action::Action;
use crate::hub::maintenance::plan::Departures;
use crate::hub::session::{Carrier, Kind, Silence, Xmpp};
use crate::hub::state::Hub;
use crate::id::SessionId;
use crate::xmpp::stream::{State, StreamError};

impl Hub {
    /// Does what has become due.
    pub fn tick(&mut self, now: Now) {
        while let Some((due, id)) = self.deadlines.pop_due(now.monotonic) {
            if self.sessions.get(id).is_some_and(|session| session.due == due) {
                self.look_at(now, id);
            }
        }
        if self.faults_wake_at().is_some_and(|due| due <= now.monotonic) {
            self.tick_faults(now);
        }
        self.end_holds(now);
        self.let_next_go(now);
        self.tick_desk(now);
    }

    /// When [`Hub::tick`] has to be called next.
    pub fn wake_at(&self) -> Option<Instant> {
        let departures = self.departures.as_ref().map(Departures::wake_at);
        let others = [self.deadlines.first(), self.desk_wake_at(), departures, self.faults_wake_at()];
        others.into_iter().flatten().chain(self.holds_end_at()).min()
    }

    pub(super) fn schedule(&mut self, id: SessionId, due: Instant) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.due = due;
        let sessions = &self.sessions;
        let counts = |due, id| sessions.get(id).is_some_and(|session| session.due == due);
        let all = self.report.counters.sessions as usize + self.waiting.count();
        self.deadlines.add(due, id, all, counts);
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
            Some(Kind::Waiting(_)) => self.give_up(now, id, "its client has not come back in time"),
            Some(Kind::Xmpp(Xmpp { carrier: Carrier::Bosh(_), .. })) => self.look_at_bosh(now, id),
            Some(Kind::Xmpp(Xmpp { carrier: Carrier::Connection(_), .. })) => {
                self.look_at_web_socket(now, id)
            }
        }
    }

    fn look_at_web_socket(&mut self, now: Now, id: SessionId) {
        // Nothing is read from it then, so its silence says nothing.
        let unheard = self.is_held_at(id);
        let is_stalled = self.is_stalled(id);
        if self.ask_in_time(now, id) {
            return;
        }
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        match xmpp.stream.state() {
            State::Closed => self.report.act(Action::Abort(id)),
            _ if is_stalled => self.schedule(id, now.monotonic + self.limits.ping),
            // It is ours to answer. How many can be waited for has a bound of its own.
            State::Checking => self.schedule(id, now.monotonic + self.limits.login),
            State::Ready if xmpp.address.is_some() => match xmpp.silence(now.monotonic, &self.limits) {
                Silence::Until(due) => {
                    self.schedule(id, due);
                    self.look_to_ask(id);
                }
                Silence::Dead if !unheard => {
                    self.keep_waiting(now, id);
                    self.fail(now, id, StreamError::CONNECTION_TIMEOUT);
                }
                Silence::Ping | Silence::Dead => {
                    self.ping(now, id);
                    self.schedule(id, now.monotonic + self.limits.ping_answer);
                }
            },
            _ => self.fail(now, id, StreamError::LOGIN_TIMEOUT),
        }
    }
}
