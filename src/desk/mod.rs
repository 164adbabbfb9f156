//! The contact centre: its users, their states, and its nodes.
//!
//! Here are users, teams and lists as the configuration has them, the state of every agent, the rules by which
//! it changes, the messages that teams are shown, the documents of the REST API and of events. A command goes in with
//! the time; out come an error, or the events in the order in which they have to be published. XMPP and HTTP are elsewhere.
#![deny(clippy::disallowed_methods)]

mod access;
mod agent_state;
mod client_log;
mod command;
mod dialog;
mod directory;
mod documents;
mod error;
mod event;
mod lists;
mod messages;
pub mod nodes;
mod presence;
mod queue;
mod reasons;
mod reload;
mod request;
mod service;
mod state;
#[cfg(test)]
mod tests;
mod timers;
mod work;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Instant, SystemTime};

use crate::clock::Now;
use crate::config::limits::Limits;
use crate::config::{Config, Layout, NodeAccess, Outside, PhoneBook, Profile, ReasonCode, Release, Team};
use crate::id::{DialogId, UserId};

pub use access::Whose;
pub use command::{Applied, Command, Request};
pub use dialog::{CallData, DialogRequest, Inbound};
pub use directory::Directory;
pub use error::{ApiError, Refusal};
pub use event::Event;
pub use request::{ClientLog, NewMessage, SetState};
pub use service::Status;

use access::Scope;
use dialog::{Dialog, FIRST_ID};
use event::Step;
use messages::Messages;
use queue::Queue;
use reasons::SystemCode;
use state::State;
use timers::{Alarm, TimerId, Timers};

/// Why an agent is in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// The place in the configuration's list.
    Configured(usize),
    System(&'static SystemCode),
}

/// A state in which an agent stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settled {
    state: State,
    reason: Option<Reason>,
}

/// The live state of one user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Agent {
    state: State,
    /// When it was entered; `None` if that was before the server started.
    since: Option<SystemTime>,
    reason: Option<Reason>,
    /// Where the agent is signed in.
    extension: Option<String>,
    /// Runs from the end of the last session on.
    leaving: Option<TimerId>,
    /// In the order in which they came.
    dialogs: Vec<DialogId>,
    /// What was asked for during a call, to be entered after it.
    pending: Option<Settled>,
    /// Where the agent goes after its calls and wrap-up; `None` if it is there.
    after: Option<Settled>,
    /// Whether a call that ended is one to wrap up.
    wraps_up: bool,
    /// Runs while the agent wraps up.
    wrap_up: Option<TimerId>,
    /// When the state was entered, among all that were.
    entered: u64,
}

/// Every telephone of a configuration, with nobody there.
fn extensions(config: &Config) -> HashMap<String, Option<UserId>> {
    config.users.iter().filter_map(|user| Some((user.extension.clone()?, None))).collect()
}

/// The contact centre.
#[derive(Debug, PartialEq, Eq)]
pub struct Desk {
    directory: Directory,
    /// By [`UserId`].
    agents: Vec<Agent>,
    /// Every telephone, and who is signed in there.
    extensions: HashMap<String, Option<UserId>>,
    teams: Vec<Team>,
    reason_codes: Vec<ReasonCode>,
    phone_books: Vec<PhoneBook>,
    layouts: Vec<Layout>,
    require_reason_codes: bool,
    node_access: NodeAccess,
    profile: Profile,
    release: Release,
    domain: String,
    limits: Limits,
    status: Status,
    /// When the CTI server was lost.
    heartbeat_lost: Option<SystemTime>,
    timers: Timers,
    /// The timer of those who still have to be told how they stand.
    telling: Option<TimerId>,
    /// The users whose documents have changed with another configuration, as far as nobody has been told.
    changed: BTreeSet<UserId>,
    messages: Messages,
    dialogs: BTreeMap<DialogId, Dialog>,
    last_dialog: DialogId,
    queues: Vec<Queue>,
    outside: Outside,
    /// Counts what was entered, states and queues.
    entries: u64,
    /// Whether the statistics of the queues are to be looked at.
    is_marked: bool,
    client_logs: u64,
}

impl Desk {
    /// The contact centre of a configuration, with everybody signed out.
    pub fn new(config: Config) -> Self {
        let extensions = extensions(&config);
        let directory = Directory::new(config.users);
        Self {
            agents: vec![Agent::default(); directory.places()],
            extensions,
            directory,
            teams: config.teams,
            reason_codes: config.reason_codes,
            phone_books: config.phone_books,
            layouts: config.layouts,
            require_reason_codes: config.require_reason_codes,
            node_access: config.node_access,
            profile: config.profile,
            release: config.release,
            domain: config.domain,
            limits: config.limits,
            status: Status::default(),
            heartbeat_lost: None,
            timers: Timers::default(),
            telling: None,
            changed: BTreeSet::new(),
            messages: Messages::default(),
            dialogs: BTreeMap::new(),
            last_dialog: FIRST_ID - 1,
            queues: config.queues.into_iter().map(Queue::new).collect(),
            outside: config.outside,
            entries: 0,
            is_marked: false,
            client_logs: 0,
        }
    }

    /// Does what has become due. Returns what has to be published.
    fn tick(&mut self, now: Now) -> Vec<Event> {
        let mut step = Step::new(now, "");
        while let Some(alarm) = self.timers.pop(now.monotonic) {
            match alarm {
                Alarm::ForcedLogout(user) => self.force_logout(&mut step, user),
                Alarm::WrapUpOver(user) => self.wrap_up_over(&mut step, user),
                Alarm::NotAnswered(dialog, user) => self.not_answered(&mut step, dialog, user),
                Alarm::OutsideAnswers(dialog) => self.outside_answers(&mut step, dialog),
                Alarm::CallerTired(dialog) => self.caller_tired(&mut step, dialog),
                Alarm::Statistics => self.tell_statistics(&mut step),
                Alarm::MessageOver(id) => self.end_message(&mut step, id),
                Alarm::TellChanged => self.tell_next_changed(&mut step),
                Alarm::TellStates(from) => self.tell_next_states(&mut step, from),
            }
            self.dispatch(&mut step);
        }
        step.events
    }

    /// When [`Desk::tick`] has to be called next.
    pub fn wake_at(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The users.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The user with that id, or the one who is signed in at that extension: Cisco's sample page asks so.
    ///
    /// # Errors
    ///
    /// Returns User Not Found.
    pub fn find(&self, id: &str) -> Result<UserId, ApiError> {
        let signed_in = || self.extensions.get(id).copied().flatten();
        self.directory.find(id).or_else(signed_in).ok_or_else(|| Refusal::UserUnknown.about(id))
    }

    fn agent(&self, user: UserId) -> &Agent {
        // There is one for every UserId of the directory.
        &self.agents[user.0 as usize]
    }

    fn agent_mut(&mut self, user: UserId) -> &mut Agent {
        &mut self.agents[user.0 as usize]
    }

    fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    /// The reason codes that the members of a team have, with their places; those for all where there is no team.
    fn reason_codes_of<'a>(&'a self, team: Option<&'a str>) -> impl Iterator<Item = (usize, &'a ReasonCode)> {
        let scope = Scope::Team(team);
        self.reason_codes.iter().enumerate().filter(move |(_, code)| scope.has(code.teams.as_deref()))
    }
}
