//! Sessions that do not take what their socket is offered, and are closed so that others need not wait for them.

use std::time::Duration;

use crate::clock::Now;
use crate::hub::action::NoteKind;
use crate::hub::bosh::record::Bosh;
use crate::hub::delivery::behind::Behind;
use crate::hub::session::Xmpp;
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::xmpp::stream::StreamError;

impl Hub {
    /// The client of a session does not take its stream. If anything waits for the session, its socket counts as full.
    pub fn not_taken(&mut self, now: Now, id: SessionId) {
        if self.sessions.get(id).is_some_and(|session| !session.fill().is_empty()) {
            self.full(now, id);
        }
    }

    /// A write to the session was tried, and its socket took no more.
    pub fn full(&mut self, now: Now, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id)
            && session.behind.is_none()
        {
            session.behind = Some(Behind::new(now.monotonic, session.fill().bytes));
            self.shedding.nobody_full = false;
        }
    }

    /// Tells whether a session has not taken for `backlog_wait` what it was offered. A client that polls may not come before its
    /// time, and has so much longer.
    pub(in crate::hub) fn is_behind(&self, now: Now, id: SessionId) -> bool {
        self.sessions.get(id).is_some_and(|session| {
            let pause = session.xmpp().and_then(Xmpp::bosh).map_or(Duration::ZERO, Bosh::pause);
            let patience = self.limits.backlog_wait + pause;
            session
                .behind
                .is_some_and(|behind| now.monotonic.saturating_duration_since(behind.since) >= patience)
        })
    }

    /// While all queues together hold more than they may, a session is closed for not reading: one that has not taken for long
    /// what it was offered, else one whose socket is full, and of those the one that is owed most. Nobody sends anything more
    /// by then, so a session that reads goes only if there is twice as much as may be.
    ///
    /// This is asked with all that is queued, and looks at all sessions only if one of them has to go, or it is not known yet
    /// that nobody's socket is full.
    pub(in crate::hub) fn shed_slowest(&mut self, now: Now) {
        let most = self.limits.queues;
        let nobody_goes = |hub: &Self| {
            let bytes = hub.queue_memory.bytes();
            bytes <= most || (hub.shedding.nobody_full && bytes <= 2 * most)
        };
        // The end of a session is told to others, with which this is asked again.
        if nobody_goes(self) || std::mem::replace(&mut self.shedding.busy, true) {
            return;
        }
        // Sessions that are closed have only their last words left. Those that wait to be resumed read nothing.
        let owed = |id: SessionId| {
            let session = self.sessions.get(id)?;
            if session.waiting().is_some() {
                return Some((true, true, session.fill().bytes, id));
            }
            let full = session.behind.is_some();
            (!session.is_closed()).then_some((self.is_behind(now, id), full, session.fill().bytes, id))
        };
        let mut sessions: Vec<_> = self.sessions.ids().into_iter().filter_map(owed).collect();
        sessions.sort_unstable_by(|one, other| other.cmp(one));
        self.shedding.nobody_full = false;
        let mut sessions = sessions.into_iter().peekable();
        loop {
            self.shedding.nobody_full = sessions.peek().is_none_or(|(_, full, ..)| !full);
            if nobody_goes(self) {
                break;
            }
            let Some((.., id)) = sessions.next() else { break };
            self.too_slow(now, id);
        }
        self.shedding.busy = false;
    }

    /// Drops what waits for a session, and closes it for not reading.
    pub(in crate::hub) fn too_slow(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.waiting().is_some() {
            return self.give_up(now, id, "all queues together held too much");
        }
        let lost = session.clear();
        self.report.counters.dropped += lost as u64;
        self.report.counters.slow_readers += 1;
        self.note(id, NoteKind::SlowReader { lost });
        self.fail(now, id, StreamError::SLOW_READER);
    }

    /// The sessions that have not taken for `backlog_wait` what they were offered, the one that is owed most first.
    pub(super) fn slow_readers(&self, now: Now) -> Vec<SessionId> {
        let slow = |id: SessionId| {
            let session = self.sessions.get(id)?;
            let waits = !session.is_closed() && self.is_behind(now, id);
            waits.then(|| (session.fill().bytes, id))
        };
        let mut slow: Vec<_> = self.sessions.ids().into_iter().filter_map(slow).collect();
        slow.sort_unstable_by(|one, other| other.cmp(one));
        slow.into_iter().map(|(_, id)| id).collect()
    }

    /// Closes those of the slow sessions for which the user has waited, and no more of them than have to be.
    pub(super) fn close_slow_readers(&mut self, now: Now, user: UserId, slow: &[SessionId]) {
        let owed = self.senders.owed(user);
        for id in slow {
            let crowded = self.is_crowded();
            if !crowded && owed.bytes() <= self.limits.backlog {
                return;
            }
            let Some(session) = self.sessions.get(*id) else { continue };
            if !session.is_closed() && (crowded || session.owes(&owed)) {
                self.too_slow(now, *id);
            }
        }
    }
}
