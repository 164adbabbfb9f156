//! The only place where the contact centre, nodes, items and subscriptions change: each change is a value with its time and its
//! user, and passes [`Hub::apply`]. A log, a record or a second server has to listen nowhere else.
//!
//! The events of a command are part of its effect and no commands of their own: they follow again wherever it is applied.

pub(super) mod read_only;

use crate::clock::Now;
use crate::desk::{self, ApiError, Applied, Desk};
use crate::hub::nodes;
use crate::hub::state::Hub;
use crate::id::UserId;
use crate::pubsub::{self, ItemId, Payload, Publisher};
#[cfg(feature = "replica")]
use crate::replica::codec::{Codec, Coded as _};
#[cfg(feature = "replica")]
use crate::replica::entry::Kept;

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

    /// How the log keeps it.
    #[cfg(feature = "replica")]
    #[doc(hidden)]
    fn kept(&self) -> Kept;

    /// Writes it for the log, with its kind before it; `service` has the names of the nodes.
    #[cfg(feature = "replica")]
    #[doc(hidden)]
    fn write(&mut self, codec: &mut Codec<'_>, service: &pubsub::Pubsub);
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
        let unlocked = match &command {
            desk::Command::Request { actor, request: desk::Request::Unlock(id), .. } => {
                Some((*actor, id.clone()))
            }
            _ => None,
        };
        let shown = hub.desk_time(now);
        let Applied { events, answer } = hub.desk.0.apply(shown, command)?;
        if let Some((actor, id)) = unlocked {
            hub.unlock(now, actor, &id)?;
        }
        if let Some(own) = own {
            // The nodes of new users and teams have to be there before their events.
            let open = pubsub::Command::Open(nodes::all(&hub.desk, &own));
            hub.change_pubsub(now, None, open)
                .unwrap_or_else(|_| debug_assert!(false, "opening cannot be refused"));
        }
        hub.tell(now, events, by);
        hub.follow_maintenance(now);
        if let Some(by) = by {
            hub.hold_if_owed(now, by);
        }
        Ok(answer)
    }

    #[cfg(feature = "replica")]
    fn kept(&self) -> Kept {
        desk::Command::kept(self)
    }

    #[cfg(feature = "replica")]
    fn write(&mut self, codec: &mut Codec<'_>, _: &pubsub::Pubsub) {
        true.code(codec);
        self.code(codec);
    }
}

impl Change for pubsub::Command {
    type Done = ();
    type Refusal = pubsub::PubsubError;

    fn carry_out(Entry { now, by, command }: Entry<Self>, hub: &mut Hub) -> Result<(), pubsub::PubsubError> {
        hub.change_pubsub(now, by, command)
    }

    #[cfg(feature = "replica")]
    fn kept(&self) -> Kept {
        pubsub::Command::kept(self)
    }

    #[cfg(feature = "replica")]
    fn write(&mut self, codec: &mut Codec<'_>, service: &pubsub::Pubsub) {
        false.code(codec);
        pubsub::Command::code(self, codec, service);
    }
}

impl Hub {
    /// Applies a command and publishes what follows from it.
    ///
    /// # Errors
    ///
    /// Returns why the command is refused; then nothing has changed.
    pub fn apply<C: Change>(&mut self, entry: Entry<C>) -> Result<C::Done, C::Refusal> {
        #[cfg(feature = "replica")]
        if self.entry_log.is_some() {
            return self.apply_and_keep(entry);
        }
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
        mut request: desk::Request,
    ) -> Result<Option<String>, ApiError> {
        self.desk.in_service()?;
        self.desk.check_sender(by, actor)?;
        // Nobody would be told any more.
        if self.closing {
            return Err(desk::ApiRefusal::Busy.about(""));
        }
        for user in self.desk.signing_in(actor, &request).collect::<Vec<_>>() {
            self.apply_by_system(now, desk::Command::EndSignIn(user));
        }
        let request_id = if self.loses_request_id(now, actor) { String::new() } else { request_id };
        if let Some(failing) = self.fault_of_change(now, actor, &request) {
            let command = desk::Command::FailRequest { actor, request_id, failing };
            return self.apply(Entry { now, by: Some(by), command });
        }
        if let desk::Request::StartMaintenance(asked) = &mut request {
            self.complete(now, asked);
        }
        let command = desk::Command::Request { actor, request_id, request };
        self.apply(Entry { now, by: Some(by), command })
    }

    /// Publishes text to a node on behalf of `user`. Returns the id of the item.
    ///
    /// # Errors
    ///
    /// Returns why it is not published.
    pub fn publish(
        &mut self,
        now: Now,
        user: UserId,
        node: &str,
        payload: String,
    ) -> Result<String, pubsub::PubsubError> {
        let node = self.pubsub.find(node)?;
        let by = Publisher { user, administrator: self.users().is_administrator(user) };
        let id = self.pubsub.make_item_id();
        let shown = id.to_string();
        let payload = Payload::Text(payload);
        let command = pubsub::Command::Publish { node, by: Some(by), id: ItemId::Made(id), payload };
        self.apply(Entry { now, by: Some(user), command })?;
        self.hold_if_owed(now, user);
        Ok(shown)
    }

    /// Applies a command of the system, which cannot be refused.
    pub(super) fn apply_by_system<C: Change>(&mut self, now: Now, command: C) {
        let done = self.apply(Entry { now, by: None, command });
        debug_assert!(done.is_ok(), "only requests, calls, publications and subscriptions are refused");
    }

    /// Takes the contact centre of another server, which has the same configuration.
    #[cfg(feature = "replica")]
    pub(super) fn take_desk(&mut self, desk: Desk) {
        self.desk.0 = desk;
    }

    /// Takes items, bare subscriptions and the count of another server; `users` are the keys of its users here.
    #[cfg(feature = "replica")]
    pub(super) fn take_shared(&mut self, shared: pubsub::Shared, users: &[Option<UserId>]) {
        self.pubsub.0.take_shared(shared, users);
    }

    /// Item ids begin with this from now on, so that none of those that were given before is given again.
    #[cfg(feature = "replica")]
    pub(super) fn set_item_prefix(&mut self, prefix: String) {
        self.pubsub.0.set_item_prefix(prefix);
    }

    /// The contact centre, to look at.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Publishes the events of the contact centre; `by` is the user who caused them, if there is one.
    fn tell(&mut self, now: Now, events: Vec<desk::Event>, by: Option<UserId>) {
        self.scenario_sees(now, &events);
        for event in events {
            self.record_state(now, &event);
            let Ok(node) = self.pubsub.find(&event.node) else {
                debug_assert!(false, "an event for {}, which is no node", event.node);
                self.report.count_failure("event", "item-not-found");
                continue;
            };
            let id = ItemId::Made(self.pubsub.make_item_id());
            let payload = Payload::Text(event.payload);
            let done = self.change_pubsub(now, by, pubsub::Command::Publish { node, by: None, id, payload });
            debug_assert_eq!(done, Ok(()), "the contact centre may publish anything");
        }
    }

    /// Changes the pubsub service, and tells the subscribers.
    fn change_pubsub(
        &mut self,
        now: Now,
        by: Option<UserId>,
        command: pubsub::Command,
    ) -> Result<(), pubsub::PubsubError> {
        match self.pubsub.0.apply(now.wall, command)? {
            None => {}
            Some(pubsub::Change::Published(node, item)) => self.announce(now, node, &item, by),
            Some(pubsub::Change::Retracted(node, id)) => self.announce_retraction(now, node, &id, by),
            Some(pubsub::Change::Cancelled(node, who)) => self.announce_cancelling(now, node, who),
        }
        Ok(())
    }
}
