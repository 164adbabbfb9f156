//! Sessions that ask for signs of life all the time, on a thread of their own: how long they wait is what a storm does to
//! those who are in.

use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use smol::channel::Sender;
use smol::{LocalExecutor, Timer};

use super::client::{self, Client};
use super::login;
use super::way::Place;
use super::world;

/// From one ping of a session to the next.
const INTERVAL: Duration = Duration::from_millis(10);

/// The thread.
pub struct Pings {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<Vec<u32>>>,
}

impl Pings {
    /// Logs these users in; returns when their pings have begun to go out.
    pub async fn start(place: Place, users: Range<usize>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (begun, begin) = smol::channel::bounded(1);
        let asked = stop.clone();
        let thread = std::thread::spawn(move || {
            let executor = Rc::new(LocalExecutor::new());
            smol::block_on(executor.run(run(&executor, place, users, asked, begun)))
        });
        let pings = Self { stop, thread };
        match begin.recv().await {
            Ok(()) => Ok(pings),
            // It has ended already.
            Err(_) => Err(pings.stop().await.err().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// No more. Returns the latencies in microseconds, sorted.
    pub async fn stop(self) -> io::Result<Vec<u32>> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = smol::unblock(|| self.thread.join()).await;
        ended.map_err(|_| io::Error::other("the thread of pings has failed"))?
    }
}

async fn run(
    executor: &LocalExecutor<'static>,
    place: Place,
    users: Range<usize>,
    stop: Arc<AtomicBool>,
    begun: Sender<()>,
) -> io::Result<Vec<u32>> {
    let scratch = client::scratch();
    let mut clients = Vec::with_capacity(users.len());
    for index in users {
        // The floor sends pongs to those only who are through with everything.
        clients.push(login::login(&place, index, login::both, scratch.clone()).await?);
    }
    let request = world::ping(&place.way);
    let ping = |mut client: Client| {
        let (request, stop) = (request.clone(), stop.clone());
        executor.spawn(async move {
            let mut latencies = Vec::new();
            let goes_on = || !stop.load(Ordering::Relaxed);
            pings(&mut client, &request, INTERVAL, goes_on, &mut latencies).await.map(|()| latencies)
        })
    };
    let tasks: Vec<_> = clients.into_iter().map(ping).collect();
    begun.send(()).await.map_err(io::Error::other)?;
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await?);
    }
    latencies.sort_unstable();
    Ok(latencies)
}

/// Asks at intervals, and adds the latencies in microseconds.
pub async fn pings(
    client: &mut Client,
    request: &str,
    interval: Duration,
    goes_on: impl Fn() -> bool,
    latencies: &mut Vec<u32>,
) -> io::Result<()> {
    let mut due = Instant::now();
    while goes_on() {
        let start = Instant::now();
        client.ask("ping", request).await?;
        let answered = Instant::now();
        latencies.push(micros(answered - start));
        due += interval;
        // Those that could not be sent meanwhile have waited as well.
        while due < answered {
            latencies.push(micros(answered - due));
            due += interval;
        }
        Timer::at(due).await;
    }
    Ok(())
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
