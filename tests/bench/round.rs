//! A round: all measurements of a server with a transport.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use smol::{Task, Timer};

use super::child::Server;
use super::client::Client;
use super::lines::Figure;
use super::login::{Generator, Logins};
use super::options::{Options, Stage};
use super::report::{Column, Samples, percentile};
use super::stream::Stream;
use super::tally::{Published, Tally};
use super::usage::Usage;
use super::world;

/// How many times everybody logs in when that is measured.
const LOGIN_ROUNDS: usize = 4;
/// How many bursts are measured: CPU time comes in steps too long for one.
pub const BURSTS: u32 = 3;
/// The part of both, and of a burst, that is left behind a URL: other servers take their time, and nothing is too short to be
/// seen.
pub const SHARE: u32 = 4;

/// How much is measured of a server.
struct Amount {
    logins: usize,
    bursts: u32,
    burst: u32,
}

impl Amount {
    fn of(server: &Server, options: &Options) -> Self {
        let Options { sessions, burst, .. } = *options;
        if server.way.is_ours {
            Self { logins: sessions * LOGIN_ROUNDS, bursts: BURSTS, burst }
        } else {
            Self { logins: sessions, bursts: 1, burst: burst.div_ceil(SHARE) }
        }
    }
}

/// A pause before memory is looked at, for what the last work leaves behind.
pub const SETTLE: Duration = Duration::from_millis(500);

impl Generator {
    /// Measures one server. What went wrong with deliveries is in the samples; everything else is an error.
    pub async fn round(&self, server: &Server, column: Column, samples: &mut Samples) -> io::Result<()> {
        let Options { sessions, steady, payload, .. } = self.options;
        let amount = Amount::of(server, &self.options);
        // First, as it may have to make the nodes.
        let publisher = self.publisher(server, column.transport, world::NODE, payload).await?;
        let clients = self.fill(server, column, samples).await?;
        let tally =
            Rc::new(Tally::new(sessions, Published::new((amount.bursts * amount.burst + steady) as usize)));
        let tasks = self.receive(clients, &tally);
        let mut stream = Stream::new(server, publisher, &tally);
        let measured = async {
            if self.options.wants(Stage::Fanout) {
                self.bursts(&mut stream, &amount, column, samples).await?;
            }
            if self.options.wants(Stage::Steady) {
                self.steady(&mut stream, column, samples).await?;
            }
            io::Result::Ok(())
        }
        .await;
        let published = stream.published();
        if published > 0 {
            samples.count(column, &tally.faults(published));
            samples.add(Figure::Length, column, tally.length() as f64);
        }
        measured?;
        if published > 0 {
            samples.add(Figure::Peak, column, server.memory()?.peak / 1024.0);
        }
        for task in tasks {
            task.cancel().await;
        }
        if self.options.wants(Stage::Login) {
            self.login_rate(server, amount.logins, column, samples).await?;
        }
        Ok(())
    }

    /// Lets sessions take events from now on.
    pub fn receive(&self, clients: Vec<Client>, tally: &Rc<Tally>) -> Vec<Task<()>> {
        let receive =
            |(index, client): (usize, Client)| self.executor.spawn(client.receive(index, tally.clone()));
        clients.into_iter().enumerate().map(receive).collect()
    }

    /// Logs everybody in, and looks at what that does to the server's memory.
    async fn fill(&self, server: &Server, column: Column, samples: &mut Samples) -> io::Result<Vec<Client>> {
        Timer::after(SETTLE).await;
        let before = server.memory()?;
        let count = self.options.sessions;
        let clients = self.sessions(server, column.transport, Logins::all(count)).await?;
        if self.options.wants(Stage::Login) {
            Timer::after(SETTLE).await;
            let after = server.memory()?;
            let each = |after: f64, before: f64| (after - before) / count as f64;
            samples.add(Figure::Users, column, before.rss);
            samples.add(Figure::Rss, column, each(after.rss, before.rss));
            samples.add(Figure::Anonymous, column, each(after.anonymous, before.anonymous));
        }
        Ok(clients)
    }

    /// Logs in again and again; each connection is cut when that is done.
    async fn login_rate(
        &self,
        server: &Server,
        count: usize,
        column: Column,
        samples: &mut Samples,
    ) -> io::Result<()> {
        let users = self.options.sessions;
        let usage = Usage::start(server)?;
        self.logins(server, column.transport, Logins { count, ..Logins::all(users) }, drop).await?;
        let used = usage.end(server)?;
        samples.add(Figure::Logins, column, count as f64 / used.wall);
        samples.add(Figure::LoginGenerator, column, used.generator_share());
        // What the server still has to do for them is theirs too.
        Timer::after(SETTLE).await;
        samples.add(Figure::LoginCpu, column, usage.end(server)?.server * 1e3 / count as f64);
        Ok(())
    }

    async fn bursts(
        &self,
        stream: &mut Stream<'_>,
        amount: &Amount,
        column: Column,
        samples: &mut Samples,
    ) -> io::Result<()> {
        let mut all = stream.burst(amount.burst).await?;
        for _ in 1..amount.bursts {
            all += stream.burst(amount.burst).await?;
        }
        samples.add(Figure::Burst, column, all.deliveries / all.seconds);
        samples.add(Figure::Merged, column, all.deliveries / all.reads);
        samples.add(Figure::BurstCpu, column, all.used.server * 1e6 / all.deliveries);
        samples.add(Figure::BurstServer, column, all.used.server_share());
        samples.add(Figure::BurstGenerator, column, all.used.generator_share());
        Ok(())
    }

    async fn steady(&self, stream: &mut Stream<'_>, column: Column, samples: &mut Samples) -> io::Result<()> {
        let (latencies, used) = stream.steady(self.options.steady).await?;
        let deliveries = stream.deliveries(self.options.steady);
        samples.add(Figure::P50, column, percentile(&latencies, 0.5));
        samples.add(Figure::P99, column, percentile(&latencies, 0.99));
        samples.add(Figure::Longest, column, percentile(&latencies, 1.0));
        samples.add(Figure::SteadyCpu, column, used.server * 1e6 / deliveries);
        samples.add(Figure::SteadyGenerator, column, used.generator_share());
        Ok(())
    }
}
