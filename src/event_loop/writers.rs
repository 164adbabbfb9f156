//! The sessions' tasks, seen from the hub: each sleeps until its client sends something, and what the hub has for its client is
//! written without waking it, as long as the socket takes it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::id::SessionId;

/// What a session's frames are written to without waking its task.
pub trait Writer {
    /// Writes what waits. Pending if the session's task has to look after it: the socket takes no more, or fails, or the hub
    /// takes messages again.
    fn write_waiting(&mut self) -> Poll<()>;

    /// Tells whether the client has gone, as far as its connection shows it without being read from.
    fn has_left(&self) -> bool;
}

/// How a session's task has to drop its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropping {
    Close,
    Reset,
}

/// The task of one session.
struct Entry {
    id: SessionId,
    waker: Option<Waker>,
    dropping: Option<Dropping>,
    /// The session is in the list of those for which something waits.
    waiting: bool,
    /// The session, if others than its task may write to it.
    session: Option<Rc<RefCell<dyn Writer>>>,
}

impl Entry {
    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

/// The tasks of all sessions, at the places that their sessions have in the hub.
#[derive(Default)]
pub struct Writers {
    places: Vec<Option<Entry>>,
    /// Something waits in the hub for these. Each is in it once at the most.
    waiting: VecDeque<SessionId>,
}

impl Writers {
    fn get(&self, id: SessionId) -> Option<&Entry> {
        self.places.get(id.place())?.as_ref().filter(|entry| entry.id == id)
    }

    fn get_mut(&mut self, id: SessionId) -> Option<&mut Entry> {
        self.places.get_mut(id.place())?.as_mut().filter(|entry| entry.id == id)
    }

    /// Entry of a session, empty at first.
    fn at(&mut self, id: SessionId) -> &mut Entry {
        let place = id.place();
        if self.places.len() <= place {
            self.places.resize_with(place + 1, || None);
        }
        let place = &mut self.places[place];
        // A session that had this place before has gone.
        place.take_if(|entry| entry.id != id);
        place.get_or_insert(Entry { id, waker: None, dropping: None, waiting: false, session: None })
    }

    /// From now on it is written to without its task.
    pub fn attach(&mut self, id: SessionId, session: Rc<RefCell<dyn Writer>>) {
        self.at(id).session = Some(session);
    }

    /// The session's task waits: `waker` wakes it. Returns how, if it must drop its connection instead.
    pub fn sleep(&mut self, id: SessionId, waker: &Waker) -> Option<Dropping> {
        let entry = self.at(id);
        if !entry.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            entry.waker = Some(waker.clone());
        }
        entry.dropping
    }

    /// Tells how the session's task must drop its connection, if it must.
    pub fn dropping(&self, id: SessionId) -> Option<Dropping> {
        self.get(id)?.dropping
    }

    /// Something waits for it in the hub.
    pub fn mark_waiting(&mut self, id: SessionId) {
        let Some(entry) = self.get_mut(id) else { return };
        if entry.session.is_none() {
            entry.wake();
        } else if !std::mem::replace(&mut entry.waiting, true) {
            self.waiting.push_back(id);
        }
    }

    /// The next to be written to.
    pub fn next_waiting(&mut self) -> Option<(SessionId, Rc<RefCell<dyn Writer>>)> {
        while let Some(id) = self.waiting.pop_front() {
            if let Some(entry) = self.get_mut(id) {
                entry.waiting = false;
                return entry.session.clone().map(|session| (id, session));
            }
        }
        None
    }

    /// Tells whether its client has gone, as far as its connection shows it without being read from.
    pub fn has_left(&self, id: SessionId) -> bool {
        let session = self.get(id).and_then(|entry| entry.session.as_ref());
        session.is_some_and(|session| session.borrow().has_left())
    }

    /// Wakes its task.
    pub fn wake(&self, id: SessionId) {
        if let Some(entry) = self.get(id) {
            entry.wake();
        }
    }

    /// Tells the session's task to drop its connection. A task that has not begun yet does it when it begins.
    pub fn drop_connection(&mut self, id: SessionId, how: Dropping) {
        let entry = self.at(id);
        entry.dropping = Some(how);
        entry.wake();
    }

    /// The session's task is over.
    pub fn forget(&mut self, id: SessionId) {
        if self.get(id).is_some() {
            self.places[id.place()] = None;
        }
    }
}
