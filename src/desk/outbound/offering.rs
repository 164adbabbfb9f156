//! Contacts that wait, and the agents who are reserved for them.

use crate::clock::Now;
use crate::config::Role;
use crate::config::campaigns::{Campaign, MOST_CONTACTS};
use crate::desk::contact_centre::Desk;
use crate::desk::dialog::call::{Dialog, Participant, Party, Phase};
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step};
use crate::desk::outbound::contacts::{Contact, Outbound, OutboundCall};
use crate::desk::outbound::request::NewContact;
use crate::desk::timers::Alarm;
use crate::id::{DialogId, UserId};

impl Desk {
    /// Takes a contact from outside. Returns its id.
    ///
    /// # Errors
    ///
    /// Returns why there is none; then nothing has changed.
    pub(in crate::desk) fn add_contact(
        &mut self,
        now: Now,
        asked: NewContact,
    ) -> Result<(String, Vec<Event>), ApiError> {
        self.in_service().map_err(|_| ApiRefusal::CallOutOfService.about(""))?;
        if self.outbound.campaign(&asked.campaign).is_none() {
            return Err(ApiRefusal::CampaignUnknown.about(asked.campaign));
        }
        if let Some(id) = &asked.agent {
            let agent = self.directory.find(id).map(|user| self.directory.get(user));
            if agent.is_none_or(|agent| !agent.roles.contains(&Role::Agent)) {
                return Err(ApiRefusal::ContactAgentUnknown.about(id));
            }
        }
        if self.contacts() >= self.limits.contacts {
            return Err(ApiRefusal::TooManyContacts.about(""));
        }
        self.entries += 1;
        let id = self.outbound.add(&asked.campaign, asked.customer, asked.agent, self.entries);
        let mut step = Step::new(now, "");
        self.dispatch(&mut step);
        Ok((id.to_string(), step.events))
    }

    /// Takes a contact out that waits or is offered; an agent who is reserved for it is free again.
    ///
    /// # Errors
    ///
    /// Returns that there is no such contact.
    pub(in crate::desk) fn remove_contact(&mut self, now: Now, id: &str) -> Result<Vec<Event>, ApiError> {
        let mut step = Step::new(now, "");
        let waits = self.outbound.waiting.values().find(|contact| contact.id.to_string() == id);
        if let Some(place) = waits.map(|contact| contact.place) {
            let contact = self.outbound.waiting.remove(&place);
            self.timers.cancel(contact.and_then(|contact| contact.rest));
            return Ok(step.events);
        }
        let mut dialing = self.outbound.dialing.iter();
        let dialled = dialing.find(|(_, dialing)| dialing.contact.id.to_string() == id);
        if let Some(user) = dialled.map(|(user, _)| *user) {
            self.forget_dialing(&mut step, user);
            self.dispatch(&mut step);
            return Ok(step.events);
        }
        let is_offered = |dialog: &&Dialog| {
            dialog.is_reservation()
                && dialog.outbound.as_ref().is_some_and(|call| call.contact.id.to_string() == id)
        };
        let offered = self.dialogs.values().find(is_offered).map(|dialog| dialog.id);
        let offered = offered.ok_or_else(|| ApiRefusal::ContactUnknown.about(id))?;
        self.end_reservation(&mut step, offered, None);
        self.dispatch(&mut step);
        Ok(step.events)
    }

    /// Frees an agent for whose contact the dialer calls, and forgets the contact.
    fn forget_dialing(&mut self, step: &mut Step<'_>, user: UserId) {
        if let Some(dialing) = self.outbound.dialing.remove(&user) {
            self.timers.cancel(Some(dialing.timer));
            self.settle(step, user);
        }
    }

    /// How many contacts there are, with those that are offered and called.
    fn contacts(&self) -> usize {
        let called = self.dialogs.values().filter(|dialog| dialog.outbound.is_some()).count();
        self.outbound.waiting.len() + self.outbound.dialing.len() + called
    }

    /// Reserves agents who are ready for contacts that wait: the contact that has waited longest first, for the agent who has been
    /// ready longest. Calls in queues come before them.
    pub(in crate::desk) fn dispatch_contacts(&mut self, step: &mut Step<'_>) {
        while let Some((place, user)) = self.next_contact() {
            if !self.reserve(step, place, user) {
                return;
            }
        }
    }

    fn next_contact(&self) -> Option<(u64, UserId)> {
        let mut waiting =
            self.outbound.waiting.iter().filter(|(_, contact)| contact.rest.is_none()).peekable();
        waiting.peek()?;
        let ready = self.longest_ready(self.outbound.campaigns.iter().map(|campaign| campaign.team.as_str()));
        waiting.find_map(|(place, contact)| {
            // Somebody who has left the contact centre leaves the contact to the others.
            let user = match contact.agent.as_ref().and_then(|id| self.directory.find(id)) {
                Some(user) => Some(user).filter(|user| self.is_waiting(*user))?,
                None => (*ready.get(self.outbound.campaign(&contact.campaign)?.team.as_str())?)?,
            };
            Some((*place, user))
        })
    }

    /// Reserves an agent. Returns whether there was a call left for it.
    fn reserve(&mut self, step: &mut Step<'_>, place: u64, user: UserId) -> bool {
        let contact = self.outbound.waiting.get(&place);
        let Some(campaign) = contact.and_then(|contact| self.outbound.campaign(&contact.campaign)) else {
            return false;
        };
        let (mode, port) = (campaign.mode, campaign.dialer_port.clone());
        if mode.asks_nobody() {
            self.start_dialing(step, place, user);
            return true;
        }
        let Some(contact) = self.outbound.waiting.get(&place).cloned() else { return false };
        let outbound = OutboundCall {
            contact,
            mode,
            is_reservation: true,
            classification: "",
            callback_time: None,
            callback_number: None,
            callback_agent: None,
        };
        let Ok(id) = self.new_dialog(outbound.call_type(), None) else { return false };
        self.outbound.waiting.remove(&place);
        let extension = self.agent(user).extension.clone().unwrap_or_default();
        let due = step.now.monotonic + self.limits.alerting;
        let timer = self.timers.set(due, Alarm::ReservationOver(id));
        let now = step.now.wall;
        let dialer = Participant::new(now, &port, Party::Outside, Phase::Initiated);
        let mut agent = Participant::new(now, &extension, Party::Agent(user), Phase::Alerting);
        agent.ringing = Some(timer);
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            (dialog.from, dialog.to, dialog.dnis) = (port, extension.clone(), extension);
            dialog.dialed.clone_from(&outbound.contact.customer.phone_number);
            dialog.variables = outbound.variables(self.profile);
            dialog.outbound = Some(Box::new(outbound));
        }
        self.join(id, dialer);
        self.join(id, agent);
        self.settle(step, user);
        self.dialog_joined(step, user, id);
        true
    }

    /// Puts a contact among those that wait, at its place if that is not said.
    pub(super) fn put_back(&mut self, contact: Contact) {
        // Its campaign may be gone.
        if self.outbound.campaign(&contact.campaign).is_some() {
            self.outbound.waiting.insert(contact.place, contact);
        } else {
            self.timers.cancel(contact.rest);
        }
    }

    /// A contact has rested long enough.
    pub(in crate::desk) fn contact_rested(&mut self, place: u64) {
        if let Some(contact) = self.outbound.waiting.get_mut(&place) {
            contact.rest = None;
        }
    }

    /// Takes the campaigns of a configuration. Contacts of a campaign that stays go on; the contacts of its section that were not
    /// there before wait from now on. A reservation for a campaign that is gone ends.
    pub(in crate::desk) fn take_campaigns(&mut self, step: &mut Step<'_>, campaigns: Vec<Campaign>) {
        let old = std::mem::replace(&mut self.outbound.campaigns, campaigns);
        let is_gone =
            |campaigns: &[Campaign], name: &str| campaigns.iter().all(|campaign| campaign.name != name);
        let Outbound { campaigns, waiting, .. } = &mut self.outbound;
        for (_, contact) in waiting.iter_mut().filter(|(_, contact)| is_gone(campaigns, &contact.campaign)) {
            self.timers.cancel(contact.rest.take());
        }
        waiting.retain(|_, contact| !is_gone(campaigns, &contact.campaign));
        let dialled = self.outbound.dialing.iter();
        let dialled =
            dialled.filter(|(_, dialing)| is_gone(&self.outbound.campaigns, &dialing.contact.campaign));
        for user in dialled.map(|(user, _)| *user).collect::<Vec<UserId>>() {
            self.forget_dialing(step, user);
        }
        let offered = self.dialogs.values().filter(|dialog| {
            let contact = dialog.outbound.as_ref().map(|call| &call.contact);
            dialog.is_reservation()
                && contact.is_some_and(|contact| is_gone(&self.outbound.campaigns, &contact.campaign))
        });
        for id in offered.map(|dialog| dialog.id).collect::<Vec<DialogId>>() {
            self.end_reservation(step, id, None);
        }
        let mut count = self.contacts();
        for place in 0..self.outbound.campaigns.len() {
            let Some(campaign) = self.outbound.campaigns.get(place) else { return };
            let before = old.iter().find(|old| old.name == campaign.name);
            let is_new = |customer: &&crate::config::campaigns::Customer| {
                before.is_none_or(|before| !before.contacts.contains(customer))
            };
            let name = campaign.name.clone();
            let room = (self.limits.contacts + MOST_CONTACTS).saturating_sub(count);
            let new: Vec<_> = campaign.contacts.iter().filter(is_new).take(room).cloned().collect();
            count += new.len();
            for customer in new {
                self.entries += 1;
                self.outbound.add(&name, customer, None, self.entries);
            }
        }
    }
}
