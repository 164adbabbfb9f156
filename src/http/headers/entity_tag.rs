//! Conditional requests (RFC 9110 §13) for what has an entity tag at most, and no date.

use hyper::header::{self, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use hyper::{Method, Request, StatusCode};

use crate::http::response::{Body, HttpRefusal, Response, empty};

const CHANGED: HttpRefusal = HttpRefusal {
    status: StatusCode::PRECONDITION_FAILED,
    sentence: "What is there is not what you take it for.",
};

/// The result of the conditions of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Do what is asked.
    Hold,
    /// 304: the client has it.
    NotModified,
    /// 412
    Failed,
}

/// Goes through the conditions in the order of RFC 9110 §13.2.2. `tag` is that of what there is; `reads`: the request is GET or
/// HEAD.
pub fn judge(headers: &HeaderMap, tag: Option<&str>, reads: bool) -> Verdict {
    if headers.contains_key(IF_MATCH) && !lists(headers, IF_MATCH, tag) {
        Verdict::Failed
    } else if !lists(headers, IF_NONE_MATCH, tag) {
        Verdict::Hold
    } else if reads {
        Verdict::NotModified
    } else {
        Verdict::Failed
    }
}

/// Refuses a change of what is not as the request takes it to be; `tag` is that of what there is.
pub fn check_change(headers: &HeaderMap, tag: Option<&str>) -> Result<(), HttpRefusal> {
    match judge(headers, tag, false) {
        Verdict::Hold => Ok(()),
        Verdict::NotModified | Verdict::Failed => Err(CHANGED),
    }
}

/// The conditions of a request that reads.
pub struct Conditions(HeaderMap);

impl Conditions {
    /// The conditions of a request, if it has any.
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let headers = request.headers();
        let conditional = headers.contains_key(IF_MATCH) || headers.contains_key(IF_NONE_MATCH);
        (reads && conditional).then(|| Self(headers.clone()))
    }

    /// Puts another answer in the place of one that does not meet them. Where they have been looked at before, they hold.
    pub fn apply(&self, answer: Response) -> Response {
        if answer.status() != StatusCode::OK || matches!(answer.body(), Body::Pieces(_)) {
            return answer;
        }
        let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
        match judge(&self.0, tag, true) {
            Verdict::Hold => answer,
            Verdict::Failed => CHANGED.into(),
            Verdict::NotModified => {
                let mut short = empty(StatusCode::NOT_MODIFIED);
                // The headers that a cache needs with a 304 (§15.4.5).
                for name in [header::ETAG, header::CACHE_CONTROL, header::VARY] {
                    for value in answer.headers().get_all(&name) {
                        short.headers_mut().append(&name, value.clone());
                    }
                }
                short
            }
        }
    }
}

/// Whether one of the entity tags in a header is `tag`, or it is `*`, as there is something. Weak tags fit too (§8.8.3.2),
/// but for If-Match.
pub fn lists(headers: &HeaderMap, name: HeaderName, tag: Option<&str>) -> bool {
    let weak = name != IF_MATCH;
    headers.get_all(name).iter().any(|value| {
        let value = value.as_bytes().trim_ascii();
        value == b"*"
            || tag.is_some_and(|tag| {
                tags(value).any(|(is_weak, other)| (weak || !is_weak) && other == tag.as_bytes())
            })
    })
}

/// The entity tags of a list with their quotation marks, and which of them are weak. There may be a comma in one (§8.8.3).
fn tags(mut list: &[u8]) -> impl Iterator<Item = (bool, &[u8])> {
    std::iter::from_fn(move || {
        let start = list.iter().position(|byte| !b" \t,".contains(byte))?;
        let rest = &list[start..];
        let opaque = rest.strip_prefix(b"W/");
        let is_weak = opaque.is_some();
        let opaque = opaque.unwrap_or(rest);
        let end = opaque.strip_prefix(b"\"")?.iter().position(|byte| *byte == b'"')? + 2;
        let (tag, after) = opaque.split_at(end);
        list = after.trim_ascii_start();
        // A tag with anything else behind it is none.
        (list.is_empty() || list[0] == b',').then_some((is_weak, tag))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, header::HeaderValue::from_bytes(value).expect("a good header"));
        headers
    }

    #[test]
    fn a_tag_is_found_whatever_stands_beside_it() {
        for value in [
            &b"\"t\""[..],
            b"W/\"t\"",
            b" , \"a\" ,, \"t\"",
            b"\"\xe4\", \"t\"",
            b"\"a,b\",\"t\"",
            b"*",
            b" * ",
        ] {
            assert!(lists(&headers(IF_NONE_MATCH, value), IF_NONE_MATCH, Some("\"t\"")), "{value:?}");
        }
        for value in [
            &b""[..],
            b"t",
            b"\"T\"",
            b"\"t",
            b"\"a,*,b\"",
            b"\"a\",t",
            b"\"t\"x",
            b"\"a,\"t\",b\"",
            b"w/\"t\"",
            b"\"x\" *",
        ] {
            assert!(!lists(&headers(IF_NONE_MATCH, value), IF_NONE_MATCH, Some("\"t\"")), "{value:?}");
        }
        assert!(!lists(&headers(IF_MATCH, b"W/\"t\""), IF_MATCH, Some("\"t\"")), "weak tags are not enough");
    }

    #[test]
    fn what_has_no_tag_is_there_all_the_same() {
        for (name, value, reads, verdict) in [
            (IF_MATCH, &b"*"[..], true, Verdict::Hold),
            (IF_MATCH, b"\"t\"", true, Verdict::Failed),
            (IF_NONE_MATCH, b"\"t\"", true, Verdict::Hold),
            (IF_NONE_MATCH, b"*", true, Verdict::NotModified),
            (IF_NONE_MATCH, b"*", false, Verdict::Failed),
        ] {
            assert_eq!(judge(&headers(name.clone(), value), None, reads), verdict, "{name} {value:?}");
        }
    }
}
