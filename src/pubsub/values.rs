//! The input and output of the service.

use std::ops::RangeInclusive;

use crate::id::{SessionId, UserId};
use crate::pubsub::nodes::Ends;

/// A subscriber: a user with every session (the bare JID), or one session of a user (its full JID).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subscriber {
    pub user: UserId,
    pub session: Option<SessionId>,
}

impl Subscriber {
    /// Before every other in order.
    pub(super) const MIN: Self = Self { user: UserId::MIN, session: None };
    /// After every other in order.
    pub(super) const MAX: Self = Self { user: UserId::MAX, session: Some(SessionId::MAX) };

    /// Every subscriber that a user can be.
    pub(super) fn all_of(user: UserId) -> RangeInclusive<Self> {
        Self { user, session: None }..=Self { user, session: Some(SessionId::MAX) }
    }
}

/// A publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publisher {
    pub user: UserId,
    /// Has the Administrator role.
    pub administrator: bool,
}

/// The payload of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Text, which travels escaped inside `<notification/>` (captures of Finesse 12.5 and 11.6).
    Text(String),
    /// An XML element that declares every namespace it uses.
    Xml(String),
}

impl Payload {
    /// The length in bytes, as the publisher gave it.
    pub fn size(&self) -> usize {
        self.text().len()
    }

    /// The text as it was given, or the XML as it is.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Xml(text) => text,
        }
    }
}

/// A published item.
#[derive(Debug, PartialEq, Eq)]
pub struct Item {
    pub id: Box<str>,
    pub payload: Payload,
}

/// The id of a new item. It is part of the command, so that the item has it wherever the command is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemId {
    /// Chosen by the publisher; it counts with the size of the payload.
    Given(Box<str>),
    /// Made by [`crate::pubsub::Pubsub::make_item_id`].
    Made(Box<str>),
}

impl ItemId {
    /// The id as it stands on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::Given(id) | Self::Made(id) => id,
        }
    }
}

impl Item {
    /// The length of payload and id, in bytes.
    pub fn size(&self) -> usize {
        self.payload.size() + self.id.len()
    }
}

/// Nodes whose names begin alike, as the configuration describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// How their names begin, for example `/finesse/api/User/1001`; no two have the same.
    pub name: String,
    /// How they end, always the same for a name.
    pub ends: Ends,
    /// The number of last items that each node keeps.
    pub keep: usize,
    /// The users who may publish beside the Administrator role.
    pub publishers: Vec<UserId>,
}

impl NodeSpec {
    /// The names of the nodes.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.ends.iter().map(|end| format!("{}{end}", self.name))
    }
}

/// Why a request was refused: a row of the table in [`super::iq`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PubsubError {
    NodeUnknown,
    /// The role of the user does not let it follow the node.
    NodeClosed,
    NotSubscribed,
    TooManySubscriptions,
    MayNotPublish,
    ItemUnknown,
    PayloadTooBig,
}

/// The rules for all nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub quota: Quota,
    pub uniqueness: Uniqueness,
    /// The largest payload in bytes, its id counted in.
    pub payload: usize,
    /// The namespace of `<notification/>` (captures of Finesse 12.5 and 11.6).
    pub notification: &'static str,
    /// The beginning of every item id that is made here.
    pub item_prefix: String,
    /// The bounds of the last events, which are kept for clients that come back.
    pub history: History,
}

/// How many subscriptions to a node an owner, which is a bare JID, may have (XEP-0060 §6.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    /// A subscription for each JID: the bare one, and each full one.
    Jid,
    /// A single subscription, as with some releases of Openfire before 5.1.1 (OF-3307).
    Owner,
}

/// Bounds of the last events of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    pub events: usize,
    /// Payloads with their ids, in bytes.
    pub bytes: usize,
}

/// The most subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// By the full JID of one session.
    pub session: usize,
    /// By the bare JID of one user.
    pub user: usize,
}
