//! Faults of the delivery of events.

use std::rc::Rc;

use crate::clock::Now;
use crate::fault::{Hit, Kind, Point, Subject};
use crate::hub::delivery::frame::{Element, StreamEntry};
use crate::hub::delivery::queue_memory::Counted;
use crate::hub::delivery::stream_event::StreamEvent;
use crate::hub::faults::late::{Due, Lane, Order, Out};
use crate::hub::state::Hub;
use crate::id::SessionId;
use crate::pubsub::event::Event;
use crate::pubsub::{Item, Payload};
use crate::text;

impl Hub {
    /// Sends an event to a session as the faults have it that are set.
    pub(in crate::hub) fn deliver_with_faults(
        &mut self,
        now: Now,
        id: SessionId,
        event: &Rc<Counted<Event>>,
        out: Out,
    ) {
        let of_node = Subject { node: Some(&event.node), ..Subject::default() };
        let item = event.item.as_ref().map(|item| &*item.id);
        let hit = self.fault_with(now, id, Point::Delivery, of_node, item, |_| true);
        let out = if self.is_kept_waiting(id) { self.unsent(out) } else { out };
        let Some(hit) = hit else {
            self.put(now, id, out);
            return self.put_behind(now, id);
        };
        match hit.kind {
            Kind::EventDelay(delay) => {
                let out = self.unsent(out);
                self.send_late(now, id, &hit, delay, out, Order::InLane(Lane::Events));
            }
            Kind::EventDrop => self.report.counters.dropped += 1,
            Kind::EventTwice => {
                let again = self.again(&out);
                self.put(now, id, out);
                self.put(now, id, again);
            }
            Kind::EventOrder(time) => self.put_later(now, id, &hit, time, out),
            Kind::PayloadBroken => {
                let broken = self.broken(event, &out);
                self.put(now, id, broken.unwrap_or(out));
            }
            _ => self.put(now, id, out),
        }
    }

    /// Sends an event, behind those that are late for its session: a fault that delays some changes no order.
    fn put(&mut self, now: Now, id: SessionId, out: Out) {
        let Some((due, fault)) = self.faults.late.last_in(id, Lane::Events) else {
            return self.put_now(now, id, out);
        };
        let out = self.unsent(out);
        if let Some(Due::Send(out)) = self.keep_late(due, id, &fault, out, Order::InLane(Lane::Events)) {
            self.put_now(now, id, out);
        }
    }

    fn put_now(&mut self, now: Now, id: SessionId, out: Out) {
        match out {
            Out::Element(element) => self.push(now, id, element),
            Out::Entry(entry) => self.push_event(now, id, entry),
        }
    }

    /// An event goes behind the next one. If one waits already, it goes behind this one.
    fn put_later(&mut self, now: Now, id: SessionId, hit: &Hit, time: std::time::Duration, out: Out) {
        if let Some(Due::Send(before)) = self.faults.late.next_behind(id) {
            self.put(now, id, out);
            return self.put(now, id, before);
        }
        let (out, fault) = (self.unsent(out), Rc::from(&*hit.name));
        if let Some(Due::Send(out)) = self.keep_late(now.monotonic + time, id, &fault, out, Order::BehindNext)
        {
            self.put(now, id, out);
        }
    }

    /// What waits for the next event of a session goes behind it.
    fn put_behind(&mut self, now: Now, id: SessionId) {
        if let Some(Due::Send(out)) = self.faults.late.next_behind(id) {
            self.put(now, id, out);
        }
    }

    /// A second copy of an event, with a message id of its own, as another subscription would bring it.
    fn again(&mut self, out: &Out) -> Out {
        match out {
            Out::Element(Element::Event { event, full, .. }) => {
                Out::Element(Element::Event { event: event.clone(), full: *full, id: self.message_id() })
            }
            Out::Entry(StreamEntry::Event(event)) => Out::Entry(StreamEntry::Event(event.clone())),
            _ => Out::Entry(StreamEntry::Comment),
        }
    }

    /// A copy that does not count for its sender, so that the sender does not wait for it: a fault touches nobody but its target.
    fn unsent(&self, out: Out) -> Out {
        match out {
            Out::Element(Element::Event { event, full, id }) => {
                let bytes = event.len(0, 0);
                let event = Counted::new(Event::clone(&event), bytes, &self.queue_memory, None);
                Out::Element(Element::Event { event, full, id })
            }
            Out::Entry(StreamEntry::Event(event)) => {
                Out::Entry(StreamEntry::Event(StreamEvent::clone(&event).counted(&self.queue_memory, None)))
            }
            other => other,
        }
    }

    /// The event with a payload that is cut off, if it has a payload.
    fn broken(&self, event: &Event, out: &Out) -> Option<Out> {
        let item = event.item.as_ref()?;
        let whole = item.payload.text();
        let payload = Payload::Text(text::start(whole, whole.len() / 2).to_owned());
        let item = Rc::new(Item { id: item.id.clone(), payload });
        Some(match out {
            Out::Element(Element::Event { full, id, .. }) => {
                let notification = self.pubsub.notification();
                let event = Event::published(self.names.event_head.clone(), &event.node, &item, notification);
                let bytes = event.len(0, 0);
                let event = Counted::new(event, bytes, &self.queue_memory, None);
                Out::Element(Element::Event { event, full: *full, id: *id })
            }
            _ => {
                let event = StreamEvent::item(event.node.clone(), item).counted(&self.queue_memory, None);
                Out::Entry(StreamEntry::Event(event))
            }
        })
    }
}
