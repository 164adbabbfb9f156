//! The users on line by the kinds of their clients, as the hub counts them (the guide, "ConnectedUsersInfo").

use std::time::Duration;

use crate::config::Release;
use crate::desk::write::{element, inside};
use crate::id::UserId;

/// The kind of a user's client (the guide, "ConnectedUsersInfo API parameters").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientKind {
    /// Finesse's own desktop.
    Desktop,
    /// The agent application of an IP telephone.
    Fippa,
    ThirdParty,
}

impl ClientKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Desktop => "DESKTOP",
            Self::Fippa => "FIPPA",
            Self::ThirdParty => "THIRDPARTY",
        }
    }
}

/// A user who is on line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedUser {
    pub user: UserId,
    pub client: ClientKind,
    pub jid: String,
    /// For how long.
    pub duration: Duration,
    pub via_proxy: bool,
}

/// How many users are on line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connected {
    pub desktop: usize,
    pub fippa: usize,
    pub third_party: usize,
    /// Users who came by a proxy.
    pub via_proxy: usize,
}

impl Connected {
    /// Counts users.
    pub fn of(users: &[ConnectedUser]) -> Self {
        let mut counts = Self::default();
        for user in users {
            *match user.client {
                ClientKind::Desktop => &mut counts.desktop,
                ClientKind::Fippa => &mut counts.fippa,
                ClientKind::ThirdParty => &mut counts.third_party,
            } += 1;
            counts.via_proxy += usize::from(user.via_proxy);
        }
        counts
    }

    /// All of them.
    pub fn total(self) -> usize {
        self.desktop + self.fippa + self.third_party
    }

    /// Writes the summary.
    pub fn write(self, out: &mut String, release: Release) {
        // Proxies have been counted since 12.6(2).
        let via_proxy =
            (release >= Release::R12_6).then_some(("totalConnectedUsersViaProxy", self.via_proxy));
        let counts = [
            ("desktopUsers", self.desktop),
            ("fippaUsers", self.fippa),
            ("thirdPartyUsers", self.third_party),
            ("totalConnectedUsers", self.total()),
        ];
        inside(out, "userSummary", |out| {
            for (name, count) in counts.into_iter().chain(via_proxy) {
                element(out, name, &count.to_string());
            }
        });
    }
}
