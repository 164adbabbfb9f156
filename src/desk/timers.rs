//! The tasks of the contact centre for later. There are at most a few for each user and each call, and one for each
//! message to teams and each contact of a campaign.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::id::{DialogId, TaskId, UserId};

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
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Timers {
    pub(super) set: BTreeMap<TimerId, Alarm>,
    count: u64,
}

impl Timers {
    /// Sets a timer.
    pub fn set(&mut self, due: Instant, alarm: Alarm) -> TimerId {
        let id = TimerId { due, number: self.count };
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
        self.set.keys().next().map(|id| id.due)
    }

    /// Removes and returns the next timer that is due.
    pub fn pop(&mut self, now: Instant) -> Option<Alarm> {
        let first = self.set.first_entry()?;
        (first.key().due <= now).then(|| first.remove())
    }
}
