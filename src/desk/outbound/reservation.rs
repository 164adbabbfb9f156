//! The decision of a reserved agent, and the call to the customer that comes of it.

use crate::clock::Now;
use crate::config::campaigns::{CallResult, DialingMode};
use crate::desk::contact_centre::{Desk, Settled};
use crate::desk::dialog::call::{Action, Dialog, Participant, Party, Phase, StateCause};
use crate::desk::dialog::failure::Failure;
use crate::desk::dialog::making::Destination;
use crate::desk::event::Step;
use crate::desk::outbound::contacts::{Callback, Contact, OutboundCall};
use crate::desk::outbound::data::respond;
use crate::desk::reasons::Cause;
use crate::desk::state::State;
use crate::desk::timers::Alarm;
use crate::id::{DialogId, UserId};

impl Desk {
    /// `ACCEPT`, `REJECT` or `CLOSE`.
    pub(in crate::desk) fn decide(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        id: DialogId,
        action: Action,
    ) -> Result<(), Failure<'static>> {
        let mode = self.dialogs.get(&id).and_then(|dialog| Some(dialog.outbound.as_ref()?.mode));
        match (action, mode.ok_or(Failure::State)?) {
            (Action::Accept, DialingMode::Preview) => self.accepted(step, user, id),
            (Action::Accept, _) => {
                let call = self.new_dialog_about(id)?;
                self.accepted(step, user, id);
                self.call_customer(step, user, id, call, Phase::Initiating);
            }
            (Action::Reject, _) => {
                let outbound = self.end_reservation(step, id, Some("Reject"));
                if let Some(outbound) = outbound {
                    self.rest(step.now, outbound.contact);
                }
            }
            _ => drop(self.end_reservation(step, id, Some("Reject-Close"))),
        }
        Ok(())
    }

    /// The agent is shown as ACCEPTED. In Preview mode the dialer calls the customer now.
    fn accepted(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId) {
        let due = step.now.monotonic + self.limits.outside_answer;
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        respond(dialog, "Accept");
        let is_preview = dialog.outbound.as_ref().is_some_and(|call| call.mode == DialingMode::Preview);
        if let Some(agent) = dialog.of_mut(user) {
            agent.enter(step.now.wall, Phase::Accepted);
            let timer = agent.ringing.take();
            self.timers.cancel(timer);
            agent.ringing = is_preview.then(|| self.timers.set(due, Alarm::CustomerCalled(id)));
        }
        self.tell_dialog(step, id, &[user]);
    }

    /// The dialer has called the customer of a reservation that was accepted: who answers is put through to the agent.
    pub(in crate::desk) fn customer_called(&mut self, step: &mut Step<'_>, id: DialogId) {
        let Some(dialog) = self.dialogs.get(&id) else { return };
        let Some(user) = dialog.agents().first().copied() else { return };
        let answers = dialog
            .outbound
            .as_ref()
            .is_some_and(|call| self.customer(&call.contact) == Destination::Outside { answers: true });
        if !answers {
            // The contact is done: its number was dialled.
            self.end_reservation(step, id, None);
        } else if let Ok(call) = self.new_dialog_about(id) {
            self.call_customer(step, user, id, call, Phase::Active);
        } else if let Some(outbound) = self.end_reservation(step, id, None) {
            self.rest(step.now, outbound.contact);
        }
    }

    /// Makes the dialog of the call to the customer of a reservation.
    fn new_dialog_about(&mut self, id: DialogId) -> Result<DialogId, Failure<'static>> {
        let outbound = self.dialogs.get(&id).and_then(|dialog| dialog.outbound.as_deref());
        let called = outbound.map(|call| OutboundCall { is_reservation: false, ..call.clone() });
        self.new_dialog(called.ok_or(Failure::State)?.call_type(), Some(id))
    }

    /// Ends a reservation, and calls its customer by another call: from the agent's telephone, which is off the hook, or from the
    /// dialer, for whom the customer has answered.
    fn call_customer(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        reservation: DialogId,
        id: DialogId,
        phase: Phase,
    ) {
        let taken = self.dialogs.get_mut(&reservation).and_then(|dialog| dialog.outbound.take());
        let Some(mut outbound) = taken else { return };
        outbound.is_reservation = false;
        let number = outbound.contact.customer.phone_number.clone();
        let destination = self.customer(&outbound.contact);
        let extension = self.agent(user).extension.clone().unwrap_or_default();
        let profile = self.profile;
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.from.clone_from(&extension);
            dialog.variables = outbound.variables(profile);
            dialog.is_contact = true;
            dialog.outbound = Some(outbound);
            if phase == Phase::Active {
                (dialog.to, dialog.dialed, dialog.dnis) = (number.clone(), number.clone(), extension.clone());
            }
        }
        self.join(id, Participant::new(step.now.wall, &extension, Party::Agent(user), phase));
        if phase == Phase::Active {
            self.join(id, Participant::new(step.now.wall, &number, Party::Outside, phase));
        }
        // The agent has a call all the time.
        self.finish(step, reservation, Some(user));
        self.dialog_joined(step, user, id);
        if phase != Phase::Active {
            self.dial_to(step, user, id, &number, destination);
        }
    }

    /// What becomes of the call to a customer, who is outside whatever the number is.
    pub(super) fn customer(&self, contact: &Contact) -> Destination {
        match contact.customer.result {
            Some(CallResult::Busy) => Destination::Nobody(StateCause::Busy),
            Some(CallResult::Invalid) => Destination::Nobody(StateCause::BadDestination),
            Some(CallResult::NoAnswer) => Destination::Outside { answers: false },
            Some(CallResult::Voice | CallResult::AnsweringMachine | CallResult::Fax) => {
                Destination::Outside { answers: true }
            }
            None if self.outside.busy.contains(&contact.customer.phone_number) => {
                Destination::Nobody(StateCause::Busy)
            }
            None => Destination::Outside {
                answers: !self.outside.no_answer.contains(&contact.customer.phone_number),
            },
        }
    }

    /// The agent has not decided: the contact is the first again, and the agent is not ready, as after a call that was not
    /// answered.
    pub(in crate::desk) fn reservation_over(&mut self, step: &mut Step<'_>, id: DialogId) {
        let Some(user) = self.dialogs.get(&id).and_then(|dialog| dialog.agents().first().copied()) else {
            return;
        };
        let reason = self.system_reason(Cause::NotAnswered, State::NotReady);
        self.agent_mut(user).after = Some(Settled { state: State::NotReady, reason });
        if let Some(outbound) = self.end_reservation(step, id, None) {
            self.put_back(outbound.contact);
        }
    }

    /// Ends a reservation. Returns its contact, of which the call knows nothing any more.
    pub(super) fn end_reservation(
        &mut self,
        step: &mut Step<'_>,
        id: DialogId,
        response: Option<&str>,
    ) -> Option<Box<OutboundCall>> {
        let dialog = self.dialogs.get_mut(&id)?;
        if let Some(response) = response {
            respond(dialog, response);
        }
        let (outbound, first) = (dialog.outbound.take(), dialog.agents().first().copied());
        self.finish(step, id, first);
        outbound
    }

    /// A call of a contact is over: a contact whose agent has not decided rests, and one for which a callback is scheduled waits
    /// for its time.
    pub(in crate::desk) fn contact_over(&mut self, now: Now, dialog: Dialog) {
        let Some(outbound) = dialog.outbound else { return };
        let OutboundCall { mut contact, callback_time, callback_number, callback_agent, .. } = *outbound;
        if outbound.is_reservation {
            return self.rest(now, contact);
        }
        let Some(time) = callback_time else { return };
        let is_personal = self.outbound.campaign(&contact.campaign).is_some_and(|one| one.personal_callbacks);
        contact.callback = if is_personal { Callback::Personal } else { Callback::Any };
        contact.agent = callback_agent.filter(|_| is_personal);
        if let Some(number) = callback_number {
            contact.customer.phone_number = number;
        }
        self.entries += 1;
        contact.place = self.entries;
        let due = now.monotonic.checked_add(time.due.duration_since(now.wall).unwrap_or_default());
        // No clock comes to a time that it cannot count.
        let Some(due) = due else { return };
        contact.rest = Some(self.timers.set(due, Alarm::ContactRested(contact.place)));
        self.put_back(contact);
    }

    /// Lets a contact rest before it is offered again, as the last of those that wait.
    pub(super) fn rest(&mut self, now: Now, mut contact: Contact) {
        let Some(campaign) = self.outbound.campaign(&contact.campaign) else { return };
        let due = now.monotonic + campaign.retry;
        self.entries += 1;
        contact.place = self.entries;
        contact.rest = Some(self.timers.set(due, Alarm::ContactRested(contact.place)));
        self.put_back(contact);
    }
}
