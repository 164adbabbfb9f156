//! The contact centre begins again: calls, tasks and messages end, everybody is signed out, and whoever sees it is told.

use crate::clock::Now;
use crate::config::Config;
use crate::desk::contact_centre::{Agent, Desk, Settled};
use crate::desk::event::{Event, Step};
use crate::desk::nodes;
use crate::desk::state::State;
use crate::id::{DialogId, UserId};

impl Desk {
    /// All is as after the start with `config`, which has the same users. The status of the service stays. Calls, tasks and messages
    /// end with the usual events; then agents who had ever signed in, and queues in which somebody waited, are told how they stand.
    pub(super) fn reset(&mut self, now: Now, mut config: Config) -> Vec<Event> {
        let mut step = Step::new(now, "");
        self.end_sign_ins(&mut step);
        let has_begun = |user: &UserId| *self.agent(*user) != Agent::default() || self.is_in_media(*user);
        let agents: Vec<UserId> = self.directory.keys().filter(has_begun).collect();
        for id in self.dialogs.keys().copied().collect::<Vec<DialogId>>() {
            self.finish(&mut step, id, None);
        }
        for user in &agents {
            self.enter_settled(now, *user, Settled { state: State::Logout, reason: None });
            self.mind_wrap_up(&mut step, *user);
            self.leave_media(&mut step, *user);
        }
        self.mind_media(&mut step);
        for id in self.messages.active.keys().copied().collect::<Vec<u64>>() {
            self.end_message(&mut step, id);
        }
        // States between the old one and the one after the reset are not told.
        let is_state = |node: &str| nodes::user_of(node).is_some() || node.ends_with("/Users");
        step.events.retain(|event| !is_state(&event.node));

        let was_in_maintenance = self.maintenance.is_some();
        let mut changed = std::mem::take(&mut self.changed);
        (config.limits, config.profile) = (self.limits, self.profile);
        let mut fresh = Self::new(config);
        std::mem::swap(&mut fresh.directory, &mut self.directory);
        for queue in &mut fresh.queues {
            let before = self.queues.iter_mut().find(|before| before.config.id == queue.config.id);
            queue.told = before.and_then(|before| before.told.take());
        }
        *self = Self {
            release: self.release,
            domain: std::mem::take(&mut self.domain),
            status: self.status,
            https_port: self.https_port,
            xmpp_ports: self.xmpp_ports,
            cti_since: self.cti_since,
            heartbeat_lost: self.heartbeat_lost,
            secondary_node: self.secondary_node.take(),
            client_logs: self.client_logs,
            ..fresh
        };
        if was_in_maintenance {
            step.events.push(self.status_told(now));
        }
        for user in agents {
            changed.remove(&user);
            self.user_changed(&mut step, user);
        }
        // Others have still to be told of another configuration.
        self.tell_changed(&mut step, changed.into_iter().collect(), Vec::new());
        self.tell_statistics(&mut step);
        step.events
    }
}
