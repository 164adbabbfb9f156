//! Back-pressure: a user whose stanzas and publications wait for their readers is read from later, and readers that do not
//! take what their socket is offered are told apart from those that do.
//!
//! A user's input is taken as long as what it has put into queues stays within `backlog`. Beyond that the user is held: its
//! sessions are not read from, and its requests over HTTP wait, until half of it has been taken. After `backlog_wait` the
//! sessions that keep it waiting are closed as slow, and the user may go on. A stanza or event that does not fit into `queue`
//! even then is refused, and so never acknowledged.

use std::time::Instant;

use crate::clock::Now;
use crate::hub::action::Action;
use crate::hub::delivery::senders::Hold;
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::xmpp::stanza::{Condition, StanzaError};

/// Why a stanza or a request is refused whose receivers take too little.
pub const NO_ROOM_SENTENCE: &str =
    "Too much of what you have sent still waits for those who get it; send less, or later.";

/// The error for a stanza whose receivers take too little.
pub const NO_ROOM: StanzaError = StanzaError::new(Condition::ResourceConstraint, NO_ROOM_SENTENCE);

/// Tells whether a user's request may be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Carry it out now.
    Now,
    /// Not before this time, or an [`Action::Release`] of the user, whichever comes first.
    Wait(Instant),
    /// Refuse it: its events would find no room.
    Refused,
    /// The user is no user any more, since it was asked who it is.
    Gone,
}

impl Hub {
    /// Tells whether what the user sends now finds room.
    pub(in crate::hub) fn has_room(&self, user: UserId) -> bool {
        self.senders.bytes(user) <= self.limits.queue && self.queue_memory.bytes() <= self.limits.queues
    }

    /// Tells whether the user's sessions are not read from now.
    pub(in crate::hub) fn is_held(&self, user: UserId) -> bool {
        self.senders.is_held(user)
    }

    /// Tells whether the user is held for its rates only, and not for readers.
    pub(in crate::hub) fn is_too_fast(&self, user: UserId) -> bool {
        self.senders.get(user).and_then(|sender| sender.hold).is_some_and(|hold| !hold.owed)
    }

    /// Tells whether a session is not read from because its user is held, and would not be sooner if it took what it is owed.
    pub(in crate::hub) fn is_held_by_others(&mut self, id: SessionId) -> bool {
        let Some(user) = self.user_of(id).filter(|_| self.is_held_at(id)) else { return false };
        let Some(hold) = self.senders.get(user).and_then(|sender| sender.hold) else { return false };
        let owed = self.senders.owed(user);
        self.sessions.get(id).is_some_and(|session| {
            let waits_for_it = hold.owed && session.owes(&owed);
            !session.fill().is_half_full(&self.limits) && !waits_for_it
        })
    }

    /// Tells whether a request of the user over HTTP may be carried out, that came in at `since` with so many bytes. If it may,
    /// it is to be done at once, and [`Hub::publish`] or [`Hub::command`] counts what follows from it.
    pub fn admit(&mut self, now: Now, user: UserId, since: Instant, bytes: usize) -> Admission {
        // Other things were waited for meanwhile, such as a body.
        if !self.users().has(user) {
            return Admission::Gone;
        }
        let late = since + self.limits.backlog_wait;
        if self.is_crowded() {
            self.hold_if_owed(now, user);
        }
        if self.is_held(user) && now.monotonic < late {
            return Admission::Wait(late);
        }
        if !self.has_room(user) {
            self.report.counters.refused_sends += 1;
            return Admission::Refused;
        }
        // A request that has waited for so long is not held any longer. The time that the user's sessions wait for it has an end
        // as well, else they would wait longer for each of as many requests as there are connections.
        let hold = self.senders.get(user).and_then(|sender| sender.hold);
        if hold.is_none_or(|hold| hold.until <= now.monotonic + self.limits.backlog_wait) {
            self.pace(now, user, bytes, 1);
        }
        Admission::Now
    }

    /// All queues together hold so much that senders wait until that is taken.
    pub(in crate::hub) fn is_crowded(&self) -> bool {
        self.queue_memory.bytes() > self.limits.queues / 4 * 3
    }

    /// The user has sent so many bytes and stanzas or requests. If that is beyond its rates, it is held until it is not.
    pub(in crate::hub) fn pace(&mut self, now: Now, user: UserId, bytes: usize, stanzas: usize) {
        let limits = &self.limits;
        let sender = self.senders.get_mut(user);
        let next = sender
            .bytes
            .take(now.monotonic, bytes, limits.user_rate, limits.user_burst)
            .max(sender.stanzas.take(now.monotonic, stanzas, limits.user_stanzas, limits.user_stanza_burst));
        if let Some(until) = next {
            self.hold(user, Hold { until, owed: false });
        }
    }

    /// The user is held if too much waits for others of what it has sent.
    pub(in crate::hub) fn hold_if_owed(&mut self, now: Now, user: UserId) {
        let owed = self.senders.bytes(user);
        if owed > self.limits.backlog || (owed > 0 && self.is_crowded()) {
            self.hold(user, Hold { until: now.monotonic + self.limits.backlog_wait, owed: true });
        }
    }

    fn hold(&mut self, user: UserId, new: Hold) {
        // Then everybody is to be answered, and nobody can send anything.
        if self.closing {
            return;
        }
        let hold = &mut self.senders.get_mut(user).hold;
        match hold {
            // Requests that come meanwhile do not make the wait any longer.
            Some(hold) if hold.owed && new.owed => return,
            Some(hold) => *hold = Hold { until: hold.until.max(new.until), owed: hold.owed || new.owed },
            None => {
                *hold = Some(new);
                self.senders.held.insert(user);
                self.report.counters.holds += 1;
            }
        }
        self.senders.ends(new.until);
        self.senders.taken.add(user);
    }

    /// Lets those go on whose events have been taken. This is asked all the time, so only those are looked at for whom something
    /// may have changed.
    pub(in crate::hub) fn release(&mut self, now: Now) {
        let crowded = self.queue_memory.bytes() > self.limits.queues / 2;
        let eased = std::mem::replace(&mut self.senders.crowded, crowded) && !crowded;
        if self.senders.held.is_empty() {
            return;
        }
        let mut users = self.senders.taken.take();
        if eased {
            users.extend(&self.senders.held);
        }
        for user in users {
            let enough = self.limits.backlog / 2;
            let Some(hold) = self.senders.get(user).and_then(|sender| sender.hold) else { continue };
            let sender = self.senders.get_mut(user);
            let owed = sender.owed.bytes();
            if !hold.owed || owed > enough || (owed > 0 && crowded) {
                continue;
            }
            // A rate is waited for in any case.
            if let Some(until) = sender.pause(now.monotonic, &self.limits) {
                sender.hold = Some(Hold { until, owed: false });
                self.senders.ends(until);
            } else {
                sender.hold = None;
                self.senders.held.remove(&user);
                self.let_go(user);
            }
        }
    }

    /// Lets everybody go on.
    pub(in crate::hub) fn release_all(&mut self) {
        for user in std::mem::take(&mut self.senders.held) {
            self.senders.get_mut(user).hold = None;
            self.let_go(user);
        }
    }

    /// Lets those go on who have waited for long enough, and closes the sessions that kept them waiting.
    pub(in crate::hub) fn end_holds(&mut self, now: Now) {
        if self.senders.end.is_none_or(|end| end > now.monotonic) {
            return;
        }
        let is_due = |user: &UserId| {
            self.senders
                .get(*user)
                .and_then(|sender| sender.hold)
                .is_some_and(|hold| hold.until <= now.monotonic)
        };
        let due: Vec<UserId> = self.senders.held.iter().copied().filter(is_due).collect();
        // Looked for once, as many users may have waited for the same.
        let mut slow = None;
        for user in due {
            let hold = self.senders.get_mut(user).hold.take();
            self.senders.held.remove(&user);
            if hold.is_some_and(|hold| hold.owed) {
                let slow = slow.get_or_insert_with(|| self.slow_readers(now));
                self.close_slow_readers(now, user, slow);
            }
            self.let_go(user);
        }
        self.senders.end = self.senders.first_end();
    }

    /// When [`Hub::end_holds`] has something to do.
    pub(in crate::hub) fn holds_end_at(&self) -> Option<Instant> {
        self.senders.end
    }

    /// The user's sessions go on, the one first that was heard least lately. The user may be held again after one stanza of one
    /// of them, or one of its requests over HTTP, so each of them may say one thing whatever the others do.
    fn let_go(&mut self, user: UserId) {
        self.report.act(Action::Release(user));
        let mut sessions = self.roster.let_go(user);
        sessions.sort_by_key(|id| self.sessions.xmpp(*id).map(|xmpp| xmpp.heard));
        for id in sessions {
            if let Some(xmpp) = self.sessions.xmpp_mut(id) {
                xmpp.let_go = true;
                xmpp.waits = false;
            }
            self.wake(id);
        }
    }
}
