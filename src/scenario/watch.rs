//! Expectations: what has to follow in time.

use std::collections::VecDeque;

use crate::record::Entry;
use crate::scenario::file::Expect;

/// The most waits of all expectations of a scenario at a time.
pub const OPEN_MAX: usize = 1000;

/// What has come of an expectation.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// Until when an entry has to come, the first first.
    open: VecDeque<u64>,
    pub met: u64,
    pub failed: u64,
    /// How often nothing was waited for, as there were too many waits.
    pub left_out: u64,
}

impl Watched {
    /// The waits that are open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// When the first of them is over.
    pub fn due(&self) -> Option<u64> {
        self.open.front().copied()
    }

    /// Begins to wait.
    pub fn begin(&mut self, until: u64, has_room: bool) {
        if has_room { self.open.push_back(until) } else { self.left_out += 1 }
    }

    /// An entry has come.
    pub fn see(&mut self, now: u64, expect: &Expect, entry: &Entry, has_room: bool) {
        if !self.open.is_empty() && expect.filter.has(entry) {
            self.open.pop_front();
            self.met += 1;
        }
        if expect.of.as_ref().is_some_and(|of| of.has(entry)) {
            self.begin(now + expect.within, has_room);
        }
    }

    /// Time has gone by: what has not come in time has failed.
    pub fn pass(&mut self, now: u64) {
        while self.open.front().is_some_and(|until| *until <= now) {
            self.open.pop_front();
            self.failed += 1;
        }
    }
}
