//! Slow readers: what a server keeps for sessions that do not read, while the others have everything.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use smol::Timer;
use smol::future::FutureExt as _;

use super::child::Server;
use super::client::Client;
use super::lines::Figure;
use super::login::{self, Generator, Logins};
use super::report::{Column, Samples};
use super::stream::Stream;
use super::tally::{Published, Tally};
use super::usage::Usage;
use super::way::Way;
use super::world;

/// All sessions.
pub const SESSIONS: usize = 50;
/// The number of sessions that do not read.
pub const SLOW: usize = 10;
/// Bytes that are published for each session: more than the system keeps for a connection by itself.
const OWED: usize = 13_000_000;
/// Bytes of a payload: long ones, so that servers which take their time with each event are not slow for that.
const PAYLOAD: usize = 6000;
/// Events that are published before the readers have to have them: fewer than may wait for a session.
const BATCH: u32 = 64;
/// How long it may take until the end of a connection is seen.
const PATIENCE: Duration = Duration::from_secs(5);

impl Generator {
    /// Measures one server.
    pub async fn slow(&self, server: &Server, column: Column, samples: &mut Samples) -> io::Result<()> {
        let node = node(&server.way);
        let publisher = self.publisher(server, column.transport, &node, PAYLOAD).await?;
        let logins = Logins { nodes: few, ..Logins::all(SESSIONS) };
        let mut slow = self.sessions(server, column.transport, logins).await?;
        let readers = slow.split_off(SLOW);
        let batches = (OWED / world::event_length(PAYLOAD)) as u32 / BATCH + 1;
        let tally = Rc::new(Tally::new(readers.len(), Published::new((batches * BATCH) as usize)));
        let tasks = self.receive(readers, &tally);
        let mut stream = Stream::new(server, publisher, &tally);
        server.reset_peak();
        let usage = Usage::start(server)?;
        let published = async {
            for _ in 0..batches {
                stream.burst(BATCH).await?;
            }
            io::Result::Ok(())
        }
        .await;
        let used = usage.end(server)?;
        samples.count(column, &tally.faults(stream.published()));
        published?;
        samples.add(Figure::SlowPeak, column, server.memory()?.peak / 1024.0);
        samples.add(Figure::SlowGenerator, column, used.generator_share());
        let ends: Vec<_> = slow.into_iter().map(|client| self.executor.spawn(is_closed(client))).collect();
        let mut closed = 0;
        for end in ends {
            closed += usize::from(end.await);
        }
        samples.add(Figure::SlowClosed, column, closed as f64);
        for task in tasks {
            task.cancel().await;
        }
        Ok(())
    }
}

/// The node that they are subscribed to. Where a subscription outlives its session, it is one that nobody else has ever
/// been subscribed to.
fn node(way: &Way) -> String {
    format!("{}{}", world::NODE, if way.is_ours { "" } else { "/slow" })
}

fn few(way: &Way, name: &str) -> Vec<String> {
    let mut nodes = login::both(way, name);
    nodes[1] = node(way);
    nodes
}

/// Reads what the system has kept of a connection. Tells whether its end comes behind that.
async fn is_closed(mut client: Client) -> bool {
    let end = async {
        while client.texts(|_| {}).await.is_ok() {}
        true
    };
    let silent = async {
        Timer::after(PATIENCE).await;
        false
    };
    end.or(silent).await
}
