//! The tasks of the contact centre for later. There are at most a few for each user and each call, and one for each
//! message to teams and each contact of a campaign.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::id::{DialogId, TaskId, UserId};
#[cfg(feature = "replica")]
use crate::{
    clock::Now,
    replica::codec::{Codec, Coded},
};

/// A task that becomes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The agent's last session ended so long ago that it is signed out.
    ForcedLogout(UserId),
    /// The sign-in of the agent has taken its time.
    SignInOver(UserId),
    /// The agent has wrapped up long enough.
    WrapUpOver(UserId),
    /// The agent has not answered a call from a queue.
    NotAnswered(DialogId, UserId),
    /// The agent to whom a task is offered has not accepted it.
    TaskNotAccepted(TaskId),
    /// The telephone outside is answered.
    OutsideAnswers(DialogId),
    /// The agent who is reserved for a contact has not decided.
    ReservationOver(DialogId),
    /// The dialer has called the customer of a reservation.
    CustomerCalled(DialogId),
    /// The dialer has called the customer for whom the agent is reserved.
    CustomerDialled(UserId),
    /// The contact at that place may be offered.
    ContactRested(u64),
    /// The caller from outside has waited long enough.
    CallerTired(DialogId),
    /// The statistics of the queues are looked at.
    Statistics,
    /// The message with that id has been shown for as long as it should be.
    MessageOver(u64),
    /// The service is back: this agent and those after it have not been told how they stand.
    TellStates(UserId),
    /// Some users whose documents changed with another configuration have not been told.
    TellChanged,
}

/// Names a timer, to cancel it. A timer that is over can be cancelled too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerId {
    due: Instant,
    /// Tells apart those that are due at the same time: the one set first is first.
    number: u64,
}

/// The timers that are set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timers {
    pub(super) set: BTreeMap<TimerId, Alarm>,
    count: u64,
    /// The ids have times of the past: what was due then at the first time, or before, is due at the second.
    moved: Option<(Instant, Instant)>,
}

impl Timers {
    /// Sets a timer.
    pub fn set(&mut self, due: Instant, alarm: Alarm) -> TimerId {
        let id = TimerId {
            due: moved(due, self.moved.map(|(past, present)| (present, past))),
            number: self.count,
        };
        self.count += 1;
        self.set.insert(id, alarm);
        id
    }

    /// Cancels a timer.
    pub fn cancel(&mut self, id: Option<TimerId>) {
        if let Some(id) = id {
            self.set.remove(&id);
        }
    }

    /// The time at which the next timer is due.
    pub fn next(&self) -> Option<Instant> {
        self.set.keys().next().map(|id| moved(id.due, self.moved))
    }

    /// Removes and returns the next timer that is due.
    pub fn pop(&mut self, now: Instant) -> Option<Alarm> {
        let first = self.set.first_entry()?;
        (moved(first.key().due, self.moved) <= now).then(|| first.remove())
    }

    /// The time in the past from which what is due is counted, and the present one from which it is due.
    #[cfg(feature = "replica")]
    pub fn moved(&self) -> Option<(Instant, Instant)> {
        self.moved
    }

    /// What was due so long after `past` is due as long after `present`.
    pub fn go_back(&mut self, past: Instant, present: Instant) {
        let past = moved(past, self.moved.map(|(past, present)| (present, past)));
        self.moved = Some((past, present));
    }

    /// The users for whom something is due.
    pub fn users(&mut self) -> impl Iterator<Item = &mut UserId> {
        self.set.values_mut().filter_map(|alarm| match alarm {
            Alarm::ForcedLogout(user)
            | Alarm::SignInOver(user)
            | Alarm::WrapUpOver(user)
            | Alarm::NotAnswered(_, user)
            | Alarm::CustomerDialled(user)
            | Alarm::TellStates(user) => Some(user),
            _ => None,
        })
    }
}

/// A time as long after the second as it is after the first.
fn moved(time: Instant, by: Option<(Instant, Instant)>) -> Instant {
    by.map_or(time, |(from, to)| to + time.saturating_duration_since(from))
}

#[cfg(feature = "replica")]
impl Coded for TimerId {
    fn blank(now: Now) -> Self {
        Self { due: now.monotonic, number: 0 }
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        let mut due = moved(self.due, codec.moved);
        due.code(codec);
        if codec.is_reading() {
            self.due = due;
        }
        self.number.code(codec);
    }
}

#[cfg(feature = "replica")]
impl Coded for Timers {
    fn blank(_: Now) -> Self {
        Self::default()
    }

    /// Alarms that are read are due at their own times.
    fn code(&mut self, codec: &mut Codec<'_>) {
        if codec.is_reading() {
            (self.moved, codec.moved) = (None, None);
        }
        self.set.code(codec);
        self.count.code(codec);
    }
}
