//! The callers of a scenario, and what has become of them.

use std::collections::BTreeMap;

use crate::desk::Desk;
use crate::id::DialogId;
use crate::scenario::file::Figure;
use crate::scenario::random::Millionths;

/// How fine waits are counted, in milliseconds.
const FINE: u64 = 100;

/// The longest wait that is counted apart, in steps of [`FINE`]: ten minutes.
const WAITS: usize = 6_000;

/// The most callers at a time that are counted, above what the contact centre takes.
pub const OPEN_MAX: usize = 100_000;

/// A caller who is there.
#[derive(Clone, Copy, Debug)]
struct Caller {
    came: u64,
    /// When it hangs up; `None`: it waits for as long as the contact centre lets it.
    gives_up: Option<u64>,
    is_answered: bool,
}

/// All callers.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    open: BTreeMap<DialogId, Caller>,
    pub placed: u64,
    pub not_placed: u64,
    pub answered: u64,
    pub abandoned: u64,
    /// Callers who were there when the scenario ended, and neither answered nor gone.
    pub cut: u64,
    /// How many have waited so many steps to be answered.
    waits: Vec<u32>,
    longest: u64,
}

impl Calls {
    /// A call has found its place.
    pub fn placed(&mut self, now: u64, id: DialogId, gives_up: Option<u64>) {
        self.placed += 1;
        if self.open.len() < OPEN_MAX {
            self.open.insert(id, Caller { came: now, gives_up, is_answered: false });
        }
    }

    /// Looks what has become of a call. Tells whether its caller still waits.
    pub fn look(&mut self, now: u64, desk: &Desk, id: DialogId, ends: bool) -> bool {
        let Some(caller) = self.open.get_mut(&id) else { return false };
        let state = desk.is_answered(id);
        if state == Some(true) && !caller.is_answered {
            caller.is_answered = true;
            let wait = now - caller.came;
            self.count(wait);
        } else if state.is_none() {
            let was_answered = caller.is_answered;
            self.open.remove(&id);
            match (was_answered, ends) {
                (true, _) => {}
                (false, true) => self.cut += 1,
                (false, false) => self.abandoned += 1,
            }
        }
        state == Some(false)
    }

    fn count(&mut self, wait: u64) {
        self.answered += 1;
        self.longest = self.longest.max(wait);
        let step = usize::try_from(wait.div_ceil(FINE)).unwrap_or(WAITS).min(WAITS);
        if self.waits.len() <= step {
            self.waits.resize(step + 1, 0);
        }
        self.waits[step] += 1;
    }

    /// When a caller hangs up who is not answered.
    pub fn gives_up(&self, id: DialogId) -> Option<u64> {
        self.open.get(&id)?.gives_up
    }

    /// The callers who are there, the first first.
    pub fn open(&self) -> impl Iterator<Item = DialogId> {
        self.open.keys().copied()
    }

    /// The caller who has waited longest.
    pub fn waiting(&self) -> impl Iterator<Item = DialogId> {
        self.open.iter().filter(|(_, caller)| !caller.is_answered).map(|(id, _)| *id)
    }

    /// How many talk.
    pub fn talking(&self) -> usize {
        self.open.values().filter(|caller| caller.is_answered).count()
    }

    /// A figure: a share in millionths, a time, or a number; `None`: there is nothing to count.
    pub fn figure(&self, figure: Figure) -> Option<u64> {
        let share = |part: u64, of: u64| (part * Millionths::ONE.0).checked_div(of);
        let decided = self.answered + self.abandoned;
        match figure {
            Figure::Answered => share(self.answered, decided),
            Figure::Abandoned => share(self.abandoned, decided),
            Figure::NotPlaced => share(self.not_placed, self.placed + self.not_placed),
            Figure::WaitP50 => self.percentile(50),
            Figure::WaitP95 => self.percentile(95),
            Figure::WaitMax => (self.answered > 0).then_some(self.longest),
            Figure::Calls => Some(decided),
        }
    }

    /// The wait that so many of a hundred callers who were answered did not exceed.
    fn percentile(&self, of_hundred: u64) -> Option<u64> {
        let wanted = (self.answered * of_hundred).div_ceil(100);
        let mut seen = 0;
        let step = self.waits.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        })?;
        // The last step has all that are longer.
        Some(if step == WAITS { self.longest } else { (step as u64 * FINE).min(self.longest) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_counted_to_a_tenth_of_a_second() {
        let mut calls = Calls::default();
        assert_eq!(calls.figure(Figure::WaitP95), None);
        for wait in 1..=100 {
            calls.count(wait * 1000);
        }
        assert_eq!(calls.figure(Figure::WaitP50), Some(50_000));
        assert_eq!(calls.figure(Figure::WaitP95), Some(95_000));
        assert_eq!(calls.figure(Figure::WaitMax), Some(100_000));
        for _ in 0..100 {
            calls.count(3_600_001);
        }
        assert_eq!(calls.figure(Figure::WaitP95), Some(3_600_001));
        calls.abandoned = 600;
        assert_eq!(calls.figure(Figure::Answered), Some(250_000));
        assert_eq!(calls.figure(Figure::Abandoned), Some(750_000));
        assert_eq!(calls.figure(Figure::NotPlaced), None);
    }
}
