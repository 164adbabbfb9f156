//! The messages that teams are shown.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use litemap::LiteMap;

use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::timers::TimerId;

/// The most messages at a time, and the most new ones in [`WINDOW`] (the guide, "TeamMessage").
const MOST_ACTIVE: usize = 4800;
const MOST_NEW: usize = 400;
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// The user who made a message. Another configuration may not have the user any more while the message is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Creator {
    /// The id, by which the user is found as long as there is one of that id.
    pub(super) id: String,
    /// The names when the message was made.
    pub(super) first_name: String,
    pub(super) last_name: String,
}

/// A message that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) creator: Creator,
    pub(super) created: SystemTime,
    /// In seconds.
    pub(super) duration: u32,
    pub(super) content: String,
    /// The ids of the teams that see it.
    pub(super) teams: Vec<String>,
    pub(super) expiry: TimerId,
}

/// All messages that are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Messages {
    /// By id; at most [`MOST_ACTIVE`].
    pub(super) active: LiteMap<u64, Message>,
    /// When the last ones were made; at most [`MOST_NEW`], none older than [`WINDOW`] for long.
    pub(super) recent: VecDeque<Instant>,
    /// The number of messages ever made, which is the id of the last one.
    pub(super) count: u64,
}

impl Messages {
    /// Tells whether there may be another one.
    pub fn has_room(&mut self, now: Instant) -> bool {
        while self.recent.front().is_some_and(|made| *made + WINDOW <= now) {
            self.recent.pop_front();
        }
        self.active.len() < MOST_ACTIVE && self.recent.len() < MOST_NEW
    }

    pub fn find(&self, id: &str) -> Result<(u64, &Message), ApiError> {
        // Each message has one name: a number can be written with a sign and zeros too.
        let number = id.parse().ok().filter(|number: &u64| number.to_string() == id);
        let found = number.and_then(|number| Some((number, self.active.get(&number)?)));
        found.ok_or_else(|| ApiRefusal::NotFound.about(id))
    }
}
