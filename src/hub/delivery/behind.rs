//! Sessions that do not read: since when, and whether some have to go.

use std::time::Instant;

/// Since when a session has not taken what its socket was offered.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Behind {
    pub since: Instant,
    /// The bytes that the socket was offered and has not taken.
    left: usize,
}

impl Behind {
    /// The socket was offered what waits, `left` bytes, and took no more.
    pub(in crate::hub) fn new(now: Instant, left: usize) -> Self {
        Self { since: now, left }
    }

    /// The session took `taken` bytes, and `waiting` are left. Once all that was offered is taken the time counts anew.
    pub(in crate::hub) fn took(self, now: Instant, taken: usize, waiting: usize) -> Option<Self> {
        match self.left.saturating_sub(taken) {
            _ if waiting == 0 => None,
            0 => Some(Self::new(now, waiting)),
            left => Some(Self { left, ..self }),
        }
    }
}

/// The sessions that have to go when all queues together hold too much, as far as they are known.
#[derive(Debug, Default)]
pub(in crate::hub) struct Shedding {
    /// No session has a full socket, so that none has to go for that.
    pub nobody_full: bool,
    /// Sessions are being closed.
    pub(super) busy: bool,
}
