//! An echo over callboard's own WebSockets, for Autobahn's tests of conformance; see `run` in this folder.
//!
//! The files of `src/net` that a WebSocket goes through are compiled once more here, as they are, with other neighbours:
//! in the hub's place is an echo, and the server's state is what an echo needs. So the tested code is that of the program,
//! and the program has no switch for it.
#![allow(clippy::disallowed_methods, reason = "the network part has the clock and the sockets")]

mod hub;
mod net;

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;

// What the files of `src/net` find in the crate.
use callboard::{address, id, xmpp};
use smol::future::FutureExt as _;
use smol::{Async, LocalExecutor};

use callboard::config::Config;
use callboard::net::tls;
use net::Server;

/// Echoes until it is killed. Prints where, without TLS and with it.
fn main() -> io::Result<()> {
    let executor = Rc::new(LocalExecutor::new());
    let server = Server::new(executor.clone());
    let identity = tls::identity(&Config::demo()).ok().flatten().ok_or(io::ErrorKind::NotFound)?;
    for (scheme, config) in [("ws", None), ("wss", Some(identity.server))] {
        let listener = Async::<TcpListener>::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        println!("listening {scheme}://{}/", listener.get_ref().local_addr()?);
        server.spawn(net::accept(server.clone(), listener, scheme, config));
    }
    io::stdout().flush()?;
    smol::block_on(executor.run(std::future::pending()).or(server.write()))
}
