//! BOSH: a stream over requests and answers of HTTP (XEP-0124, XEP-0206).
//!
//! Here is the bookkeeping of a session's requests and answers, as a state machine: envelopes and time go in, answers come out.
//! The elements in the envelopes are for the stream and the hub, the table of sessions is in the hub, and HTTP in `net`.
//!
//! Not there: several streams in one session (§16) and `report` (§9.2), which are optional.

mod answer;
mod binding;
mod condition;
mod ending;
mod envelope;
mod keys;
mod pieces;
mod respond;
mod terms;
#[cfg(test)]
mod tests;

pub use answer::{BoshResponse, CONTENT_TYPE, RequestId, refusal};
pub use binding::{Binding, Left, Turn};
pub use condition::{Condition, Violation};
pub use envelope::{Envelope, sid_of, without_mark, without_sid};
pub use pieces::Pieces;
pub use respond::Payloads;
