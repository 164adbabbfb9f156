//! All measurements of one server with one transport: it is fresh, and ends with them.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_rustls::TlsConnector;
use smol::future::FutureExt as _;
use smol::{LocalExecutor, Timer};

use super::child::{self, Server};
use super::client::{self, Client};
use super::options::{Options, Stage, Transport};
use super::publisher::{self, Publisher};
use super::report::{Column, Figure, Samples, percentile};
use super::tally::{Published, Tally};
use super::world;

/// Logins under way at the same time.
pub const LOGINS: usize = 64;
/// How many times everybody logs in when that is measured.
const LOGIN_ROUNDS: usize = 4;
/// How long all logins may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// A pause before memory is looked at, for what the last work leaves behind.
const SETTLE: Duration = Duration::from_millis(500);
/// From one event of the steady stream to the next, if everybody has it by then.
const INTERVAL: Duration = Duration::from_millis(20);

/// What all rounds have in common.
pub struct Generator {
    pub executor: Rc<LocalExecutor<'static>>,
    pub options: Options,
    pub connector: TlsConnector,
}

impl Generator {
    /// Measures one server. What went wrong with deliveries is in the samples; everything else is an error.
    pub async fn round(
        &self,
        command: &mut Command,
        log: &Path,
        column: Column,
        samples: &mut Samples,
    ) -> io::Result<()> {
        let Options { sessions, burst, steady, .. } = self.options;
        let server = Server::start(command, log)?;
        let clients = self.sessions(&server, column, samples).await?;
        let tally = Rc::new(Tally::new(sessions, Published::new((burst + steady) as usize)));
        let tasks: Vec<_> = clients
            .into_iter()
            .enumerate()
            .map(|(index, client)| self.executor.spawn(client.receive(index, tally.clone())))
            .collect();
        let publish = publisher::publication(world::NODE, self.options.payload);
        let publisher = Publisher::connect(server.plain, publish)?;
        let mut stream = Stream {
            server: &server,
            publisher: Some(publisher),
            tally: &tally,
            published: 0,
            column,
            samples,
        };
        let measured = async {
            if self.options.wants(Stage::Fanout) {
                stream.burst(burst).await?;
            }
            if self.options.wants(Stage::Steady) {
                stream.steady(steady).await?;
            }
            io::Result::Ok(())
        }
        .await;
        let published = stream.published as usize;
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
            self.login_rate(&server, column, samples).await?;
        }
        server.stop()
    }

    /// Where sessions of a transport connect, and with what.
    pub fn door(&self, server: &Server, transport: Transport) -> (SocketAddr, Option<TlsConnector>) {
        match transport {
            Transport::Ws => (server.plain, None),
            Transport::Wss => (server.tls, Some(self.connector.clone())),
        }
    }

    /// Logs everybody in, and looks at what that does to the server's memory.
    async fn sessions(
        &self,
        server: &Server,
        column: Column,
        samples: &mut Samples,
    ) -> io::Result<Vec<Client>> {
        Timer::after(SETTLE).await;
        let before = server.memory()?;
        let count = self.options.sessions;
        let mut clients = Vec::with_capacity(count);
        self.logins(server, column.transport, count, both, |client| clients.push(client)).await?;
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
    async fn login_rate(&self, server: &Server, column: Column, samples: &mut Samples) -> io::Result<()> {
        let count = self.options.sessions * LOGIN_ROUNDS;
        let cpu = server.cpu()?;
        let start = Instant::now();
        self.logins(server, column.transport, count, both, drop).await?;
        let rate = count as f64 / start.elapsed().as_secs_f64();
        samples.add(Figure::Logins, column, rate);
        Timer::after(SETTLE).await;
        let cpu = (server.cpu()? - cpu).as_secs_f64() * 1e3;
        samples.add(Figure::LoginCpu, column, cpu / count as f64);
        Ok(())
    }

    /// So many logins of one user after the other, [`LOGINS`] at a time, each up to the subscriptions to `nodes`. Hands
    /// over the sessions.
    pub async fn logins(
        &self,
        server: &Server,
        transport: Transport,
        count: usize,
        nodes: fn(&str) -> Vec<String>,
        mut done: impl FnMut(Client),
    ) -> io::Result<()> {
        let (address, tls) = self.door(server, transport);
        let (sender, receiver) = smol::channel::unbounded();
        let next = Rc::new(Cell::new(0));
        let scratch = client::scratch();
        let _workers: Vec<_> = (0..LOGINS)
            .map(|_| {
                let (sender, next, tls, scratch) =
                    (sender.clone(), next.clone(), tls.clone(), scratch.clone());
                let users = self.options.sessions;
                self.executor.spawn(async move {
                    while next.get() < count {
                        let user = world::user(next.replace(next.get() + 1) % users);
                        let client =
                            login(address, tls.as_ref(), &user, &nodes(&user), scratch.clone()).await;
                        // Nobody waits for the others when one has failed.
                        let _ = sender.send(client).await;
                    }
                })
            })
            .collect();
        let all = async {
            for _ in 0..count {
                done(receiver.recv().await.map_err(io::Error::other)??);
            }
            Ok(())
        };
        let late = async {
            Timer::after(PATIENCE).await;
            Err(io::Error::other(format!("{} of {count} logins begun in time", next.get())))
        };
        all.or(late).await
    }
}

/// One login.
pub async fn login(
    address: SocketAddr,
    tls: Option<&TlsConnector>,
    user: &str,
    nodes: &[String],
    scratch: client::Scratch,
) -> io::Result<Client> {
    let mut client = Client::connect(address, tls, scratch).await?;
    client.login(user, nodes).await?;
    Ok(client)
}

/// What the desktop subscribes to: its user and its team.
fn both(name: &str) -> Vec<String> {
    vec![world::node(name), world::NODE.to_owned()]
}

/// Events to everybody.
struct Stream<'a> {
    server: &'a Server,
    /// Away while it publishes on its own thread.
    publisher: Option<Publisher>,
    tally: &'a Rc<Tally>,
    /// How many events so far.
    published: u32,
    column: Column,
    samples: &'a mut Samples,
}

impl Stream<'_> {
    async fn publish(&mut self, count: u32) -> io::Result<()> {
        let Some(mut publisher) = self.publisher.take() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let events = self.published..self.published + count;
        self.published = events.end;
        let published = self.tally.published.clone();
        self.publisher =
            Some(smol::unblock(move || publisher.publish(&published, events).map(|()| publisher)).await?);
        Ok(())
    }

    /// All at once, each event as soon as the one before is accepted.
    async fn burst(&mut self, count: u32) -> io::Result<()> {
        let before = (self.server.cpu()?, child::cpu("self")?);
        let reads = self.tally.reads();
        let start = Instant::now();
        let first = self.published;
        self.publish(count).await?;
        let last = self.tally.wait(self.published as usize).await?;
        let deliveries = self.deliveries(first);
        let rate = deliveries / (last - start).as_secs_f64();
        let merged = deliveries / (self.tally.reads() - reads) as f64;
        self.samples.add(Figure::Burst, self.column, rate);
        self.samples.add(Figure::Merged, self.column, merged);
        self.cpu(before, deliveries, Figure::BurstCpu, Figure::BurstGenerator)
    }

    /// One at a time: everybody has an event before the next one is published.
    async fn steady(&mut self, count: u32) -> io::Result<()> {
        let before = (self.server.cpu()?, child::cpu("self")?);
        let first = self.published;
        self.tally.time_deliveries();
        for _ in 0..count {
            let next = Timer::after(INTERVAL);
            self.publish(1).await?;
            self.tally.wait(self.published as usize).await?;
            next.await;
        }
        let latencies = self.tally.latencies();
        let at = |share: f64| percentile(&latencies, share);
        self.samples.add(Figure::P50, self.column, at(0.5));
        self.samples.add(Figure::P99, self.column, at(0.99));
        self.samples.add(Figure::Longest, self.column, at(1.0));
        let deliveries = self.deliveries(first);
        self.cpu(before, deliveries, Figure::SteadyCpu, Figure::SteadyGenerator)
    }

    fn deliveries(&self, first: u32) -> f64 {
        f64::from(self.published - first) * self.tally.sessions() as f64
    }

    /// CPU of server and generator since `before`, in microseconds per delivery.
    fn cpu(
        &mut self,
        before: (Duration, Duration),
        deliveries: f64,
        server: Figure,
        generator: Figure,
    ) -> io::Result<()> {
        let micros = |after: Duration, before: Duration| (after - before).as_secs_f64() * 1e6 / deliveries;
        self.samples.add(server, self.column, micros(self.server.cpu()?, before.0));
        self.samples.add(generator, self.column, micros(child::cpu("self")?, before.1));
        Ok(())
    }
}
