//! The memory of all queues together, and what is done when it is too much.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::rc::Rc;

use crate::hub::{Hub, NoteKind, Now};
use crate::id::{SessionId, UserId};
use crate::xmpp::stream::StreamError;

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
        Rc::new(Self { content, bytes, queue_memory: queue_memory.clone(), sender: sender.cloned() })
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

/// The sessions that have to go when all queues together hold too much, as far as they are known.
#[derive(Debug, Default)]
pub(in crate::hub) struct Relief {
    /// No session has a full socket, so that none has to go for that.
    pub nobody_full: bool,
    /// Sessions are being closed.
    busy: bool,
}

impl Hub {
    /// While all queues together hold more than they may, a session is closed for not reading: one that has not taken for long
    /// what it was offered, else one whose socket is full, and of those the one that is owed most. Nobody sends anything more
    /// by then, so a session that reads goes only if there is twice as much as may be.
    ///
    /// This is asked with all that is queued, and looks at all sessions only if one of them has to go, or it is not known yet
    /// that nobody's socket is full.
    pub(in crate::hub) fn shed_slowest(&mut self, now: Now) {
        let most = self.limits.queues;
        let nobody_goes = |hub: &Self| {
            let bytes = hub.queue_memory.bytes();
            bytes <= most || (hub.relief.nobody_full && bytes <= 2 * most)
        };
        // The end of a session is told to others, with which this is asked again.
        if nobody_goes(self) || std::mem::replace(&mut self.relief.busy, true) {
            return;
        }
        // Sessions that are closed have only their last words left.
        let owed = |id: SessionId| {
            let session = self.sessions.get(id)?;
            let full = session.behind.is_some();
            (!session.is_closed()).then_some((self.is_behind(now, id), full, session.fill().bytes, id))
        };
        let mut sessions: Vec<_> = self.sessions.ids().into_iter().filter_map(owed).collect();
        sessions.sort_unstable_by(|one, other| other.cmp(one));
        self.relief.nobody_full = false;
        let mut sessions = sessions.into_iter().peekable();
        loop {
            self.relief.nobody_full = sessions.peek().is_none_or(|(_, full, ..)| !full);
            if nobody_goes(self) {
                break;
            }
            let Some((.., id)) = sessions.next() else { break };
            self.too_slow(now, id);
        }
        self.relief.busy = false;
    }

    /// Drops what waits for a session, and closes it for not reading.
    pub(in crate::hub) fn too_slow(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let lost = session.clear();
        self.report.counters.dropped += lost as u64;
        self.report.counters.slow_readers += 1;
        self.note(id, NoteKind::SlowReader { lost });
        self.fail(now, id, StreamError::SLOW_READER);
    }
}
