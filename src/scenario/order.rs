//! What a scenario wants done, as values. The hub carries it out as it does for a client.

use std::borrow::Cow;

use crate::desk::{Command, DialogRequest, Inbound, NewMessage, Request, SetState, Status};
use crate::fault::Spec;
use crate::id::{DialogId, UserId};

/// Something to be done.
#[derive(Clone)]
pub enum Order {
    /// A request of the REST API, and its name.
    Request {
        user: UserId,
        what: Cow<'static, str>,
        request: Box<Request>,
    },
    /// Somebody outside calls.
    Place(Box<Inbound>),
    /// Somebody outside hands in a task or a contact.
    Outside(Box<Command>),
    /// The caller hangs up.
    HangUp(DialogId),
    Availability {
        status: Status,
        finesse: bool,
    },
    SetFault {
        name: Box<str>,
        spec: Box<Spec>,
    },
    Heal(Box<str>),
    Publish {
        user: UserId,
        node: Box<str>,
        payload: Box<str>,
    },
    /// All sessions of the user end.
    EndSessions(UserId),
    Mark(Box<str>),
    /// The scenario is over.
    Over,
}

impl Order {
    /// A request for another state of a user, who asks for it itself.
    pub fn state(user: UserId, state: &str, extension: Option<String>, reason: Option<u32>) -> Self {
        Self::state_by(user, user, state, extension, reason)
    }

    /// A request of a user for another state of a user.
    pub fn state_by(
        by: UserId,
        user: UserId,
        state: &str,
        extension: Option<String>,
        reason: Option<u32>,
    ) -> Self {
        let asked = SetState {
            state: Some(state.to_owned()),
            extension,
            reason_code_id: reason.map(|reason| reason.to_string()),
            ..SetState::default()
        };
        let request = Box::new(Request::SetState { user, asked });
        Self::Request { user: by, what: state.to_owned().into(), request }
    }

    /// A request of a user at a telephone for one of its calls.
    pub fn call(user: UserId, telephone: &str, id: DialogId, action: &'static str, to: Option<&str>) -> Self {
        let asked = DialogRequest {
            action: Some(action.to_owned()),
            to: to.map(str::to_owned),
            target: Some(telephone.to_owned()),
            ..DialogRequest::default()
        };
        let request = Box::new(Request::UpdateDialog { dialog: id.to_string(), asked });
        Self::Request { user, what: action.into(), request }
    }

    /// A message of a user to teams.
    pub fn message(user: UserId, teams: &[Box<str>], content: &str, seconds: u64) -> Self {
        let asked = NewMessage {
            duration: Some(seconds.to_string()),
            content: Some(content.to_owned()),
            teams: teams.iter().map(ToString::to_string).collect(),
        };
        Self::Request { user, what: "message".into(), request: Box::new(Request::CreateMessage(asked)) }
    }

    /// The user who does it, what it is, and what it is about, for the record.
    pub fn shown(&self) -> (Option<UserId>, &str, String) {
        match self {
            Self::Request { user, what, request } => {
                let about = match &**request {
                    Request::UpdateDialog { dialog, .. } => dialog.clone(),
                    _ => String::new(),
                };
                (Some(*user), what, about)
            }
            Self::Place(call) => (None, "call", format!("{} {}", call.from, call.to)),
            Self::Outside(command) => match &**command {
                Command::PlaceTask(task) => (None, "task", task.medium.clone()),
                Command::AddContact(contact) => (None, "contact", contact.campaign.clone()),
                _ => (None, "outside", String::new()),
            },
            Self::HangUp(id) => (None, "hang_up", id.to_string()),
            Self::Availability { status, finesse } => {
                let finesse = if *finesse { "available" } else { "unavailable" };
                (None, "outage", format!("{} {finesse}", status.name()))
            }
            Self::SetFault { name, .. } => (None, "fault", name.to_string()),
            Self::Heal(name) => (None, "heal", name.to_string()),
            Self::Publish { user, node, .. } => (Some(*user), "publish", node.to_string()),
            Self::EndSessions(user) => (Some(*user), "end_session", String::new()),
            Self::Mark(text) => (None, "mark", text.to_string()),
            Self::Over => (None, "over", String::new()),
        }
    }
}
