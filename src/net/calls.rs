//! `POST /callboard/api/calls` and `DELETE /callboard/api/calls/ID`: somebody outside calls, and hangs up.

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::body::Incoming;
use hyper::{Request, StatusCode};

use super::answer::{Answer, Refused, text};
use super::server::Server;
use super::{auth, body};
use crate::desk::{CallData, Inbound, NotPlaced};

/// Where the calls are.
pub const PATH: &str = "/callboard/api/calls";

/// The number of a caller who gives none.
const ANONYMOUS: &str = "5550100";

/// The longest number of a caller, in bytes.
const NUMBER_MAX: usize = 64;

/// Lets somebody call and answers 202 with the id of the dialog, or says why not.
pub async fn place(server: Rc<Server>, request: Request<Incoming>, peer: SocketAddr) -> Answer {
    let shown = format!("POST {}", request.uri());
    let headers = request.headers().clone();
    let answer = match placed(&server, request).await {
        Ok(id) => text(StatusCode::ACCEPTED, id),
        Err(refused) => refused.into(),
    };
    log::info!("{peer} http {}: {shown} {}", auth::name(&server, &headers), answer.status().as_u16());
    answer
}

/// Lets the caller hang up and answers 202, or says why not.
pub async fn end(server: Rc<Server>, request: Request<Incoming>, peer: SocketAddr) -> Answer {
    let shown = format!("DELETE {}", request.uri());
    let headers = request.headers().clone();
    let answer = match ended(&server, request).await {
        Ok(()) => text(StatusCode::ACCEPTED, "The caller hangs up."),
        Err(refused) => refused.into(),
    };
    log::info!("{peer} http {}: {shown} {}", auth::name(&server, &headers), answer.status().as_u16());
    answer
}

async fn placed(server: &Rc<Server>, request: Request<Incoming>) -> Result<String, Refused> {
    administrator(server, &request).await?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = body::text(server, request.into_body(), server.limits.payload).await?;
    let call = read(&query, body.trim())?;
    let mut id = None;
    let placed = server.with_hub(|hub, now| {
        hub.command(now, |desk| {
            let (dialog, events) = desk.place_call(now, &call, "")?;
            id = Some(dialog);
            Ok(events)
        })
    });
    match (placed, id) {
        (Ok(()), Some(id)) => Ok(id.to_string()),
        (Err(NotPlaced::NumberUnknown), _) => refuse(
            StatusCode::NOT_FOUND,
            "There is no such number: to is an extension, or the number or the id of a queue.",
        ),
        (Err(NotPlaced::NobodyThere), _) => {
            refuse(StatusCode::CONFLICT, "Nobody is signed in at that extension.")
        }
        (Err(NotPlaced::Busy), _) => refuse(StatusCode::CONFLICT, "That extension is busy."),
        (Err(NotPlaced::TooManyCalls) | Ok(()), _) => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, "There are as many calls as [limits] calls allows.")
        }
    }
}

async fn ended(server: &Rc<Server>, request: Request<Incoming>) -> Result<(), Refused> {
    administrator(server, &request).await?;
    let id = request.uri().path().strip_prefix(PATH).unwrap_or_default().trim_matches('/').to_owned();
    let none = Refused {
        status: StatusCode::NOT_FOUND,
        sentence: "There is no such call with somebody from outside.",
    };
    server.with_hub(|hub, now| hub.command(now, |desk| desk.abandon(now, &id, "").ok_or(none)))
}

async fn administrator(server: &Rc<Server>, request: &Request<Incoming>) -> Result<(), Refused> {
    let user = auth::user(server, request.headers()).await?;
    if server.with_hub(|hub, _| hub.desk().directory().is_administrator(user)) {
        Ok(())
    } else {
        refuse(StatusCode::FORBIDDEN, "This needs the role Administrator.")
    }
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
                        "Beside to and from there can be callVariable1 to callVariable10 (40 bytes) and user.NAME (210 bytes), each once.",
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
