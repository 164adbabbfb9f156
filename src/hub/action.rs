//! The actions that the hub asks of the world outside.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::clock::Seconds;
use crate::hub::login::credentials::{Credentials, Evidence};
use crate::id::{SessionId, UserId};
use crate::xmpp::bosh;

/// An action.
#[derive(Debug)]
pub enum Action {
    /// Something waits for this session, or it may read again: drain it and look at it.
    Wake(SessionId),
    /// The user may send again: its requests over HTTP that wait may be looked at.
    Release(UserId),
    /// The peer did not finish the close in time: drop its connection.
    Abort(SessionId),
    /// Reset the connection of the session.
    Reset(SessionId),
    /// Answer a request of BOSH.
    Answer(bosh::BoshResponse),
    /// Check a password off the event loop and call [`super::Hub::judge`] and [`super::Hub::verified`].
    Verify { session: SessionId, credentials: Credentials, evidence: Evidence },
    /// The server goes down, and the last session is gone.
    Idle,
    /// Something is over for which somebody may wait: a fault, or a wait for entries of the record.
    WaitOver,
    /// For the log: maintenance mode is over; `Some`: why it has failed.
    MaintenanceOver(Option<String>),
    /// For the log.
    Note(Note),
}

/// A line for the log.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    /// Address, transport and, as far as it is known, JID; or the id of a user.
    pub who: String,
    /// Where the client is that caused it.
    pub peer: IpAddr,
    /// The user that has logged in on the session, or is kept out.
    pub user: Option<UserId>,
    pub what: NoteKind,
}

/// An event in the life of a session or a user.
#[derive(Debug, PartialEq, Eq)]
pub enum NoteKind {
    Connected,
    LoggedIn,
    /// A failed login, with the user if there is one of that name.
    Refused {
        user: Option<String>,
        failure: &'static str,
    },
    /// A number of wrong passwords came in a row: the user is kept out for a time.
    LockedOut {
        attempts: usize,
        time: Duration,
    },
    /// A number of wrong passwords came from an address within that time: it has to wait.
    BackedOff {
        attempts: usize,
        time: Duration,
    },
    Bound,
    /// Somebody sets a fault of this kind.
    FaultSet {
        kind: &'static str,
    },
    /// The fault of this name has acted, for the first time.
    FaultActs {
        name: String,
    },
    /// A fault has ended that had acted so often.
    FaultEnded {
        hits: u64,
    },
    /// A scenario has begun, was stopped, or is over with this verdict.
    Scenario {
        what: &'static str,
    },
    /// Closed because it did not read; so many messages will never reach it.
    SlowReader {
        lost: usize,
    },
    /// Cut, and waits for so long to be resumed.
    Waits {
        window: Duration,
    },
    /// Resumed; so many messages are sent again.
    Resumed {
        again: usize,
    },
    /// Not resumed; so many messages that it was owed are lost.
    GivenUp {
        reason: &'static str,
        lost: usize,
    },
    /// A session did not begin, because of this limit.
    TooMany {
        limit: &'static str,
    },
    /// Gone, so many messages undelivered, so long after its connection was accepted.
    Closed {
        reason: String,
        lost: usize,
        after: Duration,
    },
}

impl Note {
    /// How much it matters.
    pub fn level(&self) -> log::Level {
        match self.what {
            NoteKind::SlowReader { .. }
            | NoteKind::GivenUp { lost: 1.., .. }
            | NoteKind::FaultSet { .. }
            | NoteKind::FaultActs { .. }
            | NoteKind::FaultEnded { .. }
            | NoteKind::TooMany { .. }
            | NoteKind::Refused { .. }
            | NoteKind::LockedOut { .. }
            | NoteKind::BackedOff { .. } => log::Level::Warn,
            _ => log::Level::Info,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.who)?;
        match &self.what {
            NoteKind::Connected => f.write_str("connected"),
            NoteKind::LoggedIn => f.write_str("logged in"),
            NoteKind::Refused { user: Some(user), failure } => {
                write!(f, "login of {user} refused: {failure}")
            }
            NoteKind::Refused { user: None, failure } => write!(f, "login refused: {failure}"),
            NoteKind::LockedOut { attempts, time } => {
                write!(f, "wrong password {attempts} times in a row: blocked for {time:?}")
            }
            NoteKind::BackedOff { attempts, time } => {
                write!(f, "{attempts} wrong passwords within {time:?}: it has to wait between tries")
            }
            NoteKind::Bound => f.write_str("resource bound"),
            NoteKind::FaultSet { kind } => write!(f, "set, of the kind {kind}"),
            NoteKind::FaultActs { name } => {
                write!(f, "touched by the fault {name}, the first time that it acts")
            }
            NoteKind::FaultEnded { hits } => write!(f, "ended, it acted {hits} times"),
            NoteKind::Scenario { what } => f.write_str(what),
            NoteKind::SlowReader { lost } => write!(f, "does not read: closed, {lost} messages dropped"),
            NoteKind::Waits { window } => write!(f, "waits {:.0} s to be resumed", Seconds(*window)),
            NoteKind::Resumed { again } => write!(f, "resumed, {again} messages are sent again"),
            NoteKind::GivenUp { reason, lost } => write!(f, "not resumed, {lost} messages lost: {reason}"),
            NoteKind::TooMany { limit } => write!(f, "refused, there are as many sessions as {limit} allows"),
            NoteKind::Closed { reason, lost: 0, after } => {
                write!(f, "closed after {:.1} s: {reason}", Seconds(*after))
            }
            NoteKind::Closed { reason, lost, after } => {
                write!(f, "closed after {:.1} s: {reason}, {lost} messages dropped", Seconds(*after))
            }
        }
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            logins, refusals, lockouts, events, deliveries, dropped, slow_readers, client_logs, ..
        } = self;
        write!(
            f,
            "served {logins} logins ({refusals} refused, {lockouts} users locked out), \
             {events} events in {deliveries} deliveries, {dropped} messages dropped, \
             {slow_readers} sessions closed as too slow, {client_logs} client logs"
        )
    }
}

/// Counts since the start; `sessions` is how many there are now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub sessions: u64,
    pub logins: u64,
    /// Failed login attempts.
    pub refusals: u64,
    /// Passwords that were not right, over HTTP too.
    pub wrong_passwords: u64,
    /// Users locked out after too many wrong passwords.
    pub lockouts: u64,
    /// Published items.
    pub events: u64,
    /// Events queued for a session.
    pub deliveries: u64,
    /// Messages that a session was owed and never got.
    pub dropped: u64,
    /// Sessions closed because they did not read.
    pub slow_readers: u64,
    /// Users that were held because too much waited for others of what they had sent, or because they sent too fast.
    pub holds: u64,
    /// Publications and stanzas that were refused because there was no room for them.
    pub refused_sends: u64,
    /// The memory of all queues now, in bytes.
    pub backlog: u64,
    /// The most that it has been.
    pub backlog_most: u64,
    /// Logs that clients handed in.
    pub client_logs: u64,
    /// Sessions that wait now to be resumed.
    pub waiting: u64,
    /// Sessions that were resumed.
    pub sessions_resumed: u64,
    /// Sessions that had waited and were not resumed.
    pub given_up: u64,
    /// Acknowledgements of less than before.
    pub acknowledged_back: u64,
    /// Streams of server-sent events that went on where the client had left off.
    pub resumed: u64,
    /// The streams that began by saying that something may have been missed.
    pub missed: u64,
}

/// How often something has failed in one way.
#[derive(Clone, Debug)]
pub struct Failures {
    /// `login`; `stream` for one that ended in an error; `event` for one of an unknown node.
    pub what: &'static str,
    /// The condition's name on the wire.
    pub condition: &'static str,
    pub count: u64,
}
