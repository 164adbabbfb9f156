//! How a stream opens and who logs in on it (RFC 6120 §4.3 and §6).

pub(super) mod access_tokens;
pub(super) mod address_backoff;
mod checks;
pub(super) mod credentials;
pub(super) mod gate;
pub(super) mod known_addresses;
pub(super) mod lockout;
pub(super) mod password_queue;
pub(super) mod salts;
pub(super) mod secret;
pub(super) mod sso;
pub(super) mod tickets;

use crate::clock::Now;
use crate::config::scram::{Hash, Mechanism};
use crate::fault::Step;
use crate::hub::action::Action;
use crate::hub::action::NoteKind;
use crate::hub::bosh::record::Bosh;
use crate::hub::login::credentials::Evidence;
use crate::hub::login::tickets::TicketKey;
use crate::hub::session::Carrier;
use crate::hub::state::Hub;
use crate::hub::tokens::token;
use crate::id::{SessionId, UserId};
use crate::xmpp::sasl::Failure;
use crate::xmpp::sasl::scram::First;
use crate::xmpp::sm;
use crate::xmpp::stream::{State, StreamError};

impl Hub {
    pub(super) fn open(&mut self, now: Now, id: SessionId) {
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        xmpp.stream_id = token(self.random).into();
        xmpp.opened = true;
        let to = xmpp.stream.take_from();
        // Not over BOSH, which has acknowledgements of its own (XEP-0124 §9).
        let has_connection = matches!(xmpp.carrier, Carrier::Connection(_));
        let more = if self.stream_management && has_connection { sm::FEATURE } else { "" };
        let mut features = xmpp.stream.features(&self.mechanisms, more);
        // Over BOSH the envelopes open a stream (XEP-0206 §3).
        let opening = has_connection
            .then(|| xmpp.stream.answer(self.names.domain.name(), &xmpp.stream_id, to.as_deref()));
        if !self.faults.set.is_empty() && self.has_no_plain(now, id) {
            let mut others = self.mechanisms.clone();
            others.retain(|mechanism| *mechanism != Mechanism::Plain);
            if others.is_empty() {
                others.push(Mechanism::Scram(Hash::Sha1));
            }
            features = self.sessions.xmpp(id).map_or(features, |xmpp| xmpp.stream.features(&others, more));
        }
        // Once for both, so that they come in their order.
        let slow = self.fault_of_step(now, id, Step::Open);
        if let Some(open) = opening {
            let open = self.old_opening(now, id).unwrap_or(open);
            self.send_with(now, id, slow.as_ref(), open);
        }
        self.send_with(now, id, slow.as_ref(), features);
    }

    /// A client says by SCRAM who it is, and is asked for its proof: anybody, whether there is such a user or not.
    pub(super) fn ask_for_proof(&mut self, now: Now, id: SessionId, first: First) {
        let directory = self.desk.directory();
        let user = directory.find(&first.user);
        let found = user.map(|user| directory.get(user));
        if found.is_some_and(|user| user.sso) {
            // Its password is an access token, of which no keys are kept. Everybody may know that (`UserAuthMode`).
            return self.refuse(now, id, Failure::InvalidMechanism, user);
        }
        let password = found.map(|user| &user.password);
        let (salt, iterations) = self.gate.salts.of(first.hash, &first.user, password);
        let exchange = first.ask(&token(self.random), &salt, iterations);
        let Some(xmpp) = self.sessions.xmpp_mut(id) else { return };
        let challenge = xmpp.stream.ask(exchange);
        self.send(now, id, challenge);
    }

    pub(super) fn login(&mut self, now: Now, id: SessionId, name: &str, evidence: Evidence) {
        if let Some(failure) = self.fault_of_login(now, id, name) {
            return self.refuse(now, id, failure, None);
        }
        let Some(address) = self.sessions.get(id).map(|session| session.peer.address.ip()) else {
            return;
        };
        let Ok(credentials) = self.gate.credentials(
            now.monotonic,
            self.desk.directory(),
            |directory| directory.find(name),
            address,
        ) else {
            return self.unverified(now, id);
        };
        if credentials.is_slow(&evidence) {
            self.report.act(Action::Verify { session: id, credentials, evidence });
        } else {
            let granted = self.check(now, &credentials, &evidence);
            self.verified(now, id, credentials.user, granted);
        }
    }

    /// The answer to [`Action::Verify`], as [`Hub::judge`] has it.
    pub fn verified(&mut self, now: Now, id: SessionId, user: Option<UserId>, granted: bool) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let Some(xmpp) = session.xmpp_mut().filter(|xmpp| xmpp.stream.state() == State::Checking) else {
            return;
        };
        match user {
            // The answer may come after another configuration.
            Some(user) if granted && self.desk.directory().has(user) => {
                let answer = xmpp.stream.accept();
                session.user = Some(user);
                self.report.counters.logins += 1;
                self.note(id, NoteKind::LoggedIn);
                self.record_login(now, id, "success");
                self.answer_step(now, id, Step::Login, answer);
                self.meet_faults(now, id);
            }
            _ => self.refuse(now, id, Failure::NotAuthorized, user),
        }
        // Reading had stopped for the time of the check.
        self.wake(id);
    }

    /// The password is not checked: too many checks wait, or the address has to.
    pub fn unverified(&mut self, now: Now, id: SessionId) {
        if self.sessions.xmpp(id).is_none_or(|xmpp| xmpp.stream.state() != State::Checking) {
            return;
        }
        self.refuse(now, id, Failure::TemporaryAuthFailure, None);
        self.wake(id);
    }

    pub(super) fn refuse(&mut self, now: Now, id: SessionId, failure: Failure, user: Option<UserId>) {
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        let last = xmpp.stream.refuse(self.limits.login_attempts);
        self.report.counters.refusals += 1;
        self.report.count_failure("login", failure.name());
        // A name that nobody has may be a password typed into the wrong field: it is not logged.
        let name = user.map(|user| self.users().get(user).id.clone());
        self.note(id, NoteKind::Refused { user: name, failure: failure.name() });
        self.record_login(now, id, failure.name());
        self.send(now, id, failure.frame());
        if last {
            self.fail(now, id, StreamError::TOO_MANY_ATTEMPTS);
        }
    }

    /// Tells whether a password check is still waited for: not by a client of BOSH whose request was cut off meanwhile. Of other
    /// connections only their transport knows it.
    pub fn is_checking(&self, id: SessionId) -> bool {
        self.sessions.xmpp(id).is_some_and(|xmpp| {
            xmpp.stream.state() == State::Checking && !xmpp.bosh().is_some_and(Bosh::is_cut)
        })
    }

    /// The mechanisms of SASL that are offered.
    pub fn mechanisms(&self) -> &[Mechanism] {
        &self.mechanisms
    }

    /// Tells whether the user has a bound session.
    pub fn is_online(&self, user: UserId) -> bool {
        !self.roster.bound(user).is_empty()
    }

    /// Returns the user who has logged in on a session.
    pub fn user_of(&self, id: SessionId) -> Option<UserId> {
        let session = self.sessions.get(id)?;
        session.user.filter(|_| session.xmpp().is_some_and(|xmpp| xmpp.stream.is_logged_in()))
    }

    /// Tells whether the session has logged in, for the size of messages and for what may stand in a log.
    pub fn is_logged_in(&self, id: SessionId) -> bool {
        self.sessions.xmpp(id).is_some_and(|xmpp| xmpp.stream.is_logged_in())
    }

    /// Makes a ticket with which the user can open streams; `None`: it has as many as it may have, and all are in use.
    pub fn make_ticket(&mut self, now: Now, user: UserId) -> Option<String> {
        let ticket = token(self.random);
        self.gate.tickets.add(now.monotonic, user, &ticket).then_some(ticket)
    }

    /// Finds the user whose ticket this is, if it is valid.
    pub fn ticket(&self, now: Now, ticket: &str) -> Option<(UserId, TicketKey)> {
        self.gate.tickets.find(now.monotonic, ticket).filter(|(user, _)| self.users().has(*user))
    }
}
