//! HTTP/1.0 and 1.1 on every listener: the routes, and what all answers have in common.

use std::convert::Infallible;
use std::rc::Rc;

use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode, Version};
use smol_hyper::rt::{FuturesIo, SmolTimer};

use super::answer::{Answer, set, text};
use super::io::Io;
use super::server::Server;
use super::{calls, own, publish, rest, status, ws};
use crate::hub::Origin;

/// Most headers of one request that are read.
const HEADERS_MAX: usize = 64;

/// Serves one connection until it is closed or becomes a WebSocket.
pub async fn serve(server: Rc<Server>, mut io: Io, origin: Origin) {
    let peer = io.peer;
    let limits = &server.limits;
    io.set_patience(Some(limits.login));
    let service = service_fn(|request| {
        let server = server.clone();
        async move { Ok::<_, Infallible>(route(server, request, origin).await) }
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

async fn route(server: Rc<Server>, request: Request<Incoming>, origin: Origin) -> Answer {
    // hyper leaves this to us (RFC 9112 §3.2).
    if request.version() == Version::HTTP_11 && request.headers().get_all(header::HOST).iter().count() != 1 {
        return text(StatusCode::BAD_REQUEST, "A request of HTTP/1.1 has one Host header.");
    }
    let path = request.uri().path().to_owned();
    match (path.as_str(), request.method()) {
        ("/ws" | "/ws/", &Method::GET) => upgrade(server, request, origin),
        ("/healthz", &Method::GET | &Method::HEAD) => text(StatusCode::OK, "ok"),
        (path, _) if path.starts_with(rest::PREFIX) => rest::answer(server, request, origin.peer).await,
        ("/callboard/api/publish", &Method::POST) => {
            own::answer(server, request, origin.peer, publish::serve).await
        }
        (calls::PATH, &Method::POST) => own::answer(server, request, origin.peer, calls::place).await,
        (path, &Method::DELETE) if calls::is_one(path) => {
            own::answer(server, request, origin.peer, calls::end).await
        }
        ("/callboard/api/status", &Method::GET | &Method::HEAD | &Method::POST) => {
            own::answer(server, request, origin.peer, status::serve).await
        }
        ("/ws" | "/ws/", _) => not_allowed("GET"),
        ("/healthz", _) => not_allowed("GET, HEAD"),
        ("/callboard/api/publish" | calls::PATH, _) => not_allowed("POST"),
        (path, _) if calls::is_one(path) => not_allowed("DELETE"),
        ("/callboard/api/status", _) => not_allowed("GET, HEAD, POST"),
        _ => text(
            StatusCode::NOT_FOUND,
            "Nothing here. callboard serves /ws/ (XMPP over WebSocket), /finesse/api, /callboard/api and /healthz.",
        ),
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
    let mut answer = Answer::default();
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    set(&mut answer, header::CONNECTION, "Upgrade");
    set(&mut answer, header::UPGRADE, "WebSocket");
    set(&mut answer, header::SEC_WEBSOCKET_PROTOCOL, "xmpp");
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        answer.headers_mut().insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    answer
}

fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, format!("The methods here: {allowed}."));
    set(&mut answer, header::ALLOW, allowed);
    answer
}
