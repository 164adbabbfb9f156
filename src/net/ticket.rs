//! `POST /callboard/api/ticket`: what lets an EventSource in, which cannot send a password. And how a URL with one is
//! shown in a log.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::body::Incoming;
use hyper::{Request, StatusCode, Uri, header};

use super::answer::{Answer, Refused, json, set};
use super::auth;
use super::server::Server;
use crate::clock::Seconds;
use crate::id::UserId;

/// The parameter that carries one.
const PARAMETER: &str = "ticket";

/// Makes a ticket.
pub async fn make(server: &Rc<Server>, request: Request<Incoming>) -> Result<(UserId, Answer), Refused> {
    let user = auth::user(server, &request).await?;
    let Some(ticket) = server.with_hub(|hub, now| hub.make_ticket(now, user)) else {
        return Err(Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            sentence: "The user has as many tickets as sessions_per_user in [limits] allows, all of them in use.",
        });
    };
    let seconds = Seconds(server.limits.ticket);
    // A ticket needs no escaping.
    let mut answer = json(format!("{{\"ticket\":\"{ticket}\",\"seconds\":{seconds}}}\n"));
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    Ok((user, answer))
}

/// The ticket in a query.
pub fn given(query: &str) -> Option<Cow<'_, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == PARAMETER).map(|(_, ticket)| ticket)
}

/// A URI as a log may show it: whoever reads the log must not get in with a ticket from it.
pub fn masked(uri: &Uri) -> String {
    match uri.query() {
        Some(query) if given(query).is_some() => {
            let shown = query.split('&').map(|pair| given(pair).map_or(pair, |_| "ticket=(masked)"));
            format!("{}?{}", uri.path(), shown.collect::<Vec<_>>().join("&"))
        }
        _ => uri.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_never_stands_in_a_log_however_it_is_written() {
        for (uri, shown) in [
            ("/events?node=/a&ticket=secret&after=1", "/events?node=/a&ticket=(masked)&after=1"),
            ("/events?ticket=secret", "/events?ticket=(masked)"),
            ("/events?%74icke%74=secret&ticket=secret", "/events?ticket=(masked)&ticket=(masked)"),
            ("/events?ticket", "/events?ticket=(masked)"),
            ("/events?node=ticket&a=ticket%3D1", "/events?node=ticket&a=ticket%3D1"),
            ("/events?", "/events?"),
            ("/x%20y", "/x%20y"),
            ("http://host/events?ticket=secret", "/events?ticket=(masked)"),
        ] {
            let uri: Uri = uri.parse().expect("a good URI");
            assert_eq!(masked(&uri), shown);
        }
    }
}
