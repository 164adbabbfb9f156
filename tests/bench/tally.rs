//! Counts deliveries exactly: every event once for every session, in order.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use smol::Timer;
use smol::future::FutureExt as _;

use super::world;

/// How long nothing may arrive before what is missing counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Time without an event after which counting ends where missing events are a figure like another.
const QUIET: Duration = Duration::from_secs(3);

/// When each event was published, written by the publisher's thread.
pub struct Published {
    start: Instant,
    /// Nanoseconds after `start`, by the number of the event.
    times: Vec<AtomicU64>,
}

impl Published {
    /// For so many events.
    pub fn new(events: usize) -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), times: (0..events).map(|_| AtomicU64::new(0)).collect() })
    }

    /// The event is about to be published.
    pub fn stamp(&self, sequence: u32) {
        self.times[sequence as usize].store(self.start.elapsed().as_nanos() as u64, Ordering::Release);
    }

    /// When that was.
    pub fn time(&self, sequence: u32) -> Instant {
        self.start + Duration::from_nanos(self.times[sequence as usize].load(Ordering::Acquire))
    }

    /// How long after that it came, in microseconds.
    pub fn latency(&self, sequence: u32, now: Instant) -> u32 {
        let latency = now.saturating_duration_since(self.time(sequence));
        u32::try_from(latency.as_micros()).unwrap_or(u32::MAX)
    }
}

/// What went wrong; all must be 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    pub lost: usize,
    pub duplicated: usize,
    /// After an event with a higher number.
    pub disordered: usize,
    /// A text frame that is no event of ours.
    pub unknown: usize,
    /// Sessions that ended.
    pub closed: usize,
}

impl Faults {
    /// How many there are of all kinds.
    pub fn sum(&self) -> usize {
        self.lost + self.duplicated + self.disordered + self.unknown + self.closed
    }
}

/// The count of one server's deliveries.
pub struct Tally {
    pub published: Arc<Published>,
    state: RefCell<State>,
}

struct State {
    sessions: usize,
    events: usize,
    /// Flags, one for each event of each session.
    seen: Vec<bool>,
    /// The number that each session may expect next.
    next: Vec<u32>,
    received: usize,
    /// Reads from sockets that had an event.
    reads: usize,
    target: usize,
    waker: Option<Waker>,
    last: Instant,
    /// The length of the last event in bytes, the frame's header not counted.
    length: usize,
    /// Microseconds of every delivery, while they are wanted.
    latencies: Option<Vec<u32>>,
    faults: Faults,
}

impl Tally {
    /// For so many sessions, of which each gets some of the events or all.
    pub fn new(sessions: usize, published: Arc<Published>) -> Self {
        let events = published.times.len();
        Self {
            published,
            state: RefCell::new(State {
                sessions,
                events,
                seen: vec![false; sessions * events],
                next: vec![0; sessions],
                received: 0,
                reads: 0,
                target: usize::MAX,
                waker: None,
                last: Instant::now(),
                length: 0,
                latencies: None,
                faults: Faults::default(),
            }),
        }
    }

    /// A text frame came to a session.
    pub fn record(&self, session: usize, frame: &[u8], now: Instant) {
        let state = &mut *self.state.borrow_mut();
        let Some(sequence) = world::sequence(frame).filter(|sequence| (*sequence as usize) < state.events)
        else {
            state.faults.unknown += 1;
            return;
        };
        let seen = &mut state.seen[session * state.events + sequence as usize];
        if std::mem::replace(seen, true) {
            state.faults.duplicated += 1;
            return;
        }
        let next = &mut state.next[session];
        if sequence < *next {
            state.faults.disordered += 1;
        } else {
            *next = sequence + 1;
        }
        state.length = frame.len();
        state.last = now;
        if let Some(latencies) = &mut state.latencies {
            latencies.push(self.published.latency(sequence, now));
        }
        state.received += 1;
        if state.received >= state.target
            && let Some(waker) = state.waker.take()
        {
            waker.wake();
        }
    }

    /// A read brought one event or more.
    pub fn read(&self) {
        self.state.borrow_mut().reads += 1;
    }

    /// How many reads brought events.
    pub fn reads(&self) -> usize {
        self.state.borrow().reads
    }

    /// How many events came, over all sessions.
    pub fn received(&self) -> usize {
        self.state.borrow().received
    }

    /// A session ended, which none should while the tally is kept.
    pub fn closed(&self) {
        self.state.borrow_mut().faults.closed += 1;
    }

    /// From now on latencies are kept, in microseconds.
    pub fn time_deliveries(&self) {
        self.state.borrow_mut().latencies = Some(Vec::new());
    }

    /// The latencies in microseconds, sorted.
    pub fn latencies(&self) -> Vec<u32> {
        let mut latencies = self.state.borrow_mut().latencies.take().unwrap_or_default();
        latencies.sort_unstable();
        latencies
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.state.borrow().sessions
    }

    /// The length of an event as it came, in bytes.
    pub fn length(&self) -> usize {
        self.state.borrow().length
    }

    /// Waits until everybody has the first `events` events. Returns when the last one came.
    ///
    /// # Errors
    ///
    /// Nothing has come for a while and some are missing.
    pub async fn wait(&self, events: usize) -> io::Result<Instant> {
        self.wait_for(events, PATIENCE).await
    }

    /// Waits until everybody has so many events, or nothing comes any more. Returns when the last one came.
    pub async fn settle(&self, events: usize) -> Instant {
        // What is missing stands among the faults.
        let _ = self.wait_for(events, QUIET).await;
        self.state.borrow().last
    }

    async fn wait_for(&self, events: usize, patience: Duration) -> io::Result<Instant> {
        let arrived = std::future::poll_fn(|cx| {
            let mut state = self.state.borrow_mut();
            state.target = events * state.sessions;
            if state.received >= state.target {
                return Poll::Ready(Ok(state.last));
            }
            state.waker = Some(cx.waker().clone());
            Poll::Pending
        });
        let given_up = async {
            loop {
                let before = self.state.borrow().received;
                Timer::after(patience).await;
                if self.state.borrow().received == before {
                    return Err(io::Error::other(format!("{:?}", self.faults(events))));
                }
            }
        };
        arrived.or(given_up).await
    }

    /// What went wrong with the first `events` events.
    pub fn faults(&self, events: usize) -> Faults {
        let state = self.state.borrow();
        Faults { lost: (events * state.sessions).saturating_sub(state.received), ..state.faults }
    }
}
