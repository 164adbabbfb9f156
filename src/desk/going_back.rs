//! The contact centre as it was at a time, brought back later: calls, states and what is due go on from there, and whoever sees it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::clock::Now;
use crate::config::{Config, Profile};
use crate::desk::contact_centre::{Agent, Desk};
use crate::desk::dialog::call::{Dialog, Party};
use crate::desk::directory::Directory;
use crate::desk::event::{Event, Step};
use crate::desk::media::states::Disposition;
use crate::desk::messages::Message;
use crate::id::by_user::ByUser;
use crate::id::{DialogId, TaskId, UserId};

/// The variables of a call, a task or a contact.
type Variables = Vec<(String, String)>;

/// A contact centre to go back to.
#[derive(Clone, Debug)]
pub struct Past {
    pub desk: Desk,
    /// The time at which it was so.
    pub taken: Now,
    /// The configuration of now, which has the users, teams and queues that the contact centre has now.
    pub config: Config,
}

/// What a desk has, for those who list desks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    pub calls: usize,
    pub tasks: usize,
    pub messages: usize,
    pub signed_in: usize,
    /// An estimate of the memory, in bytes.
    pub bytes: usize,
}

impl Desk {
    /// Counts what there is.
    pub fn contents(&self) -> Contents {
        let contacts = self.outbound.waiting.len()
            + self.phone_books.iter().map(|book| book.contacts.len()).sum::<usize>();
        let of_message = |one: &Message| one.content.len() + 40 * one.teams.len();
        let text: usize = self.messages.active.values().map(of_message).sum();
        let of_all = |variables: &Variables| {
            variables.iter().map(|(name, value)| 64 + name.len() + value.len()).sum::<usize>()
        };
        let variables: usize = self.dialogs.values().map(|dialog| of_all(&dialog.variables)).sum::<usize>()
            + self.media.tasks.values().map(|task| of_all(&task.variables)).sum::<usize>()
            + self
                .outbound
                .waiting
                .values()
                .map(|contact| of_all(&contact.customer.variables))
                .sum::<usize>();
        let objects = &self.configuration.objects;
        let layouts =
            objects.desktop_layout.iter().chain(objects.team_layouts.iter().map(|(_, layout)| layout));
        let layouts: usize = layouts.map(String::len).sum();
        let workflows = objects.workflows.len() + objects.workflow_actions.len();
        let (calls, tasks, messages) =
            (self.dialogs.len(), self.media.tasks.len(), self.messages.active.len());
        Contents {
            calls,
            tasks,
            messages,
            signed_in: self.agents.values().filter(|agent| agent.extension.is_some()).count(),
            bytes: 1024 * (self.directory.places() + 2 * calls + tasks)
                + 512 * (contacts + messages)
                + 4096 * workflows
                + text
                + variables
                + layouts,
        }
    }

    /// From now on all is as it was in the past, and every time since then is as long ago as it was. The status of the service, what the
    /// present configuration has, and numbers that were given stay. Agents and queues that are gone have ended before, and a sign-in
    /// is over. Those who see a difference are told.
    pub(super) fn go_back(&mut self, now: Now, Past { desk: mut back, taken, config }: Past) -> Vec<Event> {
        back.shift(taken, now);
        // Another configuration can begin calls and tasks at once.
        back.keep_numbers(self);
        // What ends here was not there for anybody just now.
        drop(back.reload(now, config));
        back.rename(&self.directory);
        let mut step = Step::new(now, "");

        let (calls, tasks) = (self.calls_of_users(), self.tasks_of_users());
        let (calls_then, tasks_then) = (back.calls_of_users(), back.tasks_of_users());
        for (user, id) in calls.difference(&calls_then) {
            self.dialog_left(&mut step, *user, *id);
        }
        for (_, id, _) in tasks.difference(&tasks_then) {
            self.task_left(&mut step, *id, Disposition::NormalEnd);
        }
        for id in self.messages.active.keys().copied().collect::<Vec<u64>>() {
            if !back.messages.active.contains_key(&id) {
                self.end_message(&mut step, id);
            }
        }
        let is_other = |user: &UserId| untimed(self.agent(*user)) != untimed(back.agent(*user));
        let mut changed: Vec<UserId> = self.directory.keys().filter(is_other).collect();
        // Others have still to be told of another configuration.
        changed.extend(std::mem::take(&mut self.changed));
        let media: BTreeSet<(UserId, u32)> =
            self.media.agents.keys().chain(back.media.agents.keys()).copied().collect();
        let was_in_maintenance = self.maintenance.is_some();
        let is_telling = self.telling.is_some();
        self.keep_present(back);

        if was_in_maintenance {
            step.events.push(self.status_told(now));
        }
        // Media are told below, all of them.
        self.tell_changed(&mut step, changed, Vec::new());
        for (user, id) in calls_then {
            if calls.contains(&(user, id)) {
                self.tell_dialog(&mut step, id, &[user]);
            } else {
                self.dialog_joined(&mut step, user, id);
            }
        }
        for (user, medium) in media {
            self.medium_told(&mut step, user, medium);
        }
        for task in tasks_then {
            if tasks.contains(&task) {
                self.task_changed(&mut step, task.1);
            } else {
                self.task_joined(&mut step, task.1);
            }
        }
        for (id, message) in &self.messages.active {
            self.teams_told(&mut step, "POST", *id, message);
        }
        if self.profile == Profile::Ucce {
            let is_marked = self.is_marked;
            self.tell_statistics(&mut step);
            self.is_marked = is_marked;
        }
        if is_telling {
            self.tell_states(now);
        }
        step.events
    }

    /// Becomes the desk of the past, but for what belongs to the present.
    fn keep_present(&mut self, mut back: Self) {
        std::mem::swap(&mut back.directory, &mut self.directory);
        for queue in &mut back.queues {
            let present = self.queues.iter_mut().find(|present| present.config.id == queue.config.id);
            queue.told = present.and_then(|present| present.told.take());
        }
        let telling = back.telling.take();
        back.timers.cancel(telling);
        back.changed.clear();
        back.media.changed.clear();
        back.status = self.status;
        (back.cti_since, back.heartbeat_lost) = (self.cti_since, self.heartbeat_lost);
        back.secondary_node = self.secondary_node.take();
        back.maintenance = None;
        back.client_logs = self.client_logs;
        *self = back;
    }

    /// A number that was given is not given again, whatever it was given for.
    fn keep_numbers(&mut self, present: &Self) {
        self.last_dialog = self.last_dialog.max(present.last_dialog);
        self.messages.count = self.messages.count.max(present.messages.count);
        // Tasks of the past get dialogs behind all that any task has had.
        let legs = self.media.most_legs.max(present.media.most_legs);
        (self.media.most_legs, self.media.former) = (legs, (self.media.last_task, legs));
        self.media.last_task = self.media.last_task.max(present.media.last_task);
        self.outbound.last = self.outbound.last.max(present.outbound.last);
        self.entries = self.entries.max(present.entries);
        self.configuration.keep_last_ids(&present.configuration);
    }

    /// Moves every time to as long before `now` as it was before `taken`.
    pub fn shift(&mut self, taken: Now, now: Now) {
        self.timers.go_back(taken.monotonic, now.monotonic);
        for made in &mut self.messages.recent {
            let ago = taken.monotonic.saturating_duration_since(*made);
            *made = now.monotonic.checked_sub(ago).unwrap_or(now.monotonic);
        }
        let shift = |time: &mut SystemTime| {
            let moved = match time.duration_since(taken.wall) {
                Ok(later) => now.wall.checked_add(later),
                Err(earlier) => now.wall.checked_sub(earlier.duration()),
            };
            *time = moved.unwrap_or(*time);
        };
        self.agents.iter_mut().filter_map(|(_, agent)| agent.since.as_mut()).for_each(shift);
        for dialog in self.dialogs.values_mut() {
            dialog.queued_since.iter_mut().for_each(shift);
            for one in &mut dialog.participants {
                shift(&mut one.started);
                shift(&mut one.since);
            }
        }
        self.messages.active.iter_mut().for_each(|(_, message)| shift(&mut message.created));
        self.media.agents.values_mut().for_each(|one| shift(&mut one.since));
        for (_, task) in self.media.tasks.iter_mut() {
            shift(&mut task.started);
            shift(&mut task.since);
        }
    }

    /// Users have the keys of another directory, which has the same users: who went and came back has another one.
    fn rename(&mut self, directory: &Directory) {
        let own = self.directory.keys();
        let renamed: BTreeMap<UserId, UserId> = own
            .filter_map(|user| Some((user, directory.find(&self.directory.get(user).id)?)))
            .filter(|(old, new)| old != new)
            .collect();
        if renamed.is_empty() {
            return;
        }
        let new = |user: &UserId| renamed.get(user).copied().unwrap_or(*user);
        let rename = |user: &mut UserId| *user = new(user);
        let mut agents = ByUser::default();
        for (user, agent) in self.agents.iter_mut() {
            if directory.has(new(&user)) {
                *agents.get_mut(new(&user)) = std::mem::take(agent);
            }
        }
        self.agents = agents;
        self.ready.iter_mut().for_each(|(_, user)| rename(user));
        self.extensions.values_mut().flatten().for_each(rename);
        self.timers.users().for_each(rename);
        for dialog in self.dialogs.values_mut() {
            dialog.controller.iter_mut().for_each(rename);
            for one in &mut dialog.participants {
                match &mut one.party {
                    Party::Agent(user) | Party::Listened(user) => rename(user),
                    Party::Outside => {}
                }
            }
        }
        let media = std::mem::take(&mut self.media.agents);
        self.media.agents =
            media.into_iter().map(|((user, medium), one)| ((new(&user), medium), one)).collect();
        self.media.tasks.iter_mut().filter_map(|(_, task)| task.agent.as_mut()).for_each(rename);
        let dialing = std::mem::take(&mut self.outbound.dialing);
        self.outbound.dialing = dialing.into_iter().map(|(user, one)| (new(&user), one)).collect();
    }

    /// The calls in the collections of users.
    fn calls_of_users(&self) -> BTreeSet<(UserId, DialogId)> {
        let of = |dialog: &Dialog| {
            let id = dialog.id;
            dialog.followers().into_iter().map(move |user| (user, id))
        };
        self.dialogs.values().flat_map(of).collect()
    }

    /// The tasks that agents have, each with the number of its dialog.
    fn tasks_of_users(&self) -> BTreeSet<(UserId, TaskId, u32)> {
        self.media.tasks.values().filter_map(|task| Some((task.agent?, task.id, task.leg))).collect()
    }
}

/// An agent as others see it, without what is due.
fn untimed(agent: &Agent) -> Agent {
    Agent { sign_in: None, leaving: None, wrap_up: None, ..agent.clone() }
}
