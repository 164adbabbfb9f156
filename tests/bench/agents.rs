//! Agents: each at an address of its own, with a session over wss and a kept https connection for its requests, as a desktop has
//! them. In a storm all of them lose both at the same moment, and come back, while one who was in before asks for signs of life.

use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smol::Timer;
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use smol::lock::Semaphore;

use super::child::Server;
use super::client::{self, Client, Scratch};
use super::lines::{Come, Figure};
use super::login::{self, Generator, LOGINS};
use super::options::Transport;
use super::pings::Pings;
use super::report::{Column, Samples, percentile};
use super::round::SETTLE;
use super::socket::{self, Socket};
use super::usage::Usage;
use super::way::Place;
use super::world;

/// The most agents: there are addresses for them.
pub const MOST: usize = 60_000;

/// An agent that is in.
struct Agent {
    client: Client,
    requests: Requests,
}

impl Agent {
    /// Logs in up to the subscriptions of the desktop, then asks for the user and its calls.
    async fn come(place: &Place, index: usize, scratch: Scratch) -> io::Result<Self> {
        let client = login::login(place, index, login::both, scratch).await?;
        let mut requests = Requests::connect(place, index).await?;
        requests.get("").await?;
        requests.get("/Dialogs").await?;
        Ok(Self { client, requests })
    }

    /// Whether both connections are still there.
    async fn is_in(&mut self, ping: &str) -> bool {
        self.client.ask("ping", ping).await.is_ok() && self.requests.get("").await.is_ok()
    }

    /// How many of them go on with an earlier session of TLS.
    fn resumed(&self) -> usize {
        usize::from(self.client.is_resumed()) + usize::from(self.requests.socket.is_resumed())
    }
}

/// A kept connection for requests.
struct Requests {
    socket: Socket,
    user: String,
    login: String,
}

impl Requests {
    async fn connect(place: &Place, index: usize) -> io::Result<Self> {
        let name = place.way.user(index);
        let login = STANDARD.encode(format!("{name}:{}", place.way.password(&name)));
        Ok(Self { socket: Socket::connect(place).await?, user: world::node(&name), login })
    }

    /// Asks for something of the user.
    async fn get(&mut self, what: &str) -> io::Result<()> {
        let Self { socket, user, login } = self;
        let request =
            format!("GET {user}{what} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n\r\n");
        socket.write_all(request.as_bytes()).await?;
        socket.flush().await?;
        let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
        while !is_whole(&answer)? {
            match socket.read(&mut piece).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => answer.extend_from_slice(&piece[..length]),
            }
        }
        Ok(())
    }
}

/// Whether all of an answer has come, which has to be 200 and to say its length.
fn is_whole(answer: &[u8]) -> io::Result<bool> {
    let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(false) };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    match length {
        Some(length) if head.starts_with("http/1.1 200") => Ok(answer.len() >= end + 4 + length),
        _ => Err(io::Error::other(format!("a request is answered by {head}"))),
    }
}

impl Generator {
    /// All agents come in, some at a time, then lose their connections and come back at once, `rounds` times.
    pub async fn agents(&self, server: &Server, column: Column, samples: &mut Samples) -> io::Result<()> {
        let count = self.options.agents;
        let places: Rc<[Place]> =
            (0..count).map(|index| agent_place(server, index)).collect::<io::Result<_>>()?;
        let scratch = client::scratch();
        let come = |at_a_time| {
            let (places, scratch, some) =
                (places.clone(), scratch.clone(), Rc::new(Semaphore::new(at_a_time)));
            move |index: usize| {
                let (places, scratch, some) = (places.clone(), scratch.clone(), some.clone());
                async move {
                    let _one = some.acquire().await;
                    Agent::come(&places[index], index, scratch).await
                }
            }
        };
        let mut add = |what, value| samples.add(Figure::Agents(what), column, value);
        Timer::after(SETTLE).await;
        let nobody = server.memory()?.rss;
        let mut agents = self.storm(server, count, come(LOGINS), &Rc::default()).await?;
        Timer::after(SETTLE).await;
        let all = server.memory()?.rss;
        add(Come::Nobody, nobody / 1024.0);
        add(Come::All, all / 1024.0);
        add(Come::Each, (all - nobody) / count as f64);
        let ping = world::ping(&server.way);
        for _ in 0..self.options.rounds {
            let witness = server.place(Transport::Wss, &self.connector);
            let pings = Pings::start(witness, count..count + 1).await?;
            let (usage, refused) = (Usage::start(server)?, Rc::default());
            drop(agents);
            agents = self.storm(server, count, come(count), &refused).await?;
            let used = usage.end(server)?;
            let latencies = pings.stop().await?;
            let resumed: usize = agents.iter().map(Agent::resumed).sum();
            let mut lost = 0;
            for agent in &mut agents {
                lost += usize::from(!agent.is_in(&ping).await);
            }
            add(Come::Seconds, used.wall);
            add(Come::Cpu, used.server * 1e3 / count as f64);
            add(Come::Generator, used.generator_share());
            add(Come::Resumed, 50.0 * resumed as f64 / count as f64);
            add(Come::Refused, refused.borrow().count as f64);
            add(Come::Lost, lost as f64);
            add(Come::P50, percentile(&latencies, 0.5));
            add(Come::P99, percentile(&latencies, 0.99));
            add(Come::Max, percentile(&latencies, 1.0));
            add(Come::Peak, server.memory()?.peak / 1024.0);
            Timer::after(SETTLE).await;
        }
        Ok(())
    }
}

/// Where an agent's connections go and come from; it remembers its sessions of TLS.
fn agent_place(server: &Server, index: usize) -> io::Result<Place> {
    let [high, low] = u16::try_from(index + 1).map_err(io::Error::other)?.to_be_bytes();
    let place = server.place(Transport::Wss, &socket::resuming()?);
    Ok(Place { from: Some(Ipv4Addr::new(127, 1, high, low)), ..place })
}
