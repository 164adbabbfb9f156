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
use hyper::{HeaderMap, Method, Request, StatusCode};
use log::Level;

use crate::http::client::Client;
use crate::http::headers::forwarded::ViaProxy;
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{HttpRefusal, Response};
use crate::http::site::Site;
use crate::http::{basic_auth, redact, request_body, request_log};
use crate::hub::{StreamRequest, TicketKey};
use crate::id::UserId;

/// The rights that a request needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    User,
    Administrator,
    /// A ticket does, too, but not to change anything.
    UserOrTicket,
    AdministratorOrTicket,
}

/// A request whose user is known and has the rights.
#[derive(Clone, Copy)]
pub struct UserRequest<'a> {
    pub site: &'a Rc<Site>,
    pub request: &'a Request<Incoming>,
    pub client: &'a Client,
    pub peer: SocketAddr,
    pub user: UserId,
    ticket: Option<TicketKey>,
}

impl UserRequest<'_> {
    /// The same as a request for a stream.
    pub fn for_stream(&self) -> StreamRequest {
        let Self { request, peer, user, ticket, .. } = *self;
        StreamRequest { peer, user, ticket, via_proxy: ViaProxy::is_in(request) }
    }
}

type OnBody = dyn FnOnce(&Rc<Site>, &str) -> Result<Next, HttpRefusal>;
type OnAdmission = dyn FnOnce(&Rc<Site>) -> Result<Response, HttpRefusal>;

/// The outcome of a handler: it awaits nothing itself, so that the code that awaits is in the program once.
pub enum Step {
    Next(Next),
    /// The handler goes on with the text of the body, if the user has the rights then, too.
    Body(Box<OnBody>),
}

/// The outcome of a handler that has all of the request.
pub enum Next {
    Answer(Response),
    /// The handler goes on when so many bytes of the user's are admitted (see `held_requests`).
    Admission(usize, Box<OnAdmission>),
}

impl From<Response> for Step {
    fn from(answer: Response) -> Self {
        Self::Next(answer.into())
    }
}

impl From<Response> for Next {
    fn from(answer: Response) -> Self {
        Self::Answer(answer)
    }
}

pub type Served = Result<Step, HttpRefusal>;

/// The handler of the requests for a resource.
pub type Serve = fn(UserRequest<'_>) -> Served;

/// Lets `serve` answer a request of a user with the rights, with a line in the log.
pub async fn answer_user(
    site: Rc<Site>,
    request: Box<Request<Incoming>>,
    (peer, client): (SocketAddr, &Client),
    rights: Rights,
    serve: Serve,
) -> Response {
    let asked = Asked::of(&request);
    let served = served(&site, request, (peer, client), rights, serve).await;
    asked.finish(&site, peer, served)
}

async fn served(
    site: &Rc<Site>,
    request: Box<Request<Incoming>>,
    (peer, client): (SocketAddr, &Client),
    rights: Rights,
    serve: Serve,
) -> Result<(UserId, Response), HttpRefusal> {
    let takes_ticket = matches!(rights, Rights::UserOrTicket | Rights::AdministratorOrTicket);
    let (user, ticket) = match takes_ticket && request.method() != Method::DELETE {
        true => basic_auth::ticket_or_user(site, &request).await?,
        false => (basic_auth::user(site, &request).await?, None),
    };
    let check = || match rights {
        Rights::User | Rights::UserOrTicket => Ok(()),
        Rights::Administrator | Rights::AdministratorOrTicket => basic_auth::check_administrator(site, user),
    };
    check()?;
    // Not all of these are admitted, and none may be carried out and then refused.
    #[cfg(feature = "replica")]
    if !matches!(*request.method(), Method::GET | Method::HEAD)
        && site.driver.with_hub(|hub, _| hub.log_has_failed())
    {
        return Err(HttpRefusal::NOT_KEPT);
    }
    let body;
    let next = match serve(UserRequest { site, request: &request, client, peer, user, ticket })? {
        Step::Next(next) => next,
        Step::Body(then) => {
            body = request_body::text(site, request.into_body(), site.limits.payload).await?;
            // Another configuration may have come before the end of the body.
            check()?;
            then(site, &body)?
        }
    };
    let answer = match next {
        Next::Answer(answer) => answer,
        Next::Admission(bytes, then) => {
            site.driver.admit(user, bytes).await?;
            then(site)?
        }
    };
    Ok((user, answer))
}

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
