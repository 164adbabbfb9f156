//! Single sign-on: who gets an access token, and whom it lets in.

use std::net::IpAddr;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::Now;
use crate::hub::login::access_tokens::Access;
use crate::hub::login::credentials::Credentials;
use crate::hub::login::gate::TooMany;
use crate::hub::state::Hub;
use crate::hub::tokens::token;
use crate::id::UserId;
use crate::json;

/// The condition of a sign-in for which there is no room.
const TOO_MANY_TOKENS: &str = "resource-constraint";

/// Tokens that a user has got.
pub struct Issued {
    pub user: UserId,
    pub access: String,
    /// `None`: the client has it.
    pub refresh: Option<String>,
}

/// What became of a token that a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    User(UserId),
    /// The token is over, or never was one.
    Refused,
    /// Too many wrong passwords and tokens came from the address.
    TooMany,
}

impl Hub {
    /// Finds the user who logs in on the identity page, and returns the input of the check of its password: of users with single
    /// sign-on only. This counts as an attempt.
    ///
    /// # Errors
    ///
    /// The address has to wait, whoever's password it has.
    pub fn identity_credentials(
        &mut self,
        now: Now,
        name: &str,
        address: IpAddr,
    ) -> Result<Credentials, TooMany> {
        let domain = self.names.domain.name();
        let credentials = self.gate.credentials(
            now.monotonic,
            self.desk.directory(),
            |directory| directory.find_login(name, domain).filter(|user| directory.get(*user).sso),
            address,
        );
        credentials.map(Credentials::by_password)
    }

    /// Finds the user with single sign-on of that name.
    pub fn sso_user(&self, name: &str) -> Option<UserId> {
        let user = self.users().find_login(name, self.names.domain.name())?;
        self.users().get(user).sso.then_some(user)
    }

    /// Makes a code with which a browser comes back from the identity page; `None`: there are too many.
    pub fn make_code(&mut self, now: Now, user: UserId) -> Option<String> {
        let code = token(self.random);
        let password = &self.desk.directory().get(user).password;
        if !self.gate.tokens.add_code(now.monotonic, (user, password), &code) {
            self.report.count_failure("login", TOO_MANY_TOKENS);
            return None;
        }
        Some(code)
    }

    /// The user of a code that is valid.
    pub fn user_of_code(&self, now: Now, code: &str) -> Option<UserId> {
        self.gate.tokens.user_of_code(now.monotonic, code)
    }

    /// Makes tokens for a code that is valid, and ends it; `None`: there is no such code, or there are too many tokens.
    pub fn redeem(&mut self, now: Now, code: &str) -> Option<Issued> {
        let user = self.user_of_code(now, code)?;
        let (access, refresh) = (self.new_token(now, user), token(self.random));
        let password = &self.desk.directory().get(user).password;
        if !self.gate.tokens.add(now.monotonic, (user, password), &access, &refresh) {
            self.report.count_failure("login", TOO_MANY_TOKENS);
            return None;
        }
        self.gate.tokens.end_code(code);
        Some(Issued { user, access, refresh: Some(refresh) })
    }

    /// Ends a code that is valid, for a client that only tries single sign-on: tokens that nobody gets would take the places of those
    /// that a desktop has. Returns its user.
    pub fn end_code(&mut self, now: Now, code: &str) -> Option<UserId> {
        let user = self.user_of_code(now, code)?;
        self.gate.tokens.end_code(code);
        Some(user)
    }

    /// Makes another access token for a refresh token of the user of that name; `None`: the refresh token is wrong, which counts as a
    /// wrong password, or the user is kept out.
    ///
    /// # Errors
    ///
    /// The address has to wait, whoever's token it has.
    pub fn refresh(
        &mut self,
        now: Now,
        name: &str,
        refresh: &str,
        address: IpAddr,
    ) -> Result<Option<Issued>, TooMany> {
        let credentials = self.identity_credentials(now, name, address)?;
        let owner = self.gate.tokens.user_of_refresh(now.monotonic, refresh);
        let matches = owner.is_some() && owner == credentials.user;
        let granted = self.judge(now, &credentials, matches);
        Ok(owner.filter(|_| granted).map(|user| {
            let access = self.new_token(now, user);
            self.gate.tokens.refresh(now.monotonic, refresh, &access);
            Issued { user, access, refresh: None }
        }))
    }

    /// Finds the user whose access token a request shows. One that is valid is good while its user is kept out after wrong passwords
    /// and while its address has to wait, as nobody guesses it; a wrong one counts as a wrong password of its address.
    pub fn bearer(&mut self, now: Now, text: &str, address: IpAddr) -> Bearer {
        match self.gate.tokens.find(now.monotonic, text) {
            Access::Valid(user) if self.users().has(user) => Bearer::User(user),
            Access::Valid(_) | Access::Over(_) => Bearer::Refused,
            // Nobody has that name.
            Access::Unknown => {
                match self.gate.credentials(now.monotonic, self.desk.directory(), |_| None, address) {
                    Ok(credentials) => {
                        self.judge(now, &credentials, false);
                        Bearer::Refused
                    }
                    Err(TooMany(_)) => Bearer::TooMany,
                }
            }
        }
    }

    /// The user to whom an access token was given, valid or over: for faults and the record, which do not ask what it is good for.
    pub fn user_of_token(&self, now: Now, text: &str) -> Option<UserId> {
        match self.gate.tokens.find(now.monotonic, text) {
            Access::Valid(user) | Access::Over(user) => Some(user).filter(|user| self.users().has(*user)),
            Access::Unknown => None,
        }
    }

    /// A text with the form of a JSON Web Token (RFC 7519 §3), as Finesse's tokens have it (the guide, "Client integration"), and
    /// with what is known of the user. Its signature is random: nobody but the server can tell whether it is valid.
    fn new_token(&self, now: Now, user: UserId) -> String {
        let issued = now.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut payload = String::new();
        json::object(&mut payload, |object| {
            object.string("iss", self.names.domain.name());
            object.string("sub", &self.user_name(user));
            object.plain("exp", issued + self.limits.access_token.as_secs());
            object.plain("iat", issued);
            object.string("jti", &token(self.random));
        });
        let header = URL_SAFE_NO_PAD.encode(r#"{"cty":"JWT","alg":"HS256"}"#);
        format!("{header}.{}.{}", URL_SAFE_NO_PAD.encode(payload), token(self.random))
    }
}
