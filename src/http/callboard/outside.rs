//! Somebody outside the contact centre, whom an administrator plays: a call, a task or a contact comes, and goes.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::StatusCode;

use crate::desk::{ApiError, CallData, Command};
use crate::http::callboard::{Next, Step, UserRequest};
use crate::http::response::{HttpRefusal, Response, text};
use crate::http::site::Site;
use crate::hub::Entry;
use crate::id::UserId;

/// Lets something come that the query and the body, a form, ask for, and answers 202 with its id.
pub fn begin(asked: &UserRequest<'_>, read: fn(&str, &str) -> Result<Command, HttpRefusal>) -> Step {
    let user = asked.user;
    let query = asked.request.uri().query().unwrap_or_default().to_owned();
    Step::Body(Box::new(move |_, body| {
        let command = read(&query, body.trim())?;
        let begin = move |site: &Rc<Site>| {
            // Nobody would be told of it any more.
            if site.driver.with_hub(|hub, _| hub.is_closing()) {
                return Err(HttpRefusal::GOING_DOWN);
            }
            apply(site, user, command).map(|id| accepted(id.unwrap_or_default()))
        };
        Ok(Next::Admission(body.len(), Box::new(begin)))
    }))
}

/// Lets something go whose id stands in the path behind `below`, and answers 202 with a sentence.
pub fn end(
    asked: &UserRequest<'_>,
    below: &str,
    command: fn(String) -> Command,
    sentence: &'static str,
) -> Step {
    let user = asked.user;
    let id = asked.request.uri().path().strip_prefix(below).unwrap_or_default().trim_matches('/').to_owned();
    let end = move |site: &_| apply(site, user, command(id)).map(|_| accepted(sentence.to_owned()));
    Step::Next(Next::Admission(0, Box::new(end)))
}

fn accepted(sentence: String) -> Response {
    text(StatusCode::ACCEPTED, sentence)
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
