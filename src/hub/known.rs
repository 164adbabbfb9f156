//! From where each user has logged in: an address that has to wait after wrong passwords may be that of many clients, and who
//! was right there before need not wait for those who were wrong (OWASP Authentication Cheat Sheet, device cookies).

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use crate::address;
use crate::id::UserId;

/// Pairs of an address and a user that are remembered. If there are more, the one whose last login is longest ago goes.
const PAIRS: usize = 4096;

/// The pairs, each with the time of its last login.
#[derive(Debug, Default)]
pub struct Known {
    pairs: HashMap<(IpAddr, UserId), Instant>,
}

impl Known {
    /// Tells whether the user has logged in from there.
    pub fn has(&self, address: IpAddr, user: UserId) -> bool {
        self.pairs.contains_key(&(address::key(address), user))
    }

    /// The user has logged in from there.
    pub fn add(&mut self, now: Instant, address: IpAddr, user: UserId) {
        let pair = (address::key(address), user);
        if self.pairs.len() >= PAIRS
            && !self.pairs.contains_key(&pair)
            && let Some(oldest) = self.pairs.iter().min_by_key(|(_, last)| **last).map(|(pair, _)| *pair)
        {
            self.pairs.remove(&oldest);
        }
        self.pairs.insert(pair, now);
    }

    /// The user waits there like everybody.
    pub fn remove(&mut self, address: IpAddr, user: UserId) {
        self.pairs.remove(&(address::key(address), user));
    }

    /// The user is gone.
    pub fn forget(&mut self, user: UserId) {
        self.pairs.retain(|(_, known), _| *known != user);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
    fn the_table_does_not_grow_without_end() {
        let (mut known, now, here) = (Known::default(), Instant::now(), [192, 0, 2, 1].into());
        for number in 0..PAIRS as u32 + 2 {
            known.add(now + Duration::from_secs(number.into()), here, UserId(number));
        }
        assert_eq!(known.pairs.len(), PAIRS);
        assert!(!known.has(here, UserId(1)) && known.has(here, UserId(2)));
        assert!(!known.has([192, 0, 2, 2].into(), UserId(2)));
    }
}
