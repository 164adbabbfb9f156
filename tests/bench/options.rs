//! The command line of the benchmark.

use argh::FromArgs;

use super::agents;
use super::attacks::Attack;
use super::lines::{ALL, FLIGHTS, READERS};
use super::report::Target;
use super::rush_hour;
use super::way::{PublishBy, Url, Way};
use super::witness::Errand;
use super::world;

/// Measures callboard beside a floor that does the least a server can do.
#[derive(FromArgs, Debug)]
pub struct Options {
    /// sessions that are logged in and subscribed (1000)
    #[argh(option, default = "1000")]
    pub sessions: usize,

    /// events of a burst, 1 to 500: so many wait in a session without holding up the publisher (200)
    #[argh(option, default = "200")]
    pub burst: u32,

    /// events of the steady stream, one at a time (100)
    #[argh(option, default = "100")]
    pub steady: u32,

    /// changes of an agent's state, one at a time (300)
    #[argh(option, default = "300")]
    pub changes: u32,

    /// logins of the storm with hashed passwords (100, with --all 1000)
    #[argh(option)]
    pub hashed: Option<usize>,

    /// bytes of a payload, at least 200 (600)
    #[argh(option, default = "600")]
    pub payload: usize,

    /// how often the first parts are measured, up to rest, each time in fresh servers; the table shows medians (3)
    #[argh(option, default = "3")]
    pub rounds: usize,

    /// measure only this: start, login (with the memory of sessions), fanout, steady, rest, slow, storm, idle,
    /// growth, unfair, agents or capacity; fanout goes on with several requests in flight then
    #[argh(option, from_str_fn(stage))]
    pub only: Option<Stage>,

    /// measure growth too, and fanout, up to 10,000 sessions; it takes some minutes more
    #[argh(switch)]
    pub all: bool,

    /// agents of --only agents, which lose their connections and come back all at once, as often as --rounds says, and of
    /// --only capacity, which work through a rush hour; each has an address of its own (127.1.0.1 and so on), a session over
    /// wss and a kept https connection (1000)
    #[argh(option, default = "1000")]
    pub agents: usize,

    /// seconds for which --only capacity measures, once calls come and end as in the middle of an hour (90)
    #[argh(option, default = "90")]
    pub measured: u32,

    /// seconds of each attack that --only unfair makes (8)
    #[argh(option, default = "8")]
    pub seconds: u32,

    /// make only this attack; with a wrong name it says which there are
    #[argh(option, from_str_fn(attack))]
    pub attack: Option<Attack>,

    /// in place of all that: so many minutes with 1000 sessions of which some come and go, and 10 events a second
    #[argh(option, arg_name = "minutes")]
    pub soak: Option<u32>,

    /// only with this transport: ws, wss, or over TCP tcp, tls
    #[argh(option, from_str_fn(transport))]
    pub transport: Option<Transport>,

    /// measure XMPP over TCP beside, without TLS and with it
    #[argh(switch)]
    pub tcp: bool,

    /// leave out the floor
    #[argh(switch)]
    pub no_floor: bool,

    /// measure the program of this path in place of the one just built. For a small board it may be a bash script of two lines,
    /// `echo $$ | tee /sys/fs/cgroup/{cpu,memory}/board/cgroup.procs` and `exec callboard "$@"`, where 2500 stands in
    /// cpu.cfs_quota_us, 10000 in cpu.cfs_period_us and 64M in memory.limit_in_bytes
    #[argh(option, arg_name = "path")]
    pub program: Option<String>,

    /// measure an earlier build beside it, in a column of its own: the program of this path
    #[argh(option, arg_name = "path")]
    pub before: Option<String>,

    /// deliveries that a fan-out with several requests in flight comes to, with no more than 20,000 events (3000000)
    #[argh(option, default = "3_000_000")]
    pub deliveries: u32,

    /// measure such a fan-out only with so many readers: 10, 1000 or 10000 (without --all the first two)
    #[argh(option)]
    pub readers: Option<u32>,

    /// measure such a fan-out only with so many requests in flight: 4, 256 or all
    #[argh(option, from_str_fn(in_flight))]
    pub in_flight: Option<u32>,

    /// measure a server that runs already, too: ws://HOST:PORT/PATH or wss://…; NAME= before it makes a column of that
    /// name, the same for the ws:// and the wss:// of one server. May be repeated
    #[argh(option, arg_name = "url", from_str_fn(url))]
    pub url: Vec<Url>,

    /// the process of such a server, as NAME=PID, for its memory and CPU time. May be repeated
    #[argh(option, arg_name = "name=pid", from_str_fn(pid))]
    pub pid: Vec<(String, u32)>,

    /// leave out callboard and the floor: only what --url says
    #[argh(switch)]
    pub url_only: bool,

    /// the XMPP domain behind --url (localhost)
    #[argh(option, default = "String::from(world::DOMAIN)")]
    pub domain: String,

    /// names of the users behind --url; {} stands for 00000, 00001 and so on (agent{})
    #[argh(option, default = "String::from(world::USERS)")]
    pub user_pattern: String,

    /// the password of all of them (each has its name as password)
    #[argh(option)]
    pub password: Option<String>,

    /// the publisher behind --url, as NAME:PASSWORD (administrator:1234)
    #[argh(option, default = "String::from(world::ADMINISTRATOR)")]
    pub publisher: String,

    /// how that is done: xmpp, by an iq over the same transport, or http, as callboard has it, at the same host and port,
    /// without TLS (xmpp)
    #[argh(option, default = "PublishBy::Xmpp", from_str_fn(publish_by))]
    pub publish: PublishBy,

    /// be the floor: how the benchmark starts itself again
    #[argh(switch, hidden_help)]
    pub floor: bool,

    /// be the floor that batches
    #[argh(switch, hidden_help)]
    pub batching: bool,

    /// be a witness: likewise
    #[argh(option, hidden_help)]
    pub witness: Option<Errand>,
}

/// A part of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Start,
    Login,
    Fanout,
    Steady,
    Rest,
    Slow,
    Storm,
    Idle,
    Growth,
    Unfair,
    Agents,
    Capacity,
}

/// The parts by their names.
const STAGES: [(&str, Stage); 12] = [
    ("start", Stage::Start),
    ("login", Stage::Login),
    ("fanout", Stage::Fanout),
    ("steady", Stage::Steady),
    ("rest", Stage::Rest),
    ("slow", Stage::Slow),
    ("storm", Stage::Storm),
    ("idle", Stage::Idle),
    ("growth", Stage::Growth),
    ("unfair", Stage::Unfair),
    ("agents", Stage::Agents),
    ("capacity", Stage::Capacity),
];

/// How sessions are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    Ws,
    Wss,
    /// XMPP over TCP without TLS.
    Tcp,
    /// XMPP over TCP with TLS from the first byte.
    Tls,
}

impl Transport {
    /// Whether no WebSocket is made.
    pub fn is_tcp(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

impl Options {
    /// Whether a part is to be measured.
    pub fn wants(&self, stage: Stage) -> bool {
        match self.only {
            Some(only) => only == stage,
            None => {
                !matches!(stage, Stage::Growth | Stage::Unfair | Stage::Agents | Stage::Capacity)
                    || (self.all && stage == Stage::Growth)
            }
        }
    }

    /// Whether one of some parts is.
    pub fn wants_any(&self, stages: &[Stage]) -> bool {
        stages.iter().any(|stage| self.wants(*stage))
    }

    /// The transports to be measured.
    pub fn transports(&self) -> impl Iterator<Item = Transport> {
        [Transport::Ws, Transport::Wss, Transport::Tcp, Transport::Tls].into_iter().filter(|transport| {
            match self.transport {
                Some(only) => only == *transport,
                None => self.tcp || !transport.is_tcp(),
            }
        })
    }

    /// The servers to be measured, each with its names in the order of [`Target::Other`].
    pub fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        if !self.url_only {
            targets.push(Target::Callboard);
            targets.extend(self.before.is_some().then_some(Target::Before));
            if !self.no_floor {
                targets.push(Target::Floor);
            }
        }
        targets.extend((0..self.names().len()).map(Target::Other));
        targets
    }

    /// The servers for requests in flight: with the batching floor, and without those behind `--url`, to which each request
    /// waits for the one before.
    pub fn targets_in_flight(&self) -> Vec<Target> {
        let mut targets = self.targets();
        targets.retain(|target| !matches!(target, Target::Other(_)));
        if targets.contains(&Target::Floor) {
            targets.push(Target::Batching);
        }
        targets
    }

    /// The servers that are attacked, and that agents come to.
    pub fn targets_attacked(&self) -> Vec<Target> {
        let is_ours = |target: &Target| matches!(target, Target::Callboard | Target::Before);
        self.targets().into_iter().filter(is_ours).collect()
    }

    /// Each number of readers with each number of requests in flight that a fan-out is measured with: it takes its time, and is
    /// asked for by its name only.
    pub fn flights(&self) -> Vec<(u32, u32)> {
        if self.only != Some(Stage::Fanout) {
            return Vec::new();
        }
        let most = if self.all { READERS[2] } else { READERS[1] };
        let readers =
            READERS.iter().filter(|readers| self.readers.map_or(**readers <= most, |only| only == **readers));
        let flights = FLIGHTS.iter().filter(|flight| self.in_flight.is_none_or(|only| only == **flight));
        readers.flat_map(|readers| flights.clone().map(|flight| (*readers, *flight))).collect()
    }

    /// The names of the servers behind `--url`.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for url in &self.url {
            if !names.contains(&url.name.as_str()) {
                names.push(&url.name);
            }
        }
        names
    }

    /// How one talks to a server behind `--url`.
    pub fn way(&self) -> Way {
        Way {
            domain: self.domain.clone(),
            users: self.user_pattern.clone(),
            password: self.password.clone(),
            publisher: self.publisher.clone(),
            publish_by: self.publish,
            over_tcp: false,
            is_ours: false,
        }
    }

    /// How many log in at once in the storm with hashed passwords.
    pub fn hashed(&self) -> usize {
        self.hashed.unwrap_or(if self.all { 1000 } else { 100 })
    }

    /// Refuses what would measure something else than it says.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=500).contains(&self.burst) {
            return Err("--burst must be from 1 to 500: more could hold up the publisher".into());
        }
        if !(world::SHORTEST..=16_000).contains(&self.payload) {
            return Err("--payload must be from 200 to 16000".into());
        }
        // Bounds the queue from its other side: 1 MiB.
        if self.burst as usize * (self.payload + 600) > 900_000 {
            return Err("--burst times --payload must stay below the queue of a session, 1 MiB".into());
        }
        if self.soak.is_some() && (self.tcp || self.transport.is_some_and(Transport::is_tcp)) {
            return Err("--soak is for WebSockets".into());
        }
        if self.sessions == 0 || self.rounds == 0 || self.steady == 0 || self.changes == 0 {
            return Err("--sessions, --rounds, --steady and --changes must be at least 1".into());
        }
        if self.soak.is_some_and(|minutes| !(1..=10_000).contains(&minutes)) {
            return Err("--soak must be from 1 to 10000 minutes".into());
        }
        if self.readers.is_some_and(|readers| !READERS.contains(&readers)) {
            return Err("--readers must be 10, 1000 or 10000".into());
        }
        if !(1..=60).contains(&self.seconds) {
            return Err("--seconds must be from 1 to 60".into());
        }
        if !(1..=agents::MOST).contains(&self.agents) {
            return Err(format!("--agents must be from 1 to {}", agents::MOST));
        }
        if self.only == Some(Stage::Capacity) && self.agents > rush_hour::TEAM * rush_hour::TEAMS {
            return Err(format!("--agents must be from 1 to {}", rush_hour::TEAM * rush_hour::TEAMS));
        }
        if !(1..=3600).contains(&self.measured) {
            return Err("--measured must be from 1 to 3600".into());
        }
        if self.deliveries == 0 {
            return Err("--deliveries must be at least 1".into());
        }
        if self.hashed == Some(0) {
            return Err("--hashed must be at least 1".into());
        }
        if let Some((name, _)) = self.pid.iter().find(|(name, _)| !self.names().contains(&name.as_str())) {
            return Err(format!("--pid: no --url has the name {name}"));
        }
        if self.url_only && self.url.is_empty() {
            return Err("--url-only needs a --url".into());
        }
        Ok(())
    }
}

fn stage(text: &str) -> Result<Stage, String> {
    let found = STAGES.iter().find(|(name, _)| *name == text);
    found.map(|(_, stage)| *stage).ok_or_else(|| {
        let names = STAGES.map(|(name, _)| name);
        format!("it must be one of {}", names.join(", "))
    })
}

fn transport(text: &str) -> Result<Transport, String> {
    match text {
        "ws" => Ok(Transport::Ws),
        "wss" => Ok(Transport::Wss),
        "tcp" => Ok(Transport::Tcp),
        "tls" => Ok(Transport::Tls),
        _ => Err("it must be ws, wss, tcp or tls".into()),
    }
}

fn attack(text: &str) -> Result<Attack, String> {
    Attack::ALL.into_iter().find(|attack| attack.names().0 == text).ok_or_else(|| {
        let names = Attack::ALL.map(|attack| attack.names().0);
        format!("it must be one of {}", names.join(", "))
    })
}

fn in_flight(text: &str) -> Result<u32, String> {
    let found = FLIGHTS.into_iter().find(|flight| match *flight {
        ALL => text == "all",
        some => text == some.to_string(),
    });
    found.ok_or_else(|| "it must be 4, 256 or all".into())
}

fn publish_by(text: &str) -> Result<PublishBy, String> {
    match text {
        "xmpp" => Ok(PublishBy::Xmpp),
        "http" => Ok(PublishBy::Http),
        _ => Err("it must be xmpp or http".into()),
    }
}

fn url(text: &str) -> Result<Url, String> {
    Url::parse(text).ok_or_else(|| "it must be ws://HOST:PORT/PATH or wss://HOST:PORT/PATH".into())
}

fn pid(text: &str) -> Result<(String, u32), String> {
    text.split_once('=')
        .and_then(|(name, pid)| Some((name.to_owned(), pid.parse().ok()?)))
        .ok_or_else(|| "it must be NAME=PID".into())
}
