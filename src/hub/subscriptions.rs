//! The subscriptions of all users, for administrators: listed, and ended.

use std::time::SystemTime;

use crate::clock::Now;
use crate::desk::nodes;
use crate::hub::changes::Entry;
use crate::hub::session::Session;
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::pubsub::{self, NodeId, PubsubError, Subscriber};

/// What subscribes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribedBy {
    /// A bare JID.
    Bare,
    /// A full JID.
    Full,
    /// A stream of server-sent events, which has no JID of its own.
    Stream,
}

impl SubscribedBy {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Full => "full",
            Self::Stream => "stream",
        }
    }
}

/// A subscription as it is listed.
#[derive(Debug)]
pub struct ListedSubscription {
    pub node: String,
    pub jid: String,
    pub by: SubscribedBy,
    /// The session of a full JID, or the stream.
    pub session: Option<SessionId>,
    pub since: SystemTime,
}

/// The subscriptions that are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    pub node: Option<&'a str>,
    /// The id of a user.
    pub user: Option<&'a str>,
}

impl Hub {
    /// The first `most` subscriptions, and how many there are in all.
    ///
    /// # Errors
    ///
    /// There is no such node. A user who is not there has no subscriptions.
    pub fn list_subscriptions(
        &self,
        wanted: Wanted<'_>,
        most: usize,
    ) -> Result<(Vec<ListedSubscription>, usize), PubsubError> {
        let node = wanted.node.map(|name| self.pubsub.find(name)).transpose()?;
        let user = match wanted.user.map(|id| self.users().find(id)) {
            Some(None) => return Ok((Vec::new(), 0)),
            user => user.flatten(),
        };
        let mut all = self.pubsub.list(node, user);
        let listed = all.by_ref().take(most).filter_map(|one| {
            Some(ListedSubscription {
                node: self.pubsub.name(one.node).to_string(),
                jid: self.jid_of(one.who).unwrap_or_else(|| self.bare(one.who.user)),
                by: self.subscribed_by(one.who)?,
                session: one.who.session,
                since: one.since,
            })
        });
        let listed: Vec<_> = listed.collect();
        let count = listed.len() + all.count();
        Ok((listed, count))
    }

    /// Ends the subscription of a JID to a node, or that of an event stream with this id. The subscriber is told.
    ///
    /// # Errors
    ///
    /// There is no such node or no such subscription.
    pub fn cancel_subscription(
        &mut self,
        now: Now,
        by: UserId,
        node: &str,
        subscriber: &str,
    ) -> Result<(), PubsubError> {
        let node = self.pubsub.find(node)?;
        let is_named = |who: &Subscriber| match who.session {
            Some(id) if self.jid_of(*who).is_none() => id.to_string() == subscriber,
            _ => self.jid_of(*who).is_some_and(|jid| jid == subscriber),
        };
        let who = self.pubsub.subscribers(node).find(is_named).ok_or(PubsubError::NotSubscribed)?;
        self.apply(Entry { now, by: Some(by), command: pubsub::Command::Cancel { node, who } })
    }

    /// The nodes to which Finesse subscribes a user who comes on line.
    pub(super) fn automatic_nodes(&self, user: UserId) -> Vec<NodeId> {
        let nodes = nodes::automatic(&self.users().get(user).id, self.desk.profile());
        nodes.filter_map(|name| self.pubsub.find(&name).ok()).collect()
    }

    /// The JID of a subscriber; a stream of server-sent events has none.
    pub(super) fn jid_of(&self, who: Subscriber) -> Option<String> {
        match who.session {
            None => Some(self.bare(who.user)),
            Some(id) => Some(self.sessions.get(id)?.address()?.jid()),
        }
    }

    fn subscribed_by(&self, who: Subscriber) -> Option<SubscribedBy> {
        let Some(id) = who.session else { return Some(SubscribedBy::Bare) };
        let is_stream = Session::is_event_stream(self.sessions.get(id)?);
        Some(if is_stream { SubscribedBy::Stream } else { SubscribedBy::Full })
    }
}
