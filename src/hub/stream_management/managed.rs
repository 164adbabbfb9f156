//! The stream management of one session: the counts, and what is kept until the client acknowledges it.

use std::time::{Duration, Instant};

use crate::config::limits::Limits;
use crate::hub::delivery::frame::{Element, Frame};
use crate::hub::delivery::outbox::{Outbox, Queued};
use crate::hub::delivery::queue_memory::QueueMemory;
use crate::xmpp::sm::{self, Acknowledged, Counts};

/// The stream management of a session.
#[derive(Debug)]
pub struct Managed {
    pub counts: Counts,
    /// The stanzas that were sent and not acknowledged, the oldest first. Of a session that waits: all that it is owed.
    pub unacknowledged: Outbox<Frame>,
    /// By which id the session is resumed; `None`: it cannot be.
    pub id: Option<Box<str>>,
    /// For how long it waits to be resumed.
    pub window: Duration,
    /// Whether `<enabled/>` has gone out: stanzas behind it count.
    pub has_begun: bool,
    /// The deadline of the session that the time to ask came before.
    pub put_off: Option<Instant>,
}

impl Managed {
    pub fn new(id: Option<Box<str>>, window: Duration, queue_memory: QueueMemory) -> Self {
        Self {
            counts: Counts::default(),
            unacknowledged: Outbox::new(queue_memory),
            id,
            window,
            has_begun: false,
            put_off: None,
        }
    }

    /// Tells whether nothing more may be sent before the client acknowledges something.
    pub fn is_full(&self, limits: &Limits) -> bool {
        let fill = self.unacknowledged.fill();
        fill.frames >= limits.unacked || fill.bytes >= limits.unacked_size
    }

    /// A frame goes out. A stanza is kept, and counts.
    pub fn sent(&mut self, now: Instant, frame: Frame) {
        if !self.has_begun {
            self.has_begun =
                matches!(&frame, Frame::Element(Element::Text(text)) if text.starts_with(sm::ENABLED));
        } else if frame.is_missed() {
            self.counts.send(now);
            self.keep(frame);
        }
    }

    /// Keeps a stanza. Other frames have no worth on another connection.
    pub fn keep(&mut self, frame: Frame) {
        if frame.is_missed()
            && let Frame::Element(element) = frame
        {
            self.unacknowledged.push(Frame::Element(element.kept()));
        }
    }

    /// The client says that it has handled so many stanzas.
    pub fn acknowledge(&mut self, h: u32) -> Acknowledged {
        let acknowledged = self.counts.acknowledge(h);
        if let Acknowledged::More(more) = acknowledged {
            (0..more).for_each(|_| drop(self.unacknowledged.pop()));
            self.unacknowledged.give_back();
        }
        acknowledged
    }
}
