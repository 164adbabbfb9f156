//! Calls that go on with other people: consultation, transfer, conference.

use crate::config::Profile;
use crate::desk::contact_centre::Desk;
use crate::desk::event::Step;
use crate::id::{DialogId, UserId};

use crate::desk::dialog::call::{
    CallType, Dialog, PARTICIPANTS_MAX, Participant, Party, Phase, StateCause, bring_forward,
};
use crate::desk::dialog::failure::Failure;
use crate::desk::dialog::making::Destination;

type Done = Result<(), Failure<'static>>;

impl Desk {
    /// `CONSULT_CALL`: the call is held, and another one made.
    pub(super) fn consult(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId, to: &str) -> Done {
        if self.agent(user).dialogs.len() > 1 {
            return Err(Failure::State);
        }
        let consultation = self.new_dialog(CallType::Consult, Some(id))?;
        let about = self.dialogs.get(&id).map(|dialog| (dialog.variables.clone(), dialog.is_contact));
        if let (Some(dialog), Some((variables, is_contact))) = (self.dialogs.get_mut(&consultation), about) {
            (dialog.variables, dialog.is_contact) = (variables, is_contact);
        }
        self.enter_phase(step, user, id, Phase::Held);
        self.off_hook(step, user, consultation);
        self.dial(step, user, consultation, to);
        Ok(())
    }

    /// `TRANSFER` of a held call to the active one: the user leaves both, the others are together in the first.
    pub(super) fn transfer(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId) -> Done {
        let active = self.active_beside(user, id).and_then(|active| self.dialogs.get(&active));
        let took = active.is_some_and(|dialog| dialog.is_to_wrap_up(user));
        let (newcomers, others) = self.merge(step, user, id)?;
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.become_kind(CallType::Transfer);
        }
        let followers = self.dialogs.get(&id).map(Dialog::followers).unwrap_or_default();
        if let Some(place) = self.dialogs.get(&id).and_then(|dialog| dialog.place_of(user)) {
            let phase = self.drop_out(step.now, id, place, StateCause::Other, took);
            // Captures have who leaves in the first event of who comes, and then no more.
            for newcomer in &newcomers {
                self.dialog_joined(step, *newcomer, id);
            }
            if phase == Some(Phase::Dropped) {
                let before: Vec<UserId> =
                    followers.into_iter().filter(|user| !newcomers.contains(user)).collect();
                self.tell_dialog(step, id, &before);
                self.take_out(step, id, place);
                self.dialog_changed(step, id, &[]);
            } else {
                self.take_out(step, id, place);
                self.dialog_changed(step, id, &newcomers);
            }
        }
        if self.dialogs.get(&id).is_some_and(|dialog| !dialog.is_ours()) {
            self.finish(step, id, None);
        }
        self.settle(step, user);
        for user in others {
            self.settle(step, user);
        }
        Ok(())
    }

    /// `CONFERENCE` of a held call with the active one: all are together in the first.
    pub(super) fn conference(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId) -> Done {
        let both = [Some(id), self.active_beside(user, id)];
        let mut both = both.into_iter().flatten().filter_map(|id| self.dialogs.get(&id));
        if both.any(|dialog| !dialog.lets_join(user)) {
            return Err(match self.profile {
                Profile::Uccx => Failure::AgentState,
                Profile::Ucce => Failure::NotController,
            });
        }
        let (newcomers, others) = self.merge(step, user, id)?;
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.become_conference(user);
            if let Some(participant) = dialog.of_mut(user) {
                participant.enter(step.now.wall, Phase::Active);
            }
        }
        for newcomer in &newcomers {
            self.dialog_joined(step, *newcomer, id);
        }
        self.dialog_changed(step, id, &newcomers);
        self.settle(step, user);
        for user in others {
            self.settle(step, user);
        }
        Ok(())
    }

    /// `TRANSFER_SST`: the user leaves, and the call rings elsewhere.
    pub(super) fn transfer_at_once(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        id: DialogId,
        to: &str,
    ) -> Done {
        let destination = self.destination(to);
        match destination {
            Destination::Nobody(StateCause::Busy) => return Err(Failure::Busy),
            Destination::Nobody(StateCause::NotAvailable) => return Err(Failure::OutOfService),
            Destination::Nobody(_) => return Err(Failure::Destination),
            Destination::Agent(_) | Destination::Queue(_) | Destination::Outside { .. } => {}
        }
        let Some(dialog) = self.dialogs.get_mut(&id) else { return Err(Failure::State) };
        let Some(place) = dialog.place_of(user) else {
            return Err(Failure::State);
        };
        let others_are_outside = dialog
            .participants
            .iter()
            .enumerate()
            .all(|(other, one)| other == place || one.has_left() || one.party == Party::Outside);
        if others_are_outside && matches!(destination, Destination::Outside { .. }) {
            // Two who are both outside are none of the contact centre's business.
            self.finish(step, id, Some(user));
            return Ok(());
        }
        dialog.become_kind(CallType::Transfer);
        to.clone_into(&mut dialog.dnis);
        let phase = self.drop_out(step.now, id, place, StateCause::Other, false);
        self.reach(step, id, destination);
        if phase == Some(Phase::Dropped) {
            self.tell_dialog(step, id, &[user]);
            self.take_out(step, id, place);
            self.dialog_changed(step, id, &[]);
        } else {
            self.take_out(step, id, place);
        }
        self.settle(step, user);
        self.settle_others(step, id, user);
        Ok(())
    }

    /// Ends the call on which the user talks and brings its participants into the held one. Returns the agents who came
    /// with it and all whose states may have to change.
    fn merge(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        id: DialogId,
    ) -> Result<(Vec<UserId>, Vec<UserId>), Failure<'static>> {
        let active = self.active_beside(user, id).ok_or(Failure::State)?;
        let count = |id| self.dialogs.get(&id).map_or(0, |dialog| dialog.present().count());
        if count(id) + count(active) > PARTICIPANTS_MAX + 1 {
            return Err(Failure::ConferenceFull(self.profile));
        }
        self.forget_timers(active);
        self.dequeue(step.now, active);
        let now = step.now.wall;
        let has_contact = self.dialogs.get(&id).is_some_and(|dialog| dialog.outbound.is_some());
        let Some(gone) = self.dialogs.get_mut(&active) else { return Err(Failure::State) };
        let (is_contact, queue) = (gone.is_contact, gone.queue);
        // A call has one contact; that of the other call is done.
        let outbound = if has_contact { None } else { gone.outbound.take() };
        let newcomers: Vec<Participant> =
            gone.present().filter(|one| one.party != Party::Agent(user)).cloned().collect();
        let mut followers = gone.followers();
        bring_forward(&mut followers, |one| *one == user);
        let mut agents: Vec<UserId> =
            followers.iter().copied().filter(|user| gone.place_of(*user).is_some()).collect();
        for participant in gone.participants.iter_mut().filter(|one| !one.has_left()) {
            participant.enter(now, Phase::Dropped);
            participant.cause = StateCause::Other;
        }
        self.unlisten(step, active, None);
        self.tell_dialog(step, active, &followers);
        for agent in &agents {
            // The call goes on elsewhere, so there is nothing to wrap up yet.
            self.dialog_left(step, *agent, active);
            self.agent_mut(*agent).dialogs.retain(|other| *other != active);
        }
        self.forget(step.now, active);
        agents.retain(|one| *one != user);
        let Some(dialog) = self.dialogs.get_mut(&id) else { return Err(Failure::State) };
        dialog.secondary = Some(active);
        dialog.associated = dialog.associated.filter(|about| *about != active);
        dialog.is_contact |= is_contact;
        dialog.queue = dialog.queue.or(queue);
        dialog.outbound = dialog.outbound.take().or(outbound);
        let mut others = dialog.agents();
        others.retain(|one| *one != user);
        others.extend(&agents);
        for mut newcomer in newcomers {
            newcomer.started = now;
            self.join(id, newcomer);
        }
        Ok((agents, others))
    }
}
