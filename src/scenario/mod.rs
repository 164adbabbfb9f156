//! Scenarios: a contact centre that plays by itself. Callers come, agents answer and talk, steps are taken by time and by event, and
//! a verdict says whether all was as it was expected to be.
//!
//! A file (TOML, read as the configuration is) becomes a [`File`], and a [`Scenario`] while it is played: time and events go in,
//! [`Order`]s come out, which the hub carries out as it does for clients. Chance comes from a seed, each actor has its own, and nothing is computed
//! with floating point: a seed gives the same run on every platform. Nothing here knows a socket or a clock.
#![deny(clippy::disallowed_methods)]

mod acts;
mod calls;
mod check;
mod crowd;
mod distribution;
mod file;
mod keys;
mod order;
mod parts;
mod play;
mod player;
mod random;
mod rate;
mod read;
mod read_requests;
mod read_steps;
mod recorded;
mod report;
mod shipped;
mod tables;
#[cfg(test)]
mod tests;
mod values;
mod watch;

pub use crowd::crowd;
pub use file::{AGENTS_MAX, Do, File, SECTIONS_MAX};
pub use order::Order;
pub use play::Scenario;
pub use random::Random;
pub use recorded::recorded;
pub use report::{Outcome, Verdict};
pub use shipped::{SHIPPED, shipped};
