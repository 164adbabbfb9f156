//! Counts deliveries exactly while sessions come and go: each has to see every event once, in order, from its subscription to
//! its end.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smol::Timer;

use super::client::Client;
use super::tally::{Faults, Published};
use super::world;

/// From one look at what a session has to the next.
const LOOK: Duration = Duration::from_millis(20);

/// What all sessions have seen.
pub struct Seen {
    pub published: Arc<Published>,
    /// The number of events that are published or about to be.
    pub begun: Cell<u32>,
    /// The number of events that were accepted.
    pub accepted: Cell<u32>,
    pub deliveries: Cell<u64>,
    pub logins: Cell<u64>,
    pub faults: Cell<Faults>,
    /// Microseconds of the deliveries since they were taken last.
    pub latencies: RefCell<Vec<u32>>,
}

impl Seen {
    /// Nothing so far.
    pub fn new(published: Arc<Published>) -> Self {
        Self {
            published,
            begun: Cell::new(0),
            accepted: Cell::new(0),
            deliveries: Cell::new(0),
            logins: Cell::new(0),
            faults: Cell::default(),
            latencies: RefCell::default(),
        }
    }

    /// Something went wrong.
    pub fn fault(&self, change: impl FnOnce(&mut Faults)) {
        let mut faults = self.faults.get();
        change(&mut faults);
        self.faults.set(faults);
    }
}

/// What one session has seen.
pub struct Order {
    seen: Rc<Seen>,
    /// The event that has to come next; `None` before the first.
    next: Cell<Option<u32>>,
    /// The first may be an earlier one, which was under way when the subscription began, but not a later one.
    first: u32,
}

impl Order {
    /// A session that is subscribed now.
    pub fn new(seen: &Rc<Seen>) -> Rc<Self> {
        seen.logins.set(seen.logins.get() + 1);
        Rc::new(Self { seen: seen.clone(), next: Cell::new(None), first: seen.begun.get() })
    }

    /// Takes events until the connection ends.
    pub async fn receive(&self, client: &mut Client) -> io::Error {
        loop {
            let mut now = None;
            let read = client.texts(|frame| self.record(frame, *now.get_or_insert_with(Instant::now)));
            if let Err(error) = read.await {
                return error;
            }
        }
    }

    fn record(&self, frame: &[u8], now: Instant) {
        let seen = &self.seen;
        let Some(sequence) = world::sequence(frame).filter(|sequence| *sequence < seen.begun.get()) else {
            return seen.fault(|faults| faults.unknown += 1);
        };
        let next = self.next.get().unwrap_or_else(|| sequence.min(self.first));
        if sequence < next {
            // The same once more, or one that has been counted as lost.
            return seen.fault(|faults| faults.duplicated += 1);
        }
        seen.fault(|faults| faults.lost += (sequence - next) as usize);
        self.next.set(Some(sequence + 1));
        seen.deliveries.set(seen.deliveries.get() + 1);
        seen.latencies.borrow_mut().push(seen.published.latency(sequence, now));
    }

    /// How many of the first `events` events have not come.
    fn missing(&self, events: u32) -> u32 {
        events.saturating_sub(self.next.get().unwrap_or(self.first))
    }

    /// Waits until the first `events` events have come, until `deadline` at the latest. What has not come by then is lost.
    pub async fn wait(&self, events: u32, deadline: Instant) {
        while self.missing(events) > 0 && Instant::now() < deadline {
            Timer::after(LOOK).await;
        }
        self.seen.fault(|faults| faults.lost += self.missing(events) as usize);
    }
}
