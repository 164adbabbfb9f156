//! A hub, and a clock that stands until it is moved.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use callboard::clock::Now;
use callboard::config::limits::Limits;
use callboard::config::{Config, Profile};
use callboard::conformance::report::{self, Form};
use callboard::conformance::{Client, RULES, Verdict};
use callboard::desk::{Request, SetState};
use callboard::diagnosis::Language;
use callboard::hub::{Action, Admission, EventOut, Hub, Peer, StreamRequest, Transport, nodes};
use callboard::id::{SessionId, UserId};
use callboard::pubsub::{After, NodeSpec};
use callboard::xmpp::bosh::BoshResponse;

use crate::wire;

/// Read once: it is the same for every run.
static DEMO: LazyLock<Config> = LazyLock::new(Config::demo);

/// The start of all clocks.
#[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How many entries the record keeps: others make room soon.
pub const RECORD: usize = 100;

/// How many keys of former users are tried.
const FORMER: usize = 16;

const PEER: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 5222);

thread_local! {
    /// How often random bytes were asked for.
    static TURN: Cell<u64> = const { Cell::new(0) };
}

/// Different each time, and the same in every run.
fn count_up(bytes: &mut [u8]) {
    TURN.set(TURN.get() + 1);
    bytes.fill(0);
    for (byte, other) in bytes.iter_mut().zip(TURN.get().to_be_bytes()) {
        *byte = other;
    }
}

/// The demo with queues that are soon full.
pub fn demo(profile: Profile) -> Config {
    let limits = Limits { queue: 64 * 1024, queue_frames: 100, queues: 1 << 20, ..DEMO.limits };
    let limits = Limits { payload: 4096, sessions_per_user: 3, subscriptions_per_session: 500, ..limits };
    let mut config = DEMO.clone();
    (config.profile, config.limits, config.record) = (profile, limits, RECORD);
    config
}

/// An event as a stream of server-sent events has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub node: String,
    pub item: String,
    pub payload: String,
}

/// The hub with all that it needs.
pub struct Stage {
    pub hub: Hub,
    pub now: Now,
    pub limits: Limits,
    /// The answers to requests of BOSH that nobody has looked at.
    pub answers: Vec<BoshResponse>,
    /// All nodes that there are.
    nodes: Vec<String>,
    /// Gets every event of every node.
    witness: SessionId,
    /// Maintenance mode has begun since the witness came, and ends its session by right.
    is_let_go: bool,
    /// The keys of the last users who have gone.
    former: VecDeque<UserId>,
    /// How many users there are.
    users: usize,
}

/// The names of all nodes, and a session that gets every event of them.
fn watch(hub: &mut Hub, now: Now, config: &Config) -> (Vec<String>, SessionId) {
    let names = nodes::all(hub.desk(), &config.nodes);
    let names: Vec<String> = names.iter().flat_map(NodeSpec::names).collect();
    let witness = watch_nodes(hub, now, &names);
    (names, witness)
}

/// A session that gets every event of these nodes.
fn watch_nodes(hub: &mut Hub, now: Now, names: &[String]) -> SessionId {
    let administrator = hub.desk().directory().find("administrator").expect("the demo has one");
    let asker = StreamRequest { peer: PEER.into(), user: administrator, ticket: None, via_proxy: false };
    hub.open_events(now, asker, names.iter().map(String::as_str), After::Now).expect("there is room for it")
}

impl Stage {
    /// Nobody is on line but the witness.
    pub fn new(config: &Config) -> Self {
        TURN.set(0);
        let now = Now { monotonic: *START, wall: SystemTime::UNIX_EPOCH };
        let mut hub = Hub::new(config.clone(), count_up);
        let (nodes, witness) = watch(&mut hub, now, config);
        let (limits, users) = (config.limits, config.users.len());
        let (answers, former) = (Vec::new(), VecDeque::new());
        Self { hub, now, limits, answers, nodes, witness, is_let_go: false, former, users }
    }

    /// Another configuration comes, in which there has to be an administrator, too. Returns what is told of it, and which
    /// nodes are gone.
    pub fn reload(&mut self, config: &Config) -> (Vec<Told>, Vec<String>) {
        self.hub.reload(self.now, config.clone());
        let (told, _) = self.drain();
        self.hub.closed(self.now, self.witness, "gone");
        let (nodes, witness) = watch(&mut self.hub, self.now, config);
        let mut before = std::mem::replace(&mut self.nodes, nodes);
        self.witness = witness;
        before.retain(|node| !self.nodes.contains(node));
        self.look_for_former(config.users.len());
        (told, before)
    }

    /// The keys of users who have gone are nobody's, whoever has their places now.
    fn look_for_former(&mut self, users: usize) {
        let directory = self.hub.desk().directory();
        assert!(directory.places() <= self.users + users, "{} places", directory.places());
        self.users = users;
        self.former.extend(directory.gone());
        self.former.drain(..self.former.len().saturating_sub(FORMER));
        for user in self.former.clone() {
            assert!(!self.hub.desk().directory().has(user) && !self.hub.is_online(user));
            let admitted = self.hub.admit(self.now, user, self.now.monotonic, 1);
            assert_eq!(admitted, Admission::Gone);
            let asked = SetState { state: Some("READY".to_owned()), ..SetState::default() };
            let request = Request::SetState { user, asked };
            let done = self.hub.request(self.now, user, user, String::new(), request);
            assert!(done.is_err(), "{done:?}");
        }
    }

    /// The server goes down. Returns what came of the sign-ins that were under way.
    pub fn shut_down(&mut self) -> Vec<Told> {
        let desk = self.hub.desk();
        let is_signing_in = desk.directory().keys().any(|user| desk.is_signing_in(user));
        self.hub.shutdown(self.now);
        let (told, is_closed) = self.drain();
        assert!(is_closed, "the witness stays");
        assert!(told.is_empty() || is_signing_in, "{told:?}");
        told
    }

    /// The user of that name, which the demo has to have.
    pub fn user(&self, name: &str) -> UserId {
        self.hub.desk().directory().find(name).expect("the demo has the user")
    }

    /// A WebSocket is up.
    pub fn connect(&mut self) -> SessionId {
        let peer = SocketAddr::from(PEER);
        self.hub.connect(
            self.now,
            Peer { address: peer, transport: Transport::Ws, accepted: self.now.monotonic, via_proxy: false },
        )
    }

    /// Does outside what the hub wants, but for the checks of passwords; returns whose connections are dropped.
    pub fn act(&mut self) -> Vec<SessionId> {
        self.hub.answer_pending(self.now);
        let mut dropped = Vec::new();
        while let Some(action) = self.hub.poll() {
            match action {
                Action::Wake(_)
                | Action::Release(_)
                | Action::Verify { .. }
                | Action::Idle
                | Action::WaitOver
                | Action::MaintenanceOver(_) => {}
                Action::Abort(id) | Action::Reset(id) => {
                    self.hub.closed(self.now, id, "dropped");
                    dropped.push(id);
                }
                Action::Answer(answer) => {
                    wire::element(&answer.body);
                    self.answers.push(answer);
                }
                Action::Note(note) => assert!(!note.to_string().contains('\n'), "{note}"),
            }
        }
        dropped
    }

    /// Lets time pass as it does outside: from one deadline to the next. Calls `look` after each.
    pub fn pass(&mut self, time: Duration, mut look: impl FnMut(&mut Self)) {
        let end = self.now.monotonic + time;
        let mut ticks = 0;
        while let Some(due) = self.hub.wake_at().filter(|due| *due <= end) {
            ticks += 1;
            assert!(ticks < 100_000, "the time stands still");
            self.move_to(due);
            self.hub.tick(self.now);
            look(self);
        }
        self.move_to(end);
    }

    fn move_to(&mut self, monotonic: Instant) {
        let passed = monotonic.saturating_duration_since(self.now.monotonic);
        self.now = Now { monotonic: self.now.monotonic + passed, wall: self.now.wall + passed };
    }

    /// Maintenance mode has begun, which ends the sessions that are there, once each.
    pub fn let_go(&mut self) {
        self.is_let_go = true;
    }

    /// The events since the last look. A witness that was let go is followed by another one, as nothing but the status of the
    /// service changes in the same moment.
    pub fn told(&mut self) -> Vec<Told> {
        let (told, is_closed) = self.drain();
        if is_closed {
            assert!(std::mem::take(&mut self.is_let_go), "the witness is sent away");
            self.hub.closed(self.now, self.witness, "gone");
            self.witness = watch_nodes(&mut self.hub, self.now, &self.nodes);
        }
        told
    }

    /// Drains the session, and tells whether there is no more.
    fn drain(&mut self) -> (Vec<Told>, bool) {
        let (mut told, mut is_closed) = (Vec::new(), false);
        self.hub.drain_events(self.now, self.witness, usize::MAX, |out| match out {
            EventOut::Event { name, id, data } => {
                let item = id.expect("every item has an id").to_owned();
                told.push(Told { node: name.to_owned(), item, payload: data.to_owned() });
            }
            EventOut::Comment => {}
            EventOut::End => is_closed = true,
        });
        (told, is_closed)
    }

    /// Nobody comes any more; when all deadlines are over, nothing may be left.
    pub fn end(&mut self) {
        self.judge();
        self.hub.closed(self.now, self.witness, "gone");
        self.pass(Duration::from_secs(2000), |stage| {
            stage.act();
        });
        assert_eq!(self.hub.counters().sessions, 0, "sessions are left");
    }

    /// Every session that is recorded has a score in each form, and what is broken is shown.
    fn judge(&self) {
        let record = self.hub.record();
        let sessions: BTreeSet<_> = record.entries().filter_map(|entry| entry.session).collect();
        for session in sessions {
            let client =
                Client::of(record, session, self.hub.domain(), self.now.wall).expect("it is recorded");
            for rule in RULES {
                let found = rule.judge(&client);
                assert_eq!(found.entry.is_none(), found.verdict == Verdict::NotSeen, "{}", rule.name);
            }
            let write = |form| report::write(&client, record.wire(), Language::Chinese, |_| true, form);
            assert!(write(Form::Json).ends_with("]}\n"));
            assert!(write(Form::Text).lines().count() > RULES.len());
            let junit = write(Form::Junit);
            let suite = wire::element(junit.split_once('\n').expect("it has a declaration").1.trim_end());
            assert_eq!(suite.root_element().children().filter(|case| case.is_element()).count(), RULES.len());
        }
    }
}
