//! The life of a task: it comes from outside, waits, is offered, handled and closed (the guide, "Dialog APIs for Nonvoice Tasks").

use crate::clock::Now;
use crate::desk::contact_centre::Desk;
use crate::desk::dialog::request::DialogRequest;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step};
use crate::desk::media::failure::Failure;
use crate::desk::media::request::NewTask;
use crate::desk::media::room::{Media, Task};
use crate::desk::media::states::{Action, Disposition, TaskState};
use crate::desk::timers::Alarm;
use crate::id::{TaskId, UserId};

impl Desk {
    /// Takes a task from outside. Returns the id of its dialog.
    ///
    /// # Errors
    ///
    /// Returns why there is none.
    pub(in crate::desk) fn place_task(
        &mut self,
        now: Now,
        asked: &NewTask,
    ) -> Result<(String, Vec<Event>), ApiError> {
        self.in_service().map_err(|_| ApiRefusal::CallOutOfService.about(""))?;
        let name = asked.medium.as_str();
        let is_named = |medium: &&crate::config::Medium| {
            medium.name == name || medium.script_selectors.iter().any(|selector| selector == name)
        };
        let medium = self.media.named(name).or_else(|| self.media.list.iter().find(is_named));
        let medium = medium.ok_or_else(|| ApiRefusal::MediumUnknown.about(name))?.id;
        if self.media.tasks.len() >= self.limits.tasks {
            return Err(ApiRefusal::TooManyTasks.about(""));
        }
        // The ids of tasks that are over come again after four thousand million of them.
        let mut id = self.media.last_task;
        while id == 0 || self.media.tasks.contains_key(&id) {
            id = id.wrapping_add(1);
        }
        self.media.last_task = id.wrapping_add(1);
        self.entries += 1;
        let task = Task {
            id,
            leg: 1,
            medium,
            former: String::new(),
            agent: None,
            state: TaskState::Offered,
            started: now.wall,
            since: now.wall,
            queued: self.entries,
            variables: asked.data.merged(&[])?,
            wrap_up_reason: String::new(),
            timer: None,
        };
        let dialog = task.dialog_id();
        self.media.tasks.insert(id, task);
        self.media.waiting.push_back(id);
        let mut step = Step::new(now, "");
        self.dispatch(&mut step);
        Ok((dialog, step.events))
    }

    /// The customer leaves: the task ends, whoever has it.
    ///
    /// # Errors
    ///
    /// Returns that there is no such task.
    pub(in crate::desk) fn end_task(&mut self, now: Now, id: &str) -> Result<Vec<Event>, ApiError> {
        let task = self.media.task(id).ok_or_else(|| ApiRefusal::TaskUnknown.about(id))?;
        let disposition = match task.state {
            TaskState::Offered => Disposition::Abandoned,
            _ => Disposition::NormalEnd,
        };
        let id = task.id;
        let mut step = Step::new(now, "");
        self.close_task(&mut step, id, disposition);
        self.dispatch(&mut step);
        Ok(step.events)
    }

    /// Does what `PUT /Dialog/{id}` asks for, of a task.
    ///
    /// # Errors
    ///
    /// Returns what answers the request instead of 202; then nothing has changed.
    pub(in crate::desk) fn update_task(
        &mut self,
        now: Now,
        actor: UserId,
        id: &str,
        asked: &DialogRequest,
        request_id: &str,
    ) -> Result<Vec<Event>, ApiError> {
        let task = self.find_task(id)?;
        if task.agent != Some(actor) {
            return Err(ApiRefusal::NotYourself.about(&self.directory.get(actor).id));
        }
        let name = asked.action.as_deref();
        let name = name.ok_or_else(|| ApiRefusal::ParameterMissing.about("requestedAction"))?;
        let action = Action::ALL.into_iter().find(|action| action.name() == name);
        let action = action.ok_or_else(|| ApiRefusal::TaskActionUnknown.about("requestedAction"))?;
        let target = asked.script_selector.as_deref().or(asked.to.as_deref());
        if action == Action::Transfer && target.is_none() {
            return Err(ApiRefusal::ParameterMissing.about("target"));
        }
        let (id, medium) = (task.id, task.medium);
        let data = match (action, &asked.data) {
            (Action::UpdateCallData, None) => {
                return Err(ApiRefusal::ParameterMissing.about("mediaProperties"));
            }
            (_, Some(data)) => Some((data.merged(&task.variables)?, data.wrap_up_reason.clone())),
            (_, None) => None,
        };
        let mut step = Step::new(now, request_id);
        let may = task.state.offers().contains(&action);
        let done = if self.is_interrupted(actor, medium) {
            Err(Failure::Interrupted)
        } else if !may {
            Err(Failure::Sequence)
        } else if action == Action::Transfer {
            self.selected(medium, target.unwrap_or_default())
        } else {
            Ok(medium)
        };
        match done {
            Err(failure) => self.task_failed(&mut step, actor, id, failure),
            Ok(medium) => {
                // Whatever is done, the last wrap-up reason may come with it.
                if let (Some((variables, reason)), Some(task)) = (data, self.media.tasks.get_mut(&id)) {
                    task.variables = variables;
                    task.wrap_up_reason = reason.unwrap_or_else(|| std::mem::take(&mut task.wrap_up_reason));
                }
                self.act_on_task(&mut step, id, action, medium);
            }
        }
        self.dispatch(&mut step);
        Ok(step.events)
    }

    /// Does with a task what may be done; `medium` is where it is from then on.
    fn act_on_task(&mut self, step: &mut Step<'_>, id: TaskId, action: Action, medium: u32) {
        let state = match action {
            Action::Accept => Some(TaskState::Accepted),
            Action::Start | Action::Resume => Some(TaskState::Active),
            Action::Pause => Some(TaskState::Paused),
            Action::WrapUp => Some(TaskState::WrappingUp),
            Action::UpdateCallData => None,
            Action::Close => return self.close_task(step, id, Disposition::NormalEnd),
            Action::Transfer => {
                self.resubmit(step, id, Disposition::Transferred);
                if let Some(task) = self.media.tasks.get_mut(&id) {
                    task.medium = medium;
                }
                return;
            }
        };
        let Some(task) = self.media.tasks.get_mut(&id) else { return };
        if let Some(state) = state {
            (task.state, task.since) = (state, step.now.wall);
        }
        let (agent, timer) = (task.agent, if action == Action::Accept { task.timer.take() } else { None });
        self.timers.cancel(timer);
        self.media.touched.extend(agent);
        let told = step.events.len();
        self.mind_media(step);
        self.task_changed(step, id);
        // A task that is interrupted by this has been told so.
        if let Some((last, before)) = step.events.split_last()
            && before.get(told..).is_some_and(|new| new.contains(last))
        {
            step.events.pop();
        }
    }

    /// The medium in which a task of `own` waits that is transferred to a script selector. Where no medium has any, each leads back
    /// to the same medium.
    fn selected(&self, own: u32, target: &str) -> Result<u32, Failure> {
        let has = |medium: &&crate::config::Medium| medium.script_selectors.iter().any(|own| own == target);
        let to = self.media.list.iter().find(has).map(|medium| medium.id);
        let has_selectors = self.media.list.iter().any(|medium| !medium.script_selectors.is_empty());
        match to {
            None if has_selectors => Err(Failure::NoSelector),
            to => Ok(to.unwrap_or(own)),
        }
    }

    /// Offers a task to an agent.
    pub(super) fn offer(&mut self, step: &mut Step<'_>, id: TaskId, user: UserId) {
        self.media.waiting.retain(|waiting| *waiting != id);
        let Some(task) = self.media.tasks.get_mut(&id) else { return };
        let medium = task.medium;
        let timeout = self.media.list.iter().find(|one| one.id == medium).map(|one| one.start_timeout);
        let due = step.now.monotonic + timeout.unwrap_or_default();
        task.timer = Some(self.timers.set(due, Alarm::TaskNotAccepted(id)));
        task.agent = Some(user);
        (task.state, task.started, task.since) = (TaskState::Offered, step.now.wall, step.now.wall);
        if let Some(one) = self.media.agents.get_mut(&(user, medium)) {
            one.tasks.push(id);
        }
        self.media.touched.insert(user);
        self.mind_media(step);
        self.task_joined(step, id);
    }

    /// An agent has not accepted a task in time: the task goes to another one, and the agent is not routable any more.
    pub(in crate::desk) fn task_not_accepted(&mut self, step: &mut Step<'_>, id: TaskId) {
        let Some(task) = self.media.tasks.get(&id) else { return };
        let Some(user) = task.agent else { return };
        let medium = task.medium;
        let queued = task.queued;
        self.resubmit(step, id, Disposition::NotAccepted);
        // The task goes back to where it was.
        if let Some(task) = self.media.tasks.get_mut(&id) {
            task.queued = queued;
        }
        self.media.sort_waiting();
        if let Some(one) = self.media.agents.get_mut(&(user, medium)) {
            (one.routable, one.unroutable_soon) = (false, false);
        }
        let told = step.events.len();
        self.mind_media(step);
        if step.events.len() == told {
            self.medium_told(step, user, medium);
        }
    }

    /// Takes a task from its agent, and lets it wait for another one with a dialog of its own.
    pub(super) fn resubmit(&mut self, step: &mut Step<'_>, id: TaskId, disposition: Disposition) {
        self.take_from_agent(step, id, disposition);
        self.entries += 1;
        let entries = self.entries;
        let (next, legs) = self.media.former;
        if let Some(task) = self.media.tasks.get_mut(&id) {
            (task.queued, task.state) = (entries, TaskState::Offered);
            task.former = task.dialog_id();
            // A dialog that there was before all went back has its id for itself.
            let legs = if id < next { task.leg.max(legs) } else { task.leg };
            task.leg = legs.saturating_add(1);
            self.media.most_legs = self.media.most_legs.max(task.leg);
            self.media.waiting.push_back(id);
        }
    }

    /// Ends a task.
    pub(in crate::desk) fn close_task(&mut self, step: &mut Step<'_>, id: TaskId, disposition: Disposition) {
        self.take_from_agent(step, id, disposition);
        self.media.waiting.retain(|waiting| *waiting != id);
        self.media.tasks.remove(&id);
    }

    fn take_from_agent(&mut self, step: &mut Step<'_>, id: TaskId, disposition: Disposition) {
        self.task_left(step, id, disposition);
        let Some(task) = self.media.tasks.get_mut(&id) else { return };
        let (agent, medium, timer) = (task.agent.take(), task.medium, task.timer.take());
        self.timers.cancel(timer);
        if let Some(one) = agent.and_then(|agent| self.media.agents.get_mut(&(agent, medium))) {
            one.tasks.retain(|own| *own != id);
        }
        self.media.touched.extend(agent);
    }

    pub(super) fn find_task(&self, id: &str) -> Result<&Task, ApiError> {
        self.media.task(id).ok_or_else(|| ApiRefusal::DialogUnknown.about(id))
    }
}

impl Media {
    /// The task with the dialog of that id.
    fn task(&self, id: &str) -> Option<&Task> {
        let number = id.split('_').next()?.parse().ok()?;
        self.tasks.get(&number).filter(|task| task.dialog_id() == id)
    }

    fn sort_waiting(&mut self) {
        let tasks = &self.tasks;
        let order = |id: &TaskId| tasks.get(id).map(|task| task.queued);
        self.waiting.make_contiguous().sort_by_key(order);
    }
}
