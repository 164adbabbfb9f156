//! Users as senders: what they have put into queues, how fast they send, and whether they are held.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::config::limits::Limits;
use crate::hub::delivery::queue_memory::{QueueMemory, Taken};
use crate::id::UserId;
use crate::id::by_user::ByUser;

/// A rate with a burst: virtual scheduling, as ITU-T I.371 describes it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// When all that was taken so far would have been taken at the rate.
    pub(super) due: Option<Instant>,
}

impl Pace {
    /// Takes `amount` at `rate` a second. Returns when the next may come if that is not at once; a rate of 0 bounds nothing.
    pub(super) fn take(&mut self, now: Instant, amount: usize, rate: usize, burst: usize) -> Option<Instant> {
        if rate == 0 {
            return None;
        }
        let time = |amount: usize| Duration::from_nanos(amount as u64 * 1_000_000_000 / rate as u64);
        let due = self.due.map_or(now, |due| due.max(now)) + time(amount);
        self.due = Some(due);
        due.checked_sub(time(burst)).filter(|next| *next > now)
    }
}

/// Why a user is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) until: Instant,
    /// Whether the user's events wait for readers; otherwise the user is faster than its rate.
    pub(super) owed: bool,
}

/// A user as a sender.
#[derive(Debug)]
pub(super) struct Sender {
    /// The bytes that the user has put into queues and nobody has taken yet, each stanza and event once.
    pub(super) owed: QueueMemory,
    pub(super) bytes: Pace,
    pub(super) stanzas: Pace,
    pub(super) hold: Option<Hold>,
}

/// All users as senders.
#[derive(Debug, Default)]
pub(in crate::hub) struct Senders {
    /// Most users never send anything.
    users: ByUser<Option<Box<Sender>>>,
    pub(super) held: BTreeSet<UserId>,
    /// No hold ends before.
    pub(super) end: Option<Instant>,
    /// The users to look at: some of their bytes were taken, or they are held since then.
    pub(super) taken: Taken,
    /// All queues together held much when it was looked at last.
    pub(super) crowded: bool,
}

impl Senders {
    pub(super) fn get(&self, user: UserId) -> Option<&Sender> {
        self.users.get(user).as_deref()
    }

    pub(super) fn get_mut(&mut self, user: UserId) -> &mut Sender {
        let taken = &self.taken;
        self.users.get_mut(user).get_or_insert_with(|| {
            Box::new(Sender {
                owed: QueueMemory::of(user, taken),
                bytes: Pace::default(),
                stanzas: Pace::default(),
                hold: None,
            })
        })
    }

    /// Where the bytes of a user are counted that wait for others.
    pub fn owed(&mut self, user: UserId) -> QueueMemory {
        self.get_mut(user).owed.clone()
    }

    pub(super) fn is_held(&self, user: UserId) -> bool {
        self.get(user).is_some_and(|sender| sender.hold.is_some())
    }

    pub(super) fn bytes(&self, user: UserId) -> usize {
        self.get(user).map_or(0, |sender| sender.owed.bytes())
    }

    /// Forgets users who are gone. Returns those of them who were held.
    pub fn forget(&mut self, has: impl Fn(UserId) -> bool) -> Vec<UserId> {
        let held: Vec<UserId> = self.held.iter().copied().filter(|user| !has(*user)).collect();
        self.held.retain(|user| has(*user));
        self.taken.retain(&has);
        self.users.retain(has);
        held
    }

    /// A hold ends then.
    pub(super) fn ends(&mut self, until: Instant) {
        self.end = Some(self.end.map_or(until, |end| end.min(until)));
    }

    /// The first end of those that are left.
    pub(super) fn first_end(&self) -> Option<Instant> {
        let end = |user: &UserId| Some(self.get(*user)?.hold?.until);
        self.held.iter().filter_map(end).min()
    }
}

impl Sender {
    /// When its rates let it go on, if that is not now.
    pub(super) fn pause(&self, now: Instant, limits: &Limits) -> Option<Instant> {
        let (mut bytes, mut stanzas) = (self.bytes, self.stanzas);
        bytes.take(now, 0, limits.user_rate, limits.user_burst).max(stanzas.take(
            now,
            0,
            limits.user_stanzas,
            limits.user_stanza_burst,
        ))
    }
}
