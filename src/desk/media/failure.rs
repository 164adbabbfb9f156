//! Why a request about a medium or a task fails after it was accepted (the guide, "Media and Dialogs/Media Error Code Descriptions").

use crate::desk::write::{element, inside};

/// A row of the table in [`Failure::row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    AlreadyLoggedIn,
    NotLoggedIn,
    /// The medium is that of voice.
    Voice,
    /// A task is on its way to the agent.
    TaskSentRecently,
    /// The action does not follow upon the state.
    Sequence,
    /// The agent has no skill group of the medium.
    NotAllowed,
    Interrupted,
    /// No medium has the script selector.
    NoSelector,
}

impl Failure {
    /// errorData, errorMessage, errorType. The numbers and constants are the guide's, and so are the types of the first two.
    fn row(self) -> (&'static str, &'static str, &'static str) {
        const GENERIC: &str = "Generic Error";
        match self {
            Self::AlreadyLoggedIn => {
                ("1", "E_ARM_STAT_AGENT_ALREADY_LOGGED_IN", "Agent already logged into MRD")
            }
            Self::NotLoggedIn => ("6", "E_ARM_STAT_AGENT_NOT_LOGGED_IN", "Agent is not logged in"),
            Self::Voice => ("11", "E_ARM_STAT_CANT_LOGIN_TO_VOICE_MRD", GENERIC),
            Self::TaskSentRecently => ("14", "E_ARM_STAT_DO_THIS_WITH_TASK_SENT_RECENTLY", GENERIC),
            Self::Sequence => ("19", "E_ARM_STAT_INVALID_MESSAGE_SEQUENCE", GENERIC),
            Self::NotAllowed => ("27", "E_ARM_STAT_LOGIN_NOT_ALLOWED_FOR_APP_PATH", GENERIC),
            Self::Interrupted => ("30", "E_ARM_STAT_NOT_VALID_AFTER_INTERRUPT_ADVISORY_ACCEPT", GENERIC),
            Self::NoSelector => ("404", "The script selector is not known", GENERIC),
        }
    }

    /// Writes `<apiErrors>`; `medium` is that to which the error applies.
    pub fn write(self, out: &mut String, medium: &str) {
        let (data, message, kind) = self.row();
        inside(out, "apiErrors", |out| {
            inside(out, "apiError", |out| {
                element(out, "errorData", data);
                element(out, "errorMedia", medium);
                element(out, "errorMessage", message);
                element(out, "errorType", kind);
            });
        });
    }
}
