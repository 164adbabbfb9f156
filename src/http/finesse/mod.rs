//! Finesse's REST API below `/finesse/api/`: the way of a request to the desk and of its answer back.
//!
//! Here is HTTP: `routes` is the table of the API, `request` a request taken apart, `document` an answer with one. The desk
//! knows what a request means, and who may make it.

pub(crate) mod as_json;
mod document;
mod form;
pub(crate) mod request;
mod routes;

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use hyper::header::{self, HeaderMap};
use hyper::{Method, Request, StatusCode};
use log::Level;

use crate::desk::{ApiError, ApiRefusal};
use crate::fault::Hit;
use crate::http::request_body::Incoming;
use crate::http::response::{Response, empty, options, set};
use crate::http::site::Site;
use crate::http::{basic_auth, faults, redact, request_log};
use crate::id::UserId;
use crate::net::socket::Remote;
use document::{answer_with, shown_as, tagged};
pub use request::{AS_USER, PREFIX, REQUEST_ID, as_user};
use request::{Call, Reply, Success};
use routes::Found;
pub use routes::shown;

/// Answers a request; `user`: as if the user of that id asked, which administrators may do.
pub async fn answer(
    site: Rc<Site>,
    request: Request<Incoming>,
    (peer, secure): (SocketAddr, bool),
    user: Option<String>,
) -> Response {
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    let shown = redact::request(request.method(), request.uri());
    let headers = request.headers().clone();
    let remote = request.extensions().get().cloned();
    let mut fault = None;
    let client = (peer.ip(), remote, secure);
    let (asker, reply) = serve(&site, request, &headers, client, user.as_deref(), &mut fault).await;
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
        Ok(Success::Stored(location)) => {
            let mut answer = empty(StatusCode::OK);
            if let Some(location) = location {
                set(&mut answer, header::LOCATION, location);
            }
            answer
        }
        Ok(Success::Csv(text)) => document::csv(&headers, text),
        Ok(Success::Accepted) => empty(StatusCode::ACCEPTED),
        Ok(Success::Methods(allowed)) => options(allowed),
        Err(error) => document::refused(as_json, &error),
    };
    if answer.status() == StatusCode::UNAUTHORIZED && asker.is_none() {
        basic_auth::challenge(&headers, &mut answer);
    }
    echo_request_id(&headers, &mut answer);
    if let Some(hit) = fault {
        faults::mark(&mut answer, &hit);
    }
    // A client that polls asks much, and an answer without news need not stand in the log.
    let level = if answer.status() == StatusCode::NOT_MODIFIED { Level::Debug } else { Level::Info };
    request_log::write(&site.driver, peer, asker, &headers, &shown, answer.status(), level);
    answer
}

/// Answers a request with an error, in the form that the client asks for.
pub fn refused(headers: &HeaderMap, error: &ApiError) -> Response {
    document::refused(as_json::is_asked_for(headers), error)
}

/// Answers a change that a page of an origin asks for which is not allowed.
pub fn foreign(headers: &HeaderMap, refusal: ApiRefusal, origin: &str) -> Response {
    let mut answer = refused(headers, &refusal.about(origin));
    echo_request_id(headers, &mut answer);
    answer
}

fn echo_request_id(headers: &HeaderMap, answer: &mut Response) {
    if let Some(id) = headers.get(REQUEST_ID) {
        set(answer, REQUEST_ID, id.clone());
    }
}

async fn serve(
    site: &Rc<Site>,
    request: Request<Incoming>,
    headers: &HeaderMap,
    (peer, remote, secure): (IpAddr, Option<Remote>, bool),
    instead: Option<&str>,
    fault: &mut Option<Hit>,
) -> (Option<UserId>, Reply) {
    let call = Call::read(site, request, headers, secure);
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
    // This holds for every user.
    let is_always_served =
        matches!((&call, &resource), (Some(call), Some(Ok(found))) if found.needs_no_service(call));
    if let Err(error) = site.driver.with_hub(|hub, _| hub.desk().in_service())
        && !is_always_served
    {
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
                (Ok(actor), Ok(resource)) => {
                    if site.faults && resource.is_for_primary(&call, actor) {
                        *fault = faults::of_configuration(site, actor);
                    }
                    match fault {
                        Some(_) => Err(ApiRefusal::SecondaryNode.about("")),
                        None => resource.reply(user, actor, call).await,
                    }
                }
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
