//! The bytes of states, media, tasks, messages, and of what is due.

use std::time::Duration;

use crate::clock::Now;
use crate::desk::connected::Connected;
use crate::desk::maintenance_mode::{Maintenance, Mode};
use crate::desk::media::room::{InMedium, Media, Task};
use crate::desk::media::states::{MediumState, TaskState};
use crate::desk::messages::{Creator, Message, Messages};
use crate::desk::secondary_node::SecondaryNode;
use crate::desk::state::State;
use crate::desk::status::Status;
use crate::desk::timers::Alarm;
use crate::id::UserId;
use crate::replica::codec::{Codec, Coded, coded, coded_places};

coded_places! {
    State: Logout NotReady Ready Reserved ReservedOutbound ReservedOutboundPreview Talking Hold Work WorkReady;
    Status: InService OutOfService PartialService;
    Mode: InProgress Completed Failed;
    MediumState: Logout NotReady Ready Interrupted Active WorkReady Paused Reserved;
    TaskState: Offered Accepted Active Paused WrappingUp;
}

coded! {
    SecondaryNode { host, port } = |_| SecondaryNode { host: String::new(), port: None };
    Connected { desktop, fippa, third_party, via_proxy };
    Maintenance { mode, reason, since, users, estimate, left } = |now: Now| Maintenance {
        mode: Mode::InProgress,
        reason: String::new(),
        since: now.wall,
        users: Connected::default(),
        estimate: Duration::ZERO,
        left: 0,
    };
    Creator { id, first_name, last_name } =
        |_| Creator { id: String::new(), first_name: String::new(), last_name: String::new() };
    Message { creator, created, duration, content, teams, expiry } = |now: Now| Message {
        creator: Coded::blank(now),
        created: now.wall,
        duration: 0,
        content: String::new(),
        teams: Vec::new(),
        expiry: Coded::blank(now),
    };
    Messages { active, recent, count };
    InMedium {
        signed_in, ready, reason, routable, unroutable_soon, max_dialogs, accepts_interrupts, transfers, state,
        since, entered, tasks, interrupted
    } = |now: Now| InMedium {
        signed_in: false,
        ready: false,
        reason: None,
        routable: false,
        unroutable_soon: false,
        max_dialogs: 0,
        accepts_interrupts: false,
        transfers: false,
        state: MediumState::Logout,
        since: now.wall,
        entered: 0,
        tasks: Vec::new(),
        interrupted: false,
    };
    Task {
        id, leg, medium, former, agent, state, started, since, queued, variables, wrap_up_reason, timer
    } = |now: Now| Task {
        id: 0,
        leg: 0,
        medium: 0,
        former: String::new(),
        agent: None,
        state: TaskState::Offered,
        started: now.wall,
        since: now.wall,
        queued: 0,
        variables: Vec::new(),
        wrap_up_reason: String::new(),
        timer: None,
    };
}

impl Coded for Media {
    fn blank(_: Now) -> Self {
        Self::default()
    }

    /// The list is that of the configuration.
    fn code(&mut self, codec: &mut Codec<'_>) {
        let Self { list: _, agents, tasks, waiting, last_task, most_legs, former, touched, changed } = self;
        agents.code(codec);
        tasks.code(codec);
        waiting.code(codec);
        last_task.code(codec);
        most_legs.code(codec);
        former.code(codec);
        touched.code(codec);
        changed.code(codec);
    }
}

impl Coded for Alarm {
    fn blank(_: Now) -> Self {
        Self::TellChanged
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        let nobody = UserId::MIN;
        let (kind, mut user, mut number) = match *self {
            Self::ForcedLogout(user) => (0, user, 0),
            Self::SignInOver(user) => (1, user, 0),
            Self::WrapUpOver(user) => (2, user, 0),
            Self::NotAnswered(dialog, user) => (3, user, dialog.into()),
            Self::TaskNotAccepted(task) => (4, nobody, task.into()),
            Self::OutsideAnswers(dialog) => (5, nobody, dialog.into()),
            Self::ReservationOver(dialog) => (6, nobody, dialog.into()),
            Self::CustomerCalled(dialog) => (7, nobody, dialog.into()),
            Self::CustomerDialled(user) => (8, user, 0),
            Self::ContactRested(place) => (9, nobody, place),
            Self::CallerTired(dialog) => (10, nobody, dialog.into()),
            Self::Statistics => (11, nobody, 0),
            Self::MessageOver(id) => (12, nobody, id),
            // Of those that are there the first that is meant: a user may have gone.
            Self::TellStates(from) => (13, codec.first_from(from), 0),
            Self::TellChanged => (14, nobody, 0),
        };
        let kind = codec.place(kind, 15);
        user.code(codec);
        number.code(codec);
        let id = number as u32;
        *self = match kind {
            0 => Self::ForcedLogout(user),
            1 => Self::SignInOver(user),
            2 => Self::WrapUpOver(user),
            3 => Self::NotAnswered(id, user),
            4 => Self::TaskNotAccepted(id),
            5 => Self::OutsideAnswers(id),
            6 => Self::ReservationOver(id),
            7 => Self::CustomerCalled(id),
            8 => Self::CustomerDialled(user),
            9 => Self::ContactRested(number),
            10 => Self::CallerTired(id),
            11 => Self::Statistics,
            12 => Self::MessageOver(number),
            13 => Self::TellStates(user),
            _ => Self::TellChanged,
        };
    }
}
