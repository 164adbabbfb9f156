//! `POST /callboard/api/tasks` and `DELETE /callboard/api/tasks/ID`: somebody outside hands in a task of a medium other than voice, and
//! leaves.

use hyper::StatusCode;

use crate::desk::{CallData, Command, NewTask};
use crate::http::callboard::outside::{self, refuse, set_variable};
use crate::http::callboard::{Served, UserRequest};
use crate::http::query::Query;
use crate::http::response::HttpRefusal;

/// The path of the tasks.
pub const PATH: &str = "/callboard/api/tasks";

/// The path of a task, before its id.
pub const BELOW: &str = "/callboard/api/tasks/";

/// Takes a task and answers 202 with the id of its dialog.
pub fn place(asked: UserRequest<'_>) -> Served {
    Ok(outside::begin(&asked, |query, body| Ok(Command::PlaceTask(read(query, body)?))))
}

/// Ends a task and answers 202.
pub fn end(asked: UserRequest<'_>) -> Served {
    Ok(outside::end(&asked, BELOW, Command::EndTask, "The task ends."))
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
