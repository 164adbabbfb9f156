//! Messages of supervisors and administrators to teams (the guide, "TeamMessage").

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use crate::clock::Now;
use crate::config::Role;
use crate::id::UserId;

use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step, update};
use crate::desk::messages::{Creator, Message};
use crate::desk::nodes;
use crate::desk::request::NewMessage;
use crate::desk::timers::Alarm;
use crate::desk::write::{document, element, inside, list};
use crate::text::number;

/// The longest text, in characters (the guide, "TeamMessage").
const LONGEST: usize = 255;

/// The longest time, in seconds: a day, and Cisco's desktop offers five minutes less.
const LONGEST_DURATION: u32 = 24 * 60 * 60;

impl Desk {
    /// `POST /TeamMessage`: a supervisor tells its teams something, an administrator any team. Returns the message and
    /// an event for each of its teams.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure, Parameter Missing, Invalid Input, Not Found for a team, or System Resource Limit
    /// Exceeded; then nothing has changed.
    pub(super) fn create_message(
        &mut self,
        now: Now,
        actor: UserId,
        asked: NewMessage,
        request_id: &str,
    ) -> Result<(String, Vec<Event>), ApiError> {
        let roles = &self.directory.get(actor).roles;
        if !roles.contains(&Role::Supervisor) && !roles.contains(&Role::Administrator) {
            return Err(ApiRefusal::NotAllowed.about(&self.directory.get(actor).id));
        }
        let missing = |name: &str| ApiRefusal::ParameterMissing.about(name);
        let duration = asked.duration.as_deref().ok_or_else(|| missing("duration"))?;
        let duration = number(duration).filter(|seconds| (1..=LONGEST_DURATION).contains(seconds));
        let duration = duration.ok_or_else(|| ApiRefusal::ParameterInvalid.about("duration"))?;
        let content = asked.content.ok_or_else(|| missing("content"))?;
        if content.chars().count() > LONGEST {
            return Err(ApiRefusal::ParameterInvalid.about("content"));
        }
        self.check_addressees(actor, &asked.teams)?;
        if !self.messages.has_room(now.monotonic) {
            return Err(ApiRefusal::TooManyMessages.about("teammessage.max.limit.exceeded"));
        }
        self.messages.count += 1;
        self.messages.recent.push_back(now.monotonic);
        let id = self.messages.count;
        let due = now.monotonic + Duration::from_secs(duration.into());
        let user = self.directory.get(actor);
        let message = Message {
            creator: Creator {
                id: user.id.clone(),
                first_name: user.first_name.clone(),
                last_name: user.last_name.clone(),
            },
            created: now.wall,
            duration,
            content,
            teams: asked.teams,
            expiry: self.timers.set(due, Alarm::MessageOver(id)),
        };
        let mut step = Step::new(now, request_id);
        self.teams_told(&mut step, "POST", id, &message);
        let created = document(|out| self.write_message(out, id, &message));
        self.messages.active.insert(id, message);
        Ok((created, step.events))
    }

    /// `DELETE /TeamMessage/{id}`: for the user who made it, and administrators. Returns an event for each of its teams.
    ///
    /// # Errors
    ///
    /// Returns Not Found or Authorization Failure; then nothing has changed.
    pub(super) fn delete_message(
        &mut self,
        now: Now,
        actor: UserId,
        id: &str,
        request_id: &str,
    ) -> Result<Vec<Event>, ApiError> {
        let (key, message) = self.messages.find(id)?;
        if !self.has_made(actor, message) && !self.directory.is_administrator(actor) {
            return Err(ApiRefusal::NotAllowed.about(id));
        }
        self.timers.cancel(Some(message.expiry));
        let mut step = Step::new(now, request_id);
        self.end_message(&mut step, key);
        Ok(step.events)
    }

    /// The message is deleted, or its time is over.
    pub(super) fn end_message(&mut self, step: &mut Step<'_>, id: u64) {
        if let Some(message) = self.messages.active.remove(&id) {
            self.teams_told(step, "DELETE", id, &message);
        }
    }

    /// `GET /TeamMessage/{id}`: for the user who made it, for its teams and their supervisors, and for administrators.
    ///
    /// # Errors
    ///
    /// Returns Not Found or Authorization Failure.
    pub fn message_document(&self, actor: UserId, id: &str) -> Result<String, ApiError> {
        let (key, message) = self.messages.find(id)?;
        if !self.has_made(actor, message) && !self.sees_one_of(actor, &message.teams) {
            return Err(ApiRefusal::NotAllowed.about(id));
        }
        Ok(document(|out| self.write_message(out, key, message)))
    }

    /// `GET /Team/{id}/TeamMessages`: what a team is shown, for those who may see the team.
    ///
    /// # Errors
    ///
    /// Returns Not Found or Authorization Failure.
    pub fn messages_of_team(&self, actor: UserId, team: &str) -> Result<String, ApiError> {
        let team = &self.visible_team(actor, team)?.id;
        Ok(self.write_messages(|message| message.teams.contains(team)))
    }

    /// `GET /TeamMessages`: those that the actor made; all of them for administrators.
    pub fn messages_document(&self, actor: UserId) -> String {
        let all = self.directory.is_administrator(actor);
        self.write_messages(|message| all || self.has_made(actor, message))
    }

    fn has_made(&self, actor: UserId, message: &Message) -> bool {
        self.directory.get(actor).id == message.creator.id
    }

    /// Supervisors write to the teams they watch over, administrators to all.
    fn check_addressees(&self, actor: UserId, teams: &[String]) -> Result<(), ApiError> {
        if teams.is_empty() {
            return Err(ApiRefusal::ParameterMissing.about("team"));
        }
        let mut seen = HashSet::new();
        for id in teams {
            let team = self.team(id).ok_or_else(|| ApiRefusal::TeamUnknown.about(id))?;
            if !self.directory.get(actor).supervises.contains(&team.id)
                && !self.directory.is_administrator(actor)
            {
                return Err(ApiRefusal::NotAllowed.about(id));
            }
            if !seen.insert(id) {
                return Err(ApiRefusal::ParameterInvalid.about("team"));
            }
        }
        Ok(())
    }

    pub(super) fn teams_told(&self, step: &mut Step<'_>, event: &str, id: u64, message: &Message) {
        // Another configuration may have removed a team meanwhile, and its nodes.
        for team in message.teams.iter().filter(|team| self.team(team).is_some()) {
            let node = nodes::team_messages(team);
            let payload = update(event, &node, step.request_id, |out| self.write_message(out, id, message));
            step.events.push(Event { node, payload });
        }
    }

    fn write_messages(&self, wanted: impl Fn(&Message) -> bool) -> String {
        let messages = self.messages.active.iter().filter(|(_, message)| wanted(message));
        document(|out| {
            list(out, "TeamMessages", |out| {
                messages.for_each(|(id, message)| self.write_message(out, *id, message));
            });
        })
    }

    fn write_message(&self, out: &mut String, id: u64, message: &Message) {
        let Creator { id: creator, first_name, last_name } = &message.creator;
        let (first_name, last_name) = match self.directory.find(creator).map(|user| self.directory.get(user))
        {
            Some(user) => (&user.first_name, &user.last_name),
            None => (first_name, last_name),
        };
        let created = message.created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        inside(out, "TeamMessage", |out| {
            element(out, "uri", &format!("/finesse/api/TeamMessage/{id}"));
            element(out, "id", &id.to_string());
            inside(out, "createdBy", |out| {
                element(out, "id", creator);
                element(out, "firstName", first_name);
                element(out, "lastName", last_name);
            });
            element(out, "createdAt", &created.as_secs().to_string());
            element(out, "duration", &message.duration.to_string());
            element(out, "content", &message.content);
            list(out, "teams", |out| {
                message.teams.iter().for_each(|team| element(out, "team", team));
            });
        });
    }
}
