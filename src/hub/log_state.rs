//! The state of the log of changes.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::SessionId;
use crate::replica::codec::Codec;

/// The bytes that are written in one go.
pub struct Batch {
    /// All changes up to this number are kept when it is written.
    pub upto: u64,
    /// A state, which begins another log.
    pub state: Option<Vec<u8>>,
    /// Records for the log; none when there is a state.
    pub records: Vec<u8>,
}

/// How the log stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogFigures {
    /// Changes since the start.
    pub entries: u64,
    /// Of them those that are kept for good.
    pub synced: u64,
    /// Bytes given out to be written.
    pub bytes: u64,
    pub syncs: u64,
    /// The time that all of them took.
    pub time: Duration,
    pub has_failed: bool,
}

/// The log.
pub(super) struct EntryLog {
    pub codec: Codec<'static>,
    /// The hash of the state before the first entry.
    pub base: [u8; 16],
    /// Entries since that state, and their bytes.
    pub number: u64,
    pub length: usize,
    pub records: Vec<u8>,
    pub wants_state: bool,
    /// The last state has still to be written.
    pub is_ending: bool,
    /// Answers wait until what they acknowledge is kept.
    pub holds_answers: bool,
    /// The sessions whose answers wait, each with the number that has to be kept.
    pub held: BTreeMap<SessionId, u64>,
    pub figures: LogFigures,
}
