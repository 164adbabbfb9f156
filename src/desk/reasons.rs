//! Why an agent is in its state: the reason codes of the configuration, and those of the system.

use crate::config::{Category, Profile, ReasonCode};

use crate::desk::state::State;
#[cfg(feature = "replica")]
use crate::{
    clock::Now,
    replica::codec::{Codec, Coded},
};

/// Why an agent is in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The place in the configuration's list.
    Configured(usize),
    System(&'static SystemCode),
}

/// A code that no agent can choose.
#[derive(Debug, PartialEq, Eq)]
pub struct SystemCode {
    profile: Profile,
    cause: Cause,
    category: Category,
    code: u16,
    label: &'static str,
}

/// The reason for which the system changed a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The agent signs in.
    SignedIn,
    /// A call from a queue is over, which the agent took though it was not ready.
    CallEnded,
    /// The time to wrap up is over.
    WrappedUp,
    Supervisor,
    /// The agent's last session ended.
    ConnectionLost,
    /// The agent did not answer a call from a queue.
    NotAnswered,
    /// The agent was ready and makes a call of its own.
    CallMade,
    /// The agent was ready and takes a call that no queue brought.
    CallTaken,
    /// The configuration does not have the agent any more.
    Removed,
    /// The configuration does not have its telephone any more.
    TelephoneRemoved,
}

use Category::{Logout, NotReady};
use Profile::{Ucce, Uccx};

/// The codes of Express by its guide's "Reason codes for agent state change", 50006 by the guide (12.5, page 80). The labels of
/// 22, 33, 255, 32748, 32755, 32760 and 32761 are those that Express shows; its others and that of 50006 are an assumption, and so
/// is which code Enterprise has for what is taken out of the configuration. Repeated sign-ins keep the state, so 32767 (logged on
/// again) does not occur, and no telephone goes down, so 32756 (telephone up) does not.
#[rustfmt::skip]
const SYSTEM: &[SystemCode] = &[
    code(Uccx, Cause::SignedIn, NotReady, 32760, "Agent Logon"),
    code(Uccx, Cause::CallEnded, NotReady, 32755, "Call Ended"),
    code(Uccx, Cause::WrappedUp, NotReady, 32758, "Work Timer Expired"),
    code(Uccx, Cause::Supervisor, NotReady, 33, "Supervisor Initiated"),
    code(Uccx, Cause::Supervisor, Logout, 22, "Supervisor Initiated"),
    code(Ucce, Cause::Supervisor, NotReady, 999, "Supervisor Initiated"),
    code(Ucce, Cause::Supervisor, Logout, 999, "Supervisor Initiated"),
    code(Uccx, Cause::ConnectionLost, Logout, 255, "Connection Failure"),
    code(Ucce, Cause::ConnectionLost, NotReady, 255, "Connection Failure"),
    code(Uccx, Cause::NotAnswered, NotReady, 32763, "Ring No Answer"),
    code(Ucce, Cause::NotAnswered, NotReady, 32767, "Call Not Answered"),
    code(Uccx, Cause::CallMade, NotReady, 32762, "Offhook"),
    code(Ucce, Cause::CallMade, NotReady, 50006, "Call Placed"),
    code(Uccx, Cause::CallTaken, NotReady, 32761, "Non ACD Busy"),
    code(Uccx, Cause::Removed, Logout, 32748, "Agent Deleted"),
    code(Ucce, Cause::Removed, Logout, 50001, "System Disconnect"),
    code(Uccx, Cause::TelephoneRemoved, Logout, 32750, "Agent Extension Changed"),
    code(Ucce, Cause::TelephoneRemoved, Logout, 50003, "Device Error"),
];

const fn code(
    profile: Profile,
    cause: Cause,
    category: Category,
    code: u16,
    label: &'static str,
) -> SystemCode {
    SystemCode { profile, cause, category, code, label }
}

/// The reason for a state that somebody else than the agent brought about; some have none.
pub fn system(profile: Profile, cause: Cause, state: State) -> Option<&'static SystemCode> {
    let category = category(state)?;
    SYSTEM.iter().find(|code| (code.profile, code.cause, code.category) == (profile, cause, category))
}

/// The category of the reasons for a state that can have one.
pub fn category(state: State) -> Option<Category> {
    match state {
        State::NotReady => Some(Category::NotReady),
        State::Logout => Some(Category::Logout),
        _ => None,
    }
}

/// A reason as documents show it.
pub(super) struct Shown<'a> {
    /// `None` for codes of the system.
    pub id: Option<u32>,
    category: Category,
    code: u16,
    label: &'a str,
    for_all: bool,
}

impl<'a> From<&'a ReasonCode> for Shown<'a> {
    fn from(reason: &'a ReasonCode) -> Self {
        let &ReasonCode { id, category, code, ref label, ref teams } = reason;
        Self { id: Some(id), category, code, label, for_all: teams.is_none() }
    }
}

impl From<&SystemCode> for Shown<'_> {
    fn from(system: &SystemCode) -> Self {
        let &SystemCode { category, code, label, .. } = system;
        Self { id: None, category, code, label, for_all: true }
    }
}

impl Shown<'_> {
    /// The id in documents. That of all codes of the system is -1, by assumption.
    pub fn shown_id(&self) -> String {
        self.id.map_or_else(|| "-1".to_owned(), |id| id.to_string())
    }

    /// The text of an element of a reason.
    pub fn field(&self, name: &'static str) -> String {
        match name {
            "uri" => format!("/finesse/api/ReasonCode/{}", self.shown_id()),
            "id" => self.shown_id(),
            "category" => self.category.name().to_owned(),
            "code" => self.code.to_string(),
            "label" => self.label.to_owned(),
            "forAll" => self.for_all.to_string(),
            _ => self.id.is_none().to_string(),
        }
    }
}

#[cfg(feature = "replica")]
impl Coded for Reason {
    fn blank(_: Now) -> Self {
        Self::Configured(0)
    }

    /// The place of a reason code, counted from 1, or 0 and what tells a code of the system from the others.
    fn code(&mut self, codec: &mut Codec<'_>) {
        let (place, mut system) = match *self {
            Self::Configured(place) => (place + 1, ((Uccx, NotReady), 0)),
            Self::System(own) => (0, ((own.profile, own.category), own.code)),
        };
        let place = codec.place(place, codec.reasons + 1);
        if place > 0 {
            *self = Self::Configured(place - 1);
            return;
        }
        system.code(codec);
        match SYSTEM.iter().find(|one| ((one.profile, one.category), one.code) == system) {
            Some(one) => *self = Self::System(one),
            None => codec.refuse(),
        }
    }
}
