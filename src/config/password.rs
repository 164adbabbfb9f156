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
use zeroize::Zeroizing;

use crate::config::scram::{self, Keys, Mechanism, Proof, Scram};
use crate::prepare::{self, Profile};

/// The iterations of a new hash (OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256).
pub const ITERATIONS: u32 = 600_000;

/// The iterations a hash may have: fewer give no protection.
const ITERATIONS_ALLOWED: RangeInclusive<u32> = 1_000..=scram::ITERATIONS_MAX;

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
    /// Known from the configuration as plain text. Its SHA-256 is what is compared: digests have one length, so their
    /// comparison tells nothing about the length of the password.
    Plain(Arc<Plain>),
    /// Known as a slow hash only.
    Hashed(Arc<Hash>),
    /// Known by keys of SCRAM only.
    Scram(Arc<Scram>),
}

/// A password known as plain text.
pub struct Plain {
    digest: [u8; HASH_LEN],
    /// Prepared; kept only where SCRAM makes keys of it.
    text: Option<Zeroizing<String>>,
}

impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Plain {}

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
        Self::Plain(Arc::new(Plain { digest: [0; HASH_LEN], text: None }))
    }

    /// Takes a password given as plain text.
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence ("must not be empty") when SASLprep refuses the text or nothing is left.
    pub fn plain(text: &str) -> Result<Password, String> {
        Self::plain_for(text, &[])
    }

    /// Takes a password given as plain text, for logins by these mechanisms.
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence as [`Password::plain`] does.
    pub fn plain_for(text: &str, mechanisms: &[Mechanism]) -> Result<Password, String> {
        let prepared = prepare(text)?;
        let digest = sha256(&prepared);
        let is_kept = mechanisms.iter().any(|mechanism| matches!(mechanism, Mechanism::Scram(_)));
        Ok(Password::Plain(Arc::new(Plain { digest, text: is_kept.then(|| Zeroizing::new(prepared)) })))
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

    /// Takes keys made by [`Password::scram`].
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence that says what is wrong and doesn't quote the text.
    pub fn parse_scram(text: &str) -> Result<Password, String> {
        Scram::parse(text).map(|keys| Password::Scram(Arc::new(keys)))
    }

    /// Makes the keys of a plain text for all mechanisms of SCRAM, with new random salts; returns the text for `password_scram`.
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence as [`Password::hash`] does.
    pub fn scram(text: &str) -> Result<String, String> {
        Ok(Scram::make(&prepare(text)?, [new_salt()?, new_salt()?]))
    }

    /// The keys for SCRAM with this hash function, if there are any.
    pub fn keys(&self, hash: scram::Hash) -> Option<&Keys> {
        match self {
            Password::Scram(keys) => keys.of(hash),
            Password::Plain(_) | Password::Hashed(_) => None,
        }
    }

    /// Why its user could not log in by one of these mechanisms, with `sso` by an access token; `None`: it can. The sentence doesn't
    /// quote anything.
    pub fn problem(&self, sso: bool, mechanisms: &[Mechanism]) -> Option<String> {
        if sso {
            let sentence = "sso needs \"PLAIN\" in sasl, since no other mechanism looks at an access token";
            let is_missing = !mechanisms.is_empty() && !mechanisms.contains(&Mechanism::Plain);
            return is_missing.then(|| sentence.to_owned());
        }
        let lacks = |mechanism: &&Mechanism| match (mechanism, self) {
            (Mechanism::Plain, _) | (_, Password::Plain(_)) => false,
            (Mechanism::Scram(hash), _) => self.keys(*hash).is_none(),
        };
        let name = mechanisms.iter().find(lacks)?.name();
        Some(format!(
            "sasl offers {name}, for which this password has no keys; put what `callboard passwd --scram` prints here, as \
             password_scram = \"…\""
        ))
    }

    /// The text, if it is kept for SCRAM.
    fn text(&self) -> Option<&str> {
        match self {
            Password::Plain(plain) => plain.text.as_ref().map(|text| text.as_str()),
            Password::Hashed(_) | Password::Scram(_) => None,
        }
    }

    /// Tells whether a login by SCRAM has to make keys of it first.
    pub fn has_text(&self) -> bool {
        self.text().is_some()
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
        let salt = new_salt()?;
        let hash = derive(count, &salt, &prepared);
        Ok(format!("{PREFIX}{iterations}${}${}", STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash)))
    }

    /// Returns bytes that two passwords have in common only if two configurations say the same. They have one length for each
    /// kind of password.
    pub fn content(&self) -> Vec<u8> {
        match self {
            Password::Plain(plain) => [&[0][..], &plain.digest[..]].concat(),
            Password::Scram(keys) => [&[2][..], keys.sha256.content()].concat(),
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

    /// The iterations of the hash or of the keys; 0 for a plain password.
    pub fn iterations(&self) -> u32 {
        match self {
            Password::Plain(_) => 0,
            Password::Hashed(hash) => hash.iterations.get(),
            Password::Scram(keys) => keys.sha256.iterations.get(),
        }
    }
}

impl fmt::Debug for Password {
    /// Tells the kind and never the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Password::Plain(_) => f.write_str("Plain(..)"),
            Password::Hashed(hash) => write!(f, "Hashed({} iterations, ..)", hash.iterations),
            Password::Scram(_) => write!(f, "Scram({} iterations, ..)", self.iterations()),
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
        Some(Password::Plain(expected)) => sha256(&attempt).ct_eq(expected.digest.as_slice()).into(),
        Some(Password::Hashed(hash)) => {
            derive(hash.iterations, &hash.salt, &attempt).ct_eq(hash.hash.as_slice()).into()
        }
        Some(Password::Scram(keys)) => keys.sha256.derive_again(&attempt).is_same(&keys.sha256),
        None => {
            black_box(sha256(&attempt).ct_eq([0; HASH_LEN].as_slice()));
            false
        }
    };
    let done = password.map_or(0, Password::iterations);
    let rest = decoy.map_or(0, Password::iterations).saturating_sub(done);
    if let Some(rest) = NonZeroU32::new(rest) {
        black_box(derive(rest, &[0; SALT_LEN], &attempt));
    }
    equal
}

/// Looks at a client's proof by SCRAM that it has the password of a user, or of nobody (`None`), and keeps the server's answer in it if it
/// has. With `derives`, which is said if any user's keys have to be made of a plain text, every call makes keys, so that the time tells
/// nothing about the user.
pub fn verify_proof(password: Option<&Password>, proof: &Proof, derives: bool) -> bool {
    let keys = password.and_then(|password| password.keys(proof.hash));
    proof.is_right(keys, password.and_then(Password::text), derives)
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

fn new_salt() -> Result<[u8; SALT_LEN], String> {
    let mut salt = [0; SALT_LEN];
    let filled = rand::SystemRandom::new().fill(&mut salt);
    filled.map_err(|_| "cannot be hashed: the system gave no random bytes")?;
    Ok(salt)
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
mod tests;
