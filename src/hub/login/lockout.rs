//! The users who have tried too many wrong passwords, and until when each is kept out (the guide, "HTTP requests": five in a
//! row, five minutes).
//!
//! The order of the answers counts, whichever door the password came by: an answer that comes after the block
//! has begun is no, so that passwords tried at the same time are no more tries than one after the other.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::config::limits::Limits;
use crate::id::UserId;

/// The tries of a user.
#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    /// Wrong passwords since the last right one, or the end of the last block.
    wrong: usize,
    /// The end of the block, if there is one.
    until: Option<Instant>,
}

/// The tries of all users. Names that nobody has are not in it: to them the answer is always no.
#[derive(Debug)]
pub struct Lockout {
    /// How many wrong passwords in a row; 0 if nobody is ever kept out.
    attempts: usize,
    time: Duration,
    /// Of the users who have tried a wrong password since their last right one.
    tries: HashMap<UserId, Tries>,
}

/// The consequence of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Right,
    Wrong,
    /// Wrong, and one time too many: the block begins.
    Last,
    /// Nothing is said of the password.
    Blocked,
}

impl Lockout {
    /// A table without any tries.
    pub fn new(limits: &Limits) -> Self {
        Self { attempts: limits.lockout_attempts, time: limits.lockout, tries: HashMap::new() }
    }

    /// Forgets the tries of a user.
    pub fn forget(&mut self, user: UserId) {
        self.tries.remove(&user);
    }

    /// Forgets all other users.
    pub fn retain(&mut self, has: impl Fn(UserId) -> bool) {
        self.tries.retain(|user, _| has(*user));
    }

    /// The time until a user is let in again; `None` if it is not kept out.
    pub fn rest(&self, now: Instant, user: UserId) -> Option<Duration> {
        let until = self.tries.get(&user)?.until?;
        until.checked_duration_since(now).filter(|rest| !rest.is_zero())
    }

    /// Somebody asks. Tells whether the user is kept out. With `again` the block starts anew then, as Finesse does it
    /// for everybody but the administrator (administration guide, "Account Locked after Five Failed Sign in Attempts").
    pub fn ask(&mut self, now: Instant, user: UserId, again: bool) -> bool {
        let until = now + self.time;
        let block = self.tries(now, user).and_then(|tries| tries.until.as_mut());
        let is_blocked = block.is_some();
        if let Some(end) = block.filter(|_| again) {
            *end = until;
        }
        is_blocked
    }

    /// A password was compared.
    pub fn answer(&mut self, now: Instant, user: UserId, matches: bool) -> Verdict {
        let (attempts, until) = (self.attempts, now + self.time);
        if self.tries(now, user).is_some_and(|tries| tries.until.is_some()) {
            return Verdict::Blocked;
        }
        if matches {
            self.tries.remove(&user);
            return Verdict::Right;
        }
        let tries = self.tries.entry(user).or_default();
        tries.wrong = tries.wrong.saturating_add(1);
        if tries.wrong != attempts {
            return Verdict::Wrong;
        }
        tries.until = Some(until);
        Verdict::Last
    }

    /// The tries that count now: not those before a block that is over.
    fn tries(&mut self, now: Instant, user: UserId) -> Option<&mut Tries> {
        if self.tries.get(&user)?.until.is_some_and(|until| until <= now) {
            self.tries.remove(&user);
        }
        self.tries.get_mut(&user)
    }
}
