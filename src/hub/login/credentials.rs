//! The input of a password check.

use std::fmt;
use std::net::IpAddr;

use crate::config::password::{Password, verify, verify_proof};
use crate::config::scram::Proof;
use crate::hub::login::access_tokens::TokensOfUser;
use crate::id::UserId;

/// What a client shows that it has the password.
pub enum Evidence {
    /// The password itself, or an access token in its place.
    Password(String),
    /// By SCRAM.
    Proof(Proof),
}

impl From<&str> for Evidence {
    fn from(password: &str) -> Self {
        Self::Password(password.to_owned())
    }
}

impl From<String> for Evidence {
    fn from(password: String) -> Self {
        Self::Password(password)
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Evidence(..)")
    }
}

/// The input of a password check, which is made here or on another thread.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: Option<UserId>,
    /// `None` if there is no such user, or it is kept out.
    pub(super) password: Option<Password>,
    decoy: Option<Password>,
    /// Whether keys of any user have to be made of its text.
    derives: bool,
    /// The access tokens of a user with single sign-on, which take the place of the password.
    tokens: Option<TokensOfUser>,
    /// Where it comes from.
    pub address: IpAddr,
}

impl Credentials {
    pub fn new(
        user: Option<UserId>,
        password: Option<Password>,
        decoy: Option<Password>,
        derives: bool,
        address: IpAddr,
    ) -> Self {
        Self { user, password, decoy, derives, tokens: None, address }
    }

    /// Adds the access tokens with which the user may log in instead, if there are any.
    #[must_use]
    pub fn with_tokens(self, tokens: Option<TokensOfUser>) -> Self {
        Self { tokens, ..self }
    }

    /// Takes the tokens away, where only the password counts.
    #[must_use]
    pub fn by_password(self) -> Self {
        Self { tokens: None, ..self }
    }

    /// Tells whether the check is too slow for the event loop.
    pub fn is_slow(&self, evidence: &Evidence) -> bool {
        let is_slow = match evidence {
            Evidence::Password(_) => self.decoy.is_some(),
            Evidence::Proof(_) => self.derives,
        };
        is_slow && self.tokens.is_none()
    }

    /// Whether there is such a user, and it is not kept out.
    pub fn is_open(&self) -> bool {
        self.password.is_some()
    }

    /// Tells whether the password is a token that was right until a while ago: that is no guess, and is not counted as one.
    pub fn is_over(&self, evidence: &Evidence) -> bool {
        match (&self.tokens, evidence) {
            (Some(tokens), Evidence::Password(text)) => tokens.is_over(text),
            _ => false,
        }
    }

    /// Joins what is known of the password with what the client said: secret, and only to be put through a keyed hash.
    pub fn said(&self, attempt: &str) -> Vec<u8> {
        let mut said = self.password.as_ref().map(Password::content).unwrap_or_default();
        said.extend_from_slice(attempt.as_bytes());
        said
    }

    /// Checks a password, which takes the same time whether there is such a user or not, and whether it is kept out or not; or a
    /// token, which takes no time worth measuring: whether a user has single sign-on is told to everybody (`UserAuthMode`).
    /// `Hub::judge` says what the result comes to.
    pub fn verify(&self, evidence: &Evidence) -> bool {
        match (evidence, &self.tokens) {
            (Evidence::Password(text), Some(tokens)) => tokens.is_valid(text),
            (Evidence::Password(text), None) => verify(self.password.as_ref(), text, self.decoy.as_ref()),
            // Of a token no keys are made.
            (Evidence::Proof(_), Some(_)) => false,
            (Evidence::Proof(proof), None) => verify_proof(self.password.as_ref(), proof, self.derives),
        }
    }
}
