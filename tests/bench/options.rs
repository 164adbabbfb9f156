//! The command line of the benchmark.

use argh::FromArgs;

use super::world;

/// Measures callboard beside a floor that does the least a server can do.
#[derive(FromArgs, Debug)]
pub struct Options {
    /// sessions that are logged in and subscribed (1000)
    #[argh(option, default = "1000")]
    pub sessions: usize,

    /// events of the burst, 1 to 500: so many wait in a session without it being closed as a slow reader (200)
    #[argh(option, default = "200")]
    pub burst: u32,

    /// events of the steady stream, one at a time (100)
    #[argh(option, default = "100")]
    pub steady: u32,

    /// changes of an agent's state, one at a time (300)
    #[argh(option, default = "300")]
    pub changes: u32,

    /// bytes of a payload, at least 200 (600)
    #[argh(option, default = "600")]
    pub payload: usize,

    /// how often everything is measured, each time in fresh servers; the table shows medians (3)
    #[argh(option, default = "3")]
    pub rounds: usize,

    /// measure only this: start, login (with the memory of sessions), fanout, steady or rest
    #[argh(option, from_str_fn(stage))]
    pub only: Option<Stage>,

    /// only with this transport: ws or wss
    #[argh(option, from_str_fn(transport))]
    pub transport: Option<Transport>,

    /// leave out the floor
    #[argh(switch)]
    pub no_floor: bool,

    /// measure the server of this path in place of the one just built
    #[argh(option, arg_name = "program")]
    pub server: Option<String>,

    /// cargo says this to every benchmark
    #[argh(switch, hidden_help)]
    #[expect(dead_code, reason = "it has to be taken, and means nothing here")]
    bench: bool,

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
}

/// How sessions are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    Ws,
    Wss,
}

impl Options {
    /// Whether a part is to be measured.
    pub fn wants(&self, stage: Stage) -> bool {
        self.only.is_none_or(|only| only == stage)
    }

    /// The transports to be measured.
    pub fn transports(&self) -> impl Iterator<Item = Transport> {
        [Transport::Ws, Transport::Wss]
            .into_iter()
            .filter(|transport| self.transport.is_none_or(|only| only == *transport))
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
        Ok(())
    }
}

fn stage(text: &str) -> Result<Stage, String> {
    match text {
        "start" => Ok(Stage::Start),
        "login" => Ok(Stage::Login),
        "fanout" => Ok(Stage::Fanout),
        "steady" => Ok(Stage::Steady),
        "rest" => Ok(Stage::Rest),
        _ => Err("it must be start, login, fanout, steady or rest".into()),
    }
}

fn transport(text: &str) -> Result<Transport, String> {
    match text {
        "ws" => Ok(Transport::Ws),
        "wss" => Ok(Transport::Wss),
        _ => Err("it must be ws or wss".into()),
    }
}
