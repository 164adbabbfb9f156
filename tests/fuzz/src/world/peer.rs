//! A client as the model has it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use callboard::hub::Hub;
use callboard::id::SessionId;
use callboard::xml::text_content;
use callboard::xmpp::{ns, stream::StreamError};
use roxmltree::{Document, Node};

use crate::Stage;
use crate::wire::{Heard, child, element};

/// An event that has to come.
#[derive(Clone, Debug)]
pub struct Expected {
    pub node: String,
    pub what: What,
}

/// What happened on a node.
#[derive(Clone, Debug)]
pub enum What {
    Published {
        item: String,
        payload: String,
    },
    /// An item was taken back.
    Retracted {
        item: String,
    },
    /// The node itself is gone.
    Deleted,
}

/// A client.
#[derive(Debug, Default)]
pub struct Peer {
    pub id: Option<SessionId>,
    /// Full JID, once a resource is bound.
    pub full: Option<String>,
    available: bool,
    /// The nodes of its subscriptions by the full JID.
    pub nodes: BTreeSet<String>,
    /// The events that have still to come, each with the address on it.
    expected: VecDeque<(String, Expected)>,
    /// The hub lets nothing more come to it, but for what waits.
    pub ended: bool,
    /// Whether it was closed for not reading, and so is owed nothing any more.
    dropped: bool,
}

impl Peer {
    pub fn bare(&self) -> Option<&str> {
        self.full.as_deref().and_then(|full| full.split('/').next())
    }

    /// Compares the events with what has to come. Pings are answered.
    pub fn check(&mut self, stage: &mut Stage, heard: &Heard) {
        if let Some(id) = self.id
            && heard.pings > 0
        {
            stage.hub.alive(stage.now, id);
        }
        for frame in &heard.frames {
            let document = element(frame);
            let root = document.root_element();
            if root.tag_name().name() == "message" && root.attribute("from") == Some("pubsub.localhost") {
                self.event(root, frame);
            }
            self.dropped |= child(root, StreamError::SLOW_READER.condition).is_some();
        }
        let complete = self.dropped || heard.more || self.expected.is_empty();
        assert!(complete, "{:?} does not get {:?}", self.full, self.expected.front());
    }

    fn event(&mut self, message: Node<'_, '_>, frame: &str) {
        let (to, expected) =
            self.expected.pop_front().unwrap_or_else(|| panic!("{:?} gets {frame}", self.full));
        assert_eq!(message.attribute("to"), Some(&*to), "{frame}");
        let event = child(message, "event").and_then(|event| event.first_element_child()).expect("an event");
        assert_eq!(event.attribute("node"), Some(&*expected.node), "{frame}");
        let (element, item) = match &expected.what {
            What::Published { item, .. } => ("item", item),
            What::Retracted { item } => ("retract", item),
            What::Deleted => return assert_eq!(event.tag_name().name(), "delete", "{frame}"),
        };
        assert_eq!(event.tag_name().name(), "items", "{frame}");
        let told = event.first_element_child().expect("an item");
        assert_eq!((told.tag_name().name(), told.attribute("id")), (element, Some(&**item)), "{frame}");
        if let What::Published { payload, .. } = &expected.what {
            let is_text = child(told, "notification").is_some_and(|child| text_content(child) == *payload);
            assert!(is_text || frame.contains(payload), "{payload:?} came as {frame}");
        }
    }

    /// What the hub has ended is not waited for.
    pub fn look(&mut self, hub: &Hub) {
        self.ended |= self.full.is_some() && self.id.is_some_and(|id| !hub.is_logged_in(id));
    }

    /// Something happened on a node.
    pub fn expect(&mut self, bare: &BTreeMap<String, BTreeSet<String>>, event: &Expected) {
        let Some(full) = &self.full else { return };
        if self.ended || !self.available {
            return;
        }
        let own = full.split('/').next().unwrap_or_default();
        if bare.get(own).is_some_and(|nodes| nodes.contains(&event.node)) {
            self.expected.push_back((own.to_owned(), event.clone()));
        }
        if self.nodes.contains(&event.node) {
            self.expected.push_back((full.clone(), event.clone()));
        }
    }

    /// A presence to everybody was said, and has come back if it was taken.
    pub fn present(&mut self, answers: &[Document<'_>]) {
        let own = |root: &Node<'_, '_>| {
            root.tag_name().name() == "presence"
                && [root.attribute("from"), root.attribute("to")] == [self.full.as_deref(); 2]
        };
        let mut echoes = answers.iter().map(Document::root_element).filter(own);
        if let Some(echo) = echoes.find(|root| root.attribute("type") != Some("error")) {
            let is_priority = |node: &Node<'_, '_>| node.has_tag_name((ns::CLIENT, "priority"));
            let priority = echo.children().find(is_priority).and_then(|priority| priority.text());
            let priority = priority.map_or(Ok(0), |text| text.trim().parse::<i8>());
            self.available = echo.attribute("type").is_none() && priority.is_ok_and(|number| number >= 0);
        }
    }
}
