//! A server as a process of its own, and what the system says of it.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to listen, and to go down.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server. It goes down with this value.
pub struct Server {
    child: Child,
    /// The listener without TLS.
    pub plain: SocketAddr,
    /// The listener with TLS.
    pub tls: SocketAddr,
}

impl Server {
    /// Starts a program that says `listening http://…` and `listening https://…`. Its log goes to a file.
    pub fn start(command: &mut Command, log: &Path) -> io::Result<Self> {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?).spawn()?;
        let (sender, receiver) = mpsc::channel();
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        // Ends with the output of the server, so with the server.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody waits any more for what comes after the addresses.
                let _ = sender.send(line);
            }
        });
        let mut server = Self {
            child,
            plain: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        while server.plain.port() == 0 || server.tls.port() == 0 {
            let line = receiver
                .recv_timeout(PATIENCE)
                .map_err(|_| io::Error::other("the server does not say where it listens"))?;
            if let Some(address) = line.strip_prefix("listening https://") {
                server.tls = address.parse().map_err(io::Error::other)?;
            } else if let Some(address) = line.strip_prefix("listening http://") {
                server.plain = address.parse().map_err(io::Error::other)?;
            }
        }
        Ok(server)
    }

    /// CPU time used so far.
    pub fn cpu(&self) -> io::Result<Duration> {
        cpu(&self.child.id().to_string())
    }

    /// Its memory now.
    pub fn memory(&self) -> io::Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let value = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        };
        (|| Some(Memory { rss: value("VmRSS:")?, anonymous: value("RssAnon:")?, peak: value("VmHWM:")? }))()
            .ok_or_else(|| io::Error::other("/proc says nothing of the server's memory"))
    }

    /// Ends it by a signal.
    ///
    /// # Errors
    ///
    /// It did not go down in time, or said that something was wrong.
    pub fn stop(mut self) -> io::Result<()> {
        match self.end()? {
            // The floor does not catch the signal.
            Some(status) if status.success() || status.signal() == Some(Signal::TERM.as_raw()) => Ok(()),
            Some(status) => Err(io::Error::other(format!("the server ended with {status}"))),
            None => Err(io::Error::other("the server does not go down")),
        }
    }

    fn end(&mut self) -> io::Result<Option<ExitStatus>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(status));
        }
        if let Some(pid) = Pid::from_raw(self.child.id() as i32) {
            kill_process(pid, Signal::TERM)?;
        }
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(None)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // On the way out of an error there is nobody to tell about another.
        let _ = self.end();
    }
}

/// Memory in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// All that is resident.
    pub rss: f64,
    /// The part of it that is the process's own: no pages of files.
    pub anonymous: f64,
    /// The highest `rss` so far.
    pub peak: f64,
}

/// CPU time of a process (`self` for this one), user and system, in steps of the system's clock tick (10 ms mostly).
pub fn cpu(process: &str) -> io::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program stands in parentheses and may have spaces: fields are counted behind it.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_ascii_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<u64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => Ok(Duration::from_secs_f64(
            (user + system) as f64 / rustix::param::clock_ticks_per_second() as f64,
        )),
        _ => Err(io::Error::other("/proc says nothing of CPU time")),
    }
}
