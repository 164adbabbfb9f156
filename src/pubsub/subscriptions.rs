//! The subscriptions of all nodes, by node and by subscriber.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::id::UserId;
use crate::pubsub::nodes::NodeId;
use crate::pubsub::values::{PubsubError, Quota, Subscriber};

/// Seconds since 1970: a subscription is as small as it can be, because every agent has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Since(pub(super) u32);

impl Since {
    pub(super) fn of(at: SystemTime) -> Self {
        let time = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(u32::try_from(time.as_secs()).unwrap_or(u32::MAX))
    }

    pub(super) fn time(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.into())
    }
}

/// A subscription as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub node: NodeId,
    pub who: Subscriber,
    /// When it began, to the second.
    pub since: SystemTime,
}

/// The subscriptions.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    /// A map for all nodes: one for each would be larger than the subscriptions of most of them.
    subscribers: BTreeMap<(NodeId, Subscriber), Since>,
    /// The nodes of each subscriber, in the order in which it subscribed.
    nodes: BTreeMap<Subscriber, Vec<NodeId>>,
}

impl Subscriptions {
    /// Subscribes; a repeated subscription is the same one (XEP-0060 §6.1.6).
    pub fn add(
        &mut self,
        at: SystemTime,
        node: NodeId,
        who: Subscriber,
        quota: Quota,
    ) -> Result<(), PubsubError> {
        if self.subscribers.contains_key(&(node, who)) {
            return Ok(());
        }
        let most = if who.session.is_some() { quota.session } else { quota.user };
        if self.nodes.get(&who).map_or(0, Vec::len) >= most {
            return Err(PubsubError::TooManySubscriptions);
        }
        self.add_without_quota(at, node, who);
        Ok(())
    }

    /// Subscribes, however many there are.
    pub fn add_without_quota(&mut self, at: SystemTime, node: NodeId, who: Subscriber) {
        if self.subscribers.contains_key(&(node, who)) {
            return;
        }
        self.subscribers.insert((node, who), Since::of(at));
        self.nodes.entry(who).or_default().push(node);
    }

    /// Ends a subscription.
    pub fn remove(&mut self, node: NodeId, who: Subscriber) -> Result<(), PubsubError> {
        self.subscribers.remove(&(node, who)).ok_or(PubsubError::NotSubscribed)?;
        if let Some(list) = self.nodes.get_mut(&who) {
            list.retain(|other| *other != node);
            if list.is_empty() {
                self.nodes.remove(&who);
            }
        }
        Ok(())
    }

    /// Ends every subscription of a subscriber.
    pub fn remove_all(&mut self, who: Subscriber) {
        for node in self.nodes.remove(&who).unwrap_or_default() {
            self.subscribers.remove(&(node, who));
        }
    }

    /// Gives every subscription of a subscriber to another one, with its beginning. Those that the other one has stay as they are.
    pub fn move_all(&mut self, from: Subscriber, to: Subscriber) {
        if from == to {
            return;
        }
        for node in self.nodes.remove(&from).unwrap_or_default() {
            let Some(since) = self.subscribers.remove(&(node, from)) else { continue };
            if self.subscribers.contains_key(&(node, to)) {
                continue;
            }
            self.subscribers.insert((node, to), since);
            self.nodes.entry(to).or_default().push(node);
        }
    }

    /// The subscriptions of a user and its sessions, each subscriber's in the order in which it subscribed.
    pub fn of_user(&self, user: UserId) -> impl Iterator<Item = Subscription> {
        let nodes = self.nodes.range(Subscriber::all_of(user));
        nodes.flat_map(|(who, nodes)| nodes.iter().filter_map(|node| self.get(*node, *who)))
    }

    /// The subscriptions to a node.
    pub fn of_node(&self, node: NodeId) -> impl Iterator<Item = Subscription> {
        let all = self.subscribers.range((node, Subscriber::MIN)..=(node, Subscriber::MAX));
        all.map(|((node, who), since)| Subscription { node: *node, who: *who, since: since.time() })
    }

    /// The subscriptions of a user and its sessions to a node.
    pub fn of_user_to(&self, user: UserId, node: NodeId) -> impl Iterator<Item = Subscription> {
        let own = Subscriber::all_of(user);
        let all = self.subscribers.range((node, *own.start())..=(node, *own.end()));
        all.map(|((node, who), since)| Subscription { node: *node, who: *who, since: since.time() })
    }

    /// Every subscription.
    pub fn all(&self) -> impl Iterator<Item = Subscription> {
        let all = self.subscribers.iter();
        all.map(|((node, who), since)| Subscription { node: *node, who: *who, since: since.time() })
    }

    fn get(&self, node: NodeId, who: Subscriber) -> Option<Subscription> {
        let since = self.subscribers.get(&(node, who))?.time();
        Some(Subscription { node, who, since })
    }
}
