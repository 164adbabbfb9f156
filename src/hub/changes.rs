//! The only place where the contact centre changes: each change is a value with its time and its user, and passes
//! [`Hub::apply`]. A log, a record or a second server has to listen nowhere else.

use std::ops::Deref;

use crate::clock::Now;
use crate::desk::{self, ApiError, Applied, Desk};
use crate::hub::Hub;
use crate::id::UserId;
use crate::pubsub::Payload;

/// State that the hub reads everywhere. Only this file can change it: the field is private.
pub(super) struct ReadOnly<T>(T);

impl<T> ReadOnly<T> {
    pub fn new(state: T) -> Self {
        Self(state)
    }
}

impl<T> Deref for ReadOnly<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A command on its way.
#[derive(Clone, Debug)]
pub struct Entry<C> {
    pub now: Now,
    /// The user who caused it, and on whose account its events go; `None` for the system.
    pub by: Option<UserId>,
    pub command: C,
}

/// A change of state that all sessions share.
pub trait Change: Sized {
    type Done;
    type Refusal;

    /// Changes the state, and tells the sessions.
    ///
    /// # Errors
    ///
    /// Returns why nothing has changed.
    #[doc(hidden)]
    fn carry_out(entry: Entry<Self>, hub: &mut Hub) -> Result<Self::Done, Self::Refusal>;
}

impl Change for desk::Command {
    /// The answer beside success: the document of a new message, the id of a new call.
    type Done = Option<String>;
    type Refusal = ApiError;

    fn carry_out(Entry { now, by, command }: Entry<Self>, hub: &mut Hub) -> Result<Self::Done, ApiError> {
        let own = match &command {
            desk::Command::Reload(config) => Some(config.nodes.clone()),
            _ => None,
        };
        let Applied { events, answer } = hub.desk.0.apply(now, command)?;
        if let Some(own) = own {
            // The nodes of new users and teams have to be there before their events.
            hub.make_room(&own);
        }
        hub.tell(now, events, by);
        if let Some(by) = by {
            hub.hold_if_owed(now, by);
        }
        Ok(answer)
    }
}

impl Hub {
    /// Applies a command and publishes what follows from it.
    ///
    /// # Errors
    ///
    /// Returns why the command is refused; then nothing has changed.
    pub fn apply<C: Change>(&mut self, entry: Entry<C>) -> Result<C::Done, C::Refusal> {
        C::carry_out(entry, self)
    }

    /// Applies a request of the REST API, if the service is up. `by` sends it, and `actor` is the user as whom it is carried
    /// out.
    ///
    /// # Errors
    ///
    /// Returns what answers the request instead of 202; then nothing has changed.
    pub fn request(
        &mut self,
        now: Now,
        by: UserId,
        actor: UserId,
        request_id: String,
        request: desk::Request,
    ) -> Result<Option<String>, ApiError> {
        self.desk.in_service()?;
        // Nobody would be told any more.
        if self.closing {
            return Err(desk::Refusal::Busy.about(""));
        }
        let command = desk::Command::Request { actor, request_id, request };
        self.apply(Entry { now, by: Some(by), command })
    }

    /// Applies a command of the system, which cannot be refused.
    pub(super) fn apply_by_system(&mut self, now: Now, command: desk::Command) {
        let refused = self.apply(Entry { now, by: None, command }).err();
        debug_assert_eq!(refused, None, "only requests and calls are refused");
    }

    /// The contact centre, to look at.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Publishes the events of the contact centre; `by` is the user who caused them, if there is one.
    fn tell(&mut self, now: Now, events: Vec<desk::Event>, by: Option<UserId>) {
        for event in events {
            let Ok(node) = self.pubsub.find(&event.node) else {
                debug_assert!(false, "an event for {}, which is no node", event.node);
                self.count_failure("event", "item-not-found");
                continue;
            };
            let item = self.pubsub.add(node, None, Payload::Text(event.payload));
            self.announce(now, node, &item, by);
        }
    }
}
