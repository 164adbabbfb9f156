//! The client of a connection, as its requests see it: address, TLS, place and turns.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;

use crate::client_address;
use crate::http::events::body::Carried;
use crate::http::metering::Line;
use crate::hub::Peer;
use crate::net::accept::Turns;
use crate::net::connection::{Security, Slot};
use crate::net::socket::Remote;

/// The connection of a client while its requests are served.
pub struct Client {
    pub origin: Peer,
    /// The address of this machine by which it came in.
    pub own: IpAddr,
    /// The place of the client whose request came last by this proxy.
    pub place: RefCell<Option<Slot>>,
    /// The address in whose turns it is served: by a proxy, that of the client whose request came last.
    pub turns: Turns,
    /// The connection is to a listener with TLS, and has none.
    pub lacks_tls: bool,
    pub security: Option<Security>,
    pub remote: Remote,
    pub line: RefCell<Line>,
    /// The stream of server-sent events that the connection carries.
    pub carried: Carried,
    /// The request has come in whole, and its answer may not come for long.
    pub waits: Cell<bool>,
}

impl Client {
    /// Nothing is asked now: a connection of a proxy is no client's.
    pub fn rest(&self) {
        self.place.take();
        self.turns.set(client_address::key(self.origin.address.ip()));
    }
}
