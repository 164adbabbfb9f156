//! What faults keep back for a time.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Instant;

use crate::hub::delivery::frame::{Element, StreamEntry};
use crate::id::SessionId;

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
}

/// Something that is kept back.
#[derive(Debug)]
struct Kept {
    session: SessionId,
    /// The fault that keeps it.
    fault: Rc<str>,
    /// It goes behind the next event of its session, if that comes earlier.
    waits_for_next: bool,
    what: Due,
}

/// All that is kept back, by its time and in the order in which it came.
#[derive(Debug, Default)]
pub struct Late {
    queue: BTreeMap<(Instant, u64), Kept>,
    /// What each session has waiting for its next event.
    behind: BTreeMap<SessionId, (Instant, u64)>,
    count: u64,
}

impl Late {
    /// Keeps something back. Returns what is to be sent if there is no room for it. What a session is looked at for always has
    /// room, as nothing else would wake it: there is about one such thing a session.
    pub fn keep(
        &mut self,
        due: Instant,
        session: SessionId,
        fault: &Rc<str>,
        what: Due,
        waits_for_next: bool,
    ) -> Option<Due> {
        if self.queue.len() >= LATE_MAX && matches!(what, Due::Send(_)) {
            return Some(what);
        }
        self.count += 1;
        let kept = Kept { session, fault: fault.clone(), waits_for_next, what };
        if waits_for_next {
            self.behind.insert(session, (due, self.count));
        }
        self.queue.insert((due, self.count), kept);
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

    /// Takes what is due.
    pub fn next_due(&mut self, now: Instant) -> Option<(SessionId, Due)> {
        let first = self.queue.first_entry().filter(|first| first.key().0 <= now)?;
        let kept = first.remove();
        Some(self.taken(kept))
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
        Some(self.taken(kept))
    }

    fn taken(&mut self, Kept { session, waits_for_next, what, .. }: Kept) -> (SessionId, Due) {
        if waits_for_next {
            self.behind.remove(&session);
        }
        (session, what)
    }

    /// Forgets what these sessions would have been looked at for. What they are to be sent stays.
    pub fn end_looks(&mut self, sessions: &BTreeSet<SessionId>) {
        self.queue.retain(|_, kept| matches!(kept.what, Due::Send(_)) || !sessions.contains(&kept.session));
    }

    /// A session is gone. Returns how many stanzas and events it will never get.
    pub fn forget(&mut self, session: SessionId) -> usize {
        let is_sent = |kept: &Kept| matches!(kept.what, Due::Send(_));
        let lost = self.queue.values().filter(|kept| kept.session == session && is_sent(kept)).count();
        self.queue.retain(|_, kept| kept.session != session);
        self.behind.remove(&session);
        lost
    }
}
