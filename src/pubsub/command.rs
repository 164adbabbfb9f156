//! Everything that changes the pubsub service, as values.
//!
//! Services with the same settings that apply the same commands in the same order have the same nodes, items and subscriptions.

use std::rc::Rc;
use std::time::SystemTime;

use crate::id::{SessionId, UserId};
use crate::pubsub::nodes::NodeId;
use crate::pubsub::service::Pubsub;
use crate::pubsub::values::{
    Item, ItemId, NodeSpec, Payload, Publisher, PubsubError, Subscriber, Uniqueness,
};

/// A change of the service. It owns its data, and a payload moves from the request into the item: it is copied no more often
/// than if the service were called with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Publishes an item (XEP-0060 §7.1). The contact centre publishes without a `by`: anything, anywhere.
    Publish { node: NodeId, by: Option<Publisher>, id: ItemId, payload: Payload },
    /// Retracts a kept item, and tells the subscribers if `notify` says so (XEP-0060 §7.2). The system retracts without a `by`.
    Retract { node: NodeId, by: Option<Publisher>, id: Box<str>, notify: bool },
    /// Subscribes a bare JID or a session (XEP-0060 §6.1).
    Subscribe { node: NodeId, who: Subscriber },
    /// Subscribes the bare JID of a user to nodes, as Finesse does for each agent: no quota counts.
    SubscribeAutomatically { user: UserId, nodes: Vec<NodeId> },
    /// Ends a subscription (XEP-0060 §6.2).
    Unsubscribe { node: NodeId, who: Subscriber },
    /// Ends somebody's subscription, and tells the subscriber (XEP-0060 §12.14).
    Cancel { node: NodeId, who: Subscriber },
    /// Ends every subscription of a session: by its full JID they last as long as it does.
    Leave { user: UserId, session: SessionId },
    /// Gives every subscription of a session to another one of the same user, which goes on in its place (XEP-0198 §5).
    Move { user: UserId, from: SessionId, to: SessionId },
    /// Ends every subscription of a user by its bare JID.
    Forget { user: UserId },
    /// Makes nodes, or changes those that are there. Items that are no longer kept are forgotten.
    Open(Vec<NodeSpec>),
    /// Removes nodes with their items. Their subscriptions stay until [`Command::Dismiss`], so that subscribers can be told.
    Close(Vec<NodeId>),
    /// Forgets all kept items.
    ForgetItems,
    /// Ends every subscription to a node.
    Dismiss(NodeId),
    /// Says how many subscriptions to a node an owner may have. Those that are there stay.
    SetUniqueness(Uniqueness),
}

/// The part of a change of which subscribers are told.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    Published(NodeId, Rc<Item>),
    Retracted(NodeId, Box<str>),
    Cancelled(NodeId, Subscriber),
}

impl Pubsub {
    /// Applies a command at that time. Nothing else changes the service.
    ///
    /// # Errors
    ///
    /// Returns why nothing has changed.
    pub fn apply(&mut self, at: SystemTime, command: Command) -> Result<Option<Change>, PubsubError> {
        match command {
            Command::Publish { node, by, id, payload } => {
                return Ok(Some(Change::Published(node, self.publish(node, by, id, payload)?)));
            }
            Command::Retract { node, by, id, notify } => {
                self.retract(node, by, &id)?;
                return Ok(notify.then_some(Change::Retracted(node, id)));
            }
            Command::Subscribe { node, who } => self.subscribe(at, node, who)?,
            Command::SubscribeAutomatically { user, nodes } => self.subscribe_automatically(at, user, nodes),
            Command::Unsubscribe { node, who } => self.unsubscribe(node, who)?,
            Command::Cancel { node, who } => {
                self.unsubscribe(node, who)?;
                return Ok(Some(Change::Cancelled(node, who)));
            }
            Command::Leave { user, session } => self.end_all(Subscriber { user, session: Some(session) }),
            Command::Move { user, from, to } => {
                let of = |session| Subscriber { user, session: Some(session) };
                self.move_all(of(from), of(to));
            }
            Command::Forget { user } => self.end_all(Subscriber { user, session: None }),
            Command::Open(specs) => self.open_all(specs),
            Command::Close(nodes) => self.close(&nodes),
            Command::ForgetItems => self.forget_items(),
            Command::Dismiss(node) => self.dismiss(node),
            Command::SetUniqueness(uniqueness) => self.set_uniqueness(uniqueness),
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::id::places::Key;
    use crate::pubsub::values::{History, Quota, Settings};

    /// Nodes with and without items and publishers, and one more from the second list on.
    fn specs(which: usize) -> Vec<NodeSpec> {
        let spec =
            |name: &str, ends, keep, publishers| NodeSpec { name: name.to_owned(), ends, keep, publishers };
        let all = [
            spec("/a", &["", "/x"][..], 2, vec![UserId::first(1)]),
            spec("/b", &[""], 0, vec![]),
            spec("/c", &[""], 3 - which, vec![]),
        ];
        all.into_iter().skip(which).collect()
    }

    fn service() -> Pubsub {
        let settings = Settings {
            quota: Quota { session: 2, user: 3 },
            uniqueness: Uniqueness::Jid,
            notification: "urn:xmpp:push:0",
            payload: 8,
            item_prefix: "item".to_owned(),
            history: History { events: 5, bytes: 40 },
        };
        Pubsub::new(specs(0), settings)
    }

    fn some(service: &Pubsub, random: &mut fastrand::Rng) -> Command {
        let nodes: Vec<NodeId> =
            ["/a", "/a/x", "/b", "/c"].iter().filter_map(|name| service.find(name).ok()).collect();
        let node = nodes[random.usize(..nodes.len())];
        let user = UserId::first(random.u32(..3));
        let session = SessionId(Key { place: random.u32(..3), generation: 1 });
        let who = Subscriber { user, session: random.bool().then_some(session) };
        let by = Publisher { user, administrator: user == UserId::first(0) };
        match random.u8(..24) {
            0..6 => {
                let given = random.u8(..3) == 0;
                let given = given.then(|| ItemId::Given(random.u8(..3).to_string().into()));
                let id = given.unwrap_or_else(|| ItemId::Made(service.make_item_id()));
                let payload = Payload::Text("x".repeat(random.usize(..10)));
                Command::Publish { node, by: random.bool().then_some(by), id, payload }
            }
            6..8 => {
                let by = random.bool().then_some(by);
                Command::Retract { node, by, id: random.u8(..3).to_string().into(), notify: random.bool() }
            }
            8..12 => Command::Subscribe { node, who },
            12 => Command::SubscribeAutomatically { user, nodes },
            13..15 => Command::Unsubscribe { node, who },
            15 => Command::Leave { user, session },
            16 => Command::Forget { user },
            17 => Command::Open(specs(random.usize(..3))),
            18 => {
                let names = specs(random.usize(..3)).into_iter().map(|spec| spec.name).collect();
                Command::Close(service.others(&names))
            }
            19 => Command::Cancel { node, who },
            21 => Command::ForgetItems,
            22 => {
                let to = SessionId(Key { place: random.u32(..3), generation: 1 });
                Command::Move { user, from: session, to }
            }
            20 => Command::SetUniqueness([Uniqueness::Jid, Uniqueness::Owner][random.usize(..2)]),
            _ => Command::Dismiss(node),
        }
    }

    #[test]
    fn two_services_that_apply_the_same_commands_are_equal_and_a_refused_command_changes_nothing() {
        for seed in 0..50 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut first, mut second) = (service(), service());
            let mut refused = 0;
            for _ in 0..200 {
                let before = format!("{first:?}");
                let command = some(&first, &mut random);
                let at = SystemTime::UNIX_EPOCH + Duration::from_secs(random.u64(..9));
                let done = first.apply(at, command.clone());
                if done.is_err() {
                    refused += 1;
                    assert_eq!(format!("{first:?}"), before, "{seed}: {command:?}");
                }
                assert_eq!(second.apply(at, command.clone()), done, "{seed}: {command:?}");
            }
            assert!(first == second, "{seed}: {first:#?}\n{second:#?}");
            assert!(
                first != service() && (1..150).contains(&refused),
                "{seed}: {refused} of 200 were refused"
            );
        }
    }
}
