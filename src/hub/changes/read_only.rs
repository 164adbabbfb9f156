//! The fence around the state that only changes may change.

use std::ops::Deref;

/// State that the hub reads everywhere. Only `hub/changes.rs` can change it: nobody else sees the field.
pub(in crate::hub) struct ReadOnly<T>(pub(super) T);

impl<T> ReadOnly<T> {
    pub fn new(state: T) -> Self {
        Self(state)
    }
}

impl<T> Deref for ReadOnly<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
