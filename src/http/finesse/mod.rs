//! Finesse's REST API below `/finesse/api/`: the way of a request to the desk and of its answer back.
//!
//! Here is HTTP: `routes` is the table of the API, `call` a request taken apart, `json` the other form of an answer. The desk
//! knows what a request means, and who may make it.

pub(crate) mod as_json;
pub(crate) mod request;
mod routes;

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode};
use log::Level;
use ring::digest::{SHA256, digest};

use crate::desk::{ApiError, ApiRefusal};
use crate::event_loop::threads;
use crate::http::headers::entity_tag;
use crate::http::headers::entity_tag::Verdict;
use crate::http::request_body::Incoming;
use crate::http::response::{Answer, ask_for_password, empty, options, set};
use crate::http::site::Site;
use crate::http::{basic_auth, redact, request_log};
use crate::id::UserId;
use crate::net::socket::Remote;
pub use request::{AS_USER, PREFIX, as_user};
use request::{Call, REQUEST_ID, Reply, Success};
use routes::Found;
pub use routes::shown;

/// A document may be kept, and is asked for again each time.
const CACHE_CONTROL: &str = "no-cache";

/// The header on which a document depends, beside its address.
const VARY: &str = "Accept";

/// A longer document is converted off the event loop, in bytes: a conversion reads what was just written once more.
const LARGE: usize = 64 * 1024;

/// Answers a request; `user`: as if the user of that id asked, which administrators may do.
pub async fn answer(
    site: Rc<Site>,
    request: Request<Incoming>,
    peer: SocketAddr,
    user: Option<String>,
) -> Answer {
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    let shown = redact::request(request.method(), request.uri());
    let headers = request.headers().clone();
    let remote = request.extensions().get().cloned();
    let (asker, reply) = serve(&site, request, &headers, (peer.ip(), remote), user.as_deref()).await;
    let as_json = as_json::is_asked_for(&headers);
    let mut answer = match reply {
        Ok(Success::Document(document)) if reads => tagged(&site, as_json, document, &headers).await,
        Ok(Success::Document(document)) => answer_with(StatusCode::OK, shown_as(as_json, document)),
        Ok(Success::Part(document, range)) => {
            let mut answer = tagged(&site, as_json, document, &headers).await;
            if answer.status() == StatusCode::OK {
                *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
                set(&mut answer, header::CONTENT_RANGE, range);
                // The tag would be that of the whole document (RFC 9110 §15.3.7).
                answer.headers_mut().remove(header::ETAG);
            }
            answer
        }
        Ok(Success::Accepted) => empty(StatusCode::ACCEPTED),
        Ok(Success::Methods(allowed)) => options(allowed),
        Err(error) => refused(as_json, &error),
    };
    if answer.status() == StatusCode::UNAUTHORIZED && asker.is_none() {
        ask_for_password(&mut answer);
    }
    echo_request_id(&headers, &mut answer);
    // A client that polls asks much, and an answer without news need not stand in the log.
    let level = if answer.status() == StatusCode::NOT_MODIFIED { Level::Debug } else { Level::Info };
    request_log::write(&site.driver, peer, asker, &headers, &shown, answer.status(), level);
    answer
}

/// Answers a change that a page of an origin asks for which is not allowed.
pub fn foreign(headers: &HeaderMap, refusal: ApiRefusal, origin: &str) -> Answer {
    let mut answer = refused(as_json::is_asked_for(headers), &refusal.about(origin));
    echo_request_id(headers, &mut answer);
    answer
}

fn refused(as_json: bool, error: &ApiError) -> Answer {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = answer_with(status, shown_as(as_json, error.document()));
    if let Some(Ok(allowed)) = error.allowed().map(HeaderValue::from_str) {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
    answer
}

/// Refuses a change of what is no more as the client takes it to be (RFC 9110 §13.1.1, §13.1.2); `document` is what there is.
fn check_conditions(headers: &HeaderMap, document: &str) -> Result<(), ApiError> {
    let tag = tag(as_json::is_asked_for(headers), document);
    match entity_tag::judge(headers, Some(&tag), false) {
        Verdict::Hold => Ok(()),
        Verdict::Failed | Verdict::NotModified => Err(ApiRefusal::Changed.about("")),
    }
}

fn echo_request_id(headers: &HeaderMap, answer: &mut Answer) {
    if let Some(id) = headers.get(REQUEST_ID) {
        set(answer, REQUEST_ID, id.clone());
    }
}

async fn serve(
    site: &Rc<Site>,
    request: Request<Incoming>,
    headers: &HeaderMap,
    (peer, remote): (IpAddr, Option<Remote>),
    instead: Option<&str>,
) -> (Option<UserId>, Reply) {
    let call = Call::read(site, request, headers);
    let resource = call.as_ref().map(routes::resource);
    match (&call, &resource) {
        (Some(call), Some(resource)) if call.method == Method::OPTIONS => {
            return (None, resource.as_ref().map(Found::options).map_err(ApiError::clone));
        }
        (Some(call), Some(Ok(resource))) => {
            if let Some(document) = resource.for_everybody(call) {
                return (None, Ok(Success::Document(document)));
            }
        }
        _ => {}
    }
    // This holds for every user and every request.
    if let Err(error) = site.driver.with_hub(|hub, _| hub.desk().in_service()) {
        return (None, Err(error));
    }
    let (Some(call), Some(resource)) = (call, resource) else {
        return (None, Err(ApiRefusal::PathUnknown.about("")));
    };
    match basic_auth::user_at(site, headers, peer, remote).await {
        Ok(user) => {
            let actor = match instead {
                None => Ok(user),
                Some(id) => site.driver.with_hub(|hub, _| hub.desk().stand_in(user, id)),
            };
            let reply = match (actor, resource) {
                (Ok(actor), Ok(resource)) => resource.reply(user, actor, call).await,
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
            (Some(user), reply)
        }
        // An unknown user and a wrong password look alike.
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED => {
            (None, Err(ApiRefusal::NotAllowed.about(basic_auth::given_name(headers))))
        }
        Err(_) => (None, Err(ApiRefusal::Busy.about(""))),
    }
}

/// A document as it is answered: its tag, whether the client wants it, and then what it is sent.
struct Made {
    tag: String,
    verdict: Verdict,
    shown: Option<Shown>,
}

/// A document in the form that is asked for.
struct Shown {
    kind: &'static str,
    body: String,
}

/// An answer with a document that one looks at, or 304 for a client that has it already (RFC 9110 §13.1.2): an empty poll is
/// cheap. A document that costs more than a turn of the event loop is made on another thread, one at a time.
async fn tagged(site: &Site, as_json: bool, document: String, headers: &HeaderMap) -> Answer {
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
fn shown_as(json: bool, document: String) -> Shown {
    match if json { as_json::from_xml(&document) } else { None } {
        Some(body) => Shown { kind: "application/json;charset=UTF-8", body },
        None => Shown { kind: "application/xml;charset=UTF-8", body: document },
    }
}

fn answer_with(status: StatusCode, Shown { kind, body }: Shown) -> Answer {
    let mut answer = Answer::new(body.into());
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, kind);
    set(&mut answer, header::CACHE_CONTROL, CACHE_CONTROL);
    set(&mut answer, header::VARY, VARY);
    answer
}
