//! `POST /callboard/api/meters` and `GET /callboard/api/meters/RUN`: what the requests of one run cost (see `metering`).

use hyper::StatusCode;

use crate::http::callboard::{Served, UserRequest};
use crate::http::response::{self, HttpRefusal};
use crate::json;

/// The path of the runs.
pub const PATH: &str = "/callboard/api/meters";

/// The path of a run, before its id.
pub const BELOW: &str = "/callboard/api/meters/";

/// Begins a run.
pub fn begin(UserRequest { site, .. }: UserRequest<'_>) -> Served {
    let run = site.driver.with_hub(|hub, _| hub.token());
    site.meters.borrow_mut().begin(&run);
    Ok(response::json(json::document(|object| object.string("run", &run))).into())
}

/// Answers with what a run has cost until now.
pub fn figures(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    let run = request.uri().path().strip_prefix(BELOW).unwrap_or_default();
    match site.meters.borrow_mut().figures(run) {
        Some(figures) => Ok(response::json(figures).into()),
        None => Err(HttpRefusal {
            status: StatusCode::NOT_FOUND,
            sentence: "There is no such run any more; begin one with POST /callboard/api/meters.",
        }),
    }
}
