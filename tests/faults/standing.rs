//! The standing of a server: the clients that are there, and what it holds for them.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::http::Http;
use crate::support::server::PATIENCE;
use crate::support::{Server, figures};

/// What there is of something that comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Of all ways.
    pub sessions: usize,
    /// Without the one that asks.
    pub connections: usize,
    /// Likewise.
    pub descriptors: usize,
}

impl Standing {
    /// How it stands now.
    pub fn of(server: &Server) -> Self {
        let mut asker = Http::connect(server.plain);
        let figures = figures::ask(&mut asker);
        // A client that had left before the asker came is gone by its answer. The asker itself is there until it is dropped.
        let descriptors = server.descriptors() - 1;
        let sessions = figures.iter().filter(|(name, _)| name.starts_with("callboard_sessions{"));
        Self {
            sessions: sessions.map(|(_, count)| *count as usize).sum(),
            connections: figures["callboard_connections"] as usize - 1,
            descriptors,
        }
    }

    /// Adds `more` sessions, each with a connection of its own.
    pub fn and(self, more: usize) -> Self {
        let Self { sessions, connections, descriptors } = self;
        Self { sessions: sessions + more, connections: connections + more, descriptors: descriptors + more }
    }

    /// Waits until it is so again.
    #[track_caller]
    pub fn comes_back(self, server: &Server) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = Self::of(server);
            if now == self {
                return;
            }
            assert!(Instant::now() < deadline, "{now:?} in place of {self:?}\n{}", server.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}
