//! The keys by which the state machines name users and sessions to each other.

pub mod by_user;
pub mod places;

use std::fmt;
use std::str::FromStr;

use crate::id::places::Key;
use crate::text::number;

/// A user of the configuration. A user who is taken out and comes back later has another key, and so has whoever else gets the
/// place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub(crate) Key);

impl UserId {
    /// Before every other in order.
    pub(crate) const MIN: Self = Self(Key { place: 0, generation: 0 });
    /// After every other in order.
    pub(crate) const MAX: Self = Self(Key { place: u32::MAX, generation: u32::MAX });

    /// The first user at a place: of the first configuration, the user at that place of its list.
    pub const fn first(place: u32) -> Self {
        Self(Key { place, generation: 1 })
    }
}

/// A call: the number that is its id in documents.
pub type DialogId = u32;

/// A task of a medium other than voice: the number that begins the id of its dialog.
pub type TaskId = u32;

/// The stream of a client, from the moment its transport is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(crate) Key);

impl SessionId {
    /// After every other in order.
    pub(crate) const MAX: Self = Self(Key { place: u32::MAX, generation: u32::MAX });

    /// Returns the place of the session in a table: no other open session has it.
    pub fn place(self) -> usize {
        self.0.place as usize
    }
}

impl fmt::Display for SessionId {
    /// Writes it as people see it: `3.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.place, self.0.generation)
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
        let number = |text: &str| number(text).ok_or(NoSessionId);
        Ok(Self(Key { place: number(place)?, generation: number(generation)? }))
    }
}
