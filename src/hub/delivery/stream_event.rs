//! An event on streams of server-sent events, made once for all of them.

use std::rc::Rc;

use crate::hub::delivery::queue_memory::{Counted, QueueMemory};
use crate::pubsub::Item;
use crate::record::Text;

/// The event.
#[derive(Clone, Debug)]
pub struct StreamEvent {
    content: Content,
    len: usize,
}

#[derive(Clone, Debug)]
enum Content {
    /// An item of a node.
    Item { node: Rc<str>, item: Rc<Item> },
    /// Something else, by its name, and with a number if it has one.
    Other { name: &'static str, id: Option<Box<str>>, data: String },
}

impl StreamEvent {
    /// An item of a node.
    pub fn item(node: Rc<str>, item: Rc<Item>) -> Self {
        Self::new(Content::Item { node, item })
    }

    /// Something else.
    pub fn other(name: &'static str, data: String) -> Self {
        Self::new(Content::Other { name, id: None, data })
    }

    /// Something else with a number.
    pub fn numbered(name: &'static str, number: u64, data: String) -> Self {
        Self::new(Content::Other { name, id: Some(number.to_string().into()), data })
    }

    fn new(content: Content) -> Self {
        let mut event = Self { content, len: 0 };
        let (name, id, data) = event.fields();
        event.len = name.len() + id.map_or(0, str::len) + data.len();
        event
    }

    /// Ready to be put into queues.
    pub fn counted(self, queue_memory: &QueueMemory, sender: Option<&QueueMemory>) -> Rc<Counted<Self>> {
        let bytes = self.len;
        Counted::new(self, bytes, queue_memory, sender)
    }

    /// The bytes of its name, id and data.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The event as the record has it.
    pub fn recorded(&self) -> Text {
        match &self.content {
            Content::Item { node, item } => Text::Item { node: node.clone(), item: item.clone() },
            Content::Other { data, .. } => Text::own(data),
        }
    }

    /// Name, id if there is one, and data.
    pub fn fields(&self) -> (&str, Option<&str>, &str) {
        match &self.content {
            Content::Item { node, item } => (node, Some(&item.id), item.payload.text()),
            Content::Other { name, id, data } => (name, id.as_deref(), data),
        }
    }
}
