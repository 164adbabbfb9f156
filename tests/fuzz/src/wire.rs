//! Looks at what the hub sends: whatever came in, it is well-formed, bounded, and ends with the close.

use callboard::hub::XmppOut;
use callboard::id::SessionId;
use callboard::xml;
use callboard::xmpp::{ns, stream};
use roxmltree::{Document, Node};

use crate::{Stage, parts};

/// What leaves a session at once.
#[derive(Debug, Default)]
pub struct Heard {
    /// Each a whole XML element; the frame of a close is not among them.
    pub frames: Vec<String>,
    pub pings: usize,
    /// Whether the connection ends behind them.
    pub closed: bool,
    /// Whether more is there than the budget allowed.
    pub more: bool,
}

/// Takes about `budget` bytes of what waits for a session.
pub fn hear(stage: &mut Stage, id: SessionId, budget: usize) -> Heard {
    let mut heard = Heard::default();
    let more = stage.hub.drain(stage.now, id, budget, |out| {
        assert!(!heard.closed, "{out:?} comes behind the close");
        match out {
            XmppOut::Text(pieces) => heard.frames.push(pieces.concat()),
            XmppOut::Slice(_) => {}
            XmppOut::Ping => heard.pings += 1,
            XmppOut::Close(code, _) => {
                assert!((1000..=1009).contains(&code), "{code}");
                assert_eq!(heard.frames.pop().as_deref(), Some(stream::CLOSE));
                heard.closed = true;
            }
        }
    });
    for frame in &heard.frames {
        let document = element(frame);
        let root = document.root_element().tag_name();
        let known = match root.namespace() {
            Some(ns::CLIENT) => ["iq", "message", "presence"].contains(&root.name()),
            Some(ns::STREAM) => ["features", "error"].contains(&root.name()),
            Some(ns::SASL) => ["challenge", "success", "failure"].contains(&root.name()),
            Some(ns::FRAMING) => root.name() == "open",
            _ => false,
        };
        assert!(known, "{frame}");
    }
    // No socket is ever full here, so that all queues together are the only bound.
    let most = stage.hub.counters().backlog_most;
    assert!(most <= 2 * stage.limits.queues as u64 + 4096, "{most} bytes have waited");
    assert!(!(heard.closed && more), "something comes behind the close");
    heard.more = more;
    heard
}

/// Reads an element as a client does.
pub fn element(text: &str) -> Document<'_> {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    parts::agree(&document);
    document
}

/// The element inside of `node` that is called `name`, of whatever namespace.
pub fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

/// An iq of the client, of the type `set`, to the pubsub service; the values may be anything.
pub fn pubsub(id: usize, action: &str) -> String {
    format!(
        "<iq xmlns='{}' type='set' id='{id}' to='pubsub.localhost'><pubsub xmlns='{}'>{action}</pubsub></iq>",
        ns::CLIENT,
        ns::PUBSUB
    )
}

/// `<NAME node='…' ATTRIBUTE='…'>CONTENT</NAME>`.
pub fn action(name: &str, node: &str, attribute: (&str, &str), content: &str) -> String {
    let (node, value) = (xml::escape(node), xml::escape(attribute.1));
    format!("<{name} node='{node}' {}='{value}'>{content}</{name}>", attribute.0)
}
