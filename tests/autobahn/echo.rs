//! An echo over callboard's own WebSockets, for Autobahn's tests of conformance; see `run` in this folder.
//!
//! The bytes go through the program's own code, from the socket to the messages and back. Only the owner of the sessions is
//! another one: everything comes back to its sender.
#![allow(clippy::disallowed_methods, reason = "an echo has a clock and sockets")]

mod sessions;

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use callboard::config::Config;
use callboard::http::response::Response;
use callboard::http::xmpp::handshake;
use callboard::hub::{Peer, Transport};
use callboard::net::connection::{Connection, Gauge};
use callboard::net::quota::Quota;
use callboard::net::socket::Socket;
use callboard::net::tls;
use callboard::net::tls::stream::TlsStream;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use rustls::ServerConfig;
use sessions::Echo;
use smol::future::FutureExt as _;
use smol::{Async, LocalExecutor};
use smol_hyper::rt::FuturesIo;

/// Echoes until it is killed. Prints where, without TLS and with it.
fn main() -> io::Result<()> {
    let executor = Rc::new(LocalExecutor::new());
    let echo = Rc::new(Echo::new(executor.clone()));
    let state_dir = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/autobahn/state"));
    let mut config = Config::demo();
    config.state_dir = state_dir;
    let identity = tls::identity(&config.files(), None).ok().flatten().ok_or(io::ErrorKind::NotFound)?;
    for (scheme, config) in [(Transport::Ws, None), (Transport::Wss, Some(identity.server))] {
        let listener = Async::<TcpListener>::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        println!("listening {scheme}://{}/", listener.get_ref().local_addr()?);
        executor.spawn(accept(executor.clone(), echo.clone(), listener, scheme, config)).detach();
    }
    io::stdout().flush()?;
    smol::block_on(executor.run(std::future::pending()).or(echo.write()))
}

/// Accepts connections for ever. `transport`: WSS needs a configuration of TLS.
async fn accept(
    executor: Rc<LocalExecutor<'static>>,
    echo: Rc<Echo>,
    listener: Async<TcpListener>,
    transport: Transport,
    tls: Option<Arc<ServerConfig>>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                executor.spawn(connection(echo.clone(), stream, peer, transport, tls.clone())).detach();
            }
            Err(error) => eprintln!("echo: no connection can be accepted: {error}"),
        }
    }
}

async fn connection(
    echo: Rc<Echo>,
    stream: Async<TcpStream>,
    peer: SocketAddr,
    transport: Transport,
    tls: Option<Arc<ServerConfig>>,
) {
    let origin = Peer { address: peer, transport, accepted: Instant::now(), via_proxy: false };
    let count = Gauge::default();
    let slots = [count.take(), count.take()];
    let io = match tls {
        None => Connection::plain(Socket::new(stream), peer, slots, Arc::default()),
        Some(config) => {
            let quota = Quota::new(usize::MAX);
            match TlsStream::accept(config, Socket::new(stream), quota.part(peer.ip())).await {
                Ok(stream) => Connection::tls(stream, peer, slots, Arc::default()),
                Err(error) => return eprintln!("echo: no handshake: {error}"),
            }
        }
    };
    let service = service_fn(|request| {
        let answer = handshake::answer(echo.clone(), request, origin, false, None);
        async { Ok::<_, Infallible>(answer.unwrap_or_else(Response::from)) }
    });
    let served = http1::Builder::new().serve_connection(FuturesIo::new(io), service).with_upgrades().await;
    if let Err(error) = served {
        eprintln!("echo: {error}");
    }
}
