//! Maintenance mode: the sessions that are there when it begins end, some at a time, users in calls last (the administration guide,
//! "Finesse Maintenance Mode").

pub(super) mod plan;

use crate::clock::Now;
use crate::desk::{Command, StartMaintenance, Status};
use crate::hub::action::Action;
use crate::hub::maintenance::plan::{Departures, Plan};
use crate::hub::stanzas::finesse_user::Availability;
use crate::hub::state::Hub;
use crate::id::SessionId;
use crate::xmpp::stream::StreamError;

impl Hub {
    /// Adds to the request for maintenance mode what is known of the sessions.
    pub(super) fn complete(&self, now: Now, asked: &mut StartMaintenance) {
        asked.users = self.connected(now);
        asked.estimate = Plan::new(self.limits.maintenance, self.users_sessions().len()).estimate();
    }

    fn users_sessions(&self) -> Vec<SessionId> {
        self.users().keys().flat_map(|user| self.roster.of(user)).collect()
    }

    /// Begins or stops to end sessions, as the desk has it.
    pub(super) fn follow_maintenance(&mut self, now: Now) {
        match (self.desk.is_in_maintenance(), &self.departures) {
            (true, None) => {
                let sessions = self.users_sessions();
                let departures = Departures::new(now.monotonic, self.limits.maintenance, sessions);
                self.departures = Some(departures);
                // Sessions that wait for their clients are not on line, and must not come back as sessions from before.
                self.give_all_up(now, "maintenance mode has begun");
            }
            (false, Some(_)) => {
                self.departures = None;
                self.report.act(Action::MaintenanceOver(self.desk.maintenance_failure().map(str::to_owned)));
            }
            _ => {}
        }
    }

    /// Ends the sessions of a round that is due. When nobody is on line any more, or the time is over, maintenance mode ends.
    pub(super) fn let_next_go(&mut self, now: Now) {
        let due = self.departures.as_mut().filter(|departures| departures.wake_at() <= now.monotonic);
        let Some(departures) = due else { return };
        let is_over = departures.is_over(now.monotonic);
        let mut room = departures.begin_round(now.monotonic);
        let sessions = std::mem::take(&mut departures.sessions);
        let mut later = Vec::new();
        for id in sessions {
            let Some(user) = self.sessions.get(id).and_then(|session| session.user) else { continue };
            if room == 0 || !is_over && self.desk.has_calls(user) {
                later.push(id);
            } else {
                room -= 1;
                self.end_sign_in(now, user);
                self.fail(now, id, StreamError::SYSTEM_SHUTDOWN);
            }
        }
        if let Some(departures) = &mut self.departures {
            departures.sessions = later;
        }
        let left = self.users().keys().filter(|user| self.roster.count(*user) > 0).count();
        if left > 0 && !is_over {
            return;
        }
        self.apply_by_system(now, Command::EndMaintenance { left });
        if left == 0 {
            // What Finesse does last is to stop its services.
            self.set_availability(now, Availability { status: Status::OutOfService, finesse: false });
        }
    }
}
