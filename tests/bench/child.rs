//! A server as a process of its own, and what the system says of it.

use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use futures_rustls::TlsConnector;
use rustix::process::{Pid, Signal, kill_process};

use super::options::Transport;
use super::way::{Place, Url, Way};

/// How long a server may take to listen, and to go down.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server. If the benchmark started it, it goes down with this value.
pub struct Server {
    /// `None`: somebody else started it.
    child: Option<Child>,
    /// The process, if it is known.
    pid: Option<u32>,
    /// The listener without TLS.
    pub plain: Listener,
    /// The listener with TLS.
    pub tls: Listener,
    /// Those of XMPP over TCP, without TLS and with it, if it has any.
    xmpp: [Listener; 2],
    pub way: Arc<Way>,
}

/// Where a server listens.
#[derive(Clone, Debug)]
pub struct Listener {
    pub address: SocketAddr,
    /// Host and port as a client knows them.
    host: String,
    /// The path of the WebSocket.
    path: String,
}

impl Listener {
    fn ours(address: SocketAddr) -> Self {
        Self { address, host: address.to_string(), path: "/ws/".to_owned() }
    }
}

impl Server {
    /// Starts a program that says `listening http://…` and `listening https://…`, and has its log go somewhere.
    pub fn start(command: &mut Command, log: Stdio, way: Way) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let (sender, receiver) = mpsc::channel();
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        // Ends with the output of the server, so with the server.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody waits any more for what comes after the addresses.
                let _ = sender.send(line);
            }
        });
        let nowhere = Listener::ours(SocketAddr::from(([127, 0, 0, 1], 0)));
        let pid = Some(child.id());
        let mut server = Self {
            child: Some(child),
            pid,
            plain: nowhere.clone(),
            tls: nowhere.clone(),
            xmpp: [nowhere.clone(), nowhere],
            way: Arc::new(way),
        };
        let is_there = |listener: &Listener| listener.address.port() != 0;
        while !is_there(&server.plain)
            || !is_there(&server.tls)
            || (server.way.over_tcp && !server.xmpp.iter().all(is_there))
        {
            let line = receiver
                .recv_timeout(PATIENCE)
                .map_err(|_| io::Error::other("the server does not say where it listens"))?;
            if let Some(address) = line.strip_prefix("listening https://") {
                server.tls = Listener::ours(address.parse().map_err(io::Error::other)?);
            } else if let Some(address) = line.strip_prefix("listening http://") {
                server.plain = Listener::ours(address.parse().map_err(io::Error::other)?);
            } else if let Some(address) = line.strip_prefix("listening xmpp://") {
                server.xmpp[0] = Listener::ours(address.parse().map_err(io::Error::other)?);
            } else if let Some(address) = line.strip_prefix("listening xmpps://") {
                server.xmpp[1] = Listener::ours(address.parse().map_err(io::Error::other)?);
            }
        }
        Ok(server)
    }

    /// A server that somebody else has started. It is to be used with the transport of the URL only.
    pub fn running(url: &Url, pid: Option<u32>, way: Way) -> io::Result<Self> {
        let listener = Listener { address: url.resolve()?, host: url.host.clone(), path: url.path.clone() };
        let xmpp = [listener.clone(), listener.clone()];
        Ok(Self { child: None, pid, plain: listener.clone(), tls: listener, xmpp, way: Arc::new(way) })
    }

    /// Log of the process, if it goes into a pipe.
    pub fn take_log(&mut self) -> Option<ChildStderr> {
        self.child.as_mut()?.stderr.take()
    }

    /// Where sessions of a transport go; those with TLS through `connector`.
    pub fn place(&self, transport: Transport, connector: &TlsConnector) -> Place {
        let (listener, tls) = match transport {
            Transport::Ws => (&self.plain, None),
            Transport::Wss => (&self.tls, Some(connector.clone())),
            Transport::Tcp => (&self.xmpp[0], None),
            Transport::Tls => (&self.xmpp[1], Some(connector.clone())),
        };
        Place {
            address: listener.address,
            host: listener.host.clone(),
            path: listener.path.clone(),
            tls,
            is_tcp: transport.is_tcp(),
            from: None,
            way: self.way.clone(),
        }
    }

    /// Seconds of CPU time used so far; NaN if the process is not known.
    pub fn cpu(&self) -> io::Result<f64> {
        self.pid.map_or(Ok(f64::NAN), |pid| cpu(&pid.to_string()))
    }

    /// Memory of the process now; NaN if the process is not known.
    pub fn memory(&self) -> io::Result<Memory> {
        let Some(pid) = self.pid else {
            return Ok(Memory { rss: f64::NAN, anonymous: f64::NAN, peak: f64::NAN });
        };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let value = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        };
        (|| Some(Memory { rss: value("VmRSS:")?, anonymous: value("RssAnon:")?, peak: value("VmHWM:")? }))()
            .ok_or_else(|| io::Error::other("/proc says nothing of the server's memory"))
    }

    /// How many files and sockets it has open; NaN if the process is not known.
    pub fn descriptors(&self) -> io::Result<f64> {
        self.pid.map_or(Ok(f64::NAN), |pid| Ok(std::fs::read_dir(format!("/proc/{pid}/fd"))?.count() as f64))
    }

    /// From now on the highest memory is counted anew, where the system lets one say so.
    pub fn reset_peak(&self) {
        if let Some(pid) = self.pid {
            // Else the peak is that of the whole life of the server, which is no less.
            let _ = std::fs::write(format!("/proc/{pid}/clear_refs"), "5");
        }
    }

    /// Ends it by a signal, if the benchmark started it.
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
        let Some(child) = &mut self.child else {
            return Ok(Some(ExitStatus::default()));
        };
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if let Some(pid) = Pid::from_raw(child.id() as i32) {
            kill_process(pid, Signal::TERM)?;
        }
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill()?;
        child.wait()?;
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

/// Seconds of CPU time of a process (`self` for this one), user and system, in steps of the system's clock tick (10 ms
/// mostly).
pub fn cpu(process: &str) -> io::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program stands in parentheses and may have spaces: fields are counted behind it.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_ascii_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<u64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => {
            Ok((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64)
        }
        _ => Err(io::Error::other("/proc says nothing of CPU time")),
    }
}
