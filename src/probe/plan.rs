//! The values that go into a live probe and come out of it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use zeroize::Zeroizing;

use super::dialogue::{End, Side};
use super::errand::Errand;
use super::outcome::Outcomes;
use super::peer::{Got, NotConnected, NotSecured, Secured, Upgrade};
use super::symptom::Symptom;

/// How a stream travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// RFC 7395.
    #[default]
    WebSocket,
    /// XEP-0124 and XEP-0206.
    Bosh,
    /// RFC 6120.
    Tcp,
}

/// What a probe is to find out.
#[derive(Clone, Debug)]
pub struct Plan {
    pub way: Way,
    /// TLS from the first byte. A stream over TCP without it begins TLS by STARTTLS, where that is offered.
    pub secure: bool,
    pub port: u16,
    /// The peer is on this machine, so that a password on its way is seen by nobody else.
    pub local: bool,
    /// The user has said that the password may go over an unverified connection.
    pub insecure: bool,
    pub domain: String,
    pub user: String,
    pub password: Option<Zeroizing<String>>,
    pub resource: String,
    pub nodes: Vec<String>,
    /// Ask the REST API, too.
    pub rest: bool,
    /// How long an answer may take.
    pub patience: Duration,
    /// How long nothing is sent, to see whether something in between ends the connection.
    pub silence: Duration,
    pub errand: Errand,
}

impl Plan {
    /// Why nothing answers at a port of Finesse that is for TCP.
    pub fn closed_port(&self) -> Option<Symptom> {
        match (self.way, self.port) {
            (Way::Tcp, 5222) => Some(Symptom::InsecurePort),
            (Way::Tcp, 5223) => Some(Symptom::SecurePort),
            _ => None,
        }
    }
}

/// What the world does for a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    Resolve,
    Connect(Vec<IpAddr>),
    /// TLS, at once or after `<proceed/>`.
    Secure,
    Upgrade,
    /// A piece of a stream over TCP, a frame, or the body of a BOSH request.
    Send(String),
    /// A request of the REST API for a path, with the user and the password or without.
    Get(String, bool),
    /// The close frame, and the end of the connection.
    Close,
}

/// What the world shows a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The addresses of the host, or why there are none.
    Resolved(Result<Vec<IpAddr>, String>),
    /// The addresses that could not be reached, and the one that could.
    Connected(Vec<(SocketAddr, NotConnected)>, Option<SocketAddr>),
    /// A handshake of TLS, or why there was none.
    Secured(Result<Secured, NotSecured>),
    Upgraded(Upgrade),
    Frame(String),
    Ended(End),
    /// The answer of the REST API, or why there is none.
    Got(Result<Got, String>),
    /// The user wants it to end.
    Stop,
    /// Nothing but time.
    Tick,
}

/// A frame as a report may show it: when, from whom, and its text without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub at: Duration,
    pub side: Side,
    pub text: String,
}

/// A connection that has been judged, live or from a file.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Its URL, or the name of its session.
    pub name: String,
    pub outcomes: Outcomes,
    pub frames: Vec<Frame>,
    /// It is from a file.
    pub is_recording: bool,
    /// The file cannot tell how the connection ended.
    pub end_is_unknown: bool,
    /// How many frames more there were.
    pub left_out: usize,
}
