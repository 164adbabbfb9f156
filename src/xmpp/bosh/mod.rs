//! BOSH: a stream over requests and answers of HTTP (XEP-0124, XEP-0206).
//!
//! Here is the bookkeeping of a session's requests and answers, as a state machine: envelopes and time go in, answers come out.
//! The elements in the envelopes are for the stream and the hub, the table of sessions is in the hub, and HTTP in `net`.
//!
//! Not there: several streams in one session (§16) and `report` (§9.2), which are optional.

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

use std::rc::Rc;

pub use binding::{Binding, Left, Turn};
pub use condition::{Condition, Violation};
pub use envelope::{Envelope, sid_of, without_mark, without_sid};
pub use pieces::Pieces;
pub use respond::Payloads;

use crate::xml::write_attribute;
use crate::xmpp::ns;

/// Id of an HTTP request that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(pub u64);

/// What answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub request: RequestId,
    /// The status code of HTTP.
    pub status: u16,
    /// The content type, if the client wants another one than [`CONTENT_TYPE`].
    pub content_type: Option<Rc<str>>,
    pub body: Rc<str>,
}

impl Answer {
    /// Whether it brings nothing: no payload, no end, no error.
    pub fn is_empty(&self) -> bool {
        self.body.ends_with("/>") && !self.body.contains(" type=")
    }
}

/// The content type of an answer, unless the client wants another one (XEP-0124 §7.1).
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// The end of a session that there is not (any more), or of one that should not begin; `payloads` is XML. A client
/// that does not say which version it speaks wants a status code for some conditions (XEP-0124 §17.1).
pub fn refusal(request: RequestId, condition: Condition, payloads: &str, legacy: bool) -> Answer {
    let status = condition.legacy_status().filter(|_| legacy).unwrap_or(200);
    Answer { request, status, content_type: None, body: terminate(Some(condition), payloads).into() }
}

/// A `<body/>` with these attributes, each after a space, around these payloads. Around the features or an error of the stream it
/// declares their prefix, though they do so themselves (XEP-0206 §2).
fn body(attributes: &str, payloads: &str) -> String {
    let mut head = format!("<body xmlns=\"{}\"{attributes}", ns::HTTPBIND);
    // What is handed on has no prefixes, and in text there is no such character.
    if payloads.contains("<stream:") {
        write_attribute(&mut head, "xmlns:stream", ns::STREAM);
    }
    if payloads.is_empty() { head + "/>" } else { format!("{head}>{payloads}</body>") }
}

/// The `<body/>` that ends a session, by the client's wish if there is no condition (XEP-0124 §13, §17.2).
fn terminate(condition: Option<Condition>, payloads: &str) -> String {
    let condition =
        condition.map_or_else(String::new, |condition| format!(" condition=\"{}\"", condition.name()));
    body(&format!(" type=\"terminate\"{condition}"), payloads)
}
