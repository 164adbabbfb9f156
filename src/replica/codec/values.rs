//! The bytes of what the standard library has: numbers, texts, times, lists and tables.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use litemap::LiteMap;

use crate::clock::Now;
use crate::id::UserId;
use crate::replica::codec::{Codec, Coded, FAR, MOST};

impl Coded for bool {
    fn blank(_: Now) -> Self {
        false
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        codec.pick(self, &[false, true]);
    }
}

/// Numbers are at most [`MOST`], so that whoever counts on is far from an overflow.
macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl Coded for $number {
            fn blank(_: Now) -> Self {
                0
            }

            fn code(&mut self, codec: &mut Codec<'_>) {
                let mut number = *self as u64;
                codec.number(&mut number, MOST.min(<$number>::MAX as u64));
                *self = number as $number;
            }
        }
    )+};
}

numbers!(u16 u32 u64);

impl Coded for usize {
    fn blank(_: Now) -> Self {
        0
    }

    /// No further than 32 bits, which every machine has.
    fn code(&mut self, codec: &mut Codec<'_>) {
        let mut number = *self as u64;
        codec.number(&mut number, u32::MAX.into());
        *self = number as usize;
    }
}

impl Coded for String {
    fn blank(_: Now) -> Self {
        Self::new()
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        codec.text(self);
    }
}

impl Coded for Duration {
    fn blank(_: Now) -> Self {
        Self::ZERO
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        let (mut seconds, mut nanos) = (self.as_secs(), u64::from(self.subsec_nanos()));
        codec.number(&mut seconds, FAR);
        codec.number(&mut nanos, 999_999_999);
        *self = Self::new(seconds, nanos as u32);
    }
}

impl Coded for SystemTime {
    fn blank(_: Now) -> Self {
        Self::UNIX_EPOCH
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        codec.time(self);
    }
}

impl Coded for UserId {
    fn blank(_: Now) -> Self {
        Self::MIN
    }

    /// A user who is not among those of the codec is nobody when it is read.
    fn code(&mut self, codec: &mut Codec<'_>) {
        codec.user(self);
    }
}

impl<T: Coded> Coded for Vec<T> {
    fn blank(_: Now) -> Self {
        Self::new()
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        codec.each(self, T::blank, T::code);
    }
}

impl<T: Coded> Coded for Option<T> {
    fn blank(_: Now) -> Self {
        None
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        let mut is_some = self.is_some();
        is_some.code(codec);
        match self {
            _ if !is_some => *self = None,
            Some(value) => value.code(codec),
            None => {
                if let Some(now) = codec.reads_at() {
                    self.insert(T::blank(now)).code(codec);
                }
            }
        }
    }
}

impl<T: Coded> Coded for Box<T> {
    fn blank(now: Now) -> Self {
        Self::new(T::blank(now))
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        (**self).code(codec);
    }
}

impl<A: Coded, B: Coded> Coded for (A, B) {
    fn blank(now: Now) -> Self {
        (A::blank(now), B::blank(now))
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        self.0.code(codec);
        self.1.code(codec);
    }
}

impl Coded for Instant {
    fn blank(now: Now) -> Self {
        now.monotonic
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        codec.instant(self);
    }
}

impl<T: Coded> Coded for VecDeque<T> {
    fn blank(_: Now) -> Self {
        Self::new()
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        let mut list = Vec::from(std::mem::take(self));
        list.code(codec);
        *self = list.into();
    }
}

impl<T: Coded + Ord> Coded for BTreeSet<T> {
    fn blank(_: Now) -> Self {
        Self::new()
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        let mut list: Vec<T> = std::mem::take(self).into_iter().collect();
        list.code(codec);
        list.into_iter().for_each(|one| _ = self.insert(one));
    }
}

/// Tables are lists of keys and values, in the order of the keys.
macro_rules! tables {
    ($($table:ident)+) => {$(
        impl<K: Coded + Clone + Ord, V: Coded> Coded for $table<K, V> {
            fn blank(_: Now) -> Self {
                Self::new()
            }

            fn code(&mut self, codec: &mut Codec<'_>) {
                let length = codec.length(self.len());
                let Some(now) = codec.reads_at() else {
                    for (key, value) in self.iter_mut() {
                        key.clone().code(codec);
                        value.code(codec);
                    }
                    return;
                };
                self.clear();
                for _ in 0..length {
                    let (mut key, mut value) = (K::blank(now), V::blank(now));
                    key.code(codec);
                    value.code(codec);
                    if !codec.is_whole {
                        return;
                    }
                    self.insert(key, value);
                }
            }
        }
    )+};
}

tables!(BTreeMap LiteMap);
