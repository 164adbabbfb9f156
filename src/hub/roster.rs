//! The sessions of each user.

use crate::id::by_user::ByUser;
use crate::id::{SessionId, UserId};

/// The sessions of one user.
#[derive(Debug, Default)]
struct Own {
    /// The bound sessions, in the order of their logins.
    bound: Vec<SessionId>,
    /// The sessions without a resource that wait until the user is let go. There may be thousands that do not.
    waiting: Vec<SessionId>,
    /// The streams of server-sent events.
    streams: Vec<SessionId>,
}

/// The sessions of all users.
#[derive(Debug, Default)]
pub struct Roster {
    users: ByUser<Own>,
}

impl Roster {
    /// The bound sessions of a user, in the order of their logins.
    pub fn bound(&self, user: UserId) -> &[SessionId] {
        &self.users.get(user).bound
    }

    /// The sessions of a user: bound ones, and then streams of events.
    pub fn of(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        let own = self.users.get(user);
        own.bound.iter().chain(&own.streams).copied()
    }

    /// How many sessions a user has: bound ones and streams of events.
    pub fn count(&self, user: UserId) -> usize {
        let own = self.users.get(user);
        own.bound.len() + own.streams.len()
    }

    /// How many sessions all users have.
    #[cfg(test)]
    pub fn count_all(&self) -> usize {
        self.users.values().map(|own| own.bound.len() + own.streams.len()).sum()
    }

    /// Tells whether any session without a resource waits.
    #[cfg(test)]
    pub fn is_awaited(&self) -> bool {
        self.users.values().any(|own| !own.waiting.is_empty())
    }

    /// Adds a session that has bound a resource.
    pub fn bind(&mut self, user: UserId, id: SessionId) {
        self.users.get_mut(user).bound.push(id);
    }

    /// Removes a session that had bound a resource.
    pub fn unbind(&mut self, user: UserId, id: SessionId) {
        self.users.get_mut(user).bound.retain(|other| *other != id);
    }

    /// Adds a stream of events.
    pub fn add_stream(&mut self, user: UserId, id: SessionId) {
        self.users.get_mut(user).streams.push(id);
    }

    /// Removes a stream of events.
    pub fn remove_stream(&mut self, user: UserId, id: SessionId) {
        self.users.get_mut(user).streams.retain(|other| *other != id);
    }

    /// Adds a session without a resource that waits until the user is let go.
    pub fn wait(&mut self, user: UserId, id: SessionId) {
        self.users.get_mut(user).waiting.push(id);
    }

    /// Removes a session that waited.
    pub fn end_wait(&mut self, user: UserId, id: SessionId) {
        self.users.get_mut(user).waiting.retain(|other| *other != id);
    }

    /// Returns the sessions that go on when the user is let go; none of them waits any more.
    pub fn let_go(&mut self, user: UserId) -> Vec<SessionId> {
        let own = self.users.get_mut(user);
        let mut sessions = std::mem::take(&mut own.waiting);
        sessions.extend(&own.bound);
        sessions
    }

    /// Forgets all other users, whose sessions have ended.
    pub fn retain(&mut self, has: impl Fn(UserId) -> bool) {
        self.users.retain(has);
    }

    /// How many places of users it has.
    #[cfg(test)]
    pub fn places(&self) -> usize {
        self.users.values().count()
    }
}
