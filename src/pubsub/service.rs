//! The service itself: nodes, subscriptions, items (XEP-0060). No XML and no sessions: who may do what is asked with
//! the request, and who gets an event is told in the answer.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::rc::Rc;
use std::time::SystemTime;

use crate::id::UserId;
use crate::pubsub::journal::{After, Entry, Journal};
use crate::pubsub::nodes::{NodeId, Nodes};
use crate::pubsub::subscriptions::{Subscription, Subscriptions};
use crate::pubsub::values::{
    Item, ItemId, NodeSpec, Payload, Publisher, PubsubError, Settings, Subscriber, Uniqueness,
};

/// The state of a node that keeps items or has publishers of its own.
#[derive(Debug, Default, PartialEq, Eq)]
struct Own {
    keep: usize,
    publishers: Vec<UserId>,
    items: VecDeque<Rc<Item>>,
}

/// The service.
#[derive(Debug, PartialEq, Eq)]
pub struct Pubsub {
    nodes: Nodes,
    own: BTreeMap<NodeId, Own>,
    subscriptions: Subscriptions,
    settings: Settings,
    journal: Journal,
}

impl Pubsub {
    /// A service with the nodes of `specs`.
    pub fn new(specs: Vec<NodeSpec>, settings: Settings) -> Self {
        let mut service = Self {
            nodes: Nodes::with_capacity(specs.len()),
            own: BTreeMap::new(),
            subscriptions: Subscriptions::default(),
            journal: Journal::new(settings.history),
            settings,
        };
        specs.into_iter().for_each(|spec| service.open(spec));
        service
    }

    /// Makes nodes, or changes those that are there, and gives back the places of those that were removed before.
    pub(super) fn open_all(&mut self, specs: Vec<NodeSpec>) {
        self.nodes.give_back();
        specs.into_iter().for_each(|spec| self.open(spec));
    }

    /// Makes nodes, or changes those that are there. Items that are no longer kept are forgotten.
    fn open(&mut self, NodeSpec { name, ends, keep, publishers }: NodeSpec) {
        for node in self.nodes.open(&name, ends, self.journal.removal()) {
            if keep == 0 && publishers.is_empty() {
                self.own.remove(&node);
                continue;
            }
            let own = self.own.entry(node).or_default();
            (own.keep, own.publishers) = (keep, publishers.clone());
            own.items.drain(..own.items.len().saturating_sub(keep));
        }
    }

    /// The nodes that begin with none of these names.
    pub fn others(&self, names: &HashSet<String>) -> Vec<NodeId> {
        self.nodes.others(names)
    }

    /// Removes nodes with their items and events. A node that gets the name of one later is another node.
    pub(super) fn close(&mut self, nodes: &[NodeId]) {
        self.nodes.close(nodes);
        self.journal.close(nodes);
        for node in nodes {
            self.own.remove(node);
        }
    }

    /// Forgets all kept items.
    pub(super) fn forget_items(&mut self) {
        self.own.values_mut().for_each(|own| own.items.clear());
    }

    /// Ends every subscription to a node.
    pub(super) fn dismiss(&mut self, node: NodeId) {
        for who in self.subscribers(node).collect::<Vec<_>>() {
            // The subscriber is there, so there is nothing to refuse.
            let _ = self.unsubscribe(node, who);
        }
    }

    /// The namespace of `<notification/>`.
    pub fn notification(&self) -> &'static str {
        self.settings.notification
    }

    /// The node of that name.
    pub fn find(&self, name: &str) -> Result<NodeId, PubsubError> {
        self.nodes.find(name).ok_or(PubsubError::NodeUnknown)
    }

    /// The name of a node.
    pub fn name(&self, node: NodeId) -> Rc<str> {
        self.nodes.name(node)
    }

    /// Refuses the key of a node that has been removed, whatever node has its place now.
    fn check_node(&self, node: NodeId) -> Result<(), PubsubError> {
        if self.nodes.has(node) { Ok(()) } else { Err(PubsubError::NodeUnknown) }
    }

    /// How many places of nodes there are, of which several share one name's beginning.
    pub fn places(&self) -> usize {
        self.nodes.places()
    }

    /// The names of all nodes, in the order of their places.
    pub fn names(&self) -> impl Iterator<Item = Rc<str>> {
        self.nodes.keys().map(|node| self.name(node))
    }

    /// Subscribes; a repeated subscription is the same one (XEP-0060 §6.1.6).
    pub(super) fn subscribe(
        &mut self,
        at: SystemTime,
        node: NodeId,
        who: Subscriber,
    ) -> Result<(), PubsubError> {
        self.check_node(node)?;
        self.subscriptions.add(at, node, who, self.settings.quota)
    }

    /// Subscribes a bare JID, whatever its quota, as Finesse does for each agent (the guide, "Subscription management").
    pub(super) fn subscribe_automatically(&mut self, at: SystemTime, user: UserId, nodes: Vec<NodeId>) {
        let who = Subscriber { user, session: None };
        let nodes = nodes.into_iter().filter(|node| self.nodes.has(*node));
        nodes.for_each(|node| self.subscriptions.add_without_quota(at, node, who));
    }

    /// Ends a subscription.
    pub(super) fn unsubscribe(&mut self, node: NodeId, who: Subscriber) -> Result<(), PubsubError> {
        self.subscriptions.remove(node, who)
    }

    /// Ends every subscription of a subscriber.
    pub(super) fn end_all(&mut self, who: Subscriber) {
        self.subscriptions.remove_all(who);
    }

    /// Gives every subscription of a subscriber to another one, which had none.
    pub(super) fn move_all(&mut self, from: Subscriber, to: Subscriber) {
        self.subscriptions.move_all(from, to);
    }

    /// From now on an owner may have so many subscriptions to a node.
    pub(super) fn set_uniqueness(&mut self, uniqueness: Uniqueness) {
        self.settings.uniqueness = uniqueness;
    }

    /// How many subscriptions to a node an owner may have.
    pub fn uniqueness(&self) -> Uniqueness {
        self.settings.uniqueness
    }

    /// The subscriptions of a user and its sessions: to all nodes, or to one.
    pub fn subscriptions(
        &self,
        user: UserId,
        node: Option<NodeId>,
    ) -> impl Iterator<Item = (Subscriber, Rc<str>)> {
        let all =
            self.subscriptions.of_user(user).filter(move |one| node.is_none_or(|node| node == one.node));
        all.map(|one| (one.who, self.name(one.node)))
    }

    /// The subscriptions of a user and its sessions to a node.
    pub fn subscriptions_to(&self, user: UserId, node: NodeId) -> impl Iterator<Item = Subscriber> {
        self.subscriptions.of_user_to(user, node).map(|one| one.who)
    }

    /// Every subscription: to all nodes or to one, of all users or of one.
    pub fn list(
        &self,
        node: Option<NodeId>,
        user: Option<UserId>,
    ) -> Box<dyn Iterator<Item = Subscription> + '_> {
        match (node, user) {
            (Some(node), Some(user)) => Box::new(self.subscriptions.of_user_to(user, node)),
            (Some(node), None) => Box::new(self.subscriptions.of_node(node)),
            (None, Some(user)) => Box::new(self.subscriptions.of_user(user)),
            (None, None) => Box::new(self.subscriptions.all()),
        }
    }

    /// Returns the subscribers that get the events of a node.
    pub fn subscribers(&self, node: NodeId) -> impl Iterator<Item = Subscriber> {
        self.subscriptions.of_node(node).map(|one| one.who)
    }

    /// Refuses a publisher who may not publish to a node.
    pub fn check_publisher(&self, node: NodeId, by: Publisher) -> Result<(), PubsubError> {
        let publishers = self.own.get(&node).map_or(&[][..], |own| &own.publishers);
        let may = if publishers.is_empty() { by.administrator } else { publishers.contains(&by.user) };
        if may { Ok(()) } else { Err(PubsubError::MayNotPublish) }
    }

    /// The names of the nodes to which a publisher may publish; `only` asks about one node.
    pub fn publishable(&self, by: Publisher, only: Option<NodeId>) -> impl Iterator<Item = Rc<str>> {
        let wanted = self.nodes.keys().filter(move |node| only.is_none_or(|only| only == *node));
        wanted.filter(move |node| self.check_publisher(*node, by).is_ok()).map(|node| self.name(node))
    }

    /// An id for an item of a publisher that gives none: the prefix with the number of the event glued on, as Openfire makes
    /// it.
    pub fn make_item_id(&self) -> Box<str> {
        format!("{}{}", self.settings.item_prefix, self.journal.next()).into()
    }

    /// The id that the last event had or could have had: a client that comes back with it wants what follows.
    pub fn last_item_id(&self) -> Box<str> {
        format!("{}{}", self.settings.item_prefix, self.journal.next() - 1).into()
    }

    /// Publishes an item if its publisher may and it is not too large. Keeps it if the node keeps any, notes it in the journal,
    /// and hands it back for delivery. An item with the id of a kept one takes its place (XEP-0060 §7.1.2).
    pub(super) fn publish(
        &mut self,
        node: NodeId,
        by: Option<Publisher>,
        id: ItemId,
        payload: Payload,
    ) -> Result<Rc<Item>, PubsubError> {
        self.check_node(node)?;
        let (id, given) = match id {
            ItemId::Given(id) => (id, true),
            ItemId::Made(id) => (id, false),
        };
        if let Some(by) = by {
            self.check_publisher(node, by)?;
            if payload.size() + if given { id.len() } else { 0 } > self.settings.payload {
                return Err(PubsubError::PayloadTooBig);
            }
        }
        let item = Rc::new(Item { id, payload });
        self.journal.add(node, item.clone());
        if let Some(own) = self.own.get_mut(&node).filter(|own| own.keep > 0) {
            own.items.retain(|other| other.id != item.id);
            if own.items.len() == own.keep {
                own.items.pop_front();
            }
            own.items.push_back(item.clone());
        }
        Ok(item)
    }

    /// Removes a kept item.
    pub(super) fn retract(
        &mut self,
        node: NodeId,
        by: Option<Publisher>,
        id: &str,
    ) -> Result<(), PubsubError> {
        if let Some(by) = by {
            self.check_publisher(node, by)?;
        }
        let items = &mut self.own.get_mut(&node).ok_or(PubsubError::ItemUnknown)?.items;
        let place = items.iter().position(|item| &*item.id == id).ok_or(PubsubError::ItemUnknown)?;
        items.remove(place);
        Ok(())
    }

    /// The number of items that a node keeps.
    pub fn keeps(&self, node: NodeId) -> usize {
        self.own.get(&node).map_or(0, |own| own.keep)
    }

    /// The nodes that keep items.
    pub fn keeping(&self) -> impl Iterator<Item = NodeId> {
        self.own.iter().filter(|(_, own)| own.keep > 0).map(|(node, _)| *node)
    }

    /// The kept items, the oldest first.
    pub fn items(&self, node: NodeId) -> impl DoubleEndedIterator<Item = &Rc<Item>> {
        self.own.get(&node).into_iter().flat_map(|own| &own.items)
    }

    /// The events of these nodes that a client has still to get, the newest first, as far as they are known; and whether
    /// these are all.
    pub fn since<'a>(
        &'a self,
        nodes: &'a [NodeId],
        after: After<'_>,
    ) -> (impl Iterator<Item = &'a Entry>, bool) {
        let number = match after {
            After::Now => Some(u64::MAX),
            After::Item(id) => self.journal.find(id, self.number_in(id)),
            After::Unknown => None,
        };
        let is_known = |number| nodes.iter().all(|node| self.nodes.since(*node) <= number);
        let complete =
            number.is_some_and(|number| is_known(number) && self.journal.is_complete(nodes, number));
        (self.journal.since(nodes, number.unwrap_or(u64::MAX)), complete)
    }

    /// The beginning of the item ids that are made here, and the number of the last event.
    #[cfg(feature = "replica")]
    pub(super) fn count(&self) -> (&str, u64) {
        (&self.settings.item_prefix, self.journal.next() - 1)
    }

    /// Makes item ids from another count on. Of events until then nothing is known.
    #[cfg(feature = "replica")]
    pub(super) fn go_on_from(&mut self, prefix: String, newest: u64) {
        self.settings.item_prefix = prefix;
        self.journal = Journal::after(self.settings.history, newest);
        self.nodes.begin_again(newest);
    }

    /// The beginning of the item ids that are made here.
    #[cfg(feature = "replica")]
    pub fn item_prefix(&self) -> &str {
        &self.settings.item_prefix
    }

    /// Item ids begin with this from now on: how many were made with the beginning until now is not known.
    #[cfg(feature = "replica")]
    pub fn set_item_prefix(&mut self, prefix: String) {
        self.settings.item_prefix = prefix;
    }

    /// A node that keeps items keeps these.
    #[cfg(feature = "replica")]
    pub(super) fn keep(&mut self, node: NodeId, items: VecDeque<Rc<Item>>) {
        if let Some(own) = self.own.get_mut(&node) {
            own.items = items;
        }
    }

    /// The number in an item id, if it looks like one that was made here.
    fn number_in(&self, id: &str) -> Option<u64> {
        let digits = id.strip_prefix(&self.settings.item_prefix)?;
        // As it is written and in no other way.
        let number = digits.parse().ok()?;
        (u64::to_string(&number) == digits).then_some(number)
    }
}

#[cfg(test)]
mod tests;
