//! Addresses from which too many wrong passwords came, for any users: they wait, and the longer the more they try.
//!
//! Each wrong password of an address uses up one of its tries, and they come back evenly over the time of a lockout. So who
//! goes through names rather than passwords is no faster (OWASP Credential Stuffing Prevention Cheat Sheet).

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::client_address;
use crate::config::limits::Limits;

/// Addresses that are remembered at the same time. If there are more, the one that would be forgotten first is.
const ADDRESSES: usize = 1024;

/// The table of addresses that have used up some of their tries.
#[derive(Debug)]
pub struct Backoff {
    /// How many wrong passwords an address has at once; 0 if none ever waits.
    attempts: usize,
    /// For one of them to come back.
    step: Duration,
    /// When all of an address will have come back. Few have ever used one up, and all are looked through.
    whole: Vec<(IpAddr, Instant)>,
}

impl Backoff {
    pub fn new(limits: &Limits) -> Self {
        let attempts = limits.address_attempts;
        let step = limits.lockout / u32::try_from(attempts).unwrap_or(u32::MAX).max(1);
        Self { attempts, step, whole: Vec::new() }
    }

    /// How long the address has to wait for its next try; `None`: it need not.
    pub fn wait(&self, now: Instant, address: IpAddr) -> Option<Duration> {
        self.wait_beside(now, address, 0)
    }

    /// How long the address has to wait if `made` more of its tries are being checked, each of which may turn out wrong.
    pub fn wait_beside(&self, now: Instant, address: IpAddr, made: usize) -> Option<Duration> {
        if self.attempts == 0 {
            return None;
        }
        let key = client_address::key(address);
        let whole = self.whole.iter().find(|(known, _)| *known == key).map_or(now, |(_, whole)| *whole);
        // All but one may be used up.
        let beside = u32::try_from(made).unwrap_or(u32::MAX).saturating_add(1);
        let used = whole.saturating_duration_since(now).saturating_add(self.step.saturating_mul(beside));
        let wait = used.saturating_sub(self.step * u32::try_from(self.attempts).unwrap_or(u32::MAX));
        (!wait.is_zero()).then_some(wait)
    }

    /// A wrong password came from there. Tells whether the address has to wait from now on and had not before.
    pub fn wrong(&mut self, now: Instant, address: IpAddr) -> bool {
        if self.attempts == 0 {
            return false;
        }
        let waited = self.wait(now, address).is_some();
        let key = client_address::key(address);
        self.whole.retain(|(_, whole)| *whole > now);
        let whole = match self.whole.iter_mut().find(|(known, _)| *known == key) {
            Some((_, whole)) => whole,
            None => {
                if self.whole.len() == ADDRESSES
                    && let Some(first) = (0..ADDRESSES).min_by_key(|place| self.whole[*place].1)
                {
                    self.whole.swap_remove(first);
                }
                self.whole.push((key, now));
                // The entry is there now.
                let Some((_, whole)) = self.whole.last_mut() else { return false };
                whole
            }
        };
        *whole += self.step;
        !waited && self.wait(now, address).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
    fn start() -> Instant {
        Instant::now()
    }

    fn limits(attempts: usize) -> Limits {
        Limits { address_attempts: attempts, lockout: Duration::from_secs(300), ..Limits::default() }
    }

    #[test]
    fn tries_are_used_up_and_come_back_one_by_one() {
        let mut backoff = Backoff::new(&limits(3));
        let (now, here, there) = (start(), [192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        assert_eq!([backoff.wrong(now, here), backoff.wrong(now, here)], [false, false]);
        assert_eq!(backoff.wait(now, here), None);
        assert!(backoff.wrong(now, here));
        assert_eq!(backoff.wait(now, here), Some(Duration::from_secs(100)));
        assert_eq!(backoff.wait(now, there), None);
        let later = now + Duration::from_secs(100);
        assert_eq!(backoff.wait(later, here), None);
        assert!(backoff.wrong(later, here), "it waits again");
        assert!(!backoff.wrong(later, here), "it has to wait already");
        assert_eq!(backoff.wait(later, here), Some(Duration::from_secs(200)));
        assert_eq!(backoff.wait(later + Duration::from_secs(400), here), None);
    }

    #[test]
    fn none_waits_where_that_is_turned_off() {
        let mut backoff = Backoff::new(&limits(0));
        let (now, here) = (start(), [192, 0, 2, 1].into());
        assert!((0..1000).all(|_| !backoff.wrong(now, here) && backoff.wait(now, here).is_none()));
    }

    #[test]
    fn the_table_does_not_grow_without_end() {
        let mut backoff = Backoff::new(&limits(2));
        let now = start();
        let address = |number: u32| IpAddr::from(number.to_be_bytes());
        for number in 0..3 * ADDRESSES as u32 {
            backoff.wrong(now, address(number));
            backoff.wrong(now, address(number));
        }
        assert_eq!(backoff.whole.len(), ADDRESSES);
        let newest = 3 * ADDRESSES as u32 - 1;
        assert!(backoff.wait(now, address(newest)).is_some());
    }
}
