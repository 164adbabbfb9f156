//! Another configuration: users and queues that are taken away have to end first, and everybody else stays.

use std::collections::{HashMap, HashSet};

use crate::clock::Now;
use crate::config::{self, Config, ReasonCode, Role, Team, User};
use crate::id::UserId;

use crate::desk::contact_centre::{Desk, Settled, extensions};
use crate::desk::dialog::call::Phase;
use crate::desk::event::Event;
use crate::desk::event::Step;
use crate::desk::queue::Queue;
use crate::desk::reasons::{Cause, Reason};
use crate::desk::service::{PAUSE, TOLD_AT_ONCE};
use crate::desk::state::State;
use crate::desk::timers::Alarm;

impl Desk {
    /// From now on users, teams, queues, numbers and lists are those of `config`. A user who is in both configurations stays as
    /// before. Agents who are gone, or are no agents any more, or whose telephone is gone, hang up and are signed out; who waits
    /// in a queue that is gone is cut off. A user whose document has changed is told, and so is the user's team: [`Desk::tick`]
    /// does it from now on, some users at a time.
    pub(super) fn reload(&mut self, now: Now, config: Config) -> Vec<Event> {
        let mut step = Step::new(now, "");
        // So that nobody is signed in whom the configuration does not have any more.
        self.end_sign_ins(&mut step);
        for (user, cause) in self.to_sign_out(&config) {
            self.sign_out(&mut step, user, cause);
        }
        self.take_media(&mut step, &config.media, &config.users);
        let telephones = extensions(&config);
        self.take_queues(&mut step, config.queues);
        let (mut changed, media) = self.take_reason_codes(config.reason_codes);
        changed.extend(self.take_people(config.teams, config.users, telephones));
        self.take_campaigns(&mut step, config.campaigns);
        self.phone_books = config.phone_books;
        self.layouts = config.layouts;
        self.configuration.take(config.objects);
        self.outside = config.outside;
        self.require_reason_codes = config.require_reason_codes;
        self.node_access = config.node_access;
        self.queue_statistics = config.queue_statistics;
        self.tell_changed(&mut step, changed, media);
        self.mark(now);
        self.dispatch(&mut step);
        step.events
    }

    /// Puts the lists and objects that there are now into a configuration that brings other people only: what administrators have made
    /// over REST stays.
    pub fn keep_objects(&self, config: &mut Config) {
        config.reason_codes.clone_from(&self.reason_codes);
        config.phone_books.clone_from(&self.phone_books);
        config.layouts.clone_from(&self.layouts);
        config.objects.clone_from(&self.configuration.objects);
    }

    /// Takes other reason codes, and tells of the agents who show another reason now.
    pub(super) fn replace_reason_codes(&mut self, step: &mut Step<'_>, codes: Vec<ReasonCode>) {
        let (changed, media) = self.take_reason_codes(codes);
        self.tell_changed(step, changed, media);
    }

    /// Tells of users who are shown otherwise now, and of agents who are in a medium, of many some at a time.
    pub(super) fn tell_changed(
        &mut self,
        step: &mut Step<'_>,
        changed: Vec<UserId>,
        media: Vec<(UserId, u32)>,
    ) {
        let is_telling = self.has_changed();
        self.changed.extend(changed);
        self.media.changed.extend(media);
        if !is_telling {
            self.tell_next_changed(step);
        }
    }

    fn has_changed(&self) -> bool {
        !self.changed.is_empty() || !self.media.changed.is_empty()
    }

    /// Tells of the next users who are shown otherwise now.
    pub(super) fn tell_next_changed(&mut self, step: &mut Step<'_>) {
        for _ in 0..TOLD_AT_ONCE {
            if let Some(user) = self.changed.pop_first() {
                if self.directory.has(user) {
                    self.user_changed(step, user);
                }
            } else if let Some(place) = self.media.changed.pop_first() {
                // An agent who was taken out of the medium has been told.
                if self.media.agents.contains_key(&place) {
                    self.medium_told(step, place.0, place.1);
                }
            }
        }
        if self.has_changed() {
            self.timers.set(step.now.monotonic + PAUSE, Alarm::TellChanged);
        }
    }

    /// The agents who cannot stay signed in, and why.
    fn to_sign_out(&self, config: &Config) -> Vec<(UserId, Cause)> {
        let telephones = extensions(config);
        let agents: HashSet<&str> =
            config.users.iter().filter(is_agent).map(|user| user.id.as_str()).collect();
        let cause = |user: &UserId| {
            let telephone = self.agent(*user).extension.as_ref()?;
            if !agents.contains(self.directory.get(*user).id.as_str()) {
                return Some((*user, Cause::Removed));
            }
            (!telephones.contains_key(telephone)).then_some((*user, Cause::TelephoneRemoved))
        };
        self.directory.keys().filter_map(|user| cause(&user)).collect()
    }

    fn sign_out(&mut self, step: &mut Step<'_>, user: UserId, cause: Cause) {
        for id in self.agent(user).dialogs.clone() {
            // The end of one call can be that of another.
            let Some(dialog) = self.dialogs.get(&id) else { continue };
            if dialog.queued_since.is_some() && self.phase(id, user) == Some(Phase::Alerting) {
                // It goes back to where it was in its queue.
                self.not_answered(step, id, user);
            } else if let Some(place) = dialog.place_of(user) {
                self.leave(step, id, place);
            }
        }
        let reason = self.system_reason(cause, State::Logout);
        self.enter_settled(step.now, user, Settled { state: State::Logout, reason });
        self.user_changed(step, user);
        self.mind_wrap_up(step, user);
    }

    /// Takes the queues of a configuration; those who wait keep their places. The participants of a call from a queue that has
    /// another name now are told.
    fn take_queues(&mut self, step: &mut Step<'_>, queues: Vec<config::Queue>) {
        let mut queues: Vec<Queue> = queues.into_iter().map(Queue::new).collect();
        let new: HashMap<String, usize> =
            (0..).zip(&queues).map(|(place, queue)| (queue.config.id.clone(), place)).collect();
        let is_gone = |place: usize| {
            self.queues.get(place).is_none_or(|queue| !new.contains_key(queue.config.id.as_str()))
        };
        // For some of them a telephone may ring just now.
        let waiting = self.dialogs.values().filter(|dialog| dialog.queued_since.is_some());
        let cut_off = waiting.filter(|dialog| dialog.queue.is_some_and(is_gone));
        for id in cut_off.map(|dialog| dialog.id).collect::<Vec<_>>() {
            self.finish(step, id, None);
        }
        let mut places = Vec::new();
        let mut renamed = HashSet::new();
        for old in std::mem::take(&mut self.queues) {
            let place = new.get(old.config.id.as_str()).copied();
            if let Some((queue, place)) = place.and_then(|place| Some((queues.get_mut(place)?, place))) {
                if queue.config.name != old.config.name {
                    renamed.insert(place);
                }
                queue.go_on_from(old);
            }
            places.push(place);
        }
        let mut changed = Vec::new();
        for dialog in self.dialogs.values_mut() {
            let before = dialog.queue;
            dialog.queue = before.and_then(|place| *places.get(place)?);
            if dialog.queue.map_or(before.is_some(), |place| renamed.contains(&place)) {
                changed.push(dialog.id);
            }
        }
        self.queues = queues;
        for id in changed {
            self.dialog_changed(step, id, &[]);
        }
    }

    /// Takes the reason codes of a configuration. An agent whose reason is gone has none. Returns those who show another
    /// reason now, and those who do in a medium.
    fn take_reason_codes(&mut self, codes: Vec<ReasonCode>) -> (Vec<UserId>, Vec<(UserId, u32)>) {
        let new: HashMap<_, usize> =
            (0..).zip(&codes).map(|(place, code)| ((code.id, code.category), place)).collect();
        let old = std::mem::replace(&mut self.reason_codes, codes);
        let renew = |reason: &mut Option<Reason>| {
            if let Some(Reason::Configured(place)) = *reason {
                let place = old.get(place).and_then(|code| new.get(&(code.id, code.category)));
                *reason = place.copied().map(Reason::Configured);
            }
        };
        let is_renewed = |reason: &mut Option<Reason>| {
            let before = configured(*reason, &old);
            renew(reason);
            before != configured(*reason, &self.reason_codes)
        };
        let media = self.media.renew_reasons(is_renewed);
        let mut changed = Vec::new();
        for (user, agent) in self.agents.iter_mut() {
            if is_renewed(&mut agent.reason) {
                changed.push(user);
            }
            agent.pending.iter_mut().chain(&mut agent.after).for_each(|settled| renew(&mut settled.reason));
        }
        (changed, media)
    }

    /// Takes the users, teams and telephones of a configuration. Returns those who were there before and are shown otherwise
    /// now.
    fn take_people(
        &mut self,
        teams: Vec<Team>,
        users: Vec<User>,
        telephones: HashMap<String, Option<UserId>>,
    ) -> Vec<UserId> {
        // Members show the time to wrap up, supervisors the names.
        let old: HashMap<&str, &Team> = self.teams.iter().map(|team| (team.id.as_str(), team)).collect();
        let other_teams: HashSet<&str> = teams
            .iter()
            .filter(|team| old.get(team.id.as_str()).is_some_and(|old| *old != *team))
            .map(|team| team.id.as_str())
            .collect();
        let known = users.iter().filter_map(|user| Some((self.directory.find(&user.id)?, user)));
        let changed = known.filter(|(key, user)| {
            !is_shown_as(self.directory.get(*key), user)
                || user.team.iter().chain(&user.supervises).any(|team| other_teams.contains(team.as_str()))
        });
        let changed = changed.map(|(key, _)| key).collect();
        self.teams = teams;
        self.directory.replace(users);
        self.forget_gone();
        self.extensions = telephones;
        for user in self.directory.keys() {
            let telephone = self.agents.get(user).extension.as_ref();
            if let Some(place) = telephone.and_then(|telephone| self.extensions.get_mut(telephone)) {
                *place = Some(user);
            }
        }
        changed
    }

    /// Forgets the users who are gone. They have been signed out, and have no calls, tasks and timers.
    fn forget_gone(&mut self) {
        let directory = &self.directory;
        self.agents.retain(|user| directory.has(user));
        self.ready.retain(|(_, user)| directory.has(*user));
        self.changed.retain(|user| directory.has(*user));
        self.media.touched.retain(|user| directory.has(*user));
    }
}

/// What a document shows of the reason code of a list to which a reason belongs.
fn configured(reason: Option<Reason>, list: &[ReasonCode]) -> Option<(u32, u16, &str, bool)> {
    match reason? {
        Reason::Configured(place) => {
            list.get(place).map(|code| (code.id, code.code, code.label.as_str(), code.teams.is_none()))
        }
        Reason::System(_) => None,
    }
}

fn is_agent(user: &&User) -> bool {
    user.roles.contains(&Role::Agent)
}

/// Tells whether documents show two users in the same way. The telephone that is shown is that at which an agent is signed
/// in, whatever the configuration says.
fn is_shown_as(one: &User, other: &User) -> bool {
    let User {
        id: _,
        login_name,
        password: _,
        first_name,
        last_name,
        roles,
        team,
        supervises,
        extension: _,
        devices,
        sso: _,
    } = one;
    (login_name, devices) == (&other.login_name, &other.devices)
        && (first_name, last_name) == (&other.first_name, &other.last_name)
        && (roles, team, supervises) == (&other.roles, &other.team, &other.supervises)
}
