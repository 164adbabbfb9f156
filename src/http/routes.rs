//! HTTP/1.0 and 1.1 on every listener: the routes, and what all answers have in common.

use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;

use hyper::header::{self, HeaderValue};
use hyper::http::uri::Authority;
use hyper::{Method, Request, StatusCode};
use log::Level;
use percent_encoding::percent_decode_str;
use smol::future::yield_now;

use crate::client_address;
use crate::event_loop::client_log;
use crate::event_loop::log_shares::Kind;
use crate::http::basic_auth::Peer;
use crate::http::callboard::{calls, directory, meters, publish, sessions, status, tickets};
use crate::http::client::Client;
use crate::http::cors::{Asker, Sent};
use crate::http::files::folder::Www;
use crate::http::headers::forwarded::Seen;
use crate::http::headers::{entity_tag, forwarded};
use crate::http::metering::upgrade;
use crate::http::metering::{Tag, Way};
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response;
use crate::http::response::{Answer, Empty, empty, set, text};
use crate::http::site::Site;
use crate::http::websocket::handshake;
use crate::http::{bosh, callboard, events, files, finesse, hosts, metrics, page, request_target};
use crate::hub::Origin;

/// The methods that there are.
const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];

/// All methods as a value of the header Allow.
const ALL_METHODS: &str = "GET, HEAD, POST, PUT, DELETE, OPTIONS";

/// How much of a host that nobody knows stands in the log, in bytes.
const LOGGED_HOST: usize = 100;

/// Answers a request, and counts it if it asks for that. It is in a box, because it is handed on several times.
pub async fn route(site: Rc<Site>, mut request: Box<Request<Incoming>>, client: &Client) -> Answer {
    let Client { origin: Origin { peer, .. }, security, .. } = client;
    let seen = forwarded::seen(&site.admission.trusted_proxies, *peer, security.is_some(), request.headers());
    // hyper leaves this to us, and the path is the right one only after it.
    let aimed = request_target::check(&mut request, seen.secure);
    let place = Place::of(&site, request.uri().path());
    let tag = place.as_ref().and_then(|place| place.tag(&site, request.uri().query()?));
    client.line.borrow_mut().begin(&mut site.meters.borrow_mut(), tag.clone());
    let asked = tag.as_ref().filter(|tag| tag.way == Way::WebSocket).map(|_| upgrade::Asked::of(&request));
    // The files of a folder are pages of their own, and a page is tried from /healthz.
    let is_page =
        matches!(place, Some(Place::Console(_) | Place::File(_) | Place::Health | Place::WebSocket));
    let mut answer = match aimed {
        Ok(()) => respond(place, site.clone(), request, client, &seen).await,
        Err(refused) => refused.into(),
    };
    response::mark(&mut answer);
    if !is_page {
        response::seal(&mut answer);
    }
    if let (Some(hsts), Some(_)) = (&site.hsts, security)
        && site.identity.borrow().as_ref().is_some_and(|identity| !identity.self_signed)
    {
        set(&mut answer, header::STRICT_TRANSPORT_SECURITY, hsts.clone());
    }
    if let (Some(asked), Some(tag)) = (asked, &tag) {
        let record = asked.record(&answer, seen.peer, client.security.as_ref());
        site.meters.borrow_mut().upgraded(&tag.run, record);
    }
    if tag.is_some_and(|tag| tag.way == Way::Close) {
        set(&mut answer, header::CONNECTION, "close");
    }
    let mut line = client.line.borrow_mut();
    let empty = answer.status() == StatusCode::NOT_MODIFIED || answer.extensions().get::<Empty>().is_some();
    line.end(&mut site.meters.borrow_mut(), empty);
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        line.upgrade();
    }
    answer
}

async fn respond(
    place: Option<Place>,
    site: Rc<Site>,
    mut request: Box<Request<Incoming>>,
    client: &Client,
    seen: &Seen,
) -> Answer {
    let origin = Origin { peer: seen.peer, ..client.origin };
    request.extensions_mut().insert(Peer(origin.peer.ip()));
    request.body_mut().comes_from(origin.peer.ip());
    request.extensions_mut().insert(client.remote.clone());
    let is_health = matches!(place, Some(Place::Health));
    let host = hosts::authority(request.headers());
    let strange = |host: &&str| !hosts::is_served(&site, host, client.own);
    let mut named = host.into_iter().chain(seen.named.iter().flatten().map(String::as_str));
    if let Some(host) = named.find(strange).filter(|_| !is_health) {
        return misdirected(&site, &request, host, origin.peer);
    }
    let host = seen.host.clone().or_else(|| host.map(str::to_owned));
    if let Some(Ok(host)) = seen.host.as_deref().map(HeaderValue::from_str) {
        request.headers_mut().insert(header::HOST, host);
    }
    if client.lacks_tls && !is_health {
        return lead_to_tls(&request);
    }
    if site.admission.is_proxy(client.origin.peer.ip()) {
        // Given back first: it may be of the same client.
        client.place.take();
        let Some(place) = site.admission.place(origin.peer.ip()) else {
            return too_many(&site, origin.peer);
        };
        client.place.replace(Some(place));
        client.turns.set(client_address::key(origin.peer.ip()));
        // It may have had its turn with others.
        yield_now().await;
    }
    let sent = Sent {
        secure: seen.secure,
        host: host.as_deref(),
        local: forwarded::is_local(client.origin.peer.ip(), client.own, seen, request.headers()),
        allowed: &site.cors_origins,
    };
    let asker = Asker::of(request.headers(), &sent);
    if let Some(Place::WebSocket) = place {
        return match *request.method() {
            Method::GET => asker
                .answer_upgrade(&site, &request, origin.peer)
                .unwrap_or_else(|| upgrade(site, *request, client, origin)),
            _ if METHODS.contains(request.method()) => not_allowed(Place::WebSocket.methods()),
            _ => at(place, site, request, client, seen).await,
        };
    }
    let conditions = entity_tag::Conditions::of(&request);
    let mut answer = match asker.answer(&site, &request, origin.peer) {
        Some(answer) => answer,
        None => at(place, site, request, client, seen).await,
    };
    if let Some(conditions) = conditions {
        answer = conditions.apply(answer);
    }
    asker.mark(&mut answer);
    answer
}

/// Answers a request for a WebSocket.
fn upgrade(site: Rc<Site>, request: Request<Incoming>, client: &Client, origin: Origin) -> Answer {
    let Origin { peer, transport, .. } = origin;
    let (counted, place) = (client.line.borrow().is_counted(), client.place.borrow_mut().take());
    handshake::answer(site.driver.clone(), request, origin, counted, place).unwrap_or_else(|refused| {
        let line = format_args!("{peer} {transport}: upgrade refused: {}", refused.sentence);
        client_log::of_peer(&site.driver, peer.ip(), Kind::Upgrade, Level::Info, line);
        refused.into()
    })
}

/// The answer to a request for a host that this server is not (RFC 9110 §15.5.20).
fn misdirected(site: &Rc<Site>, request: &Request<Incoming>, host: &str, peer: SocketAddr) -> Answer {
    let (method, shown) = (request.method(), crate::text::start(host, LOGGED_HOST));
    let line = format_args!("{peer} http: {method} for {shown:?} refused: not in hosts");
    client_log::of_peer(&site.driver, peer.ip(), Kind::Host, Level::Info, line);
    text(
        StatusCode::MISDIRECTED_REQUEST,
        "This server does not go by that name here: connect by its address, its domain, localhost or a name in its \
         certificate, or add the name to hosts in the configuration.",
    )
}

/// The answer to a client of a proxy that has as many requests and sessions as one address may have connections.
fn too_many(site: &Site, peer: SocketAddr) -> Answer {
    site.admission.refused(
        peer,
        format_args!("{} connections of its address", site.limits.connections_per_address),
        Some(peer.ip()),
    );
    text(
        StatusCode::SERVICE_UNAVAILABLE,
        "Your address has as many connections as it may have (connections_per_address in [limits]).",
    )
}

/// The answer to a request without TLS where it is spoken. A browser goes where it is led; nothing is done for it here.
fn lead_to_tls(request: &Request<Incoming>) -> Answer {
    const SENTENCE: &str = "This listener speaks TLS: use https:// or wss:// with it.";
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.headers().contains_key(header::UPGRADE);
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let is_host = |host: &&str| host.parse::<Authority>().is_ok() && !host.contains('@');
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let Some(host) = host.filter(is_host).filter(|_| is_page && path.starts_with('/')) else {
        return text(StatusCode::BAD_REQUEST, SENTENCE);
    };
    let mut answer = text(StatusCode::TEMPORARY_REDIRECT, SENTENCE);
    set(&mut answer, header::LOCATION, format!("https://{host}{path}"));
    answer
}

async fn at(
    place: Option<Place>,
    site: Rc<Site>,
    request: Box<Request<Incoming>>,
    client: &Client,
    seen: &Seen,
) -> Answer {
    let peer = seen.peer;
    let method = request.method();
    // The API has more to say of a method.
    if !METHODS.contains(method) && !matches!(place, Some(Place::Rest | Place::As(_))) {
        return text(StatusCode::NOT_IMPLEMENTED, format!("There is no method {method} here."));
    }
    if request.uri().path() == "*" {
        return options(ALL_METHODS);
    }
    let Some(place) = place else {
        return text(
            StatusCode::NOT_FOUND,
            "Nothing here. callboard serves /console/ (a page to begin with), /ws/ (XMPP over WebSocket), /http-bind/ (over \
             BOSH), /events, /finesse/api/…, /callboard/api/…, /metrics and /healthz.",
        );
    };
    // Each in a box of its own: a request may wait for long, and takes no more than it needs then.
    let served: Pin<Box<dyn Future<Output = Answer> + '_>> = match (&place, request.method()) {
        (_, &Method::OPTIONS) => return options(place.methods()),
        (Place::Bosh, &Method::POST) => {
            Box::pin(bosh::answer(site, *request, peer, seen.secure, &client.waits))
        }
        (Place::Rest, _) => Box::pin(finesse::answer(site, *request, peer, None)),
        (Place::As(id), _) => Box::pin(finesse::answer(site, *request, peer, Some(id.clone()))),
        (Place::Directory, &Method::GET | &Method::HEAD) => {
            Box::pin(callboard::answer(site, *request, peer, directory::serve))
        }
        (Place::Meters, &Method::POST) => Box::pin(callboard::answer(site, *request, peer, meters::begin)),
        (Place::Meter, &Method::GET | &Method::HEAD) => {
            Box::pin(callboard::answer(site, *request, peer, meters::figures))
        }
        (Place::Console(name), &Method::GET | &Method::HEAD) => return page::answer(&request, name),
        (Place::Elsewhere(path), &Method::GET | &Method::HEAD) => return page::lead(path),
        (Place::Publish, &Method::POST) => Box::pin(callboard::answer(site, *request, peer, publish::serve)),
        (Place::Calls, &Method::POST) => Box::pin(callboard::answer(site, *request, peer, calls::place)),
        (Place::Call, &Method::DELETE) => Box::pin(callboard::answer(site, *request, peer, calls::end)),
        (Place::Ticket, &Method::POST) => Box::pin(callboard::answer(site, *request, peer, tickets::make)),
        (Place::Events, &Method::GET) => {
            let open =
                async move |site: &_, request| events::open(site, request, peer, &client.carried).await;
            Box::pin(callboard::answer(site, *request, peer, open))
        }
        (Place::Status, &Method::GET | &Method::HEAD | &Method::POST) => {
            Box::pin(callboard::answer(site, *request, peer, status::serve))
        }
        (Place::Sessions, &Method::GET | &Method::HEAD) => {
            Box::pin(callboard::answer(site, *request, peer, sessions::list))
        }
        (Place::Frames, &Method::GET) => {
            let open =
                async move |site: &_, request| sessions::frames(site, request, peer, &client.carried).await;
            Box::pin(callboard::answer(site, *request, peer, open))
        }
        (Place::Metrics, &Method::GET | &Method::HEAD) => return metrics::answer(&site),
        (Place::Health, &Method::GET | &Method::HEAD) => return text(StatusCode::OK, "ok"),
        (Place::File(www), &Method::GET | &Method::HEAD) => {
            let www = www.clone();
            Box::pin(async move { files::answer(&site, &www, &request, peer).await })
        }
        _ => return not_allowed(place.methods()),
    };
    served.await
}

/// The resource at a path.
enum Place {
    WebSocket,
    Bosh,
    Rest,
    /// The REST API as if the user of that id asked.
    As(String),
    Publish,
    Calls,
    Call,
    Status,
    Ticket,
    Events,
    Sessions,
    Frames,
    Metrics,
    Directory,
    Meters,
    Meter,
    Health,
    /// A file of the built-in page.
    Console(String),
    /// Something that is to be asked for at this path.
    Elsewhere(&'static str),
    /// A file of the folder, or none.
    File(Rc<Www>),
}

impl Place {
    /// The first segments of the paths that files never have.
    const OWN: [&'static str; 8] =
        ["callboard", "console", "events", "finesse", "healthz", "http-bind", "metrics", "ws"];

    fn of(site: &Site, path: &str) -> Option<Self> {
        match path {
            "/ws" | "/ws/" => Some(Place::WebSocket),
            "/http-bind" | "/http-bind/" => Some(Place::Bosh),
            "/healthz" => Some(Place::Health),
            "/callboard/api/publish" => Some(Place::Publish),
            calls::PATH => Some(Place::Calls),
            "/callboard/api/status" => Some(Place::Status),
            "/callboard/api/ticket" => Some(Place::Ticket),
            "/callboard/api/sessions" => Some(Place::Sessions),
            sessions::FRAMES => Some(Place::Frames),
            "/metrics" => Some(Place::Metrics),
            events::PATH => Some(Place::Events),
            "/callboard/api/directory" => Some(Place::Directory),
            meters::PATH => Some(Place::Meters),
            "/console" => Some(Place::Elsewhere(page::PATH)),
            "/" if site.www.is_none() => Some(Place::Elsewhere(page::PATH)),
            _ if calls::is_one(path) => Some(Place::Call),
            _ if meters::id(path).is_some() => Some(Place::Meter),
            _ if path.starts_with(finesse::PREFIX) => Some(Place::Rest),
            _ => Self::below(site, path),
        }
    }

    fn below(site: &Site, path: &str) -> Option<Self> {
        if let Some((id, _)) = finesse::as_user(path) {
            return Some(Place::As(id));
        }
        if let Some(name) = path.strip_prefix(page::PATH) {
            return Some(Place::Console(name.to_owned()));
        }
        let first = path.strip_prefix('/')?.split('/').next()?;
        let own = Self::OWN.iter().any(|own| percent_decode_str(first).eq(own.bytes()));
        site.www.clone().filter(|_| !own).map(Place::File)
    }

    /// The value of the header Allow.
    fn methods(&self) -> &'static str {
        match self {
            Place::WebSocket => "GET",
            Place::Rest | Place::As(_) => ALL_METHODS,
            Place::Bosh | Place::Publish | Place::Calls | Place::Meters | Place::Ticket => "POST, OPTIONS",
            Place::Events | Place::Frames => "GET, OPTIONS",
            Place::Call => "DELETE, OPTIONS",
            Place::Status => "GET, HEAD, POST, OPTIONS",
            Place::Directory
            | Place::Meter
            | Place::Sessions
            | Place::Metrics
            | Place::Health
            | Place::Console(_)
            | Place::Elsewhere(_)
            | Place::File(_) => "GET, HEAD, OPTIONS",
        }
    }

    /// The run for which a request is counted, if its query names one that there is.
    fn tag(&self, site: &Site, query: &str) -> Option<Tag> {
        let asked = |name| Query::new(query).one(name).ok().flatten();
        let run = asked("run").filter(|run| site.meters.borrow().has(run))?;
        let way = match self {
            Place::WebSocket => Way::WebSocket,
            Place::Bosh => Way::Bosh,
            Place::Events => Way::Sse,
            Place::Rest | Place::As(_) if asked("close").is_some() => Way::Close,
            Place::Rest | Place::As(_) => Way::Poll,
            _ => return None,
        };
        Some(Tag { run: (*run).into(), way })
    }
}

/// The answer to OPTIONS (RFC 9110 §9.3.7).
fn options(allowed: &'static str) -> Answer {
    let mut answer = empty(StatusCode::NO_CONTENT);
    set(&mut answer, header::ALLOW, allowed);
    answer
}

fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, format!("The methods here: {allowed}."));
    set(&mut answer, header::ALLOW, allowed);
    answer
}
