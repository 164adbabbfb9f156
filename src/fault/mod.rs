//! Faults: failures of a Finesse connection that somebody causes on purpose, for the clients that they choose and for a time.
//!
//! A fault has a name, a kind (a row of [`TABLE`]), a target and a trigger. This room decides whom a fault touches and when, and
//! counts it; `hub`, `http` and `net` ask it at their points and do what the kind says. Nothing here knows a socket or a clock.
#![deny(clippy::disallowed_methods)]

mod kind;
mod parameter;
mod pattern;
mod set;
mod spec;
mod table;
mod target;
#[cfg(test)]
mod tests;

pub use kind::{Cut, Defect, Kind, Point};
pub use parameter::{Form, Parameter};
pub use pattern::Pattern;
pub use set::{FAULTS_MAX, Fault, Faults, Hit, NotSet};
pub use spec::{COMMON, Origin, Problem, Spec, TARGETS, is_name, is_plain_name};
pub use table::{Row, TABLE};
pub use target::{Step, Subject, Target};
