//! How many agents a server carries: each with a session over wss and a kept https connection, in a rush hour that does not end.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use smol::Timer;
use smol::lock::Semaphore;

use super::agents::agent_place;
use super::child::Server;
use super::client;
use super::lines::Figure;
use super::login::{Generator, LOGINS};
use super::options::Transport;
use super::report::{Column, Samples, percentile};
use super::requests::Requests;
use super::round::SETTLE;
use super::rush_agent::{In, Seen, Shared};
use super::rush_hour::RushHour;
use super::usage::Usage;
use super::way::Place;

/// From the first call until calls come and end as in the middle of an hour: all agents have signed in and talk, and callers
/// wait.
const BEFORE: Duration = Duration::from_secs(120);

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    Events,
    Deliveries,
    Requests,
    P50,
    P99,
    Ping99,
    /// Of a core, in percent.
    Share,
    Cpu,
    Idle,
    In,
    All,
    Peak,
    Generator,
    Refused,
    Reconnected,
    Missing,
    Lost,
}

impl Carried {
    /// All of them, each with its name in JSON, what the table says, and the decimals.
    pub const ALL: [(Self, &str, &str, usize); 17] = [
        (Self::Events, "events_per_s", "rush hour: events/s", 0),
        (Self::Deliveries, "deliveries_per_s", "  deliveries/s", 0),
        (Self::Requests, "requests_per_s", "  requests/s", 0),
        (Self::P50, "event_p50_ms", "  PUT to own event: p50, ms", 1),
        (Self::P99, "event_p99_ms", "  p99, ms", 1),
        (Self::Ping99, "ping_p99_ms", "  ping: p99, ms", 1),
        (Self::Share, "server_percent", "  server CPU, % of a core", 1),
        (Self::Cpu, "cpu_s_per_agent_hour", "  server CPU for an agent's hour, s", 3),
        (Self::Idle, "idle_mib", "  RSS, nobody in, MiB", 1),
        (Self::In, "in_mib", "  all in, MiB", 1),
        (Self::All, "work_mib", "  at work, MiB", 1),
        (Self::Peak, "peak_mib", "  highest, MiB", 1),
        (Self::Generator, "generator_percent", "  generator CPU, %", 0),
        (Self::Refused, "refused_percent", "  requests refused, %", 2),
        (Self::Reconnected, "reconnected", "  kept connections made anew", 0),
        (Self::Missing, "missing", "  requests without their event", 0),
        (Self::Lost, "lost", "  sessions lost", 0),
    ];
}

impl Generator {
    /// All agents come in; then they sign in, and calls come.
    pub async fn capacity(
        &self,
        server: &Server,
        rush_hour: RushHour,
        column: Column,
        samples: &mut Samples,
    ) -> io::Result<()> {
        let count = self.options.agents;
        let places: Rc<[Place]> =
            (0..count).map(|index| agent_place(server, index)).collect::<io::Result<_>>()?;
        let scenario = rush_hour.scenario(count);
        let shared = Rc::new(Shared { seen: RefCell::default(), rush_hour });
        let (scratch, some) = (client::scratch(), Rc::new(Semaphore::new(LOGINS)));
        let of_agents = shared.clone();
        let come = move |index: usize| {
            let (places, scratch, some) = (places.clone(), scratch.clone(), some.clone());
            let shared = of_agents.clone();
            async move {
                let _one = some.acquire().await;
                In::come(&places[index], index, scratch, shared).await
            }
        };
        let mut add = |what, value| samples.add(Figure::Capacity(what), column, value);
        Timer::after(SETTLE).await;
        add(Carried::Idle, server.memory()?.rss / 1024.0);
        let agents = self.storm(server, count, come, &Rc::default()).await?;
        Timer::after(SETTLE).await;
        add(Carried::In, server.memory()?.rss / 1024.0);
        let _at_work: Vec<_> = agents.into_iter().map(|agent| self.executor.spawn(agent.work())).collect();
        let plain = server.place(Transport::Ws, &self.connector);
        let mut asking = Requests::connect(&plain, &server.way.publisher).await?;
        let path = "/callboard/api/scenario?do=start";
        let started = asking.exchange("POST", path, "Content-Type: application/toml\r\n", &scenario).await?;
        if started.status != 200 {
            return Err(io::Error::other(format!("the scenario does not begin: {}", started.body)));
        }
        Timer::after(BEFORE).await;
        let lost = shared.seen.take().lost;
        // The server has closed a connection over which nothing went for so long.
        let mut asking = Requests::connect(&plain, &server.way.publisher).await?;
        let events = published(&mut asking).await?;
        let usage = Usage::start(server)?;
        Timer::after(Duration::from_secs(self.options.measured.into())).await;
        let used = usage.end(server)?;
        let seen = shared.seen.take();
        let Seen { events: mut latencies, mut pings, .. } = seen;
        latencies.sort_unstable();
        pings.sort_unstable();
        if latencies.is_empty() || pings.is_empty() {
            return Err(io::Error::other("no request had its event, or no ping its answer"));
        }
        let memory = server.memory()?;
        add(Carried::Events, (published(&mut asking).await? - events) / used.wall);
        add(Carried::Deliveries, seen.deliveries as f64 / used.wall);
        add(Carried::Requests, seen.requests as f64 / used.wall);
        add(Carried::P50, percentile(&latencies, 0.5));
        add(Carried::P99, percentile(&latencies, 0.99));
        add(Carried::Ping99, percentile(&pings, 0.99));
        add(Carried::Share, used.server_share());
        add(Carried::Cpu, used.server / used.wall * 3600.0 / count as f64);
        add(Carried::All, memory.rss / 1024.0);
        add(Carried::Peak, memory.peak / 1024.0);
        add(Carried::Generator, used.generator_share());
        add(Carried::Refused, 100.0 * seen.refused as f64 / seen.requests.max(1) as f64);
        add(Carried::Reconnected, seen.reconnected as f64);
        add(Carried::Missing, seen.missing as f64);
        add(Carried::Lost, (lost + seen.lost) as f64);
        if column.target == super::report::Target::Callboard {
            samples.faults += lost + seen.lost + seen.missing;
        }
        Ok(())
    }
}

/// How many items the server has published.
async fn published(asking: &mut Requests) -> io::Result<f64> {
    let figures = asking.get("/metrics").await?;
    let value = figures.lines().find_map(|line| line.strip_prefix("callboard_events_total ")?.parse().ok());
    value.ok_or_else(|| io::Error::other("the figures have no events"))
}
