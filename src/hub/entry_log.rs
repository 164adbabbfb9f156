//! The log of all that changes the shared state: what has been applied becomes an entry, and waits until it is written outside.
//!
//! A log belongs to a state, which was written before its first entry. What cannot be an entry has the whole state written, and so has
//! a log that has become long: that begins another log.

use std::collections::BTreeMap;
use std::mem;
use std::time::{Duration, SystemTime};

use crate::clock::Now;
use crate::config::Config;
use crate::desk;
use crate::hub::action::Action;
use crate::hub::changes::{Change, Entry};
use crate::hub::log_state::{Batch, EntryLog, LogFigures};
use crate::hub::shared::{Restored, Way};
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::pubsub;
use crate::record::Record;
use crate::replica::codec::{Codec, Coded as _};
use crate::replica::entry::{HEAD, Kept, Records, append};
use crate::replica::state::{Refused, users};
use crate::replica::sum::fingerprint;
use crate::xmpp::stream::StreamError;

/// A log is replaced by a state after so many bytes.
const LONGEST_LOG: usize = 4 * 1024 * 1024;

/// How much of a log was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Entries that were applied again.
    pub applied: u64,
    /// Entries that name what is not in the configuration any more.
    pub gone: u64,
    /// Bytes behind the last whole entry.
    pub cut: usize,
}

impl Hub {
    /// From now on changes are kept: [`Hub::take_batch`] gives out what is to be written. `holds_answers`: an answer waits until what it
    /// acknowledges is kept.
    pub fn begin_log(&mut self, now: Now, holds_answers: bool) {
        // A desk notes the time of its first command, also of one that is refused and in no log.
        self.apply_by_system(now, desk::Command::Tick);
        self.entry_log = Some(Box::new(EntryLog {
            codec: Codec::writer(now, Vec::new()),
            base: [0; 16],
            number: 0,
            length: 0,
            records: Vec::new(),
            wants_state: true,
            is_ending: false,
            holds_answers,
            held: BTreeMap::new(),
            figures: LogFigures::default(),
        }));
    }

    /// How the log stands; `None`: there is none.
    pub fn log_figures(&self) -> Option<LogFigures> {
        self.entry_log.as_ref().map(|log| log.figures)
    }

    /// Whether there is something to write.
    pub fn has_batch(&self) -> bool {
        self.entry_log.as_ref().is_some_and(|log| log.wants_state || !log.records.is_empty())
    }

    /// The records or the state to write next, all in one go.
    pub fn take_batch(&mut self, now: Now) -> Option<Batch> {
        if !self.has_batch() {
            return None;
        }
        let wants_state = self.entry_log.as_ref()?.wants_state;
        let state = wants_state.then(|| self.state(now));
        let users = wants_state.then(|| self.users().keys().collect());
        let log = self.entry_log.as_mut()?;
        let mut records = mem::take(&mut log.records);
        if let Some(state) = &state {
            // The state has all that they say.
            records.clear();
            log.base = fingerprint(state);
            (log.number, log.length, log.wants_state) = (0, 0, false);
            log.codec = Codec::writer(now, users.unwrap_or_default());
        }
        log.figures.bytes += (records.len() + state.as_ref().map_or(0, Vec::len)) as u64;
        Some(Batch { upto: log.figures.entries, state, records })
    }

    /// All changes up to that number are kept; to write the last of them took so long. `in_time`: what failed before goes well again.
    pub fn log_synced(&mut self, upto: u64, took: Duration, in_time: bool) {
        let Some(log) = &mut self.entry_log else { return };
        log.figures.synced = upto;
        log.figures.syncs += 1;
        log.figures.time += took;
        log.figures.has_failed &= !in_time;
        // A state that was asked for meanwhile comes next.
        log.is_ending &= log.wants_state;
        let over: Vec<SessionId> =
            log.held.iter().filter(|(_, number)| **number <= upto).map(|(id, _)| *id).collect();
        for id in &over {
            log.held.remove(id);
        }
        for id in over {
            self.wake(id);
        }
        self.report.act(Action::WaitOver);
    }

    /// A batch could not be written, or takes too long: nothing is changed until a write goes well. The next batch has a state.
    /// Sessions whose answers wait end without them, as their clients must not take a change for kept, and nobody is to wait for a
    /// session that is sent nothing.
    pub fn log_failed(&mut self, now: Now) {
        let Some(log) = &mut self.entry_log else { return };
        log.figures.has_failed = true;
        log.wants_state = true;
        for (id, _) in mem::take(&mut log.held) {
            let lost = self.sessions.get_mut(id).map_or(0, |session| session.clear());
            self.report.counters.dropped += lost as u64;
            self.fail(now, id, StreamError::NOT_KEPT);
        }
        self.report.act(Action::WaitOver);
    }

    /// Whether nothing may be changed, as it could not be kept.
    pub fn log_has_failed(&self) -> bool {
        self.entry_log.as_ref().is_some_and(|log| log.figures.has_failed)
    }

    /// The number that has to be kept before all that was changed until now is acknowledged; `None`: nothing waits.
    pub fn unkept(&self) -> Option<u64> {
        let log = self.entry_log.as_ref().filter(|log| log.holds_answers)?;
        (log.figures.synced < log.figures.entries).then_some(log.figures.entries)
    }

    /// Whether changes up to that number are kept; `None`: they cannot be.
    pub fn is_kept(&self, number: u64) -> Option<bool> {
        match &self.entry_log {
            Some(log) if log.figures.synced < number => (!log.figures.has_failed).then_some(false),
            _ => Some(true),
        }
    }

    /// Has the whole state written as the last thing. Returns false if there is no log.
    pub fn end_log(&mut self) -> bool {
        match &mut self.entry_log {
            Some(log) => {
                log.wants_state = true;
                log.is_ending = true;
                true
            }
            None => false,
        }
    }

    /// Whether the last state is still to be written, unless that fails.
    pub fn has_unwritten(&self) -> bool {
        self.entry_log.as_ref().is_some_and(|log| log.is_ending && !log.figures.has_failed)
    }

    /// The frames of a session are not handed out before all is kept that was changed until now. The other sessions of its user go on:
    /// they do not wait because this one writes.
    pub(super) fn hold_answers_of(&mut self, id: SessionId) {
        let Some(number) = self.unkept() else { return };
        if let Some(log) = &mut self.entry_log {
            log.held.insert(id, number);
        }
    }

    /// A session is gone, and waits for nothing.
    pub(super) fn forget_hold(&mut self, id: SessionId) {
        if let Some(log) = &mut self.entry_log {
            log.held.remove(&id);
        }
    }

    /// The frames of a session go over to another one, and wait there for the log as they did.
    pub(super) fn move_held(&mut self, from: SessionId, to: SessionId) {
        let Some(log) = &mut self.entry_log else { return };
        if let Some(number) = log.held.remove(&from) {
            log.held.insert(to, number);
        }
    }

    /// Whether what waits for a session has to wait for the log.
    pub(super) fn is_answer_held(&self, id: SessionId) -> bool {
        self.entry_log.as_ref().is_some_and(|log| log.held.contains_key(&id))
    }

    /// Applies a change, and keeps it if it is not refused.
    pub(super) fn apply_and_keep<C: Change>(&mut self, mut entry: Entry<C>) -> Result<C::Done, C::Refusal> {
        let kept = entry.command.kept();
        let shown = self.desk_time(entry.now);
        let Some(log) = &mut self.entry_log else { return C::carry_out(entry, self) };
        let before = (log.records.len(), log.number, log.length);
        match kept {
            Kept::Not => return C::carry_out(entry, self),
            Kept::AsState => log.wants_state = true,
            Kept::AsEntry if log.wants_state => {}
            Kept::AsEntry => {
                let Entry { now: _, by, command } = &mut entry;
                let codec = &mut log.codec;
                let (mut monotonic, mut wall) = (shown.monotonic, shown.wall);
                monotonic.code(codec);
                wall.code(codec);
                by.code(codec);
                command.write(codec, &self.pubsub);
                let body = codec.take();
                append(&mut log.records, &log.base, log.number, &body);
                log.number += 1;
                log.length += body.len() + HEAD;
            }
        }
        // First, as what follows from it may be kept too.
        log.figures.entries += 1;
        let done = C::carry_out(entry, self);
        if let Some(log) = &mut self.entry_log {
            if done.is_err() {
                log.records.truncate(before.0);
                (log.number, log.length) = (before.1, before.2);
                log.figures.entries -= 1;
            }
            log.wants_state |= log.length > LONGEST_LOG;
        }
        done
    }

    /// Takes a state and the entries of its log, as after a loss of power: calls and tasks end. The numbers of what was taken are those
    /// behind the last entry.
    ///
    /// # Errors
    ///
    /// Returns why the state is not taken; nothing has changed then.
    pub fn recover_from(
        &mut self,
        now: Now,
        config: Config,
        state: &[u8],
        log: &[u8],
    ) -> Result<(Restored, Replayed), Refused> {
        // Nothing of it happens after the start: neither counters nor record have it.
        let (counters, none) = (self.report.counters, Record::new(0, self.record.wire().clone()));
        let record = mem::replace(&mut self.record, none);
        let taken = self.take_up(now, config, state, log);
        (self.report.counters, self.record) = (counters, record);
        taken
    }

    fn take_up(
        &mut self,
        now: Now,
        config: Config,
        state: &[u8],
        log: &[u8],
    ) -> Result<(Restored, Replayed), Refused> {
        let base = fingerprint(state);
        let own_prefix = self.pubsub.item_prefix().to_owned();
        // The clock of the contact centre may have been ahead, and one without a battery is set back: what is due must not wait for as
        // long, so until all is taken it is as late as at the last entry.
        let then = Now { wall: latest(now, Records::new(&base, log)), ..now };
        let mut restored = self.restore(then, state, Way::Recover(Box::new(config)))?;
        let own: Vec<UserId> =
            users(state, now)?.iter().map(|id| self.users().find(id).unwrap_or(UserId::MAX)).collect();
        let mut replayed = Replayed::default();
        let mut records = Records::new(&base, log);
        for body in records.by_ref() {
            let mut codec = Codec::reader(body, then, own.clone());
            if self.replay(then, &mut codec) { replayed.applied += 1 } else { replayed.gone += 1 }
        }
        replayed.cut = records.left();
        // An entry that is not applied again, or that has other events with another configuration, leaves the count of item ids behind
        // those that were given.
        if replayed.gone > 0 || (replayed.applied > 0 && restored.difference.is_some()) {
            self.set_item_prefix(own_prefix);
        }
        if then.wall != now.wall {
            let mut desk = self.desk.clone();
            desk.shift(then, now);
            self.take_desk(desk);
        }
        // People want to know what is there with the changes behind the state.
        restored.count(self);
        self.recover(now);
        Ok((restored, replayed))
    }

    /// Applies an entry again. Returns false if that cannot be.
    fn replay(&mut self, now: Now, codec: &mut Codec<'_>) -> bool {
        let mut shown = now;
        shown.monotonic.code(codec);
        shown.wall.code(codec);
        let mut by: Option<UserId> = None;
        by.code(codec);
        let mut is_of_desk = false;
        is_of_desk.code(codec);
        if is_of_desk {
            let mut command = desk::Command::Tick;
            command.code(codec);
            let is_whole = codec.is_whole() && !codec.has_gone;
            is_whole && self.apply(Entry { now: shown, by, command }).is_ok()
        } else {
            let mut command = pubsub::Command::blank();
            command.code(codec, &self.pubsub);
            let is_whole = codec.is_whole() && !codec.has_gone;
            is_whole && self.apply(Entry { now: shown, by, command }).is_ok()
        }
    }
}

/// The latest time of entries, by the clock of `now`; no earlier than that.
fn latest(now: Now, records: Records<'_>) -> SystemTime {
    let times = records.flat_map(|body| {
        let (mut shown, mut codec) = (now, Codec::reader(body, now, Vec::new()));
        shown.monotonic.code(&mut codec);
        shown.wall.code(&mut codec);
        [shown.wall, now.wall + shown.monotonic.saturating_duration_since(now.monotonic)]
    });
    times.fold(now.wall, SystemTime::max)
}
