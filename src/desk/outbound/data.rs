//! The data of outbound calls: types, and the variables whose names begin with BA (the guide, "Outbound Call Types and BAStatus").

use crate::config::Profile;
use crate::config::campaigns::DialingMode;
use crate::desk::dialog::call::{CallType, Dialog};
use crate::desk::outbound::contacts::{Callback, OutboundCall};

impl OutboundCall {
    /// The type of its call.
    pub fn call_type(&self) -> CallType {
        match (self.is_reservation, self.contact.callback, self.mode) {
            (true, Callback::Personal, _) => CallType::OutboundPersonalCallbackPreview,
            (true, Callback::Any, DialingMode::Preview) => CallType::OutboundCallbackPreview,
            (true, Callback::None, DialingMode::Preview) => CallType::OutboundPreview,
            // The dialer has no reservation that is seen in Progressive and Predictive mode.
            (true, _, _) => CallType::OutboundDirectPreview,
            (false, Callback::Personal, _) => CallType::OutboundPersonalCallback,
            (false, Callback::Any, DialingMode::DirectPreview) | (false, Callback::None, _) => {
                CallType::Outbound
            }
            (false, Callback::Any, _) => CallType::OutboundCallback,
        }
    }

    /// The BAStatus of its call.
    fn status(&self, profile: Profile) -> &'static str {
        match (self.is_reservation, self.mode, profile) {
            (true, DialingMode::Preview, _) => "PREVIEW_OUTBOUND_RESERVATION",
            (false, DialingMode::Preview, _) => "PREVIEW_OUTBOUND",
            (true, DialingMode::DirectPreview, _) => "DIRECT_PREVIEW_OUTBOUND_RESERVATION",
            (false, DialingMode::DirectPreview, Profile::Ucce) => "DIRECT_PREVIEW_OUTBOUND",
            (_, _, Profile::Uccx) => "OUTBOUND",
            (_, DialingMode::Progressive, _) => "PROGRESSIVE_OUTBOUND",
            (_, DialingMode::Predictive, _) => "PREDICTIVE_OUTBOUND",
        }
    }

    /// The variables of its call: those of the dialer, then those of the contact.
    pub fn variables(&self, profile: Profile) -> Vec<(String, String)> {
        let customer = &self.contact.customer;
        let name = format!("{},{}", customer.first_name, customer.last_name);
        let dialer = [
            ("BACampaign", self.contact.campaign.as_str()),
            ("BAStatus", self.status(profile)),
            ("BAResponse", ""),
            ("BAAccountNumber", &customer.account_number),
            ("BADialedListID", &self.contact.id.to_string()),
            // Times of callbacks are those of UTC.
            ("BATimeZone", "0"),
            ("BABuddyName", if name == "," { "" } else { &name }),
            ("BACustomerNumber", &customer.phone_number),
        ];
        let dialer = dialer.map(|(name, value)| (name.to_owned(), value.to_owned()));
        dialer.into_iter().chain(customer.variables.iter().cloned()).collect()
    }
}

/// Says in a call how its agent has decided.
pub(super) fn respond(dialog: &mut Dialog, response: &str) {
    if let Some((_, value)) = dialog.variables.iter_mut().find(|(name, _)| name == "BAResponse") {
        response.clone_into(value);
    }
}
