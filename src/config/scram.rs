//! The mechanisms of SASL that the server can offer, and the keys by which SCRAM knows a password (RFC 5802 §3, RFC 7677).
//!
//! From the keys nobody can log in: they only tell whether a client has the password.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq as _;

/// The most iterations of a hash or of keys: more would let one login stop all others.
pub(super) const ITERATIONS_MAX: u32 = 10_000_000;

/// The fewest iterations that a client may be asked for (RFC 7677 §4).
pub const ITERATIONS_MIN: NonZeroU32 = NonZeroU32::new(4096).unwrap();

/// The iterations of new keys: clients compute them at each login, and some of those are pages.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

/// The length of a salt that another program has made, in bytes.
const SALT_ALLOWED: RangeInclusive<usize> = 8..=64;

const FORM: &str = "SCRAM-SHA-256$10000:SALT$STOREDKEY:SERVERKEY";

const MAKE: &str = "make it with `callboard passwd --scram`";

/// A mechanism of SASL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    Plain,
    Scram(Hash),
}

impl Mechanism {
    /// Every mechanism there is.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Scram(Hash::Sha1), Self::Scram(Hash::Sha256)];

    /// The name on the wire, and in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Scram(Hash::Sha1) => "SCRAM-SHA-1",
            Self::Scram(Hash::Sha256) => "SCRAM-SHA-256",
        }
    }
}

/// The hash function of a mechanism of SCRAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        }
    }

    /// How long its results are, in bytes.
    pub fn length(self) -> usize {
        self.hmac().digest_algorithm().output_len()
    }

    fn sign(self, key: &[u8], text: &str) -> Box<[u8]> {
        hmac::sign(&hmac::Key::new(self.hmac(), key), text.as_bytes()).as_ref().into()
    }

    fn digest(self, bytes: &[u8]) -> Box<[u8]> {
        digest::digest(self.hmac().digest_algorithm(), bytes).as_ref().into()
    }
}

/// The stored keys of a password for one hash function.
#[derive(PartialEq, Eq)]
pub struct Keys {
    hash: Hash,
    pub iterations: NonZeroU32,
    pub salt: Box<[u8]>,
    stored: Box<[u8]>,
    server: Box<[u8]>,
}

impl Keys {
    /// Makes the keys of a password that is prepared, which takes as long as the iterations say.
    pub fn derive(hash: Hash, iterations: NonZeroU32, salt: &[u8], prepared: &str) -> Self {
        let algorithm = match hash {
            Hash::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        };
        let mut salted = vec![0; hash.length()];
        pbkdf2::derive(algorithm, iterations, salt, prepared.as_bytes(), &mut salted);
        let stored = hash.digest(&hash.sign(&salted, "Client Key"));
        Self { hash, iterations, salt: salt.into(), stored, server: hash.sign(&salted, "Server Key") }
    }

    /// Makes keys of another text with the same salt.
    pub fn derive_again(&self, prepared: &str) -> Self {
        Self::derive(self.hash, self.iterations, &self.salt, prepared)
    }

    /// Keys that are nobody's.
    fn nobodys(hash: Hash) -> Self {
        let none: Box<[u8]> = vec![0; hash.length()].into();
        Self { hash, iterations: NonZeroU32::MIN, salt: Box::default(), stored: none.clone(), server: none }
    }

    /// Reads keys in the form of RFC 5803 §2; `None`: they have another form.
    pub fn parse(text: &str) -> Option<Self> {
        let [mechanism, salted, keys] = text.split('$').collect::<Vec<_>>().try_into().ok()?;
        let hash = [Hash::Sha1, Hash::Sha256]
            .into_iter()
            .find(|hash| Mechanism::Scram(*hash).name() == mechanism)?;
        let (iterations, salt) = salted.split_once(':')?;
        let (stored, server) = keys.split_once(':')?;
        let is_decimal = iterations.bytes().all(|byte| byte.is_ascii_digit());
        let iterations = iterations.parse().ok().filter(|_| is_decimal)?;
        let decode = |text, length: Option<usize>| {
            let bytes = STANDARD.decode(text).ok()?;
            length.is_none_or(|length| bytes.len() == length).then(|| bytes.into_boxed_slice())
        };
        Some(Self {
            hash,
            iterations,
            salt: decode(salt, None)?,
            stored: decode(stored, Some(hash.length()))?,
            server: decode(server, Some(hash.length()))?,
        })
    }

    /// The keys as [`Keys::parse`] reads them.
    pub fn text(&self) -> String {
        let Self { hash, iterations, salt, stored, server } = self;
        let [salt, stored, server] = [salt, stored, server].map(|bytes| STANDARD.encode(bytes));
        format!("{}${iterations}:{salt}${stored}:{server}", Mechanism::Scram(*hash).name())
    }

    /// Bytes that two keys have in common only if they are of the same password with the same salt.
    pub fn content(&self) -> &[u8] {
        &self.stored
    }

    /// Tells in constant time whether these keys are of the same password, given the same salt and iterations.
    pub fn is_same(&self, other: &Self) -> bool {
        self.stored.ct_eq(&other.stored).into()
    }

    /// Looks at the proof of a client that it has the password; returns the server's own proof if that is right.
    fn verify(&self, message: &str, proof: &[u8]) -> Option<String> {
        let signature = self.hash.sign(&self.stored, message);
        let key: Vec<u8> = signature.iter().zip(proof).map(|(one, other)| one ^ other).collect();
        let is_right = self.hash.digest(&key).ct_eq(&self.stored);
        let own = STANDARD.encode(self.hash.sign(&self.server, message));
        (bool::from(is_right) && proof.len() == self.hash.length()).then_some(own)
    }
}

/// The keys of a password for the mechanisms of SCRAM.
#[derive(PartialEq, Eq)]
pub struct Scram {
    /// The keys with which a password that comes as text is compared.
    pub sha256: Keys,
    sha1: Option<Keys>,
}

impl Scram {
    /// Reads keys: those for SCRAM-SHA-256, and those for SCRAM-SHA-1 if there are any, with a space between them.
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence that says what is wrong and doesn't quote the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut sha256, mut sha1) = (None, None);
        for text in text.split(' ') {
            let keys = Keys::parse(text).ok_or_else(|| {
                format!("must have the form {FORM}, and may have SCRAM-SHA-1$… behind a space; {MAKE}")
            })?;
            if keys.iterations < ITERATIONS_MIN || keys.iterations.get() > ITERATIONS_MAX {
                return Err(format!(
                    "must have from {ITERATIONS_MIN} to {ITERATIONS_MAX} iterations; {MAKE}"
                ));
            }
            if !SALT_ALLOWED.contains(&keys.salt.len()) {
                let (minimum, maximum) = (SALT_ALLOWED.start(), SALT_ALLOWED.end());
                return Err(format!("must have a salt of {minimum} to {maximum} bytes; {MAKE}"));
            }
            let place = match keys.hash {
                Hash::Sha256 => &mut sha256,
                Hash::Sha1 => &mut sha1,
            };
            if place.replace(keys).is_some() {
                return Err("has keys for one mechanism twice; keep one of them".to_owned());
            }
        }
        let without =
            || format!("has no keys for SCRAM-SHA-256, by which a password over HTTP is compared; {MAKE}");
        Ok(Self { sha256: sha256.ok_or_else(without)?, sha1 })
    }

    /// Makes the keys of a password that is prepared, as [`Scram::parse`] reads them.
    pub(super) fn make(prepared: &str, salts: [[u8; 16]; 2]) -> String {
        let [sha256, sha1] = salts;
        let keys = |hash, salt: [u8; 16]| Keys::derive(hash, ITERATIONS, &salt, prepared).text();
        format!("{} {}", keys(Hash::Sha256, sha256), keys(Hash::Sha1, sha1))
    }

    /// The keys with this hash function.
    pub fn of(&self, hash: Hash) -> Option<&Keys> {
        match hash {
            Hash::Sha1 => self.sha1.as_ref(),
            Hash::Sha256 => Some(&self.sha256),
        }
    }
}

/// A client's proof that it has a password, with what the two sides have said before it (RFC 5802 §3).
pub struct Proof {
    pub hash: Hash,
    /// As the client was told.
    pub salt: Box<[u8]>,
    pub iterations: NonZeroU32,
    /// The `AuthMessage`.
    pub message: String,
    pub proof: Vec<u8>,
    /// The server's own proof in base64, once that of the client was right.
    pub answer: Arc<OnceLock<String>>,
}

impl Proof {
    /// Tells whether the client has the password: one whose keys are known, or one whose text is. With `derives` keys are made in any
    /// case, so that the time tells nothing about the user; nobody has neither keys nor text.
    pub(super) fn is_right(&self, keys: Option<&Keys>, text: Option<&str>, derives: bool) -> bool {
        let derived = derives
            .then(|| Keys::derive(self.hash, self.iterations, &self.salt, text.unwrap_or("nobody's")))
            .filter(|_| text.is_some());
        let known = keys.or(derived.as_ref());
        let nobodys = Keys::nobodys(self.hash);
        let answer = known.unwrap_or(&nobodys).verify(&self.message, &self.proof);
        match answer.filter(|_| known.is_some()) {
            Some(answer) => self.answer.set(answer).is_ok(),
            None => false,
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "pencil";

    /// RFC 5802 §5 and RFC 7677 §3: hash, salt, the AuthMessage, the client's proof and the server's.
    const EXAMPLES: [(Hash, &str, &str, &str, &str); 2] = [
        (
            Hash::Sha1,
            "QSXCR+Q6sek8bf92",
            "n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
            "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ),
        (
            Hash::Sha256,
            "W22ZaJ0SNY7soEsUEjb6gQ==",
            "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
    ];

    fn proofs() -> impl Iterator<Item = (Keys, Proof, &'static str)> {
        EXAMPLES.into_iter().map(|(hash, salt, message, proof, answer)| {
            let salt: Box<[u8]> = STANDARD.decode(salt).expect("base64").into();
            let iterations = NonZeroU32::new(4096).expect("not 0");
            let proof = STANDARD.decode(proof).expect("base64");
            let keys = Keys::derive(hash, iterations, &salt, PASSWORD);
            let proof =
                Proof { hash, salt, iterations, message: message.to_owned(), proof, answer: Arc::default() };
            (keys, proof, answer)
        })
    }

    #[test]
    fn the_examples_of_the_rfcs_are_right_and_no_bit_may_differ() {
        for (keys, proof, answer) in proofs() {
            assert!(proof.is_right(Some(&keys), None, false), "{}", keys.text());
            assert_eq!(proof.answer.get().map(String::as_str), Some(answer));
        }
        for (keys, mut proof, _) in proofs() {
            for place in [0, proof.proof.len() - 1] {
                proof.proof[place] ^= 1;
                assert!(!proof.is_right(Some(&keys), None, false) && proof.answer.get().is_none());
                proof.proof[place] ^= 1;
            }
            let last = proof.proof.pop().expect("it is not empty");
            assert!(!proof.is_right(Some(&keys), None, false), "a byte is missing");
            proof.proof.extend([last, 0]);
            assert!(!proof.is_right(Some(&keys), None, false), "there is a byte more");
            proof.proof.pop();
            proof.message.push(' ');
            assert!(!proof.is_right(Some(&keys), None, false), "another message");
        }
    }

    #[test]
    fn a_text_is_as_good_as_its_keys_and_nobody_has_either() {
        for derives in [false, true] {
            for (keys, proof, _) in proofs() {
                assert!(!proof.is_right(None, None, derives));
                assert_eq!(proof.is_right(None, Some(PASSWORD), derives), derives);
                let (_, proof, _) = proofs().find(|(other, ..)| *other == keys).expect("it comes again");
                assert!(!proof.is_right(None, Some("pencils"), derives));
                assert!(proof.is_right(Some(&keys), None, derives));
            }
        }
        // The proof that fits keys of zeros is nobody's.
        let (_, mut proof, _) = proofs().next().expect("there are two");
        proof.proof = Hash::Sha1.sign(&[0; 20], &proof.message).into();
        assert!(!proof.is_right(None, None, false));
    }

    #[test]
    fn keys_are_read_as_they_are_written_and_in_no_other_form() {
        for (keys, ..) in proofs() {
            let text = keys.text();
            assert!(Keys::parse(&text).is_some_and(|read| read == keys), "{text}");
            for wrong in [
                text.replace("SHA", "MD"),
                text.replace("4096", "+4096"),
                text.replace("4096", "0"),
                text.replace("4096", ""),
                text.replace("4096", "4294967296"),
                text.replacen(':', "$", 1),
                text.replace("=:", ":"),
                text.replace("$", "$$"),
                format!("{text}$"),
                format!("{text}A"),
                text[..text.len() - 4].to_owned(),
                format!("SCRAM-SHA-512{}", &text[text.find('$').expect("it has one")..]),
                String::new(),
            ] {
                assert!(wrong == text || Keys::parse(&wrong).is_none(), "{wrong}");
            }
        }
        let mixed = proofs().next().expect("there are two").0.text().replace("SHA-1$", "SHA-256$");
        assert!(Keys::parse(&mixed).is_none(), "keys of SHA-1 are too short");
    }
}
