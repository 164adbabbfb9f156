//! A reader that does not read for a while, and is owed more than the system keeps for it, but not more than it may be.

use crate::support::http::Http;
use crate::support::{Raw, Server};
use crate::witness::publication;

/// The limits that such a one needs.
pub const LIMITS: &str =
    "[limits]\nqueue = \"64MiB\"\nbacklog = \"64MiB\"\nping = \"10m\"\nclose = \"30s\"\n";

const ALARMS: &str = "/lab/alarms";

/// 18 MB in all: systems keep 4 MiB for who sends and 6 MiB for who receives, if they are not told otherwise.
const EVENTS: usize = 600;
const LENGTH: usize = 30_000;

pub struct Late(Raw);

impl Late {
    /// Is owed very much from now on.
    pub fn new(server: &Server, user: &str) -> Self {
        let mut raw = Raw::connect(server);
        raw.log_in(user, "late");
        raw.become_available();
        raw.subscribe(ALARMS);
        let mut http = Http::connect(server.plain);
        let filler = "x".repeat(LENGTH);
        for number in 0..EVENTS {
            assert_eq!(http.ask(publication(ALARMS, &format!("{number} {filler}"))).status(), 202);
        }
        Self(raw)
    }

    /// Gets all of it, in order.
    pub fn catch_up(&mut self) -> &mut Raw {
        for wanted in 0..EVENTS {
            assert_eq!(number(&self.0.text()), Some(wanted));
        }
        &mut self.0
    }
}

/// The number at the beginning of an event's payload.
pub fn number(text: &str) -> Option<usize> {
    let (_, payload) = text.split_once("push:0\">")?;
    payload.split(' ').next()?.parse().ok()
}
