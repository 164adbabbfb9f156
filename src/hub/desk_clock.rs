//! The clock of the contact centre: all that Finesse shows follows it. It is the real one until a test sets another; deadlines of
//! sessions, logins and faults always follow the real one.

use std::time::{Duration, Instant};

use crate::clock::Now;
use crate::desk::Command;
use crate::hub::action::Action;
use crate::hub::state::Hub;

/// How much later than the real time it can be.
pub const AHEAD_MAX: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// The highest speed.
pub const SPEED_MAX: u32 = 1000;

/// How many times are gone to in a row before the event loop has its turn.
const STEPS: usize = 64;

/// A clock that stands still is moved on by so much for what the desk does in pieces.
const PIECE: Duration = Duration::from_millis(2);

/// A clock that was set.
#[derive(Clone, Copy, Debug)]
struct Set {
    /// The real time when it was set first, or when it was this.
    origin: Instant,
    /// The real time when it was last set.
    real: Instant,
    /// What it showed then.
    desk: Now,
    /// How many times faster than the real time it goes; 0: it stands still.
    speed: u32,
    /// Where it has still to go, from one due time to the next.
    target: Option<Instant>,
}

impl Set {
    fn end(&self) -> Instant {
        self.origin + AHEAD_MAX
    }

    fn of(&self, now: Now) -> Now {
        if self.target.is_some() {
            return self.desk;
        }
        let elapsed = now.monotonic.saturating_duration_since(self.real).saturating_mul(self.speed);
        let elapsed = elapsed.min(self.end().saturating_duration_since(self.desk.monotonic));
        Now { monotonic: self.desk.monotonic + elapsed, wall: self.desk.wall + elapsed }
    }

    /// The real time at which the clock shows `due`; `None`: it never does.
    fn real(&self, due: Instant) -> Option<Instant> {
        let left = due.saturating_duration_since(self.desk.monotonic);
        if left.is_zero() || self.target.is_some() || (self.speed == 0 && left <= PIECE) {
            return Some(self.real);
        }
        if due > self.end() || self.speed == 0 {
            return None;
        }
        let nanos = left.as_nanos().div_ceil(u128::from(self.speed));
        Some(self.real + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// The clock.
#[derive(Debug, Default)]
pub struct DeskClock(Option<Set>);

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

    fn is_on_its_way(&self) -> bool {
        self.0.as_ref().is_some_and(|set| set.target.is_some())
    }

    fn set(&mut self, now: Now) -> &mut Set {
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

/// What is to be done with the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockChange {
    pub speed: Option<u32>,
    pub advance: Option<Duration>,
}

impl Hub {
    /// The time that the contact centre shows.
    pub fn desk_time(&self, now: Now) -> Now {
        if cfg!(feature = "lab") { self.desk_clock.of(now) } else { now }
    }

    /// The clock of the contact centre.
    pub fn desk_clock(&self) -> &DeskClock {
        &self.desk_clock
    }

    /// Sets the clock. What becomes due meanwhile is done at its time, one after the other, before [`Hub::is_clock_set`] says so.
    /// Tells whether it was set: it can be only so much ahead.
    pub fn set_clock(&mut self, now: Now, change: ClockChange) -> bool {
        let set = self.desk_clock.set(now);
        let from = set.target.unwrap_or(set.desk.monotonic);
        let target = change.advance.map(|time| from + time);
        if target.is_some_and(|target| target > set.end()) {
            return false;
        }
        set.speed = change.speed.unwrap_or(set.speed);
        set.target = target.or(set.target);
        self.move_clock(now);
        true
    }

    /// Whether the clock shows what it was set to.
    pub fn is_clock_set(&self) -> bool {
        !self.desk_clock.is_on_its_way()
    }

    /// From now on the clock is the real one.
    pub(super) fn reset_clock(&mut self) {
        if self.desk_clock.0.take().is_some_and(|set| set.target.is_some()) {
            self.report.act(Action::WaitOver);
        }
    }

    /// When something of the contact centre is due, in real time.
    pub(super) fn desk_wake_at(&self) -> Option<Instant> {
        if !cfg!(feature = "lab") {
            return self.desk.wake_at();
        }
        match &self.desk_clock.0 {
            Some(Set { real, target: Some(_), .. }) => Some(*real),
            _ => self.desk.wake_at().and_then(|due| self.desk_clock.real(due)),
        }
    }

    /// Does what of the contact centre is due.
    pub(super) fn tick_desk(&mut self, now: Now) {
        if self.desk_wake_at().is_none_or(|due| due > now.monotonic) {
            return;
        }
        if self.desk_clock.is_on_its_way() {
            return self.move_clock(now);
        }
        if self.desk_clock.speed() == 0
            && let Some(due) = self.desk.wake_at()
        {
            self.show(due);
        }
        self.apply_by_system(now, Command::Tick);
    }

    /// Moves the clock to what is due next, as often as it may before others have their turn, or to where it has to go.
    fn move_clock(&mut self, now: Now) {
        for _ in 0..STEPS {
            let Some(target) = self.desk_clock.0.as_ref().and_then(|set| set.target) else { return };
            let next = self.desk.wake_at().filter(|due| *due <= target);
            self.show(next.unwrap_or(target));
            if next.is_none() {
                if let Some(set) = &mut self.desk_clock.0 {
                    (set.real, set.target) = (now.monotonic, None);
                }
                self.report.act(Action::WaitOver);
                return;
            }
            self.apply_by_system(now, Command::Tick);
        }
    }

    /// The clock shows a time that is no earlier than what it shows.
    fn show(&mut self, time: Instant) {
        if let Some(set) = &mut self.desk_clock.0 {
            let more = time.saturating_duration_since(set.desk.monotonic);
            set.desk = Now { monotonic: set.desk.monotonic + more, wall: set.desk.wall + more };
        }
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
    fn a_clock_that_stands_still_or_is_at_its_end_wakes_nobody() {
        let (still, now) = clock(0);
        assert_eq!(still.real(now.monotonic + Duration::from_secs(1)), None);
        assert!(still.real(now.monotonic + Duration::from_millis(1)).is_some(), "the desk works in pieces");
        let (fast, now) = clock(SPEED_MAX);
        let late = Now { monotonic: now.monotonic + AHEAD_MAX, wall: now.wall + AHEAD_MAX };
        assert_eq!(fast.of(late).monotonic, now.monotonic + AHEAD_MAX);
        assert_eq!(fast.real(now.monotonic + AHEAD_MAX + Duration::from_secs(1)), None);
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
