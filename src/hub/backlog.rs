//! The memory of all queues together, and what is done when it is too much.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

use super::{Hub, Now, What};
use crate::id::SessionId;
use crate::xmpp::stream::{State, StreamError};

/// A count of bytes that all queues share.
#[derive(Clone, Debug, Default)]
pub struct Backlog(Rc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: Cell<usize>,
    most: Cell<usize>,
}

impl Backlog {
    pub fn add(&self, bytes: usize) {
        let now = self.0.now.get() + bytes;
        self.0.now.set(now);
        self.0.most.set(self.0.most.get().max(now));
    }

    pub fn remove(&self, bytes: usize) {
        self.0.now.set(self.0.now.get() - bytes);
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

/// What several queues share: counted once, from its making until the last of them has sent it.
#[derive(Debug)]
pub struct Counted<T> {
    content: T,
    bytes: usize,
    backlog: Backlog,
}

impl<T> Counted<T> {
    /// `bytes`: the memory that it takes.
    pub fn new(content: T, bytes: usize, backlog: &Backlog) -> Rc<Self> {
        backlog.add(bytes);
        Rc::new(Self { content, bytes, backlog: backlog.clone() })
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
        self.backlog.remove(self.bytes);
    }
}

impl Hub {
    /// While all queues together hold more than they may, whoever is owed most is closed for not reading.
    pub(super) fn relieve(&mut self, now: Now) {
        while self.backlog.bytes() > self.limits.queues {
            // Of those that are closed only their last words are left.
            let owed = |id: SessionId| {
                let session = self.sessions.get(id)?;
                (session.stream.state() != State::Closed).then_some((session.outbox.bytes(), id))
            };
            let Some((_, id)) = self.sessions.ids().into_iter().filter_map(owed).max() else { return };
            self.too_slow(now, id);
        }
    }

    /// Drops what waits for a session, and closes it for not reading.
    pub(super) fn too_slow(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let lost = session.outbox.clear();
        self.counters.dropped += lost as u64;
        self.counters.slow_readers += 1;
        self.note(id, What::SlowReader { lost });
        self.fail(now, id, StreamError::SLOW_READER);
    }
}
