//! `GET /events?node=NODE&node=NODE…`: server-sent events (WHATWG HTML §9.2), for clients that need no more than HTTP.

pub(crate) mod body;
mod format;

use std::borrow::Cow;

use hyper::header::{HeaderMap, HeaderName};

use crate::http::callboard::{Served, UserRequest};
use crate::http::query::{Query, Repeated};
use crate::pubsub::After;

/// Where the streams are.
pub const PATH: &str = "/events";

/// By which a client says what it has seen last (§9.2.4).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The parameters by which the usual polyfills say in a query what a client has seen last.
const LAST_EVENT_IDS: [&str; 3] = ["lastEventId", "lastEventID", "Last-Event-ID"];

/// Opens a stream.
pub fn open(asked: UserRequest<'_>) -> Served {
    let UserRequest { site, request, client, .. } = asked;
    let query = Query::of(request.uri());
    let nodes: Vec<_> = query.all("node").collect();
    let after = last_seen(query)?;
    let after = after_of(request.headers(), after.as_deref());
    let nodes = nodes.iter().map(|node| &**node);
    let id = site.driver.with_hub(|hub, now| hub.open_events(now, asked.for_stream(), nodes, after))?;
    Ok(body::answer(site, id, &client.carried).into())
}

/// Finds in the query what the client has seen last: where it has left off once (`after`), or what a polyfill has seen since
/// then, which has no other way to say it to a browser's own connection.
fn last_seen(query: Query<'_>) -> Result<Option<Cow<'_, str>>, Repeated> {
    for name in LAST_EVENT_IDS {
        if let Some(id) = query.one(name)?.filter(|id| !id.is_empty()) {
            return Ok(Some(id));
        }
    }
    query.one("after")
}

/// Finds what the client has seen last: the header wins over the query, because a browser sends it when it comes back to the
/// same address. A header that is no text was never an id.
fn after_of<'a>(headers: &'a HeaderMap, query: Option<&'a str>) -> After<'a> {
    let given = match headers.get(LAST_EVENT_ID) {
        Some(header) => match std::str::from_utf8(header.as_bytes()) {
            Ok(id) => id,
            Err(_) => return After::Unknown,
        },
        None => query.unwrap_or_default(),
    };
    if given.is_empty() { After::Now } else { After::Item(given) }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_polyfill_says_in_its_own_words_what_it_has_seen_since_it_was_opened() {
        for (query, seen) in [
            ("node=/a", None),
            ("after=1", Some("1")),
            ("lastEventId=2", Some("2")),
            ("lastEventID=2", Some("2")),
            ("Last-Event-ID=2", Some("2")),
            ("after=1&lastEventId=2", Some("2")),
            ("lastEventId=&after=1", Some("1")),
            ("lastEventId=%C3%A9", Some("\u{e9}")),
        ] {
            let found = last_seen(Query::new(query)).expect("none stands twice");
            assert_eq!(found.as_deref(), seen, "{query}");
        }
    }

    #[test]
    fn the_header_wins_and_what_is_no_text_is_unknown() {
        for (header, query, after) in [
            (None, None, After::Now),
            (None, Some(""), After::Now),
            (None, Some("q"), After::Item("q")),
            (Some(&b"h"[..]), None, After::Item("h")),
            (Some(b"h"), Some("q"), After::Item("h")),
            (Some("\u{e9}".as_bytes()), None, After::Item("\u{e9}")),
            (Some(b""), Some("q"), After::Now),
            (Some(b"\xe9"), Some("q"), After::Unknown),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert(LAST_EVENT_ID, HeaderValue::from_bytes(header).expect("a good header"));
            }
            assert_eq!(after_of(&headers, query), after, "{header:?} {query:?}");
        }
    }
}
