//! The bound on connections: how many there may be, of one address and of all. A connection that is idle gives way to a new one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Arguments;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::client_address;
use crate::config::Network;
use crate::config::limits::Limits;
use crate::net::clock::now;
use crate::net::connection::{Gauge, Slot, Slots};
use crate::net::idle_connections::Idle;
use crate::net::quota::Quota;
use crate::net::refusals::Refusals;
use crate::net::traffic::Traffic;

/// The most addresses without a connection that stay in the table.
const SPARE_ADDRESSES: usize = 64;

/// The connections there are, and what they may take before anybody knows whose they are.
pub struct Admission {
    pub limits: Limits,
    pub connections: Gauge,
    /// The connections of each address that has any.
    addresses: RefCell<HashMap<IpAddr, Gauge>>,
    /// Connections that there was no room for.
    pub refusals: RefCell<Refusals>,
    /// HTTP connections between two requests.
    pub idle: RefCell<Idle>,
    pub trusted_proxies: Vec<Network>,
    /// The bytes that incomplete TLS handshakes and heads of requests hold.
    pub handshakes: Quota,
    /// The traffic of all connections.
    pub traffic: Arc<Traffic>,
}

impl Admission {
    /// Without any connections.
    pub fn new(limits: Limits, trusted_proxies: Vec<Network>) -> Self {
        Self {
            connections: Gauge::default(),
            addresses: RefCell::default(),
            refusals: RefCell::default(),
            idle: RefCell::default(),
            trusted_proxies,
            handshakes: Quota::new(limits.handshakes),
            traffic: Arc::default(),
            limits,
        }
    }

    /// Counts a connection from this address; `None`: it has as many as it may have. That of a trusted proxy counts for its
    /// clients, when it is known which.
    pub fn count(&self, address: IpAddr) -> Option<Slots> {
        let of_client =
            if self.is_proxy(address) { Gauge::default().take() } else { self.count_client(address)? };
        Some([self.connections.take(), of_client])
    }

    /// Whether clients come by this address.
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }

    /// Counts a connection of a client at this address; `None`: the client has as many as it may have.
    pub fn count_client(&self, address: IpAddr) -> Option<Slot> {
        let mut addresses = self.addresses.borrow_mut();
        if addresses.len() > 2 * self.connections.get() + SPARE_ADDRESSES {
            addresses.retain(|_, count| count.get() > 0);
        }
        let count = addresses.entry(client_address::key(address)).or_default();
        (count.get() < self.limits.connections_per_address).then(|| count.take())
    }

    /// Admits a new connection, if need be in place of an idle one. `None`: there is no room for it.
    pub fn admit(&self, peer: SocketAddr) -> Option<Slots> {
        let Limits { connections, connections_per_address, .. } = self.limits;
        let (own, gives_way) = (Some(peer.ip()), |of| self.idle.borrow_mut().close_longest(of));
        let slots = self.count(peer.ip()).or_else(|| gives_way(own).then(|| self.count(peer.ip()))?);
        if slots.is_none() {
            self.refused(peer, format_args!("{connections_per_address} connections of its address"), own);
        } else if self.connections.get() > connections && !gives_way(None) {
            self.refused(peer, format_args!("{connections} connections"), None);
            return None;
        }
        slots
    }

    /// Counts a connection that there is no room for, because so many are open, of all or of its address.
    pub fn refused(&self, peer: SocketAddr, many: Arguments<'_>, of: Option<IpAddr>) {
        let Some(more) = self.refusals.borrow_mut().another(now().monotonic) else { return };
        let idle = self.idle.borrow().count(of);
        match more {
            0 => log::warn!("{peer}: refused, {many} are open, {idle} of them idle"),
            more => log::warn!(
                "{peer}: refused, {many} are open, {idle} of them idle; {more} were refused since it was said last"
            ),
        }
    }
}
