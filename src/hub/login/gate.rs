//! What decides whether a client may try a password, and what follows from a try.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::config::password::Password;
use crate::desk::Directory;
use crate::hub::login::access_tokens::AccessTokens;
use crate::hub::login::address_backoff::Backoff;
use crate::hub::login::credentials::Credentials;
use crate::hub::login::known_addresses::Known;
use crate::hub::login::lockout::Lockout;
use crate::hub::login::password_queue::{CheckId, Checks, NoPlace, Turn};
use crate::hub::login::salts::Salts;
use crate::hub::login::tickets::Tickets;
use crate::id::UserId;

/// Too many wrong passwords have come from an address: it has to wait for so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub Duration);

/// The state of all doors.
#[derive(Debug)]
pub struct LoginGate {
    /// Computed beside every login when any password is hashed, so that all logins take the same time.
    decoy: Option<Password>,
    pub salts: Salts,
    pub lockout: Lockout,
    backoff: Backoff,
    pub known: Known,
    /// The password checks that wait, each with the user it is about, if there is one.
    checks: Checks<Option<UserId>>,
    pub tickets: Tickets,
    pub tokens: AccessTokens,
}

impl LoginGate {
    /// A gate at which nobody has tried.
    pub fn new(config: &Config, random: fn(&mut [u8])) -> Self {
        let limits = &config.limits;
        let mut key = [0; 32];
        random(&mut key);
        Self {
            decoy: config.decoy().cloned(),
            salts: Salts::new(&config.users, key),
            lockout: Lockout::new(limits),
            backoff: Backoff::new(limits),
            known: Known::default(),
            checks: Checks::new(limits),
            tickets: Tickets::new(limits),
            tokens: AccessTokens::new(limits),
        }
    }

    /// Takes what hides who is there from another configuration.
    pub fn set_config(&mut self, config: &Config) {
        self.decoy = config.decoy().cloned();
        self.salts.set_users(&config.users);
    }

    /// Forgets users who are gone.
    pub fn retain(&mut self, has: impl Fn(UserId) -> bool) {
        self.lockout.retain(&has);
        self.known.retain(has);
    }

    /// Returns the input of the password check of the user that `find` finds, if any. `find` is not asked while the address has
    /// to wait and nobody has logged in from there before.
    pub fn credentials(
        &mut self,
        now: Instant,
        directory: &Directory,
        find: impl FnOnce(&Directory) -> Option<UserId>,
        address: IpAddr,
    ) -> Result<Credentials, TooMany> {
        let wait = self.backoff.wait(now, address);
        let user = if wait.is_none() || self.known.has_any(address) { find(directory) } else { None };
        let is_known = user.is_some_and(|user| self.known.has(address, user));
        if let Some(wait) = wait.filter(|_| !is_known) {
            return Err(TooMany(wait));
        }
        let password = user.and_then(|user| {
            let again = !directory.is_administrator(user);
            let blocked = self.lockout.ask(now, user, again);
            (!blocked).then(|| directory.get(user).password.clone())
        });
        let tokens = user.filter(|user| directory.get(*user).sso).map(|user| self.tokens.of_user(now, user));
        let decoy = self.decoy.clone();
        Ok(Credentials::new(user, password, decoy, self.salts.derives, address).with_tokens(tokens))
    }

    /// Puts a slow check into the queue.
    pub fn queue_check(&mut self, credentials: &Credentials) -> Result<CheckId, NoPlace> {
        self.checks.add(credentials.address, credentials.user)
    }

    /// Tells whether the caller may look now which clients of a full line have gone away.
    pub fn may_look_for_gone(&mut self, now: Instant, address: IpAddr) -> bool {
        self.checks.may_look(now, address)
    }

    /// The next check, and whether it is made: of each address no more are made than it has tries left.
    pub fn next_check(&mut self, now: Instant) -> Option<(CheckId, Turn)> {
        let Self { checks, backoff, known, .. } = self;
        checks.take(|address, made, user| {
            if user.is_some_and(|user| known.has(address, user))
                || backoff.wait_beside(now, address, made).is_none()
            {
                Turn::Make
            } else if backoff.wait(now, address).is_some() {
                Turn::Refuse
            } else {
                Turn::Wait
            }
        })
    }

    /// Ends a check.
    pub fn end_check(&mut self, address: IpAddr, id: CheckId) {
        self.checks.end(address, id);
    }

    /// Counts a wrong password of an address. Tells whether the address has to wait from now on and had not before.
    pub fn wrong(&mut self, now: Instant, credentials: &Credentials) -> bool {
        let address = credentials.address;
        // While its address waits, a user who is let through there has one try and no more.
        if self.backoff.wait(now, address).is_some()
            && let Some(user) = credentials.user
        {
            self.known.remove(address, user);
        }
        self.backoff.wrong(now, address)
    }
}
