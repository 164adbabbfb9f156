//! The faults that are set, and what they keep.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::desk::Status;
use crate::fault::Faults;
use crate::hub::faults::late::Late;
use crate::id::SessionId;

/// The faults that are set, and what they keep.
#[derive(Default)]
pub struct FaultState {
    pub set: Faults,
    pub late: Late,
    pub paces: Paces,
    /// The status, and whether the `finesse` user is there, when the last outage ends.
    pub before_outage: Option<(Status, bool)>,
}

/// When each session that is slowed down may write again, and when one that is watched for silence was written to last.
#[derive(Debug, Default)]
pub struct Paces {
    pub next: BTreeMap<SessionId, Instant>,
    pub written: BTreeMap<SessionId, Instant>,
}

impl Paces {
    /// A session is gone.
    pub fn forget(&mut self, id: SessionId) {
        self.next.remove(&id);
        self.written.remove(&id);
    }
}
