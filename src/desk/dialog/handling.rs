//! Commands for a call: it is answered, held, retrieved, ended.

use crate::desk::contact_centre::Desk;
use crate::desk::error::ApiError;
use crate::desk::event::Step;
use crate::id::{DialogId, UserId};

use crate::desk::dialog::call::{Dialog, Party, Phase};
use crate::desk::dialog::failure::Failure;
use crate::desk::dialog::request::CallData;

type Done = Result<(), Failure<'static>>;

impl Desk {
    /// `ANSWER`.
    pub(super) fn answer(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId) -> Done {
        self.pick_up(step, id, Party::Agent(user));
        self.settle(step, user);
        self.settle_others(step, id, user);
        Ok(())
    }

    /// A telephone outside is answered.
    pub(in crate::desk) fn outside_answers(&mut self, step: &mut Step<'_>, id: DialogId) {
        self.pick_up(step, id, Party::Outside);
        for user in self.dialogs.get(&id).map(Dialog::agents).unwrap_or_default() {
            self.settle(step, user);
        }
    }

    /// The telephone that rings is answered: from now on its owner talks with those who waited for it.
    fn pick_up(&mut self, step: &mut Step<'_>, id: DialogId, party: Party) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let mut timer = None;
        for participant in &mut dialog.participants {
            let answers = participant.party == party && participant.phase == Phase::Alerting;
            if answers {
                timer = participant.ringing.take();
            }
            if answers || participant.phase == Phase::Initiated {
                participant.enter(step.now.wall, Phase::Active);
            }
        }
        dialog.queued_since = None;
        self.timers.cancel(timer);
        self.dialog_changed(step, id, &[]);
    }

    /// `HOLD`.
    pub(super) fn hold(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId) -> Done {
        self.enter_phase(step, user, id, Phase::Held);
        self.settle(step, user);
        Ok(())
    }

    /// `RETRIEVE`. A user talks on one call only: another one is held, or given up while nobody has answered it.
    pub(super) fn retrieve(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId) -> Done {
        let others: Vec<DialogId> =
            self.agent(user).dialogs.iter().copied().filter(|other| *other != id).collect();
        self.enter_phase(step, user, id, Phase::Active);
        for other in others {
            match self.phase(other, user) {
                Some(Phase::Active) => self.enter_phase(step, user, other, Phase::Held),
                Some(Phase::Initiating | Phase::Initiated | Phase::Failed) => {
                    self.finish(step, other, Some(user))
                }
                _ => {}
            }
        }
        self.settle(step, user);
        Ok(())
    }

    /// `DROP`.
    pub(super) fn hang_up(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId) -> Done {
        if let Some(place) = self.dialogs.get(&id).and_then(|dialog| dialog.place_of(user)) {
            self.leave(step, id, place);
        }
        Ok(())
    }

    /// `UPDATE_CALL_DATA`.
    pub(super) fn update_call_data(
        &mut self,
        step: &mut Step<'_>,
        id: DialogId,
        data: &CallData,
    ) -> Result<(), ApiError> {
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            data.apply(dialog)?;
        }
        self.dialog_changed(step, id, &[]);
        Ok(())
    }

    /// Puts a user's part in a call into a state, and tells everybody in it.
    pub(super) fn enter_phase(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId, phase: Phase) {
        if let Some(participant) = self.dialogs.get_mut(&id).and_then(|dialog| dialog.of_mut(user)) {
            participant.enter(step.now.wall, phase);
        }
        self.dialog_changed(step, id, &[]);
    }

    /// Brings the states of the agents in a call up to date, but for one whose state is.
    pub(super) fn settle_others(&mut self, step: &mut Step<'_>, id: DialogId, except: UserId) {
        let agents = self.dialogs.get(&id).map(Dialog::agents).unwrap_or_default();
        for user in agents.into_iter().filter(|user| *user != except) {
            self.settle(step, user);
        }
    }
}
