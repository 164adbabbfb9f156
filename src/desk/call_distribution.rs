//! Queues: who waits in which, which agent comes next, and the statistics (the guide, "Queue" and "Queue notifications").

use std::collections::HashMap;

use crate::clock::Now;
use crate::config::{NodeAccess, Profile, QueueStatistics, Release, Role};
use crate::id::{DialogId, UserId};

use crate::desk::contact_centre::{Desk, Settled};
use crate::desk::dialog::call::{CallType, Phase};
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step, update};
use crate::desk::nodes;
use crate::desk::queue::{Queue, Statistics};
use crate::desk::reasons::Cause;
use crate::desk::state::State;
use crate::desk::timers::Alarm;
use crate::desk::write::{document, element, inside, list, timestamp};

impl Desk {
    /// `GET /Queue/{id}`: for everybody; with `node_access = "role"` for those who may follow its node.
    ///
    /// # Errors
    ///
    /// Returns Not Found, or Authorization Failure.
    pub fn queue_document(&self, actor: UserId, id: &str) -> Result<String, ApiError> {
        let queue = self.queues.iter().find(|queue| queue.config.id == id);
        let queue = queue.ok_or_else(|| ApiRefusal::QueueUnknown.about(id))?;
        if self.node_access == NodeAccess::Role {
            self.visible_team(actor, &queue.config.team)?;
        }
        Ok(document(|out| self.write_queue(out, queue, &self.statistics(queue))))
    }

    /// `GET /User/{id}/Queues`, for everybody as [`Desk::queue_document`] is: the queues of the user's team, and of the teams that
    /// the user supervises.
    ///
    /// # Errors
    ///
    /// Returns Invalid Authorization User Specified.
    pub fn queues_of_user(&self, actor: UserId, user: UserId) -> Result<String, ApiError> {
        if self.node_access == NodeAccess::Role {
            self.may_see(actor, user)?;
        }
        let user = self.directory.get(user);
        Ok(self.queues_document(|queue| {
            user.team.iter().chain(&user.supervises).any(|team| *team == queue.config.team)
        }))
    }

    /// `GET /Queues`: for administrators.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure to everybody else.
    pub fn all_queues(&self, actor: UserId) -> Result<String, ApiError> {
        self.administrators_only(actor)?;
        Ok(self.queues_document(|_| true))
    }

    fn queues_document(&self, which: impl Fn(&Queue) -> bool) -> String {
        document(|out| {
            list(out, "Queues", |out| {
                for queue in self.queues.iter().filter(|queue| which(queue)) {
                    self.write_queue(out, queue, &self.statistics(queue));
                }
            });
        })
    }

    /// A call comes into a queue.
    pub(super) fn enqueue(&mut self, step: &mut Step<'_>, id: DialogId, place: usize) {
        let (Some(dialog), Some(queue)) = (self.dialogs.get_mut(&id), self.queues.get_mut(place)) else {
            return;
        };
        self.entries += 1;
        (dialog.queue, dialog.is_contact) = (Some(place), true);
        (dialog.queued, dialog.queued_since) = (self.entries, Some(step.now.wall));
        queue.waiting.push_back(id);
        self.mark(step.now);
        self.dialog_changed(step, id, &[]);
    }

    /// A call is in no queue any more.
    pub(super) fn dequeue(&mut self, now: Now, id: DialogId) {
        let place = self.dialogs.get(&id).and_then(|dialog| dialog.queue);
        let Some(queue) = place.and_then(|place| self.queues.get_mut(place)) else { return };
        let before = queue.waiting.len();
        queue.waiting.retain(|waiting| *waiting != id);
        if queue.waiting.len() != before {
            self.mark(now);
        }
    }

    /// Gives callers who wait to agents who are ready: the caller who has waited longest first, to the agent who has been ready
    /// longest.
    pub(super) fn dispatch(&mut self, step: &mut Step<'_>) {
        while let Some((place, id, user)) = self.next_match() {
            if let Some(queue) = self.queues.get_mut(place) {
                queue.waiting.retain(|waiting| *waiting != id);
            }
            let kind = match self.profile {
                Profile::Uccx => CallType::AcdIn,
                Profile::Ucce => CallType::PrerouteAcdIn,
            };
            if let Some(dialog) = self.dialogs.get_mut(&id)
                && matches!(dialog.kind, CallType::OtherIn | CallType::AgentInside)
            {
                dialog.kind = kind;
            }
            self.ring(step, id, user);
            let due = step.now.monotonic + self.limits.alerting;
            let timer = self.timers.set(due, Alarm::NotAnswered(id, user));
            if let Some(participant) = self.dialogs.get_mut(&id).and_then(|dialog| dialog.of_mut(user)) {
                participant.ringing = Some(timer);
            }
        }
        self.dispatch_contacts(step);
        self.dispatch_tasks(step);
    }

    /// The place of a queue, the caller who has waited longest among those for whom an agent is ready, and that agent.
    fn next_match(&self) -> Option<(usize, DialogId, UserId)> {
        if self.ready.is_empty() {
            return None;
        }
        let waiting = self.queues.iter().filter(|queue| !queue.waiting.is_empty());
        let ready = self.longest_ready(waiting.map(|queue| queue.config.team.as_str()));
        let heads = self.queues.iter().enumerate().filter_map(|(place, queue)| {
            let id = *queue.waiting.front()?;
            let user = (*ready.get(queue.config.team.as_str())?)?;
            Some((self.dialogs.get(&id)?.queued, place, id, user))
        });
        heads.min_by_key(|(queued, ..)| *queued).map(|(_, place, id, user)| (place, id, user))
    }

    /// Of each of these teams the agent who has been ready longest, if any has nothing to do.
    pub(super) fn longest_ready<'a>(
        &'a self,
        teams: impl Iterator<Item = &'a str>,
    ) -> HashMap<&'a str, Option<UserId>> {
        let mut longest: HashMap<&str, Option<UserId>> = teams.map(|team| (team, None)).collect();
        let mut missing = longest.len();
        for (_, user) in &self.ready {
            if missing == 0 {
                break;
            }
            if let Some(team) = self.directory.get(*user).team.as_deref()
                && let Some(none @ None) = longest.get_mut(team)
                && self.is_waiting(*user)
            {
                *none = Some(*user);
                missing -= 1;
            }
        }
        longest
    }

    /// Whether an agent is ready and has nothing to do.
    pub(super) fn is_waiting(&self, user: UserId) -> bool {
        let agent = self.agent(user);
        agent.state == State::Ready && agent.dialogs.is_empty() && !self.is_on_task(user)
    }

    /// An agent did not answer: the call goes back to where it was in its queue, and the agent is not ready.
    pub(super) fn not_answered(&mut self, step: &mut Step<'_>, id: DialogId, user: UserId) {
        let Some(dialog) = self.dialogs.get(&id) else { return };
        let Some(place) = dialog.place_of(user) else { return };
        let queue = dialog.queue;
        let reason = self.system_reason(Cause::NotAnswered, State::NotReady);
        self.agent_mut(user).after = Some(Settled { state: State::NotReady, reason });
        self.part(step, id, place);
        let order = |id: &DialogId| self.dialogs.get(id).map(|dialog| dialog.queued);
        if let Some(queue) = queue.and_then(|place| self.queues.get_mut(place)) {
            let place = queue.waiting.partition_point(|other| order(other) < order(&id));
            queue.waiting.insert(place, id);
            // No telephone is called any more.
            if let Some(dialog) = self.dialogs.get_mut(&id) {
                dialog.dnis.clone_from(&queue.config.number);
            }
        }
        self.mark(step.now);
        self.dialog_changed(step, id, &[]);
        self.settle(step, user);
    }

    /// Something has changed that statistics count: they are looked at after a while (the guide, "Queue notifications":
    /// Enterprise only).
    pub(super) fn mark(&mut self, now: Now) {
        if self.profile == Profile::Ucce && !self.queues.is_empty() && !self.is_marked {
            self.is_marked = true;
            self.timers.set(now.monotonic + self.limits.queue_statistics, Alarm::Statistics);
        }
    }

    /// Takes the statistics for those that were published last: nobody is told what was so at the start.
    pub(super) fn take_statistics_as_told(&mut self) {
        let statistics: Vec<_> = self.queues.iter().map(|queue| self.statistics(queue)).collect();
        for (queue, statistics) in self.queues.iter_mut().zip(statistics) {
            queue.told = Some(statistics);
        }
    }

    /// Publishes the statistics that are others than those last published.
    pub(super) fn tell_statistics(&mut self, step: &mut Step<'_>) {
        self.is_marked = false;
        for place in 0..self.queues.len() {
            let Some(queue) = self.queues.get(place) else { return };
            let statistics = self.statistics(queue);
            if queue.told.as_ref() == Some(&statistics) {
                continue;
            }
            let node = nodes::queue(&queue.config.id);
            let payload = update("PUT", &node, "", |out| self.write_queue(out, queue, &statistics));
            step.events.push(Event { node, payload });
            if let Some(queue) = self.queues.get_mut(place) {
                queue.told = Some(statistics);
            }
        }
    }

    /// Tells whether Finesse has the statistics of a queue: those of Enterprise are counted if a user has the queue (the guide,
    /// "Queue: get queue").
    fn is_counted(&self, queue: &Queue) -> bool {
        let team = &queue.config.team;
        let has = |user: UserId| {
            let user = self.directory.get(user);
            user.team.as_ref() == Some(team) || user.supervises.contains(team)
        };
        match (self.queue_statistics, self.profile) {
            (QueueStatistics::All, _) => true,
            (QueueStatistics::Finesse, Profile::Uccx) => false,
            (QueueStatistics::Finesse, Profile::Ucce) => self.directory.keys().any(has),
        }
    }

    fn statistics(&self, queue: &Queue) -> Statistics {
        if !self.is_counted(queue) {
            return Statistics { uncounted: true, ..Statistics::default() };
        }
        let first = queue.waiting.front().and_then(|id| self.dialogs.get(id));
        let mut count = Statistics {
            calls: queue.waiting.len(),
            longest: first.and_then(|dialog| dialog.queued_since),
            ..Statistics::default()
        };
        let is_member = |user: &UserId| {
            let user = self.directory.get(*user);
            user.team.as_deref() == Some(&queue.config.team) && user.roles.contains(&Role::Agent)
        };
        for user in self.directory.keys().filter(is_member) {
            let state = self.agent(user).state;
            count.logged_on += usize::from(state != State::Logout);
            match state {
                State::Logout => {}
                State::NotReady => count.not_ready += 1,
                State::Ready => count.ready += 1,
                State::Reserved | State::ReservedOutbound | State::ReservedOutboundPreview => {
                    count.busy_other += 1
                }
                State::Talking | State::Hold => *self.talk_counter(user, &mut count) += 1,
                State::Work => count.wrap_up_not_ready += 1,
                State::WorkReady => count.wrap_up_ready += 1,
            }
        }
        count
    }

    fn talk_counter<'c>(&self, user: UserId, count: &'c mut Statistics) -> &'c mut usize {
        let dialogs = self.agent(user).dialogs.iter().filter_map(|id| self.dialogs.get(id));
        let mut talks =
            dialogs.filter(|dialog| dialog.of(user).is_some_and(|one| one.phase != Phase::Alerting));
        match talks.next() {
            Some(dialog) if dialog.outbound.is_some() => &mut count.outbound,
            Some(dialog) if dialog.is_contact || dialog.kind == CallType::OtherIn => &mut count.inbound,
            Some(dialog) if dialog.kind == CallType::Out => &mut count.outbound,
            _ => &mut count.internal,
        }
    }

    fn write_queue(&self, out: &mut String, queue: &Queue, statistics: &Statistics) {
        const UNCOUNTED: &str = "-1";
        let uncounted = statistics.uncounted;
        let number = |out: &mut String, name, count: usize| {
            element(out, name, &if uncounted { UNCOUNTED.to_owned() } else { count.to_string() });
        };
        inside(out, "Queue", |out| {
            element(out, "uri", &nodes::queue(&queue.config.id));
            element(out, "name", &queue.config.name);
            inside(out, "statistics", |out| {
                number(out, "callsInQueue", statistics.calls);
                let longest = match self.profile {
                    Profile::Uccx if uncounted => UNCOUNTED.to_owned(),
                    _ => statistics.longest.map(timestamp).unwrap_or_default(),
                };
                element(out, "startTimeOfLongestCallInQueue", &longest);
                number(out, "agentsReady", statistics.ready);
                number(out, "agentsNotReady", statistics.not_ready);
                if self.release >= Release::R12_5 {
                    number(out, "agentsBusyOther", statistics.busy_other);
                    number(out, "agentsLoggedOn", statistics.logged_on);
                }
                number(out, "agentsTalkingInbound", statistics.inbound);
                number(out, "agentsTalkingOutbound", statistics.outbound);
                number(out, "agentsTalkingInternal", statistics.internal);
                number(out, "agentsWrapUpNotReady", statistics.wrap_up_not_ready);
                number(out, "agentsWrapUpReady", statistics.wrap_up_ready);
            });
        });
    }
}
