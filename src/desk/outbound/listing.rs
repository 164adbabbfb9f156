//! The list of contacts, for `GET /callboard/api/contacts`.

use crate::desk::contact_centre::Desk;
use crate::desk::outbound::contacts::{Callback, Contact};
use crate::id::UserId;

/// A contact as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedContact {
    pub id: u64,
    pub campaign: String,
    pub phone_number: String,
    /// `waiting`, `resting`, `offered` or `called`.
    pub state: &'static str,
    /// `callback` or `personal_callback`.
    pub callback: Option<&'static str>,
    /// The only agent who is to have it, or the agent who has it.
    pub agent: Option<String>,
    /// The id of its dialog.
    pub dialog: Option<u32>,
}

impl Desk {
    /// The names of the campaigns, for administrators, who may hand in contacts.
    pub fn campaigns_seen_by(&self, actor: UserId) -> impl Iterator<Item = &str> {
        let campaigns = self.directory.is_administrator(actor).then_some(self.outbound.campaigns.as_slice());
        campaigns.unwrap_or_default().iter().map(|campaign| campaign.name.as_str())
    }

    /// The contacts that wait, in their order, and those that are offered and called.
    pub fn listed_contacts(&self) -> Vec<ListedContact> {
        let list = |contact: &Contact, state, agent, dialog| ListedContact {
            id: contact.id,
            campaign: contact.campaign.clone(),
            phone_number: contact.customer.phone_number.clone(),
            state,
            callback: match contact.callback {
                Callback::None => None,
                Callback::Any => Some("callback"),
                Callback::Personal => Some("personal_callback"),
            },
            agent,
            dialog,
        };
        let waiting = self.outbound.waiting.values().map(|contact| {
            let state = if contact.rest.is_some() { "resting" } else { "waiting" };
            list(contact, state, contact.agent.clone(), None)
        });
        let called = self.dialogs.values().filter_map(|dialog| {
            let call = dialog.outbound.as_ref()?;
            let agent = dialog.agents().first().map(|user| self.directory.get(*user).id.clone());
            let state = if call.is_reservation { "offered" } else { "called" };
            Some(list(&call.contact, state, agent, Some(dialog.id)))
        });
        let dialled = self.outbound.dialing.iter().map(|(user, dialing)| {
            let agent = Some(self.directory.get(*user).id.clone());
            list(&dialing.contact, "offered", agent, None)
        });
        waiting.chain(dialled).chain(called).collect()
    }
}
