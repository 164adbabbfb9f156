//! What has to be published after a command (reference 3.3, 4.5).

use crate::config::{Profile, Release};
use crate::id::UserId;

use super::error::Failure;
use super::write::{document, element, inside};
use super::{Desk, nodes};

/// One publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The name of the node.
    pub node: String,
    /// The text for `<notification/>`: an `<Update>` document.
    pub payload: String,
}

impl Desk {
    /// The state of a user for itself.
    pub(super) fn user_event(&self, user: UserId, request_id: &str) -> Event {
        let node = nodes::user(&self.directory.get(user).id);
        let payload = data_update(&node, request_id, |out| self.write_user(out, "user", user));
        Event { node, payload }
    }

    /// The state of a user for its team, if it has one.
    pub(super) fn team_event(&self, user: UserId, request_id: &str) -> Option<Event> {
        let user_of = self.directory.get(user);
        let source = nodes::user(&user_of.id);
        let payload = data_update(&source, request_id, |out| self.write_summary(out, user));
        Some(Event { node: nodes::team_users(user_of.team.as_deref()?), payload })
    }

    /// What went wrong, for the user whose state it is.
    pub(super) fn failure_event(&self, user: UserId, failure: Failure, request_id: &str) -> Event {
        let node = nodes::user(&self.directory.get(user).id);
        let with_peripheral = (self.profile, self.release) == (Profile::Ucce, Release::R12);
        let payload = document(|out| {
            inside(out, "Update", |out| {
                inside(out, "data", |out| failure.write(out, with_peripheral));
                // Another order than with data, and lower case: so it was captured (reference 3.1).
                element(out, "requestId", request_id);
                element(out, "source", &node);
                element(out, "event", "put");
            });
        });
        Event { node, payload }
    }
}

fn data_update(source: &str, request_id: &str, data: impl FnOnce(&mut String)) -> String {
    document(|out| {
        inside(out, "Update", |out| {
            inside(out, "data", data);
            element(out, "event", "PUT");
            element(out, "requestId", request_id);
            element(out, "source", source);
        });
    })
}
