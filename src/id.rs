//! The keys by which the state machines name users and sessions to each other.

/// A user of the configuration: its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u32);

/// A call: the number that is its id in documents.
pub type DialogId = u32;

/// One client's stream, from the moment its transport is up. `turn` tells apart those that had the same place one
/// after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    pub(crate) place: u32,
    pub(crate) turn: u32,
}

impl SessionId {
    /// After every other in order.
    pub(crate) const MAX: Self = Self { place: u32::MAX, turn: u32::MAX };
}
