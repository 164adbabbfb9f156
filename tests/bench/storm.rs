//! Storms: everybody logs in at the same moment, while others are in and ask for signs of life.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use smol::Timer;
use smol::future::FutureExt as _;

use super::child::Server;
use super::client;
use super::lines::{Figure, Part, Storm};
use super::login::{self, Generator};
use super::pings::Pings;
use super::report::{Column, Samples, percentile};
use super::round::SETTLE;
use super::usage::Usage;
use super::way::Place;

/// How many log in at once.
pub const STORM: usize = 1000;
/// Sessions that are in and send pings; their users come behind those of the storm.
pub const PINGING: usize = 5;
/// How long they ping before, for comparison.
const QUIET: Duration = Duration::from_secs(1);
/// A pause before a login that was refused is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a storm may take, beside what each of its logins may.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long each login may take of that: a hash is computed in less.
const EACH: Duration = Duration::from_millis(500);

/// What went wrong with logins that were tried again.
#[derive(Default)]
pub struct Refused {
    pub count: usize,
    last: Option<io::Error>,
}

impl Generator {
    /// Measures one server: `count` logins for each storm, in their order.
    pub async fn storms(
        &self,
        server: &Server,
        column: Column,
        count: usize,
        storms: &[Storm],
        samples: &mut Samples,
    ) -> io::Result<()> {
        let place = Rc::new(server.place(column.transport, &self.connector));
        let quiet = pings(&place, count).await?;
        Timer::after(QUIET).await;
        samples.add(Figure::QuietPing, column, percentile(&quiet.stop().await?, 1.0));
        for storm in storms {
            let pings = pings(&place, count).await?;
            let usage = Usage::start(server)?;
            let refused = Rc::default();
            let (place, scratch) = (place.clone(), client::scratch());
            let come = move |index| {
                let (place, scratch) = (place.clone(), scratch.clone());
                async move { login::login(&place, index, login::both, scratch).await }
            };
            let clients = self.storm(server, count, come, &refused).await?;
            let used = usage.end(server)?;
            let latencies = pings.stop().await?;
            drop(clients);
            let mut add = |part, value| samples.add(Figure::Storm(*storm, part), column, value);
            add(Part::Rate, count as f64 / used.wall);
            add(Part::Cpu, used.server * 1e3 / count as f64);
            add(Part::Generator, used.generator_share());
            add(Part::Refused, refused.borrow().count as f64);
            add(Part::Ping99, percentile(&latencies, 0.99));
            add(Part::PingLongest, percentile(&latencies, 1.0));
            Timer::after(SETTLE).await;
        }
        Ok(())
    }

    /// Has clients come in at the same moment. Returns when all are in.
    pub async fn storm<T: 'static, F: Future<Output = io::Result<T>> + 'static>(
        &self,
        server: &Server,
        count: usize,
        come: impl Fn(usize) -> F + Clone + 'static,
        refused: &Rc<RefCell<Refused>>,
    ) -> io::Result<Vec<T>> {
        let insist = |index| insist(index, come.clone(), refused.clone());
        let tasks: Vec<_> = (0..count).map(|index| self.executor.spawn(insist(index))).collect();
        let all = async {
            let mut clients = Vec::with_capacity(count);
            for task in tasks {
                clients.push(task.await);
            }
            Ok(clients)
        };
        let late = async {
            Timer::after(PATIENCE + EACH * count as u32).await;
            let last = refused.borrow_mut().last.take();
            Err(last.unwrap_or_else(|| io::Error::other("a storm does not end")))
        };
        let gone = async {
            loop {
                Timer::after(AGAIN).await;
                server.memory().map_err(|_| io::Error::other("the server has gone down in the storm"))?;
            }
        };
        all.or(late).or(gone).await
    }
}

/// Pings of users behind the first `count`.
async fn pings(place: &Place, count: usize) -> io::Result<Pings> {
    Pings::start(place.clone(), count..count + PINGING).await
}

/// Comes in, and tries again when that is refused or cut: what a real client does.
async fn insist<T, F: Future<Output = io::Result<T>>>(
    index: usize,
    come: impl Fn(usize) -> F,
    refused: Rc<RefCell<Refused>>,
) -> T {
    loop {
        match come(index).await {
            Ok(client) => return client,
            Err(error) => {
                let mut refused = refused.borrow_mut();
                refused.count += 1;
                refused.last = Some(error);
            }
        }
        Timer::after(AGAIN).await;
    }
}
