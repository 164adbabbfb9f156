//! `POST /callboard/api/ticket`: what lets an EventSource in, which cannot send a password.

use std::rc::Rc;

use hyper::{Request, StatusCode, header};

use crate::clock::Seconds;
use crate::http::basic_auth;
use crate::http::request_body::Incoming;
use crate::http::response::{Answer, Refused, json, set};
use crate::http::site::Site;
use crate::id::UserId;

/// Makes a ticket.
pub async fn make(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Answer), Refused> {
    let user = basic_auth::user(site, &request).await?;
    let Some(ticket) = site.driver.with_hub(|hub, now| hub.make_ticket(now, user)) else {
        return Err(Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            sentence: "The user has as many tickets as sessions_per_user in [limits] allows, all of them in use.",
        });
    };
    let seconds = Seconds(site.limits.ticket);
    // A ticket needs no escaping.
    let mut answer = json(format!("{{\"ticket\":\"{ticket}\",\"seconds\":{seconds}}}\n"));
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    Ok((user, answer))
}
