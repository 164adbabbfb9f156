//! callboard's own API below `/callboard/api/`: what its requests have in common.

pub(crate) mod calls;
pub(crate) mod directory;
pub(crate) mod meters;
pub(crate) mod publish;
pub(crate) mod sessions;
pub(crate) mod status;
pub(crate) mod subscriptions;
pub(crate) mod tasks;
pub(crate) mod tickets;

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::header::WWW_AUTHENTICATE;
use hyper::{Request, StatusCode};
use log::Level;

use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{HttpRefusal, Response};
use crate::http::site::Site;
use crate::http::{basic_auth, redact, request_log};
use crate::id::UserId;

/// Lets `serve` answer a request, with a line in the log.
pub async fn answer(
    site: Rc<Site>,
    request: Request<Incoming>,
    peer: SocketAddr,
    serve: impl AsyncFnOnce(&Rc<Site>, Request<Incoming>) -> Result<(UserId, Response), HttpRefusal>,
) -> Response {
    let shown = redact::request(request.method(), request.uri());
    let with_ticket = basic_auth::ticket_in(Query::of(request.uri())) != Ok(None);
    let headers = request.headers().clone();
    let (user, mut answer) = match serve(&site, request).await {
        Ok((user, answer)) => (Some(user), answer),
        Err(refused) => (None, refused.into()),
    };
    if answer.status() == StatusCode::UNAUTHORIZED {
        basic_auth::challenge(&headers, &mut answer);
    }
    if with_ticket {
        // A browser would ask its user for a password, which would not help.
        answer.headers_mut().remove(WWW_AUTHENTICATE);
    }
    request_log::write(&site.driver, peer, user, &headers, &shown, answer.status(), Level::Info);
    answer
}
