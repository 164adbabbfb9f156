//! How users log in: with a password, or by single sign-on (the guide, "Single Sign-On").

use crate::desk::contact_centre::Desk;
use crate::desk::write::{document, element, inside};

const SSO: &str = "SSO";
const NON_SSO: &str = "NON_SSO";

impl Desk {
    /// `GET /UserAuthMode/{name}`: an unknown name has the mode of a user without single sign-on, as long as there is one.
    pub fn user_auth_mode_document(&self, name: &str) -> String {
        let user = self.directory.find_login(name, &self.domain);
        let by_sso = match user {
            Some(user) => self.directory.get(user).sso,
            None => self.system_auth_mode() == SSO,
        };
        let mode = if by_sso { SSO } else { NON_SSO };
        document(|out| inside(out, "UserAuthMode", |out| element(out, "authMode", mode)))
    }

    /// The mode of all users: HYBRID if some of them have the one and some the other.
    pub fn system_auth_mode(&self) -> &'static str {
        let mut users = self.directory.keys().map(|user| self.directory.get(user).sso);
        let Some(first) = users.next() else { return NON_SSO };
        match users.all(|sso| sso == first) {
            true if first => SSO,
            true => NON_SSO,
            false => "HYBRID",
        }
    }
}
