//! The record: what has happened, in one order for all clients and all ways. Requests and their responses, frames, events, states of
//! agents, faults, sessions and logins, each with a number and a time.
//!
//! [`Record`] is a ring with two bounds; `hub/recording.rs` feeds it. [`Query`] says what of it is wanted, and [`export`] writes a
//! session as a file. No secret comes in: what is handed over is masked. Nothing here knows a socket or a clock.
#![deny(clippy::disallowed_methods)]

mod entry;
pub mod export;
mod mask;
mod query;
mod ring;
mod wait;

#[cfg(test)]
mod tests;
mod wire;

pub use entry::{Entry, Key, Kind, TEXT_MAX, Text};
pub use mask::body;
pub use query::{Filter, LIMIT_MAX, PARAMETERS, Problem, Query};
pub use ring::{BYTES_PER_ENTRY, Page, Record};
pub use wait::{Ending, TooManyWaits, WAITS_MAX, Wait};
pub use wire::Wire;
