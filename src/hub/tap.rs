//! A tap as the hub keeps it.

use crate::id::SessionId;

/// A session that looks at frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    pub id: SessionId,
    /// The only session it wants to see.
    pub of: Option<SessionId>,
    /// How many frames were left out since the last one that was shown, because too much was owed.
    pub(super) left_out: u64,
}

/// The direction of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    /// From the client.
    In,
    /// To the client.
    Out,
}
