//! Finds whom an address names, and how to reach them.

use std::borrow::Cow;

use roxmltree::Node;

use crate::clock::Now;
use crate::hub::delivery::back_pressure::NO_ROOM;
use crate::hub::session::Session;
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::xml::{write_attribute, write_node_with};
use crate::xmpp::jid::Jid;
use crate::xmpp::ns;
use crate::xmpp::stanza::{self, Condition, StanzaError};

/// The local part of the user that stands for Finesse itself.
pub const FINESSE: &str = "finesse";

/// The receiver of a stanza.
#[derive(Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// The domain itself.
    Server,
    /// The pubsub service.
    Pubsub,
    /// The sender's own account: no `to`, or its bare JID.
    Account,
    /// The user that stands for Finesse.
    Finesse,
    /// A user, or one session of it.
    User { user: UserId, resource: Option<Cow<'a, str>> },
    /// Nobody of that name here.
    Nobody,
}

impl Hub {
    /// Hands a stanza on, with the sender's full JID (RFC 6120 §8.1.2.1).
    pub(in crate::hub) fn forward(
        &mut self,
        now: Now,
        from: SessionId,
        stanza: Node<'_, '_>,
        user: UserId,
        resource: Option<&str>,
    ) -> Result<(), StanzaError> {
        let receivers = self.receivers(user, resource);
        if receivers.is_empty() {
            return Err(Condition::ServiceUnavailable.into());
        }
        let by = self.sessions.get(from).and_then(|session| session.user).ok_or(Condition::NotAuthorized)?;
        if !self.has_room(by) {
            self.report.counters.refused_sends += 1;
            return Err(NO_ROOM);
        }
        let session = self.sessions.xmpp(from).ok_or(Condition::NotAuthorized)?;
        let sender = session.address.as_deref().ok_or(Condition::NotAuthorized)?.full();
        // A language that the stanza names itself stays (RFC 6120 §8.1.5).
        let lang = session.stream.lang().filter(|_| !stanza.has_attribute((ns::XML, "lang")));
        let mut text = String::new();
        let extra = |out: &mut String| {
            out.push_str(&format!(" from=\"{sender}\""));
            if let Some(lang) = lang {
                write_attribute(out, "xml:lang", lang);
            }
        };
        // Nobody is sent what nobody could send.
        let longest = self.longest().min(self.limits.stanza);
        let written = write_node_with(&mut text, stanza, None, longest, extra, |name| name != "from");
        if written.is_err() {
            return Err(StanzaError::new(
                Condition::NotAcceptable,
                "The stanza is too long when it is written out.",
            ));
        }
        self.send_for(now, by, &receivers, text);
        Ok(())
    }

    /// The longest answer that is put into anybody's queue, in bytes: half of what there may be in it.
    pub(in crate::hub) fn longest(&self) -> usize {
        self.limits.half_queue()
    }

    /// Finds whom `to` names, seen from `own`.
    pub(in crate::hub) fn target<'a>(
        &self,
        to: Option<&'a str>,
        own: UserId,
    ) -> Result<Target<'a>, StanzaError> {
        let Some(to) = to else { return Ok(Target::Account) };
        let jid = Jid::parse(to).map_err(|_| StanzaError::new(Condition::JidMalformed, "'to' is no JID."))?;
        if *jid.domain == *self.names.pubsub {
            return Ok(Target::Pubsub);
        }
        let domain = self.names.domain.name();
        // Another host by which the server is reached is no domain of it: Openfire too compares with the domain alone.
        if jid.domain != domain {
            let below = jid.domain.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
            return Err(if below {
                StanzaError::new(Condition::ItemNotFound, "This server has no such service.")
            } else {
                StanzaError::new(
                    Condition::RemoteServerNotFound,
                    "This server does not talk to other servers.",
                )
            });
        }
        let Some(local) = &jid.local else {
            return Ok(Target::Server);
        };
        if local == FINESSE {
            return Ok(Target::Finesse);
        }
        Ok(match (self.users().find(local), jid.resource) {
            (Some(user), None) if user == own => Target::Account,
            (Some(user), resource) => Target::User { user, resource },
            (None, _) => Target::Nobody,
        })
    }

    /// The sessions that get what is sent to a user, or to one resource of it.
    pub(in crate::hub) fn receivers(&self, user: UserId, resource: Option<&str>) -> Vec<SessionId> {
        match resource {
            Some(resource) => self.session_of(user, resource).into_iter().collect(),
            None => {
                let available =
                    |id: &SessionId| self.sessions.get(*id).is_some_and(|session| session.is_available());
                self.roster.bound(user).iter().copied().filter(available).collect()
            }
        }
    }

    /// The user's session with that resource.
    pub(in crate::hub) fn session_of(&self, user: UserId, resource: &str) -> Option<SessionId> {
        self.roster.bound(user).iter().copied().find(|id| {
            self.sessions
                .get(*id)
                .and_then(Session::address)
                .is_some_and(|address| *address.resource == *resource)
        })
    }

    /// The bare JID of a user.
    pub(in crate::hub) fn bare(&self, user: UserId) -> String {
        format!("{}@{}", self.users().get(user).id, self.names.domain.name())
    }

    /// An error to the sender of the stanza.
    pub(in crate::hub) fn answer_error(
        &mut self,
        now: Now,
        id: SessionId,
        stanza: Node<'_, '_>,
        error: &StanzaError,
    ) {
        let Some(address) = self.sessions.get(id).and_then(Session::address) else {
            return;
        };
        let answer = stanza::error(stanza, &address.jid(), error);
        self.send(now, id, answer);
    }
}
