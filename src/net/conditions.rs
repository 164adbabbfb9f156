//! Entity tags in the headers of a request (RFC 9110 §13.1).

use hyper::header::{HeaderMap, HeaderName, IF_MATCH};

/// Whether one of the entity tags in a header is `tag`, or it is `*`, as there is something with a tag. Weak tags fit too
/// (§8.8.3.2), but for If-Match.
pub fn lists(headers: &HeaderMap, name: HeaderName, tag: &str) -> bool {
    let weak = name != IF_MATCH;
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|other| other == "*" || other == tag || (weak && other.strip_prefix("W/") == Some(tag)))
}
