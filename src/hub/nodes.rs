//! The nodes of the pubsub service, and its rule for subscriptions.

use crate::config::{NodeConfig, Subscriptions};
use crate::desk::{Desk, nodes};
use crate::pubsub::{NodeSpec, Uniqueness};

/// All nodes: Finesse's, which keep nothing, and those that the configuration has beside them.
pub fn all(desk: &Desk, own: &[NodeConfig]) -> Vec<NodeSpec> {
    let finesse = nodes::of_desk(desk);
    let finesse = finesse.map(|(name, ends)| NodeSpec { name, ends, keep: 0, publishers: Vec::new() });
    let own = own.iter().map(|node| NodeSpec {
        name: node.name.clone(),
        ends: &[""],
        keep: node.items,
        publishers: node.publish.iter().filter_map(|id| desk.directory().find(id)).collect(),
    });
    finesse.chain(own).collect()
}

/// The rule of the configuration in the words of the service.
pub fn uniqueness(subscriptions: Subscriptions) -> Uniqueness {
    match subscriptions {
        Subscriptions::PerJid => Uniqueness::Jid,
        Subscriptions::PerOwner => Uniqueness::Owner,
    }
}
