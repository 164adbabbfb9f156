//! The threads beside that of the event loop: one for the log, one that waits for sockets when the loop is busy, and a few for
//! what blocks, such as files and hashes.
//!
//! All threads are there before anything is served, because the system may give none later. (The pool of smol tries for ever
//! to start another one then, with its lock held: blocking 1.7.0, `grow_pool`.)

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::thread::Builder;

use smol::channel::{Receiver, Sender, bounded, unbounded};

/// How much nicer a thread of the pool is than the event loop: with 10, the loop gets nine tenths of a core that both want.
/// An address that floods slow hashes would else delay everybody's events on a small machine.
const NICENESS: i32 = 10;

/// A job for a thread of the pool.
type Job = Box<dyn FnOnce() + Send>;

static POOL: OnceLock<Pool> = OnceLock::new();

/// The threads for what blocks.
struct Pool {
    /// The jobs that wait for a thread. The line needs no bound, as all callers have one.
    jobs: Sender<Job>,
    threads: usize,
}

impl Pool {
    /// Starts so many threads, or as many as the system gives.
    fn start(wanted: usize) -> io::Result<Self> {
        let (jobs, waiting) = unbounded();
        for threads in 0..wanted {
            let waiting: Receiver<Job> = waiting.clone();
            let work = move || {
                // On Linux a niceness is a thread's own. A system that forbids the change serves all the same.
                if let Err(error) = rustix::process::nice(NICENESS) {
                    log::debug!(
                        "threads for files and passwords have the priority of the event loop: {error}"
                    );
                }
                while let Ok(job) = waiting.recv_blocking() {
                    job();
                }
            };
            if let Err(error) = Builder::new().name("blocking".to_owned()).spawn(work) {
                return if threads == 0 { Err(error) } else { Ok(Self { jobs, threads }) };
            }
        }
        Ok(Self { jobs, threads: wanted })
    }
}

/// Starts `wanted` threads for what blocks, and sees to it that the others can be had.
///
/// # Errors
///
/// The system does not give even one of each.
pub fn begin(wanted: usize) -> io::Result<()> {
    // In the place of the one for sockets, which is started later: it lives until nobody can let it go any more.
    let (hold, held) = mpsc::channel::<()>();
    let probe = Builder::new().spawn(move || held.recv().is_ok())?;
    let pool = Pool::start(wanted)?;
    drop(hold);
    // It has nothing to tell.
    let _ = probe.join();
    let threads = POOL.get_or_init(|| pool).threads;
    if threads < wanted {
        log::warn!(
            "the system gives only {threads} of {wanted} threads for files and passwords, which wait for each other"
        );
    }
    Ok(())
}

/// Does on another thread what would block the event loop. It is done also if nobody waits for it any more.
pub async fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    let pool = POOL.get_or_init(|| {
        // Only in tests nothing was begun.
        Pool::start(1).unwrap_or_else(|error| panic!("no threads: {error}"))
    });
    let (done, result) = bounded(1);
    let job = move || {
        // Nobody may wait for it any more.
        let _ = done.try_send(job());
    };
    let _queued = pool.jobs.try_send(Box::new(job));
    match result.recv().await {
        Ok(result) => result,
        // The threads live as long as the program.
        Err(_) => std::future::pending().await,
    }
}
