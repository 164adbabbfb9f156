//! What a session is for: the steps of a probe, events that are watched, or an item that is published.

use std::time::Duration;

use roxmltree::Node;

use crate::xml;
use crate::xmpp::ns;
use crate::xmpp::stanza;

/// What is done once a session is there.
#[derive(Clone, Debug, Default)]
pub enum Errand {
    /// The steps of a probe to their end.
    #[default]
    Probe,
    /// Events are taken until so many have come, or a time since the first step is over. A node whose name ends in a star stands
    /// for all that begin so and that the server lists.
    Watch { count: Option<u64>, until: Option<Duration> },
    /// The payload of an item, an element in XML, is published to the first node.
    Publish(String),
}

/// How an errand ended as it was to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// As many events as were wanted have come.
    Counted,
    /// The time was over.
    Late,
    /// The user has stopped it.
    Stopped,
    /// The server has taken the item.
    Published,
}

/// A change of a node (XEP-0060 §7.1.2.1 and what stands beside it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub node: String,
    /// `item`, `retract`, or what has become of the node.
    pub kind: &'static str,
    pub item: Option<String>,
    /// The text of an item whose payload has no elements, as Finesse's have it, or the payload in XML.
    pub payload: Option<String>,
}

/// What there is to tell of an errand.
#[derive(Debug, Default)]
pub struct Progress {
    /// Events that nobody has taken yet: those of one frame.
    pub(super) events: Vec<Event>,
    /// How many have come.
    pub seen: u64,
    /// Nodes that cannot be watched or published to, and why.
    pub refused: Vec<(String, String)>,
    /// How many nodes are watched, once that is known.
    pub watched: Option<usize>,
    /// How many nodes of a list were left out.
    pub left_out: usize,
    /// The id of the item that was published, where the server tells it.
    pub item: Option<String>,
    /// How it ended, unless the connection did.
    pub over: Option<Over>,
    /// Nodes whose subscription stands under another JID of the user: a server may allow one for all.
    pub(super) of_others: Vec<String>,
    /// The node whose subscription has no answer yet.
    pub(super) asked: String,
    /// A ping has no answer yet.
    pub(super) pinged: bool,
}

/// The kinds of events that are about a node as a whole.
const OF_NODE: [&str; 5] = ["collection", "configuration", "delete", "purge", "subscription"];

/// How long a payload may come out, as each of its elements may have to declare its namespace.
const PAYLOAD_MAX: usize = 4 << 20;

/// Appends the events in a message.
pub(super) fn events(message: Node<'_, '_>, out: &mut Vec<Event>) {
    let of_event = message.children().filter(|child| stanza::is(*child, "event", ns::PUBSUB_EVENT));
    for change in of_event.flat_map(|event| event.children()).filter(Node::is_element) {
        let node = change.attribute("node").unwrap_or_default().to_owned();
        if change.tag_name().name() == "items" {
            let changes = change.children().filter(Node::is_element);
            out.extend(changes.filter_map(|change| of_item(change, &node)));
        } else if let Some(kind) = OF_NODE.into_iter().find(|kind| *kind == change.tag_name().name()) {
            out.push(Event { node, kind, item: None, payload: None });
        }
    }
}

fn of_item(change: Node<'_, '_>, node: &str) -> Option<Event> {
    let item = change.attribute("id").map(str::to_owned);
    let kind = ["item", "retract"].into_iter().find(|kind| *kind == change.tag_name().name())?;
    let payload = change.first_element_child().map(|payload| {
        if !payload.children().any(|child| child.is_element()) && !xml::text_content(payload).is_empty() {
            return xml::text_content(payload);
        }
        let mut out = String::new();
        // What is too long ends where it was cut.
        let _ = xml::write_node(&mut out, payload, None, PAYLOAD_MAX);
        out
    });
    Some(Event { node: node.to_owned(), kind, item, payload })
}

/// The condition of an error, and its text if there is one.
pub(super) fn refusal(iq: Node<'_, '_>) -> String {
    let of = |iq: Node<'_, '_>, name: Option<&str>| {
        let mut found = iq.descendants().filter(|node| node.tag_name().namespace() == Some(ns::STANZAS));
        found
            .find(|node| name.map_or(node.tag_name().name() != "text", |name| node.tag_name().name() == name))
            .map(|node| match name {
                None => node.tag_name().name().to_owned(),
                Some(_) => xml::text_content(node),
            })
    };
    match (of(iq, None), of(iq, Some("text"))) {
        (Some(condition), Some(text)) => format!("{condition}: {text}"),
        (condition, text) => condition.or(text).unwrap_or_else(|| "error".to_owned()),
    }
}
