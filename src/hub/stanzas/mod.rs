//! The way of a stanza: to the server, the pubsub service, a user, or back with an error (RFC 6120 §10, RFC 6121 §8).

pub(super) mod finesse_user;
pub(super) mod iq;
pub(super) mod presence;
pub(super) mod target;

use roxmltree::Node;

use crate::clock::Now;
use crate::fault::{Kind as FaultKind, Point, Step};
use crate::hub::action::NoteKind;
use crate::hub::delivery::frame::Element;
use crate::hub::faults::late::{Order, Out};
use crate::hub::session::Session;
use crate::hub::session_address::Address;
use crate::hub::stanzas::target::Target;
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::pubsub;
use crate::xmpp::jid;
use crate::xmpp::ns;
use crate::xmpp::stanza::{self, Condition, IqType, Kind, Request, StanzaError};
use crate::xmpp::stream::StreamError;

impl Hub {
    /// Routes a stanza of a stream that has logged in.
    pub(super) fn stanza(&mut self, now: Now, id: SessionId, kind: Kind, stanza: Node<'_, '_>) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let Some(user) = session.user else { return };
        if session.address().is_none() {
            return self.unbound(now, id, user, kind, stanza);
        }
        // Whatever a client puts into `from`, the server writes the session's own address over it, as Openfire does
        // (RFC 6120 §8.1.2.1).
        match kind {
            Kind::Presence => self.presence(now, id, user, stanza),
            Kind::Message => self.message(now, id, user, stanza),
            Kind::Iq => self.route_iq(now, id, user, stanza),
        }
    }

    /// Before a resource is bound there is nothing but binding one; what is for others ends the stream (RFC 6120 §7.1).
    fn unbound(&mut self, now: Now, id: SessionId, user: UserId, kind: Kind, stanza: Node<'_, '_>) {
        let to = self.target(stanza.attribute("to"), user);
        if kind != Kind::Iq || !matches!(to, Ok(Target::Server | Target::Account)) {
            return self.fail(now, id, StreamError::NOT_AUTHORIZED);
        }
        let request = stanza::iq_type(stanza).and_then(|kind| stanza::request(stanza, kind == IqType::Set));
        let answer = match request {
            Ok(request) if request.set && request.is("bind", ns::BIND) => {
                return self.bind(now, id, user, &request);
            }
            Ok(_) => stanza::error(stanza, &self.bare(user), &Condition::NotAuthorized.into()),
            Err(error) => stanza::error(stanza, &self.bare(user), &error),
        };
        self.send(now, id, answer);
    }

    /// RFC 6120 §7. A resource that is taken goes to the new session; the old one ends with `<conflict/>`, as in Openfire.
    fn bind(&mut self, now: Now, id: SessionId, user: UserId, request: &Request<'_>) {
        if self.fault_at(now, id, Point::Bind, |_| true).is_some() {
            let answer = stanza::error(request.iq, &self.bare(user), &Condition::Conflict.into());
            return self.send(now, id, answer);
        }
        let wanted = request.child.children().find(|child| stanza::is(*child, "resource", ns::BIND));
        let wanted = wanted.and_then(|resource| resource.text()).filter(|text| !text.is_empty());
        let resource = match wanted.map(jid::prepare_resource) {
            None => crate::hub::tokens::token(self.random),
            Some(Ok(resource)) => resource.into_owned(),
            Some(Err(_)) => {
                // RFC 6120 §7.7.2.1.
                let error = StanzaError::new(Condition::BadRequest, "This cannot be a resource.");
                return self.send(now, id, stanza::error(request.iq, &self.bare(user), &error));
            }
        };
        if let Some(old) = self.session_of(user, &resource) {
            self.fail(now, old, StreamError::CONFLICT);
        }
        if let Some(old) = self.waiting_at(user, &resource) {
            self.give_up(now, old, "its resource was bound anew");
        }
        if self.roster.count(user) >= self.limits.sessions_per_user {
            let error = StanzaError::new(Condition::ResourceConstraint, "Too many sessions of this user.");
            return self.send(now, id, stanza::error(request.iq, &self.bare(user), &error));
        }
        let name = self.users().get(user).id.clone();
        if self.roster.bound(user).is_empty() {
            let nodes = self.automatic_nodes(user);
            self.apply_by_system(now, pubsub::Command::SubscribeAutomatically { user, nodes });
        }
        let address = Address::new(&name, self.names.domain.name(), &resource);
        let payload = format!("<bind xmlns=\"{}\"><jid>{}</jid></bind>", ns::BIND, address.full());
        self.roster.bind(user, id);
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        xmpp.address = Some(Box::new(address));
        // The address until now, as Openfire has it.
        let to = format!("{}/{}", self.names.domain.name(), std::mem::take(&mut xmpp.stream_id));
        self.note(id, NoteKind::Bound);
        self.record_session(now, id, "bound");
        // From now on silence is what counts, not the login.
        self.listen(now, id);
        self.answer_step(now, id, Step::Bind, stanza::result(request.iq, &to, &payload));
    }

    /// RFC 6121 §8.
    fn message(&mut self, now: Now, id: SessionId, user: UserId, message: Node<'_, '_>) {
        let kind = message.attribute("type").unwrap_or("normal");
        let result = match self.target(message.attribute("to"), user) {
            Ok(Target::Account) => self.message_to_user(now, id, message, user, kind),
            Ok(Target::User { user, resource: None }) => self.message_to_user(now, id, message, user, kind),
            Ok(Target::User { user, resource: Some(resource) }) => {
                match self.forward(now, id, message, user, Some(&resource)) {
                    // The conversation goes on at another of the user's sessions (RFC 6121 §8.5.3.2.1).
                    Err(_) if kind == "chat" => self.forward(now, id, message, user, None),
                    result => result,
                }
            }
            Ok(_) => Err(Condition::ServiceUnavailable.into()),
            Err(error) => Err(error),
        };
        match result {
            // Nobody answers an error or a headline with an error (RFC 6120 §8.3.1, RFC 6121 §8.5.2).
            Err(error) if !matches!(kind, "error" | "headline") => {
                self.answer_error(now, id, message, &error)
            }
            _ => {}
        }
    }

    /// A message to a bare JID (RFC 6121 §8.5.2.1.1).
    fn message_to_user(
        &mut self,
        now: Now,
        id: SessionId,
        message: Node<'_, '_>,
        user: UserId,
        kind: &str,
    ) -> Result<(), StanzaError> {
        match kind {
            "error" => Ok(()),
            "groupchat" => Err(Condition::ServiceUnavailable.into()),
            _ => self.forward(now, id, message, user, None),
        }
    }

    fn route_iq(&mut self, now: Now, id: SessionId, user: UserId, iq: Node<'_, '_>) {
        let kind = match stanza::iq_type(iq) {
            Ok(kind) => kind,
            // An answer is not answered, whatever is wrong with it (RFC 6120 §8.3.1).
            Err(_) if matches!(iq.attribute("type"), Some("result" | "error")) => return,
            Err(error) => return self.answer_error(now, id, iq, &error),
        };
        let target = self.target(iq.attribute("to"), user);
        if let Ok(Target::User { user: receiver, resource: Some(resource) }) = &target {
            if let Err(error) = self.forward(now, id, iq, *receiver, Some(resource))
                && kind != IqType::Response
            {
                self.answer_error(now, id, iq, &error);
            }
            return;
        }
        if kind == IqType::Response {
            // To a question that nobody asked.
            return;
        }
        let fault = self.fault_of_iq(now, id, iq);
        let delay = match fault.as_ref().map(|hit| hit.kind) {
            Some(FaultKind::PingSilence | FaultKind::IqSilence) => return,
            Some(FaultKind::PingError(condition) | FaultKind::IqError(condition)) => {
                return self.answer_error(now, id, iq, &condition.into());
            }
            Some(kind) => Some(kind.delay()),
            None => None,
        };
        let answer = target.and_then(|target| {
            let request = stanza::request(iq, kind == IqType::Set)?;
            iq::answer(self, now, user, &target, &request)
        });
        // The result of a change waits until that is kept.
        #[cfg(feature = "replica")]
        if kind == IqType::Set && answer.is_ok() {
            self.hold_answers_of(id);
        }
        let Some(address) = self.sessions.get(id).and_then(Session::address) else {
            return;
        };
        let to = address.jid();
        let text = match answer {
            Ok(payload) => stanza::result(iq, &to, &payload),
            Err(error) => stanza::error(iq, &to, &error),
        };
        match (fault, delay) {
            (Some(hit), Some(delay)) => {
                self.send_late(now, id, &hit, delay, Out::Element(Element::Text(text.into())), Order::Free)
            }
            _ => self.send(now, id, text),
        }
    }
}
