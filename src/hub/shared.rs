//! The state that several servers share: as bytes, and from bytes. Sessions, their subscriptions, tickets, locks, faults, record and
//! scenario are each server's own.

use std::time::SystemTime;

use crate::clock::Now;
use crate::config::Config;
use crate::desk::{Command, Desk, Past, Status, World};
use crate::hub::state::Hub;
use crate::id::UserId;
use crate::pubsub::Shared;
use crate::replica::codec::{Codec, Coded as _};
use crate::replica::state::{Head, LONGEST, Refused, open, seal};
use crate::replica::sum::fingerprint;

/// How a state is taken.
#[derive(Clone, Debug)]
pub enum Way {
    /// By one of several servers, which goes on from it: all has to be as it was written.
    Join,
    /// After a loss of power, with the configuration of now: what it does not have any more is left out, as when another one is read.
    Recover(Box<Config>),
}

/// What a hub has taken from a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the state was written, by the clock of the contact centre.
    pub taken: SystemTime,
    pub calls: usize,
    pub tasks: usize,
    pub messages: usize,
    pub signed_in: usize,
    pub items: usize,
    /// Of bare JIDs.
    pub subscriptions: usize,
    /// The users of the state who are not there any more.
    pub gone: usize,
    /// The section in which the configuration is another now.
    pub difference: Option<&'static str>,
}

impl Restored {
    /// Counts what a hub has now.
    pub(super) fn count(&mut self, hub: &Hub) {
        let users: Vec<UserId> = hub.users().keys().collect();
        self.count_in(hub.desk(), &hub.pubsub.shared(&users));
    }

    fn count_in(&mut self, desk: &Desk, shared: &Shared) {
        let contents = desk.contents();
        (self.calls, self.tasks) = (contents.calls, contents.tasks);
        (self.messages, self.signed_in) = (contents.messages, contents.signed_in);
        (self.items, self.subscriptions) = shared.counts();
    }
}

impl Hub {
    /// The bytes of the shared state. Equal states have equal bytes, whichever sessions there are: commands that are applied to both
    /// make equal states again.
    pub fn state(&self, now: Now) -> Vec<u8> {
        let shown = self.desk_time(now);
        let users: Vec<UserId> = self.users().keys().collect();
        let mut head = Head {
            taken: shown.wall,
            domain: self.domain().to_owned(),
            sections: self.sections.clone(),
            users: users.iter().map(|user| self.user_name(*user)).collect(),
        };
        let mut shared = self.pubsub.shared(&users);
        let mut codec = Codec::writer(shown, users);
        head.code(&mut codec);
        shared.code(&mut codec);
        self.desk.world().code(&mut codec);
        Desk::clone(&self.desk).code(&mut codec);
        seal(&codec.into_bytes())
    }

    /// A hash of the shared state, to compare servers at the same time.
    pub fn fingerprint(&self, now: Now) -> [u8; 16] {
        fingerprint(&self.state(now))
    }

    /// Takes the shared state from bytes, in the place of the own one. Sessions stay and are told nothing; whoever has had any tells
    /// them how all stands. Calls that are taken after a loss of power go on until [`Hub::recover`].
    ///
    /// # Errors
    ///
    /// Returns why nothing has changed.
    pub fn restore(&mut self, now: Now, bytes: &[u8], way: Way) -> Result<Restored, Refused> {
        if bytes.len() > LONGEST {
            return Err(Refused::Damaged);
        }
        let shown = self.desk_time(now);
        let mut codec = Codec::reader(open(bytes)?, shown, Vec::new());
        let mut head = Head::blank();
        head.code(&mut codec);
        let Head { taken, domain, sections, users } = head;
        // The parts behind it can be read if it is whole so far.
        if !codec.is_whole_so_far() {
            return Err(Refused::Damaged);
        }
        if domain != self.domain() {
            return Err(Refused::OtherDomain(domain));
        }
        if !sections.has_same_profile(&self.sections) {
            return Err(Refused::Differs("profile"));
        }
        let own: Vec<Option<UserId>> = users.iter().map(|id| self.users().find(id)).collect();
        let is_same_order = own.iter().copied().eq(self.users().keys().map(Some));
        let difference =
            sections.difference(&self.sections).or((!is_same_order).then_some("the order of [[user]]"));
        // A clock that has been set back, as one without a battery is, must not make what is due wait: no time has gone by then.
        let is_recovered = matches!(way, Way::Recover(_));
        let read = Now { wall: if is_recovered { taken.max(shown.wall) } else { shown.wall }, ..shown };
        codec.now = Some(read);
        let mut shared = Shared::default();
        shared.code(&mut codec);
        let mut world = World::default();
        world.code(&mut codec);
        let (mut desk, config) = match (way, difference) {
            (_, None) => (Desk::clone(&self.desk), None),
            (Way::Join, Some(section)) => return Err(Refused::Differs(section)),
            (Way::Recover(config), Some(_)) => {
                (Desk::of_world(Config::clone(&config), &users, world), Some(config))
            }
        };
        codec.users = desk.directory().keys().collect();
        desk.code(&mut codec);
        if !codec.is_whole() || codec.users.len() != users.len() {
            return Err(Refused::Damaged);
        }
        let mut restored = Restored {
            taken,
            calls: 0,
            tasks: 0,
            messages: 0,
            signed_in: 0,
            items: 0,
            subscriptions: 0,
            gone: own.iter().filter(|user| user.is_none()).count(),
            difference,
        };
        restored.count_in(&desk, &shared);
        self.take_shared(shared, &own);
        match config {
            None => {
                if read.wall != shown.wall {
                    desk.shift(read, shown);
                }
                self.take_desk(desk);
            }
            Some(mut config) => {
                desk.keep_same_objects(&mut config, &sections, &self.sections);
                let past = Past { desk, taken: read, config: *config };
                self.apply_by_system(now, Command::GoBack(past.into()));
                self.end_subscriptions(now);
            }
        }
        self.follow_maintenance(now);
        Ok(restored)
    }

    /// The end of what a loss of power has cut off: calls and tasks end, whoever is signed in and not on line has left, and the service
    /// is up again.
    pub fn recover(&mut self, now: Now) {
        self.apply_by_system(now, Command::EndCalls);
        // The services are started again: they are in no maintenance mode, and what faults had made of them is over.
        self.apply_by_system(now, Command::SetSecondaryNode(None));
        self.departures = None;
        for status in [Status::OutOfService, Status::InService] {
            self.apply_by_system(now, Command::SetStatus { status, tell: false, tell_states: false });
        }
        let left = self.desk.signed_in().filter(|user| !self.is_available(*user));
        for user in left.collect::<Vec<UserId>>() {
            self.apply_by_system(now, Command::Left(user));
        }
    }
}
