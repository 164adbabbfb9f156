//! A process of its own that shares no thread with an attack: a session that asks for a sign of life every few milliseconds,
//! and a new client now and then from another address. How long they wait is what an attack does to everybody else.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smol::future::FutureExt as _;
use smol::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use smol::stream::StreamExt as _;
use smol::{LocalExecutor, Timer};

use super::client;
use super::login;
use super::options::Transport;
use super::pings;
use super::report::percentile;
use super::socket;
use super::way::{Place, Way};
use super::world;

/// From one ping to the next.
const INTERVAL: Duration = Duration::from_millis(3);
/// From one new client to the next.
const NEW: Duration = Duration::from_millis(250);
/// Where the new clients come from.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// How long an answer may take; beyond that it is as good as none.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of the longest message that is read.
const LONGEST: usize = 2 << 20;

/// What a witness is to do.
#[derive(Clone, Debug)]
pub struct Errand {
    pub transport: Transport,
    /// Of the session.
    pub address: SocketAddr,
    /// Of the new clients.
    pub plain: SocketAddr,
    /// The number of the session's user; the new clients are the users behind it.
    pub user: usize,
    pub seconds: f64,
    /// What the new clients ask for; `{}` stands for the name of each.
    pub path: String,
}

impl FromStr for Errand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a witness is told TRANSPORT,ADDRESS,PLAIN,USER,SECONDS,PATH".to_owned();
        let parts: Vec<&str> = text.split(',').collect();
        let [transport, address, plain, user, seconds, path] = parts[..] else { return Err(wrong()) };
        Ok(Self {
            transport: if transport == "wss" { Transport::Wss } else { Transport::Ws },
            address: address.parse().map_err(|_| wrong())?,
            plain: plain.parse().map_err(|_| wrong())?,
            user: user.parse().map_err(|_| wrong())?,
            seconds: seconds.parse().map_err(|_| wrong())?,
            path: path.to_owned(),
        })
    }
}

/// What came of it, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Testimony {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
    /// 1 if the session ended.
    pub ended: usize,
    /// The longest that a new client waited for its answer.
    pub newcomer: f64,
    /// New clients that were not answered as they should be.
    pub refused: usize,
}

/// The process of a witness that is in.
pub struct Witness {
    child: smol::process::Child,
    lines: smol::io::Lines<BufReader<smol::process::ChildStdout>>,
}

impl Witness {
    /// Starts one; returns when its session is in.
    pub async fn start(errand: &Errand, password: Option<&str>) -> io::Result<Self> {
        let transport = if errand.transport == Transport::Wss { "wss" } else { "ws" };
        let Errand { address, plain, user, seconds, path, .. } = errand;
        let mut command = smol::process::Command::new(std::env::current_exe()?);
        command.arg("--witness").arg(format!("{transport},{address},{plain},{user},{seconds},{path}"));
        if let Some(password) = password {
            command.args(["--password", password]);
        }
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(output).lines();
        match lines.next().await {
            Some(Ok(line)) if line == "begun" => Ok(Self { child, lines }),
            other => Err(io::Error::other(format!("the witness does not come in: {other:?}"))),
        }
    }

    /// What it has to say in the end.
    pub async fn testimony(mut self) -> io::Result<Testimony> {
        let line = self.lines.next().await.ok_or(io::ErrorKind::UnexpectedEof)??;
        self.child.status().await?;
        let figures: Vec<f64> = line.split(' ').filter_map(|figure| figure.parse().ok()).collect();
        let [p50, p99, max, ended, newcomer, refused] = figures[..] else {
            return Err(io::Error::other(format!("the witness says {line}")));
        };
        Ok(Testimony { p50, p99, max, ended: ended as usize, newcomer, refused: refused as usize })
    }
}

/// Is a witness, and prints what it has seen.
pub fn run(errand: &Errand, password: Option<String>) -> io::Result<()> {
    let executor = Rc::new(LocalExecutor::new());
    smol::block_on(executor.run(be(errand, password, &executor)))
}

async fn be(errand: &Errand, password: Option<String>, executor: &LocalExecutor<'static>) -> io::Result<()> {
    let way = Arc::new(Way { password, ..Way::default() });
    let place = Place {
        address: errand.address,
        host: errand.address.to_string(),
        path: "/ws/".to_owned(),
        tls: (errand.transport == Transport::Wss).then(socket::connector).transpose()?,
        is_tcp: false,
        from: None,
        way: way.clone(),
    };
    let scratch = client::scratch_of(LONGEST);
    let mut client = login::login(&place, errand.user, login::both, scratch).await?;
    println!("begun");
    let end = Instant::now() + Duration::from_secs_f64(errand.seconds);
    let newcomers = executor.spawn(newcomers(errand.clone(), way.clone(), end));
    let request = world::ping(&way);
    let mut latencies = Vec::new();
    let pings = pings::pings(&mut client, &request, INTERVAL, || Instant::now() < end, &mut latencies);
    let late = async {
        Timer::at(end + PATIENCE).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    let done = pings.or(late).await;
    if done.as_ref().is_err_and(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut) {
        latencies.push(PATIENCE.as_micros() as u32);
    }
    let (newcomer, refused) = newcomers.await;
    latencies.sort_unstable();
    if latencies.is_empty() {
        latencies.push(0);
    }
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| percentile(&latencies, share));
    println!("{p50} {p99} {max} {} {newcomer} {refused}", usize::from(done.is_err()));
    Ok(())
}

/// New clients, one after the other. Returns the longest wait in milliseconds, and how many were refused.
async fn newcomers(errand: Errand, way: Arc<Way>, end: Instant) -> (f64, usize) {
    let (mut longest, mut refused, mut user) = (Duration::ZERO, 0, errand.user + 1);
    while Instant::now() < end {
        let next = Timer::after(NEW);
        let name = way.user(user);
        let login = STANDARD.encode(format!("{name}:{}", way.password(&name)));
        user += 1;
        let start = Instant::now();
        let late = async {
            Timer::after(PATIENCE).await;
            Err(io::ErrorKind::TimedOut.into())
        };
        let is_answered = newcomer(errand.plain, &errand.path.replace("{}", &name), &login).or(late).await;
        longest = longest.max(start.elapsed());
        refused += usize::from(!is_answered.unwrap_or(false));
        next.await;
    }
    (longest.as_secs_f64() * 1e3, refused)
}

/// Tells whether a request on a connection of its own is answered with 200.
async fn newcomer(address: SocketAddr, path: &str, login: &str) -> io::Result<bool> {
    let mut stream = socket::connect_from(ELSEWHERE, address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await?;
    Ok(&start[9..] == b"200")
}
