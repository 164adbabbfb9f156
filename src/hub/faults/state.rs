//! The faults that are set, and what they keep.

use std::time::Instant;

use litemap::LiteMap;

use crate::desk::Status;
use crate::fault::{Faults, Spec};
use crate::hub::faults::late::Late;
use crate::id::SessionId;

/// The faults that are set, and what they keep.
#[derive(Default)]
pub struct FaultState {
    pub set: Faults,
    /// Those of the configuration, healed or not.
    pub of_file: Vec<FileFault>,
    pub late: Late,
    pub paces: Paces,
    pub outages: Outages,
}

/// A fault of the configuration.
#[derive(Clone)]
pub struct FileFault {
    pub name: Box<str>,
    pub spec: Spec,
}

impl FileFault {
    /// Tells whether another configuration says the same.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.name == other.name
            && std::ptr::eq(self.spec.row, other.spec.row)
            && self.spec.given == other.spec.given
    }
}

/// The outages in force.
#[derive(Debug, Default)]
pub struct Outages {
    /// The names of their faults, in the order in which they began, with the status that each says and whether the `finesse` user is
    /// there.
    pub list: Vec<(Box<str>, (Status, bool))>,
    /// The same when the first one began.
    pub before: Option<(Status, bool)>,
}

/// When each session that is slowed down may write again, and when one that is watched for silence was written to last.
#[derive(Debug, Default)]
pub struct Paces {
    pub next: LiteMap<SessionId, Instant>,
    pub written: LiteMap<SessionId, Instant>,
}

impl Paces {
    /// A session is gone.
    pub fn forget(&mut self, id: SessionId) {
        self.next.remove(&id);
        self.written.remove(&id);
    }
}
