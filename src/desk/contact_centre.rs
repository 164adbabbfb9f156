//! The state of a contact centre and of its agents.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Instant, SystemTime};

use crate::config::limits::Limits;
use crate::config::{
    Config, Layout, NodeAccess, Outside, PhoneBook, Profile, QueueStatistics, ReasonCode, Release, Team,
};
use crate::desk::configuration::state::Configuration;
use crate::desk::dialog::call::{Dialog, FIRST_ID};
use crate::desk::directory::Directory;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::maintenance_mode::Maintenance;
use crate::desk::media::room::Media;
use crate::desk::messages::Messages;
use crate::desk::outbound::contacts::Outbound;
use crate::desk::queue::Queue;
use crate::desk::reasons::Reason;
use crate::desk::secondary_node::SecondaryNode;
use crate::desk::state::State;
use crate::desk::status::Status;
use crate::desk::timers::{TimerId, Timers};
use crate::id::by_user::ByUser;
use crate::id::{DialogId, UserId};

/// A state in which an agent stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) state: State,
    pub(super) reason: Option<Reason>,
}

/// A sign-in that was accepted, and is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignIn {
    pub(super) extension: String,
    pub(super) device: Option<String>,
    pub(super) is_mobile: bool,
    pub(super) request_id: String,
    pub(super) timer: TimerId,
}

/// The live state of one user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Agent {
    pub(super) state: State,
    /// When it was entered; `None` if that was before the server started.
    pub(super) since: Option<SystemTime>,
    pub(super) reason: Option<Reason>,
    /// Where the agent is signed in.
    pub(super) extension: Option<String>,
    /// The device of that telephone which is used, if it has any.
    pub(super) device: Option<String>,
    /// A sign-in that is not over.
    pub(super) sign_in: Option<Box<SignIn>>,
    /// Runs from the end of the last session on.
    pub(super) leaving: Option<TimerId>,
    /// In the order in which they came.
    pub(super) dialogs: Vec<DialogId>,
    /// The state that was asked for during a call; the agent enters it afterwards.
    pub(super) pending: Option<Settled>,
    /// Where the agent goes after its calls and wrap-up; `None` if it is there.
    pub(super) after: Option<Settled>,
    /// Whether a call that ended is one to wrap up.
    pub(super) wraps_up: bool,
    /// Runs while the agent wraps up.
    pub(super) wrap_up: Option<TimerId>,
    /// The call that the agent has left and wraps up, now or after its other calls. It is none of `dialogs`, because it
    /// keeps nobody busy.
    pub(super) wrapping: Option<DialogId>,
    /// When the state was entered, among all that were.
    pub(super) entered: u64,
    /// Whether the team was told last that the agent is busy with a call of its own.
    pub(super) told_busy: bool,
}

/// Every telephone of a configuration, with nobody there.
pub(super) fn extensions(config: &Config) -> HashMap<String, Option<UserId>> {
    config.users.iter().filter_map(|user| Some((user.extension.clone()?, None))).collect()
}

/// The contact centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    pub(super) directory: Directory,
    pub(super) agents: ByUser<Agent>,
    /// When each agent who is in the state READY entered it, as [`Agent::entered`] has it: who has been there longest is first.
    pub(super) ready: Vec<(u64, UserId)>,
    /// Every telephone, and who is signed in there.
    pub(super) extensions: HashMap<String, Option<UserId>>,
    pub(super) teams: Vec<Team>,
    pub(super) reason_codes: Vec<ReasonCode>,
    pub(super) phone_books: Vec<PhoneBook>,
    pub(super) layouts: Vec<Layout>,
    pub(super) configuration: Configuration,
    pub(super) require_reason_codes: bool,
    pub(super) node_access: NodeAccess,
    pub(super) profile: Profile,
    pub(super) release: Release,
    pub(super) domain: String,
    pub(super) limits: Limits,
    pub(super) status: Status,
    /// The port of the first listener with TLS.
    pub(super) https_port: Option<u16>,
    /// The ports of XMPP over TCP, without TLS and with it.
    pub(super) xmpp_ports: [Option<u16>; 2],
    /// When the CTI server was connected; `None` before the first command, and while it is lost.
    pub(super) cti_since: Option<SystemTime>,
    /// When the CTI server was lost.
    pub(super) heartbeat_lost: Option<SystemTime>,
    /// Maintenance mode, if it was begun.
    pub(super) maintenance: Option<Maintenance>,
    pub(super) secondary_node: Option<SecondaryNode>,
    pub(super) timers: Timers,
    /// The timer of those who still have to be told how they stand.
    pub(super) telling: Option<TimerId>,
    /// The users whose documents have changed with another configuration, as far as nobody has been told.
    pub(super) changed: BTreeSet<UserId>,
    pub(super) messages: Messages,
    pub(super) dialogs: BTreeMap<DialogId, Dialog>,
    pub(super) last_dialog: DialogId,
    pub(super) queues: Vec<Queue>,
    pub(super) queue_statistics: QueueStatistics,
    pub(super) outside: Outside,
    /// Empty in Express.
    pub(super) media: Media,
    pub(super) outbound: Outbound,
    /// Counts what was entered, states and queues.
    pub(super) entries: u64,
    /// Whether the statistics of the queues are to be looked at.
    pub(super) is_marked: bool,
    pub(super) client_logs: u64,
}

impl Desk {
    /// The contact centre of a configuration, with everybody signed out.
    pub fn new(config: Config) -> Self {
        let extensions = extensions(&config);
        let directory = Directory::new(config.users);
        let mut entries = 0;
        let outbound = Outbound::new(config.campaigns, &mut entries);
        let mut desk = Self {
            agents: ByUser::default(),
            ready: Vec::new(),
            extensions,
            directory,
            teams: config.teams,
            reason_codes: config.reason_codes,
            phone_books: config.phone_books,
            layouts: config.layouts,
            configuration: Configuration::new(config.objects),
            require_reason_codes: config.require_reason_codes,
            node_access: config.node_access,
            profile: config.profile,
            release: config.release,
            domain: config.domain,
            limits: config.limits,
            status: Status::default(),
            https_port: config.listen.first().map(|address| address.port()),
            xmpp_ports: [&config.listen_xmpp_plain, &config.listen_xmpp]
                .map(|listen| listen.first().map(|address| address.port())),
            cti_since: None,
            heartbeat_lost: None,
            maintenance: None,
            secondary_node: None,
            timers: Timers::default(),
            telling: None,
            changed: BTreeSet::new(),
            messages: Messages::default(),
            dialogs: BTreeMap::new(),
            last_dialog: FIRST_ID - 1,
            queues: config.queues.into_iter().map(Queue::new).collect(),
            queue_statistics: config.queue_statistics,
            outside: config.outside,
            media: Media::new(if config.profile == Profile::Ucce { config.media } else { Vec::new() }),
            outbound,
            entries,
            is_marked: false,
            client_logs: 0,
        };
        desk.take_statistics_as_told();
        desk
    }

    /// When [`crate::desk::Command::Tick`] is due.
    pub fn wake_at(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The users.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The user that a path names: by id; by login name, for those who may see the user (the guide, "User: get user id from
    /// loginName"); or by the extension at which the user is signed in or signs in, as Cisco's sample page asks.
    ///
    /// # Errors
    ///
    /// Returns User Not Found, or Invalid Authorization User Specified for the login name of somebody else.
    pub fn find(&self, actor: UserId, name: &str) -> Result<UserId, ApiError> {
        if let Some(user) = self.directory.find(name) {
            return Ok(user);
        }
        if let Some(user) = self.directory.find_login(name, &self.domain) {
            // The error must not tell which id belongs to the name.
            return self.may_see(actor, user).map(|()| user).map_err(|_| ApiRefusal::NotYourself.about(name));
        }
        let signed_in = self.extensions.get(name).copied().flatten();
        let signing_in = || {
            let sign_ins =
                self.directory.keys().filter_map(|user| Some((user, self.agent(user).sign_in.as_ref()?)));
            let at_name = sign_ins.filter(|(_, sign_in)| sign_in.extension == name);
            at_name.min_by_key(|(_, sign_in)| sign_in.timer).map(|(user, _)| user)
        };
        signed_in.or_else(signing_in).ok_or_else(|| ApiRefusal::UserUnknown.about(name))
    }

    pub(super) fn agent(&self, user: UserId) -> &Agent {
        self.agents.get(user)
    }

    pub(super) fn agent_mut(&mut self, user: UserId) -> &mut Agent {
        self.agents.get_mut(user)
    }

    pub(super) fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }
}
