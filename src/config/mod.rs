//! The static world: who may log in, where to listen, what is bounded. It never changes while it is in use; another one
//! may take its place, but for what is [`Fixed`].
//!
//! A configuration is a TOML file (`deploy/demo.toml` shows every key). All that is wrong with one is reported at
//! once, each problem at its place, by [`Config::load`] and [`Config::parse`].

mod books;
pub(crate) mod browsers;
pub mod call_variable;
pub mod campaigns;
#[cfg(feature = "cluster")]
pub mod cluster;
mod configuration;
mod devices;
pub(crate) mod document;
mod faults;
mod files;
mod guessable;
pub mod guests;
mod keys;
mod layouts;
pub mod limits;
mod load;
mod mechanisms;
mod media;
mod network;
mod objects;
pub mod password;
mod people;
pub(crate) mod problem;
mod queues;
mod read;
mod reasons;
pub(crate) mod restart_only;
mod rules;
pub mod scram;
pub(crate) mod section;
mod server;
pub mod settings;
pub(crate) mod shared_keys;
#[cfg(test)]
mod tests;
mod users;
pub mod web_origin;
pub mod workflows;

pub use books::{Contact, MOST_CONTACTS, PhoneBook};
pub use configuration::{Config, MOST_ENTRIES};
pub use devices::Device;
pub use faults::{FaultKey, FaultSection};
pub use files::{Files, Found, Origin, SelfSigned, TlsFiles, Unread, Www};
pub use keys::SECTIONS;
pub use layouts::{Entry, Layout, MOST_LAYOUTS};
pub use load::DEMO;
pub use media::{Medium, VOICE};
pub use network::Network;
pub use objects::{LAYOUT_ROOT, LONGEST_LAYOUT, Objects};
pub use problem::{Place, Problem, nearest, proposal};
pub use queues::{Outside, Queue};
pub use restart_only::Fixed;
pub use server::{
    Durability, Hosts, NodeAccess, NodeConfig, Profile, QueueStatistics, Release, Subscriptions,
};
pub use users::{Category, ReasonCode, Role, Team, User};
