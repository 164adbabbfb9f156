//! The task of the log: it connects, reads and appends, again and again.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use redis::{Pipeline, Value};
use ring::rand::{SecureRandom as _, SystemRandom};
use smol::channel::{Receiver, Sender};
use smol::future::FutureExt as _;
use smol::{LocalExecutor, Timer};

use crate::cluster::connection::{Connection, PATIENCE, SHORT, all, one};
use crate::cluster::join::{Joined, State, entries, join, store};
use crate::cluster::outbox::Outbox;
use crate::cluster::record::{self, EntryId, FIELD, Record, Writer};
use crate::cluster::settings::Settings;
use crate::cluster::trouble::Trouble;

/// How many entries are read at once.
const READ: usize = 64;
/// How many entries are appended at once, and how many bytes.
const APPENDED: (usize, usize) = (512, 1 << 20);
/// How long a read waits in the engine: its answer shows that the connection is alive.
const WAIT: Duration = Duration::from_secs(1);
/// The shortest and the longest pause before it is tried again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// A message of the task to the log.
pub(super) enum Message {
    Joined { joined: Joined },
    Entries(Vec<Record>),
    Stored { id: EntryId, is_new: bool },
    Down(String),
    Refused(String),
}

/// The state that log and task share.
pub(super) struct Shared {
    pub outbox: Outbox,
    /// A snapshot that waits to be stored.
    pub snapshot: Option<Rc<State>>,
    /// Why nothing is taken to be appended; `None`: it is.
    pub down: Option<String>,
    /// How many entries the stream has.
    pub length: u64,
}

/// The task.
pub(super) struct Worker {
    pub executor: Rc<LocalExecutor<'static>>,
    pub settings: Rc<Settings>,
    pub shared: Rc<RefCell<Shared>>,
    pub writer: Writer,
    pub woken: Receiver<()>,
    pub tell: Sender<Message>,
}

/// Why the connections are given up.
enum Over {
    Trouble(Trouble),
    /// The entries behind the last one that was read may not be there any more.
    Gap,
    /// Nobody listens.
    Dropped,
}

impl From<Trouble> for Over {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl Worker {
    /// Connects, reads and appends, again and again.
    pub async fn run(self) {
        let (mut at, mut attempts, mut told) = (None, 0, None);
        loop {
            let begun = now();
            let before = at;
            let over = match self.serve(&mut at, &mut told).await {
                Ok(never) => never,
                Err(over) => over,
            };
            // A connection that held for a while is no reason for longer pauses.
            attempts = if now().duration_since(begun) > PAUSE.1 { 0 } else { attempts + 1 };
            match over {
                Over::Dropped => return,
                Over::Gap => {}
                Over::Trouble(trouble) => {
                    if trouble.is_lasting && before.is_none() && at.is_none() {
                        let _ = self.tell.send(Message::Refused(trouble.why)).await;
                        return;
                    }
                    self.shared.borrow_mut().down = Some(trouble.why.clone());
                    if told.as_ref() != Some(&trouble.why) {
                        told = Some(trouble.why.clone());
                        if self.tell.send(Message::Down(trouble.why)).await.is_err() {
                            return;
                        }
                    }
                }
            }
            let mut chance = [0];
            fill_random(&mut chance);
            Timer::after(pause(attempts, chance[0])).await;
        }
    }

    /// Connects, and reads and appends until that fails. `told`: the sentence by which the engine is said to be down.
    async fn serve(&self, at: &mut Option<EntryId>, told: &mut Option<String>) -> Result<Over, Over> {
        let settings = &*self.settings;
        let mut reading = Connection::open(&self.executor, settings).await?;
        let mut appending = Connection::open(&self.executor, settings).await?;
        let joined = join(&mut reading, settings, *at).await?;
        let from = joined.from;
        // A record that cannot be read is known before it is said that all is well.
        let (first, length) = self.read(&mut reading, from, None).await?;
        *at = Some(from);
        *told = None;
        {
            let mut shared = self.shared.borrow_mut();
            shared.outbox.send_again();
            shared.length = length;
            shared.down = None;
        }
        self.tell(Message::Joined { joined }).await?;
        self.read_on(&mut reading, at, first).or(self.append(&mut appending)).await
    }

    async fn tell(&self, message: Message) -> Result<(), Over> {
        self.tell.send(message).await.map_err(|_| Over::Dropped)
    }

    /// Reads what comes behind an entry, and how long the stream is; waits for it so long at the most.
    async fn read(
        &self,
        connection: &mut Connection,
        from: EntryId,
        wait: Option<Duration>,
    ) -> Result<(Vec<Record>, u64), Over> {
        let (key, from) = (&self.settings.key, from.to_string());
        let mut commands = Pipeline::new();
        let read = commands.cmd("XREAD").arg("COUNT").arg(READ);
        if let Some(wait) = wait {
            read.arg("BLOCK").arg(wait.as_millis() as u64);
        }
        read.arg("STREAMS").arg(key).arg(&from);
        // If the entry is there behind the read, none behind it can have been trimmed before.
        commands.cmd("XRANGE").arg(key).arg(&from).arg(&from);
        commands.cmd("XLEN").arg(key);
        let room = SHORT + READ * (self.settings.bounds.entry + 256);
        let time = wait.unwrap_or_default() + PATIENCE;
        let answers = all(connection.ask(&commands, room, time).await?)?;
        let [read, anchor, length] = <[_; 3]>::try_from(answers).unwrap_or_default();
        if entries(anchor).is_empty() {
            return Err(Over::Gap);
        }
        let found = match read {
            // An array of streams, and each is its key and its entries.
            Value::Array(streams) => match streams.into_iter().next() {
                Some(Value::Array(stream)) => stream.into_iter().nth(1).map(entries).unwrap_or_default(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let mut records = Vec::with_capacity(found.len());
        for (id, fields) in found {
            let read = record::read(id, fields);
            let read = read.and_then(|record| {
                let is_bounded = record.bytes.len() <= self.settings.bounds.entry;
                is_bounded
                    .then_some(record)
                    .ok_or_else(|| format!("is longer than {} bytes", self.settings.bounds.entry))
            });
            match read {
                Ok(record) => records.push(record),
                // The records before the bad one are good; the next read begins with the bad one.
                Err(_) if !records.is_empty() => break,
                Err(why) => {
                    let trouble = format!(
                        "the entry {id} of the stream {key} {why}; see who else writes there, and remove it in the engine (XDEL {key} {id})"
                    );
                    return Err(Trouble::lasting(trouble).into());
                }
            }
        }
        let length = if let Value::Int(length) = length { u64::try_from(length).unwrap_or(0) } else { 0 };
        Ok((records, length))
    }

    async fn read_on(
        &self,
        connection: &mut Connection,
        at: &mut Option<EntryId>,
        mut records: Vec<Record>,
    ) -> Result<Over, Over> {
        loop {
            if let Some(last) = records.last().map(|record| record.id) {
                // Not before: the other connection may fail while this waits.
                self.tell(Message::Entries(records)).await?;
                *at = Some(last);
            }
            let from = at.unwrap_or(EntryId::FIRST);
            let (more, length) = self.read(connection, from, Some(WAIT)).await?;
            self.shared.borrow_mut().length = length;
            records = more;
        }
    }

    async fn append(&self, connection: &mut Connection) -> Result<Over, Over> {
        loop {
            let mut commands = Pipeline::new();
            let snapshot = {
                let mut shared = self.shared.borrow_mut();
                shared.outbox.send(APPENDED.0, APPENDED.1, |number, bytes| {
                    let record = record::written(&self.writer, number, bytes);
                    commands.cmd("XADD").arg(&self.settings.key).arg("*").arg(FIELD).arg(record);
                });
                shared.snapshot.clone()
            };
            if !commands.is_empty() {
                for answer in connection.ask(&commands, SHORT, PATIENCE).await? {
                    one(answer)?;
                }
            }
            let has_appended = !commands.is_empty();
            let Some(snapshot) = snapshot else {
                if !has_appended {
                    self.rest(connection).await?;
                }
                continue;
            };
            let is_new = store(connection, &self.settings, &snapshot).await?;
            // A later one may wait already.
            self.shared.borrow_mut().snapshot.take_if(|waiting| Rc::ptr_eq(waiting, &snapshot));
            self.tell(Message::Stored { id: snapshot.id, is_new }).await?;
        }
    }

    /// Waits until there is something to append; a connection that nothing is heard of is asked whether it is there.
    async fn rest(&self, connection: &mut Connection) -> Result<(), Over> {
        let woken = async {
            let _ = self.woken.recv().await;
            true
        };
        let silent = async {
            Timer::after(WAIT).await;
            false
        };
        if !woken.or(silent).await {
            let mut commands = Pipeline::new();
            commands.cmd("PING");
            all(connection.ask(&commands, SHORT, PATIENCE).await?)?;
        }
        Ok(())
    }
}

/// How long to wait before so many attempts in a row are followed by another one: half of it is by chance, so that not all
/// appliances come at the same time.
fn pause(attempts: u32, chance: u8) -> Duration {
    let longest = (PAUSE.0 * 2_u32.saturating_pow(attempts.min(16))).min(PAUSE.1);
    longest / 2 + longest / 2 * u32::from(chance) / 255
}

fn now() -> Instant {
    crate::net::clock::now().monotonic
}

/// Random bytes of the system, without which no writer could be told from another one.
pub(super) fn fill_random(bytes: &mut [u8]) {
    assert!(SystemRandom::new().fill(bytes).is_ok(), "the system has no random numbers");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_become_longer_up_to_a_bound_and_differ() {
        assert_eq!(pause(0, 255), PAUSE.0);
        assert_eq!(pause(0, 0), PAUSE.0 / 2);
        assert_eq!(pause(3, 255), Duration::from_millis(800));
        assert_eq!(pause(u32::MAX, 255), PAUSE.1);
    }
}
