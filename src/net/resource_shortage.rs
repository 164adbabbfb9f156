//! Times when connections cannot be accepted, for want of descriptors or memory: the log is told once when one begins and once
//! when it is over, not at every try.

use std::time::{Duration, Instant};

/// For so long every try has to go well before it is over: a client that leaves lets one in, and the next one waits again.
const SETTLED: Duration = Duration::from_secs(1);

/// Whether there is one, of one listener.
#[derive(Debug, Default)]
pub struct Shortage(Option<Lasting>);

#[derive(Debug)]
struct Lasting {
    began: Instant,
    last: Instant,
    accepted: usize,
}

/// A shortage that is over.
#[derive(Debug, PartialEq, Eq)]
pub struct Over {
    /// From the first try that failed to the last one.
    pub lasted: Duration,
    /// How many connections came in nevertheless, or after it.
    pub accepted: usize,
}

impl Shortage {
    /// A try has failed. Returns true if that is the beginning.
    pub fn failed(&mut self, now: Instant) -> bool {
        let begins = self.0.is_none();
        self.0.get_or_insert(Lasting { began: now, last: now, accepted: 0 }).last = now;
        begins
    }

    /// A connection was accepted.
    pub fn accepted(&mut self) {
        if let Some(lasting) = &mut self.0 {
            lasting.accepted += 1;
        }
    }

    /// When it is over, if there is one and no try fails before.
    pub fn due(&self) -> Option<Instant> {
        self.0.as_ref().map(|lasting| lasting.last + SETTLED)
    }

    /// The shortage is over.
    pub fn end(&mut self) -> Option<Over> {
        let Lasting { began, last, accepted } = self.0.take()?;
        Some(Over { lasted: last.duration_since(began), accepted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_once_and_is_over_when_every_try_has_gone_well_for_a_while() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut shortage = Shortage::default();
        shortage.accepted();
        assert_eq!((shortage.due(), shortage.end()), (None, None));
        assert!(shortage.failed(at(0)));
        assert!(!shortage.failed(at(100)));
        shortage.accepted();
        assert!(!shortage.failed(at(900)), "one came in, the next one did not");
        shortage.accepted();
        assert_eq!(shortage.due(), Some(at(1900)));
        assert_eq!(shortage.end(), Some(Over { lasted: Duration::from_millis(900), accepted: 2 }));
        assert_eq!(shortage.due(), None);
        assert!(shortage.failed(at(5000)), "the next one has its own beginning");
    }
}
