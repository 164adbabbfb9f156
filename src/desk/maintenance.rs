//! Maintenance mode: Finesse lets its users go before its services are stopped (the guide, "Finesse MaintenanceMode"; the administration guide, "Finesse
//! Maintenance Mode"). The hub ends the sessions; here is what is told of it.

use std::time::{Duration, SystemTime};

use crate::clock::Now;
use crate::desk::connected::Connected;
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::Event;
use crate::desk::maintenance_mode::{Maintenance, Mode};
use crate::desk::request::{read, texts};
use crate::desk::status::Status;
use crate::desk::write::{document, element, inside};
use crate::id::UserId;
use crate::xml::Bounds;

/// The request `PUT /MaintenanceMode`. The hub adds what it knows of the sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartMaintenance {
    /// The users who are on line.
    pub users: Connected,
    /// The time that it takes to let them go.
    pub estimate: Duration,
}

impl StartMaintenance {
    /// Reads `<MaintenanceMode>…</MaintenanceMode>`; a status in it can only be IN_PROGRESS.
    ///
    /// # Errors
    ///
    /// Returns Bad Request for what is no such document, and Invalid Input for another status.
    pub fn read(body: &str, bounds: &Bounds) -> Result<Self, ApiError> {
        read(body, bounds, "MaintenanceMode", |mode| {
            let [status] = texts(mode, ["status"])?;
            match status.filter(|status| status != Mode::InProgress.name()) {
                Some(_) => Err(ApiRefusal::ParameterInvalid.about("status")),
                None => Ok(Self::default()),
            }
        })
    }
}

impl Desk {
    /// Tells whether the sessions are to be ended.
    pub fn is_in_maintenance(&self) -> bool {
        self.maintenance.as_ref().is_some_and(|maintenance| maintenance.mode == Mode::InProgress)
    }

    /// Why maintenance mode has failed, if it has.
    pub fn maintenance_failure(&self) -> Option<&str> {
        let failed = self.maintenance.as_ref().filter(|maintenance| maintenance.mode == Mode::Failed);
        failed.map(|maintenance| maintenance.reason.as_str())
    }

    /// The values of finesseMMode and finesseTimeInMMode in SystemInfo: empty and negative when maintenance mode was not begun.
    pub(super) fn maintenance_mode(&self, now: Now) -> (&'static str, i64) {
        self.maintenance.as_ref().map_or(("", -1), |maintenance| {
            (maintenance.mode.name(), seconds(elapsed(now, maintenance.since)))
        })
    }

    /// `GET /MaintenanceMode`, also out of service; `pending` are the users who are still on line.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure to users who are no administrators.
    pub fn maintenance_document(&self, now: Now, actor: UserId, pending: usize) -> Result<String, ApiError> {
        self.administrators_only(actor)?;
        let found = self.maintenance.as_ref();
        let users = found.map_or_else(Connected::default, |found| found.users);
        let going_on = found.filter(|found| found.mode == Mode::InProgress);
        let pending = if going_on.is_some() { pending } else { found.map_or(0, |found| found.left) };
        let rest =
            going_on.map_or(0, |found| seconds(found.estimate.saturating_sub(elapsed(now, found.since))));
        Ok(document(|out| {
            inside(out, "MaintenanceMode", |out| {
                element(out, "status", found.map_or("", |found| found.mode.name()));
                element(out, "statusReason", found.map_or("", |found| &found.reason));
                inside(out, "usersLoggedIn", |out| {
                    element(out, "desktop", &users.desktop.to_string());
                    element(out, "fippa", &users.fippa.to_string());
                    element(out, "thirdPartyClients", &users.third_party.to_string());
                });
                element(out, "pendingUserDisconnections", &pending.to_string());
                element(out, "estimatedCompletionTime", &rest.to_string());
            });
        }))
    }

    /// Begins maintenance mode.
    pub(super) fn start_maintenance(
        &mut self,
        now: Now,
        actor: UserId,
        asked: &StartMaintenance,
    ) -> Result<Vec<Event>, ApiError> {
        self.administrators_only(actor)?;
        if self.is_in_maintenance() {
            return Err(ApiRefusal::InMaintenance.about("status"));
        }
        let &StartMaintenance { users, estimate } = asked;
        self.maintenance = Some(Maintenance {
            mode: Mode::InProgress,
            reason: String::new(),
            since: now.wall,
            users,
            estimate,
            left: 0,
        });
        Ok(vec![self.status_told(now)])
    }

    /// Ends maintenance mode: `left` users are still on line. Without any the services are stopped next, which is told then.
    pub(super) fn end_maintenance(&mut self, now: Now, left: usize) -> Vec<Event> {
        let Some(maintenance) = self.maintenance.as_mut().filter(|found| found.mode == Mode::InProgress)
        else {
            return Vec::new();
        };
        maintenance.left = left;
        if left == 0 {
            maintenance.mode = Mode::Completed;
            return Vec::new();
        }
        maintenance.mode = Mode::Failed;
        maintenance.reason = format!("Users who are still connected: {left}");
        vec![self.status_told(now)]
    }

    /// The status of the service becomes another: out of service nobody is let go any more, and services that were started again
    /// are in no maintenance mode.
    pub(super) fn maintenance_follows(&mut self, new: Status) {
        match (&mut self.maintenance, new) {
            (Some(found), Status::OutOfService | Status::PartialService)
                if found.mode == Mode::InProgress =>
            {
                found.mode = Mode::Failed;
                "The server went out of service".clone_into(&mut found.reason);
            }
            (_, Status::InService) if self.status != Status::InService => self.maintenance = None,
            _ => {}
        }
    }
}

fn elapsed(now: Now, since: SystemTime) -> Duration {
    now.wall.duration_since(since).unwrap_or_default()
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
