//! The entries that wait to be appended, each until it has been read from the stream.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use crate::cluster::bounds::Bounds;
use crate::cluster::seen::SPAN;

/// Why something is not appended. Nothing of it has been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAppended {
    /// The engine cannot be reached, or has not been yet; with the sentence of the last [`Event::Down`](crate::cluster::Event::Down).
    Down(String),
    /// The entry is longer than this, in bytes.
    TooLong(usize),
    /// The most entries a second, this number, were appended in this second already.
    TooFast(u32),
    /// As many entries, or bytes, wait as may.
    TooMuch,
    /// The stream is as long as it may be: a snapshot has to be stored before.
    NoSnapshot(u64),
}

impl fmt::Display for NotAppended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down(why) => f.write_str(why),
            Self::TooLong(most) => write!(f, "an entry may have {most} bytes"),
            Self::TooFast(most) => {
                write!(f, "{most} entries were appended in this second, which is the bound")
            }
            Self::TooMuch => {
                f.write_str("too much waits to be appended; the engine is slower than what comes")
            }
            Self::NoSnapshot(most) => {
                write!(f, "the stream has {most} entries, which is the bound, until a snapshot is stored")
            }
        }
    }
}

/// An entry that waits.
#[derive(Debug)]
struct Waiting {
    number: u64,
    bytes: Vec<u8>,
    /// Whether the entry was sent over the connection in use.
    sent: bool,
}

/// The entries that were not read from the stream yet, in the order in which they came.
#[derive(Debug)]
pub(super) struct Outbox {
    bounds: Bounds,
    waiting: VecDeque<Waiting>,
    bytes: usize,
    next: u64,
    /// When this second has begun, and how many entries it has had.
    second: Option<(Instant, u32)>,
}

impl Outbox {
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, waiting: VecDeque::new(), bytes: 0, next: 1, second: None }
    }

    /// Takes an entry, and gives its request a number.
    pub fn push(&mut self, now: Instant, bytes: Vec<u8>) -> Result<u64, NotAppended> {
        if bytes.len() > self.bounds.entry {
            return Err(NotAppended::TooLong(self.bounds.entry));
        }
        let oldest = self.waiting.front().map_or(self.next, |entry| entry.number);
        if self.next - oldest >= SPAN || self.bytes + bytes.len() > self.bounds.waiting {
            return Err(NotAppended::TooMuch);
        }
        let (begun, count) = match self.second {
            Some((begun, count)) if now.saturating_duration_since(begun) < Duration::from_secs(1) => {
                (begun, count)
            }
            _ => (now, 0),
        };
        if count >= self.bounds.entries_per_second {
            return Err(NotAppended::TooFast(self.bounds.entries_per_second));
        }
        self.second = Some((begun, count + 1));
        let number = self.next;
        self.next += 1;
        self.bytes += bytes.len();
        self.waiting.push_back(Waiting { number, bytes, sent: false });
        Ok(number)
    }

    /// Takes the entries that come next as sent, and shows them: so many entries or bytes at the most, but one at least.
    pub fn send(&mut self, most: usize, bytes: usize, mut show: impl FnMut(u64, &[u8])) -> usize {
        let from = self.waiting.partition_point(|entry| entry.sent);
        let (mut count, mut sum) = (0, 0);
        for entry in self.waiting.range_mut(from..).take(most) {
            sum += entry.bytes.len();
            if count > 0 && sum > bytes {
                break;
            }
            entry.sent = true;
            count += 1;
            show(entry.number, &entry.bytes);
        }
        count
    }

    /// Nothing of what waits was sent: there is another connection.
    pub fn send_again(&mut self) {
        self.waiting.iter_mut().for_each(|entry| entry.sent = false);
    }

    /// A request was read from the stream.
    pub fn seen(&mut self, number: u64) {
        let Ok(at) = self.waiting.binary_search_by_key(&number, |entry| entry.number) else { return };
        if let Some(entry) = self.waiting.remove(at) {
            self.bytes -= entry.bytes.len();
        }
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(bounds: Bounds) -> (Outbox, Instant) {
        (Outbox::new(bounds), crate::net::clock::now().monotonic)
    }

    fn sent(outbox: &mut Outbox, most: usize, bytes: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        outbox.send(most, bytes, |number, _| numbers.push(number));
        numbers
    }

    #[test]
    fn entries_are_sent_in_order_and_again_over_another_connection_until_they_were_read() {
        let (mut outbox, now) = outbox(Bounds::default());
        for _ in 0..5 {
            outbox.push(now, vec![0; 10]).expect("there is room");
        }
        assert_eq!(sent(&mut outbox, 2, 1000), [1, 2]);
        assert_eq!(sent(&mut outbox, 9, 20), [3, 4]);
        assert_eq!(sent(&mut outbox, 9, 1), [5]);
        assert!(sent(&mut outbox, 9, 1000).is_empty());
        outbox.seen(1);
        outbox.seen(3);
        outbox.seen(3);
        outbox.send_again();
        assert_eq!(sent(&mut outbox, 9, 1000), [2, 4, 5]);
        [2, 4, 5].into_iter().for_each(|number| outbox.seen(number));
        assert!(outbox.is_empty() && outbox.bytes == 0);
    }

    #[test]
    fn every_bound_is_told() {
        let bounds = Bounds { entry: 100, waiting: 250, entries_per_second: 3, ..Bounds::default() };
        let (mut outbox, now) = outbox(bounds);
        assert_eq!(outbox.push(now, vec![0; 101]), Err(NotAppended::TooLong(100)));
        assert_eq!(outbox.push(now, vec![0; 100]), Ok(1));
        assert_eq!(outbox.push(now, vec![0; 100]), Ok(2));
        assert_eq!(outbox.push(now, vec![0; 100]), Err(NotAppended::TooMuch));
        outbox.seen(1);
        assert_eq!(outbox.push(now, vec![0; 100]), Ok(3));
        outbox.seen(2);
        assert_eq!(outbox.push(now, vec![0; 100]), Err(NotAppended::TooFast(3)));
        assert_eq!(outbox.push(now + Duration::from_secs(1), vec![0; 100]), Ok(4));
    }

    #[test]
    fn the_oldest_that_waits_holds_up_what_would_be_forgotten_before_it() {
        let (mut outbox, now) = outbox(Bounds { entries_per_second: u32::MAX, ..Bounds::default() });
        for number in 1..=SPAN {
            assert_eq!(outbox.push(now, Vec::new()), Ok(number));
            if number > 1 {
                outbox.seen(number);
            }
        }
        assert_eq!(outbox.push(now, Vec::new()), Err(NotAppended::TooMuch));
        outbox.seen(1);
        assert!(outbox.push(now, Vec::new()).is_ok());
    }
}
