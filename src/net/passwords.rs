//! The right passwords of those who have logged in, so that coming back costs no slow hash: after a restart of the network,
//! say, all agents come back at once.
//!
//! Nothing that is kept is a password: it is an HMAC with a key that lives as long as the process, of what the configuration
//! has and what the client said. Another configuration, with another password, makes another one.

use std::collections::VecDeque;

use ring::hmac;
use ring::rand::SystemRandom;

use crate::hub::Credentials;
use crate::id::UserId;

/// What is remembered: of one user one password, the last right one.
pub struct Passwords {
    key: hmac::Key,
    /// How many users; if there are more, the one remembered longest goes.
    bound: usize,
    /// To look through all of them costs nothing beside a hash.
    tags: VecDeque<(UserId, hmac::Tag)>,
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
        Self { key, bound, tags: VecDeque::new() }
    }

    /// Whether this password was right before. Takes about the same time for everybody.
    pub fn has(&self, credentials: &Credentials, attempt: &str) -> bool {
        let known = self.tags.iter().find(|(user, _)| credentials.user == Some(*user));
        let known = known.map_or(&[][..], |(_, tag)| tag.as_ref());
        let verified = hmac::verify(&self.key, &credentials.said(attempt), known).is_ok();
        verified && credentials.is_open()
    }

    /// This password was right.
    pub fn remember(&mut self, credentials: &Credentials, attempt: &str) {
        let Some(user) = credentials.user.filter(|_| self.bound > 0) else { return };
        let tag = hmac::sign(&self.key, &credentials.said(attempt));
        if let Some((_, known)) = self.tags.iter_mut().find(|(known, _)| *known == user) {
            *known = tag;
            return;
        }
        if self.tags.len() == self.bound {
            self.tags.pop_front();
        }
        self.tags.push_back((user, tag));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::hub::Hub;
    use crate::net::server::now;
    use crate::password::Password;

    fn credentials(config: &Config, name: &str) -> Credentials {
        let mut hub = Hub::new(config.clone(), |bytes| bytes.fill(7));
        hub.credentials(now(), name, [192, 0, 2, 1].into()).expect("the address need not wait")
    }

    #[test]
    fn only_what_was_right_is_known_as_long_as_the_configuration_says_the_same() {
        let mut config = Config::demo();
        let mut passwords = Passwords::new(8);
        let known = credentials(&config, "1001");
        assert!(!passwords.has(&known, "1001"));
        passwords.remember(&known, "1001");
        assert!(passwords.has(&known, "1001"));
        assert!(!passwords.has(&known, "1002") && !passwords.has(&known, ""));
        assert!(!passwords.has(&credentials(&config, "1002"), "1001"));
        assert!(!passwords.has(&credentials(&config, "nobody"), "1001"));
        config.users[1].password = Password::plain("other").expect("a password");
        assert!(!passwords.has(&credentials(&config, "1001"), "1001"));
    }

    #[test]
    fn the_one_remembered_longest_goes() {
        let config = Config::demo();
        let users = ["1001", "1002", "1003"].map(|name| (name, credentials(&config, name)));
        for (bound, known) in [(0, [false; 3]), (2, [false, true, true]), (3, [true; 3])] {
            let mut passwords = Passwords::new(bound);
            for (name, user) in &users {
                passwords.remember(user, name);
                passwords.remember(user, name);
            }
            let has = users.each_ref().map(|(name, user)| passwords.has(user, name));
            assert_eq!(has, known, "{bound} of three");
        }
    }
}
