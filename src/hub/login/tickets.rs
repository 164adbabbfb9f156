//! Tickets: what a browser's EventSource shows in its URL, as it cannot send a password.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::config::limits::Limits;
use crate::hub::login::secret::SecretKey;
use crate::id::UserId;

/// By which the table knows a ticket.
pub type TicketKey = SecretKey;

#[derive(Debug)]
struct Ticket {
    user: UserId,
    /// How many streams that are up were opened with it.
    streams: usize,
    /// When it is over, if no stream holds it.
    until: Instant,
}

/// All tickets that are valid, and some that are over.
#[derive(Debug)]
pub struct Tickets {
    life: Duration,
    /// How many one user may have.
    each: usize,
    table: HashMap<TicketKey, Ticket>,
}

impl Tickets {
    /// A table without any.
    pub fn new(limits: &Limits) -> Self {
        Self { life: limits.ticket, each: limits.sessions_per_user, table: HashMap::new() }
    }

    /// Takes `text`, which nobody can guess, for a ticket of `user`. If that one has as many as it may have, the one
    /// that would be over first goes. Tells whether there is a place: each of them may be held by a stream.
    pub fn add(&mut self, now: Instant, user: UserId, text: &str) -> bool {
        self.table.retain(|_, ticket| ticket.streams > 0 || now < ticket.until);
        let own = || self.table.iter().filter(|(_, ticket)| ticket.user == user);
        if own().count() >= self.each {
            let unused = own().filter(|(_, ticket)| ticket.streams == 0);
            let Some(first) = unused.min_by_key(|(_, ticket)| ticket.until).map(|(key, _)| *key) else {
                return false;
            };
            self.table.remove(&first);
        }
        self.table.insert(TicketKey::of(text), Ticket { user, streams: 0, until: now + self.life });
        true
    }

    /// Finds the user whose ticket this is, if it is valid.
    pub fn find(&self, now: Instant, text: &str) -> Option<(UserId, TicketKey)> {
        let key = TicketKey::of(text);
        let ticket = self.table.get(&key)?;
        (ticket.streams > 0 || now < ticket.until).then_some((ticket.user, key))
    }

    /// Only the tickets of these users are valid from now on.
    pub fn retain(&mut self, has: impl Fn(UserId) -> bool) {
        self.table.retain(|_, ticket| has(ticket.user));
    }

    /// A stream was opened with it.
    pub fn hold(&mut self, key: TicketKey) {
        if let Some(ticket) = self.table.get_mut(&key) {
            ticket.streams += 1;
        }
    }

    /// A stream of a ticket is over.
    pub fn release(&mut self, now: Instant, key: TicketKey) {
        if let Some(ticket) = self.table.get_mut(&key) {
            ticket.streams = ticket.streams.saturating_sub(1);
            ticket.until = ticket.until.max(now + self.life);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::first(0);
    const BOB: UserId = UserId::first(1);
    const LIFE: Duration = Duration::from_secs(60);

    #[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
    fn tickets(each: usize) -> (Tickets, Instant) {
        let limits = Limits { ticket: LIFE, sessions_per_user: each, ..Limits::default() };
        (Tickets::new(&limits), Instant::now())
    }

    #[test]
    fn a_ticket_lives_for_its_time_and_no_other_text_is_one() {
        let (mut tickets, now) = tickets(2);
        assert!(tickets.add(now, ADA, "a"));
        assert_eq!(tickets.find(now, "a").map(|(user, _)| user), Some(ADA));
        for text in ["", "b", "A", "a "] {
            assert!(tickets.find(now, text).is_none(), "{text}");
        }
        let almost = now + LIFE - Duration::from_millis(1);
        assert!(tickets.find(almost, "a").is_some());
        assert!(tickets.find(now + LIFE, "a").is_none());
    }

    #[test]
    fn streams_hold_it_and_its_time_counts_anew_from_the_end_of_the_last() {
        let (mut tickets, now) = tickets(2);
        tickets.add(now, ADA, "a");
        let (_, key) = tickets.find(now, "a").expect("it is valid");
        tickets.hold(key);
        tickets.hold(key);
        tickets.release(now + LIFE, key);
        let late = now + 10 * LIFE;
        assert!(tickets.find(late, "a").is_some(), "one stream is up");
        tickets.release(late, key);
        assert!(tickets.find(late + LIFE / 2, "a").is_some());
        assert!(tickets.find(late + LIFE, "a").is_none());
        // Another ticket is made: the table forgets what is over.
        tickets.add(late + LIFE, BOB, "b");
        assert_eq!(tickets.table.len(), 1);
    }

    #[test]
    fn each_user_has_so_many_and_the_oldest_unused_one_makes_place() {
        let (mut tickets, now) = tickets(2);
        let at = |seconds| now + Duration::from_secs(seconds);
        tickets.add(at(0), ADA, "used");
        let (_, key) = tickets.find(at(0), "used").expect("it is valid");
        tickets.hold(key);
        tickets.add(at(1), BOB, "bob");
        tickets.add(at(2), ADA, "old");
        tickets.add(at(3), ADA, "new");
        let valid = |tickets: &Tickets, text| tickets.find(at(3), text).is_some();
        assert!(valid(&tickets, "used") && valid(&tickets, "new") && valid(&tickets, "bob"));
        assert!(!valid(&tickets, "old"));
        let (_, new) = tickets.find(at(3), "new").expect("it is valid");
        tickets.hold(new);
        assert!(!tickets.add(at(3), ADA, "third"), "both are in use");
        assert!(!valid(&tickets, "third") && valid(&tickets, "used") && valid(&tickets, "new"));
    }
}
