//! The users on line and those who are kept out, for administrators (the guide's chapter "Cisco Finesse Serviceability APIs").

use std::time::Duration;

use crate::clock::Now;
use crate::desk::{ApiError, ApiRefusal, ClientKind, Connected, ConnectedUser};
use crate::hub::session::Session;
use crate::hub::session_address::Address;
use crate::hub::state::Hub;
use crate::id::UserId;

/// The resource that Finesse's desktop binds, and nobody else should (the guide, "Finesse notifications").
const DESKTOP: &str = "desktop";

/// The resource that is taken for the agent application of IP telephones.
const FIPPA: &str = "fippa";

/// The kind of the client that has bound a resource, or of a stream of events.
fn kind(session: &Session) -> ClientKind {
    match session.address().map(|address| &*address.resource) {
        Some(DESKTOP) => ClientKind::Desktop,
        Some(resource) if resource.eq_ignore_ascii_case(FIPPA) => ClientKind::Fippa,
        _ => ClientKind::ThirdParty,
    }
}

impl Hub {
    /// The users on line, each by one session: the first of a desktop if it has one, else of a telephone, else of any client.
    pub fn connected_users(&self, now: Now) -> Vec<ConnectedUser> {
        let connected = |user: UserId| {
            let sessions = self.roster.of(user).filter_map(|id| self.sessions.get(id));
            let session = sessions.min_by_key(|session| kind(session))?;
            let bare = || format!("{}@{}", self.users().get(user).id, self.domain());
            Some(ConnectedUser {
                user,
                client: kind(session),
                jid: session.address().map_or_else(bare, Address::jid),
                duration: now.monotonic.saturating_duration_since(session.peer.accepted),
                via_proxy: session.peer.via_proxy,
            })
        };
        self.users().keys().filter_map(connected).collect()
    }

    /// How many users are on line.
    pub fn connected(&self, now: Now) -> Connected {
        Connected::of(&self.connected_users(now))
    }

    /// The users who are kept out after wrong passwords, each with the time until that ends.
    pub fn locked_out(&self, now: Now) -> Vec<(UserId, Duration)> {
        let rest = |user| Some((user, self.gate.lockout.rest(now.monotonic, user)?));
        self.users().keys().filter_map(rest).collect()
    }

    /// Lets a user log in again who was kept out.
    ///
    /// # Errors
    ///
    /// Returns Not Found if the user is not kept out.
    pub(super) fn unlock(&mut self, now: Now, actor: UserId, id: &str) -> Result<(), ApiError> {
        let user = self.desk.find(actor, id)?;
        if self.gate.lockout.rest(now.monotonic, user).is_none() {
            return Err(ApiRefusal::NotFound.about(id));
        }
        self.gate.lockout.forget(user);
        Ok(())
    }
}
