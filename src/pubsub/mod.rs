//! XEP-0060: nodes, subscriptions, items.
//!
//! [`service`] is the service as plain state, with its nodes ([`nodes`]), subscriptions ([`subscriptions`]) and last events ([`journal`]). Every change is a
//! [`Command`]. [`values`] are its input and output, [`iq`] its requests and answers in XML, and [`event`] the events that it
//! sends. The hub knows which sessions are on line, and the desk what the nodes of a contact centre mean.
#![deny(clippy::disallowed_methods)]

pub mod command;
#[cfg(feature = "replica")]
mod entries;
pub mod event;
pub mod iq;
pub mod journal;
pub mod nodes;
pub mod service;
#[cfg(feature = "replica")]
pub mod shared;
pub mod subscriptions;
pub mod values;

pub use command::{Change, Command};
pub use journal::After;
pub use nodes::NodeId;
pub use service::Pubsub;
#[cfg(feature = "replica")]
pub use shared::Shared;
pub use subscriptions::Subscription;
pub use values::{
    History, Item, ItemId, NodeSpec, Payload, Publisher, PubsubError, Quota, Settings, Subscriber, Uniqueness,
};
