//! The sessions that wait to be resumed, by their users, and those that waited for too long.

use std::collections::VecDeque;

use crate::id::{SessionId, UserId};

/// How many sessions that were given up are remembered, so that clients that come too late hear how much of theirs was handled.
const REMEMBERED: usize = 256;

/// The sessions.
#[derive(Debug, Default)]
pub struct WaitingList {
    /// In order, so that those of a user stand together.
    sessions: Vec<(UserId, SessionId)>,
    given_up: VecDeque<GivenUp>,
}

/// A session that is not waited for any more.
#[derive(Debug)]
struct GivenUp {
    user: UserId,
    id: Box<str>,
    /// How many stanzas of its client were handled.
    handled: u32,
}

impl WaitingList {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.sessions.len()
    }

    /// The sessions of a user that wait.
    pub fn of(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        let begin = self.sessions.partition_point(|(other, _)| *other < user);
        let all = self.sessions[begin..].iter().take_while(move |(other, _)| *other == user);
        all.map(|(_, id)| *id)
    }

    /// All sessions that wait.
    pub fn all(&self) -> Vec<SessionId> {
        self.sessions.iter().map(|(_, id)| *id).collect()
    }

    pub fn add(&mut self, user: UserId, id: SessionId) {
        let place = self.sessions.partition_point(|other| *other < (user, id));
        self.sessions.insert(place, (user, id));
    }

    pub fn remove(&mut self, user: UserId, id: SessionId) {
        if let Ok(place) = self.sessions.binary_search(&(user, id)) {
            self.sessions.remove(place);
        }
    }

    /// Remembers that a session was given up.
    pub fn remember(&mut self, user: UserId, id: Box<str>, handled: u32) {
        if self.given_up.len() == REMEMBERED {
            self.given_up.pop_front();
        }
        self.given_up.push_back(GivenUp { user, id, handled });
    }

    /// How many stanzas of the client of a session were handled that was given up.
    pub fn handled(&self, user: UserId, id: &str) -> Option<u32> {
        let found = self.given_up.iter().find(|one| one.user == user && *one.id == *id)?;
        Some(found.handled)
    }
}
