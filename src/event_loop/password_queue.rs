//! The password checks that wait for their turn, and the passwords that were right.

use std::cell::RefCell;
use std::collections::HashMap;

use smol::channel::Sender;

use crate::event_loop::password_cache::Passwords;
use crate::hub::{CheckId, Credentials, Evidence};

/// The checks that wait, and the passwords that were right.
pub struct Checks {
    pub waiting: RefCell<HashMap<CheckId, Waiting>>,
    pub passwords: RefCell<Passwords>,
}

/// A check that waits for its turn.
pub struct Waiting {
    pub credentials: Credentials,
    pub evidence: Evidence,
    /// Whether the client that asks is still there.
    pub is_there: Box<dyn Fn() -> bool>,
    pub result: Sender<Result<bool, Unchecked>>,
}

/// Why a password was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchecked {
    /// Too many checks wait, of all clients or of the same address.
    Busy,
    /// Wrong passwords have used up the tries of the address meanwhile.
    TooMany,
    /// The client has gone away before it was its turn.
    Left,
}

impl Checks {
    /// Without any; the passwords of so many users will be remembered.
    pub fn new(passwords: usize) -> Self {
        Self { waiting: RefCell::default(), passwords: RefCell::new(Passwords::new(passwords)) }
    }

    /// From now on the passwords of so many users are remembered, unless it were more before.
    pub fn remember(&self, users: usize) {
        self.passwords.borrow_mut().raise(users);
    }
}
