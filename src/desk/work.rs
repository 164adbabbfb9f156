//! The effects of calls on the states of agents (the guide, "User: change agent state"): reserved, talking, on hold, wrapping
//! up, and back.

use std::time::Duration;

use crate::clock::Now;
use crate::config::Profile;
use crate::id::UserId;

use crate::desk::contact_centre::{Agent, Desk, Settled};
use crate::desk::dialog::call::{Dialog, Phase};
use crate::desk::event::Step;
use crate::desk::reasons::{Cause, Reason};
use crate::desk::state::State;
use crate::desk::timers::Alarm;

/// The time to wrap up where it is optional, as captured.
pub(super) const OPTIONAL_WRAP_UP: Duration = Duration::from_secs(7200);

impl Desk {
    /// Puts an agent into a state; an agent who is signed out has no telephone.
    pub(super) fn enter(&mut self, now: Now, user: UserId, state: State, reason: Option<Reason>) {
        if state == State::Logout {
            self.move_to(user, None);
        }
        if state != State::ReservedOutbound {
            self.stop_dialing(now, user);
        }
        self.touch_media(user);
        self.entries += 1;
        let entries = self.entries;
        let Agent { state: before, entered, .. } = *self.agent(user);
        if before == State::Ready
            && let Ok(place) = self.ready.binary_search(&(entered, user))
        {
            self.ready.remove(place);
        }
        if state == State::Ready
            && let Err(place) = self.ready.binary_search(&(entries, user))
        {
            self.ready.insert(place, (entries, user));
        }
        let agent = self.agent_mut(user);
        (agent.state, agent.since, agent.reason) = (state, Some(now.wall), reason);
        agent.entered = entries;
        self.mind_leaving(user);
        self.mark(now);
    }

    /// Puts an agent into a state in which it stays: whatever was to come after a call or wrap-up is forgotten.
    pub(super) fn enter_settled(&mut self, now: Now, user: UserId, Settled { state, reason }: Settled) {
        let agent = self.agent_mut(user);
        (agent.after, agent.pending, agent.wraps_up) = (None, None, false);
        let timer = agent.wrap_up.take();
        self.timers.cancel(timer);
        self.enter(now, user, state, reason);
    }

    /// An agent who is ready has to do with a call of its own: it is not ready until that is over.
    pub(super) fn suspend(&mut self, step: &mut Step<'_>, user: UserId, cause: Cause) {
        if self.agent(user).state != State::Ready {
            return;
        }
        self.remember(user);
        let reason = self.system_reason(cause, State::NotReady);
        self.enter(step.now, user, State::NotReady, reason);
        self.user_changed(step, user);
    }

    /// Keeps the state to which the agent goes back after its calls.
    fn remember(&mut self, user: UserId) {
        let agent = self.agent_mut(user);
        if agent.after.is_none() {
            agent.after = Some(Settled { state: agent.state, reason: agent.reason });
        }
    }

    /// Brings the state of an agent into line with its calls, and tells if it has changed.
    pub(super) fn settle(&mut self, step: &mut Step<'_>, user: UserId) {
        match self.occupation(user) {
            Some(State::NotReady) if matches!(self.agent(user).state, State::Reserved | State::Talking) => {
                self.enter(step.now, user, State::NotReady, None);
                self.user_changed(step, user);
            }
            Some(State::NotReady) => self.suspend(step, user, Cause::CallTaken),
            Some(state) if state != self.agent(user).state => {
                self.remember(user);
                self.enter(step.now, user, state, None);
                self.user_changed(step, user);
            }
            Some(_) => {}
            None if self.agent(user).dialogs.is_empty() => self.after_calls(step, user),
            None => {}
        }
        self.mind_media_state(step, user);
    }

    /// The state that the calls of an agent demand. Express knows states of calls from a queue only: on another call
    /// an agent is not ready (the guide, "User: change agent state").
    fn occupation(&self, user: UserId) -> Option<State> {
        let agent = self.agent(user);
        let calls = agent.dialogs.iter().filter_map(|id| self.dialogs.get(id));
        if agent.dialogs.is_empty() && self.outbound.dialing.contains_key(&user) {
            return Some(State::ReservedOutbound);
        }
        if calls.clone().any(Dialog::is_reservation) {
            return Some(State::ReservedOutboundPreview);
        }
        let mut parts = Vec::new();
        for dialog in calls {
            if let Some(part) = dialog.of(user) {
                // A user who calls a queue has not been given a call by it.
                parts.push((part.phase, dialog.is_contact && !dialog.is_made_by(user)));
            }
        }
        // An agent who is not ready stays so until the call is answered.
        let was_ready = matches!(agent.state, State::Ready | State::Reserved);
        let alerts = |phase| phase == Phase::Alerting;
        match self.profile {
            Profile::Uccx => {
                if parts.iter().any(|(phase, contact)| *contact && !alerts(*phase)) {
                    return Some(State::Talking);
                }
                if parts.iter().any(|(phase, _)| !alerts(*phase)) {
                    return Some(State::NotReady);
                }
                (was_ready && parts.iter().any(|(_, contact)| *contact)).then_some(State::Reserved)
            }
            Profile::Ucce => {
                if parts.iter().any(|(phase, _)| !matches!(phase, Phase::Alerting | Phase::Held)) {
                    return Some(State::Talking);
                }
                if parts.iter().any(|(phase, _)| *phase == Phase::Held) {
                    return Some(State::Hold);
                }
                (was_ready && !parts.is_empty()).then_some(State::Reserved)
            }
        }
    }

    /// The last call is over: a state that was asked for meanwhile, wrap-up, or the state before.
    fn after_calls(&mut self, step: &mut Step<'_>, user: UserId) {
        let agent = self.agent(user);
        if matches!(agent.state, State::Work | State::WorkReady) {
            return;
        }
        let time = self.wrap_up_time(user, agent.wraps_up);
        let agent = self.agent_mut(user);
        agent.wraps_up = false;
        let was_talking = agent.state == State::Talking;
        let (pending, after) = (agent.pending.take(), agent.after.take());
        let next = match pending.map(|pending| pending.state) {
            Some(State::WorkReady) => Some(Settled { state: State::Ready, reason: None }),
            Some(State::Work) => Some(after.unwrap_or(Settled { state: State::NotReady, reason: None })),
            _ => pending.or(after),
        };
        let Some(mut next) = next else {
            return self.mind_wrap_up(step, user);
        };
        if pending.is_none() && was_talking {
            self.give_reason(&mut next, Cause::CallEnded);
        }
        match time {
            None => self.enter_settled(step.now, user, next),
            Some(time) => {
                let state = match (self.profile, next.state) {
                    (Profile::Ucce, State::Ready) => State::WorkReady,
                    _ => State::Work,
                };
                let timer = self.timers.set(step.now.monotonic + time, Alarm::WrapUpOver(user));
                let agent = self.agent_mut(user);
                (agent.after, agent.wrap_up) = (Some(next), Some(timer));
                self.enter(step.now, user, state, None);
            }
        }
        self.user_changed(step, user);
        self.mind_wrap_up(step, user);
    }

    /// The time for which an agent wraps up after its calls, if it does: after a call from a queue where its team has the time, or if
    /// it has asked for that.
    pub(super) fn wrap_up_time(&self, user: UserId, took: bool) -> Option<Duration> {
        let team = self.directory.get(user).team.as_deref().and_then(|team| self.team(team));
        let time = team.and_then(|team| team.wrap_up);
        match self.agent(user).pending.map(|pending| pending.state) {
            Some(State::Logout) => None,
            Some(State::Work | State::WorkReady) => Some(time.unwrap_or(OPTIONAL_WRAP_UP)),
            _ => time.filter(|_| took),
        }
    }

    /// Gives a state that follows a call the reason that the profile has for it.
    fn give_reason(&self, next: &mut Settled, cause: Cause) {
        if let Some(reason) = self.system_reason(cause, next.state) {
            next.reason = Some(reason);
        }
    }

    /// The time to wrap up is over.
    pub(super) fn wrap_up_over(&mut self, step: &mut Step<'_>, user: UserId) {
        let agent = self.agent_mut(user);
        agent.wrap_up = None;
        let Some(mut next) = agent.after.take() else { return };
        if matches!(next.reason, None | Some(Reason::System(_))) {
            self.give_reason(&mut next, Cause::WrappedUp);
        }
        self.enter_settled(step.now, user, next);
        self.user_changed(step, user);
        self.mind_wrap_up(step, user);
    }
}
