//! The state that all tasks share: the hub, the executor, and the task that sleeps for each session. There is one thread, so
//! there are no locks.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use hyper::header::HeaderValue;
use ring::rand::{SecureRandom as _, SystemRandom};
use smol::lock::Semaphore;
use smol::{LocalExecutor, Task, Timer};

use crate::client_address;
use crate::client_address::Network;
use crate::clock::Now;
use crate::config::limits::Limits;
use crate::config::web_origin::WebOrigin;
use crate::config::{Config, Hosts};
use crate::event_loop::busy_time::Lag;
use crate::event_loop::client_log;
use crate::event_loop::log_shares::Shares;
use crate::event_loop::password_checks::Checks;
use crate::event_loop::rounds;
use crate::event_loop::rounds::Rounds;
use crate::event_loop::scheduler::InTurn;
use crate::event_loop::writers::Sleepers;
use crate::http::admission::Waiting;
use crate::http::bosh::Awaited;
use crate::http::files::Www;
use crate::http::idle_connections::Idle;
use crate::http::metering::Meters;
use crate::hub::{Action, Hub};
use crate::id::{SessionId, UserId};
use crate::net::buffers::Scratch;
use crate::net::clock::now;
use crate::net::connection::{Count, Slot, Slots};
use crate::net::quota::Quota;
use crate::net::refusals::Refusals;
use crate::net::tls::Identity;
use crate::net::traffic::Traffic;
use crate::xmpp::bosh::RequestId;

/// The most addresses without a connection that stay in the table.
const SPARE_ADDRESSES: usize = 64;

/// The most sessions that are written to before other tasks have their turn: publishers are among those, so that a burst leaves in
/// fewer and longer writes.
const WRITES: usize = 64;

/// And for so long at the most, however much each is owed.
const PATIENCE: Duration = Duration::from_millis(2);

/// The shared state.
pub struct Server {
    hub: RefCell<Hub>,
    executor: Rc<LocalExecutor<'static>>,
    /// For connections that are no sessions.
    arrivals: Rc<LocalExecutor<'static>>,
    pub sleepers: RefCell<Sleepers>,
    /// The requests of BOSH that wait for their answers, or have not taken them yet.
    pub posts: RefCell<HashMap<RequestId, Awaited>>,
    /// How many there have been.
    pub posted: Cell<u64>,
    timer: RefCell<Option<(Instant, Waker)>>,
    pub rounds: RefCell<Rounds<UserId>>,
    /// The turns of the addresses whose connections are no sessions.
    pub arrival_rounds: RefCell<Rounds<IpAddr>>,
    pub waiting: Waiting,
    pub scratch: RefCell<Scratch>,
    pub limits: Limits,
    pub connections: Count,
    /// Connections that there was no room for.
    pub refusals: RefCell<Refusals>,
    /// How many lines of the log each address may still cause.
    pub shares: RefCell<Shares>,
    /// The connections of each address that has any.
    addresses: RefCell<HashMap<IpAddr, Count>>,
    pub meters: RefCell<Meters>,
    /// HTTP connections between two requests.
    pub idle: RefCell<Idle>,
    /// The bodies of requests that are being read.
    pub bodies: Quota,
    pub www: Option<Rc<Www>>,
    pub cors_origins: Vec<WebOrigin>,
    /// The XMPP domain, which is a name of the server too.
    pub domain: String,
    pub hosts: Hosts,
    /// The value of Strict-Transport-Security, if it is sent.
    pub hsts: Option<HeaderValue>,
    pub trusted_proxies: Vec<Network>,
    /// The certificate of the listeners with TLS; none if there are no such listeners.
    pub identity: RefCell<Option<Identity>>,
    /// Whether administrators may look at the frames of other sessions.
    pub frame_tap: bool,
    /// When it was started.
    pub started: SystemTime,
    pub lag: Lag,
    /// The traffic of all connections.
    pub traffic: Arc<Traffic>,
    pub checks: Checks,
    /// A permit to convert a large document.
    pub documents: Arc<Semaphore>,
    /// The bytes that incomplete TLS handshakes and heads of requests hold.
    pub handshakes: Quota,
    /// Files that are being sent.
    pub files: Quota,
}

impl Server {
    /// The state of a server for `config`, whose tasks run on `executor`, and on `arrivals` those of connections that are no
    /// sessions.
    pub fn new(
        config: Config,
        www: Option<Www>,
        executor: Rc<LocalExecutor<'static>>,
        arrivals: Rc<LocalExecutor<'static>>,
    ) -> Rc<Self> {
        let limits = config.limits;
        let passwords = config.remembered(&limits);
        Rc::new(Self {
            cors_origins: config.cors_origins.clone(),
            domain: config.domain.clone(),
            hosts: config.hosts.clone(),
            hsts: config.hsts.and_then(|time| format!("max-age={}", time.as_secs()).try_into().ok()),
            trusted_proxies: config.trusted_proxies.clone(),
            identity: RefCell::default(),
            frame_tap: config.frame_tap,
            hub: RefCell::new(Hub::new(config, fill_random)),
            executor,
            arrivals,
            sleepers: RefCell::default(),
            posts: RefCell::default(),
            posted: Cell::default(),
            timer: RefCell::default(),
            rounds: RefCell::new(Rounds::new(rounds::USER)),
            arrival_rounds: RefCell::new(Rounds::new(rounds::ADDRESS)),
            waiting: Waiting::default(),
            scratch: RefCell::default(),
            connections: Count::default(),
            refusals: RefCell::default(),
            shares: RefCell::default(),
            addresses: RefCell::default(),
            meters: RefCell::default(),
            idle: RefCell::default(),
            bodies: Quota::new(limits.bodies),
            www: www.map(Rc::new),
            started: now().wall,
            lag: Lag::default(),
            traffic: Arc::default(),
            checks: Checks::new(passwords),
            documents: Arc::new(Semaphore::new(1)),
            handshakes: Quota::new(limits.handshakes),
            files: Quota::new(limits.files),
            limits,
        })
    }

    /// Counts a connection from this address; `None`: it has as many as it may have. That of a trusted proxy counts for its
    /// clients, when it is known which.
    pub fn places(&self, address: IpAddr) -> Option<Slots> {
        let place = if self.is_proxy(address) { Count::default().take() } else { self.place(address)? };
        Some([self.connections.take(), place])
    }

    /// Whether clients come by this address.
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }

    /// Counts a connection of a client at this address; `None`: the client has as many as it may have.
    pub fn place(&self, address: IpAddr) -> Option<Slot> {
        let mut addresses = self.addresses.borrow_mut();
        if addresses.len() > 2 * self.connections.get() + SPARE_ADDRESSES {
            addresses.retain(|_, count| count.get() > 0);
        }
        let count = addresses.entry(client_address::key(address)).or_default();
        (count.get() < self.limits.connections_per_address).then(|| count.take())
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
    pub fn spawn_arrival(self: &Rc<Self>, peer: IpAddr, task: impl Future<Output = ()> + 'static) {
        self.spawn_arrival_of(Rc::new(Cell::new(client_address::key(peer))), task);
    }

    /// Runs the task of a connection that is no session in the turns of an address that may become another one: a proxy names its
    /// client only in the request.
    pub fn spawn_arrival_of(
        self: &Rc<Self>,
        address: Rc<Cell<IpAddr>>,
        task: impl Future<Output = ()> + 'static,
    ) {
        self.arrivals.spawn(InTurn::new(self.clone(), address, task)).detach();
    }

    /// Lets the hub do something, then does what it asks for.
    pub fn with_hub<T>(self: &Rc<Self>, action: impl FnOnce(&mut Hub, Now) -> T) -> T {
        let mut hub = self.hub.borrow_mut();
        let now = now();
        let result = action(&mut hub, now);
        hub.settle(now);
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
            Action::Wake(id) => self.sleepers.borrow_mut().owe(id),
            Action::Release(user) => self.waiting.release(user),
            Action::Abort(id) => self.sleepers.borrow_mut().abort(id),
            Action::Answer(answer) => {
                // Nobody may be there to take it.
                if let Some(awaited) = self.posts.borrow_mut().get_mut(&answer.request) {
                    awaited.come(answer);
                }
            }
            Action::Verify { session, credentials, attempt } => {
                let server = self.clone();
                self.spawn(async move {
                    let user = credentials.user;
                    let of_session = server.clone();
                    let is_there = move || of_session.waits_for_check(session);
                    let result = server.verify(credentials, attempt, is_there).await;
                    server.with_hub(|hub, now| match result {
                        Ok(granted) => hub.verified(now, session, user, granted),
                        Err(_) => hub.unverified(now, session),
                    });
                });
            }
            Action::Note(note) => client_log::note(self, &note),
        }
    }

    /// Tells whether somebody is there for whom a session's password is checked.
    fn waits_for_check(self: &Rc<Self>, session: SessionId) -> bool {
        self.with_hub(|hub, _| hub.is_checking(session)) && !self.sleepers.borrow().has_left(session)
    }

    /// The session's task waits: `waker` wakes it. Returns true if it must drop its connection instead.
    pub fn sleep(&self, id: SessionId, waker: &Waker) -> bool {
        self.sleepers.borrow_mut().sleep(id, waker)
    }

    /// Tells whether the session's task must drop its connection.
    pub fn is_aborted(&self, id: SessionId) -> bool {
        self.sleepers.borrow().is_aborted(id)
    }

    /// The session's task is over.
    pub fn forget(&self, id: SessionId) {
        self.sleepers.borrow_mut().forget(id);
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
            let Some((id, session)) = self.sleepers.borrow_mut().next_owed() else {
                return false;
            };
            if session.borrow_mut().write_waiting().is_pending() {
                self.sleepers.borrow().wake(id);
            }
            if now().monotonic.duration_since(start) > PATIENCE {
                break;
            }
        }
        true
    }

    /// Lets sessions over BOSH go on that have had their turn, for a while. Returns true if some may be left.
    fn go_on(self: &Rc<Self>) -> bool {
        let start = now().monotonic;
        while self.with_hub(|hub, _| hub.go_on()) {
            if now().monotonic.duration_since(start) > PATIENCE {
                return true;
            }
        }
        false
    }

    /// Calls the hub when something is due: one timer for all sessions. Never ends.
    pub async fn keep_time(self: Rc<Self>) {
        let mut timer = Timer::never();
        poll_fn(|cx| {
            loop {
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
            }
        })
        .await
    }
}

/// Random bytes of the system. Without them no id is safe to give out, so there is no going on.
fn fill_random(bytes: &mut [u8]) {
    assert!(SystemRandom::new().fill(bytes).is_ok(), "the system has no random numbers");
}
