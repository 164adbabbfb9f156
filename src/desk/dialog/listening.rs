//! Supervisors and the calls of others: they listen, barge in, and put somebody out of a conference.

use crate::config::Profile;
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::Step;
use crate::desk::state::State;
use crate::id::{DialogId, UserId};

use crate::desk::dialog::call::{CallType, PARTICIPANTS_MAX, Participant, Party, Phase};
use crate::desk::dialog::failure::Failure;

type Done = Result<(), Failure<'static>>;

impl Desk {
    /// `SILENT_MONITOR` (guide 12.5, pages 98 and 99). The member has the new call too, with nothing to do, and its state stays
    /// (page 131).
    pub(super) fn listen(&mut self, step: &mut Step<'_>, user: UserId, member: UserId) -> Done {
        if self.agent(user).state != State::NotReady {
            return Err(Failure::State);
        }
        let heard = self.talk_of(member)?;
        let id = self.new_dialog(CallType::SupervisorMonitor, Some(heard))?;
        let extension = |user| self.agent(user).extension.clone().unwrap_or_default();
        let (from, to) = (extension(user), extension(member));
        let now = step.now.wall;
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            (dialog.from, dialog.to, dialog.dnis) = (from.clone(), to.clone(), to.clone());
            dialog.dialed.clone_from(&to);
        }
        self.join(id, Participant::new(now, &from, Party::Agent(user), Phase::Active));
        self.join(id, Participant::new(now, &to, Party::Listened(member), Phase::Active));
        if let Some(dialog) = self.dialogs.get_mut(&heard) {
            dialog.listeners.push(id);
        }
        self.dialog_joined(step, user, id);
        self.dialog_joined(step, member, id);
        self.settle(step, user);
        Ok(())
    }

    /// The call on which a member talks.
    fn talk_of(&self, member: UserId) -> Result<DialogId, Failure<'static>> {
        let is_talk = |id: &&DialogId| {
            let dialog = self.dialogs.get(*id);
            dialog.is_some_and(|dialog| {
                dialog.kind != CallType::SupervisorMonitor
                    && dialog.of(member).is_some_and(|one| one.phase == Phase::Active)
            })
        };
        let agent = self.agent(member);
        agent.dialogs.iter().find(is_talk).copied().ok_or(match (self.profile, agent.state) {
            (Profile::Uccx, _) => Failure::ListenExpress,
            (Profile::Ucce, State::Hold | State::NotReady) => Failure::ListenEnterprise,
            (Profile::Ucce, _) => Failure::AgentState,
        })
    }

    /// `BARGE_CALL` (guide 12.5, pages 100 to 102): who listens takes part from now on. `to` is the telephone of the agent, if the
    /// request names it.
    ///
    /// # Errors
    ///
    /// Returns what answers the request (the guide, "Dialog API errors"); then nothing has changed.
    pub(super) fn barge(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        id: DialogId,
        to: Option<&str>,
    ) -> Result<(), ApiError> {
        let listening = self.dialogs.get(&id).filter(|dialog| dialog.place_of(user).is_some());
        let listened = listening.and_then(|dialog| {
            let member = dialog.participants.iter().find_map(|one| match one.party {
                Party::Listened(member) => Some((member, one.address.as_str())),
                _ => None,
            });
            Some((dialog.associated?, member?))
        });
        let Some((heard, (member, address))) = listened else {
            return Err(ApiRefusal::NotListening.about(id.to_string()));
        };
        let about = to.unwrap_or(address);
        let dialog = self.dialogs.get(&heard);
        let Some(dialog) =
            dialog.filter(|dialog| to.is_none_or(|to| to == address) && dialog.lets_join(member))
        else {
            return Err(ApiRefusal::NotController.about(about));
        };
        if self.phase(heard, member) == Some(Phase::Held) {
            return Err(ApiRefusal::DestinationInvalid.about(about));
        }
        if self.agent(member).dialogs.len() > 1 {
            return Err(ApiRefusal::NotController.about(about));
        }
        if dialog.present().count() >= PARTICIPANTS_MAX {
            return Err(ApiRefusal::ConferenceFull.about(about));
        }
        if let Some(dialog) = self.dialogs.get_mut(&heard) {
            dialog.become_conference(member);
        }
        let extension = self.agent(user).extension.clone().unwrap_or_default();
        // First, so that there is a call all the time.
        self.join(heard, Participant::new(step.now.wall, &extension, Party::Agent(user), Phase::Active));
        self.finish(step, id, Some(user));
        self.dialog_joined(step, user, heard);
        self.dialog_changed(step, heard, &[user]);
        self.settle(step, user);
        Ok(())
    }

    /// `PARTICIPANT_DROP`.
    pub(super) fn drop_participant(&mut self, step: &mut Step<'_>, id: DialogId, address: &str) -> Done {
        let dialog = self.dialogs.get(&id);
        let place = dialog.and_then(|dialog| {
            dialog.participants.iter().position(|one| one.address == address && !one.has_left())
        });
        if let Some(place) = place {
            self.leave(step, id, place);
        }
        Ok(())
    }

    /// Ends the listening of supervisors to a call: it is over, or over for the agent they listen to.
    pub(super) fn unlisten(&mut self, step: &mut Step<'_>, id: DialogId, member: Option<UserId>) {
        for listener in self.dialogs.get(&id).map(|dialog| dialog.listeners.clone()).unwrap_or_default() {
            let hears =
                |member| self.dialogs.get(&listener).is_some_and(|listening| listening.listens_to(member));
            if member.is_none_or(hears) {
                self.finish(step, listener, None);
            }
        }
    }
}
