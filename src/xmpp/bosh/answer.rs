//! What answers a request, and the `<body/>` in it.

use std::rc::Rc;

use crate::xml::write_attribute;
use crate::xmpp::bosh::condition::Condition;
use crate::xmpp::ns;

/// Id of an HTTP request that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(pub u64);

/// What answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoshResponse {
    pub request: RequestId,
    /// The status code of HTTP.
    pub status: u16,
    /// The content type, if the client wants another one than [`CONTENT_TYPE`].
    pub content_type: Option<Rc<str>>,
    pub body: Rc<str>,
}

impl BoshResponse {
    /// Whether it brings nothing: no payload, no end, no error.
    pub fn is_empty(&self) -> bool {
        self.body.ends_with("/>") && !self.body.contains(" type=")
    }
}

/// The content type of an answer, unless the client wants another one (XEP-0124 §7.1).
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// The end of a session that there is not (any more), or of one that should not begin; `payloads` is XML. A client
/// that does not say which version it speaks wants a status code for some conditions (XEP-0124 §17.1).
pub fn refusal(request: RequestId, condition: Condition, payloads: &str, legacy: bool) -> BoshResponse {
    let status = condition.legacy_status().filter(|_| legacy).unwrap_or(200);
    BoshResponse { request, status, content_type: None, body: terminate(Some(condition), payloads).into() }
}

/// A `<body/>` with these attributes, each after a space, around these payloads. Around the features or an error of the stream it
/// declares their prefix, though they do so themselves (XEP-0206 §2).
pub(super) fn body(attributes: &str, payloads: &str) -> String {
    let mut head = format!("<body xmlns=\"{}\"{attributes}", ns::HTTPBIND);
    // What is handed on has no prefixes, and in text there is no such character.
    if payloads.contains("<stream:") {
        write_attribute(&mut head, "xmlns:stream", ns::STREAM);
    }
    if payloads.is_empty() { head + "/>" } else { format!("{head}>{payloads}</body>") }
}

/// The `<body/>` that ends a session, by the client's wish if there is no condition (XEP-0124 §13, §17.2).
pub(super) fn terminate(condition: Option<Condition>, payloads: &str) -> String {
    let condition =
        condition.map_or_else(String::new, |condition| format!(" condition=\"{}\"", condition.name()));
    body(&format!(" type=\"terminate\"{condition}"), payloads)
}
