//! Presence of the users' own sessions, to each other.

use roxmltree::Node;

use crate::clock::Now;
use crate::desk::Command;
use crate::hub::session::{Presence, Session};
use crate::hub::stanzas::target::Target;
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::xml::{TooLong, escape, write_node};
use crate::xmpp::ns;
use crate::xmpp::stanza::{self, Condition, StanzaError, is};

/// The longest content of a presence that is taken, in bytes: it is kept for the user's other sessions.
const CONTENT_MAX: usize = 4096;

impl Hub {
    /// Takes a presence of a bound session.
    pub(in crate::hub) fn presence(&mut self, now: Now, id: SessionId, user: UserId, presence: Node<'_, '_>) {
        let to = presence.attribute("to");
        match (presence.attribute("type"), to) {
            (Some("error"), _) => {}
            (None, None) => self.available(now, id, user, presence),
            (Some("unavailable"), None) => self.unavailable(now, id, user, presence),
            (kind, _) => self.directed(now, id, user, presence, kind),
        }
    }

    /// RFC 6121 §4.2.2 and §4.4.2, and the presence that Cisco's desktop waits for.
    fn available(&mut self, now: Now, id: SessionId, user: UserId, presence: Node<'_, '_>) {
        let priority = match presence.children().find(|child| is(*child, "priority", ns::CLIENT)) {
            None => Ok(0),
            Some(priority) => priority.text().unwrap_or("").trim().parse::<i8>(),
        };
        let Ok(priority) = priority else {
            let error = StanzaError::new(Condition::BadRequest, "A priority is a number from -128 to 127.");
            return self.answer_error(now, id, presence, &error);
        };
        let Ok(content) = content(presence) else {
            let error = StanzaError::new(Condition::NotAcceptable, "A presence has at most 4096 bytes.");
            return self.answer_error(now, id, presence, &error);
        };
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        let was_available = xmpp.is_available();
        let first = xmpp.presence.is_none();
        let lang = stanza::lang(presence).or(xmpp.stream.lang()).map(Box::from);
        xmpp.presence = Some(Presence { priority, content: content.into(), lang });
        self.arrive(now, id, user, first, priority >= 0 && !was_available);
    }

    /// A session is available, for the first time (`first`) or again. `shows`: it is shown the `finesse` user.
    pub(in crate::hub) fn arrive(&mut self, now: Now, id: SessionId, user: UserId, first: bool, shows: bool) {
        let has_left = self.desk.is_leaving(user);
        self.apply_by_system(now, Command::Arrived(user));
        self.meet_return(now, id, user, has_left);
        if shows {
            self.show_finesse(now, id);
        }
        for other in self.roster.bound(user).to_vec() {
            if self.sessions.xmpp(other).is_some_and(|xmpp| xmpp.presence.is_some()) {
                self.send_presence(now, id, other, "");
                if first && other != id {
                    self.send_presence(now, other, id, "");
                }
            }
        }
    }

    /// RFC 6121 §4.5.2. The session itself is told too.
    fn unavailable(&mut self, now: Now, id: SessionId, user: UserId, presence: Node<'_, '_>) {
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        let Some(said) = &mut xmpp.presence else { return };
        said.content = content(presence).unwrap_or_default().into();
        said.lang = stanza::lang(presence).or(xmpp.stream.lang()).map(Box::from);
        self.tell_unavailable(now, id, user);
    }

    /// The presence of a session ends; the user's sessions are told.
    pub(in crate::hub) fn tell_unavailable(&mut self, now: Now, id: SessionId, user: UserId) {
        for other in self.roster.bound(user).to_vec() {
            if self.sessions.xmpp(other).is_some_and(|xmpp| xmpp.presence.is_some()) {
                self.send_presence(now, id, other, " type=\"unavailable\"");
            }
        }
        if let Some(xmpp) = self.sessions.xmpp_mut(id) {
            xmpp.presence = None;
        }
        if !self.is_available(user) {
            self.apply_by_system(now, Command::Left(user));
        }
    }

    /// Tells whether a session of the user says that it is available.
    pub(in crate::hub) fn is_available(&self, user: UserId) -> bool {
        let mut own = self.roster.bound(user).iter();
        own.any(|id| self.sessions.xmpp(*id).is_some_and(|xmpp| xmpp.presence.is_some()))
    }

    /// Tells the session `to` what the session `from` last said of itself.
    fn send_presence(&mut self, now: Now, from: SessionId, to: SessionId, kind: &str) {
        let (Some(sender), Some(receiver)) = (self.sessions.get(from), self.sessions.get(to)) else {
            return;
        };
        let (Some(sender_address), Some(receiver_address)) = (sender.address(), receiver.address()) else {
            return;
        };
        // It may have ended while the others were told.
        let Some(Presence { content, lang, .. }) = sender.xmpp().and_then(|xmpp| xmpp.presence.as_ref())
        else {
            return;
        };
        let lang = lang.as_ref().map_or_else(String::new, |lang| format!(" xml:lang=\"{lang}\""));
        let text = format!(
            "<presence from=\"{}\" to=\"{}\"{kind}{lang} xmlns=\"{}\">{content}</presence>",
            sender_address.full(),
            receiver_address.full(),
            ns::CLIENT
        );
        let Some(by) = sender.user else { return };
        self.send_for(now, by, &[to], text);
    }

    /// A presence to somebody (RFC 6121 §3 and §4.6).
    fn directed(
        &mut self,
        now: Now,
        id: SessionId,
        user: UserId,
        presence: Node<'_, '_>,
        kind: Option<&str>,
    ) {
        let target = match self.target(presence.attribute("to"), user) {
            Ok(target) => target,
            Err(error) => return self.answer_error(now, id, presence, &error),
        };
        match (target, kind) {
            (Target::Finesse, Some("probe")) => self.answer_probe(now, id),
            (Target::Finesse, Some("subscribe")) => {
                self.answer_subscription(now, id, presence, "subscribed");
                self.show_finesse(now, id);
            }
            // No user sees another's presence: contacts are not what a contact centre has.
            (Target::User { .. } | Target::Account | Target::Nobody, Some("subscribe"))
                if presence.attribute("to").is_some() =>
            {
                self.answer_subscription(now, id, presence, "unsubscribed");
            }
            (Target::Account, None | Some("unavailable")) => self.hand_on(now, id, user, None, presence),
            (Target::User { user, resource }, None | Some("unavailable")) => {
                self.hand_on(now, id, user, resource.as_deref(), presence);
            }
            (
                _,
                None
                | Some("unavailable" | "probe" | "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed"),
            ) => {}
            (_, Some(_)) => {
                let error = StanzaError::new(Condition::BadRequest, "There is no such type of presence.");
                self.answer_error(now, id, presence, &error);
            }
        }
    }

    /// A presence goes to those sessions of a user that are available, or to one.
    fn hand_on(
        &mut self,
        now: Now,
        id: SessionId,
        user: UserId,
        resource: Option<&str>,
        presence: Node<'_, '_>,
    ) {
        // To nobody is no error (RFC 6121 §8.5.2.2).
        let _ = self.forward(now, id, presence, user, resource);
    }

    fn answer_subscription(&mut self, now: Now, id: SessionId, presence: Node<'_, '_>, kind: &str) {
        let Some(address) = self.sessions.get(id).and_then(Session::address) else {
            return;
        };
        let from = presence.attribute("to").unwrap_or("");
        let from = from.split('/').next().unwrap_or("");
        let text = format!(
            "<presence type=\"{kind}\" from=\"{}\" to=\"{}\" xmlns=\"{}\"/>",
            escape(from),
            address.bare(),
            ns::CLIENT
        );
        self.send(now, id, text);
    }
}

/// The children of a presence as text.
fn content(presence: Node<'_, '_>) -> Result<String, TooLong> {
    let mut out = String::new();
    for child in presence.children().filter(Node::is_element) {
        write_node(&mut out, child, Some(ns::CLIENT), CONTENT_MAX)?;
    }
    Ok(out)
}
