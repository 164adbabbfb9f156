//! The user who sends a request: by HTTP Basic (RFC 7617), by an access token (RFC 6750), or by a ticket.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use hyper::{Request, StatusCode};

use crate::clock::Now;
use crate::event_loop::driver::Driver;
use crate::event_loop::password_queue::Unchecked;
use crate::http::query::{Query, Repeated};
use crate::http::request_body::Incoming;
use crate::http::response::{HttpRefusal, Response, ask_for_password, set};
use crate::http::site::Site;
use crate::hub::{Bearer, Hub, TicketKey};
use crate::id::UserId;
use crate::net::socket::Remote;

/// Where a request comes from, among its extensions.
#[derive(Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Finds the user who sends a request, or why it is not known.
pub async fn user(site: &Rc<Site>, request: &Request<Incoming>) -> Result<UserId, HttpRefusal> {
    // There is one in every request.
    let peer = request.extensions().get().map_or(Ipv4Addr::UNSPECIFIED.into(), |Peer(peer)| *peer);
    user_at(site, request.headers(), peer, request.extensions().get().cloned()).await
}

/// Finds the user by the headers of a request from that address. `remote` is the client that waits for the answer.
pub async fn user_at(
    site: &Rc<Site>,
    headers: &HeaderMap,
    peer: IpAddr,
    remote: Option<Remote>,
) -> Result<UserId, HttpRefusal> {
    const TOO_MANY: HttpRefusal = HttpRefusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        sentence: "Too many wrong passwords came from your address; wait (address_attempts in [limits]).",
    };
    if let Some(token) = bearer(headers) {
        return match site.driver.with_hub(|hub, now| hub.bearer(now, token, peer)) {
            Bearer::User(user) => Ok(user),
            Bearer::Refused => Err(unauthorized("The token is over, or there never was one: get another.")),
            Bearer::TooMany => Err(TOO_MANY),
        };
    }
    let Some((name, password)) = basic(headers) else {
        return Err(unauthorized("Log in with HTTP Basic."));
    };
    let Ok(credentials) = site.driver.with_hub(|hub, now| hub.credentials(now, &name, peer)) else {
        return Err(TOO_MANY);
    };
    let user = credentials.user;
    let is_there = move || !remote.as_ref().is_some_and(Remote::has_left);
    match (user, site.driver.verify(credentials, password.into(), is_there).await) {
        (Some(user), Ok(true)) => Ok(user),
        (_, Ok(_)) => Err(unauthorized("Wrong user or password.")),
        (_, Err(Unchecked::TooMany)) => Err(TOO_MANY),
        (_, Err(Unchecked::Busy | Unchecked::Left)) => Err(HttpRefusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            sentence: "Too many logins at once; try again.",
        }),
    }
}

/// Finds the user who sends a request that only users with the role Administrator may make.
pub async fn administrator(site: &Rc<Site>, request: &Request<Incoming>) -> Result<UserId, HttpRefusal> {
    let user = user(site, request).await?;
    check_administrator(site, user)?;
    Ok(user)
}

/// Refuses users who have not the role Administrator.
pub fn check_administrator(site: &Rc<Site>, user: UserId) -> Result<(), HttpRefusal> {
    if site.driver.with_hub(|hub, _| hub.desk().directory().is_administrator(user)) {
        return Ok(());
    }
    Err(HttpRefusal {
        status: StatusCode::FORBIDDEN,
        sentence: "This is for users with the role Administrator.",
    })
}

/// Finds the user who opens a stream: by a ticket if the query has one, else by a password. A ticket stays good while its user is
/// kept out after wrong passwords, as a session does that is up.
pub async fn ticket_or_user(
    site: &Rc<Site>,
    request: &Request<Incoming>,
) -> Result<(UserId, Option<TicketKey>), HttpRefusal> {
    let Some(ticket) = ticket_in(Query::of(request.uri()))? else {
        return Ok((user(site, request).await?, None));
    };
    let found = site.driver.with_hub(|hub, now| hub.ticket(now, &ticket));
    let (user, key) = found.ok_or(unauthorized(
        "The ticket is over, or there never was one: get another with POST /callboard/api/ticket.",
    ))?;
    Ok((user, Some(key)))
}

/// The ticket in a query, if there is one.
///
/// # Errors
///
/// There are several.
pub fn ticket_in(query: Query<'_>) -> Result<Option<Cow<'_, str>>, Repeated> {
    query.one("ticket")
}

/// The user that a request names, for a log: a name that nobody has may be a password typed into the wrong field. It was
/// prepared once for the answer; what is not ASCII and not written as in the configuration is not shown.
pub fn name(driver: &Rc<Driver>, headers: &HeaderMap) -> String {
    let known = basic(headers).and_then(|(name, _)| {
        driver.with_hub(|hub, _| {
            let name = name.to_ascii_lowercase();
            let bare = name.strip_suffix(hub.domain()).and_then(|rest| rest.strip_suffix('@'));
            let user = hub.desk().directory().find_prepared(bare.unwrap_or(&name))?;
            Some(hub.user_name(user))
        })
    });
    known.unwrap_or_else(|| "-".to_owned())
}

/// The name that a request gives, checked or not: for its own answer only.
pub fn given_name(headers: &HeaderMap) -> String {
    basic(headers).map(|(name, _)| name).unwrap_or_default()
}

/// The user that a request names, checked or not, for the record: by the id, or by the name if nobody has it.
pub fn claimed(site: &Rc<Site>, headers: &HeaderMap) -> String {
    site.driver.with_hub(|hub, now| match (bearer(headers), basic(headers)) {
        (Some(token), _) => hub.user_of_token(now, token).map(|user| hub.user_name(user)).unwrap_or_default(),
        (None, Some((name, _))) => hub.known_as(&name),
        (None, None) => String::new(),
    })
}

/// The user that a request names by its password, its access token or its ticket, before anybody looks whether they are valid: for
/// faults. Empty if it names none.
pub fn claimed_name(hub: &Hub, now: Now, request: &Request<Incoming>) -> String {
    let headers = request.headers();
    if let Some((name, _)) = basic(headers) {
        return name;
    }
    let ticket = || {
        let ticket = ticket_in(Query::of(request.uri())).ok()??;
        Some(hub.ticket(now, &ticket)?.0)
    };
    let owner = bearer(headers).map_or_else(ticket, |token| hub.user_of_token(now, token));
    owner.map(|user| hub.user_name(user)).unwrap_or_default()
}

/// Says how to log in: as the client tried to.
pub fn challenge(headers: &HeaderMap, answer: &mut Response) {
    if bearer(headers).is_some() { refuse_token(answer) } else { ask_for_password(answer) }
}

/// Says that a token is wrong (RFC 6750 §3).
pub fn refuse_token(answer: &mut Response) {
    set(answer, WWW_AUTHENTICATE, "Bearer realm=\"callboard\", error=\"invalid_token\"");
}

/// The access token of a request (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, data) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(data.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn unauthorized(sentence: &'static str) -> HttpRefusal {
    HttpRefusal { status: StatusCode::UNAUTHORIZED, sentence }
}
