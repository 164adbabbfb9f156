//! callboard's own API and its page.

pub mod calls;
mod certificates;
mod clock;
mod conformance;
mod directory;
mod documents;
mod fault_sides;
mod faults;
mod file_faults;
mod frames;
mod gadgets;
mod meters;
mod metrics;
mod page;
mod publish;
mod recipes;
mod record;
mod recorded;
mod reset;
mod scenario;
mod snapshots;
mod status;
mod subscriptions;
mod users;
mod wait;
