//! `POST /callboard/api/tasks` and `DELETE /callboard/api/tasks/ID`: somebody outside hands in a task of a medium other than voice, and
//! leaves.

use std::rc::Rc;

use hyper::{Request, StatusCode};

use crate::desk::{CallData, Command, NewTask};
use crate::http::callboard::calls::{refused, set_variable};
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{HttpRefusal, Response, text};
use crate::http::site::Site;
use crate::http::{basic_auth, request_body};
use crate::hub::Entry;
use crate::id::UserId;

/// The path of the tasks.
pub const PATH: &str = "/callboard/api/tasks";

/// The path of a task, before its id.
pub const BELOW: &str = "/callboard/api/tasks/";

/// Takes a task and answers 202 with the id of its dialog.
pub async fn place(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::administrator(site, &request).await?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = request_body::text(site, request.into_body(), site.limits.payload).await?;
    // Another configuration may have come before the end of the body.
    basic_auth::check_administrator(site, user)?;
    let task = read(&query, body.trim())?;
    site.driver.admit(user, body.len()).await?;
    // Nobody would be told of it any more.
    if site.driver.with_hub(|hub, _| hub.is_closing()) {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "The server is going down.");
    }
    let command = Command::PlaceTask(task);
    let id = site
        .driver
        .with_hub(|hub, now| hub.apply(Entry { now, by: Some(user), command }))
        .map_err(refused)?;
    Ok((user, text(StatusCode::ACCEPTED, id.unwrap_or_default())))
}

/// Ends a task and answers 202.
pub async fn end(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::administrator(site, &request).await?;
    let id = request.uri().path().strip_prefix(BELOW).unwrap_or_default().trim_matches('/');
    let command = Command::EndTask(id.to_owned());
    site.driver.admit(user, 0).await?;
    site.driver.with_hub(|hub, now| hub.apply(Entry { now, by: Some(user), command })).map_err(refused)?;
    Ok((user, text(StatusCode::ACCEPTED, "The task ends.")))
}

/// The task that the query and the body, a form, ask for.
fn read(query: &str, body: &str) -> Result<NewTask, HttpRefusal> {
    let mut task = NewTask { medium: String::new(), data: CallData::default() };
    for (key, value) in Query::new(query).pairs().chain(Query::new(body).pairs()) {
        if key != "media" {
            set_variable(&mut task.data, key, value).map_err(|_| HttpRefusal {
                status: StatusCode::BAD_REQUEST,
                sentence: "Beside media there can be callVariable1 to callVariable10 (40 bytes) and user.NAME (210 bytes, 2000 all together), each once.",
            })?;
        } else if task.medium.is_empty() {
            task.medium = value.into_owned();
        } else {
            return refuse(StatusCode::BAD_REQUEST, "media stands once.");
        }
    }
    if task.medium.is_empty() {
        return refuse(
            StatusCode::BAD_REQUEST,
            "Say of which medium: /callboard/api/tasks?media=5000&callVariable1=chat",
        );
    }
    Ok(task)
}

fn refuse<T>(status: StatusCode, sentence: &'static str) -> Result<T, HttpRefusal> {
    Err(HttpRefusal { status, sentence })
}
