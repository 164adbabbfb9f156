//! How the clock of the contact centre is set, and what is due by it.

use std::time::{Duration, Instant};

use crate::clock::Now;
use crate::desk::Command;
use crate::hub::action::Action;
use crate::hub::desk_clock::{DeskClock, Set};
use crate::hub::state::Hub;

/// How many times are gone to in a row before the event loop has its turn.
const STEPS: usize = 64;

/// A change of the contact centre's clock.
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

    /// When something of the contact centre is due, or of the scenario, by its clock.
    fn next_due(&self) -> Option<Instant> {
        [self.desk.wake_at(), self.scenario_wake_at()].into_iter().flatten().min()
    }

    /// The same as the clock goes now: a scenario waits while the clock stands still, however dense it is.
    fn next_now(&self) -> Option<Instant> {
        let still = self.desk_clock.0.as_ref().filter(|set| set.speed == 0).map(|set| set.desk.monotonic);
        let of_scenario = self.scenario_wake_at().filter(|due| still.is_none_or(|shown| *due <= shown));
        [self.desk.wake_at(), of_scenario].into_iter().flatten().min()
    }

    /// When something of the contact centre is due, in real time.
    pub(super) fn desk_wake_at(&self) -> Option<Instant> {
        if !cfg!(feature = "lab") {
            return self.desk.wake_at();
        }
        match &self.desk_clock.0 {
            Some(Set { real, target: Some(_), .. }) => Some(*real),
            _ => self.next_now().and_then(|due| self.desk_clock.real(due)),
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
            && let Some(due) = self.next_now()
        {
            self.show(due);
        }
        self.apply_by_system(now, Command::Tick);
        self.play(now);
    }

    /// Moves the clock to what is due next, as often as it may before others have their turn, or to where it has to go.
    fn move_clock(&mut self, now: Now) {
        for _ in 0..STEPS {
            let Some(target) = self.desk_clock.0.as_ref().and_then(|set| set.target) else { return };
            let next = self.next_due().filter(|due| *due <= target);
            self.show(next.unwrap_or(target));
            if next.is_none() {
                if let Some(set) = &mut self.desk_clock.0 {
                    (set.real, set.target) = (now.monotonic, None);
                }
                self.report.act(Action::WaitOver);
                return;
            }
            self.apply_by_system(now, Command::Tick);
            self.play(now);
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
