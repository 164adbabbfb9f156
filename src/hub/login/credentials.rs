//! The input of a password check, and its consequences.

use std::net::IpAddr;
use std::time::Duration;

use crate::config::password::{Password, verify};
use crate::hub::login::lockout::Verdict;
use crate::hub::login::password_queue::{CheckId, NoPlace, Turn};
use crate::hub::{Action, Hub, Note, Now, What};
use crate::id::UserId;

/// The input of a password check, which is made here or on another thread.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: Option<UserId>,
    /// `None` if there is no such user, or it is kept out.
    password: Option<Password>,
    decoy: Option<Password>,
    /// Where it comes from.
    pub address: IpAddr,
}

/// Too many wrong passwords have come from an address: it has to wait for so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub Duration);

impl Credentials {
    /// Tells whether the check is too slow for the event loop.
    pub fn is_slow(&self) -> bool {
        self.decoy.is_some()
    }

    /// Whether there is such a user, and it is not kept out.
    pub fn is_open(&self) -> bool {
        self.password.is_some()
    }

    /// Joins what is known of the password with what the client said: secret, and only to be put through a keyed hash.
    pub fn said(&self, attempt: &str) -> Vec<u8> {
        let mut said = self.password.as_ref().map(Password::content).unwrap_or_default();
        said.extend_from_slice(attempt.as_bytes());
        said
    }

    /// Checks. Takes the same time whether there is such a user or not, and whether it is kept out or not.
    /// [`Hub::judge`] says what the result comes to.
    pub fn verify(&self, attempt: &str) -> bool {
        verify(self.password.as_ref(), attempt, self.decoy.as_ref())
    }
}

impl Hub {
    /// Finds the user who logs in under that name over HTTP, and returns the input of the password check. This counts as an
    /// attempt: it is for requests only, not for a look.
    ///
    /// # Errors
    ///
    /// The address has to wait, whoever's password it has.
    pub fn credentials(&mut self, now: Now, name: &str, address: IpAddr) -> Result<Credentials, TooMany> {
        self.credentials_of(now, |hub| hub.users().find_login(name, &hub.names.domain), address)
    }

    /// Returns the input of the password check of the user that `find` finds, if any. `find` is not asked while the address has
    /// to wait and nobody has logged in from there before.
    pub(in crate::hub) fn credentials_of(
        &mut self,
        now: Now,
        find: impl FnOnce(&Self) -> Option<UserId>,
        address: IpAddr,
    ) -> Result<Credentials, TooMany> {
        let wait = self.backoff.wait(now.monotonic, address);
        let user = if wait.is_none() || self.known.has_any(address) { find(self) } else { None };
        let is_known = user.is_some_and(|user| self.known.has(address, user));
        if let Some(wait) = wait.filter(|_| !is_known) {
            return Err(TooMany(wait));
        }
        let password = user.and_then(|user| {
            let again = !self.users().is_administrator(user);
            let blocked = self.lockout.ask(now.monotonic, user, again);
            (!blocked).then(|| self.users().get(user).password.clone())
        });
        Ok(Credentials { user, password, decoy: self.decoy.clone(), address })
    }

    /// Puts a slow check into the queue.
    ///
    /// # Errors
    ///
    /// Too many checks wait, of all clients or of the same address.
    pub fn queue_check(&mut self, credentials: &Credentials) -> Result<CheckId, NoPlace> {
        self.checks.add(credentials.address, credentials.user)
    }

    /// Whether the caller may look now which clients of a full line have gone away, to give their places to others.
    pub fn may_look_for_gone(&mut self, now: Now, address: IpAddr) -> bool {
        self.checks.may_look(now.monotonic, address)
    }

    /// The check that is the next one, and whether it is made: of each address no more are made than it has tries left, even
    /// if all of them turn out wrong. The caller makes it, and calls [`Hub::judge`] and then [`Hub::end_check`].
    pub fn next_check(&mut self, now: Now) -> Option<(CheckId, Turn)> {
        let Self { checks, backoff, known, .. } = self;
        checks.take(|address, made, user| {
            if user.is_some_and(|user| known.has(address, user))
                || backoff.wait_beside(now.monotonic, address, made).is_none()
            {
                Turn::Make
            } else if backoff.wait(now.monotonic, address).is_some() {
                Turn::Refuse
            } else {
                Turn::Wait
            }
        })
    }

    /// A check was made, or is not wanted any more.
    pub fn end_check(&mut self, address: IpAddr, id: CheckId) {
        self.checks.end(address, id);
    }

    /// Counts a check that was made. Tells whether the user may come in: not while it is kept out, however right the
    /// password is, and not if another configuration has come meanwhile without the user or with another password. Every
    /// check has to come here, also if nobody waits for it any more.
    pub fn judge(&mut self, now: Now, credentials: &Credentials, matches: bool) -> bool {
        if !matches {
            self.wrong(now, credentials);
        }
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
            let (who, peer) = (self.user_name(user), credentials.address);
            self.actions.push_back(Action::Note(Note { who, peer, user: Some(user), what }));
        }
        if verdict == Verdict::Right {
            self.known.add(now.monotonic, credentials.address, user);
        }
        verdict == Verdict::Right
    }

    /// A password was wrong, or for nobody.
    fn wrong(&mut self, now: Now, credentials: &Credentials) {
        let address = credentials.address;
        self.counters.wrong_passwords += 1;
        // While its address waits, a user who is let through there has one try and no more.
        if self.backoff.wait(now.monotonic, address).is_some()
            && let Some(user) = credentials.user
        {
            self.known.remove(address, user);
        }
        if self.backoff.wrong(now.monotonic, address) {
            let what = What::BackedOff { attempts: self.limits.address_attempts, time: self.limits.lockout };
            let who = address.to_string();
            self.actions.push_back(Action::Note(Note { who, peer: address, user: None, what }));
        }
    }
}
