//! A connection to the engine: it is greeted, and asked within a time and a bound.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_rustls::TlsConnector;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Pipeline, RedisConnectionInfo, RedisError, Value};
use rustls::pki_types::ServerName;
use smol::future::FutureExt as _;
use smol::net::TcpStream;
use smol::{LocalExecutor, Task, Timer};

use crate::cluster::settings::Settings;
use crate::cluster::socket::{Duplex, Socket};
use crate::cluster::trouble::Trouble;
use crate::event_loop::threads;

/// How long the engine may take to answer what it has no reason to wait with.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The longest answer to what has a short one, in bytes.
pub(super) const SHORT: usize = 64 << 10;

/// The most addresses of a name that are tried.
const ADDRESSES: usize = 8;

/// A connection to the engine.
pub(super) struct Connection {
    link: MultiplexedConnection,
    /// How many bytes may still come in.
    room: Arc<AtomicUsize>,
    _driver: Task<()>,
}

impl Connection {
    /// Connects, logs in and looks whether this is an engine that can be used.
    pub async fn open(executor: &Rc<LocalExecutor<'static>>, settings: &Settings) -> Result<Self, Trouble> {
        let room = Arc::new(AtomicUsize::new(SHORT));
        let socket = Socket::new(dial(settings).await?, room.clone());
        // The client has a time limit of its own, which a blocking read would exceed.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        // With nothing in it nothing is sent yet: what follows has better sentences when it fails.
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let opened = MultiplexedConnection::new_with_config(&info, socket, config).await;
        let (link, driver) = opened.map_err(|error| broken(&error))?;
        let mut connection = Self { link, room, _driver: executor.spawn(driver) };
        connection.greet(settings).await?;
        Ok(connection)
    }

    async fn greet(&mut self, settings: &Settings) -> Result<(), Trouble> {
        let mut commands = Pipeline::new();
        if let Some(password) = &settings.password {
            commands.cmd("AUTH").arg(&settings.user).arg(password.as_str());
        }
        commands.cmd("HELLO").arg(2);
        if settings.database != 0 {
            commands.cmd("SELECT").arg(settings.database);
        }
        let answers = self.ask(&commands, SHORT, PATIENCE).await?;
        let answers = all(answers)?;
        let hello = &answers[usize::from(settings.password.is_some())];
        let told = |key: &str| match hello {
            Value::Array(pairs) => {
                let pair = pairs.chunks_exact(2).find(|pair| text(&pair[0]).as_deref() == Some(key));
                pair.and_then(|pair| text(&pair[1])).unwrap_or_default()
            }
            _ => String::new(),
        };
        let version = told("version");
        if !is_recent(&version) {
            let version: String = version.chars().filter(|c| !c.is_control()).take(40).collect();
            return Err(Trouble::lasting(format!(
                "the engine is of version {version}, and streams are kept short only from Redis 6.2 on; use a later one"
            )));
        }
        match told("mode").as_str() {
            "sentinel" => {
                return Err(Trouble::lasting(
                    "this is a Sentinel, which has no data; name the engine itself, or an address that follows its primary, in url",
                ));
            }
            "cluster" => return Err(Trouble::refusal("CLUSTERDOWN", "")),
            _ => {}
        }
        if told("role") != "master" {
            return Err(Trouble::refusal("READONLY", ""));
        }
        Ok(())
    }

    /// Asks, and waits for all answers: `room` bytes at the most, within a time. The answers to single commands may be errors.
    pub async fn ask(
        &mut self,
        commands: &Pipeline,
        room: usize,
        time: Duration,
    ) -> Result<Vec<Value>, Trouble> {
        self.room.store(room, Ordering::Relaxed);
        let asked = self.link.send_packed_commands(commands, 0, commands.len());
        let answers = within(time, asked).await;
        if self.room.load(Ordering::Relaxed) == 0 {
            return Err(Trouble::passing(format!(
                "the engine has answered with more than {room} bytes, more than callboard has stored there; see who else writes there"
            )));
        }
        let answers = answers.ok_or_else(|| Trouble::silence(time.as_millis()))?;
        let answers = answers.map_err(|error| broken(&error))?;
        if answers.len() == commands.len() {
            Ok(answers)
        } else {
            Err(Trouble::passing("the engine has not answered all"))
        }
    }
}

/// The answers, if none of them is an error.
pub(super) fn all(answers: Vec<Value>) -> Result<Vec<Value>, Trouble> {
    answers.into_iter().map(one).collect()
}

/// The answer, if it is no error.
pub(super) fn one(answer: Value) -> Result<Value, Trouble> {
    match answer {
        Value::ServerError(error) => Err(Trouble::refusal(error.code(), error.details().unwrap_or_default())),
        answer => Ok(answer),
    }
}

/// The text of an answer that is one.
pub(super) fn text(answer: &Value) -> Option<String> {
    match answer {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

/// Whether streams can be trimmed below an id (`XTRIM MINID`), and `XADD` can be kept from making one.
fn is_recent(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (6, 2)
}

/// A connection that has ended, or that nobody understands.
fn broken(error: &RedisError) -> Trouble {
    let detail: String = error.to_string().chars().filter(|c| !c.is_control()).take(200).collect();
    Trouble::passing(format!("the connection to the engine is broken ({detail}); see whether it runs"))
}

async fn dial(settings: &Settings) -> Result<Box<dyn Duplex>, Trouble> {
    let Settings { host, port, .. } = settings;
    let place = (host.clone(), *port);
    let resolve =
        threads::run(move || place.to_socket_addrs().map(|found| found.take(ADDRESSES).collect::<Vec<_>>()));
    let found = within(PATIENCE, resolve).await;
    let addresses: Vec<SocketAddr> = found
        .ok_or_else(|| {
            Trouble::passing(format!("the name {host} was not resolved in time; see the resolver"))
        })?
        .map_err(|error| {
            Trouble::passing(format!("the name {host} is not resolved ({error}); correct url"))
        })?;
    let mut failed = Trouble::passing(format!("the name {host} has no address; correct url"));
    for address in addresses {
        let connected = within(PATIENCE, TcpStream::connect(address)).await;
        let connected = connected.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()));
        match connected {
            Ok(stream) => {
                // Each write is a whole request, which waits for no other one.
                let _ = stream.set_nodelay(true);
                return secured(settings, stream).await;
            }
            Err(error) => {
                let why = format!("there is no engine at {address} ({error}); start it, or correct url");
                failed = Trouble::passing(why);
            }
        }
    }
    Err(failed)
}

async fn secured(settings: &Settings, stream: TcpStream) -> Result<Box<dyn Duplex>, Trouble> {
    let Some(config) = &settings.tls else { return Ok(Box::new(stream)) };
    let name = ServerName::try_from(settings.host.clone());
    let name =
        name.map_err(|_| Trouble::lasting("url names no host that a certificate can have; correct url"))?;
    let secured = within(PATIENCE, TlsConnector::from(config.clone()).connect(name, stream)).await;
    let late =
        || Trouble::passing("the engine has not begun TLS in time; see whether this is its port for TLS");
    match secured.ok_or_else(late)? {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Trouble::lasting(format!(
            "the engine cannot be trusted ({error}); see that ca has what its certificate leads to, that url names a host of the \
             certificate, and that this is its port for TLS"
        ))),
        Err(error) => Err(Trouble::passing(format!(
            "TLS with the engine has failed ({error}); see whether this is its port for TLS"
        ))),
    }
}

/// The output of a future; `None`: it was not ready in that time.
async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    let late = async {
        Timer::after(time).await;
        None
    };
    async { Some(work.await) }.or(late).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_6_2_on_are_good() {
        for (version, expected) in [
            ("5.0.14", false),
            ("6.0.16", false),
            ("6.2.0", true),
            ("7.0.15", true),
            ("10.0", true),
            ("", false),
        ] {
            assert_eq!(is_recent(version), expected, "{version}");
        }
    }
}
