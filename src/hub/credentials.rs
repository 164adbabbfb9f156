//! What a password check needs.

use crate::id::UserId;
use crate::password::{Password, verify};

/// What is needed to check a password, here or on another thread.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: Option<UserId>,
    pub(super) password: Option<Password>,
    pub(super) decoy: Option<Password>,
}

impl Credentials {
    /// Tells whether the check is too slow for the event loop.
    pub fn is_slow(&self) -> bool {
        self.decoy.is_some()
    }

    /// Checks. Takes the same time whether there is such a user or not.
    pub fn verify(&self, attempt: &str) -> bool {
        verify(self.password.as_ref(), attempt, self.decoy.as_ref())
    }
}
