//! Events as they go over the wire.

use std::rc::Rc;

use crate::pubsub::Item;
use crate::pubsub::event::Event;

/// What every event of the service has in common on the wire.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The beginning of the message.
    pub head: Rc<str>,
    /// The namespace of the element around a payload.
    pub notification: &'static str,
}

impl Wire {
    /// The event of an item, as a session of XMPP gets it.
    pub fn message(&self, node: &Rc<str>, item: &Rc<Item>, to: &str, id: &[u8]) -> String {
        let event = Event::published(self.head.clone(), node, item, self.notification);
        let id = std::str::from_utf8(id).unwrap_or_default();
        [&*event.head, to, Event::ID, id, &event.tail].concat()
    }
}
