//! `POST /callboard/api/ticket`: what lets an EventSource in, which cannot send a password.

use std::rc::Rc;

use hyper::{Request, StatusCode, header};

use crate::clock::Seconds;
use crate::http::basic_auth;
use crate::http::request_body::Incoming;
use crate::http::response::{self, HttpRefusal, Response, set};
use crate::http::site::Site;
use crate::id::UserId;
use crate::json;

/// The path of the tickets.
pub const PATH: &str = "/callboard/api/ticket";

/// Makes a ticket.
pub async fn make(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::user(site, &request).await?;
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
    Ok((user, answer))
}
