//! The owner of the hub. Its state belongs to one thread, so there are no locks.

use std::cell::{Cell, RefCell, RefMut};
use std::future::poll_fn;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom as _, SystemRandom};
use smol::{LocalExecutor, Task, Timer};

use crate::client_address;
use crate::clock::Now;
use crate::config::Config;
use crate::config::limits::Limits;
use crate::event_loop::bosh_requests::BoshRequests;
use crate::event_loop::busy_time::BusyTime;
use crate::event_loop::held::Held;
use crate::event_loop::log_shares::Shares;
use crate::event_loop::password_queue::Checks;
use crate::event_loop::rounds;
use crate::event_loop::rounds::Rounds;
use crate::event_loop::scheduler::InTurn;
use crate::event_loop::waits::Waits;
use crate::event_loop::writers::{Dropping, Writers};
use crate::hub::{Action, Credentials, Evidence, Hub, Note};
use crate::id::{SessionId, UserId};
use crate::net::buffers::Scratch;
use crate::net::clock::now;
use crate::xmpp::bosh::RequestId;

/// The most sessions that are written to before other tasks have their turn: publishers are among those, so that a burst
/// leaves in fewer and longer writes.
const WRITES: usize = 64;

/// The time limit of one round of writes, so that reads are not starved.
const WRITE_TURN_MAX: Duration = Duration::from_millis(2);

/// The functions that run the actions of the hub that need more than the driver.
pub struct Tasks {
    /// Checks a password, and tells the hub how that went.
    pub verify: fn(&Rc<Driver>, SessionId, Credentials, Evidence),
    /// Writes a line into the log.
    pub note: fn(&Rc<Driver>, &Note),
}

/// The owner of the hub: runs its actions, tells it the time, and runs the tasks of connections.
pub struct Driver {
    hub: RefCell<Hub>,
    /// For sessions.
    executor: Rc<LocalExecutor<'static>>,
    /// For connections that are no sessions.
    arrivals: Rc<LocalExecutor<'static>>,
    tasks: Tasks,
    pub writers: RefCell<Writers>,
    /// The requests of BOSH that wait for their answers, or have not taken them yet.
    pub bosh: BoshRequests,
    /// The task that writes the log of changes, while it waits for some.
    #[cfg(feature = "replica")]
    pub log_writer: RefCell<Option<Waker>>,
    timer: RefCell<Option<(Instant, Waker)>>,
    /// The task that waits until no session is left.
    quiet: RefCell<Option<Waker>>,
    pub rounds: RefCell<Rounds<UserId>>,
    /// The turns of the addresses whose connections are no sessions.
    pub arrival_rounds: Rc<RefCell<Rounds<IpAddr>>>,
    /// The requests over HTTP that wait while their users are held.
    pub held: Held,
    pub scratch: RefCell<Scratch>,
    pub limits: Limits,
    /// How many lines of the log each address may still cause.
    pub shares: RefCell<Shares>,
    pub busy_time: BusyTime,
    pub checks: Checks,
    /// Tasks that wait for the end of a fault, or for entries of the record.
    pub waits: Waits,
}

impl Driver {
    /// A driver of a hub for `config`, whose tasks run on `executor`, and on `arrivals` those of connections that are no
    /// sessions.
    pub fn new(
        config: Config,
        executor: Rc<LocalExecutor<'static>>,
        arrivals: Rc<LocalExecutor<'static>>,
        tasks: Tasks,
    ) -> Rc<Self> {
        let limits = config.limits;
        let passwords = config.remembered(&limits);
        Rc::new(Self {
            hub: RefCell::new(Hub::new(config, fill_random)),
            executor,
            arrivals,
            tasks,
            writers: RefCell::default(),
            bosh: BoshRequests::default(),
            #[cfg(feature = "replica")]
            log_writer: RefCell::default(),
            timer: RefCell::default(),
            quiet: RefCell::default(),
            rounds: RefCell::new(Rounds::new(rounds::USER)),
            arrival_rounds: Rc::new(RefCell::new(Rounds::new(rounds::ADDRESS))),
            held: Held::default(),
            scratch: RefCell::default(),
            shares: RefCell::default(),
            busy_time: BusyTime::default(),
            checks: Checks::new(passwords),
            waits: Waits::default(),
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

    /// Runs the task of a connection of `peer` that is no session, in the turns of its address.
    pub fn spawn_arrival(&self, peer: IpAddr, task: impl Future<Output = ()> + 'static) {
        self.spawn_arrival_of(Rc::new(Cell::new(client_address::key(peer))), task);
    }

    /// Runs the task of a connection that is no session in the turns of an address that may become another one: a proxy names its
    /// client only in the request.
    pub fn spawn_arrival_of(&self, address: Rc<Cell<IpAddr>>, task: impl Future<Output = ()> + 'static) {
        self.arrivals.spawn(InTurn::new(self.arrival_rounds.clone(), address, task)).detach();
    }

    /// Calls the hub with the time, then runs the actions that the hub asks for.
    pub fn with_hub<T>(self: &Rc<Self>, call: impl FnOnce(&mut Hub, Now) -> T) -> T {
        let now = now();
        let mut hub = self.hub.borrow_mut();
        let result = call(&mut hub, now);
        self.run_actions(hub, now);
        result
    }

    /// Runs the actions that follow from a call. It stands apart so that it is not in the program once for each call.
    fn run_actions(self: &Rc<Self>, mut hub: RefMut<'_, Hub>, now: Now) {
        hub.answer_pending(now);
        if let (Some(due), Some((set, waker))) = (hub.wake_at(), &*self.timer.borrow())
            && due < *set
        {
            waker.wake_by_ref();
        }
        #[cfg(feature = "replica")]
        if hub.has_batch()
            && let Some(writer) = self.log_writer.take()
        {
            writer.wake();
        }
        let mut next = hub.poll();
        // The hub is free from here on: an action may drop a session or a request, which calls the hub in its turn.
        drop(hub);
        while let Some(action) = next {
            self.act(action);
            next = self.hub.borrow_mut().poll();
        }
    }

    fn act(self: &Rc<Self>, action: Action) {
        match action {
            Action::Wake(id) => self.writers.borrow_mut().mark_waiting(id),
            Action::Release(user) => self.held.release(user),
            Action::Abort(id) => self.writers.borrow_mut().drop_connection(id, Dropping::Close),
            Action::Reset(id) => self.writers.borrow_mut().drop_connection(id, Dropping::Reset),
            Action::Answer(answer) => self.bosh.answer(answer),
            Action::Verify { session, credentials, evidence } => {
                (self.tasks.verify)(self, session, credentials, evidence);
            }
            Action::Idle => self.wake_if_quiet(),
            Action::WaitOver => self.waits.wake(),
            Action::MaintenanceOver(None) => {
                log::info!("maintenance mode is over: nobody is on line, and the service stops");
            }
            Action::MaintenanceOver(Some(reason)) => log::warn!("maintenance mode has failed: {reason}"),
            Action::Note(note) => (self.tasks.note)(self, &note),
        }
    }

    /// Forgets a request of BOSH: it was answered, or its client has gone.
    pub fn end_bosh(&self, id: RequestId) {
        self.bosh.end(id);
        self.wake_if_quiet();
    }

    /// Forgets a wait for entries of the record: it was answered, or its client has gone.
    pub fn end_wait(&self, id: u64) {
        self.hub.borrow_mut().end_wait(id);
        self.wake_if_quiet();
    }

    /// Waits until no session is left, and no request of BOSH or for entries of the record waits for its answer.
    pub async fn quiet(&self) {
        poll_fn(|cx| {
            *self.quiet.borrow_mut() = Some(cx.waker().clone());
            if self.is_quiet() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn is_quiet(&self) -> bool {
        let hub = self.hub.borrow();
        self.bosh.is_empty() && hub.counters().sessions == 0 && !hub.record().has_waits()
    }

    fn wake_if_quiet(&self) {
        if self.quiet.borrow().is_some()
            && self.is_quiet()
            && let Some(waker) = self.quiet.take()
        {
            waker.wake();
        }
    }

    /// The session's task waits: `waker` wakes it. Returns how, if it must drop its connection instead.
    pub fn sleep(&self, id: SessionId, waker: &Waker) -> Option<Dropping> {
        self.writers.borrow_mut().sleep(id, waker)
    }

    /// Tells how the session's task must drop its connection, if it must.
    pub fn dropping(&self, id: SessionId) -> Option<Dropping> {
        self.writers.borrow().dropping(id)
    }

    /// The session's task is over.
    pub fn forget(&self, id: SessionId) {
        self.writers.borrow_mut().forget(id);
    }

    /// Waits until all others have had a turn.
    pub async fn next_round(&self) {
        let mut rests = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut rests, true) {
                return Poll::Ready(());
            }
            self.arrival_rounds.borrow_mut().rest(cx.waker(), Duration::ZERO);
            Poll::Pending
        })
        .await;
    }

    /// Writes what the hub has for sessions. It is no task, but has its turn after all tasks had theirs: what they have caused
    /// is there by then, and nobody has to wake it. With it a round of the event loop ends. Never ends.
    pub async fn write(self: Rc<Self>) {
        poll_fn(|cx| {
            let (owed, resting) = (self.write_some(), self.go_on());
            if owed || resting {
                cx.waker().wake_by_ref();
            }
            // First the connections that were passed over: one of them may be a session for which a request of its user waits.
            self.arrival_rounds.borrow_mut().next();
            self.rounds.borrow_mut().next();
            Poll::Pending
        })
        .await
    }

    /// Writes for a while. Returns true if something is left.
    fn write_some(self: &Rc<Self>) -> bool {
        let start = now().monotonic;
        for _ in 0..WRITES {
            let Some((id, session)) = self.writers.borrow_mut().next_waiting() else {
                return false;
            };
            if session.borrow_mut().write_waiting().is_pending() {
                self.writers.borrow().wake(id);
            }
            if now().monotonic.duration_since(start) > WRITE_TURN_MAX {
                break;
            }
        }
        true
    }

    /// Lets sessions over BOSH go on that have had their turn, for a while. Returns true if some may be left.
    fn go_on(self: &Rc<Self>) -> bool {
        let start = now().monotonic;
        while self.with_hub(|hub, _| hub.go_on()) {
            if now().monotonic.duration_since(start) > WRITE_TURN_MAX {
                return true;
            }
        }
        false
    }

    /// Calls the hub when something is due: one timer for all sessions. Never ends.
    pub async fn keep_time(self: Rc<Self>) {
        let mut timer = Timer::never();
        poll_fn(|cx| {
            let due = self.hub.borrow().wake_at();
            match due {
                Some(due) => timer.set_at(due),
                None => timer.clear(),
            }
            // Far away when nothing is due, so that whatever comes is earlier.
            let set = due.unwrap_or_else(|| now().monotonic + Duration::from_secs(1 << 30));
            *self.timer.borrow_mut() = Some((set, cx.waker().clone()));
            std::task::ready!(std::pin::Pin::new(&mut timer).poll(cx));
            self.timer.borrow_mut().take();
            self.with_hub(|hub, now| hub.tick(now));
            // While the clock of the contact centre is moved something is due again at once: all others have their turns before.
            self.arrival_rounds.borrow_mut().rest(cx.waker(), Duration::ZERO);
            Poll::Pending
        })
        .await
    }
}

/// Random bytes of the system. Without them no id is safe to give out, so there is no going on.
fn fill_random(bytes: &mut [u8]) {
    assert!(SystemRandom::new().fill(bytes).is_ok(), "the system has no random numbers");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};

    use super::*;
    use crate::config::User;
    use crate::hub::{ClockChange, Peer, Transport};

    /// A driver whose notes call the hub, as a session does that is dropped.
    fn driver() -> Rc<Driver> {
        let tasks = Tasks {
            verify: |_, _, _, _| {},
            note: |driver, _| {
                driver.with_hub(|hub, _| hub.counters());
            },
        };
        Driver::new(Config::demo(), Rc::default(), Rc::default(), tasks)
    }

    fn connect(driver: &Rc<Driver>) -> SessionId {
        driver.with_hub(|hub, now| {
            let peer = ([127, 0, 0, 1], 1).into();
            hub.connect(
                now,
                Peer { address: peer, transport: Transport::Ws, accepted: now.monotonic, via_proxy: false },
            )
        })
    }

    #[test]
    #[cfg(feature = "lab")]
    fn a_clock_that_has_far_to_go_lets_all_others_have_their_turns() {
        let mut config = Config::demo();
        let agent = config.users[1].clone();
        // Each of them is told of the other configuration, 64 at a time: there are some 160 due times.
        let more = (0..10_000).map(|n| User {
            id: format!("u{n}"),
            login_name: None,
            extension: None,
            ..agent.clone()
        });
        config.users.extend(more);
        let mut other = config.clone();
        other.users.iter_mut().for_each(|user| user.first_name = "Other".to_owned());
        let tasks = Tasks { verify: |_, _, _, _| {}, note: |_, _| {} };
        let driver = Driver::new(config, Rc::default(), Rc::default(), tasks);
        driver.with_hub(|hub, now| {
            hub.reload(now, other);
            let advance = Some(Duration::from_secs(3600));
            assert!(hub.set_clock(now, ClockChange { speed: None, advance }));
        });
        let is_set = || driver.with_hub(|hub, _| hub.is_clock_set());
        let cx = &mut Context::from_waker(Waker::noop());
        let mut time = Box::pin(driver.clone().keep_time());
        let mut rounds = 0;
        while !is_set() {
            rounds += 1;
            assert!(time.as_mut().poll(cx).is_pending());
            assert!(rounds > 1 || !is_set(), "all at once");
            assert!(rounds < 100, "it goes on");
        }
    }

    #[test]
    fn an_action_may_call_the_hub() {
        let driver = driver();
        connect(&driver);
        assert!(driver.with_hub(|hub, _| hub.poll()).is_none(), "all actions were run");
    }

    #[test]
    fn a_connection_is_dropped_whose_task_has_not_begun() {
        let driver = driver();
        let id = connect(&driver);
        for (action, dropping) in [(Action::Abort(id), Dropping::Close), (Action::Reset(id), Dropping::Reset)]
        {
            driver.act(action);
            assert_eq!(driver.sleep(id, Waker::noop()), Some(dropping));
            driver.forget(id);
        }
        assert_eq!(driver.sleep(id, Waker::noop()), None);
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn shutdown_is_woken_once_by_the_end_of_the_last_session_or_request() {
        for request_is_last in [true, false] {
            let driver = driver();
            let (session, request) = (connect(&driver), driver.bosh.begin());
            let wakes = Arc::new(Wakes::default());
            let waker = Waker::from(wakes.clone());
            let cx = &mut Context::from_waker(&waker);
            let mut quiet = Box::pin(driver.quiet());
            driver.with_hub(|hub, now| hub.shutdown(now));
            assert!(quiet.as_mut().poll(cx).is_pending());
            let end_session = || driver.with_hub(|hub, now| hub.closed(now, session, "gone"));
            if request_is_last {
                end_session()
            } else {
                driver.end_bosh(request)
            }
            assert_eq!(wakes.0.load(Ordering::Relaxed), 0, "one of the two is left");
            if request_is_last {
                driver.end_bosh(request)
            } else {
                end_session()
            }
            assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
            assert!(quiet.as_mut().poll(cx).is_ready());
        }
    }
}
