//! callboard's own API below `/callboard/api/`: what its requests have in common.

pub(crate) mod calls;
mod certificates;
pub(crate) mod clock;
pub(crate) mod conformance;
pub(crate) mod contacts;
pub(crate) mod directory;
pub(crate) mod faults;
pub(crate) mod groups;
pub(crate) mod meters;
mod outside;
pub(crate) mod publish;
pub(crate) mod record;
pub(crate) mod reset;
pub(crate) mod scenario;
pub(crate) mod sessions;
pub(crate) mod snapshots;
pub(crate) mod status;
pub(crate) mod subscriptions;
pub(crate) mod tasks;
pub(crate) mod tickets;
pub(crate) mod users;
pub(crate) mod wait;

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::header::WWW_AUTHENTICATE;
use hyper::{HeaderMap, Request, StatusCode};
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
    let asked = Asked::of(&request);
    let served = serve(&site, request).await;
    asked.finish(&site, peer, served)
}

/// The part of a request that is kept until it is answered. It knows no handler, so that what it does is in the program once.
struct Asked {
    shown: String,
    with_ticket: bool,
    headers: HeaderMap,
}

impl Asked {
    fn of(request: &Request<Incoming>) -> Self {
        Self {
            shown: redact::request(request.method(), request.uri()),
            with_ticket: basic_auth::ticket_in(Query::of(request.uri())) != Ok(None),
            headers: request.headers().clone(),
        }
    }

    fn finish(
        self,
        site: &Rc<Site>,
        peer: SocketAddr,
        served: Result<(UserId, Response), HttpRefusal>,
    ) -> Response {
        let Self { shown, with_ticket, headers } = self;
        let (user, mut answer) = match served {
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
}
