//! The delivery of events: once for every matching subscription, in order for every session.

pub(super) mod back_pressure;
pub(super) mod outbox;
pub(super) mod queue_memory;

use std::rc::Rc;

use crate::hub::delivery::outbox::{Frame, MESSAGE_ID};
use crate::hub::delivery::queue_memory::Counted;
use crate::hub::event_stream::Told;
use crate::hub::{Hub, Now};
use crate::id::{SessionId, UserId};
use crate::pubsub::event::Event;
use crate::pubsub::{Command, Item, NodeId, Subscriber};

impl Hub {
    /// Delivers an item to all subscribers; `by` is the user who caused it, if there is one.
    pub(super) fn announce(&mut self, now: Now, node: NodeId, item: &Rc<Item>, by: Option<UserId>) {
        let event = Event::published(
            self.names.event_head.clone(),
            &self.pubsub.name(node),
            item,
            self.pubsub.notification(),
        );
        self.counters.events += 1;
        self.deliver(now, self.receivers_of(self.pubsub.subscribers(node)), event, by);
    }

    /// Tells subscribers that an item was retracted.
    pub(super) fn announce_retraction(&mut self, now: Now, node: NodeId, id: &str, by: Option<UserId>) {
        let event = Event::retracted(self.names.event_head.clone(), &self.pubsub.name(node), id);
        self.deliver(now, self.receivers_of(self.pubsub.subscribers(node)), event, by);
    }

    /// Tells the subscribers of a removed node, and ends their subscriptions. Event streams cannot carry a deletion, so they
    /// end; reopening one answers 404.
    pub(super) fn take_away(&mut self, now: Now, node: NodeId) {
        let event = Event::deleted(self.names.event_head.clone(), &self.pubsub.name(node));
        let receivers = self.receivers_of(self.pubsub.subscribers(node));
        self.apply_by_system(now, Command::Dismiss(node));
        for (id, _) in &receivers {
            if self.sessions.get(*id).is_some_and(|session| session.feed.is_some()) {
                self.end(now, *id, None, "its node was taken away");
            }
        }
        self.deliver(now, receivers, event, None);
    }

    /// The sessions of subscribers, and whether each is subscribed by its full JID. Collected before something is sent: that
    /// can end a session, and with it its subscriptions.
    fn receivers_of(&self, subscribers: impl Iterator<Item = Subscriber>) -> Vec<(SessionId, bool)> {
        let mut receivers = Vec::new();
        for Subscriber { user, session } in subscribers {
            match session {
                Some(session) => receivers.push((session, true)),
                None => {
                    receivers.extend(self.online[user.0 as usize].iter().map(|session| (*session, false)))
                }
            }
        }
        receivers
    }

    fn deliver(&mut self, now: Now, receivers: Vec<(SessionId, bool)>, event: Event, by: Option<UserId>) {
        let bytes = event.len(0, 0);
        let sender = by.map(|user| self.senders.owed(user));
        let event = Counted::new(event, bytes, &self.backlog, sender.as_ref());
        // Made when the first stream gets it, and shared by all.
        let mut told = None;
        for (id, full) in receivers {
            if self.sessions.get(id).is_some_and(|session| session.feed.is_some()) {
                // Such a stream has no way to say that something is gone.
                if let Some(item) = &event.item {
                    let told = told.get_or_insert_with(|| {
                        let told = Told::item(event.node.clone(), item.clone());
                        told.counted(&self.backlog, sender.as_ref())
                    });
                    self.counters.deliveries += 1;
                    self.push(now, id, Frame::Told(told.clone()));
                }
            } else if self.sessions.get(id).is_some_and(|session| session.is_available()) {
                let message_id = self.message_id();
                self.counters.deliveries += 1;
                self.push(now, id, Frame::Event { event: event.clone(), full, id: message_id });
            }
        }
    }

    /// Eight random characters, as Openfire makes them since 4.2.
    fn message_id(&mut self) -> [u8; MESSAGE_ID] {
        const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        // 62 to the eighth fits into 48 bits: one number has all the characters.
        let mut number = self.ids.u64(..62_u64.pow(8));
        std::array::from_fn(|_| {
            let character = ALPHABET[(number % 62) as usize];
            number /= 62;
            character
        })
    }
}
