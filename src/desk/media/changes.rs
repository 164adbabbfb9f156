//! Changes of an agent in a medium: signing in and out, ready and not ready, routable (the guide, "Media APIs").

use crate::clock::Now;
use crate::config::{Category, Profile, Release, Role, VOICE};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step};
use crate::desk::media::failure::Failure;
use crate::desk::media::request::MediumRequest;
use crate::desk::media::room::{InMedium, is_assigned};
use crate::desk::media::states::{MediumState, TaskState};
use crate::desk::reasons::Reason;
use crate::id::UserId;
use crate::text::number;

/// A request whose parameters are good.
#[derive(Clone, Copy)]
enum Change {
    Login {
        max_dialogs: u32,
        accepts_interrupts: bool,
        transfers: bool,
    },
    Ready,
    NotReady(Option<Reason>),
    Logout(Option<Reason>),
    /// From work to active, which there is after a failover only.
    Active,
    Routable(bool),
}

impl Desk {
    /// Does what `PUT /User/{id}/Media/{mrdId}` or `PUT /User/{id}/Media` asks for; `medium` is the id in the path.
    ///
    /// # Errors
    ///
    /// Returns what answers the request instead of 202; then nothing has changed.
    pub(in crate::desk) fn change_media(
        &mut self,
        now: Now,
        actor: UserId,
        user: &str,
        medium: Option<&str>,
        asked: &[MediumRequest],
        request_id: &str,
    ) -> Result<Vec<Event>, ApiError> {
        let user = self.find(actor, user)?;
        let id = &self.directory.get(user).id;
        if actor != user {
            return Err(ApiRefusal::NotYourself.about(id));
        }
        if !self.directory.get(user).roles.contains(&Role::Agent) {
            return Err(ApiRefusal::NotAllowed.about(id));
        }
        if self.profile == Profile::Uccx || (medium.is_none() && self.release < Release::R12_6) {
            return Err(ApiRefusal::NotImplemented.about("Media"));
        }
        let mut changes = Vec::new();
        for one in asked {
            let name = medium.or(one.id.as_deref());
            let name = name.ok_or_else(|| ApiRefusal::ParameterMissing.about("id"))?;
            // The guide has an error for signing in to voice, and no document of it.
            let is_voice = name == VOICE.to_string() && one.state.as_deref() == Some("LOGIN");
            let medium = self.media.named(name);
            let medium =
                medium.map(|medium| (medium.id, medium.max_dialogs)).or(is_voice.then_some((VOICE, 1)));
            let (medium, most) = medium.ok_or_else(|| ApiRefusal::NotFound.about(name))?;
            changes.push((medium, self.read_change(user, most, one)?));
        }
        let mut step = Step::new(now, request_id);
        for (medium, change) in changes {
            let told = step.events.len();
            match self.change_medium(&mut step, user, medium, change) {
                Err(failure) => self.medium_failed(&mut step, user, medium, failure),
                // Nothing is told of a request that changes nothing.
                Ok(false) => {}
                Ok(true) => {
                    self.mind_media(&mut step);
                    if step.events.len() == told {
                        self.medium_told(&mut step, user, medium);
                    }
                }
            }
        }
        self.dispatch(&mut step);
        Ok(step.events)
    }

    fn read_change(&self, user: UserId, most: u32, asked: &MediumRequest) -> Result<Change, ApiError> {
        let invalid = |name| Err(ApiRefusal::ParameterInvalid.about(name));
        let Some(state) = asked.state.as_deref() else {
            return match asked.routable.as_deref() {
                Some("true") => Ok(Change::Routable(true)),
                Some("false") => Ok(Change::Routable(false)),
                Some(_) => invalid("routable"),
                None => Err(ApiRefusal::StateMissing.about("state")),
            };
        };
        let kind = match state {
            "NOT_READY" => Some(Category::NotReady),
            "LOGOUT" => Some(Category::Logout),
            "LOGIN" | "READY" | "ACTIVE" => None,
            _ => return Err(ApiRefusal::StateUnknown.about("state")),
        };
        let reason = match (kind, asked.reason_code_id.as_deref()) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err(ApiRefusal::ReasonNotAllowed.about("finesse.api.reasoncode.not_allowed"));
            }
            (Some(kind), id) => self.reason(user, kind, id)?,
        };
        let named = |value: &Option<String>, name, [yes, no]: [&str; 2], default: Option<bool>| match value
            .as_deref()
        {
            Some(value) if value == yes => Ok(true),
            Some(value) if value == no => Ok(false),
            Some(_) => Err(ApiRefusal::ParameterInvalid.about(name)),
            None => default.ok_or_else(|| ApiRefusal::ParameterMissing.about(name)),
        };
        Ok(match state {
            "LOGIN" => {
                let max = asked.max_dialogs.as_deref();
                let max = max.ok_or_else(|| ApiRefusal::ParameterMissing.about("maxDialogLimit"))?;
                let max_dialogs = match number(max) {
                    Some(max) if (1..=most).contains(&max) => max,
                    _ => return invalid("maxDialogLimit"),
                };
                Change::Login {
                    max_dialogs,
                    accepts_interrupts: named(
                        &asked.interrupt_action,
                        "interruptAction",
                        ["ACCEPT", "IGNORE"],
                        None,
                    )?,
                    transfers: named(
                        &asked.logout_action,
                        "dialogLogoutAction",
                        ["TRANSFER", "CLOSE"],
                        Some(false),
                    )?,
                }
            }
            "READY" => Change::Ready,
            "NOT_READY" => Change::NotReady(reason),
            "LOGOUT" => Change::Logout(reason),
            _ => Change::Active,
        })
    }

    /// Returns whether there is something to tell.
    fn change_medium(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        medium: u32,
        change: Change,
    ) -> Result<bool, Failure> {
        if let Change::Login { max_dialogs, accepts_interrupts, transfers } = change {
            let medium = self.media.medium(medium).ok_or(Failure::Voice)?;
            if !is_assigned(self.directory.get(user), medium) {
                return Err(Failure::NotAllowed);
            }
            let id = medium.id;
            if self.media.signed_in(user, id).is_some() {
                return Err(Failure::AlreadyLoggedIn);
            }
            let agent = InMedium {
                signed_in: true,
                ready: false,
                reason: None,
                routable: true,
                unroutable_soon: false,
                max_dialogs,
                accepts_interrupts,
                transfers,
                state: MediumState::Logout,
                since: step.now.wall,
                entered: 0,
                tasks: Vec::new(),
                interrupted: false,
            };
            self.media.agents.insert((user, id), agent);
            self.media.touched.insert(user);
            return Ok(true);
        }
        let one = self.media.signed_in(user, medium).ok_or(Failure::NotLoggedIn)?;
        let is_new = |state: TaskState| matches!(state, TaskState::Offered | TaskState::Accepted);
        let has_new = self.media.task_states(one).any(is_new);
        let has_offer = self.media.task_states(one).any(|state| state == TaskState::Offered);
        self.media.touched.insert(user);
        let Some(one) = self.media.agents.get_mut(&(user, medium)) else { return Ok(false) };
        match change {
            Change::Login { .. } => Ok(false),
            // The system ignores READY in READY (guide 12.5, page 170).
            Change::Ready if one.ready => Ok(false),
            Change::Ready => {
                (one.ready, one.reason) = (true, None);
                (one.routable, one.unroutable_soon) = (true, false);
                Ok(true)
            }
            Change::NotReady(_) if has_offer => Err(Failure::TaskSentRecently),
            Change::NotReady(reason) => {
                (one.ready, one.reason) = (false, reason);
                Ok(true)
            }
            Change::Logout(reason) => {
                self.leave_medium(step, user, medium, reason);
                Ok(true)
            }
            Change::Active => Err(Failure::Sequence),
            Change::Routable(false) if has_new && one.routable => {
                one.unroutable_soon = true;
                Ok(false)
            }
            Change::Routable(routable) => {
                one.unroutable_soon = false;
                Ok(std::mem::replace(&mut one.routable, routable) != routable)
            }
        }
    }
}
