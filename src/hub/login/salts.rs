//! The salts and iterations that SCRAM tells of users who have no keys: nobody can tell from them who is there (RFC 5802 §9).

use std::num::NonZeroU32;

use ring::hmac;

use crate::config::User;
use crate::config::password::Password;
use crate::config::scram::{Hash, ITERATIONS_MIN, Keys, Mechanism};

/// The salt and the iterations of a user whose keys are made here: the length of the salt is that of `callboard passwd`.
const OF_TEXT: Form = (16, ITERATIONS_MIN);

/// The length of a salt in bytes, and the iterations.
type Form = (usize, NonZeroU32);

/// The bytes of a salt, for the longest that keys may have.
const BYTES: usize = 64;

/// From a name to its salt and iterations.
pub struct Salts {
    key: hmac::Key,
    /// Of users with keys for each hash function, each once: a name has one of them.
    forms: [Vec<Form>; 2],
    /// Whether keys of any user have to be made of its text.
    pub derives: bool,
}

impl Salts {
    /// The salts beside these users, by a key that nobody knows. It does not hang on passwords: a salt is told to everybody, and who
    /// knows all passwords but one could try that one on it, with nobody to count the tries.
    pub fn new(users: &[User], key: [u8; 32]) -> Self {
        let mut salts =
            Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key), forms: Default::default(), derives: false };
        salts.set_users(users);
        salts
    }

    /// Takes the forms of other users; the key stays.
    pub fn set_users(&mut self, users: &[User]) {
        self.forms = [Hash::Sha1, Hash::Sha256].map(|hash| {
            let all = users.iter().filter_map(|user| user.password.keys(hash));
            let mut forms: Vec<Form> = all.map(|keys| (keys.salt.len(), keys.iterations)).collect();
            forms.sort_unstable();
            forms.dedup();
            forms
        });
        self.derives = users.iter().any(|user| user.password.has_text());
    }

    /// What the user of this name is told, who has this password if it is there.
    pub fn of(&self, hash: Hash, name: &str, password: Option<&Password>) -> (Box<[u8]>, NonZeroU32) {
        // Computed for everybody, so that the time does not tell who is there.
        let tag = |part: &str| {
            let text = format!("{} {part} {name}", Mechanism::Scram(hash).name());
            hmac::sign(&self.key, text.as_bytes())
        };
        let parts = ["first", "second", "form"].map(tag);
        let mut bytes = [0; BYTES];
        let (first, second) = bytes.split_at_mut(BYTES / 2);
        first.copy_from_slice(parts[0].as_ref());
        second.copy_from_slice(parts[1].as_ref());
        if let Some(Keys { salt, iterations, .. }) = password.and_then(|password| password.keys(hash)) {
            return (salt.clone(), *iterations);
        }
        let number = parts[2].as_ref().iter().fold(0, |number: usize, byte| number << 8 | usize::from(*byte));
        let forms = match hash {
            Hash::Sha1 => &self.forms[0],
            Hash::Sha256 => &self.forms[1],
        };
        let (length, iterations) = number.checked_rem(forms.len()).map_or(OF_TEXT, |place| forms[place]);
        (bytes[..length.min(BYTES)].into(), iterations)
    }
}

impl std::fmt::Debug for Salts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salts")
    }
}
