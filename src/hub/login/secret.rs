//! Texts that let somebody in, as the tables know them: by their SHA-256, so that neither a look-up nor a comparison tells by its
//! time how much of a guess is right, and what lies in memory lets nobody in.

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// By which a table knows a secret text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretKey([u8; SHA256_OUTPUT_LEN]);

impl SecretKey {
    pub(super) fn of(text: &str) -> Self {
        let mut key = [0; SHA256_OUTPUT_LEN];
        key.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Self(key)
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}
