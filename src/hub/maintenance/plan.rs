//! When the sessions end that maintenance mode lets go.

use std::time::{Duration, Instant};

use crate::id::SessionId;

/// The time between the news and the first end, as Finesse warns its desktops. It is a quarter of a short time.
const NOTICE: Duration = Duration::from_secs(15);

/// The time between two rounds of ends. It is an eighth of a short time.
const STEP: Duration = Duration::from_secs(5);

/// How sessions are ended within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub notice: Duration,
    pub step: Duration,
    /// How many end in each round.
    pub round: usize,
    rounds: u32,
}

impl Plan {
    /// A plan for so many sessions.
    pub fn new(time: Duration, sessions: usize) -> Self {
        let notice = NOTICE.min(time / 4);
        let step = STEP.min(time / 8);
        let possible = ((time - notice).as_millis() / step.as_millis().max(1)).max(1) as usize;
        let round = sessions.div_ceil(possible).max(1);
        Self { notice, step, round, rounds: sessions.div_ceil(round) as u32 }
    }

    /// The time until all are ended, if nobody is in a call.
    pub fn estimate(self) -> Duration {
        if self.rounds == 0 { Duration::ZERO } else { self.notice + self.step * (self.rounds - 1) }
    }
}

/// The sessions that are still to be ended.
#[derive(Debug)]
pub struct Departures {
    pub sessions: Vec<SessionId>,
    plan: Plan,
    /// When the next round is.
    next: Instant,
    /// When the time is over.
    end: Instant,
}

impl Departures {
    /// Sessions that are to be ended within a time from now on.
    pub fn new(now: Instant, time: Duration, sessions: Vec<SessionId>) -> Self {
        let plan = Plan::new(time, sessions.len());
        Self { sessions, plan, next: now + plan.notice, end: now + time }
    }

    /// When there is something to do next.
    pub fn wake_at(&self) -> Instant {
        self.next.min(self.end)
    }

    /// Tells whether the time is over.
    pub fn is_over(&self, now: Instant) -> bool {
        self.end <= now
    }

    /// Begins the round that is due, and returns how many sessions it ends.
    pub fn begin_round(&mut self, now: Instant) -> usize {
        self.next = now + self.plan.step;
        if self.is_over(now) { usize::MAX } else { self.plan.round }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_within_the_time_and_no_denser_than_needed() {
        for (seconds, sessions, notice, step, round, estimate) in [
            (3600, 0, 15_000, 5000, 1, 0),
            (3600, 1, 15_000, 5000, 1, 15_000),
            (3600, 3, 15_000, 5000, 1, 25_000),
            (3600, 10_000, 15_000, 5000, 14, 3_585_000),
            (60, 100, 15_000, 5000, 12, 55_000),
            (1, 1, 250, 125, 1, 250),
            (1, 1000, 250, 125, 167, 875),
        ] {
            let time = Duration::from_secs(seconds);
            let plan = Plan::new(time, sessions);
            let expected = Duration::from_millis;
            assert_eq!(
                (plan.notice, plan.step, plan.round),
                (expected(notice), expected(step), round),
                "{seconds} {sessions}"
            );
            assert_eq!(plan.estimate(), expected(estimate), "{seconds} {sessions}");
            assert!(plan.estimate() <= time);
        }
    }
}
