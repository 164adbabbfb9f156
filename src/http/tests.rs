//! Connections that are served without a listener, so that a test says when their tasks have turns.

mod turns;

use std::cell::Cell;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;

use smol::Async;

use crate::config::Config;
use crate::http::arrival;
use crate::http::site::Site;
use crate::net::accept::Arrival;
use crate::net::clock::now;
use crate::net::connection::Connection;
use crate::net::socket::Socket;

/// A client that has connected, and the server's end of its connection.
fn connected(site: &Site) -> (TcpStream, Connection) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let client = TcpStream::connect(listener.local_addr().expect("it has one")).expect("it listens");
    let (stream, peer) = listener.accept().expect("it has connected");
    let stream = Socket::new(Async::new(stream).expect("it can wait"));
    let places = site.admission.count(peer.ip()).expect("there is room");
    (client, Connection::plain(stream, peer, places, site.admission.traffic.clone()))
}

/// The connection as the listener hands it on.
fn came_in(connection: Connection) -> Arrival {
    let peer = connection.peer;
    let turns = Rc::new(Cell::new(peer.ip()));
    // Both ends are on this machine.
    Arrival {
        own: peer.ip(),
        connection,
        peer,
        accepted: now().monotonic,
        lacks_tls: false,
        xmpp: None,
        turns,
    }
}

/// A client that has connected and is served, by a task among those of the sessions.
pub(crate) fn served(site: &Rc<Site>) -> TcpStream {
    let (client, io) = connected(site);
    site.driver.spawn(arrival::serve(site.clone(), came_in(io)));
    client
}
