//! The bytes of commands, for a log of them. A node is written by its name, as its key is another one after a restart.

use crate::id::UserId;
use crate::id::places::Key;
use crate::pubsub::command::Command;
use crate::pubsub::nodes::NodeId;
use crate::pubsub::service::Pubsub;
use crate::pubsub::values::{ItemId, Payload, Publisher, Subscriber};
use crate::replica::codec::{Codec, Coded, coded};
use crate::replica::entry::Kept;

coded! {
    Publisher { user, administrator } = |now| Publisher { user: Coded::blank(now), administrator: false };
}

impl Command {
    /// How it is kept: sessions and their subscriptions are not there after a restart.
    pub fn kept(&self) -> Kept {
        match self {
            Self::Publish { .. }
            | Self::Retract { .. }
            | Self::SubscribeAutomatically { .. }
            | Self::Forget { .. } => Kept::AsEntry,
            Self::Subscribe { who, .. } | Self::Unsubscribe { who, .. } | Self::Cancel { who, .. } => {
                if who.session.is_none() { Kept::AsEntry } else { Kept::Not }
            }
            Self::Leave { .. } | Self::Move { .. } => Kept::Not,
            Self::Open(_)
            | Self::Close(_)
            | Self::ForgetItems
            | Self::Dismiss(_)
            | Self::SetUniqueness(_) => Kept::AsState,
        }
    }

    /// A command to read into.
    pub fn blank() -> Self {
        Self::Forget { user: UserId::MIN }
    }

    /// Writes it, or becomes the command that is read; `service` has the names of the nodes.
    pub fn code(&mut self, codec: &mut Codec<'_>, service: &Pubsub) {
        let mut place = codec.place(self.place(), KINDS);
        if codec.is_reading() {
            *self = Self::of_place(place);
        }
        let node = |node: &mut NodeId, codec: &mut Codec<'_>| {
            let mut name =
                if codec.is_reading() { String::new() } else { service.name(*node).as_ref().to_owned() };
            name.code(codec);
            if codec.is_reading() {
                match service.find(&name) {
                    Ok(found) => *node = found,
                    Err(_) => codec.has_gone = true,
                }
            }
        };
        match self {
            Self::Publish { node: at, by, id, payload } => {
                node(at, codec);
                by.code(codec);
                let (is_made, name) = match id {
                    ItemId::Made(name) => (true, name),
                    ItemId::Given(name) => (false, name),
                };
                let (mut made, mut text) = (is_made, std::mem::take(name).into_string());
                made.code(codec);
                text.code(codec);
                *id = if made { ItemId::Made(text.into()) } else { ItemId::Given(text.into()) };
                let mut is_xml = matches!(payload, Payload::Xml(_));
                let (Payload::Text(text) | Payload::Xml(text)) = payload;
                is_xml.code(codec);
                text.code(codec);
                if codec.is_reading() && is_xml {
                    *payload = Payload::Xml(std::mem::take(text));
                }
            }
            Self::Retract { node: at, by, id, notify } => {
                node(at, codec);
                by.code(codec);
                let mut text = std::mem::take(id).into_string();
                text.code(codec);
                *id = text.into();
                notify.code(codec);
            }
            Self::Subscribe { node: at, who }
            | Self::Unsubscribe { node: at, who }
            | Self::Cancel { node: at, who } => {
                node(at, codec);
                who.user.code(codec);
            }
            Self::SubscribeAutomatically { user, nodes } => {
                user.code(codec);
                place = nodes.len();
                place.code(codec);
                if codec.is_reading() {
                    nodes.clear();
                }
                for nth in 0..place {
                    if !codec.is_whole_so_far() {
                        break;
                    }
                    if codec.is_reading() {
                        nodes.push(NOWHERE);
                    }
                    node(&mut nodes[nth], codec);
                }
            }
            Self::Forget { user } => user.code(codec),
            _ => debug_assert!(false, "only what is kept as an entry has bytes"),
        }
    }

    fn place(&self) -> usize {
        match self {
            Self::Publish { .. } => 0,
            Self::Retract { .. } => 1,
            Self::Subscribe { .. } => 2,
            Self::SubscribeAutomatically { .. } => 3,
            Self::Unsubscribe { .. } => 4,
            Self::Cancel { .. } => 5,
            _ => 6,
        }
    }

    /// A command of a kind to read into.
    fn of_place(place: usize) -> Self {
        let (node, who) = (NOWHERE, Subscriber::MIN);
        match place {
            0 => {
                let id = ItemId::Made(Box::default());
                Self::Publish { node, by: None, id, payload: Payload::Text(String::new()) }
            }
            1 => Self::Retract { node, by: None, id: Box::default(), notify: false },
            2 => Self::Subscribe { node, who },
            3 => Self::SubscribeAutomatically { user: UserId::MIN, nodes: Vec::new() },
            4 => Self::Unsubscribe { node, who },
            5 => Self::Cancel { node, who },
            _ => Self::blank(),
        }
    }
}

/// How many kinds of commands have bytes.
const KINDS: usize = 7;

/// The key of no node.
const NOWHERE: NodeId = NodeId::new(Key { place: u32::MAX, generation: 0 }, 0);
