//! How long something takes: a distribution, drawn without floating point.

use crate::scenario::random::{Millionths, Random};
use crate::scenario::tables::{EXPONENTIAL, HALF_NORMAL, ONE, POWER};

/// The longest time that is drawn, in milliseconds: a day.
pub const LONGEST: u64 = 24 * 60 * 60 * 1000;

/// The largest spread of a lognormal distribution.
pub const SPREAD_MAX: Millionths = Millionths(5_000_000);

/// The logarithm of e to the base 2.
const LOG_E: Millionths = Millionths(1_442_695);

/// A distribution of times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    Constant(u64),
    /// Each time from the first to the second is as likely.
    Uniform(u64, u64),
    /// The time until something happens that is as likely at any moment.
    Exponential(u64),
    /// The mean and the standard deviation; what is below 0 becomes 0.
    Normal(u64, u64),
    /// The median, and the standard deviation of the logarithm.
    Lognormal(u64, Millionths),
}

impl Distribution {
    /// Draws a time.
    pub fn draw(self, random: &mut Random) -> u64 {
        let drawn = random.number();
        let (fraction, is_upper) = (drawn >> 32, drawn & 1 == 1);
        let time = match self {
            Self::Constant(time) => time,
            Self::Uniform(from, to) => from + random.below(to.saturating_sub(from) + 1),
            Self::Exponential(mean) => mean * at(&EXPONENTIAL, fraction) / ONE,
            Self::Normal(mean, deviation) => {
                let away = deviation * at(&HALF_NORMAL, fraction) / ONE;
                if is_upper { mean + away } else { mean.saturating_sub(away) }
            }
            Self::Lognormal(median, spread) => {
                let away = at(&HALF_NORMAL, fraction) * spread.0 * LOG_E.0;
                let exponent = away / (Millionths::ONE.0 * Millionths::ONE.0);
                let power = at(&POWER, (exponent % ONE) << 16) << (exponent / ONE).min(20);
                if is_upper { (median * (power >> 4)) / (ONE >> 4) } else { median * ONE / power }
            }
        };
        time.min(LONGEST)
    }
}

/// The value of a table at a fraction, in parts of 2 to the power of 32.
pub fn at(table: &[u32; 257], fraction: u64) -> u64 {
    let place = (fraction >> 24) as usize & 0xff;
    let [from, to] = [table[place], table[place + 1]].map(u64::from);
    from + (((to - from) * (fraction & 0xff_ffff)) >> 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inverse of the distribution of how far a normal one is from its mean, found by halving.
    fn half_normal(chance: f64) -> f64 {
        // The integral of the density, by Simpson's rule.
        let integral = |to: f64| {
            let density = |x: f64| (-x * x / 2.0).exp() * (2.0 / std::f64::consts::PI).sqrt();
            let step = to / 2000.0;
            let parts = (0..1000).map(|part| {
                let from = f64::from(part) * 2.0 * step;
                (density(from) + 4.0 * density(from + step) + density(from + 2.0 * step)) * step / 3.0
            });
            parts.sum::<f64>()
        };
        let (mut low, mut high) = (0.0, 10.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if integral(middle) < chance { low = middle } else { high = middle }
        }
        low
    }

    #[test]
    fn the_tables_are_those_of_their_functions() {
        // The mean of what lies beyond the last place but one has to be that of the cell: the middle of both its ends.
        let exponential = |place: u32| match place {
            256 => exponential_at(255) + 2.0,
            _ => exponential_at(place),
        };
        fn exponential_at(place: u32) -> f64 {
            -(1.0 - f64::from(place) / 256.0).ln()
        }
        let last = half_normal(255.0 / 256.0);
        let beyond = 256.0 * (2.0 / std::f64::consts::PI).sqrt() * (-last * last / 2.0).exp();
        let normal = |place: u32| match place {
            256 => 2.0 * beyond - last,
            _ => half_normal(f64::from(place) / 256.0),
        };
        let power = |place: u32| (f64::from(place) / 256.0).exp2();
        for place in 0..=256_u32 {
            let functions: [(&str, &[u32; 257], f64); 3] = [
                ("EXPONENTIAL", &EXPONENTIAL, exponential(place)),
                ("HALF_NORMAL", &HALF_NORMAL, normal(place)),
                ("POWER", &POWER, power(place)),
            ];
            for (name, table, is) in functions {
                let known = f64::from(table[place as usize]);
                assert!(
                    (known - is * 65_536.0).abs() <= 1.0,
                    "{name} {place}: {known}, not {}",
                    is * 65_536.0
                );
            }
        }
    }

    fn drawn(distribution: Distribution) -> Vec<u64> {
        let mut random = Random::new(3, "test", 0);
        let mut all: Vec<u64> = (0..20_000).map(|_| distribution.draw(&mut random)).collect();
        all.sort_unstable();
        all
    }

    fn mean(all: &[u64]) -> u64 {
        all.iter().sum::<u64>() / all.len() as u64
    }

    #[test]
    fn what_is_drawn_has_the_mean_and_the_median_that_were_asked_for() {
        for distribution in [
            Distribution::Constant(10_000),
            Distribution::Uniform(0, 20_000),
            Distribution::Exponential(10_000),
            Distribution::Normal(10_000, 2_000),
        ] {
            let mean = mean(&drawn(distribution));
            assert!((9_850..=10_150).contains(&mean), "{distribution:?}: {mean}");
        }
        let all = drawn(Distribution::Normal(10_000, 2_000));
        let within = all.iter().filter(|time| (8_000..=12_000).contains(*time)).count() * 100 / all.len();
        assert!((67..=69).contains(&within), "of a hundred, 68 are within a standard deviation: {within}");
        for spread in [0, 500_000, 1_000_000] {
            let all = drawn(Distribution::Lognormal(10_000, Millionths(spread)));
            let median = all[all.len() / 2];
            assert!((9_700..=10_300).contains(&median), "{spread}: {median}");
        }
        // exp(1/2) times the median.
        let mean = mean(&drawn(Distribution::Lognormal(10_000, Millionths(1_000_000))));
        assert!((16_000..=17_000).contains(&mean), "{mean}");
    }

    #[test]
    fn no_time_is_beyond_its_bounds() {
        let all = drawn(Distribution::Uniform(5, 7));
        assert_eq!((all[0], all[all.len() - 1]), (5, 7));
        assert_eq!(drawn(Distribution::Normal(0, 1000))[0], 0);
        for distribution in [
            Distribution::Exponential(LONGEST),
            Distribution::Normal(LONGEST, LONGEST),
            Distribution::Lognormal(LONGEST, SPREAD_MAX),
            Distribution::Lognormal(1, SPREAD_MAX),
        ] {
            assert!(drawn(distribution).iter().all(|time| *time <= LONGEST), "{distribution:?}");
        }
    }
}
