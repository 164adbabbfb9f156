//! When each session is looked at.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::id::SessionId;

/// How many deadlines that do not count any more are kept at least: to look for them costs time.
pub(super) const STALE_DEADLINES: usize = 1024;

/// The deadlines of all sessions, the earliest first. Of each session one counts; others are stale.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<(Instant, SessionId)>>,
}

impl Deadlines {
    /// The earliest deadline.
    pub fn first(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes the earliest deadline out, if it has come.
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, SessionId)> {
        self.first().filter(|due| *due <= now)?;
        self.heap.pop().map(|Reverse(deadline)| deadline)
    }

    /// Adds a deadline of one of so many sessions. Drops those that do not count when there are too many: the deadlines of
    /// sessions that came and went must not pile up until they are due.
    pub fn add(
        &mut self,
        due: Instant,
        id: SessionId,
        sessions: usize,
        counts: impl Fn(Instant, SessionId) -> bool,
    ) {
        self.heap.push(Reverse((due, id)));
        if self.heap.len() > 2 * sessions + STALE_DEADLINES {
            self.heap.retain(|Reverse((due, id))| counts(*due, *id));
        }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.heap.len()
    }
}
