//! The right passwords of those who have logged in, so that coming back costs no slow hash: after a restart of the network,
//! say, all agents come back at once.
//!
//! Nothing that is kept is a password: it is an HMAC with a key that lives as long as the process, of what the configuration
//! has and what the client said. Another configuration, with another password, makes another one.

use std::collections::{HashMap, VecDeque};

use ring::hmac;
use ring::rand::SystemRandom;

use crate::hub::{Credentials, Evidence};
use crate::id::UserId;

/// The last right password of each user.
pub struct Passwords {
    key: hmac::Key,
    /// How many users; if there are more, the one remembered longest goes.
    bound: usize,
    tags: HashMap<UserId, hmac::Tag>,
    /// The users, the one remembered longest first.
    order: VecDeque<UserId>,
}

impl Passwords {
    /// Of so many users at the most.
    ///
    /// # Panics
    ///
    /// The system has no random numbers.
    pub fn new(bound: usize) -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        let key = key.expect("the system has random numbers");
        Self { key, bound, tags: HashMap::new(), order: VecDeque::new() }
    }

    /// From now on it is of so many users, unless it is of more, or of none.
    pub fn raise(&mut self, bound: usize) {
        if self.bound > 0 {
            self.bound = self.bound.max(bound);
        }
    }

    /// Whether this password was right before. Takes about the same time for everybody.
    pub fn has(&self, credentials: &Credentials, evidence: &Evidence) -> bool {
        let Evidence::Password(attempt) = evidence else { return false };
        let known = credentials.user.and_then(|user| self.tags.get(&user));
        let known = known.map_or(&[][..], |tag| tag.as_ref());
        let verified = hmac::verify(&self.key, &credentials.said(attempt), known).is_ok();
        verified && credentials.is_open()
    }

    /// This password was right.
    pub fn remember(&mut self, credentials: &Credentials, evidence: &Evidence) {
        let Evidence::Password(attempt) = evidence else { return };
        let Some(user) = credentials.user.filter(|_| self.bound > 0) else { return };
        let tag = hmac::sign(&self.key, &credentials.said(attempt));
        if self.tags.insert(user, tag).is_some() {
            return;
        }
        self.order.push_back(user);
        if self.order.len() > self.bound
            && let Some(oldest) = self.order.pop_front()
        {
            self.tags.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::config::limits::Limits;
    use crate::config::password::Password;
    use crate::hub::Hub;
    use crate::net::clock::now;

    fn credentials(config: &Config, name: &str) -> Credentials {
        let mut hub = Hub::new(config.clone(), |bytes| bytes.fill(7));
        hub.credentials(now(), name, [192, 0, 2, 1].into()).expect("the address need not wait")
    }

    #[test]
    fn only_what_was_right_is_known_as_long_as_the_configuration_says_the_same() {
        let mut config = Config::demo();
        let mut passwords = Passwords::new(8);
        let known = credentials(&config, "1001");
        assert!(!passwords.has(&known, &"1001".into()));
        passwords.remember(&known, &"1001".into());
        assert!(passwords.has(&known, &"1001".into()));
        assert!(!passwords.has(&known, &"1002".into()) && !passwords.has(&known, &"".into()));
        assert!(!passwords.has(&credentials(&config, "1002"), &"1001".into()));
        assert!(!passwords.has(&credentials(&config, "nobody"), &"1001".into()));
        config.users[1].password = Password::plain("other").expect("a password");
        assert!(!passwords.has(&credentials(&config, "1001"), &"1001".into()));
    }

    #[test]
    fn all_users_are_remembered_where_a_login_costs_a_hash_unless_that_is_turned_off() {
        let mut config = Config::demo();
        let users = config.users.len();
        let mut remembered = |memory, hashed: bool| {
            config.users[1].password = if hashed {
                Password::parse_hash(&Password::hash("x", 1000).expect("a hash")).expect("a hash")
            } else {
                Password::plain("x").expect("a password")
            };
            config.remembered(&Limits { password_memory: memory, ..Limits::default() })
        };
        assert_eq!([remembered(2, true), remembered(2, false), remembered(0, true)], [users, 2, 0]);
        // Another configuration may have more of them, and never turns it on.
        for (bound, expected) in [(0, [false; 3]), (1, [true; 3])] {
            let mut passwords = Passwords::new(bound);
            passwords.raise(3);
            let known = ["1001", "1002", "1003"].map(|name| (name, credentials(&Config::demo(), name)));
            known.iter().for_each(|(name, user)| passwords.remember(user, &(*name).into()));
            assert_eq!(known.each_ref().map(|(name, user)| passwords.has(user, &(*name).into())), expected);
        }
    }

    #[test]
    fn the_one_remembered_longest_goes() {
        let config = Config::demo();
        let users = ["1001", "1002", "1003"].map(|name| (name, credentials(&config, name)));
        for (bound, known) in [(0, [false; 3]), (2, [false, true, true]), (3, [true; 3])] {
            let mut passwords = Passwords::new(bound);
            for (name, user) in &users {
                passwords.remember(user, &(*name).into());
                passwords.remember(user, &(*name).into());
            }
            let has = users.each_ref().map(|(name, user)| passwords.has(user, &(*name).into()));
            assert_eq!(has, known, "{bound} of three");
        }
    }
}
