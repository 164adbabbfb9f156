//! The tags around a stream over TCP, which are no whole elements (RFC 6120 §4.2), and what comes in their place.

use std::borrow::Cow;

use super::symptom::Symptom;

pub use crate::xmpp::stream::END;

const START: &str = "<stream:stream";

/// A text without an XML declaration before it (RFC 6120 §11.5).
pub fn undeclared(text: &str) -> &str {
    let text = text.trim_start();
    let declared = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    declared.map_or(text, |(_, rest)| rest.trim_start())
}

/// Whether a text begins with the start tag of a stream.
pub fn is_header(text: &str) -> bool {
    undeclared(text).starts_with(START)
}

/// Whether it is one tag around a stream, and nothing else.
pub fn is_tag(text: &str) -> bool {
    let text = undeclared(text).trim_end();
    text == END || (text.starts_with(START) && text.find('>') == Some(text.len() - 1))
}

/// The start tag of a stream as an element without content; any other text as it is.
pub fn whole(text: &str) -> Cow<'_, str> {
    let tag = undeclared(text).trim_end();
    match tag.strip_suffix('>').filter(|start| is_header(tag) && !start.ends_with('/')) {
        Some(start) => format!("{start}/>").into(),
        None => text.into(),
    }
}

/// The cause of something that is no XML in place of the start of a stream over TCP.
pub fn no_stream(said: &str) -> Symptom {
    match said {
        _ if said.starts_with(HTTP) => Symptom::SpeaksHttp,
        // The type and the version of a record (RFC 8446 §5.1): an alert or a handshake.
        _ if said.starts_with("\u{15}\u{3}") || said.starts_with("\u{16}\u{3}") => Symptom::TlsExpected,
        _ => Symptom::NotWellFormed,
    }
}

/// The start of the status line of a response (RFC 9112 §4).
pub const HTTP: &str = "HTTP/";

/// The reason of an upgrade that failed where the answer is a stream over TCP.
pub const NO_HTTP: &str = "the answer is a stream of XMPP over TCP";

/// The reason of an end that was a reset (RFC 9293 §3.5.2).
pub const RESET: &str = "the connection was reset";

/// The first line of what a server has said.
pub fn first_line(said: &str) -> &str {
    said.lines().next().unwrap_or_default()
}
