//! Waits for entries: each is over when as many have come as it wants, and finds no entry that was there before it.

use litemap::LiteMap;

use crate::record::entry::Entry;
use crate::record::query::Query;

/// The most waits at a time: each new entry is compared with all of them.
pub const WAITS_MAX: usize = 64;

/// Refused: as many requests wait as can wait at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyWaits;

/// The end of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The entries are there.
    Matched,
    /// The record was cleared.
    Cleared,
    /// The server goes down.
    Shutdown,
}

/// A wait for entries.
#[derive(Debug)]
pub struct Wait {
    /// The number behind which the entries stand, and as its limit how many are wanted.
    pub query: Query,
    /// The numbers of those that are there, in order.
    pub matched: Vec<u64>,
    /// Its end, if it has come.
    pub ending: Option<Ending>,
}

impl Wait {
    /// An entry is new, or has changed.
    fn offer(&mut self, entry: &Entry) -> bool {
        if self.ending.is_some() || entry.seq <= self.query.after.unwrap_or_default() {
            return false;
        }
        if let Err(place) = self.matched.binary_search(&entry.seq)
            && self.query.filter.has(entry)
        {
            self.matched.insert(place, entry.seq);
            if self.matched.len() >= self.query.limit {
                self.ending = Some(Ending::Matched);
                return true;
            }
        }
        false
    }
}

/// All waits.
#[derive(Debug, Default)]
pub(super) struct Waits {
    all: LiteMap<u64, Wait>,
    count: u64,
    /// Whether one has come to its end since this was asked last.
    is_over: bool,
}

impl Waits {
    pub fn begin(&mut self, query: Query) -> Result<u64, TooManyWaits> {
        if self.all.len() >= WAITS_MAX {
            return Err(TooManyWaits);
        }
        self.count += 1;
        self.all.insert(self.count, Wait { query, matched: Vec::new(), ending: None });
        Ok(self.count)
    }

    /// Shows an entry to all.
    pub fn offer(&mut self, entry: &Entry) {
        for (_, wait) in self.all.iter_mut() {
            self.is_over |= wait.offer(entry);
        }
    }

    /// Shows an entry to one.
    pub fn offer_to(&mut self, number: u64, entry: &Entry) {
        if let Some(wait) = self.all.get_mut(&number) {
            wait.offer(entry);
        }
    }

    pub fn is_over(&self, number: u64) -> bool {
        self.all.get(&number).is_none_or(|wait| wait.ending.is_some())
    }

    pub fn takes_over(&mut self) -> bool {
        std::mem::take(&mut self.is_over)
    }

    pub fn end(&mut self, number: u64) -> Option<Wait> {
        self.all.remove(&number)
    }

    pub fn end_all(&mut self, why: Ending) {
        for (_, wait) in self.all.iter_mut() {
            wait.ending.get_or_insert(why);
            self.is_over = true;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
