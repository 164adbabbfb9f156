//! Faults of the login and of the answers to stanzas.

use std::rc::Rc;

use roxmltree::Node;

use crate::clock::Now;
use crate::desk::{Failing, Request};
use crate::fault::{Hit, Kind, Point, Step, Subject};
use crate::hub::delivery::frame::Element;
use crate::hub::faults::late::{Lane, Order, Out};
use crate::hub::session::Xmpp;
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::xmpp::ns;
use crate::xmpp::sasl::Failure;
use crate::xmpp::stanza;
use crate::xmpp::stream;

impl Hub {
    /// Answers a step of the login, late if a fault says so.
    pub(in crate::hub) fn answer_step(&mut self, now: Now, id: SessionId, step: Step, text: String) {
        let hit = self.fault_of_step(now, id, step);
        self.send_with(now, id, hit.as_ref(), text);
    }

    /// The fault that has the answer to a step of the login come late.
    pub(in crate::hub) fn fault_of_step(&mut self, now: Now, id: SessionId, step: Step) -> Option<Hit> {
        let is_meant = |kind: &Kind| matches!(kind, Kind::SlowStep(slow, _) if *slow == step);
        self.fault_at(now, id, Point::Answer, is_meant)
    }

    /// Sends something as late as a fault says.
    pub(in crate::hub) fn send_with(&mut self, now: Now, id: SessionId, hit: Option<&Hit>, text: String) {
        match hit {
            Some(hit) => {
                let out = Out::Element(Element::Text(text.into()));
                self.send_late(now, id, hit, hit.kind.delay(), out, Order::Free);
            }
            None => self.send(now, id, text),
        }
    }

    /// The fault of an iq: of a ping first those of pings.
    pub(in crate::hub) fn fault_of_iq(&mut self, now: Now, id: SessionId, iq: Node<'_, '_>) -> Option<Hit> {
        if self.faults.set.is_empty() {
            return None;
        }
        let is_ping = iq.children().any(|child| stanza::is(child, "ping", ns::PING));
        let of_ping = is_ping.then(|| self.fault_at(now, id, Point::Ping, |_| true)).flatten();
        of_ping.or_else(|| self.fault_at(now, id, Point::Iq, |_| true))
    }

    /// Whether a fault has the events of a user's request without its requestId.
    pub(in crate::hub) fn loses_request_id(&mut self, now: Now, user: UserId) -> bool {
        self.fault_of_user(now, Point::RequestId, user).is_some()
    }

    /// How a fault has a request of a user fail that asks for something for the user itself, after it was accepted.
    pub(in crate::hub) fn fault_of_change(
        &mut self,
        now: Now,
        user: UserId,
        request: &Request,
    ) -> Option<Failing> {
        if self.faults.set.is_empty() {
            return None;
        }
        let (point, dialog) = match request {
            Request::SetState { user: of, .. } if *of == user => (Point::StateChange, None),
            Request::CreateDialog { user: of, .. } if *of == user => (Point::CallOperation, None),
            Request::UpdateDialog { dialog, .. } => (Point::CallOperation, Some(dialog.parse().ok()?)),
            _ => return None,
        };
        match self.fault_of_user(now, point, user)?.kind {
            Kind::StateFails(number) => Some(Failing::State(user, number)),
            Kind::CallFails(number) => Some(Failing::Call(dialog, number)),
            _ => None,
        }
    }

    /// The failure with which a fault refuses a login of this user.
    pub(in crate::hub) fn fault_of_login(&mut self, now: Now, id: SessionId, user: &str) -> Option<Failure> {
        if self.faults.set.is_empty() {
            return None;
        }
        let directory = self.desk.directory();
        let known = directory.find(user).map(|user| directory.get(user));
        let (user, team) = (known.map(|user| user.id.clone()), known.and_then(|user| user.team.clone()));
        let claimed = Subject { user: user.as_deref(), team: team.as_deref(), ..Subject::default() };
        match self.fault_with(now, id, Point::Login, claimed, None, |_| true)?.kind {
            Kind::LoginRefused(failure) => Some(failure),
            _ => None,
        }
    }

    /// Whether a fault hides the `finesse` user from a session: as long as it lasts, once it has acted there.
    pub(in crate::hub) fn hides_finesse(&mut self, now: Now, id: SessionId) -> bool {
        if self.faults.set.is_empty() {
            return false;
        }
        if self.faults.set.of(id).any(|kind| kind == Kind::FinesseHidden) {
            return true;
        }
        let hit = self.fault_at(now, id, Point::Presence, |kind| *kind == Kind::FinesseHidden);
        if let Some(hit) = &hit {
            self.faults.set.keep(&hit.name, id);
        }
        hit.is_some()
    }

    /// Sends a presence of the `finesse` user, late if a fault says so, and never before one that is late.
    pub(in crate::hub) fn show_late(&mut self, now: Now, id: SessionId, text: String) {
        let hit = self.fault_at(now, id, Point::Presence, |kind| matches!(kind, Kind::FinesseLate(_)));
        let hit = hit.map(|hit| (now.monotonic + hit.kind.delay(), Rc::from(&*hit.name)));
        let Some((due, fault)) = hit.or_else(|| self.faults.late.last_in(id, Lane::Finesse)) else {
            return self.send(now, id, text);
        };
        let out = Out::Element(Element::Text(text.into()));
        if let Some(due) = self.keep_late(due, id, &fault, out, Order::InLane(Lane::Finesse)) {
            self.do_late(now, id, due);
        }
    }

    /// Whether a fault hides the mechanism PLAIN.
    pub(in crate::hub) fn has_no_plain(&mut self, now: Now, id: SessionId) -> bool {
        self.fault_at(now, id, Point::Features, |_| true).is_some()
    }

    /// How a stream is opened if a fault has it open as before RFC 7395.
    pub(in crate::hub) fn old_opening(&mut self, now: Now, id: SessionId) -> Option<String> {
        self.fault_at(now, id, Point::Opening, |_| true)?;
        let stream_id = self.sessions.xmpp(id).map_or("", |Xmpp { stream_id, .. }| stream_id);
        Some(stream::old_open(self.names.domain.name(), stream_id))
    }
}
