//! Half-open peers: neither side is closed, and nothing comes through any more.

use std::net::SocketAddr;

use smol::{LocalExecutor, Task};

use crate::login::{connect, log_in};
use crate::relay::{End, Entry, Limit, Relay, through};
use crate::support::Server;
use crate::witness::witnessed;

/// In how many places of a login the hole opens.
const MOMENTS: usize = 12;

#[test]
fn a_client_that_falls_silent_at_any_moment_is_ended_and_no_other() {
    let limits = "[limits]\nlogin = \"2s\"\nping = \"1s\"\nping_answer = \"1s\"\nclose = \"500ms\"\n";
    let server = Server::with_log("info", limits);
    let other = Server::demo();
    witnessed(&server, |before| {
        let executor = LocalExecutor::new();
        let mut holes = Vec::new();
        for (address, other, secure) in [(server.plain, other.plain, false), (server.tls, other.tls, true)] {
            let whole = through(other, Limit::NONE, End::Fin, |at| client(at, secure, "whole".to_owned()));
            let [length, _] = whole.1;
            // The last one is logged in, and subscribed to what is published.
            for moment in 0..=MOMENTS {
                let limit = Limit::up(length * moment / MOMENTS);
                let hole = hole(
                    &executor,
                    address,
                    secure,
                    limit,
                    format!("{}-{moment}", if secure { "wss" } else { "ws" }),
                );
                holes.push(smol::block_on(executor.run(hole)));
            }
        }
        // They are still open on this side.
        before.comes_back(&server);
        let log = server.log();
        let silent = log.lines().filter(|line| line.contains("connection-timeout")).count();
        assert!(silent >= MOMENTS, "{silent} of the streams ended for their silence\n{log}");
        drop(holes);
    });
}

async fn client(address: SocketAddr, secure: bool, resource: String) {
    if let Ok(mut stream) = connect(address, secure).await {
        let _ = log_in(&mut *stream, "1001", &resource).await;
    }
}

/// A client behind a relay that carries so much and then nothing.
async fn hole<'a>(
    executor: &LocalExecutor<'a>,
    server: SocketAddr,
    secure: bool,
    limit: Limit,
    resource: String,
) -> (Relay, Task<()>) {
    let entry = Entry::new();
    let client = executor.spawn(client(entry.address(), secure, resource));
    let relay = entry.next(server).await;
    relay.carry(limit).await;
    (relay, client)
}
