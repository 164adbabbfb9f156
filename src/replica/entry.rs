//! Entries of a log, as records: a change is kept as an entry, or with the whole state.
//!
//! ```text
//! length      4 bytes, the lowest first: of the body
//! check sum   8 bytes: the beginning of the SHA-256 of the number of the entry and of the body
//! body        the entry, as `codec` writes it
//! ```
//!
//! The number of the entry is not written: the first entry behind a state has the number 0, and each other one the next. A record that
//! stands at another place, for example in another log, has a wrong check sum there.

use ring::digest::{Context, SHA256};

/// The most bytes of a body: more than any request can bring.
pub const LONGEST: usize = 64 * 1024 * 1024;

/// The bytes before a body.
pub const HEAD: usize = 4 + SUM;

const SUM: usize = 8;

/// How a change is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    AsEntry,
    /// The change brings more than an entry can have: the whole state is written.
    AsState,
    /// The change concerns sessions only, which end with the server.
    Not,
}

/// Appends a record. `log` is the beginning of the state that the entry follows: entries of other states are none of it.
pub fn append(records: &mut Vec<u8>, log: &[u8], number: u64, body: &[u8]) {
    records.extend_from_slice(&(body.len() as u32).to_le_bytes());
    records.extend_from_slice(&sum(log, number, body));
    records.extend_from_slice(body);
}

/// The bodies of records, up to the first that is not whole.
pub struct Records<'a> {
    log: &'a [u8],
    rest: &'a [u8],
    number: u64,
}

impl<'a> Records<'a> {
    /// Reads from the first record on.
    pub fn new(log: &'a [u8], bytes: &'a [u8]) -> Self {
        Self { log, rest: bytes, number: 0 }
    }

    /// How many bytes are left: behind the last record none, or those of a record that is not whole and of all behind it.
    pub fn left(&self) -> usize {
        self.rest.len()
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, behind) = self.rest.split_first_chunk()?;
        let (own, behind) = behind.split_first_chunk::<SUM>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (body, behind) = behind.split_at_checked(length.min(LONGEST + 1))?;
        if body.len() > LONGEST || *own != sum(self.log, self.number, body) {
            return None;
        }
        self.rest = behind;
        self.number += 1;
        Some(body)
    }
}

fn sum(log: &[u8], number: u64, body: &[u8]) -> [u8; SUM] {
    let mut context = Context::new(&SHA256);
    context.update(log);
    context.update(&number.to_le_bytes());
    context.update(body);
    let mut sum = [0; SUM];
    sum.copy_from_slice(&context.finish().as_ref()[..SUM]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] = b"the check sum of a state";

    fn written(bodies: &[&[u8]]) -> Vec<u8> {
        let mut records = Vec::new();
        for (number, body) in (0..).zip(bodies) {
            append(&mut records, LOG, number, body);
        }
        records
    }

    #[test]
    fn a_log_is_read_up_to_the_first_record_that_is_not_whole() {
        let bodies: [&[u8]; 4] = [b"one", b"", &[0; 300], b"four"];
        let bytes = written(&bodies);
        let ends: Vec<usize> = (0..=bodies.len()).map(|count| written(&bodies[..count]).len()).collect();
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            let mut records = Records::new(LOG, &bytes[..cut]);
            assert_eq!(records.by_ref().collect::<Vec<_>>(), bodies[..whole], "cut at {cut}");
            assert_eq!(records.left(), cut - ends[whole], "cut at {cut}");
        }
        for at in 0..bytes.len() {
            for bit in [1, 0x80] {
                let mut damaged = bytes.clone();
                damaged[at] ^= bit;
                let whole = ends.iter().filter(|end| **end <= at).count() - 1;
                let read: Vec<_> = Records::new(LOG, &damaged).map(<[u8]>::to_vec).collect();
                assert_eq!(read, bodies[..whole], "byte {at}");
            }
        }
    }

    #[test]
    fn records_of_another_place_or_another_log_are_none() {
        let bytes = written(&[b"one", b"two"]);
        assert_eq!(Records::new(LOG, &bytes[HEAD + 3..]).next(), None, "the second is not the first");
        assert_eq!(Records::new(b"another", &bytes).next(), None);
        let twice = [&bytes[..], &bytes[..]].concat();
        assert_eq!(Records::new(LOG, &twice).collect::<Vec<_>>().len(), 2, "the same again");
    }
}
