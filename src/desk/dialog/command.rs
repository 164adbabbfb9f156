//! From a request to the command of the desk that serves it: who may ask, and what has to be there (the guide, "Dialog").

use crate::clock::Now;
use crate::config::{Profile, Role};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step};
use crate::desk::outbound::actions::Asked;
use crate::id::{DialogId, UserId};

use crate::desk::dialog::call::{Action, Participant, Party, Phase};
use crate::desk::dialog::failure::Failure;
use crate::desk::dialog::request::DialogRequest;

/// The longest address that is dialled, in bytes.
const ADDRESS_MAX: usize = 64;

impl Desk {
    /// Does what `POST /User/{id}/Dialogs` asks for: makes a call, listens to one, or barges in.
    ///
    /// # Errors
    ///
    /// Returns what answers the request instead of 202; then nothing has changed.
    pub(in crate::desk) fn create_dialog(
        &mut self,
        now: Now,
        actor: UserId,
        user: UserId,
        asked: &DialogRequest,
        request_id: &str,
    ) -> Result<Vec<Event>, ApiError> {
        let id = &self.directory.get(user).id;
        if actor != user {
            return Err(ApiRefusal::NotYourself.about(id));
        }
        let roles = &self.directory.get(user).roles;
        let is_supervisor = roles.contains(&Role::Supervisor);
        if !roles.contains(&Role::Agent) && !is_supervisor {
            return Err(ApiRefusal::NoTelephone.about(id));
        }
        let action = needed(&asked.action, "requestedAction")?;
        let from = needed(&asked.from, "fromAddress")?;
        let to = needed_address(&asked.to)?;
        if to == from {
            return Err(ApiRefusal::DestinationInvalid.about(to));
        }
        let mut step = Step::new(now, request_id);
        // A user who is not signed in at a telephone cannot call from it.
        if self.agent(user).extension.as_deref() != Some(from) {
            if self.agent(user).extension.is_some() {
                return Err(ApiRefusal::ParameterInvalid.about("fromAddress"));
            }
            self.dialog_failed(&mut step, user, None, Failure::State);
            return Ok(step.events);
        }
        let done = match action {
            "MAKE_CALL" => {
                let data = asked.data.as_ref();
                if data.is_some_and(|data| !self.may_bring(data)) {
                    return Err(ApiRefusal::ParameterInvalid.about("mediaProperties"));
                }
                self.make_call(&mut step, user, to, data)
            }
            "SILENT_MONITOR" | "BARGE_IN" | "BARGE_CALL" if !is_supervisor => {
                return Err(ApiRefusal::NotAllowed.about(id));
            }
            "SILENT_MONITOR" => {
                let member = self.member_at(actor, to)?;
                if !self.agent(user).dialogs.is_empty() {
                    return Err(ApiRefusal::OnACall.about(id));
                }
                self.listen(&mut step, user, member)
            }
            "BARGE_IN" | "BARGE_CALL" => {
                let uri = needed(&asked.associated, "associatedDialogUri")?;
                let id =
                    uri.rsplit('/').next().and_then(|id| self.find_dialog(id).ok()).map(|dialog| dialog.id);
                let id = id.ok_or_else(|| ApiRefusal::DialogUnknown.about(uri))?;
                self.barge(&mut step, user, id, Some(to))?;
                Ok(())
            }
            _ => return Err(ApiRefusal::ParameterInvalid.about("requestedAction")),
        };
        if let Err(failure) = done {
            self.dialog_failed(&mut step, user, None, failure);
        }
        self.dispatch(&mut step);
        Ok(step.events)
    }

    /// Does what `PUT /Dialog/{id}` asks for.
    ///
    /// # Errors
    ///
    /// Returns what answers the request instead of 202; then nothing has changed.
    pub(in crate::desk) fn update_dialog(
        &mut self,
        now: Now,
        actor: UserId,
        id: &str,
        asked: &DialogRequest,
        request_id: &str,
    ) -> Result<Vec<Event>, ApiError> {
        let id = self.find_dialog(id)?.id;
        let name = needed(&asked.action, "requestedAction")?;
        let name = if name == "BARGE_IN" { Action::BargeCall.name() } else { name };
        let action = Action::ALL.into_iter().find(|action| action.name() == name);
        let action = action.ok_or_else(|| ApiRefusal::ParameterInvalid.about("requestedAction"))?;
        if action == Action::StartRecording && self.profile == Profile::Ucce {
            return Err(ApiRefusal::NotImplemented.about(name));
        }
        let target = match (&asked.target, action) {
            // Clients that set call data, Cisco's library among them, name no telephone.
            (None, Action::UpdateCallData) => None,
            (target, _) => Some(needed(target, "targetMediaAddress")?),
        };
        self.check_target(actor, id, action, target)?;
        if matches!(action, Action::ConsultCall | Action::TransferSst) {
            let to = needed_address(&asked.to)?;
            if self.agent(actor).extension.as_deref() == Some(to) {
                return Err(ApiRefusal::DestinationInvalid.about(to));
            }
        }
        if action == Action::SendDtmf {
            self.check_digits(needed(&asked.digits, "dtmfString")?)?;
            if self.phase(id, actor) == Some(Phase::Held) {
                return Err(ApiRefusal::Held.about(target.unwrap_or_default()));
            }
        }
        if action == Action::StartRecording && self.is_held(id, target.unwrap_or_default()) {
            return Err(ApiRefusal::Held.about(target.unwrap_or_default()));
        }
        let for_customer = Asked::read(action, asked)?;
        let mut step = Step::new(now, request_id);
        let extension = self.agent(actor).extension.clone().unwrap_or_default();
        let done = if self.may(actor, id, action) {
            match for_customer {
                Some(for_customer) => {
                    self.act_on_contact(&mut step, actor, id, for_customer);
                    Ok(())
                }
                None => self.act(&mut step, actor, id, action, asked)?,
            }
        } else {
            Err(Failure::Action { name, extension: &extension })
        };
        if let Err(failure) = done {
            self.dialog_failed(&mut step, actor, Some(id), failure);
        }
        self.dispatch(&mut step);
        Ok(step.events)
    }

    /// Does what may be done and has all that it needs.
    fn act<'a>(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        id: DialogId,
        action: Action,
        asked: &DialogRequest,
    ) -> Result<Result<(), Failure<'a>>, ApiError> {
        let to = asked.to.as_deref().unwrap_or_default();
        Ok(match action {
            Action::Answer => self.answer(step, user, id),
            Action::Hold => self.hold(step, user, id),
            Action::Retrieve => self.retrieve(step, user, id),
            Action::Drop => self.hang_up(step, user, id),
            Action::ConsultCall => self.consult(step, user, id, to),
            Action::Transfer => self.transfer(step, user, id),
            Action::Conference => self.conference(step, user, id),
            Action::TransferSst => self.transfer_at_once(step, user, id, to),
            Action::SendDtmf => {
                let digits = asked.digits.as_deref().unwrap_or_default();
                if digits.bytes().all(is_digit) || self.profile == Profile::Ucce {
                    Ok(())
                } else {
                    Err(Failure::Digits)
                }
            }
            Action::UpdateCallData => {
                let data = asked
                    .data
                    .as_ref()
                    .ok_or_else(|| ApiRefusal::ParameterMissing.about("mediaProperties"))?;
                self.update_call_data(step, id, data)?;
                Ok(())
            }
            Action::ParticipantDrop => {
                self.drop_participant(step, id, asked.target.as_deref().unwrap_or_default())
            }
            Action::BargeCall => {
                self.barge(step, user, id, asked.to.as_deref())?;
                Ok(())
            }
            Action::StartRecording => {
                // Nothing is recorded: there is no sound.
                self.dialog_changed(step, id, &[]);
                Ok(())
            }
            Action::Accept | Action::Reject | Action::Close => self.decide(step, user, id, action),
            // They have parameters of their own.
            Action::Reclassify | Action::UpdateScheduledCallback | Action::CancelScheduledCallback => Ok(()),
        })
    }

    /// Whether the actor may name that telephone: its own, as a participant, or anybody's in the call to drop it.
    fn check_target(
        &self,
        actor: UserId,
        id: DialogId,
        action: Action,
        target: Option<&str>,
    ) -> Result<(), ApiError> {
        let dialog = self.dialogs.get(&id).filter(|dialog| dialog.followers().contains(&actor));
        let not_yours = || ApiRefusal::NotYourself.about(&self.directory.get(actor).id);
        let dialog = dialog.ok_or_else(not_yours)?;
        let Some(target) = target else { return Ok(()) };
        let own = self.agent(actor).extension.as_deref() == Some(target);
        let there =
            dialog.participants.iter().find(|one| one.address == target && one.phase != Phase::Dropped);
        match (action, there) {
            // Another agent, by default (guide 12.5, page 104).
            (Action::ParticipantDrop, Some(one)) if !own && !one.has_left() => match one.party {
                Party::Agent(_) => Ok(()),
                Party::Listened(_) | Party::Outside => Err(ApiRefusal::DestinationInvalid.about(target)),
            },
            (Action::ParticipantDrop, Some(_)) if own => {
                Err(ApiRefusal::ParameterInvalid.about("targetMediaAddress"))
            }
            (Action::ParticipantDrop, _) => Err(ApiRefusal::DestinationInvalid.about(target)),
            (_, None) => Err(ApiRefusal::ParameterInvalid.about("targetMediaAddress")),
            (_, Some(_)) if own => Ok(()),
            // Whose call is recorded by a supervisor who listens (guide 12.5, page 107).
            (Action::StartRecording, Some(one)) if matches!(one.party, Party::Listened(_)) => Ok(()),
            (_, Some(_)) => Err(not_yours()),
        }
    }

    /// Lets through what can be sent as DTMF: Enterprise has A to D beside the digits, and Express takes all letters before it
    /// finds that it has none (guide 12.5, pages 92 and 93).
    fn check_digits(&self, digits: &str) -> Result<(), ApiError> {
        let may = |byte: u8| {
            is_digit(byte)
                || match self.profile {
                    Profile::Uccx => byte.is_ascii_alphabetic(),
                    Profile::Ucce => (b'A'..=b'D').contains(&byte),
                }
        };
        if digits.bytes().all(may) { Ok(()) } else { Err(ApiRefusal::ParameterInvalid.about("dtmfString")) }
    }

    /// Whether the table offers it.
    fn may(&self, user: UserId, id: DialogId, action: Action) -> bool {
        let Some(dialog) = self.dialogs.get(&id) else { return false };
        dialog.of(user).is_some_and(|participant| match action {
            // The guide has it in no table of what participants may do.
            Action::StartRecording => participant.phase == Phase::Active,
            _ => self.offered(dialog, participant).contains(&action),
        })
    }

    /// Whether a participant holds the call.
    fn is_held(&self, id: DialogId, address: &str) -> bool {
        let is_held = |one: &Participant| one.address == address && one.phase == Phase::Held;
        self.dialogs.get(&id).is_some_and(|dialog| dialog.participants.iter().any(is_held))
    }

    /// The agent signed in at a telephone, if it is a member of a team of the supervisor.
    fn member_at(&self, supervisor: UserId, extension: &str) -> Result<UserId, ApiError> {
        let member = self.extensions.get(extension).copied().flatten();
        let member = member.ok_or_else(|| ApiRefusal::DestinationInvalid.about(extension))?;
        if self.directory.supervises(supervisor, member) {
            Ok(member)
        } else {
            Err(ApiRefusal::NotYourMember.about(extension))
        }
    }
}

fn needed<'a>(value: &'a Option<String>, name: &str) -> Result<&'a str, ApiError> {
    value.as_deref().ok_or_else(|| ApiRefusal::ParameterMissing.about(name))
}

/// A digit, `*` or `#`.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || b"*#".contains(&byte)
}

/// A number to dial: anything of ASCII (guide 12.5, page 80), with a bound.
fn needed_address(value: &Option<String>) -> Result<&str, ApiError> {
    let address = needed(value, "toAddress")?;
    if address.len() <= ADDRESS_MAX && address.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        Ok(address)
    } else {
        Err(ApiRefusal::ParameterInvalid.about("toAddress"))
    }
}
