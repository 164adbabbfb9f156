//! Signing in (the guide, "User: sign in to Finesse"): the CTI server takes some time over it, so what comes of it is told after the
//! answer 202. Clients depend on it: some sign in just before they are there to hear of it.

use std::mem;

use crate::clock::Now;
use crate::id::UserId;

use crate::desk::agent_state::Change;
use crate::desk::command::Request;
use crate::desk::contact_centre::{Desk, SignIn};
use crate::desk::error::Failure;
use crate::desk::event::Step;
use crate::desk::state::{self, Standing};
use crate::desk::timers::Alarm;

impl Desk {
    /// Starts a sign-in; a user has one at a time.
    pub(super) fn start_sign_in(&mut self, now: Now, user: UserId, change: &Change<'_>, request_id: &str) {
        let timer = self.timers.set(now.monotonic + self.limits.sign_in, Alarm::SignInOver(user));
        let sign_in = SignIn {
            extension: change.extension.to_owned(),
            device: change.device.map(str::to_owned),
            is_mobile: change.is_mobile,
            request_id: request_id.to_owned(),
            timer,
        };
        let before = self.agent_mut(user).sign_in.replace(Box::new(sign_in));
        self.timers.cancel(before.map(|before| before.timer));
    }

    /// The users whose sign-ins have to be over before a request is served, so that a user's requests keep their order.
    pub fn signing_in(&self, actor: UserId, request: &Request) -> impl Iterator<Item = UserId> {
        let users = match request {
            Request::SetState { user, .. } | Request::CreateDialog { user, .. } => [Some(actor), Some(*user)],
            Request::UpdateDialog { .. } => [Some(actor), None],
            _ => [None, None],
        };
        users.into_iter().flatten().filter(|user| self.is_signing_in(*user))
    }

    /// Tells whether a sign-in of the user was accepted that is not over.
    pub fn is_signing_in(&self, user: UserId) -> bool {
        self.agent(user).sign_in.is_some()
    }

    /// Ends the sign-in of a user, if there is one: it has succeeded, or it fails now.
    pub(super) fn end_sign_in(&mut self, step: &mut Step<'_>, user: UserId) {
        let Some(sign_in) = self.agent_mut(user).sign_in.take() else { return };
        self.timers.cancel(Some(sign_in.timer));
        let change = Change {
            request: state::Request::Login,
            extension: &sign_in.extension,
            device: sign_in.device.as_deref(),
            is_mobile: sign_in.is_mobile,
            reason: None,
            leaves_media: false,
        };
        let mut own = Step::new(step.now, &sign_in.request_id);
        self.carry_out(&mut own, Standing::Own, user, &change);
        step.events.append(&mut own.events);
        // The session may have ended meanwhile.
        self.mind_leaving(user);
    }

    /// Ends all sign-ins.
    pub(super) fn end_sign_ins(&mut self, step: &mut Step<'_>) {
        let users: Vec<UserId> = self.directory.keys().filter(|user| self.is_signing_in(*user)).collect();
        for user in users {
            self.end_sign_in(step, user);
        }
    }

    /// Takes a telephone, if it is one and free.
    pub(super) fn take_telephone(
        &mut self,
        user: UserId,
        extension: &str,
        device: Option<&str>,
    ) -> Result<(), Failure> {
        let moves = self.agent(user).extension.as_deref() != Some(extension);
        match self.extensions.get(extension) {
            None => Err(Failure::InvalidDevice),
            Some(Some(other)) if *other != user => Err(Failure::DeviceBusy),
            // Its calls are at the other telephone.
            Some(_) if moves && !self.agent(user).dialogs.is_empty() => Err(Failure::Busy),
            Some(_) => {
                let kept = self.agent_mut(user).device.take().filter(|_| !moves);
                self.move_to(user, Some(extension));
                self.choose_device(user, extension, device.or(kept.as_deref()));
                Ok(())
            }
        }
    }

    /// Leaves the telephone for another one.
    pub(super) fn move_to(&mut self, user: UserId, extension: Option<&str>) {
        let agent = self.agent_mut(user);
        agent.device = None;
        let old = mem::replace(&mut agent.extension, extension.map(str::to_owned));
        for (extension, now) in [(old.as_deref(), None), (extension, Some(user))] {
            if let Some(place) = extension.and_then(|extension| self.extensions.get_mut(extension)) {
                *place = now;
            }
        }
    }
}
