//! The queue of what waits to be sent to a session, with a bound.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::config::limits::Limits;
use crate::hub::delivery::queue_memory::{Backlog, Counted};
use crate::hub::event_stream::Told;
use crate::hub::session_address::Address;
use crate::pubsub::event::Event;
use crate::xmpp::stream;

/// The length of a message id, as Openfire makes them since 4.2.
pub const MESSAGE_ID: usize = 8;

/// A frame that waits.
#[derive(Debug)]
pub enum Frame {
    /// The answer to an `<open/>`, where a stream is opened by one (RFC 7395 §3.4).
    Open(Box<str>),
    /// A message made for this session.
    Text(Box<str>),
    /// A stanza that a user has sent, shared with all who get it.
    Stanza(Rc<Counted<Box<str>>>),
    /// An event, shared with all who get it; `full`: addressed to the full JID.
    Event { event: Rc<Counted<Event>>, full: bool, id: [u8; MESSAGE_ID] },
    /// An event on a stream of server-sent events, shared as well.
    Told(Rc<Counted<Told>>),
    /// A WebSocket ping; a comment on a stream of server-sent events.
    Ping,
    /// The end of the stream: the close code of a WebSocket, and the condition of the error if it was one.
    Close(u16, &'static str),
}

/// A frame on its way out.
#[derive(Debug, PartialEq, Eq)]
pub enum Out<'a> {
    Open(&'a str),
    /// A text message, in pieces that follow each other.
    Text(&'a [&'a str]),
    /// An event on a stream of server-sent events.
    Event {
        name: &'a str,
        id: Option<&'a str>,
        data: &'a str,
    },
    Ping,
    /// The end of what carries the stream, behind the stream's own.
    Close(u16, &'static str),
}

/// The queue.
#[derive(Debug)]
pub struct Outbox {
    frames: VecDeque<Frame>,
    /// The length of all messages that wait, as they will be written.
    bytes: usize,
    /// The bytes that all queues hold.
    backlog: Backlog,
}

/// The length that counts for the address in a message that waits, instead of the real one: so counting in and counting out agree
/// even if the address changes between.
const ADDRESS: usize = 64;

impl Frame {
    pub(in crate::hub) fn len(&self) -> usize {
        match self {
            Self::Open(text) | Self::Text(text) => text.len(),
            Self::Stanza(text) => text.len(),
            Self::Event { event, .. } => event.len(ADDRESS, MESSAGE_ID),
            Self::Told(told) => told.len(),
            Self::Ping => 2,
            Self::Close(..) => stream::CLOSE.len(),
        }
    }

    /// The memory that it takes; what it shares with others counts by itself.
    fn weight(&self) -> usize {
        let content = match self {
            Self::Open(text) | Self::Text(text) => text.len(),
            Self::Stanza(_) | Self::Event { .. } | Self::Told(_) | Self::Ping | Self::Close(..) => 0,
        };
        size_of::<Self>() + content
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Outbox {
    /// An empty one, which is counted among all.
    pub fn new(backlog: Backlog) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, backlog }
    }

    /// The length of all messages that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn push(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.backlog.add(frame.weight());
        self.frames.push_back(frame);
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        self.backlog.remove(frame.weight());
        Some(frame)
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// How many stanzas and events wait: what a client misses if it does not get them.
    pub fn stanzas(&self) -> usize {
        let is_stanza = |frame: &&Frame| match frame {
            Frame::Text(text) => ["<message", "<iq", "<presence"].iter().any(|tag| text.starts_with(tag)),
            Frame::Stanza(_) | Frame::Event { .. } | Frame::Told(_) => true,
            Frame::Open(_) | Frame::Ping | Frame::Close(..) => false,
        };
        self.frames.iter().filter(is_stanza).count()
    }

    /// Tells whether more waits than may.
    pub fn is_over(&self, limits: &Limits) -> bool {
        self.bytes > limits.queue || self.frames.len() > limits.queue_frames
    }

    /// Tells whether more than half of what may wait does.
    pub fn is_half_full(&self, limits: &Limits) -> bool {
        self.bytes > limits.queue / 2 || self.frames.len() > limits.queue_frames / 2
    }

    /// Drops all. Returns how many stanzas that were.
    pub fn clear(&mut self) -> usize {
        let lost = self.stanzas();
        while self.pop().is_some() {}
        self.frames = VecDeque::new();
        lost
    }

    /// Tells whether something of this sender waits.
    pub fn owes(&self, sender: &Backlog) -> bool {
        self.frames.iter().any(|frame| match frame {
            Frame::Stanza(text) => text.is_of(sender),
            Frame::Event { event, .. } => event.is_of(sender),
            Frame::Told(told) => told.is_of(sender),
            Frame::Open(_) | Frame::Text(_) | Frame::Ping | Frame::Close(..) => false,
        })
    }

    /// Hands frames to `sink` until about `budget` bytes are out. Returns how many those were.
    pub fn drain(
        &mut self,
        address: Option<&Address>,
        budget: usize,
        mut sink: impl FnMut(Out<'_>),
    ) -> usize {
        let mut out = 0;
        while out < budget {
            let Some(frame) = self.pop() else {
                break;
            };
            out += frame.len();
            match &frame {
                Frame::Open(text) => sink(Out::Open(text)),
                Frame::Text(text) => sink(Out::Text(&[text])),
                Frame::Stanza(text) => sink(Out::Text(&[text])),
                Frame::Event { event, full, id } => {
                    // An event is queued for bound sessions only, and the id is made of ASCII characters.
                    let to =
                        address.map_or("", |address| if *full { address.full() } else { address.bare() });
                    let id = std::str::from_utf8(id).unwrap_or_default();
                    sink(Out::Text(&[&event.head, to, Event::ID, id, &event.tail]));
                }
                Frame::Told(told) => {
                    let (name, id, data) = told.fields();
                    sink(Out::Event { name, id, data });
                }
                Frame::Ping => sink(Out::Ping),
                Frame::Close(code, reason) => {
                    sink(Out::Text(&[stream::CLOSE]));
                    sink(Out::Close(*code, reason));
                }
            }
        }
        // A burst must not leave its memory behind in every session.
        if self.frames.is_empty() && self.frames.capacity() > 8 {
            self.frames = VecDeque::new();
        }
        out
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
