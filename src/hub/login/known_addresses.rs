//! From where each user has logged in: an address that has to wait after wrong passwords may be that of many clients, and who
//! was right there before need not wait for those who were wrong (OWASP Authentication Cheat Sheet, device cookies).

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use crate::client_address;
use crate::id::UserId;

/// Pairs of an address and a user that are remembered. If there are more, the one whose last login is longest ago goes.
const PAIRS: usize = 4096;

/// The pairs: for each address the users, each with the time of the last login.
#[derive(Debug, Default)]
pub struct Known {
    addresses: HashMap<IpAddr, HashMap<UserId, Instant>>,
    /// How many pairs there are.
    count: usize,
}

impl Known {
    /// Tells whether any user has logged in from there.
    pub fn has_any(&self, address: IpAddr) -> bool {
        self.addresses.contains_key(&client_address::key(address))
    }

    /// Tells whether the user has logged in from there.
    pub fn has(&self, address: IpAddr, user: UserId) -> bool {
        self.addresses.get(&client_address::key(address)).is_some_and(|users| users.contains_key(&user))
    }

    /// The user has logged in from there.
    pub fn add(&mut self, now: Instant, address: IpAddr, user: UserId) {
        let users = self.addresses.entry(client_address::key(address)).or_default();
        if users.insert(user, now).is_none() {
            self.count += 1;
        }
        if self.count > PAIRS {
            let pairs = self
                .addresses
                .iter()
                .flat_map(|(address, users)| users.iter().map(move |(user, last)| (*last, *address, *user)));
            if let Some((_, address, user)) = pairs.min_by_key(|(last, ..)| *last) {
                self.remove(address, user);
            }
        }
    }

    /// The user waits there like everybody.
    pub fn remove(&mut self, address: IpAddr, user: UserId) {
        let key = client_address::key(address);
        let Some(users) = self.addresses.get_mut(&key) else { return };
        if users.remove(&user).is_some() {
            self.count -= 1;
        }
        if users.is_empty() {
            self.addresses.remove(&key);
        }
    }

    /// Forgets all other users.
    pub fn retain(&mut self, has: impl Fn(UserId) -> bool) {
        self.addresses.values_mut().for_each(|users| users.retain(|user, _| has(*user)));
        self.addresses.retain(|_, users| !users.is_empty());
        self.count = self.addresses.values().map(HashMap::len).sum();
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
            known.add(now + Duration::from_secs(number.into()), here, UserId::first(number));
        }
        assert_eq!(known.count, PAIRS);
        assert!(!known.has(here, UserId::first(1)) && known.has(here, UserId::first(2)));
        assert!(!known.has([192, 0, 2, 2].into(), UserId::first(2)) && !known.has_any([192, 0, 2, 2].into()));
        known.retain(|user| user == UserId::first(2));
        assert_eq!((known.count, known.addresses.len()), (1, 1));
        known.retain(|_| false);
        assert_eq!((known.count, known.addresses.len()), (0, 0));
    }
}
