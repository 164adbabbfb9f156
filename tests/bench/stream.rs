//! Events to everybody: all at once, or one at a time.

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use smol::Timer;

use super::child::Server;
use super::publisher::Publisher;
use super::tally::Tally;
use super::usage::{Usage, Used};

/// From one event of the steady stream to the next, if everybody has it by then.
const INTERVAL: Duration = Duration::from_millis(50);

/// Events of one publisher, counted by one tally.
pub struct Stream<'a> {
    server: &'a Server,
    /// Away while it publishes.
    publisher: Option<Publisher>,
    tally: &'a Rc<Tally>,
    published: u32,
}

/// What a burst came to.
pub struct Burst {
    pub deliveries: f64,
    /// To the last delivery.
    pub seconds: f64,
    /// Reads of the generator that brought them.
    pub reads: f64,
    pub used: Used,
}

impl<'a> Stream<'a> {
    /// Nothing has been published so far.
    pub fn new(server: &'a Server, publisher: Publisher, tally: &'a Rc<Tally>) -> Self {
        Self { server, publisher: Some(publisher), tally, published: 0 }
    }

    /// How many events so far.
    pub fn published(&self) -> usize {
        self.published as usize
    }

    /// Publishes, and waits for the acceptance of all.
    pub async fn publish(&mut self, count: u32) -> io::Result<()> {
        let Some(publisher) = self.publisher.take() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let events = self.published..self.published + count;
        self.published = events.end;
        self.publisher = Some(publisher.publish(&self.tally.published, events).await?);
        Ok(())
    }

    /// All at once, each event as soon as the one before is accepted. Returns when everybody has all.
    pub async fn burst(&mut self, count: u32) -> io::Result<Burst> {
        let usage = Usage::start(self.server)?;
        let reads = self.tally.reads();
        let start = Instant::now();
        self.publish(count).await?;
        let last = self.tally.wait(self.published()).await?;
        Ok(Burst {
            deliveries: self.deliveries(count),
            seconds: last.saturating_duration_since(start).as_secs_f64(),
            reads: (self.tally.reads() - reads) as f64,
            used: usage.end(self.server)?,
        })
    }

    /// Publishes an event when everybody has the one before. Returns the latencies in microseconds,
    /// sorted, and what it took.
    pub async fn steady(&mut self, count: u32) -> io::Result<(Vec<u32>, Used)> {
        let usage = Usage::start(self.server)?;
        self.tally.time_deliveries();
        for _ in 0..count {
            let next = Timer::after(INTERVAL);
            self.publish(1).await?;
            self.tally.wait(self.published()).await?;
            next.await;
        }
        Ok((self.tally.latencies(), usage.end(self.server)?))
    }

    /// The deliveries of so many events.
    pub fn deliveries(&self, events: u32) -> f64 {
        f64::from(events) * self.tally.sessions() as f64
    }
}

impl std::ops::AddAssign for Burst {
    fn add_assign(&mut self, other: Self) {
        self.deliveries += other.deliveries;
        self.seconds += other.seconds;
        self.reads += other.reads;
        self.used += other.used;
    }
}
