//! The events of calls (the guide, "Dialog notification").

use crate::desk::contact_centre::Desk;
use crate::desk::event::{Event, Step, update};
use crate::desk::nodes;
use crate::desk::write::{document, element, inside};
use crate::id::{DialogId, UserId};

use crate::desk::dialog::call::{Dialog, Phase};
use crate::desk::dialog::failure::Failure;

impl Desk {
    /// A call has come into a user's collection.
    pub(in crate::desk) fn dialog_joined(&self, step: &mut Step<'_>, user: UserId, id: DialogId) {
        self.collection_event(step, user, id, "POST");
    }

    /// A call leaves a user's collection.
    pub(in crate::desk) fn dialog_left(&self, step: &mut Step<'_>, user: UserId, id: DialogId) {
        self.collection_event(step, user, id, "DELETE");
    }

    fn collection_event(&self, step: &mut Step<'_>, user: UserId, id: DialogId, event: &str) {
        let Some(dialog) = self.dialogs.get(&id) else { return };
        let node = nodes::dialogs(&self.directory.get(user).id);
        let payload = update(event, &node, step.request_id, |out| {
            inside(out, "dialogs", |out| self.write_dialog(out, "Dialog", dialog));
        });
        step.events.push(Event { node, payload });
    }

    /// Something about a call has changed: for all who have it, but for `except`.
    pub(in crate::desk) fn dialog_changed(&mut self, step: &mut Step<'_>, id: DialogId, except: &[UserId]) {
        self.mind_callers(step.now, id);
        let mut users = self.dialogs.get(&id).map(Dialog::followers).unwrap_or_default();
        users.retain(|user| !except.contains(user));
        self.tell_dialog(step, id, &users);
        for user in self.dialogs.get(&id).map(Dialog::agents).unwrap_or_default() {
            self.mind_offers(step, user);
        }
    }

    /// Tells users how a call stands.
    pub(in crate::desk) fn tell_dialog(&self, step: &mut Step<'_>, id: DialogId, users: &[UserId]) {
        let Some(dialog) = self.dialogs.get(&id) else { return };
        let payload = self.dialog_update(step, dialog);
        for user in users {
            let node = nodes::dialogs(&self.directory.get(*user).id);
            step.events.push(Event { node, payload: payload.clone() });
        }
    }

    /// The calls in a user's collection: its own, those by which supervisors listen to it, and the call that it wraps up.
    pub(super) fn collection(&self, user: UserId) -> Vec<&Dialog> {
        let agent = self.agent(user);
        let own = agent.dialogs.iter().filter_map(|id| self.dialogs.get(id));
        let listeners =
            own.clone().flat_map(|dialog| &dialog.listeners).filter_map(|id| self.dialogs.get(id));
        let listeners = listeners.filter(|dialog| dialog.listens_to(user));
        let wrapping = agent.wrapping.iter().filter_map(|id| self.dialogs.get(id));
        own.chain(listeners).chain(wrapping).collect()
    }

    /// The actions that a held call offers depend on the other calls of its user: all participants are told when they change.
    pub(super) fn mind_offers(&mut self, step: &mut Step<'_>, user: UserId) {
        for id in self.agent(user).dialogs.clone() {
            let beside = self.active_beside(user, id).is_some();
            let Some(part) = self.dialogs.get_mut(&id).and_then(|dialog| dialog.of_mut(user)) else {
                continue;
            };
            if std::mem::replace(&mut part.beside, beside) != beside && part.phase == Phase::Held {
                self.dialog_changed(step, id, &[]);
            }
        }
    }

    /// Tells a user how its calls stand.
    pub(in crate::desk) fn dialogs_told(&self, step: &mut Step<'_>, user: UserId) {
        for dialog in self.collection(user) {
            let node = nodes::dialogs(&self.directory.get(user).id);
            step.events.push(Event { node, payload: self.dialog_update(step, dialog) });
        }
    }

    fn dialog_update(&self, step: &Step<'_>, dialog: &Dialog) -> String {
        update("PUT", &nodes::dialog(dialog.id), step.request_id, |out| {
            self.write_dialog(out, "dialog", dialog);
        })
    }

    /// Publishes that a request of a user about a call, or about its own calls, has failed.
    pub(in crate::desk) fn dialog_failed(
        &self,
        step: &mut Step<'_>,
        user: UserId,
        id: Option<DialogId>,
        failure: Failure<'_>,
    ) {
        let node = nodes::dialogs(&self.directory.get(user).id);
        let source = id.map_or_else(|| node.clone(), nodes::dialog);
        let payload = document(|out| {
            inside(out, "Update", |out| {
                inside(out, "data", |out| failure.write(out));
                element(out, "event", "put");
                element(out, "requestId", step.request_id);
                element(out, "source", &source);
            });
        });
        step.events.push(Event { node, payload });
    }
}
