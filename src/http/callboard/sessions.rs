//! `GET /callboard/api/sessions`: who is on line, by every way. `GET /callboard/api/frames`: what is said there.

use hyper::StatusCode;

use crate::clock::Seconds;
use crate::http::callboard::record;
use crate::http::callboard::{Served, UserRequest};
use crate::http::events::body;
use crate::http::query::Query;
use crate::http::response::{self, HttpRefusal};
use crate::hub::{Listed, TapRefused};
use crate::id::SessionId;
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
pub fn list(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    if cfg!(feature = "lab") && Query::of(request.uri()).one("ended")?.as_deref() == Some("true") {
        return record::ended(site);
    }
    let sessions = site.driver.with_hub(|hub, now| hub.list(now));
    Ok(response::json(json::document(|object| object.array("sessions", sessions, write))).into())
}

fn write(out: &mut String, session: Listed) {
    let Listed { id, transport, peer, user, jid, waits, available, age, owed, behind } = session;
    json::object(out, |object| {
        object.string("id", &id.to_string());
        object.string("transport", transport.name());
        object.string("peer", &peer.to_string());
        object.optional("user", user.as_deref());
        object.optional("jid", jid.as_deref());
        object.string("state", if waits { "waiting" } else { "connected" });
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
pub fn end(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    let id = request.uri().path().strip_prefix(BELOW).and_then(|id| id.parse::<SessionId>().ok());
    if id.is_some_and(|id| site.driver.with_hub(|hub, now| hub.end_session(now, id))) {
        return Ok(response::empty(StatusCode::NO_CONTENT).into());
    }
    Err(NO_SESSION)
}

/// Opens a stream of the frames of all sessions, or of one.
pub fn frames(asked: UserRequest<'_>) -> Served {
    let UserRequest { site, request, client, .. } = asked;
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
    let id = site.driver.with_hub(|hub, now| hub.open_tap(now, asked.for_stream(), of))?;
    Ok(body::answer(site, id, &client.carried).into())
}
