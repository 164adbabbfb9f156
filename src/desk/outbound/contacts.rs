//! The state of all campaigns: the contacts that wait, and what a call has of the contact for which it is made.

use std::collections::BTreeMap;
use std::time::SystemTime;

use litemap::LiteMap;

use crate::config::campaigns::{Campaign, Customer, DialingMode};
use crate::desk::timers::TimerId;
use crate::id::UserId;

/// The campaigns and the contacts that wait. A contact that is offered or called is part of its call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::desk) struct Outbound {
    /// In the order of the configuration.
    pub campaigns: Vec<Campaign>,
    /// By their places among all that have ever waited: the first is offered first.
    pub waiting: BTreeMap<u64, Contact>,
    /// The contacts whom the dialer calls, by the agents who are reserved for them.
    pub dialing: LiteMap<UserId, Dialing>,
    /// The last id.
    pub last: u64,
}

/// A contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub id: u64,
    /// The name of its campaign.
    pub campaign: String,
    pub customer: Customer,
    /// The id of the only agent who is to have it.
    pub agent: Option<String>,
    pub callback: Callback,
    /// The place among the contacts that wait.
    pub place: u64,
    /// Runs until it may be offered.
    pub rest: Option<TimerId>,
}

/// A contact whom the dialer calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialing {
    pub contact: Contact,
    /// Runs until the customer has answered or not.
    pub timer: TimerId,
}

/// Whether a contact is one that an agent has scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callback {
    None,
    /// For every agent of the campaign.
    Any,
    /// For the agent who has scheduled it.
    Personal,
}

/// The contact of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundCall {
    pub contact: Contact,
    pub mode: DialingMode,
    /// Whether it is a call of the dialer that reserves an agent.
    pub is_reservation: bool,
    /// The `outboundClassification`; empty until an agent has reclassified the call.
    pub classification: &'static str,
    /// What an agent has scheduled.
    pub callback_time: Option<CallbackTime>,
    pub callback_number: Option<String>,
    /// The id of the agent who has scheduled it.
    pub callback_agent: Option<String>,
}

/// A time as a client has written it, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackTime {
    pub text: String,
    pub due: SystemTime,
}

impl Outbound {
    /// The campaigns of a configuration, with the contacts of its file.
    pub fn new(campaigns: Vec<Campaign>, entries: &mut u64) -> Self {
        let mut outbound = Self::default();
        for campaign in &campaigns {
            for customer in &campaign.contacts {
                *entries += 1;
                outbound.add(&campaign.name, customer.clone(), None, *entries);
            }
        }
        outbound.campaigns = campaigns;
        outbound
    }

    /// Adds a contact that waits. Returns its id.
    pub fn add(&mut self, campaign: &str, customer: Customer, agent: Option<String>, place: u64) -> u64 {
        self.last += 1;
        let contact = Contact {
            id: self.last,
            campaign: campaign.to_owned(),
            customer,
            agent,
            callback: Callback::None,
            place,
            rest: None,
        };
        self.waiting.insert(place, contact);
        self.last
    }

    pub fn campaign(&self, name: &str) -> Option<&Campaign> {
        self.campaigns.iter().find(|campaign| campaign.name == name)
    }
}
