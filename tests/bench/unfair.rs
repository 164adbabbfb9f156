//! Attacks, one after the other on fresh servers, and what a witness that has nothing to do with them suffers.

use std::cell::Cell;
use std::fs;
use std::io::{self, Read as _};
use std::process::Stdio;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use smol::Timer;
use smol::future::FutureExt as _;

use super::attacks::{Attack, FILE, FILE_SIZE, Scene, VICTIM};
use super::child::Server;
use super::client::Client;
use super::lines::{Figure, Suffered};
use super::login::Generator;
use super::report::{Column, Samples};
use super::servers::Servers;
use super::usage::Usage;
use super::witness::{Errand, Witness};
use super::world;

/// The number of the witness's user; new clients are the users behind it.
const WITNESS: usize = 10;
/// Users: enough for new clients all the time.
pub const USERS: usize = 400;
/// Sessions of the victim, which read what comes.
const VICTIMS: usize = 4;
/// A small file beside the large one.
const SMALL: &str = "small.txt";

/// The folder of web pages that some attacks need.
pub fn www(servers: &Servers) -> io::Result<String> {
    let folder = servers.folder().join("www");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(FILE), vec![b'x'; FILE_SIZE])?;
    fs::write(folder.join(SMALL), "small\n")?;
    Ok(folder.display().to_string())
}

/// Whether passwords are hashed where it happens.
pub fn is_hashed(attack: Attack) -> bool {
    attack == Attack::Passwords
}

/// Counts what a server writes into its log, and keeps none of it.
pub struct LogCount(Arc<AtomicU64>);

impl LogCount {
    /// From now on.
    pub fn of(server: &mut Server) -> io::Result<Self> {
        let mut log = server.take_log().ok_or(io::ErrorKind::BrokenPipe)?;
        let count = Arc::new(AtomicU64::new(0));
        let counted = count.clone();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = log.read(&mut buffer) {
                counted.fetch_add(length as u64, Ordering::Relaxed);
            }
        });
        Ok(Self(count))
    }

    fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Where the log has to go for that.
    pub fn way() -> Stdio {
        Stdio::piped()
    }
}

impl Generator {
    /// Measures an attack on a fresh server.
    pub async fn unfair(
        &self,
        server: &Server,
        log: &LogCount,
        column: Column,
        attack: Attack,
        samples: &mut Samples,
    ) -> io::Result<()> {
        let scene = Scene {
            executor: self.executor.clone(),
            place: server.place(column.transport, &self.connector),
            plain: server.plain.address,
            tls: server.tls.address,
        };
        let ended = Rc::new(Cell::new(0));
        let is_harmed = matches!(attack, Attack::GrowingStanzas | Attack::LongMessages | Attack::Publishes);
        let mut victims = Vec::new();
        for number in 0..if is_harmed { VICTIMS } else { 0 } {
            let client = victim(&scene, number).await?;
            let ended = ended.clone();
            victims.push(self.executor.spawn(async move {
                read(client).await;
                ended.set(ended.get() + 1);
            }));
        }
        let seconds = f64::from(self.options.seconds);
        let path = if attack == Attack::Files { SMALL } else { "finesse/api/User/{}" };
        let errand = Errand {
            transport: column.transport,
            address: scene.place.address,
            plain: server.plain.address,
            user: WITNESS,
            seconds,
            path: format!("/{path}"),
        };
        let witness = Witness::start(&errand, server.way.password.as_deref()).await?;
        server.reset_peak();
        let (usage, before) = (Usage::start(server)?, log.bytes());
        let end = Instant::now() + Duration::from_secs_f64(seconds);
        let over = async {
            Timer::at(end).await;
        };
        scene.attack(attack).or(over).await;
        let (used, written) = (usage.end(server)?, log.bytes() - before);
        let memory = server.memory()?;
        let seen = witness.testimony().await?;
        let mut add = |what, value| samples.add(Figure::Unfair(attack, what), column, value);
        add(Suffered::P50, seen.p50);
        add(Suffered::P99, seen.p99);
        add(Suffered::Max, seen.max);
        add(Suffered::Newcomer, seen.newcomer);
        add(Suffered::Refused, seen.refused as f64);
        add(Suffered::Ended, (seen.ended + ended.get()) as f64);
        add(Suffered::Peak, memory.peak / 1024.0);
        add(Suffered::Log, written as f64 / 1024.0 / used.wall);
        add(Suffered::Cpu, used.server_share());
        Ok(())
    }
}

/// Logs in a session of the victim, which is sent messages and events.
async fn victim(scene: &Scene, number: usize) -> io::Result<Client> {
    let resource = format!("victim-{number}");
    let mut client = scene.session(VICTIM, &resource).await?;
    let jid = format!("{}@{}/{resource}", scene.place.way.user(VICTIM), scene.place.way.domain);
    client.say("<presence xmlns='jabber:client'/>").await?;
    let child = format!(
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='{}' jid='{jid}'/></pubsub>",
        world::NODE
    );
    let service = format!("pubsub.{}", scene.place.way.domain);
    client.ask("subscribe", &world::iq("set", "subscribe", &service, &child)).await?;
    Ok(client)
}

/// Reads at full speed until the session ends.
async fn read(mut client: Client) {
    let mut is_over = false;
    while !is_over {
        let read = client.texts(|text| is_over |= text.starts_with(b"<stream:error"));
        if read.await.is_err() {
            break;
        }
    }
}
