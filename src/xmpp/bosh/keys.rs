//! Key sequences, by which a session knows its client again (XEP-0124 §15).

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use subtle::ConstantTimeEq as _;

use crate::xmpp::bosh::condition::Violation;

/// A key: the 160 bits that its 40 hexadecimal digits of either case stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; 20]);

impl Key {
    /// Reads the digits.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 40 {
            return None;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut key = [0; 20];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(key))
    }

    /// Compares in a time that says nothing.
    pub fn is(self, other: Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// The hash of the next key, if keys are in use.
#[derive(Debug, Default)]
pub struct Sequence(Option<Key>);

impl Sequence {
    /// Takes `key` and `newkey` of the next request in order. Returns the key, for the case that the request comes again.
    ///
    /// # Errors
    ///
    /// [`Violation::KEY`] if the key is not the one before in the sequence, or is missing.
    pub fn step(&mut self, key: Option<&str>, newkey: Option<Key>) -> Result<Option<Key>, Violation> {
        let Some(expected) = self.0 else {
            self.0 = newkey;
            return Ok(None);
        };
        // The digits are hashed as the client has written them.
        let text = key.ok_or(Violation::KEY)?;
        let key = Key::read(text).ok_or(Violation::KEY)?;
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        if !bool::from(hash.as_ref().ct_eq(&expected.0)) {
            return Err(Violation::KEY);
        }
        self.0 = newkey.or(Some(key));
        Ok(Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of the XEP's examples: `newkey`, the two that follow, and the `newkey` beside the last.
    const KEYS: [&str; 4] = [
        "ca393b51b682f61f98e7877d61146407f3d0a770",
        "bfb06a6f113cd6fd3838ab9d300fdb4fe3da2f7d",
        "6f825e81f4532b2c5fa2d12457d8a1f22e8f838e",
        "113f58a37245ec9637266cf2fb6e48bfeaf7964e",
    ];

    fn hashed(text: &str) -> String {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_examples_of_the_xep_are_a_sequence() {
        let mut keys = Sequence::default();
        assert_eq!(keys.step(None, Key::read(KEYS[0])), Ok(None));
        assert_eq!(keys.step(Some(KEYS[1]), None), Ok(Key::read(KEYS[1])));
        assert_eq!(keys.step(Some(KEYS[2]), Key::read(KEYS[3])), Ok(Key::read(KEYS[2])));
        assert_eq!(keys.step(Some(KEYS[3]), None), Err(Violation::KEY));
    }

    #[test]
    fn a_key_has_to_hash_to_the_one_before() {
        let first = hashed("seed");
        let last = hashed(&first);
        for wrong in [None, Some(""), Some("x"), Some(&*last), Some(&last[1..]), Some(&first[..39])] {
            let mut keys = Sequence::default();
            keys.step(None, Key::read(&last)).expect("the sequence begins");
            assert_eq!(keys.step(wrong, None), Err(Violation::KEY), "{wrong:?}");
        }
        // Without a sequence a key says nothing.
        assert_eq!(Sequence::default().step(Some("x"), None), Ok(None));
    }

    #[test]
    fn the_case_of_the_digits_does_not_matter() {
        let first = hashed("seed").to_uppercase();
        let last = hashed(&first).to_uppercase();
        let mut keys = Sequence::default();
        keys.step(None, Key::read(&last)).expect("the sequence begins");
        assert!(keys.step(Some(&first), None).is_ok());
        assert!(Key::read(&last).expect("a key").is(Key::read(&last.to_lowercase()).expect("a key")));
        assert_eq!(Key::read(&"g".repeat(40)), None);
        assert_eq!(Key::read(&"é".repeat(20)), None);
    }
}
