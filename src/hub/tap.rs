//! A tap as the hub keeps it.

use crate::id::SessionId;
use crate::record::Filter;

/// A session that looks on.
#[derive(Debug)]
pub(super) struct Tap {
    pub id: SessionId,
    pub sees: Sees,
    /// How many frames or entries were left out since the last one that was shown, because too much was owed.
    pub(super) left_out: u64,
}

/// What a tap sees.
#[derive(Debug)]
pub(super) enum Sees {
    /// The frames of one session, or of all.
    Frames(Option<SessionId>),
    /// The entries of the record that a filter lets through.
    Record(Box<Filter>),
}

/// The direction of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    /// From the client.
    In,
    /// To the client.
    Out,
}
