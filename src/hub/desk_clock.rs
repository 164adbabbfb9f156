//! The clock of the contact centre: all that Finesse shows follows it. It is the real one until a test sets another; deadlines of
//! sessions, logins and faults always follow the real one.

use std::time::{Duration, Instant};

use crate::clock::Now;

/// How much later than the real time it can be set. At the highest speed it comes there in a year, and goes on as fast as the real
/// time then: years with more than four digits are no dates in documents.
pub const AHEAD_MAX: Duration = Duration::from_secs(365_000 * 24 * 60 * 60);

/// The highest speed.
pub const SPEED_MAX: u32 = 1000;

/// A clock that stands still is moved on by so much for what the desk does in pieces.
const PIECE: Duration = Duration::from_millis(2);

/// A clock that was set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set {
    /// The real time when the clock was set for the first time. Until then it was the real one.
    pub origin: Instant,
    /// The real time when it was last set.
    pub real: Instant,
    /// The time of the contact centre at `real`.
    pub desk: Now,
    /// How many times faster than the real time it goes; 0: it stands still.
    pub speed: u32,
    /// Where it has still to go, from one due time to the next.
    pub target: Option<Instant>,
}

impl Set {
    /// The last time to which it can be set, and to which it goes faster than the real time.
    pub fn end(&self) -> Instant {
        self.origin + AHEAD_MAX
    }

    fn of(&self, now: Now) -> Now {
        if self.target.is_some() {
            return self.desk;
        }
        let real = now.monotonic.saturating_duration_since(self.real);
        let room = self.room();
        let elapsed = match real.saturating_mul(self.speed) {
            fast if fast <= room => fast,
            _ => room + real.saturating_sub(self.fast(room)),
        };
        Now { monotonic: self.desk.monotonic + elapsed, wall: self.desk.wall + elapsed }
    }

    /// The real time at which the clock shows `due`; `None`: it never does.
    fn real(&self, due: Instant) -> Option<Instant> {
        let left = due.saturating_duration_since(self.desk.monotonic);
        if left.is_zero() || self.target.is_some() || (self.speed == 0 && left <= PIECE) {
            return Some(self.real);
        }
        if self.speed == 0 {
            return None;
        }
        let fast = left.min(self.room());
        Some(self.real + self.fast(fast) + (left - fast))
    }

    /// The time for which it goes faster than the real time.
    fn room(&self) -> Duration {
        self.end().saturating_duration_since(self.desk.monotonic)
    }

    /// The real time that such a time takes.
    fn fast(&self, time: Duration) -> Duration {
        let nanos = time.as_nanos().div_ceil(u128::from(self.speed.max(1)));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// The clock.
#[derive(Debug, Default)]
pub struct DeskClock(pub(super) Option<Set>);

impl DeskClock {
    /// The time that it shows.
    pub fn of(&self, now: Now) -> Now {
        self.0.as_ref().map_or(now, |set| set.of(now))
    }

    /// The real time at which it shows `due`; `None`: as it goes now, never.
    pub fn real(&self, due: Instant) -> Option<Instant> {
        self.0.as_ref().map_or(Some(due), |set| set.real(due))
    }

    /// How many times faster than the real time it goes.
    pub fn speed(&self) -> u32 {
        self.0.as_ref().map_or(1, |set| set.speed)
    }

    /// Whether it has still to go somewhere.
    pub(super) fn is_on_its_way(&self) -> bool {
        self.0.as_ref().is_some_and(|set| set.target.is_some())
    }

    /// The clock as it is set from now on.
    pub(super) fn set(&mut self, now: Now) -> &mut Set {
        let desk = self.of(now);
        let set = self.0.get_or_insert(Set {
            origin: now.monotonic,
            real: now.monotonic,
            desk,
            speed: 1,
            target: None,
        });
        (set.real, set.desk) = (now.monotonic, desk);
        set
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// A clock of a speed that was set at a time, and that time.
    fn clock(speed: u32) -> (DeskClock, Now) {
        #[allow(clippy::disallowed_methods, reason = "any time will do")]
        let now = Now { monotonic: Instant::now(), wall: SystemTime::UNIX_EPOCH };
        let mut clock = DeskClock::default();
        clock.set(now).speed = speed;
        (clock, now)
    }

    #[test]
    fn what_is_due_is_due_when_the_clock_shows_it() {
        for speed in [1, 3, 10, SPEED_MAX] {
            let (clock, now) = clock(speed);
            for nanos in [1, 999, 1_000_000_007] {
                let due = now.monotonic + Duration::from_nanos(nanos);
                let real = clock.real(due).expect("it goes");
                assert!(clock.of(Now { monotonic: real, ..now }).monotonic >= due, "{speed} {nanos}");
            }
        }
    }

    #[test]
    fn a_clock_that_stands_still_wakes_nobody() {
        let (still, now) = clock(0);
        assert_eq!(still.real(now.monotonic + Duration::from_secs(1)), None);
        assert!(still.real(now.monotonic + Duration::from_millis(1)).is_some(), "the desk works in pieces");
    }

    /// Ten years of the clock were once the end, after 3.65 days.
    #[test]
    fn a_fast_clock_never_stands_still() {
        let (clock, now) = clock(SPEED_MAX);
        let day = Duration::from_secs(24 * 60 * 60);
        let mut before = now.monotonic;
        for days in [1, 3, 4, 30, 364, 365, 366, 3650, 36_500] {
            let real = now.monotonic + day * days;
            let shown = clock.of(Now { monotonic: real, ..now }).monotonic;
            let fast = days.min(365);
            assert_eq!(shown, now.monotonic + day * (fast * SPEED_MAX + (days - fast)), "{days}");
            assert!(shown >= before + day, "{days}");
            assert_eq!(clock.real(shown), Some(real), "{days}");
            before = shown;
        }
    }

    #[test]
    fn another_speed_goes_on_from_what_the_clock_shows() {
        let (mut clock, now) = clock(10);
        let later = Now { monotonic: now.monotonic + Duration::from_secs(6), ..now };
        clock.set(later).speed = 0;
        let much_later = Now { monotonic: later.monotonic + Duration::from_secs(60), ..now };
        for at in [later, much_later] {
            assert_eq!(clock.of(at).monotonic, now.monotonic + Duration::from_secs(60));
            assert_eq!(clock.of(at).wall, now.wall + Duration::from_secs(60));
        }
    }
}
