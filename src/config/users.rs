//! Users, teams, and the reasons that agents give.

use std::time::Duration;

use crate::config::devices::Device;
use crate::config::password::Password;

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes calls, in a team.
    Agent,
    /// Watches over teams.
    Supervisor,
    /// May do what Finesse has no interface for, such as publishing on nodes without a list of publishers.
    Administrator,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Role; 3] = [Role::Agent, Role::Supervisor, Role::Administrator];

    /// The name in the configuration file and in the documents of the REST API.
    pub fn name(self) -> &'static str {
        match self {
            Role::Agent => "Agent",
            Role::Supervisor => "Supervisor",
            Role::Administrator => "Administrator",
        }
    }
}

/// A team of agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// ASCII letters, digits, `-`, `.` and `_`.
    pub id: String,
    /// For people; without control characters.
    pub name: String,
    /// How long its agents wrap up after a call from a queue; `None`: they do not.
    pub wrap_up: Option<Duration>,
}

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The local part of the XMPP address, as nodeprep leaves it.
    pub id: String,
    /// Another name to log in with, as written. What nodeprep makes of it is no other user's id or login name.
    pub login_name: Option<String>,
    /// What the password is compared with.
    pub password: Password,
    /// Empty when the configuration has none.
    pub first_name: String,
    /// Empty when the configuration has none.
    pub last_name: String,
    /// At least one, none twice.
    pub roles: Vec<Role>,
    /// The id of a team; agents have one.
    pub team: Option<String>,
    /// The ids of teams; empty unless the user is a supervisor.
    pub supervises: Vec<String>,
    /// The telephone: digits, `+`, `*` and `#`. No two users have the same.
    pub extension: Option<String>,
    /// The devices that have the number of the telephone; empty without one.
    pub devices: Vec<Device>,
    /// Logs in by single sign-on: with an access token, and with the password on the identity page only.
    pub sso: bool,
}

/// Why an agent is not ready, signs out, or what a call was about (the guide, "Reason codes" and "Wrap-up reasons").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonCode {
    /// By which requests name it; no two have the same.
    pub id: u32,
    /// What it is a reason for.
    pub category: Category,
    /// The number for reports, 1 to 65535; no two of a category have the same.
    pub code: u16,
    /// For people; without control characters.
    pub label: String,
    /// The ids of the teams that have it; `None`: all.
    pub teams: Option<Vec<String>>,
}

/// What a reason code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// The state NOT_READY.
    NotReady,
    /// Signing out.
    Logout,
    /// The end of a call.
    WrapUp,
}

impl Category {
    /// Every category there is.
    pub const ALL: [Category; 3] = [Category::NotReady, Category::Logout, Category::WrapUp];

    /// The name in the configuration file and in the documents of the REST API.
    pub fn name(self) -> &'static str {
        match self {
            Category::NotReady => "NOT_READY",
            Category::Logout => "LOGOUT",
            Category::WrapUp => "WRAPUP",
        }
    }
}
