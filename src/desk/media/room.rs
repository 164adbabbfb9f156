//! The state of all media: who is signed in where, and the tasks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::SystemTime;

use crate::config::{Category, Medium, Role, User};
use crate::desk::media::states::{MediumState, TaskState};
use crate::desk::reasons::Reason;
use crate::desk::timers::TimerId;
use crate::id::{TaskId, UserId};

/// The most media of an agent is that of a configuration; the most tasks are those of `tasks` in `[limits]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::desk) struct Media {
    /// In the order of the configuration.
    pub list: Vec<Medium>,
    /// The agents who have signed in once, each with the id of the medium.
    pub agents: BTreeMap<(UserId, u32), InMedium>,
    pub tasks: BTreeMap<TaskId, Task>,
    /// The tasks that no agent has; that which has waited longest is first.
    pub waiting: VecDeque<TaskId>,
    pub last_task: TaskId,
    /// The most dialogs that a task has had.
    pub most_legs: u32,
    /// The id of the first task behind those of a past to which all went back, and the most dialogs that a task had had by then.
    pub former: (TaskId, u32),
    /// The agents whose states may be others now.
    pub touched: BTreeSet<UserId>,
    /// The agents who show another reason in a medium, as far as nobody has been told.
    pub changed: BTreeSet<(UserId, u32)>,
}

/// An agent in a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::desk) struct InMedium {
    pub signed_in: bool,
    pub ready: bool,
    pub reason: Option<Reason>,
    /// Whether tasks are offered.
    pub routable: bool,
    /// Whether that ends with the start of the last task that was offered.
    pub unroutable_soon: bool,
    pub max_dialogs: u32,
    /// Whether interrupts are accepted, or ignored.
    pub accepts_interrupts: bool,
    /// Whether signing out transfers tasks, or closes them.
    pub transfers: bool,
    /// The state that was told last.
    pub state: MediumState,
    pub since: SystemTime,
    /// When the state was entered, among all that were.
    pub entered: u64,
    pub tasks: Vec<TaskId>,
    /// Whether the tasks were told last as interrupted.
    pub interrupted: bool,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::desk) struct Task {
    pub id: TaskId,
    /// How many agents it has been offered to, with a dialog of its own for each.
    pub leg: u32,
    pub medium: u32,
    /// The id of the dialog of the agent before; empty for the first.
    pub former: String,
    pub agent: Option<UserId>,
    pub state: TaskState,
    pub started: SystemTime,
    pub since: SystemTime,
    /// When it was put among those that wait, among all that were.
    pub queued: u64,
    pub variables: Vec<(String, String)>,
    pub wrap_up_reason: String,
    /// Runs while it is offered.
    pub timer: Option<TimerId>,
}

impl Media {
    /// The media of a configuration, with nobody signed in.
    pub fn new(list: Vec<Medium>) -> Self {
        Self { list, ..Self::default() }
    }

    pub fn medium(&self, id: u32) -> Option<&Medium> {
        self.list.iter().find(|medium| medium.id == id)
    }

    /// The medium that a path names.
    pub fn named(&self, id: &str) -> Option<&Medium> {
        // Each has one name: a number can be written with a sign and zeros too.
        self.list.iter().find(|medium| medium.id.to_string() == id)
    }

    /// An agent who is signed in to a medium.
    pub fn signed_in(&self, user: UserId, medium: u32) -> Option<&InMedium> {
        self.agents.get(&(user, medium)).filter(|one| one.signed_in)
    }

    /// The media to which an agent is signed in.
    pub fn of(&self, user: UserId) -> impl Iterator<Item = (u32, &InMedium)> {
        let all = self.agents.range((user, 0)..=(user, u32::MAX));
        all.filter(|(_, one)| one.signed_in).map(|((_, medium), one)| (*medium, one))
    }

    /// The state of a task of an agent.
    pub fn task_states<'a>(&'a self, one: &'a InMedium) -> impl Iterator<Item = TaskState> + 'a {
        one.tasks.iter().filter_map(|id| self.tasks.get(id)).map(|task| task.state)
    }

    /// Whether a medium other than `except` that is not interruptible has a task of the agent for which that holds.
    pub fn is_engaged(&self, user: UserId, except: u32, holds: fn(TaskState) -> bool) -> bool {
        self.of(user).any(|(id, one)| {
            id != except
                && self.medium(id).is_some_and(|medium| !medium.interruptible)
                && self.task_states(one).any(holds)
        })
    }

    /// Takes the reasons of another configuration. Returns the agents who are shown otherwise, each with the medium; `renew` tells
    /// whether a reason is.
    pub fn renew_reasons(&mut self, renew: impl Fn(&mut Option<Reason>) -> bool) -> Vec<(UserId, u32)> {
        let renewed =
            self.agents.iter_mut().filter_map(|(place, one)| renew(&mut one.reason).then_some(*place));
        renewed.collect()
    }
}

impl Task {
    /// The id of its dialog: with underscores, which calls do not have (the guide, "Dialog APIs for Nonvoice Tasks").
    pub fn dialog_id(&self) -> String {
        format!("{}_{}_{}", self.id, self.medium, self.leg)
    }
}

/// Whether a user handles tasks of a medium.
pub(in crate::desk) fn is_assigned(user: &User, medium: &Medium) -> bool {
    user.roles.contains(&Role::Agent) && medium.is_for(user.team.as_deref())
}

/// The category of the reasons for a state of a medium that can have one.
pub(super) fn category(state: MediumState) -> Option<Category> {
    match state {
        MediumState::NotReady => Some(Category::NotReady),
        MediumState::Logout => Some(Category::Logout),
        _ => None,
    }
}
