//! The XML documents of the REST API and of events: names and order of the elements as captured.

use crate::config::{Profile, Release, Role, Team};
use crate::id::UserId;

use crate::desk::contact_centre::Desk;
use crate::desk::error::ApiError;
use crate::desk::nodes;
use crate::desk::reasons::{Reason, Shown};
use crate::desk::state::State;
use crate::desk::work::OPTIONAL_WRAP_UP;
use crate::desk::write::{document, element, inside, list, timestamp};

/// The elements of `<reasonCode>` in a user of 12.5 and of 11.6, as captured; in an event for a team (the guide, "Team
/// notification"), in a team, and of `<ReasonCode>` in lists.
pub(super) const IN_USER: &[&str] = &["category", "code", "forAll", "id", "label", "systemCode", "uri"];
const IN_USER_11_6: &[&str] = &["category", "code", "forAll", "id", "label", "uri"];
const IN_TEAM_EVENT: &[&str] = &["uri", "code", "label", "category", "id"];
const IN_TEAM: &[&str] = &["category", "code", "label", "id", "uri"];
pub(super) const IN_LIST: &[&str] = &["uri", "id", "category", "code", "label", "forAll", "systemCode"];

/// The `skillTargetId` of the first user: the key of an agent in the database of Enterprise.
const FIRST_SKILL_TARGET: u32 = 5000;

/// The name of the reason of an agent's state, as captured and as Cisco's library reads it; the guide's samples of User and
/// "Team notification" write `<ReasonCode>`, which is the name of the object in lists.
pub(super) const OF_AGENT: &str = "reasonCode";

impl Desk {
    /// `GET /User/{id}`: for the user, the supervisors of its team and administrators.
    ///
    /// # Errors
    ///
    /// Returns Invalid Authorization User Specified to everybody else.
    pub fn user_document(&self, actor: UserId, user: UserId) -> Result<String, ApiError> {
        self.may_see(actor, user)?;
        Ok(document(|out| self.write_user(out, "User", user)))
    }

    /// `GET /Users`: for administrators.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure to everybody else.
    pub fn users_document(&self, actor: UserId) -> Result<String, ApiError> {
        self.administrators_only(actor)?;
        Ok(document(|out| {
            list(out, "Users", |out| {
                for user in self.directory.keys() {
                    self.write_user(out, "User", user);
                }
            });
        }))
    }

    /// `GET /Team/{id}`: for its members and supervisors and for administrators.
    ///
    /// # Errors
    ///
    /// Returns Not Found, or Authorization Failure to everybody else.
    pub fn team_document(&self, actor: UserId, id: &str, with_logged_out: bool) -> Result<String, ApiError> {
        let team = self.visible_team(actor, id)?;
        let members = self.directory.keys().filter(|user| {
            self.directory.get(*user).team.as_deref() == Some(id)
                && (with_logged_out || self.agent(*user).state != State::Logout)
        });
        Ok(document(|out| {
            inside(out, "Team", |out| {
                write_team(out, team);
                list(out, "users", |out| members.for_each(|user| self.write_member(out, user)));
            });
        }))
    }

    /// `GET /Teams`: for administrators.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure to everybody else.
    pub fn teams_document(&self, actor: UserId) -> Result<String, ApiError> {
        self.administrators_only(actor)?;
        Ok(document(|out| {
            list(out, "Teams", |out| {
                for team in &self.teams {
                    inside(out, "Team", |out| write_team(out, team));
                }
            });
        }))
    }

    /// The whole user, as captured; captures of 11.6 have no `wrapUpOnOutgoing` and no `wrapUpTimer`.
    pub(super) fn write_user(&self, out: &mut String, root: &str, key: UserId) {
        let (user, agent) = (self.directory.get(key), self.agent(key));
        let team = user.team.as_deref().and_then(|team| self.team(team));
        let wrap_up = team.and_then(|team| team.wrap_up);
        let reason = self.reason_shown(key);
        let id = reason.as_ref().map_or_else(|| "-1".to_owned(), Shown::shown_id);
        let is_later = self.release >= Release::R12_5;
        inside(out, root, |out| {
            if self.has_devices() {
                element(out, "activeDeviceId", self.active_device(key).unwrap_or_default());
            }
            element(out, "dialogs", &nodes::dialogs(&user.id));
            element(out, "extension", agent.extension.as_deref().unwrap_or_default());
            element(out, "firstName", &user.first_name);
            element(out, "lastName", &user.last_name);
            element(out, "loginId", &user.id);
            element(out, "loginName", user.login_name.as_ref().unwrap_or(&user.id));
            element(out, "mediaType", "1");
            element(out, "pendingState", agent.pending.map_or("", |pending| pending.state.name()));
            if let Some(reason) = &reason {
                let fields = if is_later { IN_USER } else { IN_USER_11_6 };
                write_reason(out, OF_AGENT, reason, fields);
            }
            element(out, "reasonCodeId", &id);
            list(out, "roles", |out| {
                for role in &user.roles {
                    element(out, "role", role.name());
                }
            });
            if self.has_devices() {
                // Services of Webex, such as answers that it proposes: nobody has one.
                list(out, "services", |_| {});
            }
            inside(out, "settings", |out| {
                if self.has_devices() {
                    element(
                        out,
                        "deviceSelection",
                        if self.chooses_device(key) { "enabled" } else { "disabled" },
                    );
                }
                element(out, "wrapUpOnIncoming", if wrap_up.is_some() { "REQUIRED" } else { "OPTIONAL" });
                if is_later {
                    element(out, "wrapUpOnOutgoing", "OPTIONAL");
                }
            });
            if self.has_devices() {
                element(out, "skillTargetId", &(FIRST_SKILL_TARGET + key.0.place).to_string());
            }
            element(out, "state", agent.state.name());
            element(out, "stateChangeTime", &agent.since.map(timestamp).unwrap_or_default());
            element(out, "teamId", team.map_or("", |team| &team.id));
            element(out, "teamName", team.map_or("", |team| &team.name));
            if user.roles.contains(&Role::Supervisor) {
                let supervised = user.supervises.iter().filter_map(|team| self.team(team));
                list(out, "teams", |out| supervised.for_each(|team| write_supervised(out, team)));
            }
            element(out, "uri", &nodes::user(&user.id));
            if is_later {
                let seconds = wrap_up.unwrap_or(OPTIONAL_WRAP_UP).as_millis().div_ceil(1000);
                element(out, "wrapUpTimer", &seconds.to_string());
            }
        });
    }

    /// Writes the document that a team gets as an event (the guide, "Team notification"). The elements that 12.x adds stand as in
    /// [`Desk::write_member`].
    pub(super) fn write_summary(&self, out: &mut String, key: UserId) {
        let agent = self.agent(key);
        inside(out, "user", |out| {
            self.write_names(out, key);
            if self.release >= Release::R12_5 {
                element(out, "extension", agent.extension.as_deref().unwrap_or_default());
                self.write_media_state(out, key);
                element(out, "pendingState", agent.pending.map_or("", |pending| pending.state.name()));
            }
            element(out, "state", agent.state.name());
            element(out, "stateChangeTime", &agent.since.map(timestamp).unwrap_or_default());
            if let Some(reason) = self.reason_shown(key) {
                write_reason(out, OF_AGENT, &reason, IN_TEAM_EVENT);
            }
        });
    }

    /// A member in the document of a team (the guide, "Team").
    fn write_member(&self, out: &mut String, key: UserId) {
        let agent = self.agent(key);
        inside(out, "User", |out| {
            self.write_names(out, key);
            element(out, "dialogs", &nodes::dialogs(&self.directory.get(key).id));
            element(out, "extension", agent.extension.as_deref().unwrap_or_default());
            self.write_media_state(out, key);
            element(out, "pendingState", agent.pending.map_or("", |pending| pending.state.name()));
            element(out, "state", agent.state.name());
            if let Some(reason) = self.reason_shown(key) {
                write_reason(out, OF_AGENT, &reason, IN_TEAM);
            }
            element(out, "stateChangeTime", &agent.since.map(timestamp).unwrap_or_default());
        });
    }

    fn write_media_state(&self, out: &mut String, key: UserId) {
        if self.has_media_state() {
            element(out, "mediaState", if self.is_busy(key) { "BUSY" } else { "IDLE" });
        }
    }

    /// Tells whether teams show the `mediaState` of their members: Express only (the guide 12.5, page 73).
    pub(super) fn has_media_state(&self) -> bool {
        self.profile == Profile::Uccx && self.release >= Release::R12_5
    }

    /// Tells whether an agent who is not ready has a call that it has made (the guide 12.5, page 73).
    pub(super) fn is_busy(&self, user: UserId) -> bool {
        let agent = self.agent(user);
        let mut calls = agent.dialogs.iter().filter_map(|id| self.dialogs.get(id));
        agent.state == State::NotReady && calls.any(|dialog| dialog.is_made_by(user))
    }

    /// Writes the elements with which every summary starts.
    fn write_names(&self, out: &mut String, key: UserId) {
        let user = self.directory.get(key);
        element(out, "uri", &nodes::user(&user.id));
        element(out, "loginId", &user.id);
        element(out, "firstName", &user.first_name);
        element(out, "lastName", &user.last_name);
    }

    fn reason_shown(&self, user: UserId) -> Option<Shown<'_>> {
        Some(match self.agent(user).reason? {
            // The place was found in this list, or anew when another one came.
            Reason::Configured(place) => (&self.reason_codes[place]).into(),
            Reason::System(code) => code.into(),
        })
    }
}

/// A team as `<Team>` and `<Teams>` have it.
fn write_team(out: &mut String, team: &Team) {
    element(out, "uri", &nodes::team(&team.id));
    element(out, "id", &team.id);
    element(out, "name", &team.name);
}

/// A team as its supervisor's `<User>` has it.
fn write_supervised(out: &mut String, team: &Team) {
    inside(out, "Team", |out| {
        element(out, "id", &team.id);
        element(out, "name", &team.name);
        element(out, "uri", &nodes::team(&team.id));
    });
}

/// Writes a reason with the fields that are wanted, in that order.
pub(super) fn write_reason(out: &mut String, name: &str, reason: &Shown<'_>, fields: &[&'static str]) {
    inside(out, name, |out| {
        for name in fields {
            element(out, name, &reason.field(name));
        }
    });
}
