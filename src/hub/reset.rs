//! All begins again, between two tests.

use std::collections::BTreeMap;

use crate::clock::Now;
use crate::config::guests::Guests;
use crate::desk::{Command, Status};
use crate::hub::stanzas::finesse_user::Availability;
use crate::hub::state::Hub;
use crate::id::UserId;
use crate::pubsub::{self, NodeId, Subscriber};

/// The parts that a reset leaves as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    pub keeps_sessions: bool,
    /// Users, teams and queues that are not those of the file.
    pub keeps_guests: bool,
    /// Faults, and the status of the service.
    pub keeps_faults: bool,
}

impl Hub {
    /// Contact centre, scenario, clock, items, subscriptions of bare JIDs, faults, the status of the service, locks of users and the record
    /// are as after the start with the last configuration. Whoever is on line is told what has changed. Tells whether there is a
    /// configuration for that.
    pub fn reset(&mut self, now: Now, wanted: Reset) -> bool {
        if !wanted.keeps_guests && self.guests != Guests::default() {
            self.set_guests(now, Guests::default());
        }
        let Some(config) = self.with_guests() else { return false };
        self.stop_scenario(now);
        self.scenario = None;
        if !wanted.keeps_faults {
            self.heal_all_faults(now);
            self.set_availability(now, Availability { status: Status::InService, finesse: true });
        }
        self.departures = None;
        self.reset_clock();
        if !wanted.keeps_sessions {
            for id in self.sessions.ids() {
                self.end_session(now, id);
            }
        }
        self.apply_by_system(now, Command::Reset(config.into()));
        self.reset_subscriptions(now);
        self.apply_by_system(now, pubsub::Command::ForgetItems);
        self.gate.retain(|_| false);
        if !wanted.keeps_faults {
            let of_file = std::mem::take(&mut self.faults.of_file);
            self.take_file_faults(now, of_file);
        }
        self.clear_record();
        true
    }

    /// Bare JIDs are subscribed as Finesse does it for those who are on line.
    fn reset_subscriptions(&mut self, now: Now) {
        let users: Vec<UserId> = self
            .users()
            .keys()
            .filter(|user| self.is_online(*user) || self.waiting.of(*user).next().is_some())
            .collect();
        let automatic: BTreeMap<UserId, Vec<NodeId>> =
            users.into_iter().map(|user| (user, self.automatic_nodes(user))).collect();
        let stays = |who: Subscriber, node: NodeId| {
            who.session.is_some() || automatic.get(&who.user).is_some_and(|nodes| nodes.contains(&node))
        };
        let over: Vec<(Subscriber, NodeId)> =
            self.pubsub.list(None, None).map(|one| (one.who, one.node)).collect();
        for (who, node) in over.into_iter().filter(|(who, node)| !stays(*who, *node)) {
            self.apply_by_system(now, pubsub::Command::Cancel { node, who });
        }
        for (user, nodes) in automatic {
            self.apply_by_system(now, pubsub::Command::SubscribeAutomatically { user, nodes });
        }
    }
}
