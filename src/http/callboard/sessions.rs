//! `GET /callboard/api/sessions`: who is on line, by every way. `GET /callboard/api/frames`: what is said there.

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::{Request, StatusCode};

use crate::clock::Seconds;
use crate::http::basic_auth;
use crate::http::events::body;
use crate::http::events::body::Carried;
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{Answer, Refused, json};
use crate::http::site::Site;
use crate::hub::{Asker, Listed, NotOpened};
use crate::id::{SessionId, UserId};
use crate::json::{array, key, member, optional};

/// Where the frames are.
pub const FRAMES: &str = "/callboard/api/frames";

/// Answers with all sessions.
pub async fn list(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Answer), Refused> {
    let user = basic_auth::administrator(site, &request).await?;
    let mut out = String::from("{");
    key(&mut out, "sessions");
    array(&mut out, site.driver.with_hub(|hub, now| hub.list(now)), write);
    out.push_str("}\n");
    Ok((user, json(out)))
}

fn write(out: &mut String, session: Listed) {
    let Listed { id, transport, peer, user, jid, available, age, owed, behind } = session;
    out.push('{');
    member(out, "id", &id.to_string());
    member(out, "transport", transport);
    member(out, "peer", &peer.to_string());
    key(out, "user");
    optional(out, user.as_deref());
    key(out, "jid");
    optional(out, jid.as_deref());
    key(out, "available");
    out.push_str(if available { "true" } else { "false" });
    key(out, "seconds");
    out.push_str(&format!("{:.1}", Seconds(age)));
    key(out, "owed");
    out.push_str(&owed.to_string());
    key(out, "behind");
    match behind {
        Some(time) => out.push_str(&format!("{:.1}}}", Seconds(time))),
        None => out.push_str("null}"),
    }
}

/// Opens a stream of the frames of all sessions, or of one.
pub async fn frames(
    site: &Rc<Site>,
    request: Request<Incoming>,
    peer: SocketAddr,
    carried: &Carried,
) -> Result<(UserId, Answer), Refused> {
    let (user, ticket) = basic_auth::ticket_or_user(site, &request).await?;
    basic_auth::check_administrator(site, user)?;
    if !site.frame_tap {
        return Err(Refused {
            status: StatusCode::FORBIDDEN,
            sentence: "Frames are shown only with frame_tap = true in the configuration.",
        });
    }
    let of = match Query::of(request.uri()).one("session")? {
        None => None,
        Some(id) => Some(id.parse::<SessionId>().map_err(|_| NotOpened::SessionUnknown)?),
    };
    let asker = Asker { peer, user, ticket };
    let id = site.driver.with_hub(|hub, now| hub.open_tap(now, asker, of))?;
    Ok((user, body::answer(site, id, carried)))
}
