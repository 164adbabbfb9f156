//! What lies between a client and the server, counts what goes through, and fails when it has to.

use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use smol::future::{FutureExt as _, zip};
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use smol::{Async, Timer};

use crate::support::server::PATIENCE;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server is told that nothing more comes, and has to close for its part.
    Fin,
    /// The connection is not there any more.
    Rst,
}

/// How much goes through.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Bytes to the server.
    pub up: usize,
    /// Bytes to the client.
    pub down: usize,
}

impl Limit {
    pub const NONE: Self = Self { up: usize::MAX, down: usize::MAX };

    /// Lets `up` bytes through to the server, and whatever it answers.
    pub fn up(up: usize) -> Self {
        Self { up, ..Self::NONE }
    }

    /// Lets `down` bytes through to the client, and whatever it says.
    pub fn down(down: usize) -> Self {
        Self { down, ..Self::NONE }
    }
}

/// Both sides of one connection.
pub struct Relay {
    client: Async<TcpStream>,
    server: Async<TcpStream>,
    up: Cell<usize>,
    down: Cell<usize>,
}

/// Where clients find a relay.
pub struct Entry(Async<TcpListener>);

impl Entry {
    pub fn new() -> Self {
        Self(Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("there is a free port"))
    }

    pub fn address(&self) -> SocketAddr {
        self.0.get_ref().local_addr().expect("it is bound")
    }

    /// The next client, and a connection of its own to the server.
    pub async fn next(&self, server: SocketAddr) -> Relay {
        let (client, _) = self.0.accept().await.expect("a client connects");
        let server = Async::<TcpStream>::connect(server).await.expect("the server accepts connections");
        Relay { client, server, up: Cell::default(), down: Cell::default() }
    }
}

impl Relay {
    /// How many bytes have gone to the server, and to the client.
    pub fn passed(&self) -> [usize; 2] {
        [self.up.get(), self.down.get()]
    }

    /// Carries bytes in both directions until a limit is reached or a side has ended.
    pub async fn carry(&self, limit: Limit) {
        let up = copy(&self.client, &self.server, &self.up, limit.up);
        let down = copy(&self.server, &self.client, &self.down, limit.down);
        // That one side is gone is what a relay sees all the time.
        let _ = up.or(down).await;
    }

    /// Ends both connections. Waits for the server's end, if it has to end by itself.
    pub async fn end(self, how: End) {
        let server = self.server;
        match how {
            End::Rst => {
                // Fails where the server has closed already.
                let _ = set_socket_linger(&server, Some(Duration::ZERO));
            }
            End::Fin => {
                let _ = server.get_ref().shutdown(std::net::Shutdown::Write);
                let rest = async { smol::io::copy(&server, smol::io::sink()).await };
                let late = async {
                    Timer::after(PATIENCE).await;
                    panic!("the server does not close")
                };
                let _ = rest.or(late).await;
            }
        }
    }
}

/// Lets a client speak to `server` through a relay with a limit. Returns what became of the client, and how many bytes
/// went to the server and to the client.
pub fn through<T>(
    server: SocketAddr,
    limit: Limit,
    end: End,
    client: impl AsyncFnOnce(SocketAddr) -> T,
) -> (T, [usize; 2]) {
    let entry = Entry::new();
    let relay = async {
        let relay = entry.next(server).await;
        relay.carry(limit).await;
        let passed = relay.passed();
        relay.end(end).await;
        passed
    };
    smol::block_on(zip(client(entry.address()), relay))
}

async fn copy(
    mut from: &Async<TcpStream>,
    mut to: &Async<TcpStream>,
    passed: &Cell<usize>,
    limit: usize,
) -> io::Result<()> {
    let mut buffer = [0; 4096];
    while passed.get() < limit {
        let most = buffer.len().min(limit - passed.get());
        let length = from.read(&mut buffer[..most]).await?;
        if length == 0 {
            break;
        }
        to.write_all(&buffer[..length]).await?;
        passed.set(passed.get() + length);
    }
    Ok(())
}
