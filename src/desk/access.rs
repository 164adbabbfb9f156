//! The rules of access: agents see their own things, supervisors those of their teams, administrators everything (the guide,
//! "User", "Team" and "Dialog").

use crate::config::{self, NodeAccess, Profile, ReasonCode, Release, Team, User};
use crate::id::UserId;

use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::nodes;

/// The owner of the things that are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    User(UserId),
    /// The team with that id.
    Team(&'a str),
    /// Everybody's.
    All,
}

/// The part of the configuration that is asked for, by the teams that have it.
pub(super) enum Scope<'a> {
    All,
    /// The things of the members of a team; `None` stands for users without a team.
    Team(Option<&'a str>),
}

impl Scope<'_> {
    /// Tells whether something is meant that these teams have; `None` stands for all teams.
    pub(super) fn has(&self, teams: Option<&[String]>) -> bool {
        match (self, teams) {
            (Self::All, _) | (_, None) => true,
            (Self::Team(Some(team)), Some(teams)) => teams.iter().any(|one| one == team),
            (Self::Team(None), Some(_)) => false,
        }
    }
}

impl Desk {
    /// Returns the part of the configuration that belongs to somebody, if the actor may know it.
    ///
    /// # Errors
    ///
    /// Returns Invalid Authorization User Specified, Authorization Failure, or Not Found for a team.
    pub(super) fn scope<'a>(&'a self, actor: UserId, whose: Whose<'a>) -> Result<Scope<'a>, ApiError> {
        match whose {
            Whose::User(user) => {
                self.may_see(actor, user)?;
                Ok(Scope::Team(self.directory.get(user).team.as_deref()))
            }
            Whose::Team(id) => self.visible_team(actor, id).map(|team| Scope::Team(Some(&team.id))),
            Whose::All => self.administrators_only(actor).map(|()| Scope::All),
        }
    }

    /// The product whose rules apply.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The release of Finesse whose API is served.
    pub fn release(&self) -> Release {
        self.release
    }

    /// The user that an administrator stands in for, by id or login name.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure to everybody else, or User Not Found.
    pub fn stand_in(&self, actor: UserId, id: &str) -> Result<UserId, ApiError> {
        self.administrators_only(actor)?;
        self.directory.find_login(id, &self.domain).ok_or_else(|| ApiRefusal::UserUnknown.about(id))
    }

    /// Checks that a user is still there and, if its request is carried out as `actor`, still an administrator: another
    /// configuration may have come since the password was checked.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure.
    pub fn check_sender(&self, by: UserId, actor: UserId) -> Result<(), ApiError> {
        let is_own = by == actor && self.directory.has(by);
        if is_own { Ok(()) } else { self.administrators_only(by) }
    }

    /// The teams that somebody sees, in the order of the configuration.
    pub fn teams_seen_by(&self, actor: UserId) -> impl Iterator<Item = &Team> {
        self.teams.iter().filter(move |team| self.sees_one_of(actor, &[&team.id]))
    }

    /// The users that somebody sees, in the order of their places.
    pub fn users_seen_by(&self, actor: UserId) -> impl Iterator<Item = &User> {
        let seen = self.directory.keys().filter(move |user| self.may_see(actor, *user).is_ok());
        seen.map(|user| self.directory.get(user))
    }

    /// The queues that somebody sees, in the order of the configuration.
    pub fn queues_seen_by(&self, actor: UserId) -> impl Iterator<Item = &config::Queue> {
        let queues = self.queues.iter().map(|queue| &queue.config);
        queues.filter(move |queue| self.sees_one_of(actor, &[&queue.team]))
    }

    /// The rule by which users may follow nodes.
    pub fn node_access(&self) -> NodeAccess {
        self.node_access
    }

    /// Tells whether somebody may follow the node of that name: with `node_access = "role"` those of users, teams and queues that
    /// the REST API shows it, and all nodes of one's own.
    pub fn may_follow(&self, actor: UserId, node: &str) -> bool {
        let Some((kind, rest)) = node.strip_prefix(nodes::PREFIX).and_then(|rest| rest.split_once('/'))
        else {
            return true;
        };
        if self.node_access == NodeAccess::Open {
            return true;
        }
        let id = rest.split('/').next().unwrap_or_default();
        match kind {
            "User" => self.directory.find(id).is_some_and(|user| self.may_see(actor, user).is_ok()),
            "Team" => self.sees_one_of(actor, &[id]),
            "Queue" => {
                let queue = self.queues.iter().find(|queue| queue.config.id == id);
                queue.is_some_and(|queue| self.sees_one_of(actor, &[&queue.config.team]))
            }
            _ => true,
        }
    }

    /// Lets through the user, the supervisors of its team and administrators.
    pub(super) fn may_see(&self, actor: UserId, user: UserId) -> Result<(), ApiError> {
        let may =
            actor == user || self.directory.supervises(actor, user) || self.directory.is_administrator(actor);
        if may { Ok(()) } else { Err(ApiRefusal::NotYourself.about(&self.directory.get(user).id)) }
    }

    pub fn administrators_only(&self, actor: UserId) -> Result<(), ApiError> {
        let may = self.directory.is_administrator(actor);
        if may { Ok(()) } else { Err(ApiRefusal::NotAllowed.about(&self.directory.get(actor).id)) }
    }

    /// The team with that id, for its members and supervisors and for administrators.
    pub(super) fn visible_team(&self, actor: UserId, id: &str) -> Result<&Team, ApiError> {
        let team = self.team(id).ok_or_else(|| ApiRefusal::TeamUnknown.about(id))?;
        if self.sees_one_of(actor, &[id]) { Ok(team) } else { Err(ApiRefusal::NotAllowed.about(id)) }
    }

    /// Tells whether somebody is a member or a supervisor of one of the teams, or an administrator.
    pub(super) fn sees_one_of(&self, actor: UserId, teams: &[impl AsRef<str>]) -> bool {
        let user = self.directory.get(actor);
        let own = user.team.iter().chain(&user.supervises);
        self.directory.is_administrator(actor)
            || own.into_iter().any(|own| teams.iter().any(|team| team.as_ref() == own))
    }

    /// The reason codes that the members of a team have, with their places; those for all where there is no team.
    pub(super) fn reason_codes_of<'a>(
        &'a self,
        team: Option<&'a str>,
    ) -> impl Iterator<Item = (usize, &'a ReasonCode)> {
        let scope = Scope::Team(team);
        self.reason_codes.iter().enumerate().filter(move |(_, code)| scope.has(code.teams.as_deref()))
    }
}
