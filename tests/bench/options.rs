//! The command line of the benchmark.

use argh::FromArgs;

use super::report::Target;
use super::way::{PublishBy, Url, Way};
use super::world;

/// Measures callboard beside a floor that does the least a server can do.
#[derive(FromArgs, Debug)]
pub struct Options {
    /// sessions that are logged in and subscribed (1000)
    #[argh(option, default = "1000")]
    pub sessions: usize,

    /// events of a burst, 1 to 500: so many wait in a session without it being closed as a slow reader (200)
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

    /// measure only this: start, login (with the memory of sessions), fanout, steady, rest, slow, storm, idle or growth
    #[argh(option, from_str_fn(stage))]
    pub only: Option<Stage>,

    /// measure growth too, up to 10,000 sessions; it takes some minutes more
    #[argh(switch)]
    pub all: bool,

    /// in place of all that: so many minutes with 1000 sessions of which some come and go, and 10 events a second
    #[argh(option, arg_name = "minutes")]
    pub soak: Option<u32>,

    /// only with this transport: ws or wss
    #[argh(option, from_str_fn(transport))]
    pub transport: Option<Transport>,

    /// leave out the floor
    #[argh(switch)]
    pub no_floor: bool,

    /// measure the server of this path in place of the one just built
    #[argh(option, arg_name = "program")]
    pub server: Option<String>,

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

    /// who publishes behind --url, as NAME:PASSWORD (administrator:1234)
    #[argh(option, default = "String::from(world::ADMINISTRATOR)")]
    pub publisher: String,

    /// how that is done: xmpp, by an iq over the same transport, or http, as callboard has it, at the same host and port,
    /// without TLS (xmpp)
    #[argh(option, default = "PublishBy::Xmpp", from_str_fn(publish_by))]
    pub publish: PublishBy,

    /// be the floor: how the benchmark starts itself again
    #[argh(switch, hidden_help)]
    pub floor: bool,
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
}

/// The parts by their names.
const STAGES: [(&str, Stage); 9] = [
    ("start", Stage::Start),
    ("login", Stage::Login),
    ("fanout", Stage::Fanout),
    ("steady", Stage::Steady),
    ("rest", Stage::Rest),
    ("slow", Stage::Slow),
    ("storm", Stage::Storm),
    ("idle", Stage::Idle),
    ("growth", Stage::Growth),
];

/// How sessions are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    Ws,
    Wss,
}

impl Options {
    /// Whether a part is to be measured.
    pub fn wants(&self, stage: Stage) -> bool {
        self.only.map_or(stage != Stage::Growth || self.all, |only| only == stage)
    }

    /// Whether one of some parts is.
    pub fn wants_any(&self, stages: &[Stage]) -> bool {
        stages.iter().any(|stage| self.wants(*stage))
    }

    /// The transports to be measured.
    pub fn transports(&self) -> impl Iterator<Item = Transport> {
        [Transport::Ws, Transport::Wss]
            .into_iter()
            .filter(|transport| self.transport.is_none_or(|only| only == *transport))
    }

    /// The servers to be measured, each with its names in the order of [`Target::Other`].
    pub fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        if !self.url_only {
            targets.push(Target::Callboard);
            if !self.no_floor {
                targets.push(Target::Floor);
            }
        }
        targets.extend((0..self.names().len()).map(Target::Other));
        targets
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
            return Err("--burst must be from 1 to 500: more could not wait in the queue of a session".into());
        }
        if !(world::SHORTEST..=16_000).contains(&self.payload) {
            return Err("--payload must be from 200 to 16000".into());
        }
        // Bounds the queue from its other side: 1 MiB.
        if self.burst as usize * (self.payload + 600) > 900_000 {
            return Err("--burst times --payload must stay below the queue of a session, 1 MiB".into());
        }
        if self.sessions == 0 || self.rounds == 0 || self.steady == 0 || self.changes == 0 {
            return Err("--sessions, --rounds, --steady and --changes must be at least 1".into());
        }
        if self.soak.is_some_and(|minutes| !(1..=10_000).contains(&minutes)) {
            return Err("--soak must be from 1 to 10000 minutes".into());
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
        _ => Err("it must be ws or wss".into()),
    }
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
