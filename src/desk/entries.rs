//! The bytes of commands, for a log of them.
//!
//! A command that brings a whole configuration with it has none: what it makes is written as a state instead.

use std::time::Duration;

use crate::clock::Now;
use crate::desk::command::{Command, Request};
use crate::desk::configuration::{Action, Change, Element, Object};
use crate::desk::connected::Connected;
use crate::desk::dialog::{CallData, DialogRequest, Inbound};
use crate::desk::failing::Failing;
use crate::desk::maintenance::StartMaintenance;
use crate::desk::media::{MediumRequest, NewTask};
use crate::desk::outbound::NewContact;
use crate::desk::request::{ClientLog, MobileAgent, NewMessage, SetState};
use crate::replica::codec::{Codec, Coded, coded, coded_places};
use crate::replica::entry::Kept;
use crate::replica::variants::coded_variants;

/// The deepest element of a body, with some to spare: bodies are read within bounds that are narrower.
const DEEPEST: usize = 64;

/// The numbers of errors by which requests fail on purpose.
const NUMBERS: &[&str] = &["22", "33", "6", "42", "34", "257", "260", "265", "1010"];

coded_places! {
    Object: ReasonCode WrapUpReason PhoneBook Contact MediaPropertiesLayout Workflow WorkflowAction LayoutConfig SystemConfig
        ClusterConfig EnterpriseDatabaseConfig ChatConfig CloudConnectConfig;
    Action: Create Update Delete Assign Replace;
}

coded! {
    CallData { variables, wrap_up_reason, wrap_up_items };
    DialogRequest {
        action, from, to, target, associated, data, digits, classification, callback_time, callback_number,
        script_selector
    };
    Inbound { from, to, data } = |_| Inbound { from: String::new(), to: String::new(), data: CallData::default() };
    MediumRequest { id, state, max_dialogs, interrupt_action, logout_action, reason_code_id, routable };
    NewTask { medium, data } = |_| NewTask { medium: String::new(), data: CallData::default() };
    NewContact { campaign, customer, agent };
    SetState { state, extension, active_device_id, reason_code_id, logout_all_media, mobile_agent };
    MobileAgent { mode, dial_number };
    NewMessage { duration, content, teams };
    ClientLog { has_data } = |_| ClientLog { has_data: false };
    StartMaintenance { users, estimate } =
        |_| StartMaintenance { users: Connected::default(), estimate: Duration::ZERO };
    Change { object, action, ids, category, body } = |_| Change {
        object: Object::ReasonCode,
        action: Action::Create,
        ids: Vec::new(),
        category: String::new(),
        body: Element::default(),
    };
}

coded_variants! {
    Command {
        Tick, Request { actor, request_id, request }, PlaceCall(call), EndCall(id), PlaceTask(task), EndTask(id), AddContact(contact),
        RemoveContact(id), Arrived(user), Left(user), SetStatus { status, tell, tell_states }, SetSecondaryNode(node), SignOut(user),
        EndMaintenance { left }, EndSignIn(user), FailRequest { actor, request_id, failing }, EndCalls
    }
    Request {
        DeleteMessage(id), SetState { user, asked }, CreateDialog { user, asked }, UpdateDialog { dialog, asked },
        ChangeMedia { user, medium, asked }, CreateMessage(asked), Configure(change), TakeLog { user, log }, TakeCompressedLog { user },
        StartMaintenance(asked), Unlock(id)
    }
    Failing { State(user, number), Call(dialog, number) }
}

impl Command {
    /// How it is kept: what brings a configuration with it is no entry. Locks of users are not there after a restart.
    pub fn kept(&self) -> Kept {
        match self {
            Self::Reload(_) | Self::Reset(_) | Self::GoBack(_) => Kept::AsState,
            Self::Request { request: Request::Unlock(_), .. } => Kept::Not,
            _ => Kept::AsEntry,
        }
    }
}

impl Coded for &'static str {
    fn blank(_: Now) -> Self {
        NUMBERS[0]
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        codec.pick(self, NUMBERS);
    }
}

impl Coded for Element {
    fn blank(_: Now) -> Self {
        Self::default()
    }

    /// As far as bodies are read: a deeper one is not whole, so that bytes cannot make the stack grow.
    fn code(&mut self, codec: &mut Codec<'_>) {
        // Before each element stands its depth, and after the last one 0.
        fn write(element: &mut Element, depth: usize, codec: &mut Codec<'_>) {
            let mut own = depth;
            own.code(codec);
            element.name.code(codec);
            element.text.code(codec);
            element.children.iter_mut().for_each(|child| write(child, depth + 1, codec));
        }
        if !codec.is_reading() {
            write(self, 1, codec);
            0_usize.code(codec);
            return;
        }
        let mut open: Vec<Self> = Vec::new();
        loop {
            let mut depth = 0_usize;
            depth.code(codec);
            // Only the first one is outermost, and each is at most one deeper than the one before.
            let fits =
                if open.is_empty() { depth == 1 } else { depth != 1 && depth <= DEEPEST.min(open.len() + 1) };
            if !codec.is_whole_so_far() || !fits {
                return codec.refuse();
            }
            while open.len() >= depth.max(2) {
                close(&mut open);
            }
            if depth == 0 {
                break;
            }
            let mut element = Self::default();
            element.name.code(codec);
            element.text.code(codec);
            open.push(element);
        }
        *self = open.pop().unwrap_or_default();
    }
}

/// The last of the open elements is over: it belongs to the one before.
fn close(open: &mut Vec<Element>) {
    if let Some(over) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(over);
    }
}
