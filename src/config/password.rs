//! Passwords as the configuration holds them, and their comparison with what a client sent.
//!
//! Both sides are prepared by SASLprep (RFC 4616 §2). No function here shows or returns a secret, and the time
//! a comparison takes depends on neither the password nor whether the user exists.

use std::fmt;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::rand::SecureRandom as _;
use ring::{digest, pbkdf2, rand};
use subtle::ConstantTimeEq as _;

use crate::prepare::{self, Profile};

/// The iterations of a new hash (OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256).
pub const ITERATIONS: u32 = 600_000;

/// The iterations a hash may have: fewer give no protection, more would let one login stop all others.
const ITERATIONS_ALLOWED: RangeInclusive<u32> = 1_000..=10_000_000;

/// The longest password in bytes. It is bounded because its sender has not logged in yet.
const LONGEST: usize = 1024;

const PREFIX: &str = "$pbkdf2-sha256$i=";
const SALT_LEN: usize = 16;
const HASH_LEN: usize = digest::SHA256_OUTPUT_LEN;
const FORM: &str = "$pbkdf2-sha256$i=600000$SALT$HASH";

/// The password of a user, with which attempts are compared. It is cheap to clone, so that a copy can go to a worker thread.
/// Two are equal if two configurations say the same; an attempt is compared by [`verify`] only.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// Known from the configuration as plain text. Only its SHA-256 is kept: digests have one length, so their
    /// comparison tells nothing about the length of the password.
    Plain(Arc<[u8; HASH_LEN]>),
    /// Known as a slow hash only.
    Hashed(Arc<Hash>),
}

/// A PBKDF2-HMAC-SHA256 hash (RFC 8018 §5.2) with what is needed to compute it again.
#[derive(PartialEq, Eq)]
pub struct Hash {
    iterations: NonZeroU32,
    salt: [u8; SALT_LEN],
    hash: [u8; HASH_LEN],
}

impl Password {
    /// A password that nobody has: a digest of which nobody knows what it is the digest of. It stands for that of a user who is
    /// gone.
    pub fn nobodys() -> Self {
        Self::Plain(Arc::new([0; HASH_LEN]))
    }

    /// Takes a password given as plain text.
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence ("must not be empty") when SASLprep refuses the text or nothing is left.
    pub fn plain(text: &str) -> Result<Password, String> {
        Ok(Password::Plain(Arc::new(sha256(&prepare(text)?))))
    }

    /// Takes a hash made by [`Password::hash`], a string in the PHC format.
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence that says what is wrong. It doesn't quote the text, which might be a
    /// password in the wrong place.
    pub fn parse_hash(text: &str) -> Result<Password, String> {
        let wrong_form = || format!("must have the form {FORM}; make it with `callboard passwd`");
        let fields: Vec<_> = text.strip_prefix(PREFIX).ok_or_else(wrong_form)?.split('$').collect();
        let [iterations, salt, hash] = fields[..] else {
            return Err(wrong_form());
        };

        let decimal = !iterations.is_empty() && iterations.bytes().all(|byte| byte.is_ascii_digit());
        let iterations = if decimal {
            iterations.parse().unwrap_or(u32::MAX)
        } else {
            return Err(wrong_form());
        };
        let iterations = NonZeroU32::new(iterations)
            .filter(|count| ITERATIONS_ALLOWED.contains(&count.get()))
            .ok_or_else(|| {
                let (minimum, maximum) = (ITERATIONS_ALLOWED.start(), ITERATIONS_ALLOWED.end());
                format!("must have from {minimum} to {maximum} iterations; make it with `callboard passwd`")
            })?;
        let salt =
            decode(salt).ok_or("must have a salt of 16 bytes in base64; make it with `callboard passwd`")?;
        let hash = decode(hash)
            .ok_or("must end in a hash of 32 bytes in base64; make it with `callboard passwd`")?;
        Ok(Password::Hashed(Arc::new(Hash { iterations, salt, hash })))
    }

    /// Hashes a plain text with a new random salt; returns the PHC string for `password_hash`.
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence when SASLprep refuses the text, the number of iterations is not between
    /// 1,000 and 10,000,000, or the system has no random numbers.
    pub fn hash(text: &str, iterations: u32) -> Result<String, String> {
        let prepared = prepare(text)?;
        let count = NonZeroU32::new(iterations)
            .filter(|count| ITERATIONS_ALLOWED.contains(&count.get()))
            .ok_or("cannot be hashed with so few or so many iterations")?;
        let mut salt = [0; SALT_LEN];
        rand::SystemRandom::new()
            .fill(&mut salt)
            .map_err(|_| "cannot be hashed: the system gave no random bytes")?;
        let hash = derive(count, &salt, &prepared);
        Ok(format!("{PREFIX}{iterations}${}${}", STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash)))
    }

    /// Returns bytes that two passwords have in common only if two configurations say the same. They have one length for each
    /// kind of password.
    pub fn content(&self) -> Vec<u8> {
        match self {
            Password::Plain(digest) => [&[0][..], &digest[..]].concat(),
            Password::Hashed(hash) => {
                [&[1][..], &hash.iterations.get().to_be_bytes(), &hash.salt, &hash.hash].concat()
            }
        }
    }

    /// Compares with what a client sent, in a time that doesn't depend on either text.
    pub fn matches(&self, attempt: &str) -> bool {
        verify(Some(self), attempt, None)
    }

    /// Tells whether a comparison keeps a core busy for long, so that it belongs on a worker thread.
    pub fn is_slow(&self) -> bool {
        self.iterations() > 0
    }

    /// The iterations of the hash; 0 for a plain password.
    pub fn iterations(&self) -> u32 {
        match self {
            Password::Plain(_) => 0,
            Password::Hashed(hash) => hash.iterations.get(),
        }
    }
}

impl fmt::Debug for Password {
    /// Tells the kind and never the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Password::Plain(_) => f.write_str("Plain(..)"),
            Password::Hashed(hash) => write!(f, "Hashed({} iterations, ..)", hash.iterations),
        }
    }
}

/// Compares the password of a user, or of nobody (`None`), with what a client sent.
///
/// `decoy` is the slowest hash in use ([`crate::config::Config::decoy`]). With it every call does the work of
/// that hash, whether the user has it, a faster one, a plain password or doesn't exist, so that the time tells
/// nothing about the user. Without it no user has a hash, and nobody costs as much as a plain password.
///
/// The call is slow (see [`Password::is_slow`]) if the password or the decoy is.
pub fn verify(password: Option<&Password>, attempt: &str, decoy: Option<&Password>) -> bool {
    // An attempt that SASLprep refuses matches nobody's password, and takes the same time for everybody.
    let Ok(attempt) = prepare(attempt) else {
        return false;
    };
    let equal = match password {
        Some(Password::Plain(expected)) => sha256(&attempt).ct_eq(expected.as_slice()).into(),
        Some(Password::Hashed(hash)) => {
            derive(hash.iterations, &hash.salt, &attempt).ct_eq(hash.hash.as_slice()).into()
        }
        None => {
            black_box(sha256(&attempt).ct_eq([0; HASH_LEN].as_slice()));
            false
        }
    };
    if let Some(Password::Hashed(decoy)) = decoy {
        let done = password.map_or(0, Password::iterations);
        if let Some(rest) = NonZeroU32::new(decoy.iterations.get().saturating_sub(done)) {
            black_box(derive(rest, &decoy.salt, &attempt));
        }
    }
    equal
}

/// Prepares a password for comparison (RFC 4616 §2, RFC 4013); the error is the end of a sentence.
fn prepare(text: &str) -> Result<String, String> {
    match prepare::prepare(text, Profile::Saslprep, LONGEST) {
        Some(prepared) => Ok(prepared.into_owned()),
        None if text.is_empty() => Err("must not be empty".into()),
        None if text.len() > LONGEST => Err(format!("must not be longer than {LONGEST} bytes")),
        // The sentence does not quote the character.
        None => {
            Err("has a character that is not allowed in a password (a control character, for example)".into())
        }
    }
}

fn sha256(text: &str) -> [u8; HASH_LEN] {
    let mut out = [0; HASH_LEN];
    out.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    out
}

fn derive(iterations: NonZeroU32, salt: &[u8; SALT_LEN], text: &str) -> [u8; HASH_LEN] {
    let mut out = [0; HASH_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, text.as_bytes(), &mut out);
    out
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7914 §11 has PBKDF2-HMAC-SHA256 of "Password" with the salt "NaCl" of 4 bytes; ours are always 16 bytes
    // long. This one was computed by Python: hashlib.pbkdf2_hmac("sha256", b"correct horse", bytes(range(16)), 1000).
    const KNOWN: &str =
        "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ";

    #[test]
    fn a_hash_of_another_implementation_is_understood() {
        let password = Password::parse_hash(KNOWN).expect("a valid hash");
        assert!(password.matches("correct horse"));
        assert!(!password.matches("correct horsf"));
        assert!(!password.matches(""));
        assert!(password.is_slow());
        assert_eq!(password.iterations(), 1000);
    }

    #[test]
    fn a_new_hash_has_its_own_salt_and_matches_its_password_only() {
        let one = Password::hash("1234", 1000).expect("a hash");
        let two = Password::hash("1234", 1000).expect("a hash");
        assert_ne!(one, two);
        assert!(one.starts_with("$pbkdf2-sha256$i=1000$"));
        for hash in [one, two] {
            let password = Password::parse_hash(&hash).expect("our own form");
            assert!(password.matches("1234"));
            assert!(!password.matches("12345"));
        }
    }

    #[test]
    fn a_malformed_hash_is_refused_in_words_that_do_not_quote_it() {
        let good = KNOWN.to_owned();
        let salt = "AAECAwQFBgcICQoLDA0ODw";
        for (text, word) in [
            ("hunter2".to_owned(), "form"),
            (good.replace("sha256", "sha1"), "form"),
            (good.replace("i=1000", "i=+1000"), "form"),
            (good.replace("i=1000", "i="), "form"),
            (good.clone() + "$x", "form"),
            (good.replace("i=1000", "i=999"), "iterations"),
            (good.replace("i=1000", "i=0"), "iterations"),
            (good.replace("i=1000", "i=10000001"), "iterations"),
            (good.replace("i=1000", "i=99999999999"), "iterations"),
            (good.replace(salt, "AAEC"), "salt"),
            (good.replace(salt, &format!("{salt}==")), "salt"),
            (good[..good.len() - 3].to_owned(), "hash of 32"),
            (good.clone() + "=", "hash of 32"),
        ] {
            let error = Password::parse_hash(&text).expect_err(&text);
            assert!(error.contains(word), "{text}: {error}");
            assert!(!error.contains("hunter2"));
        }
    }

    #[test]
    fn both_sides_are_prepared_by_saslprep() {
        // RFC 4013 §3: a soft hyphen is nothing, ROMAN NUMERAL NINE is "IX".
        let password = Password::plain("I\u{ad}X").expect("a password");
        assert!(password.matches("IX"));
        assert!(password.matches("\u{2168}"));
        assert!(!password.matches("ix"));
        for refused in ["\u{7}", "\u{627}1", "", "\u{ad}"] {
            assert!(Password::plain(refused).is_err(), "{refused:?}");
            assert!(Password::hash(refused, 1000).is_err(), "{refused:?}");
        }
        // What is refused is no way in either.
        assert!(!password.matches("IX\u{7}"));
    }

    #[test]
    fn nobody_is_let_in_and_a_decoy_changes_no_answer() {
        let plain = Password::plain("1234").expect("a password");
        let hashed = Password::parse_hash(KNOWN).expect("a hash");
        let slower = Password::hash("correct horse", 2000).expect("a hash");
        let slower = Password::parse_hash(&slower).expect("a hash");
        for decoy in [None, Some(&hashed), Some(&slower)] {
            assert!(verify(Some(&plain), "1234", decoy));
            assert!(verify(Some(&hashed), "correct horse", decoy));
            assert!(!verify(Some(&plain), "correct horse", decoy));
            assert!(!verify(Some(&hashed), "1234", decoy));
            assert!(!verify(None, "1234", decoy));
            assert!(!verify(None, "correct horse", decoy), "the decoy's own password");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let plain = Password::plain("hunter2").expect("a password");
        assert_eq!(format!("{plain:?}"), "Plain(..)");
        let hashed = Password::parse_hash(KNOWN).expect("a hash");
        assert_eq!(format!("{hashed:?}"), "Hashed(1000 iterations, ..)");
    }
}
