//! HTTP/1.0 and 1.1 on every listener: the routes, and what all answers have in common.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use hyper::body::{Body as _, Incoming};
use hyper::header;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode, Version};
use percent_encoding::percent_decode_str;
use smol_hyper::rt::{FuturesIo, SmolTimer};

use super::answer::{Answer, empty, set, text};
use super::cors::Asker;
use super::io::Io;
use super::server::Server;
use super::www::Www;
use super::{bosh, calls, own, publish, rest, status, ws, www};
use crate::hub::Origin;

/// Most headers of one request that are read.
const HEADERS_MAX: usize = 64;

/// Serves one connection until it is closed or becomes a WebSocket.
pub async fn serve(server: Rc<Server>, mut io: Io, origin: Origin) {
    let (peer, secure) = (io.peer, io.is_secure());
    let limits = &server.limits;
    io.set_patience(Some(limits.login));
    let service = service_fn(|request| {
        let server = server.clone();
        async move { Ok::<_, Infallible>(route(server, request, origin, secure).await) }
    });
    let connection = http1::Builder::new()
        .timer(SmolTimer::new())
        // Counts from the start of the connection, and again while the next request is waited for.
        .header_read_timeout(limits.login)
        .max_buf_size(limits.http_header)
        .max_headers(HEADERS_MAX)
        .title_case_headers(true)
        .serve_connection(FuturesIo::new(io), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        log::info!("{peer} http: closed: {error}");
    }
}

async fn route(server: Rc<Server>, request: Request<Incoming>, origin: Origin, secure: bool) -> Answer {
    // hyper leaves this to us (RFC 9112 §3.2).
    if request.version() == Version::HTTP_11 && request.headers().get_all(header::HOST).iter().count() != 1 {
        return text(StatusCode::BAD_REQUEST, "A request of HTTP/1.1 has one Host header.");
    }
    let place = Place::of(&server, request.uri().path());
    if let Some(Place::WebSocket) = place {
        return match *request.method() {
            Method::GET => upgrade(server, request, origin),
            _ => not_allowed(Place::WebSocket.methods()),
        };
    }
    let asker = Asker::of(request.headers(), secure, &server.cors_origins);
    let mut answer = match asker.answer(&request, origin.peer) {
        Some(answer) => answer,
        None => at(place, server, request, origin.peer, secure).await,
    };
    asker.mark(&mut answer);
    answer
}

async fn at(
    place: Option<Place>,
    server: Rc<Server>,
    request: Request<Incoming>,
    peer: SocketAddr,
    secure: bool,
) -> Answer {
    let Some(place) = place else {
        return text(
            StatusCode::NOT_FOUND,
            "Nothing here. callboard serves /ws/ (XMPP over WebSocket), /http-bind/ (over BOSH), /finesse/api, /callboard/api and /healthz.",
        );
    };
    match (&place, request.method()) {
        (_, &Method::OPTIONS) => {
            let mut answer = empty(StatusCode::NO_CONTENT);
            set(&mut answer, header::ALLOW, place.methods());
            answer
        }
        (Place::Bosh, &Method::POST) => bosh::answer(server, request, peer, secure).await,
        (Place::Rest, _) => rest::answer(server, request, peer).await,
        (Place::Publish, &Method::POST) => own::answer(server, request, peer, publish::serve).await,
        (Place::Calls, &Method::POST) => own::answer(server, request, peer, calls::place).await,
        (Place::Call, &Method::DELETE) => own::answer(server, request, peer, calls::end).await,
        (Place::Status, &Method::GET | &Method::HEAD | &Method::POST) => {
            own::answer(server, request, peer, status::serve).await
        }
        (Place::Health, &Method::GET | &Method::HEAD) => text(StatusCode::OK, "ok"),
        (Place::File(www), &Method::GET | &Method::HEAD) => www::answer(&server, www, &request, peer).await,
        _ => not_allowed(place.methods()),
    }
}

/// What lives at a path.
enum Place {
    WebSocket,
    Bosh,
    Rest,
    Publish,
    Calls,
    Call,
    Status,
    Health,
    /// A file of the folder, or none.
    File(Rc<Www>),
}

impl Place {
    /// The first segments of the paths that files never have.
    const OWN: [&'static str; 5] = ["callboard", "finesse", "healthz", "http-bind", "ws"];

    fn of(server: &Server, path: &str) -> Option<Self> {
        match path {
            "/ws" | "/ws/" => Some(Place::WebSocket),
            "/http-bind" | "/http-bind/" => Some(Place::Bosh),
            "/healthz" => Some(Place::Health),
            "/callboard/api/publish" => Some(Place::Publish),
            calls::PATH => Some(Place::Calls),
            "/callboard/api/status" => Some(Place::Status),
            _ if calls::is_one(path) => Some(Place::Call),
            _ if path.starts_with(rest::PREFIX) => Some(Place::Rest),
            _ => {
                let first = path.strip_prefix('/')?.split('/').next()?;
                let own = Self::OWN.iter().any(|own| percent_decode_str(first).eq(own.bytes()));
                server.www.clone().filter(|_| !own).map(Place::File)
            }
        }
    }

    /// What the header Allow says.
    fn methods(&self) -> &'static str {
        match self {
            Place::WebSocket => "GET",
            Place::Rest => "GET, HEAD, POST, PUT, DELETE, OPTIONS",
            Place::Bosh | Place::Publish | Place::Calls => "POST, OPTIONS",
            Place::Call => "DELETE, OPTIONS",
            Place::Status => "GET, HEAD, POST, OPTIONS",
            Place::Health | Place::File(_) => "GET, HEAD, OPTIONS",
        }
    }
}

/// Answers a request for a WebSocket. The session starts when hyper has let go of the connection.
fn upgrade(server: Rc<Server>, mut request: Request<Incoming>, origin: Origin) -> Answer {
    let accept = match ws::accept(request.version(), request.headers()) {
        Ok(accept) => accept,
        Err(refused) => {
            log::info!("{} {}: upgrade refused: {}", origin.peer, origin.transport, refused.sentence);
            return refused.into();
        }
    };
    if !request.body().is_end_stream() {
        return text(StatusCode::BAD_REQUEST, "A request for a WebSocket has no body.");
    }
    let upgraded = hyper::upgrade::on(&mut request);
    server.clone().spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let Ok(parts) = upgraded.downcast::<FuturesIo<Io>>() else {
            return;
        };
        // A task of its own, so that what the upgrade needed is not kept for the life of the session.
        let mut io = parts.io.into_inner();
        // A session has a queue with a bound instead.
        io.set_patience(None);
        // Copied, because even an empty rest would keep hyper's whole buffer.
        let early = parts.read_buf.to_vec();
        let task = server.clone();
        server.spawn(async move { ws::serve(task, io, origin, early).await });
    });
    let mut answer = empty(StatusCode::SWITCHING_PROTOCOLS);
    set(&mut answer, header::CONNECTION, "Upgrade");
    set(&mut answer, header::UPGRADE, "WebSocket");
    set(&mut answer, header::SEC_WEBSOCKET_PROTOCOL, "xmpp");
    set(&mut answer, header::SEC_WEBSOCKET_ACCEPT, accept);
    answer
}

fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, format!("The methods here: {allowed}."));
    set(&mut answer, header::ALLOW, allowed);
    answer
}
