//! Whether the contact centre serves, and what it tells of itself (the guide, "SystemInfo" and "Failure scenarios").

use std::time::{Duration, Instant, SystemTime};

use crate::clock::Now;
use crate::config::{Profile, Release};
use crate::id::UserId;

use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::Event;
use crate::desk::event::{Step, update};
use crate::desk::maintenance_mode::Mode;
use crate::desk::nodes;
use crate::desk::secondary_node::SecondaryNode;
use crate::desk::state::State;
use crate::desk::status::Status;
use crate::desk::timers::Alarm;
use crate::desk::write::{document, element, inside, timestamp};

/// Of how many agents is told at once when the service is back, or after another configuration: the event loop has more to
/// do, and who listens has to take it.
pub(super) const TOLD_AT_ONCE: usize = 64;

/// The pause for everything else before the next ones are.
pub(super) const PAUSE: Duration = Duration::from_millis(1);

impl Desk {
    /// The status of the service.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Nothing is asked for or answered out of service.
    ///
    /// # Errors
    ///
    /// Returns Service Unavailable then.
    pub fn in_service(&self) -> Result<(), ApiError> {
        match self.status {
            Status::InService => Ok(()),
            Status::OutOfService | Status::PartialService => Err(ApiRefusal::OutOfService.about("")),
        }
    }

    /// Sets the status. Out of service the heartbeat of the CTI server fails. The work of [`Desk::tell_states`] ends.
    pub(super) fn set_status(&mut self, now: Now, status: Status) {
        self.maintenance_follows(status);
        self.status = status;
        self.heartbeat_lost = match status {
            Status::OutOfService => self.heartbeat_lost.or(Some(now.wall)),
            Status::InService | Status::PartialService => None,
        };
        self.mind_cti(now);
        let telling = self.telling.take();
        self.timers.cancel(telling);
    }

    /// Keeps since when the CTI server has been connected.
    pub(super) fn mind_cti(&mut self, now: Now) {
        self.cti_since = self.cti_since.or(Some(now.wall)).filter(|_| self.heartbeat_lost.is_none());
    }

    /// The other node that SystemInfo names.
    pub fn secondary_node(&self) -> Option<&SecondaryNode> {
        self.secondary_node.as_ref()
    }

    /// Tells everybody the status.
    pub(super) fn status_told(&self, now: Now) -> Event {
        self.status_in(now, self.maintenance_mode(now))
    }

    /// SystemInfo for those whom maintenance mode lets go, though it is not in progress for others; `None` where there is none.
    pub fn maintenance_notice(&self, now: Now, is_in_progress: bool) -> Option<Event> {
        let mode = if is_in_progress { (Mode::InProgress.name(), 0) } else { self.maintenance_mode(now) };
        (self.release >= Release::R12_6).then(|| self.status_in(now, mode))
    }

    fn status_in(&self, now: Now, mode: (&str, i64)) -> Event {
        let node = nodes::SYSTEM_INFO.to_owned();
        let write = |out: &mut String| self.write_system_info(out, "systemInfo", now, &self.domain, mode);
        Event { payload: update("PUT", &node, "", write), node }
    }

    /// Tells every agent who is signed in how it and its calls stand: [`Desk::tick`] does it from now on, some agents at a
    /// time.
    pub(super) fn tell_states(&mut self, now: Now) {
        self.tell_states_from(now.monotonic, UserId::MIN);
    }

    fn tell_states_from(&mut self, due: Instant, user: UserId) {
        let before = self.telling.replace(self.timers.set(due, Alarm::TellStates(user)));
        self.timers.cancel(before);
    }

    /// The next agents.
    pub(super) fn tell_next_states(&mut self, step: &mut Step<'_>, from: UserId) {
        self.telling = None;
        let rest = self.directory.keys().filter(|user| *user >= from);
        let signed_in =
            rest.filter(|user| self.agent(*user).state != State::Logout || self.is_in_media(*user));
        let mut users: Vec<UserId> = signed_in.take(TOLD_AT_ONCE + 1).collect();
        let next = if users.len() > TOLD_AT_ONCE { users.pop() } else { None };
        for user in users {
            self.user_told(step, user);
            self.dialogs_told(step, user);
            self.media_told(step, user);
        }
        if let Some(next) = next {
            self.tell_states_from(step.now.monotonic + PAUSE, next);
        }
    }

    /// `GET /SystemInfo` (the guide, "SystemInfo"), with what 12.6(2) adds from that release on. `host` is the name by which the server is reached.
    pub fn system_info_document(&self, now: Now, host: &str) -> String {
        document(|out| self.write_system_info(out, "SystemInfo", now, host, self.maintenance_mode(now)))
    }

    fn write_system_info(
        &self,
        out: &mut String,
        root: &str,
        now: Now,
        host: &str,
        (mode, time): (&str, i64),
    ) {
        let deployment = match self.profile {
            Profile::Uccx => "UCCX",
            Profile::Ucce => "UCCE",
        };
        let heartbeat = self.heartbeat_lost.unwrap_or(now.wall);
        let heartbeat = heartbeat.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        inside(out, root, |out| {
            element(out, "currentTimestamp", &timestamp(now.wall));
            element(out, "deploymentType", deployment);
            let lost = self.heartbeat_lost.is_some();
            element(out, "lastCTIHeartbeatStatus", if lost { "failure" } else { "success" });
            element(out, "lastSuccessCTIHeartbeatTime", &heartbeat.as_millis().to_string());
            let has_modes = self.release >= Release::R12_6;
            // Maintenance mode of the CTI server came with version 24 of its protocol, which Express does not have.
            let version = if has_modes && self.profile == Profile::Ucce { "24" } else { "23" };
            element(out, "ctiVersion", version);
            element(out, "ctiHeartbeatInterval", "2");
            if has_modes {
                // A time below zero stands for a server that is in no maintenance mode.
                element(out, "ctiMMode", "");
                element(out, "ctiTimeInMMode", "-1");
                element(out, "finesseMMode", mode);
                element(out, "finesseTimeInMMode", &time.to_string());
            }
            element(out, "license", "");
            element(out, "peripheralId", "5000");
            let node = |out: &mut String, name: &str, host: &str, port: Option<u16>| {
                inside(out, name, |out| {
                    element(out, "host", host);
                    if has_modes {
                        let [xmpp, secure] = self.xmpp_ports;
                        for (name, port) in
                            [("httpsPort", port), ("xmppPort", xmpp), ("xmppSecurePort", secure)]
                        {
                            element(out, name, &port.map(|port| port.to_string()).unwrap_or_default());
                        }
                    }
                });
            };
            node(out, "primaryNode", host, self.https_port);
            if let Some(SecondaryNode { host, port }) = &self.secondary_node {
                node(out, "secondaryNode", host, port.or(self.https_port));
            }
            element(out, "status", self.status.name());
            element(out, "statusReason", "");
            element(out, "systemAuthMode", self.system_auth_mode());
            element(out, "timezoneOffset", "0");
            element(out, "uri", nodes::SYSTEM_INFO);
            element(out, "xmppDomain", &self.domain);
            element(out, "xmppPubSubDomain", &format!("pubsub.{}", self.domain));
            if has_modes {
                inside(out, "ctiServers", |out| inside(out, "ctiServer", |out| self.write_cti(out, now)));
            }
        });
    }

    /// The CTI server, which callboard itself stands in for.
    fn write_cti(&self, out: &mut String, now: Now) {
        let connected = self.cti_since.and_then(|since| now.wall.duration_since(since).ok());
        element(out, "host", &self.domain);
        element(out, "connectedDuration", &connected.unwrap_or_default().as_secs().to_string());
        element(out, "active", if self.heartbeat_lost.is_none() { "true" } else { "false" });
    }
}
