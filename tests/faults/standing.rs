//! How a server stands: who is there, and what it holds for them.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::Server;
use crate::support::figures::metrics;
use crate::support::server::PATIENCE;

/// What there is of something that comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Of all ways.
    pub sessions: usize,
    /// Without the one that asks.
    pub connections: usize,
    pub descriptors: usize,
}

impl Standing {
    /// How it stands now.
    pub fn of(server: &Server) -> Self {
        let descriptors = server.descriptors();
        let figures = metrics(server);
        let sessions = figures.iter().filter(|(name, _)| name.starts_with("callboard_sessions{"));
        Self {
            sessions: sessions.map(|(_, count)| *count as usize).sum(),
            connections: figures["callboard_connections"] as usize - 1,
            descriptors,
        }
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
