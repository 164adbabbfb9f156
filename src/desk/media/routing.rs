//! The agent who comes next, and the state of an agent in a medium as its tasks, its calls and its wishes make it (the guide, "Agent States
//! for Nonvoice Media").

use std::collections::BTreeMap;

use crate::desk::contact_centre::Desk;
use crate::desk::event::Step;
use crate::desk::media::room::InMedium;
use crate::desk::media::states::{MediumState, TaskState};
use crate::desk::state::State;
use crate::id::{TaskId, UserId};

impl Desk {
    /// Offers tasks that wait to agents who can take them: the task that has waited longest first, to the agent with the fewest
    /// tasks, and among these to the one who has been in its state longest.
    pub(in crate::desk) fn dispatch_tasks(&mut self, step: &mut Step<'_>) {
        self.mind_media(step);
        while let Some((task, user)) = self.next_offer() {
            self.offer(step, task, user);
        }
    }

    fn next_offer(&self) -> Option<(TaskId, UserId)> {
        if self.media.waiting.is_empty() {
            return None;
        }
        let mut best: BTreeMap<u32, (usize, u64, UserId)> = BTreeMap::new();
        for (&(user, medium), one) in &self.media.agents {
            if self.takes_tasks(user, medium, one) {
                let place = (one.tasks.len(), one.entered, user);
                let first = best.entry(medium).or_insert(place);
                *first = (*first).min(place);
            }
        }
        let medium = |id: &TaskId| self.media.tasks.get(id).map(|task| task.medium);
        let mut matches = self.media.waiting.iter().filter_map(|id| Some((*id, best.get(&medium(id)?)?.2)));
        matches.next()
    }

    /// Whether a task may be offered. An agent who is busy with a call, or with a medium that is not interruptible, is offered
    /// nothing in any other.
    fn takes_tasks(&self, user: UserId, medium: u32, one: &InMedium) -> bool {
        let is_waiting = one.signed_in
            && one.ready
            && one.routable
            && !one.unroutable_soon
            && one.tasks.len() < one.max_dialogs as usize;
        let state = self.agent(user).state;
        is_waiting
            && matches!(state, State::Logout | State::NotReady | State::Ready)
            && !self.media.is_engaged(user, medium, |_| true)
    }

    /// Whether a medium that is not interruptible keeps an agent from calls.
    pub(in crate::desk) fn is_on_task(&self, user: UserId) -> bool {
        self.media.is_engaged(user, 0, |_| true)
    }

    /// Whether the tasks of an agent in a medium are interrupted: by a call and its wrap-up, or by a task of a medium that is not
    /// interruptible. An agent who has been offered tasks and has accepted none is not at work on any.
    pub(super) fn is_interrupted(&self, user: UserId, medium: u32) -> bool {
        let Some(one) = self.media.signed_in(user, medium) else { return false };
        let is_interruptible = self.media.medium(medium).is_some_and(|medium| medium.interruptible);
        let has_taken = self.media.task_states(one).any(|state| state != TaskState::Offered);
        if !is_interruptible || !one.accepts_interrupts || !has_taken {
            return false;
        }
        let state = self.agent(user).state;
        matches!(state, State::Talking | State::Hold | State::Work | State::WorkReady)
            || self.media.is_engaged(user, medium, |state| state != TaskState::Offered)
    }

    /// The state of an agent in a medium: the first of the guide's hierarchy that holds.
    fn state_in(&self, user: UserId, medium: u32, one: &InMedium) -> MediumState {
        let has = |state| self.media.task_states(one).any(|own| own == state);
        if !one.signed_in {
            MediumState::Logout
        } else if !one.ready {
            MediumState::NotReady
        } else if self.is_interrupted(user, medium) {
            MediumState::Interrupted
        } else if has(TaskState::Active) || has(TaskState::Accepted) {
            MediumState::Active
        } else if has(TaskState::WrappingUp) {
            MediumState::WorkReady
        } else if has(TaskState::Paused) {
            MediumState::Paused
        } else if has(TaskState::Offered) {
            MediumState::Reserved
        } else {
            MediumState::Ready
        }
    }

    /// Brings the states of agents whose calls or tasks have changed up to date, and tells them.
    pub(in crate::desk) fn mind_media(&mut self, step: &mut Step<'_>) {
        while let Some(user) = self.media.touched.pop_first() {
            let all = self.media.agents.range((user, 0)..=(user, u32::MAX));
            for medium in all.map(|((_, medium), _)| *medium).collect::<Vec<_>>() {
                self.mind_medium(step, user, medium);
            }
        }
    }

    fn mind_medium(&mut self, step: &mut Step<'_>, user: UserId, medium: u32) {
        let Some(one) = self.media.agents.get(&(user, medium)) else { return };
        let state = self.state_in(user, medium, one);
        let is_new = |state: TaskState| matches!(state, TaskState::Offered | TaskState::Accepted);
        let ends_routable = one.unroutable_soon && !self.media.task_states(one).any(is_new);
        let interrupted = self.is_interrupted(user, medium);
        let (is_other, is_otherwise) = (state != one.state, interrupted != one.interrupted);
        // An interrupt takes the actions of tasks, or gives them back.
        let tasks = if is_otherwise { one.tasks.clone() } else { Vec::new() };
        if is_other {
            self.entries += 1;
        }
        let entries = self.entries;
        if let Some(one) = self.media.agents.get_mut(&(user, medium)) {
            one.interrupted = interrupted;
            if ends_routable {
                (one.routable, one.unroutable_soon) = (false, false);
            }
            if is_other {
                (one.state, one.since, one.entered) = (state, step.now.wall, entries);
            }
        }
        if is_other || ends_routable {
            self.medium_told(step, user, medium);
        }
        tasks.into_iter().for_each(|task| self.task_changed(step, task));
    }

    /// The state of an agent for calls is another one.
    pub(in crate::desk) fn touch_media(&mut self, user: UserId) {
        if self.is_in_media(user) {
            self.media.touched.insert(user);
        }
    }
}
