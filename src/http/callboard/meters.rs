//! `POST /callboard/api/meters` and `GET /callboard/api/meters/RUN`: what the requests of one run cost (see `metering`).

use std::rc::Rc;

use hyper::{Request, StatusCode};

use crate::http::basic_auth;
use crate::http::request_body::Incoming;
use crate::http::response::{self, HttpRefusal, Response};
use crate::http::site::Site;
use crate::id::UserId;
use crate::json;

/// The path of the runs.
pub const PATH: &str = "/callboard/api/meters";

/// The path of a run, before its id.
pub const BELOW: &str = "/callboard/api/meters/";

/// Begins a run.
pub async fn begin(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::user(site, &request).await?;
    let run = site.driver.with_hub(|hub, _| hub.token());
    site.meters.borrow_mut().begin(&run);
    Ok((user, response::json(json::document(|object| object.string("run", &run)))))
}

/// Answers with what a run has cost until now.
pub async fn figures(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::user(site, &request).await?;
    let run = request.uri().path().strip_prefix(BELOW).unwrap_or_default();
    match site.meters.borrow_mut().figures(run) {
        Some(figures) => Ok((user, response::json(figures))),
        None => Err(HttpRefusal {
            status: StatusCode::NOT_FOUND,
            sentence: "There is no such run any more; begin one with POST /callboard/api/meters.",
        }),
    }
}
