//! A session that was cut and waits for its client (XEP-0198 §5). It looks gone: it has no presence and no resource. Its subscriptions
//! stay, and what they bring is kept for it.

use crate::clock::Now;
use crate::hub::action::NoteKind;
use crate::hub::delivery::frame::{Element, Frame};
use crate::hub::session::{Carrier, Kind, Presence, Session, Waiting};
use crate::hub::state::Hub;
use crate::hub::stream_management::managed::Managed;
use crate::id::{SessionId, UserId};
use crate::pubsub;
use crate::xmpp::stream::State;

impl Hub {
    /// The connection of a session is lost, or as good as lost. If the session can be resumed, all that it is owed waits from now on in
    /// another session without a connection, and this one has nothing more. Returns the session that waits.
    pub(in crate::hub) fn keep_waiting(&mut self, now: Now, id: SessionId) -> Option<SessionId> {
        // Nobody comes back to a server that goes down, and in maintenance mode those that are gone stay away.
        if self.closing || self.departures.is_some() {
            return None;
        }
        let session = self.sessions.get_mut(id)?;
        let (user, peer) = (session.user?, session.peer);
        let Kind::Xmpp(xmpp) = &mut session.kind else { return None };
        let can_be_resumed = |managed: &mut Box<Managed>| managed.has_begun && managed.id.is_some();
        if xmpp.stream.state() != State::Ready || xmpp.address.is_none() {
            return None;
        }
        let mut managed = xmpp.managed.take_if(can_be_resumed)?;
        let address = xmpp.address.as_deref()?.clone();
        if let Carrier::Connection(outbox) = &mut xmpp.carrier {
            while let Some(frame) = outbox.pop() {
                managed.keep(frame);
            }
        }
        managed.put_off = None;
        let presence = xmpp.presence.as_ref().map(|said| Presence {
            priority: said.priority,
            content: said.content.clone(),
            lang: said.lang.clone(),
        });
        let window = managed.window;
        let kind = Kind::Waiting(Box::new(Waiting { address, presence, managed }));
        let waiting =
            self.sessions.insert(Session { user: Some(user), ..Session::new(peer, now.monotonic, kind) });
        self.make_room(now, user);
        self.waiting.add(user, waiting);
        // Its queue may have to go first from now on.
        self.shedding.nobody_full = false;
        self.apply_by_system(now, pubsub::Command::Move { user, from: id, to: waiting });
        #[cfg(feature = "replica")]
        self.move_held(id, waiting);
        self.schedule(waiting, now.monotonic + window);
        self.note(waiting, NoteKind::Waits { window });
        self.record_session(now, waiting, "waits");
        self.end_presence(now, id, user);
        if let Some(xmpp) = self.sessions.xmpp_mut(id) {
            xmpp.address = None;
        }
        Some(waiting)
    }

    /// Makes room for one session more that waits: the one whose time ends first goes.
    fn make_room(&mut self, now: Now, user: UserId) {
        let own: Vec<SessionId> = self.waiting.of(user).collect();
        if own.len() >= self.limits.sessions_per_user {
            self.give_first_up(now, own, "too many sessions of its user wait");
        }
        if self.waiting.count() >= self.limits.waiting {
            self.give_first_up(now, self.waiting.all(), "too many sessions wait");
        }
    }

    fn give_first_up(&mut self, now: Now, of: Vec<SessionId>, reason: &'static str) {
        if let Some(id) = of.into_iter().min_by_key(|id| self.sessions.get(*id).map(|session| session.due)) {
            self.give_up(now, id, reason);
        }
    }

    /// Keeps an element for a session that waits. At the bound of its queue, and where senders would have to wait for it, nobody
    /// waits for it any more.
    pub(in crate::hub) fn keep_for(&mut self, now: Now, id: SessionId, element: Element) {
        let Some(Kind::Waiting(waiting)) = self.sessions.get_mut(id).map(|session| &mut session.kind) else {
            return;
        };
        let owed = &mut waiting.managed.unacknowledged;
        owed.push(Frame::Element(element.kept()));
        if owed.fill().is_over(&self.limits) || self.is_crowded() {
            self.give_up(now, id, "too much was kept for it");
        }
    }

    /// A session that waits is not waited for any more. What it was owed is lost, which is counted and logged.
    pub(in crate::hub) fn give_up(&mut self, now: Now, id: SessionId, reason: &'static str) {
        let Some(session) = self.sessions.get(id) else { return };
        let (Some(user), Some(_)) = (session.user, session.waiting()) else { return };
        let lost = session.missed();
        self.note(id, NoteKind::GivenUp { reason, lost });
        self.apply_by_system(now, pubsub::Command::Leave { user, session: id });
        self.waiting.remove(user, id);
        self.report.counters.dropped += lost as u64;
        self.report.counters.given_up += 1;
        let Some(session) = self.sessions.remove(id) else { return };
        let after = now.monotonic.saturating_duration_since(session.peer.accepted);
        self.record_end(now, id, &session, reason, (after, lost));
        if let Kind::Waiting(waiting) = session.kind
            && let Some(token) = waiting.managed.id
        {
            self.waiting.remember(user, token, waiting.managed.counts.handled());
        }
    }

    /// None of the sessions that wait is waited for any more.
    pub(in crate::hub) fn give_all_up(&mut self, now: Now, reason: &'static str) {
        for id in self.waiting.all() {
            self.give_up(now, id, reason);
        }
    }

    /// The session with that resource of a user that waits.
    pub(in crate::hub) fn waiting_at(&self, user: UserId, resource: &str) -> Option<SessionId> {
        self.waiting.of(user).find(|id| {
            let address = self.sessions.get(*id).and_then(Session::address);
            address.is_some_and(|address| *address.resource == *resource)
        })
    }
}
