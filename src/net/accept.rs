//! Connections as they come in, up to the first request.

use std::io::Error;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use smol::future::FutureExt as _;
use smol::{Async, Timer};

use super::io::{Io, Slots};
use super::reload::InUse;
use super::server::{Server, now};
use super::shortage::{Over, Shortage};
use super::tls_stream::TlsStream;
use super::{Listener, http};
use crate::clock::Seconds;
use crate::hub::Origin;

/// How long to wait after the system had no resources for one more connection.
const BREATH: Duration = Duration::from_millis(100);

/// Accepts connections for ever. The handshakes run in tasks of their own.
pub async fn accept(server: Rc<Server>, listener: Listener, tls: InUse) {
    let address = listener.address;
    let mut shortage = Shortage::default();
    loop {
        let accepted = async { Some(listener.socket.accept().await) };
        let over = async {
            match shortage.due() {
                Some(due) => Timer::at(due).await,
                None => std::future::pending().await,
            };
            None
        };
        let (stream, peer) = match accepted.or(over).await {
            Some(Ok(accepted)) => accepted,
            Some(Err(error)) => {
                // No descriptors or no memory: those that are in stay in, new ones wait in the system's queue.
                if shortage.failed(now().monotonic) {
                    log::warn!("{address}: no connection can be accepted now, new ones wait: {error}");
                }
                Timer::after(BREATH).await;
                continue;
            }
            None => {
                if let Some(Over { lasted, accepted }) = shortage.end() {
                    let seconds = Seconds(lasted);
                    log::warn!(
                        "{address}: connections are accepted again, after {seconds:.1} s; {accepted} have come in"
                    );
                }
                continue;
            }
        };
        shortage.accepted();
        if server.connections.get() >= server.limits.connections {
            log::warn!("{peer}: refused, {} connections are open", server.limits.connections);
            continue;
        }
        let Some(slots) = server.places(peer.ip()) else {
            let limit = server.limits.connections_per_address;
            log::warn!("{peer}: refused, {limit} connections of its address are open");
            continue;
        };
        let config = listener.tls.then(|| tls.borrow().clone()).flatten();
        server.spawn_arrival(connection(server.clone(), stream, peer, slots, config));
    }
}

async fn connection(
    server: Rc<Server>,
    stream: Async<TcpStream>,
    peer: SocketAddr,
    slots: Slots,
    config: Option<Arc<ServerConfig>>,
) {
    log::debug!("{peer}: connection accepted");
    let accepted = now().monotonic;
    // An event is one small write: it must not wait for the answer to the one before.
    if let Err(error) = stream.get_ref().set_nodelay(true) {
        return log::info!("{peer}: gone at once: {error}");
    }
    let traffic = server.traffic.clone();
    let opened = async {
        match config {
            None => Ok((Io::plain(stream, peer, slots, traffic), "ws", false)),
            Some(_) if speaks_http(&stream).await => {
                Ok((Io::plain(stream, peer, slots, traffic), "ws", true))
            }
            Some(config) => {
                let stream = TlsStream::accept(config, stream).await?;
                Ok((Io::tls(stream, peer, slots, traffic), "wss", false))
            }
        }
    };
    let limit = server.limits.login;
    let late = async {
        Timer::after(limit).await;
        Err(Error::other(format!("no handshake within {limit:?}")))
    };
    match opened.or(late).await {
        Ok((io, transport, lacks_tls)) => {
            http::serve(server, io, Origin { peer, transport, accepted }, lacks_tls).await;
        }
        Err(error) => log::info!("{peer} tls: {error}"),
    }
}

/// Tells whether the first byte is that of a request of HTTP: a letter, as no record of TLS begins with one.
async fn speaks_http(stream: &Async<TcpStream>) -> bool {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1)) && first[0].is_ascii_uppercase()
}
