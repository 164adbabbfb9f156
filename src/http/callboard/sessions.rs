//! `GET /callboard/api/sessions`: who is on line, by every way. `GET /callboard/api/frames`: what is said there.

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::{Request, StatusCode};

use crate::clock::Seconds;
use crate::http::basic_auth;
use crate::http::callboard::record;
use crate::http::events::body;
use crate::http::events::body::Carried;
use crate::http::headers::forwarded::ViaProxy;
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{self, HttpRefusal, Response};
use crate::http::site::Site;
use crate::hub::{Listed, StreamRequest, TapRefused};
use crate::id::{SessionId, UserId};
use crate::json;

/// The path of the list of sessions.
pub const PATH: &str = "/callboard/api/sessions";

/// The path of a session, before its id.
pub const BELOW: &str = "/callboard/api/sessions/";

pub(super) const NO_SESSION: HttpRefusal =
    HttpRefusal { status: StatusCode::NOT_FOUND, sentence: "There is no such session." };

/// Where the frames are.
pub const FRAMES: &str = "/callboard/api/frames";

/// Answers with all sessions, or with those that have ended.
pub async fn list(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    if cfg!(feature = "lab") && Query::of(request.uri()).one("ended")?.as_deref() == Some("true") {
        return record::ended(site, &request).await;
    }
    let user = basic_auth::administrator(site, &request).await?;
    let sessions = site.driver.with_hub(|hub, now| hub.list(now));
    Ok((user, response::json(json::document(|object| object.array("sessions", sessions, write)))))
}

fn write(out: &mut String, session: Listed) {
    let Listed { id, transport, peer, user, jid, available, age, owed, behind } = session;
    json::object(out, |object| {
        object.string("id", &id.to_string());
        object.string("transport", transport.name());
        object.string("peer", &peer.to_string());
        object.optional("user", user.as_deref());
        object.optional("jid", jid.as_deref());
        object.plain("available", available);
        object.plain("seconds", format_args!("{:.1}", Seconds(age)));
        object.plain("owed", owed);
        match behind {
            Some(time) => object.plain("behind", format_args!("{:.1}", Seconds(time))),
            None => object.optional("behind", None),
        }
    });
}

/// Ends a session.
pub async fn end(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::administrator(site, &request).await?;
    let id = request.uri().path().strip_prefix(BELOW).and_then(|id| id.parse::<SessionId>().ok());
    if id.is_some_and(|id| site.driver.with_hub(|hub, now| hub.end_session(now, id))) {
        return Ok((user, response::empty(StatusCode::NO_CONTENT)));
    }
    Err(NO_SESSION)
}

/// Opens a stream of the frames of all sessions, or of one.
pub async fn frames(
    site: &Rc<Site>,
    request: Request<Incoming>,
    peer: SocketAddr,
    carried: &Carried,
) -> Result<(UserId, Response), HttpRefusal> {
    let (user, ticket) = basic_auth::ticket_or_user(site, &request).await?;
    basic_auth::check_administrator(site, user)?;
    if !site.frame_tap {
        return Err(HttpRefusal {
            status: StatusCode::FORBIDDEN,
            sentence: "Frames are shown only with frame_tap = true in the configuration.",
        });
    }
    let of = match Query::of(request.uri()).one("session")? {
        None => None,
        Some(id) => Some(id.parse::<SessionId>().map_err(|_| TapRefused::SessionUnknown)?),
    };
    let stream_request = StreamRequest { peer, user, ticket, via_proxy: ViaProxy::is_in(&request) };
    let id = site.driver.with_hub(|hub, now| hub.open_tap(now, stream_request, of))?;
    Ok((user, body::answer(site, id, carried)))
}
