//! The rights of pages that come from elsewhere: the CORS protocol of the Fetch Standard (§3.3), and the origins of
//! WebSockets (RFC 6455 §10.2).
//!
//! A browser sends the password that it remembers for any page that makes it ask. So a request of a page that is not allowed
//! changes nothing, whether or not the page could read the answer. Of a WebSocket it could read everything.

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use log::Level;

use crate::config::web_origin::WebOrigin;
use crate::desk::ApiRefusal;
use crate::event_loop::client_log;
use crate::event_loop::log_shares::Kind;
use crate::http::request_body::Incoming;
use crate::http::response::{Response, empty, set, text};
use crate::http::site::Site;
use crate::http::{finesse, redact};

/// The methods that a page may use.
const METHODS: &str = "GET, HEAD, POST, PUT, DELETE";

/// The headers of answers that a page may read, beside those that are always open to it.
const EXPOSED: &str = "requestId, ETag, Location, X-Callboard-Sequence, X-Callboard-Fault";

/// How near a browser says the page is, beside its origin (Fetch Metadata §2.2).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Some versions of Chromium ask with this header before a page of the Internet may reach an address of a private network. The
/// draft was given up, and those versions are still in use.
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The origin of a page that hides where it comes from.
const HIDDEN: &str = "null";

/// How long a browser may remember what it may send, in seconds.
const MAX_AGE: u32 = 600;

/// From where to where a request was sent, as far as it decides whose page may ask.
pub struct Sent<'a> {
    /// By TLS.
    pub secure: bool,
    /// To this host and port.
    pub host: Option<&'a str>,
    /// From the machine itself, so that its loopback names are those of the browser too.
    pub local: bool,
    /// The origins that the configuration names.
    pub allowed: &'a [WebOrigin],
}

impl Sent<'_> {
    /// Whether it was sent to that origin, written as in the header Host: a name with the dot at its end that it may have in the
    /// DNS is served too, and is not read as an origin.
    fn is_to(&self, origin: &str) -> bool {
        let scheme = if self.secure { "https" } else { "http" };
        self.host
            .filter(|host| !host.is_empty())
            .zip(origin.split_once("://"))
            .is_some_and(|(host, own)| own.0.eq_ignore_ascii_case(scheme) && own.1.eq_ignore_ascii_case(host))
    }
}

/// The page that asks, as the browser names it. Other programs need not name any.
pub enum Asker {
    /// No page, or one that only follows a link.
    Nobody,
    /// A page of this server, of the machine itself if the browser runs there, or of an origin that the configuration names.
    Allowed(HeaderValue),
    /// Any other page, and one that hides where it comes from.
    Foreign,
}

impl Asker {
    /// Reads what the headers of a request say of the page.
    pub fn of(headers: &HeaderMap, sent: &Sent) -> Self {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let said = match (origins.next(), origins.next()) {
            (None, _) => return Self::without_origin(headers),
            (Some(_), Some(_)) => return Self::Foreign,
            // No browser says nothing, and some programs do.
            (Some(said), None) if said.is_empty() => return Self::without_origin(headers),
            (Some(said), None) => said,
        };
        let own = sent.host.and_then(|host| WebOrigin::at(sent.secure, host));
        let known = |origin: &WebOrigin| {
            own.as_ref() == Some(origin)
                || sent.allowed.contains(origin)
                || sent.local && origin.is_loopback()
        };
        match said.to_str() {
            Ok(text) => match WebOrigin::parse(text) {
                Some(origin) if known(&origin) => Self::Allowed(said.clone()),
                None if sent.is_to(text) => Self::Allowed(said.clone()),
                None if own.is_some_and(|own| is_of_a_program(text, &own, sent.secure)) => Self::Nobody,
                _ => Self::Foreign,
            },
            Err(_) => Self::Foreign,
        }
    }

    /// The asker of a request without Origin. Browsers leave it out of what only follows links, and say otherwise whose page it
    /// is (Fetch Metadata §2.2).
    fn without_origin(headers: &HeaderMap) -> Self {
        let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
        if sites.all(|site| site == "same-origin" || site == "none") { Self::Nobody } else { Self::Foreign }
    }

    /// Answers a browser that asks what its page may send, and a page that may not send what it does. `None`: the
    /// request is to be served.
    pub fn answer(&self, site: &Rc<Site>, request: &Request<Incoming>, peer: SocketAddr) -> Option<Response> {
        let (headers, method) = (request.headers(), request.method());
        let preflight =
            method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        match self {
            Self::Allowed(_) if preflight => Some(may_send(headers)),
            Self::Foreign if preflight || ![Method::GET, Method::HEAD, Method::OPTIONS].contains(method) => {
                let origin = refuse(site, request, peer);
                let of_the_api = request.uri().path().starts_with(finesse::PREFIX) && !preflight;
                Some(if of_the_api {
                    finesse::foreign(headers, refusal(origin), origin)
                } else {
                    refused(origin)
                })
            }
            _ => None,
        }
    }

    /// Answers a page that may have no WebSocket. `None`: it may.
    pub fn answer_upgrade(
        &self,
        site: &Rc<Site>,
        request: &Request<Incoming>,
        peer: SocketAddr,
    ) -> Option<Response> {
        matches!(self, Self::Foreign).then(|| refused(refuse(site, request, peer)))
    }

    /// Says in an answer whether the page may read it.
    pub fn mark(self, answer: &mut Response) {
        answer.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
        if let Self::Allowed(origin) = self {
            set(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            set(answer, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            set(answer, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

/// Whether what stands in Origin can be of no page, as it is no origin, and names this server: `HOST:PORT`, `ws://HOST:PORT` or
/// `wss://HOST:PORT`. Libraries for WebSockets make it up from the address to which they connect.
fn is_of_a_program(text: &str, own: &WebOrigin, secure: bool) -> bool {
    let (secure, authority) = match text.split_once("://") {
        None => (secure, text),
        Some((scheme, authority)) if scheme.eq_ignore_ascii_case("wss") => (true, authority),
        Some((scheme, authority)) if scheme.eq_ignore_ascii_case("ws") => (false, authority),
        Some(_) => return false,
    };
    text != HIDDEN && WebOrigin::at(secure, authority).is_some_and(|origin| origin.is_beside(own))
}

/// The answer to a preflight of a page that is allowed.
fn may_send(headers: &HeaderMap) -> Response {
    let mut answer = empty(StatusCode::NO_CONTENT);
    set(&mut answer, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).filter(|asked| are_names(asked));
    if let Some(asked) = asked {
        set(&mut answer, header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    set(&mut answer, header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if headers.contains_key(REQUEST_PRIVATE_NETWORK) {
        set(&mut answer, ALLOW_PRIVATE_NETWORK, "true");
    }
    answer
}

/// Whether these are names of headers, with commas between them.
fn are_names(value: &HeaderValue) -> bool {
    let is_name = |name: &[u8]| HeaderName::from_bytes(name.trim_ascii()).is_ok();
    value.as_bytes().split(|byte| *byte == b',').all(is_name)
}

/// Says so in the log. Returns the origin of the page.
fn refuse<'a>(site: &Rc<Site>, request: &'a Request<Incoming>, peer: SocketAddr) -> &'a str {
    let origin = request.headers().get(header::ORIGIN);
    let origin = origin.and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let shown = redact::request(request.method(), request.uri());
    // Browsers send nothing else, and other programs could have a secret there.
    let page = match (origin, WebOrigin::parse(origin)) {
        (_, Some(origin)) => origin.to_string(),
        ("", None) => "an origin that the browser does not say".to_owned(),
        (HIDDEN, None) => "an origin that it hides".to_owned(),
        (_, None) => "an origin of no such form".to_owned(),
    };
    let line = format_args!("{peer} http: {shown} from a page of {page:.256} refused: not in cors_origins");
    client_log::of_peer(&site.driver, peer.ip(), Kind::Origin, Level::Info, line);
    origin
}

/// Why a page of that origin may not do what it asks for.
fn refusal(origin: &str) -> ApiRefusal {
    match origin {
        "" => ApiRefusal::OriginUnsaid,
        HIDDEN => ApiRefusal::OriginHidden,
        _ => ApiRefusal::OriginNotAllowed,
    }
}

fn refused(origin: &str) -> Response {
    text(StatusCode::FORBIDDEN, refusal(origin).sentence())
}
