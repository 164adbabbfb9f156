//! The delivery of events: once for every matching subscription, in order for every session.

pub(super) mod back_pressure;
pub(super) mod behind;
pub(super) mod frame;
pub(super) mod outbox;
pub(super) mod queue_memory;
pub(super) mod senders;
mod slow_readers;
pub(super) mod stream_event;

use std::rc::Rc;

use crate::clock::Now;
use crate::hub::action::Action;
use crate::hub::delivery::frame::{Element, Frame, MESSAGE_ID, StreamEntry};
use crate::hub::delivery::queue_memory::Counted;
use crate::hub::delivery::stream_event::StreamEvent;
use crate::hub::faults::late::Out;
use crate::hub::session::{Carrier, Kind, Session, Xmpp};
use crate::hub::session_address::Address;
use crate::hub::state::Hub;
use crate::hub::tokens::token;
use crate::id::{SessionId, UserId};
use crate::pubsub::event::Event;
use crate::pubsub::{Command, Item, NodeId, Subscriber};
use crate::xml::write_attribute;
use crate::xmpp::ns;

impl Hub {
    /// Delivers an item to all subscribers; `by` is the user who caused it, if there is one.
    pub(super) fn announce(&mut self, now: Now, node: NodeId, item: &Rc<Item>, by: Option<UserId>) {
        let event = Event::published(
            self.names.event_head.clone(),
            &self.pubsub.name(node),
            item,
            self.pubsub.notification(),
        );
        self.report.counters.events += 1;
        self.record_event(now, node, item, by);
        self.deliver(now, self.receivers_of(self.pubsub.subscribers(node)), event, by);
    }

    /// Tells subscribers that an item was retracted.
    pub(super) fn announce_retraction(&mut self, now: Now, node: NodeId, id: &str, by: Option<UserId>) {
        let event = Event::retracted(self.names.event_head.clone(), &self.pubsub.name(node), id);
        self.record_other_event(now, node, "retracted", id);
        self.deliver(now, self.receivers_of(self.pubsub.subscribers(node)), event, by);
    }

    /// Tells the subscribers of a removed node, and ends their subscriptions. Event streams cannot carry a deletion, so they
    /// end; reopening one answers 404.
    pub(super) fn delete_node(&mut self, now: Now, node: NodeId) {
        let event = Event::deleted(self.names.event_head.clone(), &self.pubsub.name(node));
        self.record_other_event(now, node, "deleted", "");
        let receivers = self.receivers_of(self.pubsub.subscribers(node));
        self.apply_by_system(now, Command::Dismiss(node));
        for (id, _) in &receivers {
            if self.sessions.get(*id).is_some_and(Session::is_event_stream) {
                self.end(now, *id, None, "its node was taken away");
            }
        }
        self.deliver(now, receivers, event, None);
    }

    /// Tells a subscriber that its subscription was ended by somebody else. An event stream cannot carry that, so it ends.
    pub(super) fn announce_cancelling(&mut self, now: Now, node: NodeId, who: Subscriber) {
        if let Some(id) =
            who.session.filter(|id| self.sessions.get(*id).is_some_and(Session::is_event_stream))
        {
            return self.end(now, id, None, "its subscription was ended by an administrator");
        }
        let Some(jid) = self.jid_of(who) else { return };
        let event = Event::unsubscribed(self.names.event_head.clone(), &self.pubsub.name(node), &jid);
        self.record_other_event(now, node, "unsubscribed", &jid);
        self.deliver(now, self.receivers_of([who].into_iter()), event, None);
    }

    /// The sessions of subscribers, and whether each is subscribed by its full JID. Collected before something is sent: that
    /// can end a session, and with it its subscriptions.
    pub(super) fn receivers_of(
        &self,
        subscribers: impl Iterator<Item = Subscriber>,
    ) -> Vec<(SessionId, bool)> {
        let mut receivers = Vec::new();
        for Subscriber { user, session } in subscribers {
            match session {
                Some(session) => receivers.push((session, true)),
                None => {
                    let all = self.roster.bound(user).iter().copied().chain(self.waiting.of(user));
                    receivers.extend(all.map(|session| (session, false)));
                }
            }
        }
        receivers
    }

    pub(super) fn deliver(
        &mut self,
        now: Now,
        receivers: Vec<(SessionId, bool)>,
        event: Event,
        by: Option<UserId>,
    ) {
        let bytes = event.len(0, 0);
        let sender = by.map(|user| self.senders.owed(user));
        let event = Counted::new(event, bytes, &self.queue_memory, sender.as_ref());
        // Made when the first stream gets it, and shared by all.
        let mut stream_event = None;
        for (id, full) in receivers {
            match self.sessions.get(id).map(|session| &session.kind) {
                Some(Kind::Events(_)) => {
                    // Such a stream has no way to say that something is gone.
                    let Some(item) = &event.item else { continue };
                    let stream_event = stream_event.get_or_insert_with(|| {
                        let stream_event = StreamEvent::item(event.node.clone(), item.clone());
                        stream_event.counted(&self.queue_memory, sender.as_ref())
                    });
                    self.report.counters.deliveries += 1;
                    let entry = StreamEntry::Event(stream_event.clone());
                    if self.faults.set.is_empty() {
                        self.push_event(now, id, entry);
                    } else {
                        self.deliver_with_faults(now, id, &event, Out::Entry(entry));
                    }
                }
                Some(Kind::Xmpp(xmpp)) if xmpp.is_available() => {
                    let message_id = self.message_id();
                    self.report.counters.deliveries += 1;
                    let element = Element::Event { event: event.clone(), full, id: message_id };
                    if self.faults.set.is_empty() {
                        self.push(now, id, element);
                    } else {
                        self.deliver_with_faults(now, id, &event, Out::Element(element));
                    }
                }
                Some(Kind::Waiting(waiting)) if waiting.is_available() => {
                    let message_id = self.message_id();
                    self.report.counters.deliveries += 1;
                    self.keep_for(now, id, Element::Event { event: event.clone(), full, id: message_id });
                }
                _ => {}
            }
        }
    }

    /// Eight random characters, as Openfire makes them since 4.2.
    pub(super) fn message_id(&mut self) -> [u8; MESSAGE_ID] {
        const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        // 62 to the eighth fits into 48 bits: one number has all the characters.
        let mut number = self.ids.u64(..62_u64.pow(8));
        std::array::from_fn(|_| {
            let character = ALPHABET[(number % 62) as usize];
            number /= 62;
            character
        })
    }

    /// Wakes the task of a session: something waits for it, or it may be read from again.
    pub(super) fn wake(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        match &mut session.kind {
            Kind::Xmpp(Xmpp { carrier: Carrier::Bosh(bosh), .. }) => self.bindings.mark_pending(id, bosh),
            Kind::Xmpp(_) | Kind::Events(_) => self.report.act(Action::Wake(id)),
            Kind::Waiting(_) => {}
        }
    }

    /// Queues an element for a stream of XMPP that has not ended.
    pub(super) fn push(&mut self, now: Now, id: SessionId, element: Element) {
        let Some(session) = self.sessions.get_mut(id).filter(|session| !session.is_closed()) else { return };
        let was_empty = session.fill().is_empty();
        let Some(xmpp) = session.xmpp_mut() else {
            return debug_assert!(false, "{id} is a stream of events");
        };
        xmpp.push(element);
        self.queued(now, id, was_empty);
    }

    /// Queues an entry for a stream of server-sent events that has not ended.
    pub(super) fn push_event(&mut self, now: Now, id: SessionId, entry: StreamEntry) {
        let Some(session) = self.sessions.get_mut(id).filter(|session| !session.is_closed()) else { return };
        let Kind::Events(events) = &mut session.kind else {
            return debug_assert!(false, "{id} is a stream of XMPP");
        };
        let was_empty = events.outbox.is_empty();
        events.outbox.push(entry);
        self.queued(now, id, was_empty);
    }

    /// Queues a ping: for a WebSocket its own, over TCP a request (XEP-0199 §4.1).
    pub(super) fn ping(&mut self, now: Now, id: SessionId) {
        let Some(xmpp) = self.sessions.xmpp_mut(id) else { return };
        if xmpp.stream.is_tcp() {
            let mut ping = "<iq type='get'".to_owned();
            write_attribute(&mut ping, "id", &token(self.random));
            write_attribute(&mut ping, "from", self.names.domain.name());
            write_attribute(&mut ping, "to", xmpp.address.as_deref().map_or("", Address::full));
            write_attribute(&mut ping, "xmlns", ns::CLIENT);
            ping.push_str("><ping xmlns='urn:xmpp:ping'/></iq>");
            return self.send(now, id, ping);
        }
        let Carrier::Connection(outbox) = &mut xmpp.carrier else {
            return debug_assert!(false, "{id} is no WebSocket");
        };
        let was_empty = outbox.is_empty();
        outbox.push(Frame::Ping);
        self.queued(now, id, was_empty);
    }

    /// Wakes a session whose queue was empty. A session that is owed more than may be and has not taken for long what its socket
    /// was offered is closed instead; what waited for it is dropped and counted.
    fn queued(&mut self, now: Now, id: SessionId, was_empty: bool) {
        let is_over = self.sessions.get(id).is_some_and(|session| session.fill().is_over(&self.limits));
        if is_over && self.is_behind(now, id) {
            self.too_slow(now, id);
        } else if was_empty {
            self.wake(id);
        }
        self.shed_slowest(now);
    }

    pub(super) fn send(&mut self, now: Now, id: SessionId, text: String) {
        self.push(now, id, Element::Text(text.into()));
    }

    /// Sends a stanza of the user `by` to sessions.
    pub(super) fn send_for(&mut self, now: Now, by: UserId, receivers: &[SessionId], text: String) {
        let bytes = text.len();
        let stanza =
            Counted::<Box<str>>::new(text.into(), bytes, &self.queue_memory, Some(&self.senders.owed(by)));
        for id in receivers {
            let is_kept_waiting = self.is_kept_waiting(*id);
            let stanza = match is_kept_waiting {
                false => stanza.clone(),
                true => Counted::<Box<str>>::new((**stanza).clone(), bytes, &self.queue_memory, None),
            };
            self.push(now, *id, Element::Stanza(stanza));
        }
    }
}
