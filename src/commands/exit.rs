//! The exit codes of all commands: one table for the program and its manual.

use std::process::ExitCode;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    Well,
    ToMend,
    WrongUsage,
    Inconclusive,
    TryLater,
}

impl Exit {
    /// All of them, for tables.
    pub const ALL: [Self; 5] =
        [Self::Well, Self::ToMend, Self::WrongUsage, Self::Inconclusive, Self::TryLater];

    /// The number. That of [`Exit::TryLater`] is `EX_TEMPFAIL` of sysexits.h, by which a service manager starts a server again.
    pub const fn code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::ToMend => 1,
            Self::WrongUsage => 2,
            Self::Inconclusive => 3,
            Self::TryLater => 75,
        }
    }

    /// What it means, for the manual.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Well => {
                "all is well: the command has done what it is for, or a signal has stopped the server"
            }
            Self::ToMend => {
                "something to fix: a problem of the configuration, a file that cannot be read or written, a server that does not serve, \
                 a step of a probe that failed, a difference between two, events that have not come, an item that is refused, \
                 a scenario that is not as expected"
            }
            Self::WrongUsage => {
                "wrong usage: a command line or an environment variable that callboard does not understand"
            }
            Self::Inconclusive => "not decided: a scenario in which too little has happened to judge it",
            Self::TryLater => {
                "try later: an address or a thread that cannot be had now; for a client, a host that has no address or does not answer"
            }
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
