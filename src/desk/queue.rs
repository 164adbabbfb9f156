//! A queue, its callers and its statistics.

use std::collections::VecDeque;
use std::time::SystemTime;

use crate::config;
use crate::id::DialogId;

/// A queue and who waits in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Queue {
    pub config: config::Queue,
    /// The caller who has waited longest is first.
    pub(super) waiting: VecDeque<DialogId>,
    /// The statistics that were published last; `None`: something else that is published with them has changed since.
    pub(super) told: Option<Statistics>,
}

/// The statistics of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statistics {
    /// Nobody counts them; then the others are zero.
    pub(super) uncounted: bool,
    pub(super) calls: usize,
    pub(super) longest: Option<SystemTime>,
    pub(super) ready: usize,
    pub(super) not_ready: usize,
    pub(super) inbound: usize,
    pub(super) outbound: usize,
    pub(super) internal: usize,
    pub(super) wrap_up_not_ready: usize,
    pub(super) wrap_up_ready: usize,
    pub(super) busy_other: usize,
    pub(super) logged_on: usize,
}

impl Queue {
    /// A queue in which nobody waits.
    pub fn new(config: config::Queue) -> Self {
        Self { config, waiting: VecDeque::new(), told: Some(Statistics::default()) }
    }

    /// Takes over what the queue had under another configuration.
    pub fn go_on_from(&mut self, before: Queue) {
        self.waiting = before.waiting;
        self.told = before.told.filter(|_| self.config.name == before.config.name);
    }
}
