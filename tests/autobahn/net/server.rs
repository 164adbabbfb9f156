//! What an echo needs of the state that all tasks share.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::task::Waker;
use std::time::{Instant, SystemTime};

use callboard::clock::Now;
use callboard::limits::Limits;
use smol::{LocalExecutor, Timer};

use super::scratch::Scratch;
use crate::hub::Hub;
use crate::id::SessionId;

/// The longest message of the tests in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// The shared state.
pub struct Server {
    hub: RefCell<Hub>,
    executor: Rc<LocalExecutor<'static>>,
    pub scratch: RefCell<Scratch>,
    pub limits: Limits,
    sleepers: RefCell<HashMap<SessionId, Sleeper>>,
}

/// The task of a session.
struct Sleeper {
    waker: Waker,
    abort: bool,
}

impl Server {
    pub fn new(executor: Rc<LocalExecutor<'static>>) -> Rc<Self> {
        Rc::new(Self {
            hub: RefCell::default(),
            executor,
            scratch: RefCell::default(),
            limits: Limits { stanza_before_login: LONGEST, stanza: LONGEST, ..Limits::default() },
            sleepers: RefCell::default(),
        })
    }

    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.executor.spawn(task).detach();
    }

    /// Lets the hub do something. A session that is to end has its time for that.
    pub fn with_hub<T>(self: &Rc<Self>, action: impl FnOnce(&mut Hub, Now) -> T) -> T {
        let mut hub = self.hub.borrow_mut();
        let result = action(&mut hub, now());
        for id in hub.ending.drain(..) {
            let server = self.clone();
            self.spawn(async move {
                Timer::after(server.limits.close).await;
                server.abort(id);
            });
        }
        result
    }

    fn abort(&self, id: SessionId) {
        if let Some(sleeper) = self.sleepers.borrow_mut().get_mut(&id) {
            sleeper.abort = true;
            sleeper.waker.wake_by_ref();
        }
    }

    /// Returns true if the session's task must drop its connection.
    pub fn sleep(&self, id: SessionId, waker: &Waker) -> bool {
        let mut sleepers = self.sleepers.borrow_mut();
        let sleeper = sleepers.entry(id).or_insert_with(|| Sleeper { waker: waker.clone(), abort: false });
        sleeper.waker.clone_from(waker);
        sleeper.abort
    }

    /// The session's task is over.
    pub fn forget(&self, id: SessionId) {
        self.sleepers.borrow_mut().remove(&id);
    }
}

/// As in the program.
pub fn now() -> Now {
    Now { monotonic: Instant::now(), wall: SystemTime::now() }
}
