//! The table of the API, as the guide's chapters on the Finesse desktop APIs have it.

use hyper::Method;

use crate::desk::{
    ApiError, ApiRefusal, ClientLog, Desk, DialogRequest, NewMessage, Request, SetState, Whose,
};
use crate::http::finesse::request::{Call, Reply};
use crate::id::UserId;

/// The parts of Finesse's API that are not here, or not all of them.
const ELSEWHERE: [&str; 19] = [
    "ChatConfig",
    "ClusterConfig",
    "Devices",
    "Dialog",
    "Dialogs",
    "ECCVariableConfig",
    "EnterpriseDatabaseConfig",
    "LayoutConfig",
    "Media",
    "MediaPropertiesLayout",
    "PhoneBook",
    "Queue",
    "Queues",
    "ReasonCode",
    "SystemConfig",
    "Workflow",
    "WorkflowAction",
    "WorkflowActions",
    "WrapUpReason",
];

/// A list to choose from. Each stands below a user, below a team, and alone for administrators.
type List = fn(&Desk, UserId, Whose<'_>, &Call<'_>) -> Result<String, ApiError>;

#[rustfmt::skip]
const LISTS: [(&str, List); 6] = [
    ("ReasonCodes", |desk, actor, whose, call| desk.reason_codes_document(actor, whose, &call.parameter("category")?)),
    ("WrapUpReasons", |desk, actor, whose, _| desk.wrap_up_reasons_document(actor, whose)),
    ("PhoneBooks", |desk, actor, whose, _| desk.phone_books_document(actor, whose)),
    ("MediaPropertiesLayouts", |desk, actor, whose, _| desk.layouts_document(actor, whose)),
    ("Workflows", |desk, actor, whose, _| desk.empty_list(actor, whose, "Workflows")),
    ("WorkFlows", |desk, actor, whose, _| desk.empty_list(actor, whose, "Workflows")),
];

/// The answer to a request that needs no password.
pub fn for_everybody(call: &Call<'_>) -> Option<String> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (&call.method, &path[..]) {
        // Asked before anybody is logged in, to find the XMPP domain.
        (&Method::GET, ["SystemInfo"]) => {
            let host = call.host();
            Some(call.look(|desk, now| desk.system_info_document(now, &host)))
        }
        // Asked to find out how to log in; out of service it is a request like any other.
        (&Method::GET, ["UserAuthMode", _]) => {
            call.look(|desk, _| desk.in_service().is_ok().then(|| desk.user_auth_mode_document()))
        }
        _ => None,
    }
}

/// The answer to a user who is logged in: `by` sends the request, and `actor` is the user as whom it is carried out.
pub async fn reply(by: UserId, actor: UserId, call: Call<'_>) -> Reply {
    let path = call.path.clone();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    check_conditions(actor, &call, &path)?;
    match (call.method.as_str(), &path[..]) {
        ("GET", _) => read(actor, &call, &path).unwrap_or_else(|| nothing(&call, &path)),
        ("PUT", ["User", id]) => {
            let user = call.user(id)?;
            let read =
                |body: &str, bounds: &_| Ok(Request::SetState { user, asked: SetState::read(body, bounds)? });
            call.change(by, actor, read).await
        }
        ("POST", ["User", id, "Dialogs"]) => {
            let user = call.user(id)?;
            let read = |body: &str, bounds: &_| {
                Ok(Request::CreateDialog { user, asked: DialogRequest::read(body, bounds)? })
            };
            call.change(by, actor, read).await
        }
        ("PUT", ["Dialog", id]) => {
            let dialog = (*id).to_owned();
            let read = |body: &str, bounds: &_| {
                Ok(Request::UpdateDialog { dialog, asked: DialogRequest::read(body, bounds)? })
            };
            call.change(by, actor, read).await
        }
        ("POST", ["TeamMessage"] | ["TeamMessages"]) => {
            let read = |body: &str, bounds: &_| Ok(Request::CreateMessage(NewMessage::read(body, bounds)?));
            call.change(by, actor, read).await
        }
        ("DELETE", ["TeamMessage", id]) => {
            call.change_without_body(by, actor, Request::DeleteMessage((*id).to_owned())).await?;
            Ok(Some(String::new()))
        }
        ("POST", ["User", id, "ClientLog"]) => {
            let user = call.user(id)?;
            let read =
                |body: &str, bounds: &_| Ok(Request::TakeLog { user, log: ClientLog::read(body, bounds)? });
            call.log(by, actor, read).await
        }
        ("POST", ["User", id, "CompressedClientLog"]) => {
            let user = call.user(id)?;
            call.opaque_log(by, actor, Request::TakeCompressedLog { user }).await
        }
        _ => nothing(&call, &path),
    }
}

/// A change is made on conditions, if what it changes can be read at the same address.
fn check_conditions(actor: UserId, call: &Call<'_>, path: &[&str]) -> Result<(), ApiError> {
    let changes = matches!(
        (call.method.as_str(), path),
        ("PUT", ["User" | "Dialog", _])
            | ("POST", ["User", _, "Dialogs"] | ["TeamMessages"])
            | ("DELETE", ["TeamMessage", _])
    );
    match changes.then(|| call.is_conditional().then(|| read(actor, call, path))).flatten().flatten() {
        Some(Ok(Some(document))) => crate::http::finesse::check_conditions(call.headers, &document),
        // Why it cannot be read is for the change to say.
        _ => Ok(()),
    }
}

/// The documents; `None` where there is none.
fn read(actor: UserId, call: &Call<'_>, path: &[&str]) -> Option<Reply> {
    let document = call.look(|desk, _| {
        let of_user = |id: &str, document: &dyn Fn(UserId) -> Result<String, ApiError>| {
            desk.find(id).and_then(document)
        };
        Some(match path {
            ["User"] | ["Users"] => desk.users_document(actor),
            ["User", id] => of_user(id, &|user| desk.user_document(actor, user)),
            ["User", id, "ReasonCode", code] => {
                of_user(id, &|user| desk.reason_code_document(actor, Whose::User(user), code))
            }
            ["User", id, "WrapUpReason", reason] => {
                of_user(id, &|user| desk.wrap_up_reason_document(actor, Whose::User(user), reason))
            }
            ["User", id, "MediaPropertiesLayout"] => of_user(id, &|user| desk.layout_of_user(actor, user)),
            ["User", id, "Media"] => {
                of_user(id, &|user| desk.empty_list(actor, Whose::User(user), "MediaList"))
            }
            ["User", id, "Dialogs"] => of_user(id, &|user| desk.dialogs_document(actor, user)),
            ["Dialog", id] => desk.dialog_document(actor, id),
            ["User", id, "Queues"] => of_user(id, &|user| desk.queues_of_user(actor, user)),
            ["Queues"] => desk.all_queues(actor),
            ["Queue", id] => desk.queue_document(actor, id),
            ["TeamMessages"] => Ok(desk.messages_document(actor)),
            ["TeamMessage", id] => desk.message_document(actor, id),
            ["Team", id, "TeamMessages"] => desk.messages_of_team(actor, id),
            ["User", id, name] => {
                let list = list(name)?;
                of_user(id, &|user| list(desk, actor, Whose::User(user), call))
            }
            ["Teams"] => desk.teams_document(actor),
            ["Team", id] => call
                .parameter("includeLoggedOutAgents")
                .and_then(|wanted| desk.team_document(actor, id, wanted != "false")),
            // The configuration interface has the lists below Team, the one for agents below TeamResource.
            ["Team" | "TeamResource", id, name] => list(name)?(desk, actor, Whose::Team(id), call),
            ["ReasonCode", id] => desk.reason_code_document(actor, Whose::All, id),
            ["WrapUpReason", id] => desk.wrap_up_reason_document(actor, Whose::All, id),
            ["PhoneBook", id] => desk.phone_book_document(actor, id),
            ["PhoneBook", id, "Contacts"] => desk.contacts_document(actor, id),
            ["PhoneBook", id, "Contact", contact] => desk.contact_document(actor, id, contact),
            ["MediaPropertiesLayout", id] => desk.layout_document(actor, id),
            [name] => list(name)?(desk, actor, Whose::All, call),
            _ => return None,
        })
    });
    document.map(|document| document.map(Some))
}

fn list(name: &str) -> Option<List> {
    LISTS.iter().find(|(known, _)| *known == name).map(|(_, list)| *list)
}

/// Why there is no answer.
fn nothing(call: &Call<'_>, path: &[&str]) -> Reply {
    let method = call.method.as_str();
    Err(match path {
        // The guide allows GET and PUT here, and the latter is among what there is in Finesse only.
        ["MediaPropertiesLayout", "default"] if method != "PUT" => ApiRefusal::MethodNotAllowed.about("GET"),
        ["UserAuthMode", _] | ["Team", _, "TeamMessages"] => ApiRefusal::MethodNotAllowed.about("GET"),
        ["User", _, "ClientLog" | "CompressedClientLog"] | ["TeamMessage"] => {
            ApiRefusal::MethodNotAllowed.about("POST")
        }
        ["TeamMessages"] => ApiRefusal::MethodNotAllowed.about("GET, POST"),
        ["TeamMessage", _] => ApiRefusal::MethodNotAllowed.about("GET, DELETE"),
        ["SystemInfo"]
        | ["User" | "Team" | "ReasonCode" | "WrapUpReason" | "PhoneBook" | "MediaPropertiesLayout", _] => {
            ApiRefusal::NotImplemented.about(method)
        }
        _ => {
            let is_known = |part: &&&str| ELSEWHERE.contains(*part) || list(part).is_some();
            path.iter().find(is_known).map_or_else(
                || ApiRefusal::PathUnknown.about(path.join("/")),
                |part| ApiRefusal::NotImplemented.about(*part),
            )
        }
    })
}
