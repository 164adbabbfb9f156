//! A score of a client: which rules of the RFCs and of Cisco's guide a client of callboard keeps, as the record shows it.
//!
//! [`Client`] reads what a session and its user have done from the record, [`RULES`] judge it, and [`report`] writes the table.
//! What a client has to meet first is provoked by faults for its session. Nothing here is done before somebody asks, and nothing knows a
//! socket or a clock.
#![deny(clippy::disallowed_methods)]

mod client;
pub mod report;
mod rules;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use rules::{Finding, RULES, Rule, Verdict, fault_name};
