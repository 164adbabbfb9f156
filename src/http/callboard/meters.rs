//! `POST /callboard/api/meters` and `GET /callboard/api/meters/RUN`: what the requests of one run cost (see `metering`).

use std::rc::Rc;

use hyper::{Request, StatusCode};

use crate::event_loop::driver::Server;
use crate::http::basic_auth;
use crate::http::request_body::Incoming;
use crate::http::response::{Answer, Refused, json};
use crate::id::UserId;

/// Where the runs are.
pub const PATH: &str = "/callboard/api/meters";

/// The run that a path names.
pub fn id(path: &str) -> Option<&str> {
    path.strip_prefix(PATH)?.strip_prefix('/').filter(|id| !id.is_empty())
}

/// Begins a run.
pub async fn begin(server: &Rc<Server>, request: Request<Incoming>) -> Result<(UserId, Answer), Refused> {
    let user = basic_auth::user(server, &request).await?;
    let run = server.with_hub(|hub, _| hub.token());
    server.meters.borrow_mut().begin(&run);
    // A token needs no escaping.
    Ok((user, json(format!("{{\"run\":\"{run}\"}}\n"))))
}

/// Answers with what a run has cost until now.
pub async fn figures(server: &Rc<Server>, request: Request<Incoming>) -> Result<(UserId, Answer), Refused> {
    let user = basic_auth::user(server, &request).await?;
    let run = id(request.uri().path()).unwrap_or_default();
    match server.meters.borrow_mut().figures(run) {
        Some(figures) => Ok((user, json(figures))),
        None => Err(Refused {
            status: StatusCode::NOT_FOUND,
            sentence: "There is no such run any more; begin one with POST /callboard/api/meters.",
        }),
    }
}
