//! Calls that go on with other people: consultation, transfer, conference.

use crate::desk::contact_centre::Desk;
use crate::desk::event::Step;
use crate::id::{DialogId, UserId};

use crate::desk::dialog::call::{CallType, PARTICIPANTS_MAX, Participant, Party, Phase, StateCause};
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
        let (newcomers, others) = self.merge(step, user, id, CallType::Transfer)?;
        if let Some(place) = self.dialogs.get(&id).and_then(|dialog| dialog.place_of(user)) {
            self.part(step, id, place);
        }
        self.tell_merged(step, id, &newcomers);
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
        let (newcomers, others) = self.merge(step, user, id, CallType::Conference)?;
        if let Some(participant) = self.dialogs.get_mut(&id).and_then(|dialog| dialog.of_mut(user)) {
            participant.enter(step.now.wall, Phase::Active);
        }
        self.tell_merged(step, id, &newcomers);
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
            .all(|(other, one)| other == place || one.party == Party::Outside);
        if others_are_outside && matches!(destination, Destination::Outside { .. }) {
            // Two who are both outside are none of the contact centre's business.
            self.finish(step, id, Some(user));
            return Ok(());
        }
        (dialog.kind, dialog.dnis) = (CallType::Transfer, to.to_owned());
        self.part(step, id, place);
        self.reach(step, id, destination);
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
        kind: CallType,
    ) -> Result<(Vec<UserId>, Vec<UserId>), Failure<'static>> {
        let active = self.active_beside(user, id).ok_or(Failure::State)?;
        let count = |id| self.dialogs.get(&id).map_or(0, |dialog| dialog.participants.len());
        if count(id) + count(active) > PARTICIPANTS_MAX + 1 {
            return Err(Failure::ConferenceFull);
        }
        let Some(mut gone) = self.dialogs.remove(&active) else { return Err(Failure::State) };
        self.forget_timers(&mut gone);
        self.dequeue(step.now, &gone);
        let now = step.now.wall;
        let newcomers: Vec<Participant> =
            gone.participants.iter().filter(|one| one.party != Party::Agent(user)).cloned().collect();
        for participant in &mut gone.participants {
            participant.enter(now, Phase::Dropped);
        }
        self.unlisten(step, &gone, None);
        let mut agents = gone.agents();
        agents.sort_by_key(|one| *one != user);
        for agent in &agents {
            // The call goes on elsewhere, so there is nothing to wrap up yet.
            self.dialog_left(step, *agent, &gone);
            self.agent_mut(*agent).dialogs.retain(|other| *other != active);
        }
        agents.retain(|one| *one != user);
        if kind == CallType::Transfer {
            self.agent_mut(user).wraps_up |= gone.is_to_wrap_up(user);
        }
        let Some(dialog) = self.dialogs.get_mut(&id) else { return Err(Failure::State) };
        dialog.kind = kind;
        dialog.secondary = Some(active);
        dialog.associated = dialog.associated.filter(|about| *about != active);
        dialog.is_contact |= gone.is_contact;
        dialog.queue = dialog.queue.or(gone.queue);
        let mut others = dialog.agents();
        others.retain(|one| *one != user);
        others.extend(&agents);
        for mut newcomer in newcomers {
            newcomer.started = now;
            self.join(id, newcomer);
        }
        Ok((agents, others))
    }

    fn tell_merged(&mut self, step: &mut Step<'_>, id: DialogId, newcomers: &[UserId]) {
        for user in newcomers {
            self.dialog_joined(step, *user, id);
        }
        self.dialog_changed(step, id, newcomers);
    }
}
