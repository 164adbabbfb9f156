//! Events as they travel (XEP-0060 §7.1.2.1): what all receivers share is written once.

use std::rc::Rc;

use crate::pubsub::values::{Item, Payload};
use crate::xml::{escape_text_into, write_attribute};
use crate::xmpp::ns;

/// An event, ready for every receiver: only `to` and `id` are theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `<message from="…" to="`.
    pub head: Rc<str>,
    /// `" xmlns="jabber:client"><event …>…</message>`, after the id.
    pub tail: String,
    /// Where it happened.
    pub node: Rc<str>,
    /// The item that was published; `None` if an item was retracted, the node taken away, or a subscription ended.
    pub item: Option<Rc<Item>>,
}

/// The part of every event of a service that never changes.
pub fn head(service: &str) -> Rc<str> {
    let mut head = String::from("<message");
    write_attribute(&mut head, "from", service);
    head.push_str(" to=\"");
    head.into()
}

impl Event {
    /// The event of a published item.
    pub fn published(head: Rc<str>, node: &Rc<str>, item: &Rc<Item>, notification: &str) -> Self {
        Self::of(head, node, Some(item.clone()), |tail| {
            write_items(tail, node, |tail| write_item(tail, item, notification));
        })
    }

    /// The event of a retracted item (XEP-0060 §7.2.2.1).
    pub fn retracted(head: Rc<str>, node: &Rc<str>, id: &str) -> Self {
        Self::of(head, node, None, |tail| {
            write_items(tail, node, |tail| {
                tail.push_str("<retract");
                write_attribute(tail, "id", id);
                tail.push_str("/>");
            });
        })
    }

    /// The event of a node that is taken away (XEP-0060 §8.4.1).
    pub fn deleted(head: Rc<str>, node: &Rc<str>) -> Self {
        Self::of(head, node, None, |tail| {
            tail.push_str("<delete");
            write_attribute(tail, "node", node);
            tail.push_str("/>");
        })
    }

    /// The event of a subscription that was ended by somebody else (XEP-0060 §12.14).
    pub fn unsubscribed(head: Rc<str>, node: &Rc<str>, jid: &str) -> Self {
        Self::of(head, node, None, |tail| {
            tail.push_str("<subscription");
            write_attribute(tail, "node", node);
            write_attribute(tail, "jid", jid);
            write_attribute(tail, "subscription", "none");
            tail.push_str("/>");
        })
    }

    fn of(head: Rc<str>, node: &Rc<str>, item: Option<Rc<Item>>, content: impl FnOnce(&mut String)) -> Self {
        let mut tail = String::with_capacity(1024);
        tail.push('"');
        write_attribute(&mut tail, "xmlns", ns::CLIENT);
        tail.push_str("><event");
        write_attribute(&mut tail, "xmlns", ns::PUBSUB_EVENT);
        tail.push('>');
        content(&mut tail);
        tail.push_str("</event></message>");
        tail.shrink_to_fit();
        Self { head, tail, node: node.clone(), item }
    }

    /// The text between the receiver's address and the message id.
    pub const ID: &'static str = "\" id=\"";

    /// The length of the whole message in bytes, for an address and an id of these lengths.
    pub fn len(&self, to: usize, id: usize) -> usize {
        self.head.len() + to + Self::ID.len() + id + self.tail.len()
    }
}

fn write_items(out: &mut String, node: &str, content: impl FnOnce(&mut String)) {
    out.push_str("<items");
    write_attribute(out, "node", node);
    out.push('>');
    content(out);
    out.push_str("</items>");
}

/// Appends `<item id="…">…</item>`. Nothing but the payload has text: clients take the text of the whole message for
/// the payload (captures of Finesse 12.5 and 11.6). `notification` is the namespace of the element around a text.
pub fn write_item(out: &mut String, item: &Item, notification: &str) {
    out.push_str("<item");
    write_attribute(out, "id", &item.id);
    out.push('>');
    match &item.payload {
        Payload::Text(text) => {
            out.push_str("<notification");
            write_attribute(out, "xmlns", notification);
            out.push('>');
            escape_text_into(out, text);
            out.push_str("</notification>");
        }
        Payload::Xml(xml) => out.push_str(xml),
    }
    out.push_str("</item>");
}
