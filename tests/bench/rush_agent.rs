//! An agent of the rush hour: a desktop whose session hears of calls, and whose kept connection answers them.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use callboard::scenario::Random;
use smol::Timer;
use smol::channel::{Receiver, Sender, bounded};
use smol::future::FutureExt as _;

use super::client::{Client, Scratch};
use super::login;
use super::requests::Requests;
use super::rush_hour::{self, RushHour, Work};
use super::way::Place;
use super::world;

/// From one ping of a session to the next, as Cisco's desktop has it.
const PING: Duration = Duration::from_secs(10);

/// What all agents have seen since counting began.
#[derive(Default)]
pub struct Seen {
    pub deliveries: u64,
    /// From a request to its event, in microseconds.
    pub events: Vec<u32>,
    /// From a ping to its answer.
    pub pings: Vec<u32>,
    /// Requests.
    pub requests: usize,
    /// Requests that were refused: the caller had hung up before the agent answered, for example.
    pub refused: usize,
    /// Requests without an event by the next one.
    pub missing: usize,
    /// Kept connections that had gone before a request, and were made anew.
    pub reconnected: usize,
    /// Sessions and agents that ended.
    pub lost: usize,
}

/// What all agents share.
pub struct Shared {
    pub seen: RefCell<Seen>,
    pub rush_hour: RushHour,
}

/// An agent, whom the tasks of both its connections know.
struct Agent {
    index: usize,
    name: String,
    place: Place,
    shared: Rc<Shared>,
    /// The request that waits for its event: its number, and when it was made.
    waiting: Cell<Option<(usize, Instant)>>,
    requests: Cell<usize>,
    /// The call that rang last.
    rang: Cell<u64>,
    came: Sender<Came>,
}

/// A message of the session to the other task.
enum Came {
    /// The event of the request.
    Event,
    /// A call rings.
    Call(u64),
}

/// Both connections of an agent that is in.
pub struct In {
    agent: Rc<Agent>,
    client: Client,
    kept: Requests,
    receiver: Receiver<Came>,
}

impl In {
    /// Logs in up to the subscriptions, and asks for the user and its calls.
    pub async fn come(place: &Place, index: usize, scratch: Scratch, shared: Rc<Shared>) -> io::Result<Self> {
        let client = login::login(place, index, rush_hour::nodes, scratch).await?;
        let name = place.way.user(index);
        let (came, receiver) = bounded(64);
        let agent = Agent {
            index,
            name,
            place: place.clone(),
            shared,
            waiting: Cell::default(),
            requests: Cell::default(),
            rang: Cell::default(),
            came,
        };
        let mut kept = agent.connect().await?;
        kept.get(&world::node(&agent.name)).await?;
        kept.get(&format!("{}/Dialogs", world::node(&agent.name))).await?;
        Ok(Self { agent: Rc::new(agent), client, kept, receiver })
    }

    /// Works until one of the connections ends.
    pub async fn work(self) {
        let Self { agent, client, kept, receiver } = self;
        let ended = agent.listen(client).or(agent.answer_calls(kept, receiver)).await;
        if let Err(error) = ended {
            let mut seen = agent.shared.seen.borrow_mut();
            if seen.lost == 0 {
                eprintln!("{}: {error}", agent.name);
            }
            seen.lost += 1;
        }
    }
}

impl Agent {
    async fn connect(&self) -> io::Result<Requests> {
        Requests::connect(&self.place, &format!("{0}:{1}", self.name, self.place.way.password(&self.name)))
            .await
    }

    /// Takes what comes to the session, and pings. The agents' pings are spread over the time between two.
    async fn listen(&self, mut client: Client) -> io::Result<()> {
        let ping = world::ping(&self.place.way);
        let mut due = Instant::now() + PING.mul_f64((self.index * 7919 % 10_000) as f64 / 10_000.0);
        let mut pinged = None;
        let dialogs = format!("{}/Dialogs", world::node(&self.name));
        loop {
            let read =
                async { client.texts(|frame| self.take(frame, &dialogs, &mut pinged)).await.map(|()| true) };
            let pause = async {
                Timer::at(due).await;
                Ok(false)
            };
            if !read.or(pause).await? {
                if pinged.replace(Instant::now()).is_some() {
                    return Err(io::Error::other("a ping was not answered within 10 s"));
                }
                client.say(&ping).await?;
                due += PING;
            }
        }
    }

    fn take(&self, frame: &[u8], dialogs: &str, pinged: &mut Option<Instant>) {
        let text = String::from_utf8_lossy(frame);
        let mut seen = self.shared.seen.borrow_mut();
        if text.starts_with("<iq") {
            seen.pings.extend(pinged.take().map(micros));
        } else if text.starts_with("<message") {
            seen.deliveries += 1;
            if let Some((number, sent)) = self.waiting.get()
                && text.contains(&id(self.index, number))
            {
                seen.events.push(micros(sent));
                self.waiting.set(None);
                self.tell(Came::Event);
            }
            if text.contains("ALERTING")
                && text.contains(dialogs)
                && let Some(call) = call(&text)
                && self.rang.replace(call) != call
            {
                self.tell(Came::Call(call));
            }
        }
    }

    fn tell(&self, came: Came) {
        // A task that is so far behind hears of the next call.
        let _ = self.came.try_send(came);
    }

    /// Signs in within the first minute, then answers the calls that ring and talks.
    async fn answer_calls(&self, mut kept: Requests, came: Receiver<Came>) -> io::Result<()> {
        let user = world::node(&self.name);
        let extension = rush_hour::extension(self.index);
        let state = |state: &str| format!("<User><state>{state}</state></User>");
        let login = format!("<User><state>LOGIN</state><extension>{extension}</extension></User>");
        let mut random = Random::new(7, "agent", self.index);
        pause(self.shared.rush_hour.sign_in(&mut random)).await;
        self.put(&mut kept, &user, &login).await?;
        while !matches!(came.recv().await, Ok(Came::Event)) {}
        self.put(&mut kept, &user, &state("READY")).await?;
        loop {
            let call = match came.recv().await.map_err(io::Error::other)? {
                Came::Call(call) => call,
                Came::Event => continue,
            };
            let Work { answer, talk, hold } = self.shared.rush_hour.work(&mut random);
            pause(answer).await;
            let dialog = format!("/finesse/api/Dialog/{call}");
            let action = |action: &str| {
                format!(
                    "<Dialog><targetMediaAddress>{extension}</targetMediaAddress>\
                     <requestedAction>{action}</requestedAction></Dialog>"
                )
            };
            if !self.put(&mut kept, &dialog, &action("ANSWER")).await? {
                // The caller has hung up, or the call has gone on to another agent.
                self.put(&mut kept, &user, &state("READY")).await?;
                continue;
            }
            let (before, behind) = hold.map_or((talk, 0), |(before, _)| (before, talk - before));
            pause(before).await;
            if let Some((_, length)) = hold {
                self.put(&mut kept, &dialog, &action("HOLD")).await?;
                pause(length).await;
                self.put(&mut kept, &dialog, &action("RETRIEVE")).await?;
                pause(behind).await;
            }
            self.put(&mut kept, &dialog, &action("DROP")).await?;
        }
    }

    /// Asks for a change, whose event the session looks for. Tells whether it was accepted.
    async fn put(&self, kept: &mut Requests, path: &str, body: &str) -> io::Result<bool> {
        let number = self.requests.get() + 1;
        self.requests.set(number);
        let lines = format!("Content-Type: application/xml\r\nrequestId: {}\r\n", id(self.index, number));
        if self.waiting.replace(Some((number, Instant::now()))).is_some() {
            self.shared.seen.borrow_mut().missing += 1;
        }
        let answer = match kept.exchange("PUT", path, &lines, body).await {
            Ok(answer) => answer,
            // The server may close a connection between two requests.
            Err(_) => {
                self.shared.seen.borrow_mut().reconnected += 1;
                *kept = self.connect().await?;
                kept.exchange("PUT", path, &lines, body).await?
            }
        };
        let mut seen = self.shared.seen.borrow_mut();
        seen.requests += 1;
        let is_accepted = answer.status == 202;
        if !is_accepted {
            seen.refused += 1;
            self.waiting.set(None);
        }
        Ok(is_accepted)
    }
}

/// The id of a request of an agent.
fn id(agent: usize, number: usize) -> String {
    format!("#{agent}-{number}.")
}

/// The call that a text names.
fn call(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("/finesse/api/Dialog/")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
    rest[..end].parse().ok()
}

async fn pause(milliseconds: u64) {
    Timer::after(Duration::from_millis(milliseconds)).await;
}

fn micros(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX)
}
