//! A client comes back and resumes its session (XEP-0198 §5).

use crate::clock::Now;
use crate::hub::action::NoteKind;
use crate::hub::session::{Kind, Session};
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::pubsub;
use crate::xmpp::sm;
use crate::xmpp::stream::StreamError;

impl Hub {
    /// `<resume/>`: the stream goes on with the session of that id, if it is one of its user.
    pub(super) fn resume(&mut self, now: Now, id: SessionId, previous: &str, h: u32) {
        let Some(user) = self.user_of(id) else { return };
        let Some(waiting) = self.find_resumable(now, user, previous) else {
            let handled = self.waiting.handled(user, previous);
            return self.send(now, id, sm::failed("item-not-found", handled));
        };
        if self.roster.count(user) >= self.limits.sessions_per_user {
            return self.send(now, id, sm::failed("resource-constraint", None));
        }
        let Some(Kind::Waiting(old)) = self.sessions.get_mut(waiting).map(|session| &mut session.kind) else {
            return;
        };
        let acknowledged = old.managed.acknowledge(h);
        if !self.is_credible(now, id, h, acknowledged) {
            return;
        }
        let Some(Session { kind: Kind::Waiting(old), .. }) = self.sessions.remove(waiting).map(|old| *old)
        else {
            return;
        };
        let mut old = *old;
        self.waiting.remove(user, waiting);
        self.roster.bind(user, id);
        self.apply_by_system(now, pubsub::Command::Move { user, from: waiting, to: id });
        #[cfg(feature = "replica")]
        self.move_held(waiting, id);
        old.managed.counts.send_again();
        let again = old.managed.unacknowledged.missed();
        let resumed = sm::resumed(previous, old.managed.counts.handled());
        let is_shown = old.is_available();
        let has_presence = old.presence.is_some();
        let Some(xmpp) = self.sessions.xmpp_mut(id) else { return };
        xmpp.address = Some(Box::new(old.address));
        xmpp.presence = old.presence;
        let mut owed = Vec::with_capacity(again);
        while let Some(frame) = old.managed.unacknowledged.pop() {
            owed.push(frame);
        }
        xmpp.managed = Some(old.managed);
        self.report.counters.sessions_resumed += 1;
        self.note(id, NoteKind::Resumed { again });
        self.record_session(now, id, "resumed");
        self.listen(now, id);
        self.send(now, id, resumed);
        if let Some(xmpp) = self.sessions.xmpp_mut(id) {
            owed.into_iter().for_each(|frame| xmpp.push_frame(frame));
        }
        if has_presence {
            self.arrive(now, id, user, true, is_shown);
        }
    }

    /// Finds the session of a user with that id. One whose connection is still there ends with `<conflict/>`, and waits for as long as
    /// it takes to come here.
    fn find_resumable(&mut self, now: Now, user: UserId, previous: &str) -> Option<SessionId> {
        let has_id = |of: Option<&str>| of == Some(previous);
        let waits = |id: &SessionId| {
            let waiting = self.sessions.get(*id).and_then(Session::waiting);
            waiting.is_some_and(|waiting| has_id(waiting.managed.id.as_deref()))
        };
        if let Some(id) = self.waiting.of(user).find(waits) {
            return Some(id);
        }
        let is_there = |id: &&SessionId| {
            let managed = self.sessions.xmpp(**id).and_then(|xmpp| xmpp.managed.as_ref());
            managed.is_some_and(|managed| has_id(managed.id.as_deref()))
        };
        let there = *self.roster.bound(user).iter().find(is_there)?;
        let waiting = self.keep_waiting(now, there)?;
        self.fail(now, there, StreamError::CONFLICT);
        Some(waiting)
    }
}
