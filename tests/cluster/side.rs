//! An appliance, as far as the log goes.

use std::rc::Rc;
use std::time::{Duration, Instant};

use callboard::cluster::{Bounds, Engine, EntryId, Event, NotAppended, Settings};
use smol::future::FutureExt as _;
use smol::{LocalExecutor, Timer};

use crate::redis_server::Redis;

/// How long anything may take that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

pub const KEY: &str = "callboard:localhost";
pub const SNAPSHOT: &str = "callboard:localhost:snapshot";

/// Runs a test on an executor of its own, as the program does.
pub fn run<T>(test: impl AsyncFnOnce(&Rc<LocalExecutor<'static>>) -> T) -> T {
    let executor = Rc::new(LocalExecutor::new());
    smol::block_on(executor.run(test(&executor)))
}

pub fn settings(port: u16) -> Settings {
    Settings {
        host: "127.0.0.1".to_owned(),
        port,
        database: 0,
        user: None,
        password: None,
        tls: None,
        key: KEY.to_owned(),
        domain: "localhost".to_owned(),
        sections: b"sections".to_vec(),
        bounds: Bounds { entries_per_second: u32::MAX, ..Bounds::default() },
    }
}

/// An entry as a test compares it.
pub type Taken = (EntryId, String);

/// A side that keeps all that it was told.
pub struct Side {
    pub engine: Engine,
    /// All entries, after the state of the last snapshot.
    pub entries: Vec<Taken>,
    pub state: Option<(EntryId, Vec<u8>)>,
    /// The sentences by which the engine was down.
    pub downs: Vec<String>,
    pub ups: usize,
    pub is_up: bool,
}

impl Side {
    pub fn new(executor: &Rc<LocalExecutor<'static>>, settings: Settings) -> Self {
        let engine = Engine::start(executor, settings);
        Self { engine, entries: Vec::new(), state: None, downs: Vec::new(), ups: 0, is_up: false }
    }

    /// A side that is up.
    pub async fn up(executor: &Rc<LocalExecutor<'static>>, redis: &Redis) -> Self {
        let mut side = Self::new(executor, settings(redis.port));
        side.until("it is up", |side| side.is_up).await;
        side
    }

    /// Takes events until something is so.
    pub async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let taking = async {
            while !is_so(self) {
                let event = self.engine.next().await;
                self.take(event);
            }
            true
        };
        let late = async {
            Timer::after(PATIENCE).await;
            false
        };
        let came = taking.or(late).await;
        let Self { entries, downs, ups, .. } = self;
        assert!(came, "{what}: {} entries, {ups} times up, down by {downs:?}", entries.len());
    }

    pub fn take(&mut self, event: Event) {
        match event {
            Event::Up { .. } => {
                self.ups += 1;
                self.is_up = true;
            }
            Event::Snapshot { id, state } => {
                self.state = Some((id, state));
                self.entries.clear();
            }
            Event::Entry { id, bytes, .. } => {
                self.entries.push((id, String::from_utf8(bytes).expect("the tests write text")));
            }
            Event::Stored { .. } => {}
            Event::Down { why } => {
                self.downs.push(why);
                self.is_up = false;
            }
            Event::Refused { why } => panic!("refused: {why}"),
        }
    }

    /// Appends an entry; false: there is no room now, or the engine is down.
    pub fn append(&self, text: &str) -> bool {
        match self.engine.append(Instant::now(), text.as_bytes().to_vec()) {
            Ok(_) => true,
            Err(NotAppended::TooMuch | NotAppended::Down(_)) => false,
            Err(other) => panic!("{other}"),
        }
    }

    pub fn texts(&self) -> Vec<&str> {
        self.entries.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// What the first event says that is no [`Event::Up`], with the settings given.
pub fn sentence(settings: Settings) -> (bool, String) {
    run(async |executor| {
        let mut engine = Engine::start(executor, settings);
        let told = async { Some(engine.next().await) };
        let late = async {
            Timer::after(PATIENCE).await;
            None
        };
        match told.or(late).await.expect("something is told in time") {
            Event::Refused { why } => (true, why),
            Event::Down { why } => (false, why),
            other => panic!("{other:?}"),
        }
    })
}
