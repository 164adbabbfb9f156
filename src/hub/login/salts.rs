//! The salts and iterations that SCRAM tells of users who have no keys: nobody can tell from them who is there (RFC 5802 §9).

use std::num::NonZeroU32;

use ring::hmac;

use crate::config::User;
use crate::config::password::Password;
use crate::config::scram::{Hash, ITERATIONS_MIN, Keys, Mechanism};

/// The length of the salts that `callboard passwd` makes, in bytes.
const LENGTH: usize = 16;

/// From a name to its salt and iterations.
pub struct Salts {
    key: hmac::Key,
    /// The iterations of users with keys, each number once: a name has one of them.
    iterations: Vec<NonZeroU32>,
    /// Whether keys of any user have to be made of its text.
    pub derives: bool,
}

impl Salts {
    /// The salts beside these users. They hang on all passwords, so that they are the same after the server has started again, and nobody
    /// who does not know all of them can compute one.
    pub fn new(users: &[User]) -> Self {
        let passwords: Vec<u8> = users.iter().flat_map(|user| user.password.content()).collect();
        let mut salts = Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &passwords),
            iterations: Vec::new(),
            derives: false,
        };
        salts.set_users(users);
        salts
    }

    /// Takes the iterations of other users; the salts stay.
    pub fn set_users(&mut self, users: &[User]) {
        let all = users.iter().filter_map(|user| user.password.keys(Hash::Sha256));
        self.iterations = all.map(|keys| keys.iterations).collect();
        self.iterations.sort_unstable();
        self.iterations.dedup();
        self.derives = users.iter().any(|user| user.password.has_text());
    }

    /// What the user of this name is told, who has this password if it is there.
    pub fn of(&self, hash: Hash, name: &str, password: Option<&Password>) -> (Box<[u8]>, NonZeroU32) {
        // Computed for everybody, so that the time does not tell who is there.
        let text = format!("{} {name}", Mechanism::Scram(hash).name());
        let tag = hmac::sign(&self.key, text.as_bytes());
        let (salt, rest) = tag.as_ref().split_at(LENGTH);
        if let Some(Keys { salt, iterations, .. }) = password.and_then(|password| password.keys(hash)) {
            return (salt.clone(), *iterations);
        }
        let number = rest.iter().fold(0, |number: usize, byte| number << 8 | usize::from(*byte));
        let iterations = number.checked_rem(self.iterations.len()).map(|place| self.iterations[place]);
        (salt.into(), iterations.unwrap_or(ITERATIONS_MIN))
    }
}

impl std::fmt::Debug for Salts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salts")
    }
}
