//! `POST /callboard/api/calls` and `DELETE /callboard/api/calls/ID`: somebody outside calls, and hangs up.

use std::rc::Rc;

use hyper::{Request, StatusCode};

use crate::desk::{CallData, Inbound, NotPlaced};
use crate::event_loop::driver::Server;
use crate::http::request_body::Incoming;
use crate::http::response::{Answer, Refused, text};
use crate::http::{basic_auth, request_body};
use crate::id::UserId;

/// Where the calls are.
pub const PATH: &str = "/callboard/api/calls";

/// The number of a caller who gives none.
const ANONYMOUS: &str = "5550100";

/// The longest number of a caller, in bytes.
const NUMBER_MAX: usize = 64;

/// Whether a path names one call.
pub fn is_one(path: &str) -> bool {
    path.strip_prefix(PATH).and_then(|id| id.strip_prefix('/')).is_some_and(|id| !id.is_empty())
}

/// Lets somebody call and answers 202 with the id of the dialog.
pub async fn place(server: &Rc<Server>, request: Request<Incoming>) -> Result<(UserId, Answer), Refused> {
    let user = basic_auth::administrator(server, &request).await?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = request_body::text(server, request.into_body(), server.limits.payload).await?;
    // Another configuration may have come before the end of the body.
    basic_auth::check_administrator(server, user)?;
    let call = read(&query, body.trim())?;
    server.admit(user, body.len()).await?;
    // Nobody would be told of it any more.
    if server.with_hub(|hub, _| hub.is_closing()) {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "The server is going down.");
    }
    let mut id = 0;
    let placed = server.with_hub(|hub, now| {
        hub.happen(now, user, |desk| {
            let (dialog, events) = desk.place_call(now, &call, "")?;
            id = dialog;
            Ok(events)
        })
    });
    match placed {
        Ok(()) => Ok((user, text(StatusCode::ACCEPTED, id.to_string()))),
        Err(why) => refuse(not_placed(why).0, not_placed(why).1),
    }
}

fn not_placed(why: NotPlaced) -> (StatusCode, &'static str) {
    match why {
        NotPlaced::NumberUnknown => (
            StatusCode::NOT_FOUND,
            "There is no such number: to is an extension, or the number or the id of a queue.",
        ),
        NotPlaced::CallerInside => {
            (StatusCode::BAD_REQUEST, "from is an extension here; an agent makes a call by MAKE_CALL.")
        }
        NotPlaced::NobodyThere => (StatusCode::CONFLICT, "Nobody is signed in at that extension."),
        NotPlaced::Busy => (StatusCode::CONFLICT, "That extension is busy."),
        NotPlaced::TooManyCalls => {
            (StatusCode::SERVICE_UNAVAILABLE, "There are as many calls as calls in [limits] allows.")
        }
        NotPlaced::OutOfService => (StatusCode::SERVICE_UNAVAILABLE, "The service is not IN_SERVICE."),
    }
}

/// Lets the caller hang up and answers 202.
pub async fn end(server: &Rc<Server>, request: Request<Incoming>) -> Result<(UserId, Answer), Refused> {
    let user = basic_auth::administrator(server, &request).await?;
    let id = request.uri().path().strip_prefix(PATH).unwrap_or_default().trim_matches('/');
    let none = Refused {
        status: StatusCode::NOT_FOUND,
        sentence: "There is no such call with somebody from outside.",
    };
    server.admit(user, 0).await?;
    server.with_hub(|hub, now| hub.happen(now, user, |desk| desk.abandon(now, id, "").ok_or(none)))?;
    Ok((user, text(StatusCode::ACCEPTED, "The caller hangs up.")))
}

/// The call that the query and the body, a form, ask for.
fn read(query: &str, body: &str) -> Result<Inbound, Refused> {
    let mut call = Inbound { from: String::new(), to: String::new(), data: CallData::default() };
    let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body.as_bytes()));
    for (key, value) in pairs {
        let number = match key.as_ref() {
            "from" => &mut call.from,
            "to" => &mut call.to,
            _ => {
                if call.data.variables.iter().any(|(known, _)| *known == key)
                    || call.data.set(key.into_owned(), value.into_owned()).is_err()
                {
                    return refuse(
                        StatusCode::BAD_REQUEST,
                        "Beside to and from there can be callVariable1 to callVariable10 (40 bytes) and user.NAME (210 bytes, 2000 all together), each once.",
                    );
                }
                continue;
            }
        };
        let is_number = !value.is_empty()
            && value.len() <= NUMBER_MAX
            && value.bytes().all(|byte| byte.is_ascii_graphic());
        if !number.is_empty() || !is_number {
            return refuse(StatusCode::BAD_REQUEST, "to and from are numbers, each once.");
        }
        *number = value.into_owned();
    }
    if call.to.is_empty() {
        return refuse(
            StatusCode::BAD_REQUEST,
            "Say whom to call: /callboard/api/calls?to=9001&from=5550123",
        );
    }
    if call.from.is_empty() {
        ANONYMOUS.clone_into(&mut call.from);
    }
    Ok(call)
}

fn refuse<T>(status: StatusCode, sentence: &'static str) -> Result<T, Refused> {
    Err(Refused { status, sentence })
}
