//! What pages may do here that come from elsewhere: the CORS protocol of the Fetch Standard (§3.3), and the origins of
//! WebSockets (RFC 6455 §10.2).
//!
//! A browser sends the password that it remembers whoever's page makes it ask. So a request of a page that is not allowed
//! changes nothing, whether or not the page could read the answer. Of a WebSocket it could read everything.

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use log::Level;

use super::answer::{Answer, empty, set, text};
use super::server::Server;
use super::shares::Kind;
use super::{rest, say, shown};
use crate::web_origin::WebOrigin;

/// What a page may ask to send.
const METHODS: &str = "GET, HEAD, POST, PUT, DELETE";

/// The headers of answers that a page may read, beside those that are always open to it.
const EXPOSED: &str = "requestId, ETag, Location";

/// How long a browser may remember what it may send, in seconds.
const MAX_AGE: u32 = 600;

/// Whose page asks, as the browser says it. Other programs need not say anything.
pub enum Asker {
    /// No page, or one that only follows a link.
    Nobody,
    /// A page of this server, of the machine on which the browser runs, or of an origin that the configuration names.
    Allowed(HeaderValue),
    /// Any other page, and one that hides where it comes from.
    Foreign,
}

impl Asker {
    /// Reads the header Origin of a request that came with TLS or without.
    pub fn of(headers: &HeaderMap, secure: bool, allowed: &[WebOrigin]) -> Self {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (Some(said), None) = (origins.next(), origins.next()) else {
            return if headers.contains_key(header::ORIGIN) { Self::Foreign } else { Self::Nobody };
        };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let own = host.and_then(|host| WebOrigin::at(secure, host));
        let known = |origin: &WebOrigin| {
            own.as_ref() == Some(origin) || origin.is_loopback() || allowed.contains(origin)
        };
        match said.to_str().ok().and_then(WebOrigin::parse) {
            Some(origin) if known(&origin) => Self::Allowed(said.clone()),
            _ => Self::Foreign,
        }
    }

    /// Answers a browser that asks what its page may send, and a page that may not send what it does. `None`: the
    /// request is to be served.
    pub fn answer(
        &self,
        server: &Rc<Server>,
        request: &Request<Incoming>,
        peer: SocketAddr,
    ) -> Option<Answer> {
        let (headers, method) = (request.headers(), request.method());
        let preflight =
            method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        match self {
            Self::Allowed(_) if preflight => Some(may_send(headers)),
            Self::Foreign if preflight || ![Method::GET, Method::HEAD, Method::OPTIONS].contains(method) => {
                let origin = refuse(server, request, peer);
                let of_the_api = request.uri().path().starts_with(rest::PREFIX) && !preflight;
                Some(if of_the_api { rest::foreign(headers, origin) } else { refused() })
            }
            _ => None,
        }
    }

    /// Answers a page that may have no WebSocket. `None`: it may.
    pub fn answer_upgrade(
        &self,
        server: &Rc<Server>,
        request: &Request<Incoming>,
        peer: SocketAddr,
    ) -> Option<Answer> {
        matches!(self, Self::Foreign).then(|| {
            refuse(server, request, peer);
            refused()
        })
    }

    /// Says in an answer whether the page may read it.
    pub fn mark(self, answer: &mut Answer) {
        answer.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
        if let Self::Allowed(origin) = self {
            set(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            set(answer, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            set(answer, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

/// The answer to a preflight of a page that is allowed.
fn may_send(headers: &HeaderMap) -> Answer {
    let mut answer = empty(StatusCode::NO_CONTENT);
    set(&mut answer, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).filter(|asked| are_names(asked));
    if let Some(asked) = asked {
        set(&mut answer, header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    set(&mut answer, header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    answer
}

/// Whether these are names of headers, with commas between them.
fn are_names(value: &HeaderValue) -> bool {
    let is_name = |name: &[u8]| HeaderName::from_bytes(name.trim_ascii()).is_ok();
    value.as_bytes().split(|byte| *byte == b',').all(is_name)
}

/// Says so in the log. Returns the origin of the page.
fn refuse<'a>(server: &Rc<Server>, request: &'a Request<Incoming>, peer: SocketAddr) -> &'a str {
    let origin = request.headers().get(header::ORIGIN);
    let origin = origin.and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let shown = shown::request(request.method(), request.uri());
    // Browsers send nothing else, and other programs could have a secret there.
    let page = match WebOrigin::parse(origin) {
        Some(origin) => origin.to_string(),
        None => "no such form".to_owned(),
    };
    let line = format_args!("{peer} http: {shown} from a page of {page:.256} refused: not in cors_origins");
    say::of_peer(server, peer.ip(), Kind::Origin, Level::Info, line);
    origin
}

fn refused() -> Answer {
    text(
        StatusCode::FORBIDDEN,
        "Pages of this origin may not do that; add the origin to cors_origins in the configuration.",
    )
}
