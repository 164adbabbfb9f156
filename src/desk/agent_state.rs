//! Changes of an agent's state (the guide, "User: change agent state").

use crate::clock::Now;
use crate::config::{Category, Profile, Role};
use crate::id::UserId;

use crate::desk::contact_centre::{Desk, Settled};
use crate::desk::error::{ApiError, ApiRefusal, Failure};
use crate::desk::event::Event;
use crate::desk::event::Step;
use crate::desk::reasons::{Cause, Reason, system};
use crate::desk::request::{MobileAgent, SetState};
use crate::desk::state::{Outcome, Request, Standing, State, outcome};

/// A request whose parameters are good.
pub(super) struct Change<'a> {
    pub request: Request,
    pub extension: &'a str,
    /// Whether a mobile agent signs in.
    /// The device of that telephone, for LOGIN.
    pub device: Option<&'a str>,
    pub is_mobile: bool,
    pub reason: Option<Reason>,
    /// Whether it is to sign out of all media.
    pub leaves_media: bool,
}

impl Desk {
    /// The state of a user, as documents write it.
    pub fn state_of(&self, user: UserId) -> &'static str {
        self.agent(user).state.name()
    }

    /// Does what `PUT /User/{id}` asks for: `actor` wants another state for `user`. An accepted request has its events, at least
    /// one for the user, and all carry `request_id`; those of a sign-in come when it is over.
    ///
    /// # Errors
    ///
    /// Returns the error that answers the request instead of 202; then nothing has changed, as after an event with an error.
    pub(super) fn set_state(
        &mut self,
        now: Now,
        actor: UserId,
        user: UserId,
        asked: &SetState,
        request_id: &str,
    ) -> Result<Vec<Event>, ApiError> {
        let by = self.standing(actor, user)?;
        let change = self.change(by, user, asked)?;
        if let Outcome::Refused(refusal) = self.outcome(by, user, change.request) {
            return Err(refusal.about(self.about(refusal, user)));
        }
        let mut step = Step::new(now, request_id);
        if change.request == Request::Login && !self.limits.sign_in.is_zero() {
            self.start_sign_in(now, user, &change, request_id);
        } else {
            self.carry_out(&mut step, by, user, &change);
        }
        Ok(step.events)
    }

    fn outcome(&self, by: Standing, user: UserId, request: Request) -> Outcome {
        outcome(self.profile, by, self.agent(user).state, request)
    }

    /// Does what an accepted request asks for, or tells that it fails.
    pub(super) fn carry_out(&mut self, step: &mut Step<'_>, by: Standing, user: UserId, change: &Change<'_>) {
        let before = self.agent(user).clone();
        let outcome = self.outcome(by, user, change.request);
        let done = match outcome {
            _ if change.is_mobile => Err(Failure::ModeNotAllowed),
            Outcome::Fails(failure) => Err(failure),
            Outcome::To(state) | Outcome::Pend(state) => {
                self.obey(step.now, by, user, outcome, state, change)
            }
            Outcome::Keep if change.request == Request::Login => {
                self.take_telephone(user, change.extension, change.device)
            }
            // A state that the table refuses does not come here.
            Outcome::Keep | Outcome::Refused(_) => Ok(()),
        };
        let leaves_media = change.leaves_media && done.is_ok();
        if let Err(failure) = done {
            self.user_failed(step, user, failure);
        } else if matches!(outcome, Outcome::To(_) | Outcome::Pend(_)) || *self.agent(user) != before {
            self.user_changed(step, user);
        } else {
            // Nothing new for the team.
            self.user_told(step, user);
        }
        self.mind_wrap_up(step, user);
        if leaves_media {
            self.leave_media(step, user);
        }
        self.dispatch(step);
    }

    /// Says what the actor is to the user: agents ask for themselves, supervisors for members of their teams.
    fn standing(&self, actor: UserId, user: UserId) -> Result<Standing, ApiError> {
        let id = &self.directory.get(user).id;
        let standing = if actor == user {
            Standing::Own
        } else if !self.directory.get(actor).roles.contains(&Role::Supervisor) {
            return Err(ApiRefusal::NotYourself.about(id));
        } else if !self.directory.supervises(actor, user) {
            return Err(ApiRefusal::NotYourMember.about(id));
        } else {
            Standing::Supervisor
        };
        // A user who is no agent has no state.
        if !self.directory.get(user).roles.contains(&Role::Agent) {
            return Err(ApiRefusal::NotAllowed.about(id));
        }
        Ok(standing)
    }

    fn change<'a>(&self, by: Standing, user: UserId, asked: &'a SetState) -> Result<Change<'a>, ApiError> {
        let state = asked.state.as_deref().ok_or_else(|| ApiRefusal::StateMissing.about("state"))?;
        let request = Request::ALL.into_iter().find(|request| request.name() == state);
        let request = match request {
            Some(request) => request,
            None if by == Standing::Supervisor && State::NAMES.contains(&state) => {
                return Err(ApiRefusal::StateNotAllowed.about("state"));
            }
            None => return Err(ApiRefusal::StateUnknown.about("state")),
        };
        let extension = match (request, asked.extension.as_deref()) {
            (Request::Login, None) => return Err(ApiRefusal::ExtensionMissing.about("extension")),
            (_, extension) => extension.unwrap_or_default(),
        };
        let device = asked.active_device_id.as_deref().filter(|_| request == Request::Login);
        if let Some(device) = device {
            self.check_device(extension, device)?;
        }
        let mobile_agent = asked.mobile_agent.as_ref().filter(|_| request == Request::Login);
        if let Some(mobile) = mobile_agent {
            check_mobile(mobile)?;
        }
        let kind = match (by, request) {
            (Standing::Own, Request::NotReady) => Some(Category::NotReady),
            (Standing::Own, Request::Logout) => Some(Category::Logout),
            _ => None,
        };
        let reason = match (kind, asked.reason_code_id.as_deref()) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err(ApiRefusal::ReasonNotAllowed.about("finesse.api.reasoncode.not_allowed"));
            }
            (Some(kind), id) => self.reason(user, kind, id)?,
        };
        let leaves_media = request == Request::Logout && asked.logout_all_media.as_deref() == Some("true");
        let is_mobile = mobile_agent.is_some();
        Ok(Change { request, extension, device, is_mobile, reason, leaves_media })
    }

    /// The reason that a request names, or none where none is needed.
    pub(super) fn reason(
        &self,
        user: UserId,
        kind: Category,
        id: Option<&str>,
    ) -> Result<Option<Reason>, ApiError> {
        let team = self.directory.get(user).team.as_deref();
        let mut known = self.reason_codes_of(team).filter(|(_, code)| code.category == kind);
        match id {
            None if self.require_reason_codes && known.next().is_some() => {
                Err(ApiRefusal::ReasonMissing.about("finesse.api.reasoncode.require_reasoncode"))
            }
            None => Ok(None),
            Some(id) => match known.find(|(_, code)| code.id.to_string() == id) {
                Some((place, _)) => Ok(Some(Reason::Configured(place))),
                None => Err(ApiRefusal::ReasonUnknown.about("reasonCodeId")),
            },
        }
    }

    /// The subject of the error of a refused transition.
    fn about(&self, refusal: ApiRefusal, user: UserId) -> &str {
        match refusal {
            ApiRefusal::NotYourself => &self.directory.get(user).id,
            _ => "state",
        }
    }

    fn obey(
        &mut self,
        now: Now,
        by: Standing,
        user: UserId,
        outcome: Outcome,
        state: State,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        if change.request == Request::Login {
            self.take_telephone(user, change.extension, change.device)?;
        }
        let reason = match by {
            Standing::Own if change.request == Request::Login => self.system_reason(Cause::SignedIn, state),
            Standing::Own => change.reason,
            Standing::Supervisor => self.system_reason(Cause::Supervisor, state),
        };
        let next = Settled { state, reason };
        let pending = self.agent(user).pending.and_then(|pending| pending.reason);
        if by == Standing::Own && matches!(pending, Some(Reason::System(_))) {
            // A supervisor, or the loss of the session, has decided what comes after the call.
            return Err(Failure::ObjectState);
        }
        let has_calls = !self.agent(user).dialogs.is_empty();
        let waits = matches!(outcome, Outcome::Pend(_))
            || (by == Standing::Supervisor && state == State::Logout && has_calls);
        if waits {
            // Express takes one such request for a call (the guide, "User: change agent state").
            let is_second = self.profile == Profile::Uccx && self.agent(user).pending.is_some();
            if is_second && by == Standing::Own {
                return Err(Failure::WorkMode);
            }
            self.agent_mut(user).pending = Some(next);
        } else if has_calls && state != State::NotReady {
            return Err(Failure::Busy);
        } else {
            self.enter_settled(now, user, next);
        }
        Ok(())
    }

    /// The reason for a state that the agent did not ask for.
    pub(super) fn system_reason(&self, cause: Cause, state: State) -> Option<Reason> {
        system(self.profile, cause, state).map(Reason::System)
    }
}

/// The two modes of mobile agents (the guide, "User: sign in as a mobile agent"). There are no such agents here, but wrong
/// parameters are told first.
fn check_mobile(mobile: &MobileAgent) -> Result<(), ApiError> {
    match mobile.mode.as_deref() {
        None => Err(ApiRefusal::ModeMissing.about("mode")),
        Some("CALL_BY_CALL" | "NAILED_CONNECTION") if mobile.dial_number.is_some() => Ok(()),
        Some("CALL_BY_CALL" | "NAILED_CONNECTION") => Err(ApiRefusal::DialNumberMissing.about("dialNumber")),
        Some(_) => Err(ApiRefusal::ModeUnknown.about("mode")),
    }
}
