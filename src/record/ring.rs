//! The ring of entries.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use litemap::LiteMap;

use crate::id::{SessionId, UserId};
use crate::pubsub::Item;
use crate::record::entry::{Entry, Text};
use crate::record::query::Query;
use crate::record::wait::{Ending, TooManyWaits, Wait, Waits};
use crate::record::wire::Wire;
use crate::xmpp::sasl::Attempt;

/// How many bytes an entry may have on an average: all together no more than so many for each that there can be.
pub const BYTES_PER_ENTRY: usize = 512;

/// About how many bytes of entries one answer has.
const PAGE_BYTES: usize = 1024 * 1024;

/// Entries for somebody who asks.
#[derive(Debug, Default)]
pub struct Page<'r> {
    pub entries: Vec<&'r Entry>,
    /// The number of the oldest entry that is kept; that of the next one if there is none.
    pub first: u64,
    /// The number behind which to go on.
    pub next: u64,
    /// How many entries before the first had been asked for, and are gone.
    pub lost: u64,
}

/// The record.
pub struct Record {
    /// The most entries; 0: nothing is recorded.
    most: usize,
    entries: VecDeque<Entry>,
    /// The number of the last entry.
    last: u64,
    /// The memory of all entries.
    bytes: usize,
    /// The items of entries, by where they are in memory: how many entries have each.
    items: BTreeMap<usize, usize>,
    /// How many entries have made room for others.
    dropped: u64,
    wire: Wire,
    /// The logins that are not decided yet.
    attempts: LiteMap<SessionId, Attempt>,
    /// The last state of each user, and of the service.
    states: LiteMap<Option<UserId>, &'static str>,
    waits: Waits,
}

impl Record {
    /// A record of so many entries at most.
    pub fn new(most: usize, wire: Wire) -> Self {
        Self {
            most,
            entries: VecDeque::new(),
            last: 0,
            bytes: 0,
            items: BTreeMap::new(),
            dropped: 0,
            wire,
            attempts: LiteMap::new(),
            states: LiteMap::new(),
            waits: Waits::default(),
        }
    }

    /// Tells whether anything is recorded: the only question that is asked if not. A program without the feature records nothing,
    /// and has nothing of what would be asked then.
    pub fn is_on(&self) -> bool {
        cfg!(feature = "lab") && self.most > 0
    }

    /// What every event has in common.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The memory of all entries, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many entries have made room for others.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The number of the last entry.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The number of the oldest entry that is kept; that of the next one if there is none.
    pub fn first(&self) -> u64 {
        self.entries.front().map_or(self.last + 1, |entry| entry.seq)
    }

    /// Adds an entry. Returns its number.
    pub fn add(&mut self, mut entry: Entry) -> u64 {
        self.last += 1;
        entry.seq = self.last;
        self.waits.offer(&entry);
        self.bytes += entry.bytes() + self.hold(&entry.text);
        self.entries.push_back(entry);
        let most = self.most.saturating_mul(BYTES_PER_ENTRY);
        while self.entries.len() > self.most || self.bytes > most {
            self.drop_first();
        }
        self.last
    }

    /// The entry of a number, if it is still kept.
    pub fn get(&self, seq: u64) -> Option<&Entry> {
        let place = usize::try_from(seq.checked_sub(self.first())?).ok()?;
        self.entries.get(place)
    }

    /// Changes an entry that is still kept.
    pub fn change(&mut self, seq: u64, change: impl FnOnce(&mut Entry)) {
        let Some(place) = seq.checked_sub(self.first()).and_then(|place| usize::try_from(place).ok()) else {
            return;
        };
        if let Some(entry) = self.entries.get_mut(place) {
            let before = entry.bytes();
            change(entry);
            self.bytes = self.bytes - before + entry.bytes();
            self.waits.offer(entry);
        }
    }

    /// All entries, the oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Forgets all entries. Their numbers are not used again. Nobody waits any more.
    pub fn clear(&mut self) {
        self.waits.end_all(Ending::Cleared);
        self.entries = VecDeque::new();
        self.items.clear();
        self.bytes = 0;
    }

    /// A number as it is known: one that there was not yet is from before the start of the server, and then all entries are new.
    fn known(&self, number: u64) -> u64 {
        if number > self.last { 0 } else { number }
    }

    /// How many entries behind a number are not kept any more.
    pub fn lost(&self, after: u64) -> u64 {
        self.first().saturating_sub(self.known(after) + 1)
    }

    /// The entries behind a number.
    pub fn behind(&self, after: u64) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.range(self.place_behind(after)..)
    }

    fn place_behind(&self, after: u64) -> usize {
        let place = (self.known(after) + 1).saturating_sub(self.first());
        usize::try_from(place).unwrap_or(usize::MAX).min(self.entries.len())
    }

    /// The entries that a query asks for.
    pub fn page(&self, query: &Query) -> Page<'_> {
        let after = self.known(query.after.unwrap_or_default());
        let mut page =
            Page { first: self.first(), next: self.last, lost: self.lost(after), ..Page::default() };
        let mut room = PAGE_BYTES;
        for entry in self.behind(after).filter(|entry| query.filter.has(entry)) {
            if page.entries.len() == query.limit || room == 0 {
                page.next = page.entries.last().map_or(after, |last| last.seq);
                break;
            }
            room = room.saturating_sub(entry.size + entry.bytes());
            page.entries.push(entry);
        }
        page
    }

    /// Begins to wait for as many entries as a query wants, without `after` those that come from now on. Returns the number of the
    /// wait.
    ///
    /// # Errors
    ///
    /// There are as many waits as there can be.
    pub fn begin_wait(&mut self, query: Query) -> Result<u64, TooManyWaits> {
        let after = query.after.map_or(self.last, |after| self.known(after));
        let number = self.waits.begin(Query { after: Some(after), ..query })?;
        let place = self.place_behind(after);
        for entry in self.entries.range(place..) {
            self.waits.offer_to(number, entry);
            if self.waits.is_over(number) {
                break;
            }
        }
        Ok(number)
    }

    /// Whether a wait is over, or there is none of that number.
    pub fn is_wait_over(&self, number: u64) -> bool {
        self.waits.is_over(number)
    }

    /// Forgets a wait, and returns what has come of it.
    pub fn end_wait(&mut self, number: u64) -> Option<Wait> {
        self.waits.end(number)
    }

    /// Whether anybody waits.
    pub fn has_waits(&self) -> bool {
        !self.waits.is_empty()
    }

    /// Ends all waits.
    pub fn end_waits(&mut self, why: Ending) {
        self.waits.end_all(why);
    }

    /// Tells once whether a wait has come to its end.
    pub fn takes_wait_over(&mut self) -> bool {
        self.waits.takes_over()
    }

    /// A client tries to log in.
    pub fn begin_login(&mut self, session: SessionId, attempt: Attempt) {
        // Each is named once, the mechanism before the names or with them.
        let before = self.attempts.remove(&session).unwrap_or_default();
        let mechanism = attempt.mechanism.or(before.mechanism);
        self.attempts.insert(session, Attempt { mechanism, names: attempt.names.or(before.names) });
    }

    /// The login of a session is decided, or the session is gone.
    pub fn end_login(&mut self, session: SessionId) -> Attempt {
        self.attempts.remove(&session).unwrap_or_default()
    }

    /// The state of a user is this, or that of the service. Tells whether it is another one than before.
    pub fn takes_state(&mut self, user: Option<UserId>, state: &'static str) -> bool {
        self.states.insert(user, state) != Some(state)
    }

    /// Forgets the states of users who are gone.
    pub fn retain_users(&mut self, has: impl Fn(UserId) -> bool) {
        self.states.retain(|user, _| user.is_none_or(&has));
    }

    fn drop_first(&mut self) {
        let Some(entry) = self.entries.pop_front() else { return };
        self.bytes -= entry.bytes();
        self.bytes -= self.let_go(&entry.text);
        self.dropped += 1;
    }

    /// Counts one more entry with an item. Returns the memory that the item takes, if it is the first one.
    fn hold(&mut self, text: &Text) -> usize {
        let Some((_, item)) = text.item() else { return 0 };
        let count = self.items.entry(Rc::as_ptr(item).addr()).or_default();
        *count += 1;
        if *count == 1 { memory(item) } else { 0 }
    }

    /// Counts one less entry with an item. Returns the memory that the item took, if there is no other one.
    fn let_go(&mut self, text: &Text) -> usize {
        let Some((_, item)) = text.item() else { return 0 };
        let place = Rc::as_ptr(item).addr();
        let Some(count) = self.items.get_mut(&place) else { return 0 };
        *count -= 1;
        if *count > 0 {
            return 0;
        }
        self.items.remove(&place);
        memory(item)
    }
}

fn memory(item: &Item) -> usize {
    size_of::<Item>() + item.id.len() + item.payload.size()
}
