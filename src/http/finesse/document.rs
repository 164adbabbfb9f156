//! A document as HTTP answers it: as XML or JSON, with its tag, and on conditions (RFC 9110 §8.8, §13).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderValue};
use ring::digest::{SHA256, digest};

use crate::desk::{ApiError, ApiRefusal};
use crate::event_loop::threads;
use crate::http::finesse::as_json;
use crate::http::headers::entity_tag;
use crate::http::headers::entity_tag::Verdict;
use crate::http::response::{Response, empty, set};
use crate::http::site::Site;

/// A document may be kept, and is asked for again each time.
const CACHE_CONTROL: &str = "no-cache";

/// The header on which a document depends, beside its address.
const VARY: &str = "Accept";

/// A longer document is converted off the event loop, in bytes: a conversion reads what was just written once more.
const LARGE: usize = 64 * 1024;

pub(super) fn refused(as_json: bool, error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = answer_with(status, shown_as(as_json, error.document()));
    if let Some(Ok(allowed)) = error.allowed().map(HeaderValue::from_str) {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
    answer
}

/// Refuses a change of what is no more as the client takes it to be (RFC 9110 §13.1.1, §13.1.2); `document` is what there is.
pub(super) fn check_conditions(headers: &HeaderMap, as_json: bool, document: &str) -> Result<(), ApiError> {
    let tag = tag(as_json, document);
    match entity_tag::judge(headers, Some(&tag), false) {
        Verdict::Hold => Ok(()),
        Verdict::Failed | Verdict::NotModified => Err(ApiRefusal::Changed.about("")),
    }
}

/// A document as it is answered: its tag, whether the client wants it, and then what it is sent.
struct Made {
    tag: String,
    verdict: Verdict,
    shown: Option<Shown>,
}

/// A document in the form that is asked for.
pub(super) struct Shown {
    kind: &'static str,
    body: String,
}

/// An answer with comma-separated values (RFC 7111), or 304 for a client that has them already.
pub(super) fn csv(headers: &HeaderMap, body: String) -> Response {
    let tag = tag(false, &body);
    let mut answer = match entity_tag::judge(headers, Some(&tag), true) {
        Verdict::Failed => return refused(false, &ApiRefusal::Changed.about("")),
        Verdict::NotModified => empty(StatusCode::NOT_MODIFIED),
        Verdict::Hold => answer_with(StatusCode::OK, Shown { kind: "text/csv;charset=UTF-8", body }),
    };
    set(&mut answer, header::CACHE_CONTROL, CACHE_CONTROL);
    set(&mut answer, header::ETAG, tag);
    answer
}

/// An answer with a document that one looks at, or 304 for a client that has it already (RFC 9110 §13.1.2): an empty poll is
/// cheap. A document that costs more than a turn of the event loop is made on another thread, one at a time.
pub(super) async fn tagged(site: &Site, as_json: bool, document: String, headers: &HeaderMap) -> Response {
    let Made { tag, verdict, shown } = if document.len() > LARGE {
        let permit = site.documents.acquire_arc().await;
        let headers = headers.clone();
        threads::run(move || {
            let made = make(as_json, document, &headers);
            drop(permit);
            made
        })
        .await
    } else {
        make(as_json, document, headers)
    };
    let mut answer = match (verdict, shown) {
        (Verdict::Failed, _) => return refused(as_json, &ApiRefusal::Changed.about("")),
        (_, Some(shown)) => answer_with(StatusCode::OK, shown),
        (_, None) => {
            let mut answer = empty(StatusCode::NOT_MODIFIED);
            set(&mut answer, header::CACHE_CONTROL, CACHE_CONTROL);
            set(&mut answer, header::VARY, VARY);
            answer
        }
    };
    set(&mut answer, header::ETAG, tag);
    answer
}

/// Looks whether a document is wanted, and converts it only then: the tag is that of the XML.
fn make(as_json: bool, document: String, headers: &HeaderMap) -> Made {
    let tag = tag(as_json, &document);
    let verdict = entity_tag::judge(headers, Some(&tag), true);
    let shown = matches!(verdict, Verdict::Hold).then(|| shown_as(as_json, document));
    Made { tag, verdict, shown }
}

/// A strong entity tag (RFC 9110 §8.8.1): the first half of the document's SHA-256. The JSON follows from the XML, and has
/// a tag of its own because its bytes are others.
fn tag(as_json: bool, document: &str) -> String {
    let hash = digest(&SHA256, document.as_bytes());
    let start = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]);
    format!("\"{start}{}\"", if as_json { "-json" } else { "" })
}

/// A document, or the same as JSON.
pub(super) fn shown_as(json: bool, document: String) -> Shown {
    match if json { as_json::from_xml(&document) } else { None } {
        Some(body) => Shown { kind: "application/json;charset=UTF-8", body },
        None => Shown { kind: "application/xml;charset=UTF-8", body: document },
    }
}

pub(super) fn answer_with(status: StatusCode, Shown { kind, body }: Shown) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, kind);
    set(&mut answer, header::CACHE_CONTROL, CACHE_CONTROL);
    set(&mut answer, header::VARY, VARY);
    answer
}
