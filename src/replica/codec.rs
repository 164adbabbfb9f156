//! Bytes of values. For each type one function both writes and reads, so that the two cannot differ: a [`Codec`] that writes appends a
//! value, and one that reads overwrites it. Derived pairs of functions are several times as large.
//!
//! The same value has the same bytes on every machine: numbers are written seven bits to the byte, the lowest first (LEB128), texts and
//! lists with their lengths before them, times as time since 1970, users as their places among all of them. Nothing depends on
//! addresses, the order of a hash or the width of `usize`.
//!
//! Reading never fails on its way: what is behind the first damage is blank, and [`Codec::is_whole`] tells of it at the end. Nothing
//! is allocated for a length that the bytes at hand cannot have.

mod values;

use std::time::{Duration, Instant, SystemTime};

use crate::clock::Now;
use crate::id::UserId;

/// No time is further from 1970 than this, in seconds: about two thousand years, and documents have no longer years.
const FAR: u64 = 1 << 36;

/// The largest number of anything that is counted on: far from where it would overflow.
pub const MOST: u64 = 1 << 53;

/// A value that has bytes.
pub trait Coded {
    /// A value to read into; `now` is the time at which it is read.
    fn blank(now: Now) -> Self;

    /// Writes the value, or becomes the value that is read.
    fn code(&mut self, codec: &mut Codec<'_>);
}

enum Way<'a> {
    Writes(Vec<u8>),
    Reads(&'a [u8]),
}

/// A value on its way to bytes or from them, and what times and users are relative to.
pub struct Codec<'a> {
    way: Way<'a>,
    is_whole: bool,
    /// The bytes name a user or a thing that is not there any more.
    pub has_gone: bool,
    /// The time at which it is written or read. Deadlines are written as times of day, and are those of the reader's clock again.
    pub now: Option<Now>,
    /// A deadline at the first time, or before, is written as one at the second.
    pub moved: Option<(Instant, Instant)>,
    /// How many reason codes there are.
    pub reasons: usize,
    /// All users: one is written as its place here. In the order of their keys when writing.
    pub users: Vec<UserId>,
}

impl<'a> Codec<'a> {
    /// A codec that writes.
    pub fn writer(now: Now, users: Vec<UserId>) -> Self {
        Self { now: Some(now), users, ..Self::of(Way::Writes(Vec::new())) }
    }

    /// A codec that writes what has no deadlines and no users.
    pub fn plain_writer() -> Self {
        Self::of(Way::Writes(Vec::new()))
    }

    /// A codec that reads.
    pub fn reader(bytes: &'a [u8], now: Now, users: Vec<UserId>) -> Self {
        Self { now: Some(now), users, ..Self::of(Way::Reads(bytes)) }
    }

    fn of(way: Way<'a>) -> Self {
        Self { way, is_whole: true, has_gone: false, now: None, moved: None, reasons: 0, users: Vec::new() }
    }

    /// Whether it reads.
    pub fn is_reading(&self) -> bool {
        matches!(self.way, Way::Reads(_))
    }

    /// The time at which it reads, if it does.
    pub fn reads_at(&self) -> Option<Now> {
        self.now.filter(|_| self.is_reading())
    }

    /// The bytes that have been written; of a reader those that have not been read.
    pub fn into_bytes(self) -> Vec<u8> {
        match self.way {
            Way::Writes(bytes) => bytes,
            Way::Reads(rest) => rest.to_vec(),
        }
    }

    /// The bytes that have been written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        match &mut self.way {
            Way::Writes(bytes) => std::mem::take(bytes),
            Way::Reads(_) => Vec::new(),
        }
    }

    /// Whether all has been read that there was, and nothing was wrong with it.
    pub fn is_whole(&self) -> bool {
        self.is_whole && !matches!(self.way, Way::Reads([_, ..]))
    }

    /// Whether nothing that has been read was wrong.
    pub fn is_whole_so_far(&self) -> bool {
        self.is_whole
    }

    /// The bytes are damaged, or contradict each other: nothing is read from here on.
    pub fn refuse(&mut self) {
        self.is_whole = false;
        if let Way::Reads(rest) = &mut self.way {
            *rest = &[];
        }
    }

    /// Bytes as they are, as many as the slice has.
    #[inline(never)]
    pub fn raw(&mut self, value: &mut [u8]) {
        match &mut self.way {
            Way::Writes(bytes) => bytes.extend_from_slice(value),
            Way::Reads(rest) => match rest.split_at_checked(value.len()) {
                Some((own, behind)) => {
                    value.copy_from_slice(own);
                    *rest = behind;
                }
                None => self.refuse(),
            },
        }
    }

    /// A number that is at most `most`.
    #[inline(never)]
    pub fn number(&mut self, value: &mut u64, most: u64) {
        match &mut self.way {
            Way::Writes(bytes) => {
                let mut left = *value;
                while left >= 0x80 {
                    bytes.push(left as u8 | 0x80);
                    left >>= 7;
                }
                bytes.push(left as u8);
            }
            Way::Reads(rest) => {
                let mut read: u128 = 0;
                // Ten bytes have all that a number can be.
                for shift in (0..70).step_by(7) {
                    let Some((byte, behind)) = rest.split_first() else { break };
                    *rest = behind;
                    read |= u128::from(byte & 0x7f) << shift;
                    if *byte < 0x80 {
                        match u64::try_from(read).ok().filter(|read| *read <= most) {
                            Some(read) => *value = read,
                            None => break,
                        }
                        return;
                    }
                }
                self.refuse();
            }
        }
    }

    /// A length of something of which every part has a byte at least.
    #[inline(never)]
    fn length(&mut self, value: usize) -> usize {
        let most = match &self.way {
            Way::Writes(_) => u64::MAX,
            Way::Reads(rest) => rest.len() as u64,
        };
        let mut length = value as u64;
        self.number(&mut length, most);
        if self.is_whole { length as usize } else { 0 }
    }

    #[inline(never)]
    fn text(&mut self, value: &mut String) {
        let length = self.length(value.len());
        match &mut self.way {
            Way::Writes(bytes) => bytes.extend_from_slice(value.as_bytes()),
            Way::Reads(rest) => {
                let text = rest.split_at_checked(length);
                match text.and_then(|(own, behind)| Some((std::str::from_utf8(own).ok()?, behind))) {
                    Some((own, behind)) => {
                        own.clone_into(value);
                        *rest = behind;
                    }
                    None => self.refuse(),
                }
            }
        }
    }

    /// A value out of a list, as its place in the list.
    pub fn pick<T: Copy + PartialEq>(&mut self, value: &mut T, all: &[T]) {
        let place = all.iter().position(|one| one == value).unwrap_or(all.len());
        let place = self.place(place, all.len());
        match all.get(place) {
            Some(one) => *value = *one,
            None => self.refuse(),
        }
    }

    /// A place in a list of that length.
    #[inline(never)]
    pub fn place(&mut self, place: usize, length: usize) -> usize {
        let mut number = place as u64;
        self.number(&mut number, (length as u64).saturating_sub(1));
        number as usize
    }

    /// A list, of which `code` codes each part.
    pub fn each<T>(&mut self, list: &mut Vec<T>, blank: fn(Now) -> T, code: fn(&mut T, &mut Self)) {
        let length = self.length(list.len());
        if let Some(now) = self.reads_at() {
            list.clear();
            for _ in 0..length {
                let mut one = blank(now);
                code(&mut one, self);
                if !self.is_whole {
                    return;
                }
                list.push(one);
            }
        } else {
            list.iter_mut().for_each(|one| code(one, self));
        }
    }

    /// The first of the users that is no earlier in the order of keys; one behind all others if there is none.
    pub fn first_from(&self, from: UserId) -> UserId {
        self.users.iter().find(|user| **user >= from).copied().unwrap_or(UserId::MAX)
    }

    /// Nobody who is there has 0, and one behind all others the number behind all.
    #[inline(never)]
    fn user(&mut self, user: &mut UserId) {
        let count = self.users.len();
        let place = match self.users.binary_search(user) {
            Ok(place) => place + 1,
            Err(_) if *user == UserId::MAX => count + 1,
            Err(_) => 0,
        };
        match self.place(place, count + 2) {
            _ if !self.is_reading() => {}
            0 => {
                self.has_gone = true;
                *user = UserId::MIN;
            }
            place => {
                *user = self.users.get(place - 1).copied().unwrap_or(UserId::MAX);
                self.has_gone |= *user == UserId::MAX;
            }
        }
    }

    #[inline(never)]
    fn time(&mut self, time: &mut SystemTime) {
        let (mut seconds, mut nanos) = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => (since.as_secs() << 1, u64::from(since.subsec_nanos())),
            Err(before) => {
                (before.duration().as_secs() << 1 | 1, u64::from(before.duration().subsec_nanos()))
            }
        };
        self.number(&mut seconds, FAR << 1);
        self.number(&mut nanos, 999_999_999);
        let distance = Duration::new(seconds >> 1, nanos as u32);
        let read = if seconds & 1 == 0 {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        };
        *time = read.unwrap_or(SystemTime::UNIX_EPOCH);
    }

    #[inline(never)]
    fn instant(&mut self, instant: &mut Instant) {
        let Some(Now { monotonic, wall }) = self.now else { return };
        let shown = match instant.checked_duration_since(monotonic) {
            Some(later) => wall.checked_add(later),
            None => wall.checked_sub(monotonic.saturating_duration_since(*instant)),
        };
        let mut time = shown.unwrap_or(wall);
        self.time(&mut time);
        if self.is_reading() {
            let read = match time.duration_since(wall) {
                Ok(later) => monotonic.checked_add(later),
                Err(earlier) => monotonic.checked_sub(earlier.duration()),
            };
            *instant = read.unwrap_or(monotonic);
        }
    }
}

/// Makes structures coded: all their fields, in this order. The value to read into is the default one, or that which is given.
macro_rules! coded {
    ($($name:ty { $($field:ident),+ } $(= $blank:expr)?;)+) => {$(
        impl $crate::replica::codec::Coded for $name {
            fn blank(now: $crate::clock::Now) -> Self {
                coded!(@blank now $($blank)?)
            }

            fn code(&mut self, codec: &mut $crate::replica::codec::Codec<'_>) {
                // No field is forgotten.
                let Self { $($field),+ } = self;
                $($crate::replica::codec::Coded::code($field, codec);)+
            }
        }
    )+};
    (@blank $now:ident) => {{
        let _ = $now;
        Default::default()
    }};
    (@blank $now:ident $blank:expr) => { $blank($now) };
}

/// Makes enums without fields coded, as the place among these; the first is that to read into.
macro_rules! coded_places {
    ($($name:ty: $first:ident $($rest:ident)*;)+) => {$(
        impl $crate::replica::codec::Coded for $name {
            fn blank(_: $crate::clock::Now) -> Self {
                Self::$first
            }

            fn code(&mut self, codec: &mut $crate::replica::codec::Codec<'_>) {
                codec.pick(self, &[Self::$first $(, Self::$rest)*]);
            }
        }
    )+};
}

pub(crate) use {coded, coded_places};
