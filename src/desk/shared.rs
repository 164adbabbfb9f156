//! The part of a contact centre that all servers with one truth share, and that is there again after a loss of power: all that commands
//! change. The people, queues and rules are those of the configuration.

mod calls;
mod parts;

use crate::clock::Now;
use crate::config::campaigns::Campaign;
use crate::config::{self, Config, Medium, guests, password::Password};
use crate::desk::contact_centre::{Agent, Desk, Settled, SignIn};
use crate::desk::event::{Event, Step};
use crate::desk::media::states::Disposition;
use crate::desk::queue::{Queue, Statistics};
use crate::desk::state::State;
use crate::id::by_user::ByUser;
use crate::id::{DialogId, TaskId, UserId};
use crate::replica::codec::{Codec, Coded, coded};
use crate::replica::sections::{Changeable, Sections};

/// The parts of a desk's configuration to which its state refers.
#[derive(Clone, Debug, Default)]
pub struct World {
    queues: Vec<config::Queue>,
    media: Vec<Medium>,
    campaigns: Vec<Campaign>,
}

coded! {
    World { queues, media, campaigns };
    Agent {
        state, since, reason, extension, device, sign_in, leaving, dialogs, pending, after, wraps_up, wrap_up,
        wrapping, entered, told_busy
    };
    SignIn { extension, device, is_mobile, request_id, timer } = |now| SignIn {
        extension: String::new(),
        device: None,
        is_mobile: false,
        request_id: String::new(),
        timer: Coded::blank(now),
    };
    Settled { state, reason } = |now| Settled { state: Coded::blank(now), reason: None };
    Statistics {
        uncounted, calls, longest, ready, not_ready, inbound, outbound, internal, wrap_up_not_ready,
        wrap_up_ready, busy_other, logged_on
    };
}

impl Desk {
    /// The parts of the configuration to which the state refers.
    pub fn world(&self) -> World {
        World {
            queues: self.queues.iter().map(|queue| queue.config.clone()).collect(),
            media: self.media.list.clone(),
            campaigns: self.outbound.campaigns.clone(),
        }
    }

    /// A desk to read a state into that was written with other users, queues, media or campaigns: of its users only the ids are
    /// known. The rest is that of `config`.
    pub fn of_world(mut config: Config, users: &[String], world: World) -> Self {
        config.users = users.iter().map(|id| guests::user(id.clone(), Password::nobodys())).collect();
        (config.queues, config.media, config.campaigns) = (world.queues, world.media, world.campaigns);
        Self::new(config)
    }

    /// Writes or reads what commands change. Read into a desk with the same users, queues, media and campaigns; of one that has been
    /// refused nothing is to be used.
    pub fn code(&mut self, codec: &mut Codec<'_>) {
        codec.moved = self.timers.moved();
        self.timers.code(codec);
        self.status.code(codec);
        self.cti_since.code(codec);
        self.heartbeat_lost.code(codec);
        self.maintenance.code(codec);
        self.secondary_node.code(codec);
        self.telling.code(codec);
        self.changed.code(codec);
        self.messages.code(codec);
        self.reason_codes.code(codec);
        codec.reasons = self.reason_codes.len();
        self.phone_books.code(codec);
        self.layouts.code(codec);
        self.configuration.code(codec);
        self.code_agents(codec);
        self.dialogs.code(codec);
        self.last_dialog.code(codec);
        for Queue { config: _, waiting, told } in &mut self.queues {
            waiting.code(codec);
            told.code(codec);
        }
        self.media.code(codec);
        self.outbound.code(codec);
        self.entries.code(codec);
        self.is_marked.code(codec);
        self.client_logs.code(codec);
    }

    /// Most agents are as at the start.
    fn code_agents(&mut self, codec: &mut Codec<'_>) {
        if codec.is_reading() {
            self.agents = ByUser::default();
            self.ready.clear();
            self.extensions.values_mut().for_each(|user| *user = None);
        }
        for user in codec.users.clone() {
            let mut has_begun = *self.agent(user) != Agent::default();
            has_begun.code(codec);
            if !has_begun {
                continue;
            }
            let agent = self.agents.get_mut(user);
            agent.code(codec);
            if codec.is_reading() && agent.state == State::Ready {
                self.ready.push((agent.entered, user));
            }
            if codec.is_reading()
                && let Some(extension) = agent.extension.clone()
            {
                self.extensions.insert(extension, Some(user));
            }
        }
        self.ready.sort_unstable();
    }

    /// Puts the lists and objects of this desk, which is one of the past, into the configuration of now, as far as the file has not
    /// been changed there: `then` and `now` are the sections of both files.
    pub fn keep_same_objects(&self, config: &mut Config, then: &Sections, now: &Sections) {
        let own = &self.configuration.objects;
        let is_same = |part| then.has_same(now, part);
        if is_same(Changeable::ReasonCodes) {
            config.reason_codes.clone_from(&self.reason_codes);
        }
        if is_same(Changeable::PhoneBooks) {
            config.phone_books.clone_from(&self.phone_books);
        }
        if is_same(Changeable::Layouts) {
            config.layouts.clone_from(&self.layouts);
        }
        if is_same(Changeable::Workflows) {
            config.objects.workflows.clone_from(&own.workflows);
            config.objects.workflow_actions.clone_from(&own.workflow_actions);
        }
        if is_same(Changeable::DesktopLayouts) {
            config.objects.desktop_layout.clone_from(&own.desktop_layout);
            config.objects.team_layouts.clone_from(&own.team_layouts);
        }
        if is_same(Changeable::Settings) {
            config.objects.ecc_variables.clone_from(&own.ecc_variables);
            config.objects.settings.clone_from(&own.settings);
        }
    }

    /// Calls and tasks end, as after the loss of a CTI server: nobody can have gone on with them.
    pub(super) fn end_calls(&mut self, now: Now) -> Vec<Event> {
        let mut step = Step::new(now, "");
        for id in self.dialogs.keys().copied().collect::<Vec<DialogId>>() {
            self.finish(&mut step, id, None);
        }
        for id in self.media.tasks.keys().copied().collect::<Vec<TaskId>>() {
            self.close_task(&mut step, id, Disposition::NormalEnd);
        }
        self.dispatch(&mut step);
        step.events
    }

    /// The users who are signed in, or sign in.
    pub fn signed_in(&self) -> impl Iterator<Item = UserId> {
        self.directory.keys().filter(|user| *self.agent(*user) != Agent::default())
    }
}
