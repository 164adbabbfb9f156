//! What waits for a client, and what goes out to it: two types for XMPP, two for streams of events, so that neither can be sent
//! what only the other understands.

use std::rc::Rc;

use crate::hub::delivery::outbox::Queued;
use crate::hub::delivery::queue_memory::{Counted, QueueMemory};
use crate::hub::delivery::stream_event::StreamEvent;
use crate::hub::session_address::Address;
use crate::pubsub::event::Event;
use crate::record::Text;

/// The length of a message id, as Openfire makes them since 4.2.
pub const MESSAGE_ID: usize = 8;

/// An element at the top level of a stream (RFC 6120 §2.4): over WebSocket a frame of its own, over BOSH a payload.
#[derive(Debug)]
pub enum Element {
    /// An element made for this session.
    Text(Box<str>),
    /// A stanza that a user has sent, shared with all who get it.
    Stanza(Rc<Counted<Box<str>>>),
    /// An event, shared with all who get it; `full`: addressed to the full JID.
    Event { event: Rc<Counted<Event>>, full: bool, id: [u8; MESSAGE_ID] },
}

/// What waits for a connection of its own: a WebSocket or TCP.
#[derive(Debug)]
pub enum Frame {
    Element(Element),
    /// A ping of WebSockets.
    Ping,
    /// The end of the stream.
    Close(Box<Close>),
}

/// The end of a stream, and the close frame of a WebSocket behind it (RFC 6455 §5.5.1).
#[derive(Debug)]
pub struct Close {
    /// The element or tag that ends the stream; empty: the connection ends without it.
    pub end: &'static str,
    pub code: u16,
    /// The condition of the error, if the stream ends with one.
    pub reason: &'static str,
}

/// What waits for a stream of server-sent events.
#[derive(Debug)]
pub enum StreamEntry {
    /// An event, shared with all who get it.
    Event(Rc<Counted<StreamEvent>>),
    /// A comment, which shows that the connection lives.
    Comment,
    End,
}

/// A frame on its way to a WebSocket, or a piece of a stream over TCP.
#[derive(Debug, PartialEq, Eq)]
pub enum XmppOut<'a> {
    /// What follows goes out in segments of so many bytes, as a fault has it.
    Slice(u16),
    /// A text message, in pieces that follow each other.
    Text(&'a [&'a str]),
    Ping,
    /// The close frame, behind the end of the stream; over TCP the end of the connection.
    Close(u16, &'static str),
}

/// A piece of a stream of server-sent events on its way out.
#[derive(Debug, PartialEq, Eq)]
pub enum EventOut<'a> {
    Event { name: &'a str, id: Option<&'a str>, data: &'a str },
    Comment,
    End,
}

/// The length that counts for the address in a message that waits, instead of the real one: so counting in and counting out agree
/// even if the address changes between.
const ADDRESS: usize = 64;

/// The length that counts for a frame without content, in bytes.
const BARE: usize = 2;

impl Element {
    /// Hands the text to `sink`, in pieces that follow each other.
    pub fn write(&self, address: Option<&Address>, sink: impl FnOnce(&[&str])) {
        match self {
            Self::Text(text) => sink(&[text]),
            Self::Stanza(text) => sink(&[text]),
            Self::Event { event, full, id } => {
                // An event is queued for bound sessions only, and the id is made of ASCII characters.
                let to = address.map_or("", |address| if *full { address.full() } else { address.bare() });
                let id = std::str::from_utf8(id).unwrap_or_default();
                sink(&[&event.head, to, Event::ID, id, &event.tail]);
            }
        }
    }
}

impl Element {
    /// The element as it is kept until the client acknowledges it, or comes back.
    pub fn kept(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text),
            Self::Stanza(text) => Self::Stanza(text.kept()),
            Self::Event { event, full, id } => Self::Event { event: event.kept(), full, id },
        }
    }
}

impl Queued for Element {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Stanza(text) => text.len(),
            Self::Event { event, .. } => event.len(ADDRESS, MESSAGE_ID),
        }
    }

    fn heap(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Stanza(_) | Self::Event { .. } => 0,
        }
    }

    fn is_missed(&self) -> bool {
        match self {
            Self::Text(text) => ["<message", "<iq", "<presence"].iter().any(|tag| text.starts_with(tag)),
            Self::Stanza(_) | Self::Event { .. } => true,
        }
    }

    fn is_of(&self, sender: &QueueMemory) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Stanza(text) => text.is_of(sender),
            Self::Event { event, .. } => event.is_of(sender),
        }
    }
}

impl Frame {
    /// The event of an item as the record has it; `None`: it is something else.
    pub fn recorded(&self, address: Option<&Address>) -> Option<Text> {
        let Self::Element(Element::Event { event, full, id }) = self else { return None };
        let item = event.item.clone()?;
        let to = address.map_or("", |address| if *full { address.full() } else { address.bare() });
        Some(Text::Message { node: event.node.clone(), item, to: to.into(), id: *id })
    }

    /// Hands the frame to `sink`; the end of a stream is an element and a close frame.
    pub fn write(&self, address: Option<&Address>, mut sink: impl FnMut(XmppOut<'_>)) {
        match self {
            Self::Element(element) => element.write(address, |pieces| sink(XmppOut::Text(pieces))),
            Self::Ping => sink(XmppOut::Ping),
            Self::Close(close) => {
                if !close.end.is_empty() {
                    sink(XmppOut::Text(&[close.end]));
                }
                sink(XmppOut::Close(close.code, close.reason));
            }
        }
    }
}

impl Queued for Frame {
    fn len(&self) -> usize {
        match self {
            Self::Element(element) => element.len(),
            Self::Ping => BARE,
            Self::Close(close) => close.end.len(),
        }
    }

    fn heap(&self) -> usize {
        match self {
            Self::Element(element) => element.heap(),
            Self::Ping => 0,
            Self::Close(_) => size_of::<Close>(),
        }
    }

    fn is_missed(&self) -> bool {
        matches!(self, Self::Element(element) if element.is_missed())
    }

    fn is_of(&self, sender: &QueueMemory) -> bool {
        matches!(self, Self::Element(element) if element.is_of(sender))
    }
}

impl StreamEntry {
    /// The entry as it goes out.
    pub fn out(&self) -> EventOut<'_> {
        match self {
            Self::Event(event) => {
                let (name, id, data) = event.fields();
                EventOut::Event { name, id, data }
            }
            Self::Comment => EventOut::Comment,
            Self::End => EventOut::End,
        }
    }
}

impl Queued for StreamEntry {
    fn len(&self) -> usize {
        match self {
            Self::Event(event) => event.len(),
            Self::Comment | Self::End => BARE,
        }
    }

    fn heap(&self) -> usize {
        0
    }

    fn is_missed(&self) -> bool {
        matches!(self, Self::Event(_))
    }

    fn is_of(&self, sender: &QueueMemory) -> bool {
        matches!(self, Self::Event(event) if event.is_of(sender))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every session keeps room for some of them.
    #[test]
    fn a_frame_that_waits_is_small() {
        assert!(size_of::<Frame>() <= 3 * size_of::<usize>());
    }
}
