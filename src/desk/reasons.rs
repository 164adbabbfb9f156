//! Why an agent is in its state: the reason codes of the configuration, and those of the system.

use crate::config::{Category, Profile, ReasonCode};

use super::state::State;

/// A code that no agent can choose.
#[derive(Debug, PartialEq, Eq)]
pub struct SystemCode {
    profile: Profile,
    category: Category,
    code: u16,
    label: &'static str,
}

/// What a supervisor does to a member (reference 4.3; the labels of Express are an assumption).
#[rustfmt::skip]
const BY_SUPERVISOR: [SystemCode; 4] = [
    SystemCode { profile: Profile::Uccx, category: Category::NotReady, code: 33, label: "Not Ready by Supervisor" },
    SystemCode { profile: Profile::Uccx, category: Category::Logout, code: 22, label: "Logout by Supervisor" },
    SystemCode { profile: Profile::Ucce, category: Category::NotReady, code: 999, label: "Supervisor Initiated" },
    SystemCode { profile: Profile::Ucce, category: Category::Logout, code: 999, label: "Supervisor Initiated" },
];

/// The reason for a state that a supervisor set.
pub fn by_supervisor(profile: Profile, state: State) -> Option<&'static SystemCode> {
    let category = category(state)?;
    BY_SUPERVISOR.iter().find(|code| code.profile == profile && code.category == category)
}

/// The category of the reasons for a state that can have one.
pub fn category(state: State) -> Option<Category> {
    match state {
        State::NotReady => Some(Category::NotReady),
        State::Logout => Some(Category::Logout),
        State::Ready => None,
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
    /// The text of an element of `<ReasonCode>`. Codes of the system have the id -1 and no URI, by assumption.
    pub fn field(&self, name: &'static str) -> String {
        match name {
            "uri" => self.id.map(|id| format!("/finesse/api/ReasonCode/{id}")).unwrap_or_default(),
            "id" => self.id.map_or_else(|| "-1".to_owned(), |id| id.to_string()),
            "category" => self.category.name().to_owned(),
            "code" => self.code.to_string(),
            "label" => self.label.to_owned(),
            "forAll" => self.for_all.to_string(),
            _ => self.id.is_none().to_string(),
        }
    }
}
