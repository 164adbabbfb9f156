//! `POST /callboard/api/ticket`: what lets an EventSource in, which cannot send a password.

use hyper::{StatusCode, header};

use crate::clock::Seconds;
use crate::http::callboard::{Served, UserRequest};
use crate::http::response::{self, HttpRefusal, set};
use crate::json;

/// The path of the tickets.
pub const PATH: &str = "/callboard/api/ticket";

/// Makes a ticket.
pub fn make(UserRequest { site, user, .. }: UserRequest<'_>) -> Served {
    let Some(ticket) = site.driver.with_hub(|hub, now| hub.make_ticket(now, user)) else {
        return Err(HttpRefusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            sentence: "The user has as many tickets as sessions_per_user in [limits] allows, all of them in use.",
        });
    };
    let seconds = Seconds(site.limits.ticket);
    let mut answer = response::json(json::document(|object| {
        object.string("ticket", &ticket);
        object.plain("seconds", seconds);
    }));
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    Ok(answer.into())
}
