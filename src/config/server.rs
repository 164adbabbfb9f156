//! Settings of the server: the product that it stands in for, the names it goes by, and its own nodes.

use crate::config::web_origin::Host;

/// A variant of the contact centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Unified Contact Center Express.
    Uccx,
    /// Unified Contact Center Enterprise.
    Ucce,
}

impl Profile {
    /// Every profile there is.
    pub const ALL: [Profile; 2] = [Profile::Uccx, Profile::Ucce];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Uccx => "uccx",
            Profile::Ucce => "ucce",
        }
    }
}

/// A release of Finesse, as far as its API and its events differ; a later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// 11.6 and before.
    R11_6,
    R12_5,
    /// 12.6(2).
    R12_6,
    /// No difference from 12.6(2) is known.
    R15,
}

impl Release {
    /// Every release there is.
    pub const ALL: [Release; 4] = [Release::R11_6, Release::R12_5, Release::R12_6, Release::R15];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Release::R11_6 => "11.6",
            Release::R12_5 => "12.5",
            Release::R12_6 => "12.6",
            Release::R15 => "15",
        }
    }
}

/// Access to the nodes of users, teams and queues (the access models of XEP-0060 §4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeAccess {
    /// Every user who may follow the node's object on Finesse.
    #[default]
    Open,
    /// The users to whom the REST API shows the same.
    Role,
}

impl NodeAccess {
    /// Every model there is.
    pub const ALL: [NodeAccess; 2] = [NodeAccess::Open, NodeAccess::Role];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            NodeAccess::Open => "open",
            NodeAccess::Role => "role",
        }
    }
}

/// How much of the changes is there again after a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Nothing.
    #[default]
    Off,
    /// All but those of the last second or two, if the power fails.
    EverySecond,
    /// Each that was acknowledged.
    Each,
}

impl Durability {
    /// All that this program can do.
    #[cfg(not(feature = "replica"))]
    pub const ALL: [Durability; 1] = [Durability::Off];
    /// All that this program can do.
    #[cfg(feature = "replica")]
    pub const ALL: [Durability; 3] = [Durability::Off, Durability::EverySecond, Durability::Each];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Durability::Off => "off",
            Durability::EverySecond => "1s",
            Durability::Each => "each",
        }
    }
}

/// How many subscriptions to a node an owner, which is a bare JID, may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subscriptions {
    /// A subscription for each JID, bare or full.
    #[default]
    PerJid,
    /// A single subscription (OF-3307, Openfire before 5.1.1).
    PerOwner,
}

impl Subscriptions {
    /// Both rules.
    pub const ALL: [Subscriptions; 2] = [Subscriptions::PerJid, Subscriptions::PerOwner];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Subscriptions::PerJid => "per-jid",
            Subscriptions::PerOwner => "per-owner",
        }
    }
}

/// The queues whose statistics are shown as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueStatistics {
    /// The statistics of Enterprise for a user who has them, as with Finesse; each other statistic is -1 (the guide, "Queue: get queue").
    #[default]
    Finesse,
    /// Every queue, in both products.
    All,
}

impl QueueStatistics {
    /// Both rules.
    pub const ALL: [QueueStatistics; 2] = [QueueStatistics::Finesse, QueueStatistics::All];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            QueueStatistics::Finesse => "finesse",
            QueueStatistics::All => "all",
        }
    }
}

/// The names that requests may have in their header Host beside those that the server has anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// No names. Only requests that come in by a loopback address are looked at.
    Loopback,
    /// These names. All requests are looked at.
    Named(Vec<Host>),
    /// All there are.
    Any,
}

/// A pubsub node of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// Starts with `/`, but not with `/finesse/api/`.
    pub name: String,
    /// The ids of the users who may publish; empty: those with the role [`Role::Administrator`].
    pub publish: Vec<String>,
    /// How many of the last items are kept, 0 to 1000.
    pub items: usize,
}
