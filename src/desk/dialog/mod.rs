//! Calls: who takes part in which, what each may do next, and what everybody hears of it (the guide, "Dialog").
//!
//! Here are dialogs and their participants, the table of actions, the commands that move a call, their documents
//! and events. Which agent a caller in a queue gets is in `call_distribution`, and what a call does to an agent's state in
//! `work`.

pub(super) mod call;
mod command;
pub(super) mod documents;
mod ending;
mod events;
pub(in crate::desk) mod failure;
mod handling;
mod listening;
pub(in crate::desk) mod making;
mod moving;
mod offered;
pub(super) mod request;

pub use request::{CallData, DialogRequest, Inbound};
