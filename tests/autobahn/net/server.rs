//! What an echo needs of the state that all tasks share.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Instant, SystemTime};

use callboard::clock::Now;
use callboard::limits::Limits;
use smol::{LocalExecutor, Timer};

use super::rounds::{self, Rounds};
use super::scratch::Scratch;
use super::sleepers::Sleepers;
use super::ws::Session;
use crate::hub::Hub;
use crate::id::{SessionId, UserId};

/// The longest message of the tests in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// The shared state.
pub struct Server {
    hub: RefCell<Hub>,
    executor: Rc<LocalExecutor<'static>>,
    pub scratch: RefCell<Scratch>,
    pub limits: Limits,
    pub rounds: RefCell<Rounds<UserId>>,
    sleepers: RefCell<Sleepers>,
}

impl Server {
    pub fn new(executor: Rc<LocalExecutor<'static>>) -> Rc<Self> {
        Rc::new(Self {
            hub: RefCell::default(),
            executor,
            scratch: RefCell::default(),
            limits: Limits { stanza_before_login: LONGEST, stanza: LONGEST, ..Limits::default() },
            rounds: RefCell::new(Rounds::new(rounds::USER)),
            sleepers: RefCell::default(),
        })
    }

    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.executor.spawn(task).detach();
    }

    /// There is one executor for all here, and one turn.
    pub fn spawn_arrival(&self, _peer: IpAddr, task: impl Future<Output = ()> + 'static) {
        self.spawn(task);
    }

    /// Lets the hub do something. A session that is to end has its time for that.
    pub fn with_hub<T>(self: &Rc<Self>, action: impl FnOnce(&mut Hub, Now) -> T) -> T {
        let mut hub = self.hub.borrow_mut();
        let result = action(&mut hub, now());
        hub.owed.drain(..).for_each(|id| self.sleepers.borrow_mut().owe(id));
        for id in hub.ending.drain(..) {
            let server = self.clone();
            self.spawn(async move {
                Timer::after(server.limits.close).await;
                server.sleepers.borrow_mut().abort(id);
            });
        }
        result
    }

    pub fn attach(&self, id: SessionId, session: Rc<RefCell<Session>>) {
        self.sleepers.borrow_mut().attach(id, session);
    }

    /// Returns true if the session's task must drop its connection.
    pub fn sleep(&self, id: SessionId, waker: &Waker) -> bool {
        self.sleepers.borrow_mut().sleep(id, waker)
    }

    /// The session's task is over.
    pub fn forget(&self, id: SessionId) {
        self.sleepers.borrow_mut().forget(id);
    }

    /// Writes what waits for sessions, without waking their tasks.
    pub async fn write<T>(self: Rc<Self>) -> T {
        std::future::poll_fn(|_| {
            loop {
                let Some((id, session)) = self.sleepers.borrow_mut().next_owed() else {
                    self.rounds.borrow_mut().next();
                    return Poll::Pending;
                };
                if session.borrow_mut().write_from_outside(&self).is_pending() {
                    self.sleepers.borrow().wake(id);
                }
            }
        })
        .await
    }
}

/// As in the program.
pub fn now() -> Now {
    Now { monotonic: Instant::now(), wall: SystemTime::now() }
}
