//! Shared state: the bytes of all that several servers have in common, and that is there again after a loss of power.
//!
//! [`state`] has the head of such bytes, [`sections`] what of the configuration has to be the same, and [`codec`] the bytes of values.
//! How desk and pubsub are coded stands beside them (`desk/shared`, `pubsub/shared.rs`); `hub/shared.rs` joins all.
#![deny(clippy::disallowed_methods)]

pub mod codec;
pub mod entry;
pub mod objects;
pub mod sections;
pub mod state;
pub mod sum;
pub mod variants;
