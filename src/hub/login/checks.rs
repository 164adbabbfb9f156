//! Password checks: how they come into the queue, and their consequences.

use std::net::IpAddr;

use crate::clock::Now;
use crate::hub::action::{Note, NoteKind};
use crate::hub::login::credentials::{Credentials, Evidence};
use crate::hub::login::gate::TooMany;
use crate::hub::login::lockout::Verdict;
use crate::hub::login::password_queue::{CheckId, NoPlace, Turn};
use crate::hub::state::Hub;

impl Hub {
    /// Finds the user who logs in under that name over HTTP, and returns the input of the password check. This counts as an
    /// attempt: it is for requests only, not for a look.
    ///
    /// # Errors
    ///
    /// The address has to wait, even with a right password.
    pub fn credentials(&mut self, now: Now, name: &str, address: IpAddr) -> Result<Credentials, TooMany> {
        self.gate.credentials(
            now.monotonic,
            self.desk.directory(),
            |directory| directory.find_login(name, self.names.domain.name()),
            address,
        )
    }

    /// Puts a slow check into the queue.
    ///
    /// # Errors
    ///
    /// Too many checks wait, of all clients or of the same address.
    pub fn queue_check(&mut self, credentials: &Credentials) -> Result<CheckId, NoPlace> {
        self.gate.queue_check(credentials)
    }

    /// Whether the caller may look now which clients of a full line have gone away, to give their places to others.
    pub fn may_look_for_gone(&mut self, now: Now, address: IpAddr) -> bool {
        self.gate.may_look_for_gone(now.monotonic, address)
    }

    /// The check that is the next one, and whether it is made: of each address no more are made than it has tries left, even
    /// if all of them turn out wrong. The caller makes it, and calls [`Hub::judge`] and then [`Hub::end_check`].
    pub fn next_check(&mut self, now: Now) -> Option<(CheckId, Turn)> {
        self.gate.next_check(now.monotonic)
    }

    /// A check was made, or is not wanted any more.
    pub fn end_check(&mut self, address: IpAddr, id: CheckId) {
        self.gate.end_check(address, id);
    }

    /// Makes a check that is not slow, and counts it. Tells whether the user may come in.
    pub fn check(&mut self, now: Now, credentials: &Credentials, evidence: &Evidence) -> bool {
        if credentials.is_over(evidence) {
            return false;
        }
        let matches = credentials.verify(evidence);
        self.judge(now, credentials, matches)
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
        let verdict = self.gate.lockout.answer(now.monotonic, user, matches);
        if verdict == Verdict::Last {
            self.report.counters.lockouts += 1;
            let what =
                NoteKind::LockedOut { attempts: self.limits.lockout_attempts, time: self.limits.lockout };
            let (who, peer) = (self.user_name(user), credentials.address);
            self.report.note(Note { who, peer, user: Some(user), what });
        }
        if verdict == Verdict::Right {
            self.gate.known.add(now.monotonic, credentials.address, user);
        }
        verdict == Verdict::Right
    }

    /// A password was wrong, or for nobody.
    fn wrong(&mut self, now: Now, credentials: &Credentials) {
        let address = credentials.address;
        self.report.counters.wrong_passwords += 1;
        if self.gate.wrong(now.monotonic, credentials) {
            let what =
                NoteKind::BackedOff { attempts: self.limits.address_attempts, time: self.limits.lockout };
            let who = address.to_string();
            self.report.note(Note { who, peer: address, user: None, what });
        }
    }
}
