//! The requests over HTTP that wait while their user is held (see `hub::delivery::back_pressure`).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::task::Waker;

use litemap::LiteMap;

use crate::id::UserId;

/// The requests that wait, by user: one of a connection at the most.
#[derive(Default)]
pub struct Held {
    wakers: RefCell<HashMap<UserId, LiteMap<u64, Waker>>>,
    /// The number of the next one.
    next: Cell<u64>,
    /// How often a user was let go: a request that waited before that waits no more.
    releases: Cell<u64>,
}

impl Held {
    /// The user may send again.
    pub fn release(&self, user: UserId) {
        self.releases.set(self.releases.get() + 1);
        let wakers = self.wakers.borrow_mut().remove(&user);
        wakers.into_iter().flatten().for_each(|(_, waker)| waker.wake());
    }

    /// How often a user was let go.
    pub fn releases(&self) -> u64 {
        self.releases.get()
    }

    /// How many requests of the user wait.
    #[cfg(test)]
    pub fn count(&self, user: UserId) -> usize {
        self.wakers.borrow().get(&user).map_or(0, LiteMap::len)
    }

    /// The place of a request of the user.
    pub fn place(&self, user: UserId) -> Place<'_> {
        let number = self.next.replace(self.next.get() + 1);
        Place { held: self, user, number }
    }
}

/// Where a request waits, as long as its client does: a task that is over, and yet could be woken, keeps its memory.
pub struct Place<'a> {
    held: &'a Held,
    user: UserId,
    number: u64,
}

impl Place<'_> {
    /// The request waits from now on, if it did not before.
    pub fn wait(&self, waker: &Waker) {
        let mut wakers = self.held.wakers.borrow_mut();
        wakers.entry(self.user).or_default().insert(self.number, waker.clone());
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut wakers = self.held.wakers.borrow_mut();
        let Some(of_user) = wakers.get_mut(&self.user) else { return };
        of_user.remove(&self.number);
        if of_user.is_empty() {
            wakers.remove(&self.user);
        }
    }
}
