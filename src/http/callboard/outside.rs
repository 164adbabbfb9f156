//! Somebody outside the contact centre, whom an administrator plays: a call, a task or a contact comes, and goes.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::{Request, StatusCode};

use crate::desk::{ApiError, CallData, Command};
use crate::http::request_body::Incoming;
use crate::http::response::{HttpRefusal, Response, text};
use crate::http::site::Site;
use crate::http::{basic_auth, request_body};
use crate::hub::Entry;
use crate::id::UserId;

/// Lets something come that the query and the body, a form, ask for, and answers 202 with its id. `user` is the administrator.
pub async fn begin(
    site: &Rc<Site>,
    user: UserId,
    request: Request<Incoming>,
    read: fn(&str, &str) -> Result<Command, HttpRefusal>,
) -> Result<(UserId, Response), HttpRefusal> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = request_body::text(site, request.into_body(), site.limits.payload).await?;
    // Another configuration may have come before the end of the body.
    basic_auth::check_administrator(site, user)?;
    let command = read(&query, body.trim())?;
    site.driver.admit(user, body.len()).await?;
    // Nobody would be told of it any more.
    if site.driver.with_hub(|hub, _| hub.is_closing()) {
        return Err(HttpRefusal::GOING_DOWN);
    }
    let id = apply(site, user, command)?;
    Ok((user, text(StatusCode::ACCEPTED, id.unwrap_or_default())))
}

/// Lets something go whose id stands in the path behind `below`, and answers 202 with a sentence.
pub async fn end(
    site: &Rc<Site>,
    request: Request<Incoming>,
    below: &str,
    command: fn(String) -> Command,
    sentence: &str,
) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::administrator(site, &request).await?;
    let id = request.uri().path().strip_prefix(below).unwrap_or_default().trim_matches('/').to_owned();
    site.driver.admit(user, 0).await?;
    apply(site, user, command(id))?;
    Ok((user, text(StatusCode::ACCEPTED, sentence)))
}

fn apply(site: &Rc<Site>, user: UserId, command: Command) -> Result<Option<String>, HttpRefusal> {
    let applied = site.driver.with_hub(|hub, now| hub.apply(Entry { now, by: Some(user), command }));
    applied.map_err(refused)
}

/// The refusal of a command as this API says it.
fn refused(error: ApiError) -> HttpRefusal {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpRefusal { status, sentence: error.message() }
}

/// Sets a call variable, unless it was set before.
pub fn set_variable(data: &mut CallData, name: Cow<'_, str>, value: Cow<'_, str>) -> Result<(), ()> {
    if data.variables.iter().any(|(known, _)| *known == name) {
        return Err(());
    }
    data.set(name.into_owned(), value.into_owned()).map_err(|_| ())
}

/// Refuses a request with a sentence.
pub fn refuse<T>(status: StatusCode, sentence: &'static str) -> Result<T, HttpRefusal> {
    Err(HttpRefusal { status, sentence })
}
