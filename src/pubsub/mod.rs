//! XEP-0060: nodes, subscriptions, items.
//!
//! Here are the service as plain state ([`service`]) with its nodes ([`nodes`]) and last events ([`journal`]), its input and
//! output ([`values`]), its requests and answers in XML ([`iq`]), and the events it sends ([`event`]). The hub knows who is on
//! line and where an event goes, and the desk what the nodes of a contact centre mean.
#![deny(clippy::disallowed_methods)]

pub mod event;
pub mod iq;
pub mod journal;
pub mod nodes;
pub mod service;
pub mod values;

pub use journal::After;
pub use nodes::NodeId;
pub use service::Pubsub;
pub use values::{Item, NodeSpec, Payload, Publisher, Quota, Refusal, Settings, Subscriber};
