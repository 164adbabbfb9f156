//! The memory of all queues together.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::rc::Rc;

use crate::id::UserId;

/// A count of bytes that all queues share.
#[derive(Clone, Debug, Default)]
pub struct QueueMemory(Rc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: Cell<usize>,
    most: Cell<usize>,
    /// The user whose bytes these are, if they are those of a user, and the list in which the user is put when some are taken.
    sender: Option<(UserId, Taken)>,
}

/// The users of whose bytes some have been taken since it was asked last, each of them once.
#[derive(Clone, Debug, Default)]
pub struct Taken(Rc<RefCell<BTreeSet<UserId>>>);

impl Taken {
    /// To be asked about the user, too.
    pub fn add(&self, user: UserId) {
        self.0.borrow_mut().insert(user);
    }

    /// Forgets all other users.
    pub fn retain(&self, has: impl Fn(UserId) -> bool) {
        self.0.borrow_mut().retain(|user| has(*user));
    }

    /// Returns the users, and forgets them here.
    pub fn take(&self) -> BTreeSet<UserId> {
        self.0.take()
    }
}

impl QueueMemory {
    /// The bytes of one user in queues.
    pub fn of(user: UserId, taken: &Taken) -> Self {
        Self(Rc::new(Counts { sender: Some((user, taken.clone())), ..Counts::default() }))
    }

    pub fn add(&self, bytes: usize) {
        let now = self.0.now.get() + bytes;
        self.0.now.set(now);
        self.0.most.set(self.0.most.get().max(now));
    }

    pub fn remove(&self, bytes: usize) {
        self.0.now.set(self.0.now.get() - bytes);
        if let Some((user, taken)) = &self.0.sender {
            taken.add(*user);
        }
    }

    /// Tells whether it is this count and no other.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// How much there is now.
    pub fn bytes(&self) -> usize {
        self.0.now.get()
    }

    /// The most there has been.
    pub fn most(&self) -> usize {
        self.0.most.get()
    }
}

/// Bytes that several queues share: counted once, from their making until the last queue has sent them.
#[derive(Debug)]
pub struct Counted<T> {
    content: T,
    bytes: usize,
    queue_memory: QueueMemory,
    /// The bytes that the sender has put into queues; `None`: nobody has sent them.
    sender: Option<QueueMemory>,
    /// The same without its sender, once somebody keeps it.
    kept: OnceCell<Rc<Self>>,
}

impl<T> Counted<T> {
    /// `bytes`: the memory that it takes. It counts for its `sender` too, if a user has sent it.
    pub fn new(
        content: T,
        bytes: usize,
        queue_memory: &QueueMemory,
        sender: Option<&QueueMemory>,
    ) -> Rc<Self> {
        queue_memory.add(bytes);
        if let Some(sender) = sender {
            sender.add(bytes);
        }
        Rc::new(Self {
            content,
            bytes,
            queue_memory: queue_memory.clone(),
            sender: sender.cloned(),
            kept: OnceCell::new(),
        })
    }

    /// The same for queues of what was sent and may have to be sent again: it does not count for its sender, who need not wait for
    /// that. All who keep it share one copy.
    pub fn kept(self: &Rc<Self>) -> Rc<Self>
    where
        T: Clone,
    {
        if self.sender.is_none() {
            return self.clone();
        }
        let copy = || Self::new(self.content.clone(), self.bytes, &self.queue_memory, None);
        self.kept.get_or_init(copy).clone()
    }

    /// Tells whether it counts for this sender.
    pub fn is_of(&self, sender: &QueueMemory) -> bool {
        self.sender.as_ref().is_some_and(|own| own.is(sender))
    }
}

impl<T> Deref for Counted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.content
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        self.queue_memory.remove(self.bytes);
        if let Some(sender) = &self.sender {
            sender.remove(self.bytes);
        }
    }
}
