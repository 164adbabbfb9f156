//! How far maintenance mode has come (the guide, "Finesse MaintenanceMode").

use std::time::{Duration, SystemTime};

use crate::desk::connected::Connected;

/// How far maintenance mode has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    InProgress,
    Completed,
    Failed,
}

impl Mode {
    /// The value of status and of finesseMMode.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

/// Maintenance mode since it was last begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    pub mode: Mode,
    /// Why it has failed.
    pub reason: String,
    pub since: SystemTime,
    /// The users who were on line at its beginning.
    pub users: Connected,
    /// The time that it takes, as estimated at its beginning.
    pub estimate: Duration,
    /// The users who were still there at its end.
    pub left: usize,
}
