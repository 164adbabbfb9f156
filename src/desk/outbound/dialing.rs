//! Progressive and Predictive mode: the dialer calls the customer of an agent who is reserved (the guide, "User: change agent state").

use crate::clock::Now;
use crate::desk::contact_centre::Desk;
use crate::desk::dialog::call::{Participant, Party, Phase};
use crate::desk::dialog::making::Destination;
use crate::desk::event::Step;
use crate::desk::outbound::contacts::{Dialing, OutboundCall};
use crate::desk::timers::Alarm;
use crate::id::UserId;

impl Desk {
    /// Reserves an agent for a contact that waits, and calls its customer.
    pub(super) fn start_dialing(&mut self, step: &mut Step<'_>, place: u64, user: UserId) {
        let Some(contact) = self.outbound.waiting.remove(&place) else { return };
        let due = step.now.monotonic + self.limits.outside_answer;
        let timer = self.timers.set(due, Alarm::CustomerDialled(user));
        self.outbound.dialing.insert(user, Dialing { contact, timer });
        self.settle(step, user);
    }

    /// An agent is reserved no more: the contact rests.
    pub(in crate::desk) fn stop_dialing(&mut self, now: Now, user: UserId) {
        if let Some(Dialing { contact, timer }) = self.outbound.dialing.remove(&user) {
            self.timers.cancel(Some(timer));
            self.rest(now, contact);
        }
    }

    /// The customer has answered, and talks with the agent; or has not, and the agent is ready again.
    pub(in crate::desk) fn customer_dialled(&mut self, step: &mut Step<'_>, user: UserId) {
        let Some(Dialing { contact, .. }) = self.outbound.dialing.remove(&user) else { return };
        if self.customer(&contact) == (Destination::Outside { answers: true })
            && let Some(mode) = self.outbound.campaign(&contact.campaign).map(|campaign| campaign.mode)
        {
            let outbound = OutboundCall {
                contact,
                mode,
                is_reservation: false,
                classification: "",
                callback_time: None,
                callback_number: None,
                callback_agent: None,
            };
            match self.new_dialog(outbound.call_type(), None) {
                Ok(id) => {
                    let number = outbound.contact.customer.phone_number.clone();
                    let extension = self.agent(user).extension.clone().unwrap_or_default();
                    if let Some(dialog) = self.dialogs.get_mut(&id) {
                        (dialog.from, dialog.dnis) = (extension.clone(), extension.clone());
                        (dialog.to, dialog.dialed) = (number.clone(), number.clone());
                        dialog.variables = outbound.variables(self.profile);
                        dialog.is_contact = true;
                        dialog.outbound = Some(Box::new(outbound));
                    }
                    let now = step.now.wall;
                    self.join(id, Participant::new(now, &extension, Party::Agent(user), Phase::Active));
                    self.join(id, Participant::new(now, &number, Party::Outside, Phase::Active));
                    self.settle(step, user);
                    self.dialog_joined(step, user, id);
                    return;
                }
                // The contact waits, as there are as many calls as there can be.
                Err(_) => self.rest(step.now, outbound.contact),
            }
        }
        self.settle(step, user);
    }
}
