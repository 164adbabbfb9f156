//! The table of the API (reference 4.2).

use hyper::Method;

use super::Reply;
use super::call::Call;
use crate::desk::{ApiError, Refusal, SetState};
use crate::id::UserId;

/// What there is in Finesse and not here.
const ELSEWHERE: [&str; 24] = [
    "ChatConfig",
    "ClientLog",
    "ClusterConfig",
    "Dialog",
    "Dialogs",
    "ECCVariableConfig",
    "EnterpriseDatabaseConfig",
    "LayoutConfig",
    "Media",
    "MediaPropertiesLayout",
    "MediaPropertiesLayouts",
    "PhoneBook",
    "PhoneBooks",
    "Queue",
    "Queues",
    "ReasonCodes",
    "SystemConfig",
    "TeamMessage",
    "TeamMessages",
    "UserAuthMode",
    "Workflow",
    "Workflows",
    "WrapUpReason",
    "WrapUpReasons",
];

/// What is answered without a password.
pub fn for_everybody(call: &Call<'_>) -> Option<String> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (&call.method, &path[..]) {
        // Asked before anybody is logged in, to find the XMPP domain (reference 2.0).
        (&Method::GET, ["SystemInfo"]) => {
            let host = call.host();
            Some(call.look(|desk, now| desk.system_info_document(now, &host)))
        }
        _ => None,
    }
}

/// What is answered to a user who is logged in.
pub async fn reply(actor: UserId, call: Call<'_>) -> Reply {
    let path = call.path.clone();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (call.method.as_str(), &path[..]) {
        ("GET", _) => read(actor, &call, &path).unwrap_or_else(|| nothing(&call, &path)),
        ("PUT", ["User", id]) => {
            let user = call.user(id)?;
            let read = SetState::read;
            call.command(read, |desk, now, asked, request_id| {
                desk.set_state(now, actor, user, &asked, request_id)
            })
            .await
        }
        _ => nothing(&call, &path),
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
            ["User", id, "ReasonCodes"] => {
                of_user(id, &|user| desk.reason_codes_of_user(actor, user, &call.parameter("category")))
            }
            ["Teams"] => desk.teams_document(actor),
            ["Team", id] => {
                desk.team_document(actor, id, call.parameter("includeLoggedOutAgents") != "false")
            }
            ["Team", id, "ReasonCodes"] => desk.reason_codes_of_team(actor, id, &call.parameter("category")),
            ["ReasonCode", id] => desk.reason_code_document(id),
            _ => return None,
        })
    });
    document.map(|document| document.map(Some))
}

/// Why there is no answer.
fn nothing(call: &Call<'_>, path: &[&str]) -> Reply {
    Err(match path {
        ["SystemInfo"] | ["User" | "Team" | "ReasonCode", _] => {
            Refusal::NotImplemented.about(call.method.as_str())
        }
        [.., last] if ELSEWHERE.contains(last) => Refusal::NotImplemented.about(*last),
        [first, ..] if ELSEWHERE.contains(first) => Refusal::NotImplemented.about(*first),
        _ => Refusal::PathUnknown.about(path.join("/")),
    })
}
