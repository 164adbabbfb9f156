//! Agents who leave media: by themselves, with their session, or with another configuration.

use std::collections::HashMap;

use crate::config::{Medium, Profile, User};
use crate::desk::contact_centre::Desk;
use crate::desk::event::Step;
use crate::desk::media::room::is_assigned;
use crate::desk::media::states::{Disposition, TaskState};
use crate::desk::reasons::Reason;
use crate::id::UserId;

impl Desk {
    /// Whether an agent is signed in to a medium.
    pub(in crate::desk) fn is_in_media(&self, user: UserId) -> bool {
        self.media.of(user).next().is_some()
    }

    /// Signs an agent out of all media.
    pub(in crate::desk) fn leave_media(&mut self, step: &mut Step<'_>, user: UserId) {
        for medium in self.media.of(user).map(|(medium, _)| medium).collect::<Vec<_>>() {
            self.leave_medium(step, user, medium, None);
        }
    }

    /// Signs an agent out of a medium: its tasks are closed or transferred, as it asked for when it signed in. What it has not
    /// accepted waits for another agent.
    pub(super) fn leave_medium(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        medium: u32,
        reason: Option<Reason>,
    ) {
        let Some(one) = self.media.agents.get_mut(&(user, medium)) else { return };
        (one.ready, one.reason) = (false, reason);
        let transfers = one.transfers;
        for id in one.tasks.clone() {
            let is_offered = self.media.tasks.get(&id).is_some_and(|task| task.state == TaskState::Offered);
            if transfers || is_offered {
                self.resubmit(step, id, Disposition::TransferredOnLogout);
            } else {
                self.close_task(step, id, Disposition::LoggedOut);
            }
        }
        if let Some(one) = self.media.agents.get_mut(&(user, medium)) {
            one.signed_in = false;
        }
        self.media.touched.insert(user);
        self.mind_leaving(user);
    }

    /// Takes the media of a configuration, before its people. Agents who do not handle a medium any more are signed out of it, and
    /// the tasks of a medium that is gone end.
    pub(in crate::desk) fn take_media(&mut self, step: &mut Step<'_>, list: &[Medium], users: &[User]) {
        let list = if self.profile == Profile::Ucce { list.to_vec() } else { Vec::new() };
        let users: HashMap<&str, &User> = users.iter().map(|user| (user.id.as_str(), user)).collect();
        let stays = |desk: &Self, user: UserId, medium: u32| {
            let user = users.get(desk.directory.get(user).id.as_str());
            let medium = list.iter().find(|one| one.id == medium);
            user.zip(medium).is_some_and(|(user, medium)| is_assigned(user, medium))
        };
        let places: Vec<(UserId, u32)> = self.media.agents.keys().copied().collect();
        let gone: Vec<_> = places.into_iter().filter(|(user, medium)| !stays(self, *user, *medium)).collect();
        for (user, medium) in &gone {
            if self.media.signed_in(*user, *medium).is_some() {
                self.leave_medium(step, *user, *medium, None);
            }
        }
        let is_gone = |medium: u32| list.iter().all(|one| one.id != medium);
        let waiting = self.media.tasks.values().filter(|task| is_gone(task.medium));
        for id in waiting.map(|task| task.id).collect::<Vec<_>>() {
            self.close_task(step, id, Disposition::NormalEnd);
        }
        self.mind_media(step);
        for place in gone {
            self.media.agents.remove(&place);
        }
        // A task can be interrupted in a medium where it could not before, and the other way round.
        self.media.list = list;
        self.media.touched.extend(self.media.agents.keys().map(|(user, _)| *user));
    }
}
