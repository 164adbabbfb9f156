//! The way into a server: where it listens, who its users are, and how events are published.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;

use futures_rustls::TlsConnector;

use super::options::Transport;
use super::world;

/// How a server is talked to.
#[derive(Clone, Debug)]
pub struct Way {
    /// The XMPP domain.
    pub domain: String,
    /// The names of users, with `{}` where the number goes.
    pub users: String,
    /// The password of all of them; `None`: the name of each.
    pub password: Option<String>,
    /// The publisher: name, colon, password.
    pub publisher: String,
    pub publish_by: PublishBy,
    /// Whether it listens for XMPP over TCP, too.
    pub over_tcp: bool,
    /// Whether it is callboard or the floor, of which every frame is known: to a login come [`world::ANSWERS`] and nothing
    /// else, then events only.
    pub is_ours: bool,
}

/// How events are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishBy {
    /// A POST to callboard's API.
    Http,
    /// XEP-0060 over a session of the publisher.
    Xmpp,
}

impl Default for Way {
    fn default() -> Self {
        Self {
            domain: world::DOMAIN.to_owned(),
            users: world::USERS.to_owned(),
            password: None,
            publisher: world::ADMINISTRATOR.to_owned(),
            publish_by: PublishBy::Http,
            over_tcp: false,
            is_ours: true,
        }
    }
}

impl Way {
    /// The name of a user.
    pub fn user(&self, index: usize) -> String {
        self.users.replace("{}", &format!("{index:05}"))
    }

    /// The password of a user.
    pub fn password<'a>(&'a self, name: &'a str) -> &'a str {
        self.password.as_deref().unwrap_or(name)
    }
}

/// Where the sessions of a transport go.
#[derive(Clone)]
pub struct Place {
    pub address: SocketAddr,
    /// The header Host.
    pub host: String,
    pub path: String,
    /// There if it has TLS.
    pub tls: Option<TlsConnector>,
    /// Whether the stream is one document over TCP, and no WebSocket is made.
    pub is_tcp: bool,
    /// The client's own address; `None`: which one it is does not matter.
    pub from: Option<Ipv4Addr>,
    pub way: Arc<Way>,
}

/// A server somewhere.
#[derive(Clone, Debug)]
pub struct Url {
    /// The name of its column.
    pub name: String,
    pub transport: Transport,
    /// Host and port.
    pub host: String,
    pub path: String,
}

impl Url {
    /// Reads `[NAME=]ws[s]://HOST[:PORT][/PATH]`.
    pub fn parse(text: &str) -> Option<Self> {
        let (before, rest) = text.split_once("://")?;
        let (name, scheme) = before.split_once('=').unwrap_or(("other", before));
        let (transport, port) = match scheme {
            "ws" => (Transport::Ws, ":80"),
            "wss" => (Transport::Wss, ":443"),
            _ => return None,
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let is_named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_named && !host.is_empty()).then(|| Self {
            name: name.to_owned(),
            transport,
            host: if has_port { host.to_owned() } else { format!("{host}{port}") },
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        })
    }

    /// The first of its addresses that takes a connection.
    pub fn resolve(&self) -> io::Result<SocketAddr> {
        let stream = TcpStream::connect(self.host.to_socket_addrs()?.collect::<Vec<_>>().as_slice())?;
        stream.peer_addr()
    }
}
