//! What a password check needs, and what follows from it.

use super::lockout::Verdict;
use super::{Action, Hub, Note, Now, What};
use crate::id::UserId;
use crate::password::{Password, verify};

/// What is needed to check a password, here or on another thread.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: Option<UserId>,
    /// `None` if there is no such user, or it is kept out.
    password: Option<Password>,
    decoy: Option<Password>,
}

impl Credentials {
    /// Tells whether the check is too slow for the event loop.
    pub fn is_slow(&self) -> bool {
        self.decoy.is_some()
    }

    /// Checks. Takes the same time whether there is such a user or not, and whether it is kept out or not.
    /// [`Hub::judge`] says what the result comes to.
    pub fn verify(&self, attempt: &str) -> bool {
        verify(self.password.as_ref(), attempt, self.decoy.as_ref())
    }
}

impl Hub {
    /// Who logs in under that name over HTTP, and what is needed to check the password. This counts as an attempt: it
    /// is for requests only, not for a look.
    pub fn credentials(&mut self, now: Now, name: &str) -> Credentials {
        self.credentials_of(now, self.users().find_login(name))
    }

    /// The same for a user, or for nobody.
    pub(super) fn credentials_of(&mut self, now: Now, user: Option<UserId>) -> Credentials {
        let password = user.and_then(|user| {
            let again = !self.users().is_administrator(user);
            let blocked = self.lockout.ask(now.monotonic, user, again);
            (!blocked).then(|| self.users().get(user).password.clone())
        });
        Credentials { user, password, decoy: self.decoy.clone() }
    }

    /// Counts a check that was made. Tells whether the user may come in: not while it is kept out, however right the
    /// password is, and not if another configuration has come meanwhile without the user or with another password. Every
    /// check has to come here, also if nobody waits for it any more.
    pub fn judge(&mut self, now: Now, credentials: &Credentials, matches: bool) -> bool {
        let (Some(user), Some(password)) = (credentials.user, &credentials.password) else {
            return false;
        };
        if !self.users().has(user) || self.users().get(user).password != *password {
            return false;
        }
        let verdict = self.lockout.answer(now.monotonic, user, matches);
        if verdict == Verdict::Last {
            self.counters.lockouts += 1;
            let what = What::LockedOut { attempts: self.limits.lockout_attempts, time: self.limits.lockout };
            self.actions.push_back(Action::Note(Note { who: self.user_name(user), what }));
        }
        verdict == Verdict::Right
    }
}
