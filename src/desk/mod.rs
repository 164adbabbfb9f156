//! The contact centre: its users, their states, and its nodes.
//!
//! A [`Desk`] has users, teams and lists as the configuration has them, the state of every agent and call, and the messages that
//! teams are shown. A [`Command`] goes in with the time; out come an error, or the events in the order in which they have to be
//! published. The documents of the REST API can be read at any time. XMPP and HTTP are elsewhere.
#![deny(clippy::disallowed_methods)]

mod access;
mod agent_state;
mod auth_mode;
mod call_distribution;
mod client_log;
mod command;
mod configuration;
mod connected;
mod contact_centre;
mod devices;
mod dialog;
mod directory;
mod documents;
#[cfg(feature = "replica")]
mod entries;
mod error;
mod event;
mod failing;
mod going_back;
mod lists;
mod maintenance;
mod maintenance_mode;
mod media;
mod messages;
pub mod nodes;
mod outbound;
mod played;
mod presence;
mod queue;
mod reasons;
mod reload;
mod request;
mod reset;
mod secondary_node;
mod service;
mod serviceability;
#[cfg(feature = "replica")]
mod shared;
mod sign_in;
mod state;
mod status;
mod team_messages;
#[cfg(test)]
mod tests;
mod timers;
mod work;
mod write;

pub use access::Whose;
pub use command::{Applied, Command, Request};
pub use configuration::{Action, Change, Element, Object, contacts_of_csv};
pub use connected::{ClientKind, Connected, ConnectedUser};
pub use contact_centre::Desk;
pub use dialog::{CallData, DialogRequest, Inbound};
pub use directory::Directory;
pub use error::{ApiError, ApiRefusal};
pub use event::Event;
pub use failing::Failing;
pub use going_back::{Contents, Past};
pub use maintenance::StartMaintenance;
pub use media::{MediumRequest, NewTask};
pub use outbound::{ListedContact, NewContact};
pub use played::Part;
pub use request::{ClientLog, NewMessage, SetState};
pub use secondary_node::SecondaryNode;
#[cfg(feature = "replica")]
pub use shared::World;
pub use status::Status;
