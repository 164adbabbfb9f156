//! The probe: finds the step at which a connection to a Finesse, or to anything that speaks like one, fails, and says why.
//!
//! `dialogue` reads what both sides of a stream say, live or from a file, and judges each step; `peer` judges what is seen before
//! the stream, and `header` reads the tags around a stream over TCP; `live` says what a live probe does next, by the values of `plan`, `errand` what else a session can be for, and `carrier` what is around its stanzas; `explain` reads
//! files, `plain` those of text, `browser` the words of Chromium in them, and `compare` has two connections beside each other. Nothing here knows a socket
//! or a clock: times are since the first step began.
#![deny(clippy::disallowed_methods)]

mod browser;
mod carrier;
mod compare;
mod dialogue;
mod errand;
mod explain;
mod header;
mod live;
mod outcome;
mod peer;
mod plain;
mod plan;
mod response;
mod secret;
mod step;
mod symptom;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, Difference, compare};
pub use dialogue::{Dialogue, End, PING_LATE, Side};
pub use errand::{Errand, Event, Over, Progress};
pub use explain::explain;
pub use header::{NO_HTTP, RESET};
pub use live::Probe;
pub use outcome::{Fact, Outcome, Outcomes, Verdict, millis};
pub use peer::{Flaw, Got, NotConnected, NotSecured, Refusal, Secured, Upgrade, title};
pub use plan::{Do, Frame, Judged, Plan, Seen, Way};
pub use response::Response;
pub use secret::shown_url;
pub use step::Step;
pub use symptom::Symptom;
