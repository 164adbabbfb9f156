//! Connections that are refused because too many are open: each is counted, and the log is told of one a second at the most.

use std::time::{Duration, Instant};

/// Between two lines of the log.
const APART: Duration = Duration::from_secs(1);

/// The refusals of all listeners.
#[derive(Debug, Default)]
pub struct Refusals {
    count: u64,
    /// When the log was told last, and how many there were then.
    told: Option<(Instant, u64)>,
}

impl Refusals {
    /// Counts a refusal. Returns `Some(n)` if it should be logged: `n` more were refused since the last line.
    pub fn another(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        let before = match self.told {
            Some((last, _)) if now < last + APART => return None,
            Some((_, before)) => before,
            None => 0,
        };
        self.told = Some((now, self.count));
        Some(self.count - before - 1)
    }

    /// How many there have been.
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_once_a_second_and_of_all_in_between() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut refusals = Refusals::default();
        for (millis, expected) in [
            (0, Some(0)),
            (1, None),
            (999, None),
            (1000, Some(2)),
            (2000, Some(0)),
            (2500, None),
            (9000, Some(1)),
        ] {
            assert_eq!(refusals.another(at(millis)), expected, "{millis}");
        }
        assert_eq!(refusals.count(), 7);
    }
}
