//! What the hub says to the world outside: actions, counts and failures.

use std::collections::VecDeque;

use crate::hub::action::{Action, Counters, Failures, Note};

/// What waits to be done outside, and what was counted since the start.
#[derive(Debug, Default)]
pub struct Report {
    actions: VecDeque<Action>,
    pub counters: Counters,
    /// Failures by kind and condition: no more than there are conditions.
    failures: Vec<Failures>,
}

impl Report {
    /// Asks for an action.
    pub fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// Puts a line into the log.
    pub fn note(&mut self, note: Note) {
        self.act(Action::Note(note));
    }

    /// The next action, in the order in which they were asked for.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Counts a failure.
    pub fn count_failure(&mut self, what: &'static str, condition: &'static str) {
        let known = self.failures.iter_mut().find(|known| (known.what, known.condition) == (what, condition));
        match known {
            Some(known) => known.count += 1,
            None => self.failures.push(Failures { what, condition, count: 1 }),
        }
    }

    /// What has failed since the start.
    pub fn failures(&self) -> &[Failures] {
        &self.failures
    }
}
