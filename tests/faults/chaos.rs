//! Many clients at once whose connections fail by chance.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;
use smol::future::{FutureExt as _, zip};
use smol::{LocalExecutor, Timer};

use crate::login::{connect, log_in, read_on};
use crate::relay::{End, Entry, Limit};
use crate::support::Server;
use crate::witness::witnessed;

const CLIENTS: usize = 30;

/// How long it goes on.
const LASTING: Duration = Duration::from_secs(8);

/// The most bytes that are let through in either direction: a few logins with some events.
const BYTES: usize = 6000;

/// The longest time until a client leaves, until its connection fails, and that this is silent before it ends, in
/// milliseconds.
const MILLIS: u64 = 400;

#[test]
fn many_clients_that_break_off_by_chance_disturb_nobody() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = Rng::with_seed(seed);
    let server = Server::with_log("warn", "");
    witnessed(&server, |_| {
        let executor = LocalExecutor::new();
        let until = Instant::now() + LASTING;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| executor.spawn(unlucky(&server, random.fork(), number, until)))
            .collect();
        let connections = smol::block_on(executor.run(async {
            let mut connections = 0;
            for client in clients {
                connections += client.await;
            }
            connections
        }));
        assert!(connections > CLIENTS, "{connections} connections are no chaos");
    });
}

/// Runs an unlucky client. Returns how many connections it had.
async fn unlucky(server: &Server, mut random: Rng, number: usize, until: Instant) -> usize {
    let user = (1001 + number % 5).to_string();
    let mut connections = 0;
    while Instant::now() < until {
        let [secure, silent, reset] = [(); 3].map(|()| random.bool());
        let limit = Limit { up: random.usize(..BYTES), down: random.usize(..BYTES) };
        let [client_leaves, relay_ends, after] =
            [(); 3].map(|()| Duration::from_millis(random.u64(..MILLIS)));
        let resource = format!("{number}-{connections}");
        let entry = Entry::new();
        let client = client(entry.address(), secure, &user, &resource).or(sleep(client_leaves));
        let relay = async {
            let relay = entry.next(if secure { server.tls } else { server.plain }).await;
            relay.carry(limit).or(sleep(relay_ends)).await;
            if silent {
                sleep(after).await;
            }
            relay.end(if reset { End::Rst } else { End::Fin }).await;
        };
        zip(client, relay).await;
        connections += 1;
    }
    connections
}

async fn client(address: SocketAddr, secure: bool, user: &str, resource: &str) {
    let Ok(mut stream) = connect(address, secure).await else { return };
    if log_in(&mut *stream, user, resource).await.is_ok() {
        read_on(&mut *stream).await;
    }
}

async fn sleep(time: Duration) {
    Timer::after(time).await;
}
