//! Time as the state machines get it, and as it is shown.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// The time now: for deadlines, and for people.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub monotonic: Instant,
    pub wall: SystemTime,
}

/// A time in seconds, with as many decimals as the precision says, the rest cut off; without one with all that there are.
///
/// A number with a point would do, but what writes those is many times this.
#[derive(Clone, Copy, Debug)]
pub struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:09}", self.0.subsec_nanos());
        let decimals = match f.precision() {
            Some(most) => &digits[..most.min(digits.len())],
            None => digits.trim_end_matches('0'),
        };
        write!(f, "{}{}{decimals}", self.0.as_secs(), if decimals.is_empty() { "" } else { "." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_the_decimals_that_are_wanted() {
        let time = Duration::from_micros(61_050_300);
        for (shown, expected) in [
            (format!("{}", Seconds(time)), "61.0503"),
            (format!("{:.0}", Seconds(time)), "61"),
            (format!("{:.1}", Seconds(time)), "61.0"),
            (format!("{:.2}", Seconds(time)), "61.05"),
            (format!("{:.20}", Seconds(time)), "61.050300000"),
            (format!("{}", Seconds(Duration::from_secs(60))), "60"),
            (format!("{}", Seconds(Duration::ZERO)), "0"),
        ] {
            assert_eq!(shown, expected);
        }
    }
}
