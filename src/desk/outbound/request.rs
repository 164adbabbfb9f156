//! A contact from outside.

use crate::config::campaigns::Customer;

/// A contact for a campaign, which somebody outside hands in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewContact {
    /// The name of the campaign.
    pub campaign: String,
    pub customer: Customer,
    /// The id of the only agent who is to have it.
    pub agent: Option<String>,
}
