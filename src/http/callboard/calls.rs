//! `POST /callboard/api/calls` and `DELETE /callboard/api/calls/ID`: somebody outside calls, and hangs up.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::{Request, StatusCode};

use crate::desk::{ApiError, CallData, Command, Inbound};
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{HttpRefusal, Response, text};
use crate::http::site::Site;
use crate::http::{basic_auth, request_body};
use crate::hub::Entry;
use crate::id::UserId;

/// The path of the calls.
pub const PATH: &str = "/callboard/api/calls";

/// The path of a call, before its id.
pub const BELOW: &str = "/callboard/api/calls/";

/// The number of a caller who gives none.
const ANONYMOUS: &str = "5550100";

/// The longest number of a caller, in bytes.
const NUMBER_MAX: usize = 64;

/// Lets somebody call and answers 202 with the id of the dialog.
pub async fn place(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::administrator(site, &request).await?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = request_body::text(site, request.into_body(), site.limits.payload).await?;
    // Another configuration may have come before the end of the body.
    basic_auth::check_administrator(site, user)?;
    let call = read(&query, body.trim())?;
    site.driver.admit(user, body.len()).await?;
    // Nobody would be told of it any more.
    if site.driver.with_hub(|hub, _| hub.is_closing()) {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "The server is going down.");
    }
    let command = Command::PlaceCall(call);
    let id = site
        .driver
        .with_hub(|hub, now| hub.apply(Entry { now, by: Some(user), command }))
        .map_err(refused)?;
    Ok((user, text(StatusCode::ACCEPTED, id.unwrap_or_default())))
}

/// The refusal of a call as this API says it.
pub(super) fn refused(error: ApiError) -> HttpRefusal {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpRefusal { status, sentence: error.message() }
}

/// Lets the caller hang up and answers 202.
pub async fn end(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::administrator(site, &request).await?;
    let id = request.uri().path().strip_prefix(BELOW).unwrap_or_default().trim_matches('/');
    let command = Command::EndCall(id.to_owned());
    site.driver.admit(user, 0).await?;
    site.driver.with_hub(|hub, now| hub.apply(Entry { now, by: Some(user), command })).map_err(refused)?;
    Ok((user, text(StatusCode::ACCEPTED, "The caller hangs up.")))
}

/// Sets a call variable, unless it was set before.
pub(super) fn set_variable(data: &mut CallData, name: Cow<'_, str>, value: Cow<'_, str>) -> Result<(), ()> {
    if data.variables.iter().any(|(known, _)| *known == name) {
        return Err(());
    }
    data.set(name.into_owned(), value.into_owned()).map_err(|_| ())
}

/// The call that the query and the body, a form, ask for.
fn read(query: &str, body: &str) -> Result<Inbound, HttpRefusal> {
    let mut call = Inbound { from: String::new(), to: String::new(), data: CallData::default() };
    let pairs = Query::new(query).pairs().chain(Query::new(body).pairs());
    for (key, value) in pairs {
        let number = match key.as_ref() {
            "from" => &mut call.from,
            "to" => &mut call.to,
            _ => {
                if set_variable(&mut call.data, key, value).is_err() {
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

fn refuse<T>(status: StatusCode, sentence: &'static str) -> Result<T, HttpRefusal> {
    Err(HttpRefusal { status, sentence })
}
