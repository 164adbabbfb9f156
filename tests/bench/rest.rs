//! From a request to the events that it causes: how long a change of state takes to the agent itself, and to everybody
//! who watches its team.

use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smol::{Task, Timer};

use super::child::Server;
use super::client;
use super::lines::Figure;
use super::login::{self, Generator, Logins};
use super::publisher::{self, Publisher};
use super::report::{Column, Samples, percentile};
use super::tally::{Published, Tally};
use super::usage::{Usage, Used};
use super::way::Way;
use super::world;

/// From one request to the next, if everybody has its event by then.
const INTERVAL: Duration = Duration::from_millis(5);

/// A sign-in has taken effect by then, so that its event is not one of those that are measured.
const SIGNED_IN: Duration = Duration::from_millis(500);

/// What some requests cost: latencies in microseconds, sorted, and CPU time.
struct Cost {
    /// To the session of each tally that has it last, by tally.
    latencies: Vec<Vec<u32>>,
    used: Used,
    requests: f64,
}

impl Cost {
    /// CPU time of the server, in microseconds per request.
    fn cpu(&self) -> f64 {
        self.used.server * 1e6 / self.requests
    }
}

impl Generator {
    /// Measures one fresh server.
    pub async fn rest(&self, server: &Server, column: Column, samples: &mut Samples) -> io::Result<()> {
        // One more than those who log in beside it.
        let extension = self.options.sessions;
        let agent = server.way.user(extension);
        let sign_in = Publisher::connect(server.plain.address, publisher::sign_in(&agent, extension))?;
        sign_in.publish(&Published::new(1), 0..1).await?;
        Timer::after(SIGNED_IN).await;
        let alone = self.alone(server, &agent, column, samples).await?;
        let with_team = self.with_team(server, &agent, column, samples).await?;
        samples.add(Figure::TeamOwnRatio, column, with_team / alone);
        Ok(())
    }

    /// Nobody but the agent is there. Returns the median of the times to its own event.
    async fn alone(
        &self,
        server: &Server,
        agent: &str,
        column: Column,
        samples: &mut Samples,
    ) -> io::Result<f64> {
        let count = self.options.changes;
        let published = Published::new(2 * count as usize);
        let (tally, session) = self.agent(server, column, &published).await?;
        let change = Publisher::connect(server.plain.address, publisher::state_change(agent))?;
        let changed = requests(server, change, 0..count, &[&tally]).await?;
        let publish = publication(server, &world::node(agent), tally.length())?;
        let bare = requests(server, publish, count..2 * count, &[&tally]).await?;
        session.cancel().await;
        samples.count(column, &tally.faults(2 * count as usize));
        let p50 = times(samples, column, &changed.latencies[0], Figure::RestP50, Figure::RestP99);
        samples.add(Figure::RestCpu, column, changed.cpu());
        samples.add(Figure::RestGenerator, column, changed.used.generator_share());
        let floor = times(samples, column, &bare.latencies[0], Figure::PublishP50, Figure::PublishP99);
        samples.add(Figure::RestRatio, column, p50 / floor);
        Ok(p50)
    }

    /// Everybody else is subscribed to the node of the team. Returns the same.
    async fn with_team(
        &self,
        server: &Server,
        agent: &str,
        column: Column,
        samples: &mut Samples,
    ) -> io::Result<f64> {
        let (count, others) = (self.options.changes, self.options.sessions);
        let published = Published::new(2 * count as usize);
        let team = Rc::new(Tally::new(others, published.clone()));
        let logins = Logins { nodes: team_only, ..Logins::all(others) };
        let watching = self.receive(self.sessions(server, column.transport, logins).await?, &team);
        let (own, session) = self.agent(server, column, &published).await?;
        let change = Publisher::connect(server.plain.address, publisher::state_change(agent))?;
        let changed = requests(server, change, 0..count, &[&own, &team]).await?;
        let publish = publication(server, world::TEAM, team.length())?;
        let bare = requests(server, publish, count..2 * count, &[&team]).await?;
        session.cancel().await;
        for task in watching {
            task.cancel().await;
        }
        samples.count(column, &own.faults(count as usize));
        samples.count(column, &team.faults(2 * count as usize));
        let p50 = times(samples, column, &changed.latencies[0], Figure::TeamOwnP50, Figure::TeamOwnP99);
        let last = times(samples, column, &changed.latencies[1], Figure::TeamP50, Figure::TeamP99);
        samples.add(Figure::TeamCpu, column, changed.cpu());
        samples.add(Figure::TeamGenerator, column, changed.used.generator_share());
        let floor =
            times(samples, column, &bare.latencies[0], Figure::TeamPublishP50, Figure::TeamPublishP99);
        samples.add(Figure::TeamRatio, column, last / floor);
        Ok(p50)
    }

    /// Logs the agent in, who asks for no subscription: it gets its own events without. It is there until the task is
    /// cancelled.
    async fn agent(
        &self,
        server: &Server,
        column: Column,
        published: &Arc<Published>,
    ) -> io::Result<(Rc<Tally>, Task<()>)> {
        let place = server.place(column.transport, &self.connector);
        let client = login::login(&place, self.options.sessions, login::none, client::scratch()).await?;
        let tally = Rc::new(Tally::new(1, published.clone()));
        Ok((tally.clone(), self.executor.spawn(client.receive(0, tally))))
    }
}

/// What those who watch the team subscribe to.
fn team_only(_: &Way, _: &str) -> Vec<String> {
    vec![world::TEAM.to_owned()]
}

/// Bare publications to a node, whose events are as long as another event.
fn publication(server: &Server, node: &str, length: usize) -> io::Result<Publisher> {
    let request = publisher::publication(&server.way.publisher, node, world::like(length));
    Publisher::connect(server.plain.address, request)
}

/// Makes each request when all sessions of the tallies have the event of the one before. The numbers that a tally has
/// not seen yet start with these.
async fn requests(
    server: &Server,
    mut publisher: Publisher,
    events: Range<u32>,
    tallies: &[&Tally],
) -> io::Result<Cost> {
    let usage = Usage::start(server)?;
    let requests = f64::from(events.end - events.start);
    let mut latencies = vec![Vec::new(); tallies.len()];
    for event in events {
        let next = Timer::after(INTERVAL);
        // All tallies of a server are told the same times.
        let published = &tallies[0].published;
        publisher = publisher.publish(published, event..event + 1).await?;
        for (tally, latencies) in tallies.iter().zip(&mut latencies) {
            let last: Instant = tally.wait(event as usize + 1).await?;
            let latency = last.saturating_duration_since(published.time(event));
            latencies.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        }
        next.await;
    }
    latencies.iter_mut().for_each(|latencies| latencies.sort_unstable());
    Ok(Cost { latencies, used: usage.end(server)?, requests })
}

/// Adds median and 99th percentile. Returns the median in milliseconds.
fn times(samples: &mut Samples, column: Column, latencies: &[u32], p50: Figure, p99: Figure) -> f64 {
    let median = percentile(latencies, 0.5);
    samples.add(p50, column, median);
    samples.add(p99, column, percentile(latencies, 0.99));
    median
}
