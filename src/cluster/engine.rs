//! The log: entries go out to the engine and come back in its order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use smol::channel::{Receiver, Sender, bounded};
use smol::future::FutureExt as _;
use smol::{LocalExecutor, Task, Timer};

use crate::cluster::join::{Joined, State};
use crate::cluster::outbox::{NotAppended, Outbox};
use crate::cluster::record::{EntryId, Record, Writer};
use crate::cluster::seen::Seen;
use crate::cluster::settings::Settings;
use crate::cluster::worker::{Message, Shared, Worker, fill_random};

/// How long what waits may take when the log is stopped.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// An event of the log, for the caller.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The engine can be used. What was missed comes next, in order, up to `until`.
    Up {
        /// The configuration of the writer, as the header or the last snapshot has it.
        sections: Vec<u8>,
        until: EntryId,
    },
    /// The state up to an entry, in place of the own one: the entries in between are not in the stream any more, or the engine has
    /// lost what it had. An empty one is that before the first entry.
    Snapshot { id: EntryId, state: Vec<u8> },
    /// The next entry.
    Entry {
        id: EntryId,
        bytes: Vec<u8>,
        /// The request by which it was appended here.
        own: Option<u64>,
    },
    /// A snapshot of one's own was stored, or a later one was there.
    Stored { id: EntryId, is_new: bool },
    /// The engine cannot be used, by a sentence that says what to do. It is tried again.
    Down { why: String },
    /// The engine cannot be used from the start, and that will not pass by itself. Nothing comes any more.
    Refused { why: String },
}

/// A log of entries that all its readers see in the same order.
///
/// Its task runs on the executor of the event loop. Dropping the log ends it.
pub struct Engine {
    settings: Rc<Settings>,
    shared: Rc<RefCell<Shared>>,
    /// Wakes the task.
    wake: Sender<()>,
    messages: Receiver<Message>,
    /// Events that wait to be taken.
    events: VecDeque<Event>,
    records: VecDeque<Record>,
    writer: Writer,
    seen: Seen,
    /// The last entry that was taken.
    taken: Option<EntryId>,
    _task: Task<()>,
}

impl Engine {
    /// Begins to connect.
    pub fn start(executor: &Rc<LocalExecutor<'static>>, settings: Settings) -> Self {
        let settings = Rc::new(settings);
        let mut writer = Writer::default();
        fill_random(&mut writer);
        let shared = Rc::new(RefCell::new(Shared {
            outbox: Outbox::new(settings.bounds),
            snapshot: None,
            down: Some("the engine is not reached yet".to_owned()),
            length: 0,
        }));
        let (wake, woken) = bounded(1);
        // A second batch is read while one is taken, and none beyond.
        let (tell, messages) = bounded(1);
        let task = Worker {
            executor: executor.clone(),
            settings: settings.clone(),
            shared: shared.clone(),
            writer,
            woken,
            tell,
        };
        Self {
            settings,
            shared,
            wake,
            messages,
            events: VecDeque::new(),
            records: VecDeque::new(),
            writer,
            seen: Seen::default(),
            taken: None,
            _task: executor.spawn(task.run()),
        }
    }

    /// Appends an entry. Returns the number of its request, which its [`Event::Entry`] has: it is in the log when that comes, once.
    /// While the engine cannot be used it waits, and is sent again afterwards.
    ///
    /// # Errors
    ///
    /// Returns why nothing is appended.
    pub fn append(&self, now: Instant, bytes: Vec<u8>) -> Result<u64, NotAppended> {
        let mut shared = self.shared.borrow_mut();
        if let Some(why) = &shared.down {
            return Err(NotAppended::Down(why.clone()));
        }
        let most = self.settings.bounds.length;
        if shared.length >= most {
            return Err(NotAppended::NoSnapshot(most));
        }
        let number = shared.outbox.push(now, bytes)?;
        self.wake();
        Ok(number)
    }

    /// Stores a state that has all entries that were taken, and none beyond. One that waits to be stored is replaced.
    ///
    /// # Errors
    ///
    /// Returns why it is not stored.
    pub fn store(&self, state: Vec<u8>) -> Result<(), NotAppended> {
        let most = self.settings.bounds.snapshot;
        if state.len() > most {
            return Err(NotAppended::TooLong(most));
        }
        let mut shared = self.shared.borrow_mut();
        let Some(id) = self.taken else {
            let why = shared.down.clone().unwrap_or_default();
            return Err(NotAppended::Down(why));
        };
        shared.snapshot = Some(Rc::new(State { id, bytes: state, seen: self.seen.clone() }));
        self.wake();
        Ok(())
    }

    /// How many entries the stream has: beyond some thousands a snapshot should be stored.
    pub fn length(&self) -> u64 {
        self.shared.borrow().length
    }

    /// Waits for the next event. After [`Event::Refused`] none comes.
    pub async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            while let Some(Record { id, writer, number, bytes }) = self.records.pop_front() {
                self.taken = Some(id);
                let is_own = writer == self.writer;
                if is_own {
                    self.shared.borrow_mut().outbox.seen(number);
                }
                if self.seen.admit(&writer, number) {
                    return Event::Entry { id, bytes, own: is_own.then_some(number) };
                }
            }
            let Ok(message) = self.messages.recv().await else {
                return std::future::pending().await;
            };
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Joined { joined: Joined { sections, until, from, state } } => {
                self.events.push_back(Event::Up { sections, until });
                self.taken = Some(from);
                if let Some(State { id, bytes, seen }) = state {
                    self.seen = seen;
                    self.events.push_back(Event::Snapshot { id, state: bytes });
                }
            }
            Message::Entries(records) => self.records = records.into(),
            Message::Stored { id, is_new } => self.events.push_back(Event::Stored { id, is_new }),
            Message::Down(why) => self.events.push_back(Event::Down { why }),
            Message::Refused(why) => self.events.push_back(Event::Refused { why }),
        }
    }

    /// Ends the log, and lets what waits be appended before, for two seconds. Returns whether all of it was.
    pub async fn stop(mut self) -> bool {
        let last = async {
            while !self.shared.borrow().outbox.is_empty() || self.shared.borrow().snapshot.is_some() {
                if let Event::Down { .. } | Event::Refused { .. } = self.next().await {
                    return false;
                }
            }
            true
        };
        let late = async {
            Timer::after(LAST_WORDS).await;
            false
        };
        last.or(late).await
    }

    fn wake(&self) {
        // A task that is to be woken already needs no second call.
        let _ = self.wake.try_send(());
    }
}
