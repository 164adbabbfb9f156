//! The way of a stanza: to the server, the pubsub service, a user, or back with an error (RFC 6120 §10, RFC 6121 §8).

pub(super) mod finesse_user;
pub(super) mod iq;
pub(super) mod presence;
pub(super) mod target;

use roxmltree::Node;

use crate::desk::nodes;
use crate::hub::session::Session;
use crate::hub::session_address::Address;
use crate::hub::stanzas::target::Target;
use crate::hub::{Hub, Now, What};
use crate::id::{SessionId, UserId};
use crate::pubsub;
use crate::xmpp::jid;
use crate::xmpp::ns;
use crate::xmpp::stanza::{self, Condition, IqType, Kind, Request, StanzaError};
use crate::xmpp::stream::StreamError;

/// Routes a stanza of a stream that has logged in.
pub fn stanza(hub: &mut Hub, now: Now, id: SessionId, kind: Kind, stanza: Node<'_, '_>) {
    let Some(session) = hub.sessions.get(id) else {
        return;
    };
    let Some(user) = session.user else { return };
    if session.address().is_none() {
        return unbound(hub, now, id, user, kind, stanza);
    }
    // Whatever a client puts into `from`, the server writes the session's own address over it, as Openfire does
    // (RFC 6120 §8.1.2.1).
    match kind {
        Kind::Presence => hub.presence(now, id, user, stanza),
        Kind::Message => message(hub, now, id, user, stanza),
        Kind::Iq => route_iq(hub, now, id, user, stanza),
    }
}

/// Before a resource is bound there is nothing but binding one; what is for others ends the stream (RFC 6120 §7.1).
fn unbound(hub: &mut Hub, now: Now, id: SessionId, user: UserId, kind: Kind, stanza: Node<'_, '_>) {
    let to = hub.target(stanza.attribute("to"), user);
    if kind != Kind::Iq || !matches!(to, Ok(Target::Server | Target::Account)) {
        return hub.fail(now, id, StreamError::NOT_AUTHORIZED);
    }
    let request = stanza::iq_type(stanza).and_then(|kind| stanza::request(stanza, kind == IqType::Set));
    let answer = match request {
        Ok(request) if request.set && request.is("bind", ns::BIND) => {
            return bind(hub, now, id, user, &request);
        }
        Ok(_) => stanza::error(stanza, &hub.bare(user), &Condition::NotAuthorized.into()),
        Err(error) => stanza::error(stanza, &hub.bare(user), &error),
    };
    hub.send(now, id, answer);
}

/// RFC 6120 §7. A resource that is taken goes to the new session; the old one ends with `<conflict/>`, as in Openfire.
fn bind(hub: &mut Hub, now: Now, id: SessionId, user: UserId, request: &Request<'_>) {
    let wanted = request.child.children().find(|child| stanza::is(*child, "resource", ns::BIND));
    let wanted = wanted.and_then(|resource| resource.text()).filter(|text| !text.is_empty());
    let resource = match wanted.map(jid::prepare_resource) {
        None => crate::hub::tokens::token(hub.random),
        Some(Ok(resource)) => resource.into_owned(),
        Some(Err(_)) => {
            // RFC 6120 §7.7.2.1.
            let error = StanzaError::new(Condition::BadRequest, "This cannot be a resource.");
            return hub.send(now, id, stanza::error(request.iq, &hub.bare(user), &error));
        }
    };
    if let Some(old) = hub.session_of(user, &resource) {
        hub.fail(now, old, StreamError::CONFLICT);
    }
    if hub.sessions_of(user) >= hub.limits.sessions_per_user {
        let error = StanzaError::new(Condition::ResourceConstraint, "Too many sessions of this user.");
        return hub.send(now, id, stanza::error(request.iq, &hub.bare(user), &error));
    }
    let name = hub.users().get(user).id.clone();
    if hub.online[user.0 as usize].is_empty() {
        let nodes = nodes::automatic(&name).filter_map(|name| hub.pubsub.find(&name).ok()).collect();
        hub.apply_by_system(now, pubsub::Command::SubscribeAutomatically { user, nodes });
    }
    let address = Address::new(&name, &hub.names.domain, &resource);
    let payload = format!("<bind xmlns=\"{}\"><jid>{}</jid></bind>", ns::BIND, address.full());
    hub.online[user.0 as usize].push(id);
    let Some(xmpp) = hub.sessions.xmpp_mut(id) else {
        return;
    };
    xmpp.address = Some(Box::new(address));
    // The address until now, as Openfire has it.
    let to = format!("{}/{}", hub.names.domain, std::mem::take(&mut xmpp.stream_id));
    hub.note(id, What::Bound);
    // From now on silence is what counts, not the login.
    hub.listen(now, id);
    hub.send(now, id, stanza::result(request.iq, &to, &payload));
}

/// RFC 6121 §8.
fn message(hub: &mut Hub, now: Now, id: SessionId, user: UserId, message: Node<'_, '_>) {
    let kind = message.attribute("type").unwrap_or("normal");
    let result = match hub.target(message.attribute("to"), user) {
        Ok(Target::Account) => to_user(hub, now, id, message, user, kind),
        Ok(Target::User { user, resource: None }) => to_user(hub, now, id, message, user, kind),
        Ok(Target::User { user, resource: Some(resource) }) => {
            match hub.forward(now, id, message, user, Some(&resource)) {
                // The conversation goes on at another of the user's sessions (RFC 6121 §8.5.3.2.1).
                Err(_) if kind == "chat" => hub.forward(now, id, message, user, None),
                result => result,
            }
        }
        Ok(_) => Err(Condition::ServiceUnavailable.into()),
        Err(error) => Err(error),
    };
    match result {
        // Nobody answers an error or a headline with an error (RFC 6120 §8.3.1, RFC 6121 §8.5.2).
        Err(error) if !matches!(kind, "error" | "headline") => hub.answer_error(now, id, message, &error),
        _ => {}
    }
}

/// A message to a bare JID (RFC 6121 §8.5.2.1.1).
fn to_user(
    hub: &mut Hub,
    now: Now,
    id: SessionId,
    message: Node<'_, '_>,
    user: UserId,
    kind: &str,
) -> Result<(), StanzaError> {
    match kind {
        "error" => Ok(()),
        "groupchat" => Err(Condition::ServiceUnavailable.into()),
        _ => hub.forward(now, id, message, user, None),
    }
}

fn route_iq(hub: &mut Hub, now: Now, id: SessionId, user: UserId, iq: Node<'_, '_>) {
    let kind = match stanza::iq_type(iq) {
        Ok(kind) => kind,
        // An answer is not answered, whatever is wrong with it (RFC 6120 §8.3.1).
        Err(_) if matches!(iq.attribute("type"), Some("result" | "error")) => return,
        Err(error) => return hub.answer_error(now, id, iq, &error),
    };
    let target = hub.target(iq.attribute("to"), user);
    if let Ok(Target::User { user: receiver, resource: Some(resource) }) = &target {
        if let Err(error) = hub.forward(now, id, iq, *receiver, Some(resource))
            && kind != IqType::Answer
        {
            hub.answer_error(now, id, iq, &error);
        }
        return;
    }
    if kind == IqType::Answer {
        // To a question that nobody asked.
        return;
    }
    let answer = target.and_then(|target| {
        let request = stanza::request(iq, kind == IqType::Set)?;
        iq::answer(hub, now, user, &target, &request)
    });
    let Some(address) = hub.sessions.get(id).and_then(Session::address) else {
        return;
    };
    let to = address.jid();
    let text = match answer {
        Ok(payload) => stanza::result(iq, &to, &payload),
        Err(error) => stanza::error(iq, &to, &error),
    };
    hub.send(now, id, text);
}

impl Hub {
    /// A session leaves: its presence, its resource and the subscriptions by its full JID end.
    pub(super) fn unbind(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let Some(user) = session.user else { return };
        let Some(xmpp) = session.xmpp() else {
            return self.leave_stream(now, id, user);
        };
        let is_bound = xmpp.address.is_some();
        if xmpp.waits {
            self.unbound[user.0 as usize].retain(|other| *other != id);
        }
        if !is_bound {
            return;
        }
        self.apply_by_system(now, pubsub::Command::Leave { user, session: id });
        self.online[user.0 as usize].retain(|other| *other != id);
        let presence = self.sessions.xmpp_mut(id).and_then(|xmpp| xmpp.presence.as_mut());
        if let Some(presence) = presence {
            // It did not say good-bye, so there is nothing to hand on but that it is gone.
            presence.content = Box::default();
            presence.lang = None;
            self.tell_unavailable(now, id, user);
        }
    }
}
