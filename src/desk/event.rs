//! The events that have to be published after a command (the guide, "Finesse notifications").

use crate::clock::Now;
use crate::config::{Profile, Release};
use crate::id::UserId;

use crate::desk::contact_centre::Desk;
use crate::desk::error::Failure;
use crate::desk::nodes;
use crate::desk::write::{document, element, inside};

/// A publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The name of the node.
    pub node: String,
    /// The text for `<notification/>`: an `<Update>` document.
    pub payload: String,
}

/// A command while it is applied: its time, the id of its request, and the events that follow, in order.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub now: Now,
    /// The `requestId` of the request; empty without one.
    pub request_id: &'a str,
    pub events: Vec<Event>,
}

impl<'a> Step<'a> {
    /// A command without events.
    pub fn new(now: Now, request_id: &'a str) -> Self {
        Self { now, request_id, events: Vec::new() }
    }
}

impl Desk {
    /// Tells a user its state.
    pub(super) fn user_told(&self, step: &mut Step<'_>, user: UserId) {
        let node = nodes::user(&self.directory.get(user).id);
        let payload = update("PUT", &node, step.request_id, |out| self.write_user(out, "user", user));
        step.events.push(Event { node, payload });
    }

    /// Tells a user its changed state, and the user's team.
    pub(super) fn user_changed(&mut self, step: &mut Step<'_>, user: UserId) {
        self.user_told(step, user);
        self.team_told(step, user);
    }

    /// Tells the team of a user how it stands.
    fn team_told(&mut self, step: &mut Step<'_>, user: UserId) {
        self.agent_mut(user).told_busy = self.is_busy(user);
        let user_of = self.directory.get(user);
        let Some(team) = &user_of.team else { return };
        let source = nodes::user(&user_of.id);
        let payload = update("PUT", &source, step.request_id, |out| self.write_summary(out, user));
        step.events.push(Event { node: nodes::team_users(team), payload });
    }

    /// Tells the team of an agent whose `mediaState` alone has changed: its state stays NOT_READY.
    pub(super) fn mind_media_state(&mut self, step: &mut Step<'_>, user: UserId) {
        if self.has_media_state() && self.is_busy(user) != self.agent(user).told_busy {
            self.team_told(step, user);
        }
    }

    /// Publishes an error to the user whose state it is about.
    pub(super) fn user_failed(&self, step: &mut Step<'_>, user: UserId, failure: Failure) {
        let node = nodes::user(&self.directory.get(user).id);
        let with_peripheral = self.profile == Profile::Ucce && self.release >= Release::R12_5;
        let payload = document(|out| {
            inside(out, "Update", |out| {
                inside(out, "data", |out| failure.write(out, with_peripheral));
                // Another order than with data, and lower case: so it was captured.
                element(out, "requestId", step.request_id);
                element(out, "source", &node);
                element(out, "event", "put");
            });
        });
        step.events.push(Event { node, payload });
    }
}

/// An `<Update>` with data, in the order of the captures.
pub(super) fn update(event: &str, source: &str, request_id: &str, data: impl FnOnce(&mut String)) -> String {
    document(|out| {
        inside(out, "Update", |out| {
            inside(out, "data", data);
            element(out, "event", event);
            element(out, "requestId", request_id);
            element(out, "source", source);
        });
    })
}
