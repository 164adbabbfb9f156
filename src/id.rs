//! The keys by which the state machines name users and sessions to each other.

use std::fmt;
use std::str::FromStr;

/// A user of the configuration: its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u32);

/// A call: the number that is its id in documents.
pub type DialogId = u32;

/// A task of a medium other than voice: the number that begins the id of its dialog.
pub type TaskId = u32;

/// The stream of a client, from the moment its transport is up. `generation` tells apart the streams that had the same place
/// one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    pub(crate) place: u32,
    pub(crate) generation: u32,
}

impl SessionId {
    /// After every other in order.
    pub(crate) const MAX: Self = Self { place: u32::MAX, generation: u32::MAX };

    /// Returns the place of the session in a table: the smallest that no other open session has.
    pub fn place(self) -> usize {
        self.place as usize
    }
}

impl fmt::Display for SessionId {
    /// Writes it as people see it: `3.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.place, self.generation)
    }
}

/// The error for a text that is no [`SessionId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSessionId;

impl FromStr for SessionId {
    type Err = NoSessionId;

    /// Reads what its `Display` writes.
    fn from_str(text: &str) -> Result<Self, NoSessionId> {
        let (place, generation) = text.split_once('.').ok_or(NoSessionId)?;
        let number = |text: &str| text.parse().map_err(|_| NoSessionId);
        Ok(Self { place: number(place)?, generation: number(generation)? })
    }
}
