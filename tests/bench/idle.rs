//! What a server does while nobody does anything.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use smol::Timer;

use super::child::Server;
use super::lines::Figure;
use super::login::{Generator, Logins};
use super::report::{Column, Samples};
use super::tally::{Published, Tally};
use super::usage::{Usage, Used};

/// How long CPU time is looked at.
const WINDOW: Duration = Duration::from_secs(10);
/// Lines of the section `limits` by which each session is pinged once in that time; by default it is once in a minute.
pub const LIMITS: &str = "ping = \"10s\"\n";

impl Generator {
    /// Measures one server while sessions are in that only answer its pings.
    pub async fn idle(&self, server: &Server, column: Column, samples: &mut Samples) -> io::Result<()> {
        let count = self.options.sessions;
        let clients = self.sessions(server, column.transport, Logins::all(count)).await?;
        let tally = Rc::new(Tally::new(count, Published::new(0)));
        let tasks = self.receive(clients, &tally);
        let used = self.silence(server).await?;
        samples.add(Figure::IdleCpu, column, used.server_share());
        samples.add(Figure::IdleGenerator, column, used.generator_share());
        samples.count(column, &tally.faults(0));
        for task in tasks {
            task.cancel().await;
        }
        Ok(())
    }

    /// Measures what the server uses while nothing is asked of it.
    pub async fn silence(&self, server: &Server) -> io::Result<Used> {
        let usage = Usage::start(server)?;
        Timer::after(WINDOW).await;
        usage.end(server)
    }
}
