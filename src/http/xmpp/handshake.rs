//! The opening handshake of a WebSocket (RFC 6455 §4.2): the request, and its answer.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Body;
use hyper::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
};
use hyper::header::{SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::{HeaderMap, Request, StatusCode, Version};
use ring::digest;
use smol_hyper::rt::FuturesIo;

use crate::http::response::{HttpRefusal, Response, empty, set};
use crate::http::xmpp::session::Way;
use crate::http::xmpp::sessions::Sessions;
use crate::http::xmpp::task;
use crate::hub::Peer;
use crate::net::connection::{Connection, Slot};

/// Answers a request for a WebSocket. The session starts when hyper has let go of the connection. `counted`: a run wants to
/// know what goes over it.
/// `place`: by a proxy, that of the client behind it.
pub fn answer<S: Sessions>(
    sessions: Rc<S>,
    mut request: Request<impl Body>,
    origin: Peer,
    counted: bool,
    place: Option<Slot>,
) -> Result<Response, HttpRefusal> {
    let accept = accept(request.version(), request.headers())?;
    if !request.body().is_end_stream() {
        const SENTENCE: &str = "A request for a WebSocket has no body.";
        return Err(HttpRefusal { status: StatusCode::BAD_REQUEST, sentence: SENTENCE });
    }
    let upgraded = hyper::upgrade::on(&mut request);
    let peer = origin.address.ip();
    sessions.clone().spawn_arrival(peer, async move {
        let Ok(upgraded) = upgraded.await else { return };
        let Ok(parts) = upgraded.downcast::<FuturesIo<Connection>>() else {
            return;
        };
        // A task of its own, so that what the upgrade needed is not kept for the life of the session.
        let mut io = parts.io.into_inner();
        // A session has a queue with a bound instead.
        io.set_patience(None);
        if let Some(place) = place {
            io.belong_to(origin.address, place);
        }
        if !counted {
            io.stop_counting();
        }
        // Copied, because even an empty rest would keep hyper's whole buffer.
        let early = parts.read_buf.to_vec();
        let owner = sessions.clone();
        sessions.spawn_arrival(peer, task::serve(owner, io, origin, Way::WebSocket(early)));
    });
    let mut answer = empty(StatusCode::SWITCHING_PROTOCOLS);
    set(&mut answer, CONNECTION, "Upgrade");
    set(&mut answer, UPGRADE, "WebSocket");
    set(&mut answer, SEC_WEBSOCKET_PROTOCOL, "xmpp");
    set(&mut answer, SEC_WEBSOCKET_ACCEPT, accept);
    Ok(answer)
}

/// Checks the headers of a GET for `/ws/` (RFC 6455 §4.2.1, RFC 7395 §3.1). Returns the value of
/// `Sec-WebSocket-Accept`.
fn accept(version: Version, headers: &HeaderMap) -> Result<String, HttpRefusal> {
    const OTHER: StatusCode = StatusCode::UPGRADE_REQUIRED;
    let refused = |status, sentence| Err(HttpRefusal { status, sentence });
    // Before HTTP/1.1 Upgrade says nothing (RFC 9110 §7.8).
    if version != Version::HTTP_11 {
        return refused(OTHER, "A WebSocket starts with HTTP/1.1.");
    }
    let has = |name, token: &str| values(headers, name).any(|value| value.eq_ignore_ascii_case(token));
    if !has(&UPGRADE, "websocket") || !has(&CONNECTION, "upgrade") {
        return refused(OTHER, "This is a WebSocket: connect with ws:// or wss:// and the subprotocol xmpp.");
    }
    if only(headers, SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return refused(OTHER, "The WebSocket version is 13.");
    }
    let key =
        only(headers, SEC_WEBSOCKET_KEY).filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16));
    let Some(key) = key else {
        return refused(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key has to be 16 bytes in base64.");
    };
    if !values(headers, &SEC_WEBSOCKET_PROTOCOL).any(|protocol| protocol == "xmpp") {
        return refused(StatusCode::BAD_REQUEST, "The subprotocol is xmpp: new WebSocket(url, \"xmpp\").");
    }
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    Ok(STANDARD.encode(hash.finish()))
}

/// The comma-separated values of a header. Only those of `Upgrade` and `Connection` are the same in upper and lower case: a
/// browser ends the connection if the subprotocol that it gets is not one that it named, letter by letter (RFC 6455 §4.1).
pub fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// The value of a header that stands once (RFC 6455 §11.3.1, §11.3.5).
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}
