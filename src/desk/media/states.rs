//! The states of agents in a medium and of tasks, and the actions that a task offers (the guide, "Agent States for Nonvoice Media" and
//! "State (Participant) Parameter Values").

/// The state of an agent in a medium.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediumState {
    #[default]
    Logout,
    NotReady,
    /// Ready without tasks.
    Ready,
    Interrupted,
    Active,
    WorkReady,
    Paused,
    Reserved,
}

impl MediumState {
    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logout => "LOGOUT",
            Self::NotReady => "NOT_READY",
            Self::Ready => "READY",
            Self::Interrupted => "INTERRUPTED",
            Self::Active => "ACTIVE",
            Self::WorkReady => "WORK_READY",
            Self::Paused => "PAUSED",
            Self::Reserved => "RESERVED",
        }
    }
}

/// The state of a task that an agent has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskState {
    #[default]
    Offered,
    Accepted,
    Active,
    Paused,
    WrappingUp,
}

impl TaskState {
    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offered => "OFFERED",
            Self::Accepted => "ACCEPTED",
            Self::Active => "ACTIVE",
            Self::Paused => "PAUSED",
            Self::WrappingUp => "WRAPPING_UP",
        }
    }

    /// Whether an interrupt shows (the guide, "State (Dialog) Parameter Values").
    pub fn can_be_interrupted(self) -> bool {
        matches!(self, Self::Active | Self::Paused | Self::WrappingUp)
    }

    /// The actions that an agent may ask for.
    pub fn offers(self) -> &'static [Action] {
        match self {
            Self::Offered => &[Action::Accept],
            Self::Accepted => &[Action::Start, Action::Transfer, Action::Close, Action::UpdateCallData],
            Self::Active => {
                &[Action::Pause, Action::WrapUp, Action::Transfer, Action::Close, Action::UpdateCallData]
            }
            Self::Paused => {
                &[Action::Resume, Action::WrapUp, Action::Transfer, Action::Close, Action::UpdateCallData]
            }
            Self::WrappingUp => &[Action::Close, Action::UpdateCallData],
        }
    }
}

/// What an agent does with a task (the guide, "MediaDialog.TaskActions").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Accept,
    Start,
    Pause,
    Resume,
    WrapUp,
    Close,
    Transfer,
    UpdateCallData,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 8] = [
        Self::Accept,
        Self::Start,
        Self::Pause,
        Self::Resume,
        Self::WrapUp,
        Self::Close,
        Self::Transfer,
        Self::UpdateCallData,
    ];

    /// The name in documents and requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "ACCEPT",
            Self::Start => "START",
            Self::Pause => "PAUSE",
            Self::Resume => "RESUME",
            Self::WrapUp => "WRAP_UP",
            Self::Close => "CLOSE",
            Self::Transfer => "TRANSFER",
            Self::UpdateCallData => "UPDATE_CALL_DATA",
        }
    }
}

/// Why a task ends for its agent (the guide, "Disposition Code Parameter Values for Nonvoice Tasks").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    NormalEnd,
    Transferred,
    TransferredOnLogout,
    NotAccepted,
    Abandoned,
    LoggedOut,
}

impl Disposition {
    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::NormalEnd => "CD_NORMAL_END_TASK",
            Self::Transferred => "CD_TASK_TRANSFER",
            Self::TransferredOnLogout => "CD_TASK_TRANSFERRED_ON_AGENT_LOGOUT",
            Self::NotAccepted => "CD_RING_NO_ANSWER",
            Self::Abandoned => "CD_TASK_ABANDONED_WHILE_OFFERED",
            Self::LoggedOut => "CD_AGENT_LOGGED_OUT_DURING_DIALOG",
        }
    }
}
