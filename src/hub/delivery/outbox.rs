//! The queue of what waits to be sent to a session, with a bound.

use std::collections::VecDeque;

use crate::config::limits::Limits;
use crate::hub::delivery::queue_memory::QueueMemory;

/// An entry of a queue.
pub trait Queued {
    /// Length that counts for the bound of the queue, in bytes.
    fn len(&self) -> usize;

    /// The memory that it holds beside itself; what it shares with other queues counts there.
    fn heap(&self) -> usize;

    /// Tells whether a client misses something that does not get it.
    fn is_missed(&self) -> bool;

    /// Tells whether it counts for this sender.
    fn is_of(&self, sender: &QueueMemory) -> bool;
}

/// The queue.
#[derive(Debug)]
pub struct Outbox<F: Queued> {
    frames: VecDeque<F>,
    /// The length of all entries that wait.
    bytes: usize,
    /// The bytes that all queues hold.
    queue_memory: QueueMemory,
}

/// How much waits in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    pub bytes: usize,
    pub frames: usize,
}

impl Fill {
    pub fn is_empty(self) -> bool {
        self.frames == 0
    }

    /// Tells whether more waits than may.
    pub fn is_over(self, limits: &Limits) -> bool {
        self.bytes > limits.queue || self.frames > limits.queue_frames
    }

    /// Tells whether more than half of what may wait does.
    pub fn is_half_full(self, limits: &Limits) -> bool {
        self.bytes > limits.half_queue() || self.frames > limits.queue_frames / 2
    }
}

impl<F: Queued> Drop for Outbox<F> {
    fn drop(&mut self) {
        self.clear();
    }
}

impl<F: Queued> Outbox<F> {
    /// An empty queue, which is counted among all.
    pub fn new(queue_memory: QueueMemory) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, queue_memory }
    }

    /// How much waits.
    pub fn fill(&self) -> Fill {
        Fill { bytes: self.bytes, frames: self.frames.len() }
    }

    pub fn push(&mut self, frame: F) {
        self.bytes += frame.len();
        self.queue_memory.add(size_of::<F>() + frame.heap());
        self.frames.push_back(frame);
    }

    /// Takes the entry that waits longest.
    pub fn pop(&mut self) -> Option<F> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        self.queue_memory.remove(size_of::<F>() + frame.heap());
        Some(frame)
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// How many stanzas and events wait: what a client misses if it does not get them.
    pub fn missed(&self) -> usize {
        self.frames.iter().filter(|frame| frame.is_missed()).count()
    }

    /// Drops all. Returns how many stanzas and events that were.
    pub fn clear(&mut self) -> usize {
        let lost = self.missed();
        while self.pop().is_some() {}
        self.frames = VecDeque::new();
        lost
    }

    /// Tells whether something of this sender waits.
    pub fn owes(&self, sender: &QueueMemory) -> bool {
        self.frames.iter().any(|frame| frame.is_of(sender))
    }

    /// Hands entries to `sink` until about `budget` bytes are out. Returns how many bytes those were.
    pub fn drain(&mut self, budget: usize, mut sink: impl FnMut(&F)) -> usize {
        let mut out = 0;
        while out < budget {
            let Some(frame) = self.pop() else {
                break;
            };
            out += frame.len();
            sink(&frame);
        }
        self.give_back();
        out
    }

    /// Gives the memory of a burst back, which must not stay behind in every session.
    pub fn give_back(&mut self) {
        if self.frames.is_empty() && self.frames.capacity() > 8 {
            self.frames = VecDeque::new();
        }
    }
}
