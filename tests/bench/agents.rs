//! Agents: each at an address of its own, with a session over wss and a kept https connection for its requests, as a desktop has
//! them. In a storm all of them lose both at the same moment, and come back, while one who was in before asks for signs of life.

use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;

use smol::Timer;
use smol::lock::Semaphore;

use super::child::Server;
use super::client::{self, Client, Scratch};
use super::lines::{Come, Figure};
use super::login::{self, Generator, LOGINS};
use super::options::Transport;
use super::pings::Pings;
use super::report::{Column, Samples, percentile};
use super::requests::Requests;
use super::round::SETTLE;
use super::socket;
use super::usage::Usage;
use super::way::Place;
use super::world;

/// The most agents: there are addresses for them.
pub const MOST: usize = 60_000;

/// An agent that is in.
struct Agent {
    client: Client,
    requests: Requests,
    /// The path of the user.
    user: String,
}

impl Agent {
    /// Logs in up to the subscriptions of the desktop, then asks for the user and its calls.
    async fn come(place: &Place, index: usize, scratch: Scratch) -> io::Result<Self> {
        let client = login::login(place, index, login::both, scratch).await?;
        let name = place.way.user(index);
        let login = format!("{name}:{}", place.way.password(&name));
        let mut requests = Requests::connect(place, &login).await?;
        let user = world::node(&name);
        requests.get(&user).await?;
        requests.get(&format!("{user}/Dialogs")).await?;
        Ok(Self { client, requests, user })
    }

    /// Whether both connections are still there.
    async fn is_in(&mut self, ping: &str) -> bool {
        self.client.ask("ping", ping).await.is_ok() && self.requests.get(&self.user).await.is_ok()
    }

    /// How many of them go on with an earlier session of TLS.
    fn resumed(&self) -> usize {
        usize::from(self.client.is_resumed()) + usize::from(self.requests.socket.is_resumed())
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
pub fn agent_place(server: &Server, index: usize) -> io::Result<Place> {
    let [high, low] = u16::try_from(index + 1).map_err(io::Error::other)?.to_be_bytes();
    let place = server.place(Transport::Wss, &socket::resuming()?);
    Ok(Place { from: Some(Ipv4Addr::new(127, 1, high, low)), ..place })
}
