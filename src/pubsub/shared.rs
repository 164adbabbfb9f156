//! The part of the service that all servers with one truth share, and that is there again after a loss of power: kept items,
//! subscriptions of bare JIDs, and the count of item ids. Nodes are those of the configuration; sessions are each server's own.

use std::rc::Rc;

use crate::id::UserId;
use crate::pubsub::service::Pubsub;
use crate::pubsub::subscriptions::Since;
use crate::pubsub::values::{Item, Payload, Subscriber};
use crate::replica::codec::{coded, coded_places};

/// The shared part, as a value that knows neither keys of nodes nor of users.
#[derive(Debug, Default)]
pub struct Shared {
    /// The beginning of every item id that is made.
    prefix: String,
    /// The number of the last event.
    newest: u64,
    /// In the order of the names of their nodes.
    kept: Vec<Kept>,
    /// In the order of users.
    subscribed: Vec<Subscribed>,
}

/// The items of a node, the oldest first.
#[derive(Debug, Default)]
struct Kept {
    node: String,
    items: Vec<Published>,
}

#[derive(Debug, Default)]
struct Published {
    id: String,
    kind: Kind,
    payload: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    #[default]
    Text,
    Xml,
}

/// The subscriptions of a bare JID, in the order in which they were made.
#[derive(Debug, Default)]
struct Subscribed {
    /// The place of the user among all.
    user: u32,
    nodes: Vec<Subscription>,
}

#[derive(Debug, Default)]
struct Subscription {
    /// How many bytes at the start of the name are those of the one before.
    same: u32,
    rest: String,
    /// In seconds since 1970.
    since: u32,
}

coded! {
    Shared { prefix, newest, kept, subscribed };
    Kept { node, items };
    Published { id, kind, payload };
    Subscribed { user, nodes };
    Subscription { same, rest, since };
}

coded_places! {
    Kind: Text Xml;
}

impl Shared {
    /// How many items and how many subscriptions there are.
    pub fn counts(&self) -> (usize, usize) {
        let items = self.kept.iter().map(|kept| kept.items.len()).sum();
        (items, self.subscribed.iter().map(|one| one.nodes.len()).sum())
    }
}

impl Pubsub {
    /// The shared part. `users` are all users, in the order of the keys.
    pub fn shared(&self, users: &[UserId]) -> Shared {
        let mut kept: Vec<Kept> = self
            .keeping()
            .map(|node| Kept {
                node: self.name(node).as_ref().to_owned(),
                items: self.items(node).map(|item| Published::from(&**item)).collect(),
            })
            .filter(|kept| !kept.items.is_empty())
            .collect();
        kept.sort_unstable_by(|one, other| one.node.cmp(&other.node));
        let mut subscribed = Vec::new();
        for (place, user) in (0..).zip(users) {
            let mut before: Rc<str> = "".into();
            let own = self.list(None, Some(*user)).filter(|one| one.who.session.is_none());
            let nodes: Vec<Subscription> = own
                .map(|one| {
                    let name = self.name(one.node);
                    let alike = name.char_indices().zip(before.chars()).take_while(|((_, a), b)| a == b);
                    let same = alike.last().map_or(0, |((at, last), _)| at + last.len_utf8());
                    let rest = name[same..].to_owned();
                    before = name;
                    Subscription { same: same as u32, rest, since: Since::of(one.since).0 }
                })
                .collect();
            if !nodes.is_empty() {
                subscribed.push(Subscribed { user: place, nodes });
            }
        }
        let (prefix, newest) = self.count();
        Shared { prefix: prefix.to_owned(), newest, kept, subscribed }
    }

    /// Takes the shared part of another service, in the place of the own one. `users` are the keys of its users here; those who are
    /// not here are left out, and so is what is of nodes that are not here. Of events until now nothing is known: a client that comes
    /// back for one is told so.
    pub fn take_shared(&mut self, shared: Shared, users: &[Option<UserId>]) {
        self.forget_items();
        for Kept { node, items } in shared.kept {
            let Ok(node) = self.find(&node) else { continue };
            let from = items.len().saturating_sub(self.keeps(node));
            let items = items.into_iter().skip(from).map(|item| Rc::new(Item::from(item)));
            self.keep(node, items.collect());
        }
        let former: Vec<UserId> = {
            let bare = self.list(None, None).filter(|one| one.who.session.is_none());
            bare.map(|one| one.who.user).collect()
        };
        former.into_iter().for_each(|user| self.end_all(Subscriber { user, session: None }));
        for Subscribed { user, nodes } in shared.subscribed {
            let user = users.get(user as usize).copied().flatten();
            let mut name = String::new();
            for Subscription { same, rest, since } in nodes {
                let same = name.get(..same as usize).unwrap_or_default().len();
                name.truncate(same);
                name.push_str(&rest);
                if let Some((user, node)) = user.zip(self.find(&name).ok()) {
                    self.subscribe_automatically(Since(since).time(), user, vec![node]);
                }
            }
        }
        self.go_on_from(shared.prefix, shared.newest);
    }
}

impl From<&Item> for Published {
    fn from(item: &Item) -> Self {
        let kind = match item.payload {
            Payload::Text(_) => Kind::Text,
            Payload::Xml(_) => Kind::Xml,
        };
        Self { id: item.id.as_ref().to_owned(), kind, payload: item.payload.text().to_owned() }
    }
}

impl From<Published> for Item {
    fn from(Published { id, kind, payload }: Published) -> Self {
        let payload = match kind {
            Kind::Text => Payload::Text(payload),
            Kind::Xml => Payload::Xml(payload),
        };
        Self { id: id.into(), payload }
    }
}
