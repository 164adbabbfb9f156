//! The way of a request to its resource, and what all answers have in common.

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::body::Body as _;
use hyper::header::{self, HeaderValue};
use hyper::http::uri::Authority;
use hyper::{Method, Request, StatusCode};
use log::Level;
use smol::future::yield_now;

use crate::client_address;
use crate::event_loop::client_log;
use crate::event_loop::log_shares::Kind;
use crate::http::basic_auth::Peer;
use crate::http::callboard;
use crate::http::client::Client;
use crate::http::cors::{Asker, Sent};
use crate::http::headers::forwarded::{Seen, ViaProxy};
use crate::http::headers::{entity_tag, forwarded};
use crate::http::metering::upgrade;
use crate::http::metering::{Tag, Way};
use crate::http::query::Query;
use crate::http::recording::Recorder;
use crate::http::request_body::Incoming;
use crate::http::response;
#[cfg(feature = "replica")]
use crate::http::response::HttpRefusal;
use crate::http::response::{Empty, Response, options, set, text};
use crate::http::routes;
use crate::http::routes::{Exchange, Handler, METHODS, Resource};
use crate::http::site::Site;
use crate::http::xmpp::handshake;
use crate::http::{faults, hosts, request_target};
use crate::hub;

/// How much of a host that nobody knows stands in the log, in bytes.
const LOGGED_HOST: usize = 100;

/// Answers a request, and counts it if it asks for that. It is in a box, because it is handed on several times.
pub async fn answer(site: Rc<Site>, mut request: Box<Request<Incoming>>, client: &Client) -> Response {
    let Client { origin: hub::Peer { address: peer, .. }, security, .. } = client;
    let seen = forwarded::seen(&site.admission.trusted_proxies, *peer, security.is_some(), request.headers());
    // hyper leaves this to us, and the path is the right one only after it.
    let aimed = request_target::check(&mut request, seen.secure);
    let is_spared = site.hsts_by_release && hosts::is_this_machine(request.headers());
    let resource = routes::find(request.uri().path(), site.www.is_some());
    let tag = resource.and_then(|resource| tag(&site, resource, request.uri().query()?));
    client.line.borrow_mut().begin(&mut site.meters.borrow_mut(), tag.clone());
    let asked = tag.as_ref().filter(|tag| tag.way == Way::WebSocket).map(|_| upgrade::Asked::of(&request));
    #[cfg(feature = "replica")]
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD)
        && ["/finesse/api/", "/callboard/api/"].iter().any(|start| request.uri().path().starts_with(start));
    let mut answer = match aimed {
        Ok(()) => respond(resource, site.clone(), request, client, &seen).await,
        Err(refused) => refused.into(),
    };
    #[cfg(feature = "replica")]
    // A refusal acknowledges nothing, and has to be heard as it is: a client without a password is to be asked for one.
    if changes && answer.status().is_success() && site.driver.kept().await.is_err() {
        answer = HttpRefusal::NOT_KEPT.into();
    }
    response::mark(&mut answer);
    if resource.is_none_or(|resource| resource.sealed) {
        response::seal(&mut answer);
    }
    if let (Some(hsts), Some(_), false) = (&site.hsts, security, is_spared)
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
    resource: Option<&'static Resource>,
    site: Rc<Site>,
    mut request: Box<Request<Incoming>>,
    client: &Client,
    seen: &Seen,
) -> Response {
    let via_proxy = site.admission.is_proxy(client.origin.address.ip());
    let origin = hub::Peer { address: seen.peer, via_proxy, ..client.origin };
    request.extensions_mut().insert(ViaProxy(via_proxy));
    request.extensions_mut().insert(Peer(origin.address.ip()));
    request.body_mut().comes_from(origin.address.ip());
    request.extensions_mut().insert(client.remote.clone());
    let guarded = resource.is_none_or(|resource| resource.guarded);
    let host = hosts::authority(request.headers());
    let strange = |host: &&str| !hosts::is_served(&site, host, client.own);
    let mut named = host.into_iter().chain(seen.named.iter().flatten().map(String::as_str));
    if let Some(host) = named.find(strange).filter(|_| guarded) {
        return misdirected(&site, &request, host, origin.address);
    }
    let host = seen.host.clone().or_else(|| host.map(str::to_owned));
    if let Some(Ok(host)) = seen.host.as_deref().map(HeaderValue::from_str) {
        request.headers_mut().insert(header::HOST, host);
    }
    if client.lacks_tls && guarded {
        return lead_to_tls(&request, site.led_to_tls);
    }
    if via_proxy {
        // Given back first: it may be of the same client.
        client.place.take();
        let Some(place) = site.admission.count_client(origin.address.ip()) else {
            return too_many(&site, origin.address);
        };
        client.place.replace(Some(place));
        client.turns.set(client_address::key(origin.address.ip()));
        // The client had the turn of its proxy until now; its own may be later.
        yield_now().await;
    }
    let sent = Sent {
        secure: seen.secure,
        host: host.as_deref(),
        local: forwarded::is_local(client.origin.address.ip(), client.own, seen, request.headers()),
        allowed: &site.cors_origins,
    };
    let asker = Asker::of(request.headers(), &sent);
    if let Some(websocket) = resource.filter(|resource| matches!(resource.handler, Handler::Upgrade)) {
        return match *request.method() {
            Method::GET => asker
                .answer_upgrade(&site, &request, origin.address)
                .unwrap_or_else(|| upgrade(site, *request, client, origin)),
            _ if METHODS.contains(request.method()) => not_allowed(websocket),
            _ => no_such_method(request.method()),
        };
    }
    let has_body = !request.body().is_end_stream();
    let recorder = Recorder::of(&site, &request, origin.address, has_body);
    if let Some(recorder) = &recorder {
        request.body_mut().recorded_by(recorder.clone());
    }
    let hit = if site.faults { faults::of_request(&site, &request, origin.address.ip()) } else { None };
    // What waits has memory of its own: every connection has room for the rest of this, whether or not a fault is set.
    let late = match hit {
        None => None,
        Some(hit) => match Box::pin(faults::meet(&site, hit, &request, &client.remote)).await {
            faults::Met::Goes(late) => late,
            faults::Met::Answered(answer) => return recorded(recorder, answer),
            faults::Met::Cut(answer) => return answer,
        },
    };
    let faulty = late.map(|late| (late, site.clone()));
    let conditions = entity_tag::Conditions::of(&request);
    let mut answer = match asker.answer(&site, &request, origin.address) {
        Some(answer) => answer,
        None => {
            at(resource, Exchange { site, request, client, peer: origin.address, secure: seen.secure }).await
        }
    };
    if let Some(conditions) = conditions {
        answer = conditions.apply(answer);
    }
    asker.mark(&mut answer);
    if let Some((late, site)) = faulty {
        answer = Box::pin(late.keep(&site, answer)).await;
    }
    recorded(recorder, answer)
}

fn recorded(recorder: Option<Rc<Recorder>>, mut answer: Response) -> Response {
    if let Some(recorder) = recorder.filter(|_| cfg!(feature = "lab")) {
        recorder.end(&mut answer);
    }
    answer
}

/// Answers a request for a WebSocket.
fn upgrade(site: Rc<Site>, request: Request<Incoming>, client: &Client, origin: hub::Peer) -> Response {
    let hub::Peer { address: peer, transport, .. } = origin;
    let hit = if site.faults { faults::of_upgrade(&site, peer.ip()) } else { None };
    let respond = || {
        let (counted, place) = (client.line.borrow().is_counted(), client.place.borrow_mut().take());
        handshake::answer(site.driver.clone(), request, origin, counted, place).unwrap_or_else(|refused| {
            let line = format_args!("{peer} {transport}: upgrade refused: {}", refused.sentence);
            client_log::of_peer(&site.driver, peer.ip(), Kind::Upgrade, Level::Info, line);
            refused.into()
        })
    };
    match hit {
        Some(hit) => faults::upgraded(&hit, respond),
        None => respond(),
    }
}

/// The answer to a request for a host that this server is not (RFC 9110 §15.5.20).
fn misdirected(site: &Rc<Site>, request: &Request<Incoming>, host: &str, peer: SocketAddr) -> Response {
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
fn too_many(site: &Site, peer: SocketAddr) -> Response {
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
fn lead_to_tls(request: &Request<Incoming>, status: StatusCode) -> Response {
    const SENTENCE: &str = "This listener speaks TLS: use https:// or wss:// with it.";
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.headers().contains_key(header::UPGRADE);
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let is_host = |host: &&str| host.parse::<Authority>().is_ok() && !host.contains('@');
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let Some(host) = host.filter(is_host).filter(|_| is_page && path.starts_with('/')) else {
        return text(StatusCode::BAD_REQUEST, SENTENCE);
    };
    let mut answer = text(status, SENTENCE);
    set(&mut answer, header::LOCATION, format!("https://{host}{path}"));
    answer
}

/// Lets the resource answer, if it has the method.
async fn at(resource: Option<&'static Resource>, exchange: Exchange<'_>) -> Response {
    let method = exchange.request.method();
    let judges_methods = resource.is_some_and(|resource| resource.judges_methods);
    if !METHODS.contains(method) && !judges_methods {
        return no_such_method(method);
    }
    if exchange.request.uri().path() == "*" {
        return options(routes::allow(&METHODS));
    }
    let Some(resource) = resource else {
        return routes::nothing();
    };
    if method == Method::OPTIONS && !judges_methods {
        return options(resource.allow());
    }
    if !judges_methods && !resource.methods.contains(method) {
        return not_allowed(resource);
    }
    match resource.handler {
        Handler::Now(answer) => answer(&exchange.site, &exchange.request),
        Handler::Later(answer) => answer(exchange).await,
        Handler::Asked(rights, serve) => {
            let Exchange { site, request, client, peer, .. } = exchange;
            Box::pin(callboard::answer_user(site, request, (peer, client), rights, serve)).await
        }
        // A request for a WebSocket goes its own way.
        Handler::Upgrade => not_allowed(resource),
    }
}

/// The run for which a request is counted, if its query names one that there is.
fn tag(site: &Site, resource: &Resource, query: &str) -> Option<Tag> {
    let way = resource.way?;
    let asked = |name| Query::new(query).one(name).ok();
    let run = asked("run")?.filter(|run| site.meters.borrow().has(run))?;
    let way = match way {
        Way::Poll if asked("close")?.is_some() => Way::Close,
        Way::Poll if asked("keep")?.is_some() => Way::Keep,
        way => way,
    };
    Some(Tag { run: (*run).into(), way })
}

fn no_such_method(method: &Method) -> Response {
    text(StatusCode::NOT_IMPLEMENTED, format!("There is no method {method} here."))
}

fn not_allowed(resource: &Resource) -> Response {
    let allowed = resource.allow();
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, format!("The methods here: {allowed}."));
    set(&mut answer, header::ALLOW, allowed);
    answer
}
