//! How many calls come when: a rate with straight lines between its points, and the moments at which calls come by it.

use crate::scenario::distribution::at;
use crate::scenario::random::Random;
use crate::scenario::tables::{EXPONENTIAL, ONE};

/// What stands for one call: a rate has thousandths of calls for a minute, a time milliseconds, and all of it twice, so that the
/// middle of a line is a whole number.
const CALL: i128 = 2 * 1000 * 60_000;

/// A rate over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    /// Milliseconds from the start, and thousandths of calls for a minute, in the order of time; one at least.
    pub points: Vec<(u64, u64)>,
}

impl Curve {
    /// How much has come by a time. Before its first point the rate is as there, and behind the last one, too.
    fn by(&self, time: u64) -> i128 {
        let (first, last) = (self.points.first().copied(), self.points.last().copied());
        let (Some((begin, rate)), Some((end, end_rate))) = (first, last) else { return 0 };
        let flat = |time: u64, rate: u64| 2 * i128::from(time) * i128::from(rate);
        let mut sum = flat(time.min(begin), rate);
        for pair in self.points.windows(2) {
            let [(from, before), (to, after)] = *pair else { continue };
            let (length, passed) = (to - from, time.min(to).saturating_sub(from));
            if length > 0 {
                let change = i128::from(after) - i128::from(before);
                let square = i128::from(passed) * i128::from(passed);
                sum += flat(passed, before) + (change * square).div_euclid(i128::from(length));
            }
        }
        sum + flat(time.saturating_sub(end), end_rate)
    }

    /// The first moment before `end` by which so much has come.
    fn when(&self, wanted: i128, end: u64) -> Option<u64> {
        if self.by(end) < wanted {
            return None;
        }
        let (mut low, mut high) = (0, end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.by(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        Some(low).filter(|time| *time < end)
    }
}

/// The moments at which calls come.
#[derive(Clone, Debug)]
pub struct Moments {
    is_poisson: bool,
    /// How much has to come until the next call.
    wanted: i128,
}

impl Moments {
    /// Before the first call. Poisson: calls know nothing of each other; else they come evenly.
    pub fn new(is_poisson: bool) -> Self {
        Self { is_poisson, wanted: 0 }
    }

    /// When the next call comes, before `end`.
    pub fn next(&mut self, curve: &Curve, end: u64, random: &mut Random) -> Option<u64> {
        let part = if self.is_poisson { at(&EXPONENTIAL, random.number() >> 32) } else { ONE };
        self.wanted += CALL * i128::from(part) / i128::from(ONE);
        curve.when(self.wanted, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn moments(points: &[(u64, u64)], is_poisson: bool, end: u64) -> Vec<u64> {
        let curve = Curve { points: points.to_vec() };
        let (mut moments, mut random) = (Moments::new(is_poisson), Random::new(1, "test", 0));
        std::iter::from_fn(|| moments.next(&curve, end, &mut random)).collect()
    }

    #[test]
    fn even_calls_follow_the_lines_of_the_rate() {
        let even = moments(&[(0, 2000)], false, 2 * MINUTE);
        assert_eq!(even, [30_000, 60_000, 90_000], "a call at the end does not come");
        // From 0 to 2 in a minute is one call, at its end; then two a minute.
        let rising = moments(&[(0, 0), (MINUTE, 2000)], false, 2 * MINUTE + 1);
        assert_eq!(rising, [60_000, 90_000, 120_000]);
        // It falls to nothing: two calls have come when it is over, and none follow.
        let falling = moments(&[(0, 4000), (MINUTE, 0)], false, 60 * MINUTE);
        assert_eq!(falling, [17_574, 60_000]);
        assert!(moments(&[(0, 0)], false, 60 * MINUTE).is_empty());
        assert_eq!(
            moments(&[(MINUTE, 1000), (MINUTE, 60_000)], false, MINUTE + 2001),
            [60_000, 61_000, 62_000]
        );
    }

    #[test]
    fn calls_by_chance_are_about_as_many_as_the_rate_says() {
        let hour = moments(&[(0, 10_000)], true, 60 * MINUTE);
        assert!((540..660).contains(&hour.len()), "{}", hour.len());
        assert!(hour.is_sorted());
        let gaps: Vec<u64> = hour.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let short = gaps.iter().filter(|gap| **gap < 6_000).count() * 100 / gaps.len();
        assert!((58..=69).contains(&short), "of a hundred gaps, 63 are shorter than the mean: {short}");
    }
}
