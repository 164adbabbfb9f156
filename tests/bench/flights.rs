//! Fan-out to readers at full speed while the publisher does not wait for each answer: everything that is accepted has to arrive,
//! and several events of a client may go into one write, as the batching floor does it.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use super::child::Server;
use super::lines::{Figure, Flown};
use super::login::{Generator, Logins};
use super::report::{Column, Samples, Target, percentile};
use super::tally::{Faults, Published, Tally};
use super::usage::Usage;
use super::world;

/// The most events of one measurement.
const EVENTS: u32 = 20_000;

impl Generator {
    /// Measures one fresh server with so many readers, and so many requests in flight.
    pub async fn flight(
        &self,
        server: &Server,
        column: Column,
        (readers, in_flight): (u32, u32),
        samples: &mut Samples,
    ) -> io::Result<()> {
        let events = (self.options.deliveries / readers).clamp(1, EVENTS);
        let publisher = self.publisher(server, column.transport, world::NODE, self.options.payload).await?;
        let clients = self.sessions(server, column.transport, Logins::all(readers as usize)).await?;
        let tally = Rc::new(Tally::new(readers as usize, Published::new(events as usize)));
        let tasks = self.receive(clients, &tally);
        tally.time_deliveries();
        let usage = Usage::start(server)?;
        let start = Instant::now();
        let refused = publisher.pipeline(&tally.published, 0..events, in_flight).await?;
        let accepted = events as usize - refused;
        let last = tally.settle(accepted).await;
        let used = usage.end(server)?;
        let faults = tally.faults(accepted);
        let deliveries = tally.received() as f64;
        let mut add = |what, value| samples.add(Figure::Flight(readers, in_flight, what), column, value);
        add(Flown::Rate, deliveries / last.saturating_duration_since(start).as_secs_f64());
        add(Flown::Cpu, used.server * 1e6 / deliveries);
        let latencies = tally.latencies();
        if !latencies.is_empty() {
            add(Flown::P99, percentile(&latencies, 0.99));
        }
        add(Flown::Generator, used.generator_share());
        add(Flown::Refused, refused as f64);
        add(Flown::Lost, faults.lost as f64);
        add(Flown::Doubled, faults.duplicated as f64);
        // These two have lines of their own. What an earlier build does wrong is no fault of this one.
        samples.count(column, &Faults { lost: 0, duplicated: 0, ..faults });
        if column.target != Target::Before {
            samples.faults += faults.lost + faults.duplicated;
        }
        for task in tasks {
            task.cancel().await;
        }
        Ok(())
    }
}
