//! The state of the hub: all that is live, and nothing else owns it.

use std::rc::Rc;

use crate::config::guests::Guests;
use crate::config::limits::Limits;
use crate::config::scram::Mechanism;
use crate::config::web_origin::{Host, WebOrigin};
use crate::config::{Config, Hosts, Release};
use crate::desk::{Desk, Directory};
use crate::hub::action::{Action, Counters, Failures, NoteKind};
use crate::hub::bosh::bindings::Bindings;
use crate::hub::changes::read_only::ReadOnly;
use crate::hub::deadlines::Deadlines;
use crate::hub::delivery::behind::Shedding;
use crate::hub::delivery::queue_memory::QueueMemory;
use crate::hub::delivery::senders::Senders;
use crate::hub::desk_clock::DeskClock;
use crate::hub::faults::state::FaultState;
#[cfg(feature = "replica")]
use crate::hub::log_state::EntryLog;
use crate::hub::login::gate::LoginGate;
use crate::hub::maintenance::plan::Departures;
use crate::hub::nodes;
use crate::hub::report::Report;
use crate::hub::roster::Roster;
use crate::hub::session::Sessions;
use crate::hub::snapshot::Snapshots;
use crate::hub::stream_management::list::WaitingList;
use crate::hub::tap::Tap;
use crate::hub::tokens::{item_prefix, token};
use crate::id::{SessionId, UserId};
use crate::pubsub::{History, Pubsub, Quota, Settings, event};
use crate::record::{Record, Wire};
#[cfg(feature = "replica")]
use crate::replica::sections::Sections;
use crate::scenario::Scenario;
use crate::xmpp::domain::Domain;
use crate::xmpp::ns;

/// Names that never change while the server runs.
#[derive(Debug)]
pub(super) struct Names {
    pub domain: Domain,
    /// The pubsub service, `pubsub.DOMAIN`.
    pub pubsub: Box<str>,
    /// What every event starts with.
    pub event_head: Rc<str>,
}

/// All live state.
pub struct Hub {
    pub(super) names: Names,
    pub(super) limits: Limits,
    pub(super) desk: ReadOnly<Desk>,
    pub(super) desk_clock: DeskClock,
    /// The configuration to begin again with, where tests may ask for that.
    pub(super) start: Option<Box<Config>>,
    pub(super) guests: Guests,
    pub(super) snapshots: Snapshots,
    /// How often the configuration has been read again.
    pub(super) reloads: u64,
    /// Whether the `finesse` user is on line.
    pub(super) finesse: bool,
    pub(super) sessions: Sessions,
    pub(super) queue_memory: QueueMemory,
    pub(super) shedding: Shedding,
    pub(super) senders: Senders,
    pub(super) roster: Roster,
    /// The sessions that wait to be resumed.
    pub(super) waiting: WaitingList,
    pub(super) taps: Vec<Tap>,
    pub(super) pubsub: ReadOnly<Pubsub>,
    pub(super) gate: LoginGate,
    /// The mechanisms of SASL that are offered.
    pub(super) mechanisms: Vec<Mechanism>,
    pub(super) deadlines: Deadlines,
    pub(super) bindings: Bindings,
    /// The sessions that maintenance mode has still to end.
    pub(super) departures: Option<Departures>,
    pub(super) faults: FaultState,
    pub(super) record: Record,
    /// The scenario that is played, or was last.
    pub(super) scenario: Option<Box<Scenario>>,
    /// How many orders scenarios have given.
    pub(super) orders: u64,
    pub(super) report: Report,
    /// The log of what is applied, if it is kept.
    #[cfg(feature = "replica")]
    pub(super) entry_log: Option<Box<EntryLog>>,
    /// Hashes of the configuration that was read last.
    #[cfg(feature = "replica")]
    pub(super) sections: Sections,
    /// Whether stream management is offered (XEP-0198).
    pub(super) stream_management: bool,
    /// Over TCP users may log in without TLS.
    pub(super) tcp_login_without_tls: bool,
    /// The server goes down: nobody is let in any more.
    pub(super) closing: bool,
    /// Fills a buffer with bytes that nobody can guess.
    pub(super) random: fn(&mut [u8]),
    /// For message ids, which only have to differ.
    pub(super) ids: fastrand::Rng,
}

/// The namespace of the `<notification/>` around a payload (captures of Finesse 12.5 and 11.6).
fn notification(release: Release) -> &'static str {
    match release {
        Release::R11_6 => ns::PUBSUB,
        Release::R12_5 | Release::R12_6 | Release::R15 => ns::PUSH,
    }
}

/// The configuration to begin again with, kept only where tests may ask for that.
fn kept(config: &Config) -> Option<Box<Config>> {
    let is_lab = cfg!(feature = "lab") && (config.faults || config.record > 0);
    is_lab.then(|| Box::new(config.clone()))
}

impl Hub {
    /// A server for this configuration, with nobody on line.
    pub fn new(config: Config, random: fn(&mut [u8])) -> Self {
        let pubsub_domain = format!("pubsub.{}", config.domain);
        let mut seed = [0; 8];
        random(&mut seed);
        // Ids only have to differ: none of them lets anybody in.
        let mut ids = fastrand::Rng::with_seed(config.seed.unwrap_or(u64::from_ne_bytes(seed)));
        let mut prefix = [0; 16];
        if config.seed.is_some() {
            ids.fill(&mut prefix)
        } else {
            random(&mut prefix)
        }
        let limits = config.limits;
        let settings = Settings {
            quota: Quota { session: limits.subscriptions_per_session, user: limits.subscriptions_per_user },
            uniqueness: nodes::uniqueness(config.subscriptions),
            payload: limits.payload,
            notification: notification(config.release),
            item_prefix: item_prefix(prefix),
            history: History { events: limits.history, bytes: limits.history_size },
        };
        let event_head = event::head(&pubsub_domain);
        let wire = Wire { head: event_head.clone(), notification: settings.notification };
        let record = Record::new(config.record, wire);
        let domain = Domain::new(&config.domain, other_hosts(&config));
        let gate = LoginGate::new(&config, random);
        let mechanisms = config.sasl.clone();
        let own = config.nodes.clone();
        let start = kept(&config);
        #[cfg(feature = "replica")]
        let sections = Sections::of(&config);
        let tcp_login_without_tls = config.xmpp_plain_login;
        let stream_management = config.stream_management;
        let desk = Desk::new(config);
        Self {
            pubsub: ReadOnly::new(Pubsub::new(nodes::all(&desk, &own), settings)),
            roster: Roster::default(),
            waiting: WaitingList::default(),
            taps: Vec::new(),
            gate,
            mechanisms,
            names: Names { domain, event_head, pubsub: pubsub_domain.into() },
            limits,
            stream_management,
            tcp_login_without_tls,
            desk: ReadOnly::new(desk),
            desk_clock: DeskClock::default(),
            start,
            guests: Guests::default(),
            snapshots: Snapshots::default(),
            reloads: 0,
            finesse: true,
            sessions: Sessions::default(),
            queue_memory: QueueMemory::default(),
            shedding: Shedding::default(),
            senders: Senders::default(),
            deadlines: Deadlines::default(),
            bindings: Bindings::default(),
            departures: None,
            faults: FaultState::default(),
            record,
            scenario: None,
            orders: 0,
            report: Report::default(),
            #[cfg(feature = "replica")]
            entry_log: None,
            #[cfg(feature = "replica")]
            sections,
            closing: false,
            random,
            ids,
        }
    }

    /// The next thing to do outside.
    pub fn poll(&mut self) -> Option<Action> {
        self.report.next_action()
    }

    /// Takes the names in the certificate of the listeners: streams may be opened to them.
    pub fn set_certificate_names(&mut self, names: Vec<String>) {
        self.names.domain.set_certificate(names);
    }

    /// The XMPP domain.
    pub fn domain(&self) -> &str {
        self.names.domain.name()
    }

    /// The domain of the pubsub service.
    pub fn pubsub_domain(&self) -> &str {
        &self.names.pubsub
    }

    /// A name that nobody can guess: 128 random bits that need no escaping anywhere.
    pub fn token(&self) -> String {
        token(self.random)
    }

    /// The id of a user.
    pub fn user_name(&self, user: UserId) -> String {
        self.users().get(user).id.clone()
    }

    /// What was counted since the start.
    pub fn counters(&self) -> Counters {
        Counters {
            client_logs: self.desk.client_logs(),
            backlog: self.queue_memory.bytes() as u64,
            backlog_most: self.queue_memory.most() as u64,
            waiting: self.waiting.count() as u64,
            ..self.report.counters
        }
    }

    /// What has failed since the start.
    pub fn failures(&self) -> &[Failures] {
        self.report.failures()
    }

    pub(super) fn users(&self) -> &Directory {
        self.desk.directory()
    }

    pub(super) fn note(&mut self, id: SessionId, what: NoteKind) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let note = session.note(self.users(), what);
        self.report.note(note);
    }
}

/// The names of hosts by which the configuration says that this server is reached, beside the domain; `None`: any.
fn other_hosts(config: &Config) -> Option<Vec<String>> {
    let named = match &config.hosts {
        Hosts::Any => return None,
        Hosts::Loopback => &[][..],
        Hosts::Named(named) => named,
    };
    let hosts = named.iter().chain(config.cors_origins.iter().map(WebOrigin::host));
    let names = hosts.filter_map(|host| match host {
        Host::Name(name) => Some(name.clone()),
        Host::Address(_) => None,
    });
    Some(names.collect())
}
