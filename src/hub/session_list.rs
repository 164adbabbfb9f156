//! The list of all sessions.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::clock::Now;
use crate::hub::session_address::Address;
use crate::hub::state::Hub;
use crate::id::SessionId;
use crate::transport::Transport;

/// A session as it is listed.
#[derive(Debug)]
pub struct Listed {
    pub id: SessionId,
    pub transport: Transport,
    pub peer: SocketAddr,
    /// The id of the user, after the login.
    pub user: Option<String>,
    /// The full JID, once it is bound.
    pub jid: Option<String>,
    /// Whether it was cut and waits to be resumed.
    pub waits: bool,
    /// Whether events come to it by presence.
    pub available: bool,
    /// For how long it has been there.
    pub age: Duration,
    /// The bytes that wait for it.
    pub owed: usize,
    /// For how long it has not taken what its socket was offered; `None`: it takes all.
    pub behind: Option<Duration>,
}

impl Hub {
    /// All sessions there are.
    pub fn list(&self, now: Now) -> Vec<Listed> {
        let listed = |id| {
            let session = self.sessions.get(id)?;
            Some(Listed {
                id,
                transport: session.peer.transport,
                peer: session.peer.address,
                user: session.user.map(|user| self.user_name(user)),
                jid: session.address().map(Address::jid),
                waits: session.waiting().is_some(),
                available: session.is_available(),
                age: now.monotonic.saturating_duration_since(session.peer.accepted),
                owed: session.fill().bytes,
                behind: session.behind.map(|behind| now.monotonic.saturating_duration_since(behind.since)),
            })
        };
        self.sessions.ids().into_iter().filter_map(listed).collect()
    }

    /// How many sessions there are of each transport that has any.
    pub fn transports(&self) -> BTreeMap<Transport, usize> {
        let mut transports = BTreeMap::new();
        let all = self.sessions.ids().into_iter().filter_map(|id| self.sessions.get(id));
        for session in all.filter(|session| session.waiting().is_none()) {
            *transports.entry(session.peer.transport).or_default() += 1;
        }
        transports
    }
}
