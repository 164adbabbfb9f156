//! What all tasks share: the hub, the executor, who sleeps for which session. One thread, so no locks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Instant, SystemTime};

use ring::rand::{SecureRandom as _, SystemRandom};
use smol::lock::Semaphore;
use smol::{LocalExecutor, Task, Timer};

use super::io::Count;
use crate::clock::Now;
use crate::config::Config;
use crate::hub::{Action, Credentials, Hub};
use crate::id::SessionId;
use crate::limits::Limits;

/// The size of the buffer through which everything is read, and of what is written at once.
pub const CHUNK: usize = 16 * 1024;

/// The task of a session, seen from the hub.
#[derive(Default)]
struct Sleeper {
    waker: Option<Waker>,
    abort: bool,
}

/// Buffers that are used only within one poll and so need not be there for every connection.
#[derive(Default)]
pub struct Scratch {
    pub input: Vec<u8>,
    pub output: Vec<u8>,
}

/// The shared state.
pub struct Server {
    hub: RefCell<Hub>,
    executor: Rc<LocalExecutor<'static>>,
    sleepers: RefCell<HashMap<SessionId, Sleeper>>,
    timer: RefCell<Option<(Instant, Waker)>>,
    pub scratch: RefCell<Scratch>,
    pub limits: Limits,
    pub connections: Count,
    /// Logs of clients that are being read.
    pub logs_read: Count,
    checks: Arc<Semaphore>,
    checks_waiting: Count,
}

/// Too many wait for a password check.
pub struct Busy;

impl Server {
    /// The state of a server for `config`, whose tasks run on `executor`.
    pub fn new(config: &Config, executor: Rc<LocalExecutor<'static>>) -> Rc<Self> {
        let limits = config.limits;
        Rc::new(Self {
            hub: RefCell::new(Hub::new(config, fill_random)),
            executor,
            sleepers: RefCell::default(),
            timer: RefCell::default(),
            scratch: RefCell::new(Scratch { input: vec![0; CHUNK], output: Vec::with_capacity(2 * CHUNK) }),
            connections: Count::default(),
            logs_read: Count::default(),
            checks: Arc::new(Semaphore::new(limits.password_checks)),
            checks_waiting: Count::default(),
            limits,
        })
    }

    /// Runs a task on the event loop as long as the handle lives.
    pub fn spawn_task(&self, task: impl Future<Output = ()> + 'static) -> Task<()> {
        self.executor.spawn(task)
    }

    /// Runs a task on the event loop.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.executor.spawn(task).detach();
    }

    /// Lets the hub do something, then does what it asks for.
    pub fn with_hub<T>(self: &Rc<Self>, action: impl FnOnce(&mut Hub, Now) -> T) -> T {
        let mut hub = self.hub.borrow_mut();
        let result = action(&mut hub, now());
        while let Some(action) = hub.poll() {
            self.act(action);
        }
        if let (Some(due), Some((set, waker))) = (hub.wake_at(), &*self.timer.borrow())
            && due < *set
        {
            waker.wake_by_ref();
        }
        result
    }

    fn act(self: &Rc<Self>, action: Action) {
        match action {
            Action::Wake(id) => {
                if let Some(waker) =
                    self.sleepers.borrow().get(&id).and_then(|sleeper| sleeper.waker.as_ref())
                {
                    waker.wake_by_ref();
                }
            }
            Action::Abort(id) => {
                if let Some(sleeper) = self.sleepers.borrow_mut().get_mut(&id) {
                    sleeper.abort = true;
                    if let Some(waker) = &sleeper.waker {
                        waker.wake_by_ref();
                    }
                }
            }
            Action::Verify { session, credentials, attempt } => {
                let server = self.clone();
                self.spawn(async move {
                    let user = credentials.user;
                    let wanted = || server.with_hub(|hub, _| hub.is_checking(session));
                    let result = server.verify(credentials, attempt, wanted).await;
                    server.with_hub(|hub, now| match result {
                        Ok(matches) => hub.verified(now, session, user, matches),
                        Err(Busy) => hub.unverified(now, session),
                    });
                });
            }
            Action::Note(note) => log::log!(note.level(), "{note}"),
        }
    }

    /// Checks a password: at once if that is cheap, else on the blocking pool, few at a time, the others waiting.
    /// Whoever asks may go away meanwhile: `wanted` tells when it is a check's turn, and the place is given back
    /// only when the work is done.
    pub async fn verify(
        &self,
        credentials: Credentials,
        attempt: String,
        wanted: impl FnOnce() -> bool,
    ) -> Result<bool, Busy> {
        if !credentials.is_slow() {
            return Ok(credentials.verify(&attempt));
        }
        if self.checks_waiting.get() >= self.limits.password_waiting {
            return Err(Busy);
        }
        let _waiting = self.checks_waiting.take();
        let permit = self.checks.acquire_arc().await;
        if !wanted() {
            return Ok(false);
        }
        let check = smol::unblock(move || {
            let matches = credentials.verify(&attempt);
            drop(permit);
            matches
        });
        Ok(check.await)
    }

    /// The session's task waits: `waker` wakes it. Returns true if it must drop its connection instead.
    pub fn sleep(&self, id: SessionId, waker: &Waker) -> bool {
        let mut sleepers = self.sleepers.borrow_mut();
        let sleeper = sleepers.entry(id).or_default();
        if !sleeper.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            sleeper.waker = Some(waker.clone());
        }
        sleeper.abort
    }

    /// The session's task is over.
    pub fn forget(&self, id: SessionId) {
        self.sleepers.borrow_mut().remove(&id);
    }

    /// Calls the hub when something is due: one timer for all sessions. Never ends.
    pub async fn keep_time(self: Rc<Self>) {
        let mut timer = Timer::never();
        std::future::poll_fn(|cx| {
            loop {
                let due = self.hub.borrow().wake_at();
                match due {
                    Some(due) => timer.set_at(due),
                    None => timer.clear(),
                }
                // Far away when nothing is due, so that whatever comes is earlier.
                let set = due.unwrap_or_else(|| now().monotonic + std::time::Duration::from_secs(1 << 30));
                *self.timer.borrow_mut() = Some((set, cx.waker().clone()));
                std::task::ready!(std::pin::Pin::new(&mut timer).poll(cx));
                self.timer.borrow_mut().take();
                self.with_hub(|hub, now| hub.tick(now));
            }
        })
        .await
    }
}

/// The one place that reads the clocks.
pub fn now() -> Now {
    Now { monotonic: Instant::now(), wall: SystemTime::now() }
}

/// Random bytes of the system. Without them no id is safe to give out, so there is no going on.
fn fill_random(bytes: &mut [u8]) {
    assert!(SystemRandom::new().fill(bytes).is_ok(), "the system has no random numbers");
}
