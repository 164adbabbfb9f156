//! The opening handshake of a WebSocket (RFC 6455 §4.2): the request, and its answer.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL};
use hyper::header::{SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::{HeaderMap, Request, StatusCode, Version};
use ring::digest;
use smol_hyper::rt::FuturesIo;

use super::answer::{Answer, Refused, empty, set, text};
use super::io::Io;
use super::server::Server;
use super::ws;
use crate::hub::Origin;

/// Answers a request for a WebSocket. The session starts when hyper has let go of the connection. `counted`: a run wants to
/// know what goes over it.
pub fn answer(server: Rc<Server>, mut request: Request<Incoming>, origin: Origin, counted: bool) -> Answer {
    let accept = match accept(request.version(), request.headers()) {
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
        if !counted {
            io.stop_counting();
        }
        // Copied, because even an empty rest would keep hyper's whole buffer.
        let early = parts.read_buf.to_vec();
        let task = server.clone();
        server.spawn(async move { ws::serve(task, io, origin, early).await });
    });
    let mut answer = empty(StatusCode::SWITCHING_PROTOCOLS);
    set(&mut answer, CONNECTION, "Upgrade");
    set(&mut answer, UPGRADE, "WebSocket");
    set(&mut answer, SEC_WEBSOCKET_PROTOCOL, "xmpp");
    set(&mut answer, SEC_WEBSOCKET_ACCEPT, accept);
    answer
}

/// Checks the headers of a GET for `/ws/` (RFC 6455 §4.2.1, RFC 7395 §3.1). Returns the value of
/// `Sec-WebSocket-Accept`.
fn accept(version: Version, headers: &HeaderMap) -> Result<String, Refused> {
    const OTHER: StatusCode = StatusCode::UPGRADE_REQUIRED;
    let refused = |status, sentence| Err(Refused { status, sentence });
    if !has_token(headers, UPGRADE.as_str(), "websocket")
        || !has_token(headers, CONNECTION.as_str(), "upgrade")
    {
        return refused(OTHER, "This is a WebSocket: connect with ws:// or wss:// and the subprotocol xmpp.");
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return refused(OTHER, "The WebSocket version is 13.");
    }
    let key =
        headers.get(SEC_WEBSOCKET_KEY).filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16));
    if version != Version::HTTP_11 {
        return refused(StatusCode::BAD_REQUEST, "A WebSocket starts with HTTP/1.1.");
    }
    let Some(key) = key else {
        return refused(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key has to be 16 bytes in base64.");
    };
    if !has_token(headers, SEC_WEBSOCKET_PROTOCOL.as_str(), "xmpp") {
        return refused(StatusCode::BAD_REQUEST, "The subprotocol is xmpp: new WebSocket(url, \"xmpp\").");
    }
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    Ok(STANDARD.encode(hash.finish()))
}

/// Tells whether one of the comma-separated values of a header is `token`.
fn has_token(headers: &HeaderMap, name: &str, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(token))
}
