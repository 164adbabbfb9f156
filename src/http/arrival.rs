//! Connections as they come in from `net`.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use log::Level;
use rustls::ServerConfig;

use crate::event_loop::client_log;
use crate::event_loop::log_shares::Kind;
use crate::http::client::Client;
use crate::http::connection;
use crate::http::events::body::Carried;
use crate::http::faults;
use crate::http::metering::Line;
use crate::http::site::Site;
use crate::http::xmpp::Way;
use crate::http::xmpp::task;
use crate::hub::{Peer, Transport};
use crate::net::accept::{Arrival, Host, Meeting, Turns};
use crate::net::connection::WritePatience;
use crate::net::listen::Listening;
use crate::net::tls::for_xmpp;

/// Serves one connection until it is closed or becomes a WebSocket. A client without TLS on a listener with it is told so.
pub async fn serve(site: Rc<Site>, arrival: Arrival) {
    let Arrival { connection: mut io, peer, own, accepted, lacks_tls, xmpp, turns } = arrival;
    if let Some(start_tls) = xmpp {
        let transport = if io.security().is_some() { Transport::Tls } else { Transport::Tcp };
        let origin = Peer { address: peer, transport, accepted, via_proxy: false };
        return task::serve(site.driver.clone(), io, origin, Way::Tcp(start_tls)).await;
    }
    let transport = if io.security().is_some() { Transport::Wss } else { Transport::Ws };
    let origin = Peer { address: peer, transport, accepted, via_proxy: false };
    let client = Rc::new(Client {
        origin,
        own,
        place: RefCell::default(),
        turns,
        lacks_tls,
        security: io.security(),
        remote: io.remote(),
        line: RefCell::new(Line::new(io.count())),
        carried: Carried::default(),
        waits: Cell::default(),
    });
    io.set_patience(Some(WritePatience::new(site.limits.login, site.limits.least_rate)));
    connection::serve(site.clone(), Box::new(io), client.clone()).await;
    client.line.borrow_mut().finish(&mut site.meters.borrow_mut());
}

impl Host for Site {
    fn spawn(&self, turns: Turns, task: impl Future<Output = ()> + 'static) {
        self.driver.spawn_arrival_of(turns, task);
    }

    fn next_round(&self) -> impl Future<Output = ()> {
        self.driver.next_round()
    }

    fn meet(self: &Rc<Self>, listener: SocketAddr, peer: IpAddr) -> Meeting {
        if self.faults { faults::of_arrival(self, listener, peer) } else { Meeting::Serve }
    }

    fn other_certificate(self: &Rc<Self>, listener: Listening, peer: IpAddr) -> Option<Arc<ServerConfig>> {
        if !self.faults {
            return None;
        }
        let config = faults::of_handshake(self, listener.address, peer)?;
        Some(if listener.xmpp { for_xmpp(&config) } else { config })
    }

    fn serve(self: Rc<Self>, arrival: Arrival) -> impl Future<Output = ()> + 'static {
        serve(self, arrival)
    }

    fn connection_failed(self: Rc<Self>, peer: SocketAddr, why: &str) {
        let line = format_args!("{peer} tls: {why}");
        client_log::of_peer(&self.driver, peer.ip(), Kind::Handshake, Level::Info, line);
    }
}
