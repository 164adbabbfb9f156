//! The events of media and tasks (the guide, "Media notification" and "Dialogs/Media notification").

use crate::desk::contact_centre::Desk;
use crate::desk::event::{Event, Step, update};
use crate::desk::media::failure::Failure;
use crate::desk::media::states::Disposition;
use crate::desk::nodes;
use crate::desk::write::inside;
use crate::id::{TaskId, UserId};

impl Desk {
    /// Tells an agent how it stands in a medium.
    pub(in crate::desk) fn medium_told(&self, step: &mut Step<'_>, user: UserId, medium: u32) {
        let id = &self.directory.get(user).id;
        let Some(medium) = self.media.medium(medium) else { return };
        let source = nodes::medium(id, medium.id);
        let payload =
            update("PUT", &source, step.request_id, |out| self.write_medium(out, "Media", user, medium));
        step.events.push(Event { node: nodes::media(id), payload });
    }

    /// Tells an agent how it stands in all media, and its tasks.
    pub(in crate::desk) fn media_told(&self, step: &mut Step<'_>, user: UserId) {
        for (medium, one) in self.media.of(user) {
            self.medium_told(step, user, medium);
            one.tasks.iter().for_each(|task| self.task_changed(step, *task));
        }
    }

    /// Publishes an error to the agent whose request about a medium has failed.
    pub(super) fn medium_failed(&self, step: &mut Step<'_>, user: UserId, medium: u32, failure: Failure) {
        let id = &self.directory.get(user).id;
        let payload = update("PUT", &nodes::medium(id, medium), step.request_id, |out| {
            failure.write(out, &medium.to_string());
        });
        step.events.push(Event { node: nodes::media(id), payload });
    }

    /// Publishes an error to the agent whose request about a task has failed.
    pub(super) fn task_failed(&self, step: &mut Step<'_>, user: UserId, id: TaskId, failure: Failure) {
        let Some(task) = self.media.tasks.get(&id) else { return };
        let payload = update("PUT", &nodes::task(&task.dialog_id()), step.request_id, |out| {
            failure.write(out, &task.medium.to_string());
        });
        step.events.push(Event { node: nodes::tasks(&self.directory.get(user).id), payload });
    }

    /// A task has come into the collection of its agent.
    pub(in crate::desk) fn task_joined(&self, step: &mut Step<'_>, id: TaskId) {
        self.collection_of_tasks(step, id, "POST", None);
    }

    /// A task leaves the collection of its agent; one that waits is in none.
    pub(in crate::desk) fn task_left(&self, step: &mut Step<'_>, id: TaskId, disposition: Disposition) {
        self.collection_of_tasks(step, id, "DELETE", Some(disposition));
    }

    fn collection_of_tasks(&self, step: &mut Step<'_>, id: TaskId, event: &str, closed: Option<Disposition>) {
        let Some((task, agent)) = self.media.tasks.get(&id).and_then(|task| Some((task, task.agent?))) else {
            return;
        };
        let user = &self.directory.get(agent).id;
        let source = format!("{}/Dialogs", nodes::medium(user, task.medium));
        let payload = update(event, &source, step.request_id, |out| {
            inside(out, "dialogs", |out| self.write_task(out, "Dialog", task, closed));
        });
        step.events.push(Event { node: nodes::tasks(user), payload });
    }

    /// Something about a task has changed.
    pub(in crate::desk) fn task_changed(&self, step: &mut Step<'_>, id: TaskId) {
        let Some((task, agent)) = self.media.tasks.get(&id).and_then(|task| Some((task, task.agent?))) else {
            return;
        };
        let payload = update("PUT", &nodes::task(&task.dialog_id()), step.request_id, |out| {
            self.write_task(out, "dialog", task, None);
        });
        step.events.push(Event { node: nodes::tasks(&self.directory.get(agent).id), payload });
    }
}
