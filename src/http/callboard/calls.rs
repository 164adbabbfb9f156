//! `POST /callboard/api/calls` and `DELETE /callboard/api/calls/ID`: somebody outside calls, and hangs up.

use hyper::StatusCode;

use crate::desk::{CallData, Command, Inbound};
use crate::http::callboard::outside::{self, refuse, set_variable};
use crate::http::callboard::{Served, UserRequest};
use crate::http::query::Query;
use crate::http::response::HttpRefusal;

/// The path of the calls.
pub const PATH: &str = "/callboard/api/calls";

/// The path of a call, before its id.
pub const BELOW: &str = "/callboard/api/calls/";

/// The number of a caller who gives none.
const ANONYMOUS: &str = "5550100";

/// The longest number of a caller, in bytes.
const NUMBER_MAX: usize = 64;

/// Lets somebody call and answers 202 with the id of the dialog.
pub fn place(asked: UserRequest<'_>) -> Served {
    Ok(outside::begin(&asked, |query, body| Ok(Command::PlaceCall(read(query, body)?))))
}

/// Lets the caller hang up and answers 202.
pub fn end(asked: UserRequest<'_>) -> Served {
    Ok(outside::end(&asked, BELOW, Command::EndCall, "The caller hangs up."))
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
