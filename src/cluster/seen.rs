//! The requests whose entries were read: an append whose answer was lost is sent again, and must count once.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::cluster::record::Writer;

/// How many writers are remembered. Beyond that the one is forgotten that has been silent for longest: with an appliance that
/// starts anew it takes as many starts until an append of the first one could count twice.
const WRITERS: usize = 64;

/// How far apart the oldest and the newest request of a writer may be that wait at the same time, so that no request that is sent
/// again is older than what is remembered.
pub(super) const SPAN: u64 = 4096;

/// The requests of a writer.
#[derive(BorshSerialize, BorshDeserialize, Clone, Debug)]
struct Requests {
    writer: Writer,
    highest: u64,
    /// The numbers below `highest` that have not come, in order; at most [`SPAN`].
    missing: Vec<u64>,
}

/// The requests that were read. All that read the same entries in the same order have the same; it is part of a snapshot.
#[derive(BorshSerialize, BorshDeserialize, Clone, Debug, Default)]
pub(super) struct Seen {
    /// The one that was silent for longest is the first.
    writers: Vec<Requests>,
}

impl Seen {
    /// Takes note of a request. Returns false if it was there before.
    pub fn admit(&mut self, writer: &Writer, number: u64) -> bool {
        let at = self.writers.iter().position(|known| known.writer == *writer);
        let mut requests = match at {
            Some(at) => self.writers.remove(at),
            None => Requests { writer: *writer, highest: 0, missing: Vec::new() },
        };
        let is_new = requests.admit(number);
        if self.writers.len() == WRITERS {
            self.writers.remove(0);
        }
        self.writers.push(requests);
        is_new
    }

    /// Writes it for a snapshot.
    pub fn written(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to a vector cannot fail.
        let _ = self.serialize(&mut bytes);
        bytes
    }

    /// Reads what a snapshot has; `None`: it is damaged.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let seen = Self::try_from_slice(bytes).ok()?;
        let is_bounded = seen.writers.len() <= WRITERS
            && seen.writers.iter().all(|requests| requests.missing.len() as u64 <= SPAN);
        is_bounded.then_some(seen)
    }
}

impl Requests {
    fn admit(&mut self, number: u64) -> bool {
        if number <= self.highest {
            let at = self.missing.binary_search(&number);
            return at.is_ok_and(|at| self.missing.remove(at) == number);
        }
        let from = self.highest.saturating_add(1).max(number.saturating_sub(SPAN));
        self.missing.extend(from..number);
        let over = self.missing.len().saturating_sub(SPAN as usize);
        self.missing.drain(..over);
        self.highest = number;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Writer = [1; 16];
    const B: Writer = [2; 16];

    fn admitted(seen: &mut Seen, writer: Writer, numbers: &[u64]) -> Vec<u64> {
        numbers.iter().copied().filter(|number| seen.admit(&writer, *number)).collect()
    }

    #[test]
    fn each_request_counts_once_also_if_it_comes_late() {
        let seen = &mut Seen::default();
        assert_eq!(admitted(seen, A, &[1, 2, 3, 2, 3, 4]), [1, 2, 3, 4]);
        assert_eq!(admitted(seen, B, &[2, 1, 1, 2, 5, 3, 4, 3]), [2, 1, 5, 3, 4]);
        assert_eq!(admitted(seen, A, &[4, 5]), [5]);
    }

    #[test]
    fn what_a_snapshot_has_goes_on_where_it_was() {
        let seen = &mut Seen::default();
        admitted(seen, A, &[1, 4]);
        let again = &mut Seen::read(&seen.written()).expect("it was written so");
        assert_eq!(admitted(again, A, &[1, 2, 4, 3, 5]), [2, 3, 5]);
        assert!(Seen::read(b"").is_none());
        assert!(Seen::read(&[255; 64]).is_none());
    }

    #[test]
    fn it_does_not_grow_beyond_its_bounds() {
        let seen = &mut Seen::default();
        for writer in 0..2 * WRITERS as u8 {
            assert!(seen.admit(&[writer; 16], u64::MAX));
            assert!(seen.admit(&[writer; 16], u64::MAX - 1));
            assert!(!seen.admit(&[writer; 16], 1), "that is older than a retry can be");
        }
        assert_eq!(seen.writers.len(), WRITERS);
        assert!(seen.writers.iter().all(|requests| requests.missing.len() as u64 == SPAN - 1));
        assert!(Seen::read(&seen.written()).is_some());
    }
}
