//! Faults of a pair of Finesse nodes, of which this server is one: the other side is a name in SystemInfo, or somebody who takes an
//! agent for gone; a side that is in maintenance lets its clients go.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::clock::Now;
use crate::desk::{Command, SecondaryNode};
use crate::fault::{Fault, Hit, Kind, Point};
use crate::hub::faults::late::{Due, Order};
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::pubsub::event::Event;
use crate::pubsub::{Item, Payload};
use crate::xmpp::stream::StreamError;

/// How often a session that is to end is looked at while its user has calls.
const CALLS_LOOK: Duration = Duration::from_secs(1);

impl Hub {
    /// SystemInfo names the secondary node of the last fault that says so.
    pub(super) fn mind_secondary_node(&mut self, now: Now) {
        let of = |fault: &Fault| match fault.kind {
            Kind::SecondaryNode(port) if fault.from <= now.monotonic => {
                let host = fault.parameter("host").to_owned();
                Some(SecondaryNode { host, port: (port > 0).then_some(port) })
            }
            _ => None,
        };
        let last = self.faults.set.list().iter().rev().find_map(of);
        self.apply_by_system(now, Command::SetSecondaryNode(last));
    }

    /// A client comes back whose user has left, as `has_left` says: the other side may take the user for gone all the same.
    pub(in crate::hub) fn meet_return(&mut self, now: Now, id: SessionId, user: UserId, has_left: bool) {
        if self.faults.set.is_empty() || !has_left {
            return;
        }
        let Some(hit) = self.fault_at(now, id, Point::Return, |_| true) else { return };
        let due = now.monotonic + hit.kind.delay();
        if self.faults.late.keep(due, id, &Rc::from(&*hit.name), Due::SignOut(user), Order::Free).is_some() {
            self.sign_out(now, user);
        }
    }

    /// The other side signs an agent out whose client is here.
    pub(super) fn sign_out(&mut self, now: Now, user: UserId) {
        if self.users().has(user) {
            self.apply_by_system(now, Command::SignOut(user));
        }
    }

    /// A session gets the notice of maintenance mode, and ends later.
    pub(super) fn give_notice(&mut self, now: Now, id: SessionId, hit: &Hit, notice: Duration) {
        self.tell_of_maintenance(now, id, true);
        self.let_go_at(now.monotonic + notice, id, &hit.name);
    }

    fn let_go_at(&mut self, due: Instant, id: SessionId, fault: &str) {
        let fault: Rc<str> = fault.into();
        let _ = self.faults.late.keep(due, id, &fault, Due::LetGo(fault.clone()), Order::Free);
    }

    /// The notice that a fault has given is over: the session ends, unless its user has a call.
    pub(super) fn let_session_go(&mut self, now: Now, id: SessionId, name: &str) {
        let maintenance = |fault: &Fault| {
            matches!(fault.kind, Kind::Maintenance(_)) && *fault.name == *name && fault.has_joined(id)
        };
        if !self.faults.set.list().iter().any(maintenance) {
            return;
        }
        let Some(session) = self.sessions.get(id).filter(|session| !session.is_closed()) else { return };
        match session.user {
            Some(user) if self.desk.has_calls(user) => {
                self.let_go_at(now.monotonic + CALLS_LOOK, id, name);
            }
            user => {
                if let Some(user) = user {
                    self.end_sign_in(now, user);
                }
                self.fail(now, id, StreamError::SYSTEM_SHUTDOWN);
            }
        }
    }

    /// Sessions that had the notice and have not ended are told that it is over.
    pub(super) fn end_notices(&mut self, now: Now, fault: &Fault) {
        for id in fault.sessions() {
            let is_met_again = self.faults.set.of(id).any(|kind| matches!(kind, Kind::Maintenance(_)));
            if !is_met_again && self.sessions.get(id).is_some_and(|session| !session.is_closed()) {
                self.tell_of_maintenance(now, id, false);
            }
        }
    }

    /// Tells one session of maintenance mode, if it follows SystemInfo and the release has the mode.
    fn tell_of_maintenance(&mut self, now: Now, id: SessionId, is_in_progress: bool) {
        let Some(event) = self.desk.maintenance_notice(self.desk_time(now), is_in_progress) else { return };
        let Ok(node) = self.pubsub.find(&event.node) else { return };
        let Some(user) = self.sessions.get(id).and_then(|session| session.user) else { return };
        // Of its user alone: all sessions may be told, one after the other.
        let receivers = self.receivers_of(self.pubsub.subscriptions_to(user, node));
        let receivers: Vec<_> = receivers.into_iter().filter(|(receiver, _)| *receiver == id).collect();
        // A stream that comes back with this id goes on behind the last event that there was.
        let item = Rc::new(Item { id: self.pubsub.last_item_id(), payload: Payload::Text(event.payload) });
        let notification = self.pubsub.notification();
        let event =
            Event::published(self.names.event_head.clone(), &self.pubsub.name(node), &item, notification);
        self.deliver(now, receivers, event, None);
    }
}
