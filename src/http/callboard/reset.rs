//! `POST /callboard/api/reset`: all begins again, between two tests.

use hyper::StatusCode;

use crate::http::callboard::{Served, UserRequest};
use crate::http::faults;
use crate::http::query::Query;
use crate::http::response::{HttpRefusal, empty};
use crate::hub::Reset;

/// The path.
pub const PATH: &str = "/callboard/api/reset";

const WRONG: HttpRefusal = HttpRefusal {
    status: StatusCode::BAD_REQUEST,
    sentence: "There are sessions=keep (so it is without), sessions=end, and keep=users, keep=faults or keep=users,faults, each once.",
};

const OFF: HttpRefusal = HttpRefusal {
    status: StatusCode::CONFLICT,
    sentence: "Tests are let begin again only where there is a record or where faults are on: start with callboard serve --record 10000.",
};

/// Answers 204 when all is as after the start.
pub fn serve(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    let (mut sessions, mut users, mut kept) = (None, None, None);
    for (name, value) in Query::of(request.uri()).pairs() {
        let (place, is) = match (&*name, &*value) {
            ("sessions", "keep") => (&mut sessions, true),
            ("sessions", "end") => (&mut sessions, false),
            ("keep", "faults") => (&mut kept, true),
            ("keep", "users") => (&mut users, true),
            ("keep", "users,faults" | "faults,users") if users.replace(true).is_none() => (&mut kept, true),
            _ => return Err(WRONG),
        };
        if place.replace(is).is_some() {
            return Err(WRONG);
        }
    }
    let wanted = Reset {
        keeps_sessions: sessions.unwrap_or(true),
        keeps_guests: users.unwrap_or(false),
        keeps_faults: kept.unwrap_or(false),
    };
    site.driver.with_hub(|hub, now| match hub.is_closing() {
        true => Err(HttpRefusal::GOING_DOWN),
        false if hub.reset(now, wanted) => Ok(()),
        false => Err(OFF),
    })?;
    // The reset has set the faults of the file again, also a fault that was healed because it locked everybody out.
    faults::heal_what_locks_out(site);
    Ok(empty(StatusCode::NO_CONTENT).into())
}
