//! What administrators ask of the running system (the guide's chapter "Cisco Finesse Serviceability APIs").

use std::time::Duration;

use crate::config::Profile;
use crate::desk::connected::{Connected, ConnectedUser};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::media::room::is_assigned;
use crate::desk::state::State;
use crate::desk::write::{document, element, inside, list};
use crate::id::UserId;

/// Where ConnectedUsersInfo is.
const CONNECTED_USERS: &str = "/finesse/api/ConnectedUsersInfo";

/// Where RuntimeConfigInfo is.
const RUNTIME_CONFIG: &str = "/finesse/api/RuntimeConfigInfo";

/// Where LockedOutUsers is.
const LOCKED_OUT_USERS: &str = "/finesse/api/LockedOutUsers";

impl Desk {
    /// `GET /ConnectedUsersInfo`, for administrators. `details`: with a list of the users; `host` is the name by which the
    /// server is reached.
    ///
    /// # Errors
    ///
    /// Returns Forbidden to everybody else.
    pub fn connected_users_document(
        &self,
        actor: UserId,
        users: &[ConnectedUser],
        details: bool,
        host: &str,
    ) -> Result<String, ApiError> {
        self.serviceability_only(actor)?;
        Ok(document(|out| {
            inside(out, "ConnectedUsersInfo", |out| {
                Connected::of(users).write(out, self.release);
                if details {
                    list(out, "userDetails", |out| {
                        users.iter().for_each(|user| self.write_detail(out, user, host))
                    });
                }
                element(out, "uri", CONNECTED_USERS);
            });
        }))
    }

    fn write_detail(&self, out: &mut String, connected: &ConnectedUser, host: &str) {
        let user = self.directory.get(connected.user);
        let team = user.team.as_deref().and_then(|id| self.team(id)).map_or("", |team| &team.name);
        let extension = self.agent(connected.user).extension.as_deref().unwrap_or_default();
        inside(out, "userDetail", |out| {
            for (name, value) in [
                ("loginId", user.id.as_str()),
                ("userType", connected.client.name()),
                ("xmppJID", &connected.jid),
                ("teamName", team),
                ("extension", extension),
                ("firstName", &user.first_name),
                ("lastName", &user.last_name),
                ("connectedDuration", &connected.duration.as_secs().to_string()),
                ("connectedHostName", host),
            ] {
                element(out, name, value);
            }
        });
    }

    /// `GET /RuntimeConfigInfo`, for administrators.
    ///
    /// # Errors
    ///
    /// Returns Forbidden to everybody else.
    pub fn runtime_config_document(&self, actor: UserId, users: Connected) -> Result<String, ApiError> {
        self.serviceability_only(actor)?;
        let has_voice = |user: UserId| self.agent(user).state != State::Logout;
        let signed_in = || self.directory.keys().filter(|user| has_voice(*user) || self.is_in_media(*user));
        let queues = |user: UserId| {
            let team = self.directory.get(user).team.as_ref();
            self.queues.iter().filter(|queue| Some(&queue.config.team) == team).count()
        };
        let configured = |user: UserId| {
            let owner = self.directory.get(user);
            1 + self.media.list.iter().filter(|medium| is_assigned(owner, medium)).count()
        };
        let logged_in = |user: UserId| usize::from(has_voice(user)) + self.media.of(user).count();
        let agents = signed_in().count();
        let average = |count: &dyn Fn(UserId) -> usize| {
            signed_in().map(count).sum::<usize>().checked_div(agents).unwrap_or(0).to_string()
        };
        let media = |count: &dyn Fn(UserId) -> usize| match self.profile {
            // The guide says so.
            Profile::Uccx => "1".to_owned(),
            Profile::Ucce => average(count),
        };
        let tasks = self.media.tasks.values().filter(|task| task.agent.is_some()).count();
        Ok(document(|out| {
            inside(out, "RuntimeConfigInfo", |out| {
                element(out, "activeDialogCount", &self.dialogs.len().to_string());
                element(out, "activeTaskCount", &tasks.to_string());
                element(out, "averageConfiguredMediaPerAgent", &media(&configured));
                element(out, "averageLoggedInMediaPerAgent", &media(&logged_in));
                element(out, "averageSkillGroupCountPerAgent", &average(&queues));
                inside(out, "connectedUsersInfo", |out| users.write(out, self.release));
                element(out, "uri", RUNTIME_CONFIG);
            });
        }))
    }

    /// `GET /LockedOutUsers`, for administrators: users who tried too many wrong passwords, each with the time until the block
    /// ends.
    ///
    /// # Errors
    ///
    /// Returns Forbidden to everybody else.
    pub fn locked_out_document(
        &self,
        actor: UserId,
        users: &[(UserId, Duration)],
    ) -> Result<String, ApiError> {
        self.serviceability_only(actor)?;
        Ok(document(|out| {
            list(out, "LockedOutUsers", |out| {
                for (user, rest) in users {
                    let user = self.directory.get(*user);
                    inside(out, "LockedOutUser", |out| {
                        element(out, "loginId", &user.id);
                        element(out, "loginName", user.login_name.as_deref().unwrap_or(&user.id));
                        element(out, "firstName", &user.first_name);
                        element(out, "lastName", &user.last_name);
                        element(out, "remainingTime", &rest.as_secs().to_string());
                        element(out, "uri", &format!("{LOCKED_OUT_USERS}/{}", user.id));
                    });
                }
            });
        }))
    }

    /// The user with that id, for `DELETE /LockedOutUsers/{id}`.
    ///
    /// # Errors
    ///
    /// Returns Forbidden to users who are no administrators, or User Not Found.
    pub(super) fn may_unlock(&self, actor: UserId, id: &str) -> Result<(), ApiError> {
        self.serviceability_only(actor)?;
        self.find(actor, id).map(|_| ())
    }

    fn serviceability_only(&self, actor: UserId) -> Result<(), ApiError> {
        let user = &self.directory.get(actor).id;
        if self.directory.is_administrator(actor) {
            Ok(())
        } else {
            Err(ApiRefusal::NoAdministrator.about(user))
        }
    }
}
