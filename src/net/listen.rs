//! Open listeners.

use std::fmt;
use std::io::{self, Error, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use smol::Async;

/// How many clients may wait until their connections are accepted, if the system lets as many. All clients may come back at
/// once, and a client that finds the queue full tries again only after a second (listen(2)).
const ACCEPT_BACKLOG: i32 = 4096;

/// An open listener.
pub struct Listener {
    pub socket: Async<TcpListener>,
    pub address: SocketAddr,
    /// Whether its connections begin with a TLS handshake.
    pub tls: bool,
    /// Whether XMPP is spoken there, and not HTTP.
    pub xmpp: bool,
}

/// Where a listener is.
#[derive(Clone, Copy)]
pub struct Listening {
    pub address: SocketAddr,
    pub tls: bool,
    pub xmpp: bool,
}

impl Listening {
    /// Whether there can be TLS: without it in the first byte, XMPP has STARTTLS.
    pub fn shows_certificate(self) -> bool {
        self.tls || self.xmpp
    }
}

impl fmt::Display for Listening {
    /// Writes the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.xmpp { "xmpp" } else { "http" };
        write!(f, "{scheme}{}://{}", if self.tls { "s" } else { "" }, self.address)
    }
}

impl Listener {
    /// Where it is.
    pub fn at(&self) -> Listening {
        Listening { address: self.address, tls: self.tls, xmpp: self.xmpp }
    }

    /// Opens a listener at an address.
    pub fn open(address: SocketAddr, tls: bool, xmpp: bool) -> io::Result<Self> {
        let socket = Async::<TcpListener>::bind(address)?;
        let address = socket.get_ref().local_addr()?;
        rustix::net::listen(&socket, ACCEPT_BACKLOG)?;
        Ok(Self { socket, address, tls, xmpp })
    }
}

/// Says why an address cannot be listened on, and what to do.
pub fn refused(address: SocketAddr, error: &Error) -> String {
    let what_to_do = match error.kind() {
        ErrorKind::AddrInUse => {
            "another program has it, or another listener of this configuration; stop that one or choose another port"
        }
        ErrorKind::PermissionDenied => {
            "ports below 1024 need a right that the program does not have; give it that (`sudo setcap cap_net_bind_service=+ep \
             $(command -v callboard)`, or AmbientCapabilities=CAP_NET_BIND_SERVICE in its service), or choose another port"
        }
        ErrorKind::AddrNotAvailable => "this machine has no such address; choose one of its own, or 0.0.0.0",
        _ => return format!("{address} cannot be listened on: {error}"),
    };
    format!("{address} cannot be listened on: {what_to_do}")
}
