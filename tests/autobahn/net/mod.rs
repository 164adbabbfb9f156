//! The way of a WebSocket through callboard's own files, and how a connection comes to it.
#![allow(dead_code, reason = "the program needs more of its files than an echo does")]

#[path = "../../../src/net/answer.rs"]
mod answer;
mod frames;
#[path = "../../../src/net/handshake.rs"]
mod handshake;
#[path = "../../../src/net/io.rs"]
mod io;
#[path = "../../../src/net/quota.rs"]
mod quota;
#[path = "../../../src/net/rounds.rs"]
mod rounds;
#[path = "../../../src/net/scratch.rs"]
mod scratch;
mod server;
#[path = "../../../src/net/sleepers.rs"]
mod sleepers;
#[path = "../../../src/net/socket.rs"]
mod socket;
#[path = "../../../src/net/tls_stream.rs"]
mod tls_stream;
#[path = "../../../src/net/traffic.rs"]
mod traffic;
#[path = "../../../src/net/ws.rs"]
mod ws;

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use rustls::ServerConfig;
use smol::Async;
use smol_hyper::rt::FuturesIo;

use crate::hub::Origin;
use answer::Answer;
use io::{Count, Io};
use quota::Quota;
pub use server::Server;
use server::now;
use socket::Socket;
use tls_stream::TlsStream;

/// Accepts connections for ever. `transport`: `ws`, or `wss` with a configuration of TLS.
pub async fn accept(
    server: Rc<Server>,
    listener: Async<TcpListener>,
    transport: &'static str,
    tls: Option<Arc<ServerConfig>>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                server.spawn(connection(server.clone(), stream, peer, transport, tls.clone()));
            }
            Err(error) => eprintln!("echo: no connection can be accepted: {error}"),
        }
    }
}

async fn connection(
    server: Rc<Server>,
    stream: Async<TcpStream>,
    peer: SocketAddr,
    transport: &'static str,
    tls: Option<Arc<ServerConfig>>,
) {
    let origin = Origin { peer, transport, accepted: now().monotonic };
    let count = Count::default();
    let slots = [count.take(), count.take()];
    let io = match tls {
        None => Io::plain(Socket::new(stream), peer, slots, Arc::default()),
        Some(config) => {
            match TlsStream::accept(config, Socket::new(stream), Quota::new(usize::MAX).part(peer.ip())).await
            {
                Ok(stream) => Io::tls(stream, peer, slots, Arc::default()),
                Err(error) => return eprintln!("echo: no handshake: {error}"),
            }
        }
    };
    let service = service_fn(|request| {
        let answer =
            handshake::answer(server.clone(), request, origin, false, None).unwrap_or_else(Answer::from);
        async { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new().serve_connection(FuturesIo::new(io), service).with_upgrades().await;
    if let Err(error) = served {
        eprintln!("echo: {error}");
    }
}
