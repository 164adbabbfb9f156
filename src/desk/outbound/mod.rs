//! Outbound campaigns (the guide, "Dialog: accept, close, or reject an Outbound Option Preview reservation", "a Direct Preview
//! outbound reservation", "reclassify", "schedule or cancel a callback").
//!
//! A contact waits for an agent who is ready, who is reserved for it by a call of the dialer. The agent accepts, and the customer
//! is called; or the contact waits again, or is closed.

pub(in crate::desk) mod actions;
pub(in crate::desk) mod contacts;
mod data;
mod dialing;
mod listing;
mod offering;
pub(in crate::desk) mod request;
mod reservation;

pub use listing::ListedContact;
pub use request::NewContact;
