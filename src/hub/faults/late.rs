//! What faults keep back for a time.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Instant;

use litemap::LiteMap;

use crate::hub::delivery::frame::{Element, StreamEntry};
use crate::id::{SessionId, UserId};

/// How much is kept back at a time, of all sessions together. What would be more goes at once.
pub const LATE_MAX: usize = 10_000;

/// What goes to a session late.
#[derive(Debug)]
pub enum Out {
    Element(Element),
    Entry(StreamEntry),
}

/// What is done for a session at a later time.
#[derive(Debug)]
pub enum Due {
    Send(Out),
    /// The session may write again.
    Wake,
    /// A silent connection may have to end.
    LookIfIdle,
    /// The notice of maintenance mode that the fault of this name has given is over.
    LetGo(Rc<str>),
    /// The other side takes the user of the session for gone.
    SignOut(UserId),
}

/// What comes to a session in its order, though some of it is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    Events,
    /// The presence of the `finesse` user.
    Finesse,
}

/// How something that is kept back goes before its time, or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Free,
    /// It goes behind the next event of its session, if that comes earlier.
    BehindNext,
    /// It goes behind what is kept in its lane.
    InLane(Lane),
}

/// Something that is kept back.
#[derive(Debug)]
struct Kept {
    session: SessionId,
    /// The fault that keeps it.
    fault: Rc<str>,
    order: Order,
    what: Due,
}

/// All that is kept back, by its time and in the order in which it came.
#[derive(Debug, Default)]
pub struct Late {
    queue: BTreeMap<(Instant, u64), Kept>,
    /// What each session has waiting for its next event.
    behind: LiteMap<SessionId, (Instant, u64)>,
    /// The last thing that is kept in each lane.
    lanes: LiteMap<(SessionId, Lane), (Instant, u64)>,
    count: u64,
}

impl Late {
    /// Keeps something back. Returns what is to be done at once if there is no room for it. What a session is looked at for always
    /// has room, as nothing else would wake it: there is about one such thing a session.
    pub fn keep(
        &mut self,
        due: Instant,
        session: SessionId,
        fault: &Rc<str>,
        what: Due,
        order: Order,
    ) -> Option<Due> {
        // Without faults nothing is kept, and the program need not know how.
        if !cfg!(feature = "lab") {
            return Some(what);
        }
        if self.queue.len() >= LATE_MAX && matches!(what, Due::Send(_) | Due::SignOut(_)) {
            return Some(what);
        }
        self.count += 1;
        let mut key = (due, self.count);
        match order {
            Order::Free => {}
            Order::BehindNext => drop(self.behind.insert(session, key)),
            Order::InLane(lane) => {
                let last = self.lanes.entry((session, lane)).or_insert(key);
                key.0 = key.0.max(last.0);
                *last = key;
            }
        }
        self.queue.insert(key, Kept { session, fault: fault.clone(), order, what });
        None
    }

    /// How much is kept.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// When something is due next.
    pub fn first(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|((due, _), _)| *due)
    }

    /// When the last thing that is kept in a lane is due, and the fault that keeps it.
    pub fn last_in(&self, session: SessionId, lane: Lane) -> Option<(Instant, Rc<str>)> {
        let key = self.lanes.get(&(session, lane))?;
        Some((key.0, self.queue.get(key)?.fault.clone()))
    }

    /// Takes what is due.
    pub fn next_due(&mut self, now: Instant) -> Option<(SessionId, Due)> {
        let first = self.queue.first_entry().filter(|first| first.key().0 <= now)?;
        let (key, kept) = first.remove_entry();
        Some(self.taken(key, kept))
    }

    /// Takes what a session has waiting for its next event.
    pub fn next_behind(&mut self, session: SessionId) -> Option<Due> {
        let key = self.behind.remove(&session)?;
        self.queue.remove(&key).map(|kept| kept.what)
    }

    /// Takes the next thing that a fault keeps.
    pub fn next_of(&mut self, fault: &str) -> Option<(SessionId, Due)> {
        let key = self.queue.iter().find(|(_, kept)| *kept.fault == *fault).map(|(key, _)| *key)?;
        let kept = self.queue.remove(&key)?;
        Some(self.taken(key, kept))
    }

    fn taken(&mut self, key: (Instant, u64), Kept { session, order, what, .. }: Kept) -> (SessionId, Due) {
        match order {
            Order::Free => {}
            Order::BehindNext => drop(self.behind.remove(&session)),
            Order::InLane(lane) => {
                if self.lanes.get(&(session, lane)) == Some(&key) {
                    self.lanes.remove(&(session, lane));
                }
            }
        }
        (session, what)
    }

    /// Forgets what these sessions would have been looked at for. What they are to be sent stays.
    pub fn end_looks(&mut self, sessions: &BTreeSet<SessionId>) {
        let is_look = |kept: &Kept| matches!(kept.what, Due::Wake | Due::LookIfIdle);
        self.queue.retain(|_, kept| !is_look(kept) || !sessions.contains(&kept.session));
    }

    /// A session is gone. Returns how many stanzas and events it will never get.
    pub fn forget(&mut self, session: SessionId) -> usize {
        let is_sent = |kept: &Kept| matches!(kept.what, Due::Send(_));
        let lost = self.queue.values().filter(|kept| kept.session == session && is_sent(kept)).count();
        self.queue.retain(|_, kept| kept.session != session);
        self.behind.remove(&session);
        self.lanes.retain(|(other, _), _| *other != session);
        lost
    }
}
