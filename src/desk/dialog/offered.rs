//! The actions that participants may take.

use crate::config::campaigns::DialingMode;
use crate::config::{Profile, Role};
use crate::desk::contact_centre::Desk;
use crate::desk::dialog::call::{Action, CallType, Dialog, Participant, Party, Phase};
use crate::desk::outbound::contacts::OutboundCall;
use crate::id::{DialogId, UserId};

/// The actions that the call to a customer has beside those of every call (the guide, "Actions parameter values").
fn offered_for_customer(call: &OutboundCall, phase: Phase) -> impl Iterator<Item = Action> {
    let talks = matches!(phase, Phase::Active | Phase::WrapUp);
    let is_scheduled = call.callback_time.is_some() || call.callback_number.is_some();
    let is_direct = call.mode == DialingMode::DirectPreview;
    let offered = [
        (Action::Reclassify, is_direct && (talks || phase == Phase::Failed)),
        (Action::UpdateScheduledCallback, talks),
        (Action::CancelScheduledCallback, talks && is_scheduled),
    ];
    offered.into_iter().filter(|(_, is_offered)| *is_offered).map(|(action, _)| action)
}

impl Desk {
    /// Returns the actions of a participant now, as captures show them, with what the guide says of conferences, of a
    /// held call beside an active one, and of listening (the guide, "State participant parameter values").
    pub(super) fn offered(&self, dialog: &Dialog, participant: &Participant) -> Vec<Action> {
        use Action::{
            Answer, BargeCall, Conference, ConsultCall, Drop, Hold, ParticipantDrop, Retrieve, SendDtmf,
            Transfer, TransferSst, UpdateCallData,
        };
        if dialog.is_reservation() {
            return match participant.phase {
                Phase::Alerting => vec![Action::Accept, Action::Close, Action::Reject],
                _ => vec![],
            };
        }
        let mut offered = match (participant.phase, dialog.kind) {
            (Phase::Initiating | Phase::Initiated, _) => vec![UpdateCallData, Drop],
            (Phase::Alerting, _) => vec![Answer],
            (Phase::Active, CallType::SupervisorMonitor) => match participant.party {
                Party::Agent(_) => vec![BargeCall, Drop],
                _ => vec![],
            },
            (Phase::Active, CallType::Conference) => {
                let mut offered = vec![ConsultCall, Hold, UpdateCallData, SendDtmf, Drop];
                if self.may_drop_others(participant.party) {
                    offered.push(ParticipantDrop);
                }
                offered
            }
            (Phase::Active, _) if dialog.is_complete() => {
                vec![TransferSst, ConsultCall, Hold, UpdateCallData, SendDtmf, Drop]
            }
            (Phase::Active, _) => vec![ConsultCall, Hold, UpdateCallData, SendDtmf, Drop],
            (Phase::Held, _) => {
                let mut offered = vec![UpdateCallData, Drop, Retrieve];
                if dialog.is_complete() && participant.beside {
                    offered.extend([Transfer, Conference]);
                }
                offered
            }
            (Phase::Failed, _) => vec![Drop],
            (Phase::WrapUp, _) => vec![UpdateCallData],
            (Phase::Accepted | Phase::Dropped, _) => vec![],
        };
        if let (Party::Agent(_), Some(call)) = (participant.party, &dialog.outbound) {
            offered.extend(offered_for_customer(call, participant.phase));
        }
        offered
    }

    /// Enterprise lets supervisors do it, unless it is configured otherwise (guide 12.5, page 104).
    fn may_drop_others(&self, party: Party) -> bool {
        let Party::Agent(user) = party else { return false };
        self.profile == Profile::Ucce && self.directory.get(user).roles.contains(&Role::Supervisor)
    }

    /// The other call on which a user talks.
    pub(super) fn active_beside(&self, user: UserId, id: DialogId) -> Option<DialogId> {
        let others = self.agent(user).dialogs.iter().copied().filter(|other| *other != id);
        others.into_iter().find(|other| {
            let dialog = self.dialogs.get(other);
            dialog.is_some_and(|dialog| {
                dialog.is_complete() && dialog.of(user).is_some_and(|one| one.phase == Phase::Active)
            })
        })
    }

    /// How a user takes part in a call.
    pub(in crate::desk) fn phase(&self, id: DialogId, user: UserId) -> Option<Phase> {
        Some(self.dialogs.get(&id)?.of(user)?.phase)
    }
}
