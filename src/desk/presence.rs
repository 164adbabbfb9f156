//! Agents whose last session ended are signed out after a while (the guide, "Desktop presence and forced logout").

use crate::clock::Now;
use crate::config::Profile;
use crate::id::UserId;

use crate::desk::contact_centre::{Desk, Settled};
use crate::desk::event::Step;
use crate::desk::reasons::Cause;
use crate::desk::state::State;
use crate::desk::timers::Alarm;

impl Desk {
    /// Tells whether a user has any calls.
    pub fn has_calls(&self, user: UserId) -> bool {
        !self.agent(user).dialogs.is_empty()
    }

    /// Tells whether a user who has left would be signed out after a while.
    pub fn is_leaving(&self, user: UserId) -> bool {
        self.agent(user).leaving.is_some()
    }

    /// Ends the wait for the sign-out of a user who is on line again.
    pub(super) fn arrived(&mut self, user: UserId) {
        let leaving = self.agent_mut(user).leaving.take();
        self.timers.cancel(leaving);
    }

    /// Starts the wait after which a user without a session is signed out.
    pub(super) fn left(&mut self, now: Now, user: UserId) {
        let agent = self.agent(user);
        let is_signed_out = agent.state == State::Logout && agent.sign_in.is_none();
        if is_signed_out && !self.is_in_media(user) {
            return;
        }
        let due = now.monotonic + self.limits.forced_logout;
        let leaving = self.timers.set(due, Alarm::ForcedLogout(user));
        let before = self.agent_mut(user).leaving.replace(leaving);
        self.timers.cancel(before);
    }

    /// Ends that wait if there is nobody to sign out any more, from calls or from media.
    pub(super) fn mind_leaving(&mut self, user: UserId) {
        if self.agent(user).state == State::Logout && !self.is_in_media(user) {
            self.arrived(user);
        }
    }

    /// Signs out an agent who did not come back; Enterprise makes the agent not ready instead.
    pub(super) fn force_logout(&mut self, step: &mut Step<'_>, user: UserId) {
        let leaving = self.agent_mut(user).leaving.take();
        self.timers.cancel(leaving);
        self.end_sign_in(step, user);
        self.leave_media(step, user);
        self.mind_media(step);
        if self.agent(user).state == State::Logout {
            return;
        }
        let state = match self.profile {
            Profile::Uccx => State::Logout,
            Profile::Ucce => State::NotReady,
        };
        let reason = self.system_reason(Cause::ConnectionLost, state);
        let next = Settled { state, reason };
        if self.agent(user).dialogs.is_empty() {
            self.enter_settled(step.now, user, next);
        } else {
            // The agent's calls go on; nobody hangs them up.
            self.agent_mut(user).pending = Some(next);
        }
        self.user_changed(step, user);
        self.mind_wrap_up(step, user);
    }
}
