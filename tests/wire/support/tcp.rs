//! A client over TCP, by hand. What it is told to say and what it hears are the messages of a WebSocket (RFC 7395 §3.3 and §3.4), so that
//! each dialogue can be had over both.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Deref;

use smol::Async;

use super::client::{CLOSE, Received, Session, Wire};
use super::server::{PATIENCE, Server};
use super::tls::{self, Secure};
use super::{DEMO, ns};

/// The listeners of a server, beside those of HTTP.
pub const LISTEN: &str =
    "listen_plain = []\nlisten_xmpp = [\"127.0.0.1:0\"]\nlisten_xmpp_plain = [\"127.0.0.1:0\"]\n";

/// A byte stream.
pub trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A connection with the bytes that have come.
pub struct Tcp {
    pub stream: Box<dyn Stream>,
    heard: Vec<u8>,
    /// The end of the stream has come.
    is_over: bool,
}

/// A session over it.
pub type TcpSession = Session<Tcp>;

/// Where a server speaks XMPP over TCP.
#[derive(Clone, Copy)]
pub struct Ports {
    pub tls: SocketAddr,
    pub plain: SocketAddr,
}

/// The demo, with something added before its sections and at its end, and XMPP over TCP.
pub fn serving(keys: &str, more: &str) -> (Server, Ports) {
    listening("localhost", &format!("{DEMO}\n{more}"), keys)
}

fn listening(domain: &str, config: &str, keys: &str) -> (Server, Ports) {
    let config = config.replace("listen_plain = []\n", &format!("{LISTEN}{keys}\n"));
    let mut server = Server::serving(domain, &config);
    let mut next = |start: &str| {
        let line = server.printed();
        let address = line.strip_prefix(start).and_then(|address| address.parse().ok());
        address.unwrap_or_else(|| panic!("{line:?} in place of {start}ADDRESS:PORT"))
    };
    let ports = Ports { tls: next("listening xmpps://"), plain: next("listening xmpp://") };
    (server, ports)
}

/// A server of dialogues over TCP.
pub struct TcpServer {
    server: Server,
    ports: Ports,
}

impl TcpServer {
    /// The demo.
    pub fn demo() -> Self {
        Self::with("")
    }

    /// The demo with something added at its end.
    pub fn with(more: &str) -> Self {
        Self::serving("localhost", &format!("{DEMO}\n{more}"))
    }

    /// A configuration of the test's own, which is one of the demo's.
    pub fn serving(domain: &str, config: &str) -> Self {
        let (server, ports) = listening(domain, config, "");
        Self { server, ports }
    }
}

impl Deref for TcpServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl From<&TcpServer> for Ports {
    fn from(server: &TcpServer) -> Self {
        server.ports
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    stream
}

impl TcpSession {
    fn over(stream: Box<dyn Stream>) -> Self {
        Session::new(Tcp { stream, heard: Vec::new(), is_over: false }, "localhost")
    }

    /// A connection without TLS.
    pub fn plain(ports: Ports) -> Self {
        Self::over(Box::new(connect(ports.plain)))
    }

    /// A connection with TLS from the first byte.
    pub fn tls(ports: Ports) -> Self {
        Self::over(Box::new(Secure::connect(ports.tls)))
    }

    /// A connection that has made TLS by STARTTLS; no stream is open on it.
    pub fn by_start_tls(ports: Ports) -> Self {
        let socket = connect(ports.plain);
        let mut plain = Self::over(Box::new(socket.try_clone().expect("a descriptor")));
        plain.open();
        plain.send(&format!("<starttls xmlns='{}'/>", ns::TLS));
        plain.expect(&format!("<proceed xmlns='{}'/>", ns::TLS));
        assert!(plain.wire.heard.is_empty());
        let stream = Async::new(socket).expect("it can wait");
        let secure = smol::block_on(tls::over(stream, None)).expect("the handshake succeeds");
        Self::over(Box::new(Secure::of(secure)))
    }

    /// A stream that is not opened yet, with TLS.
    pub fn connect(server: &TcpServer) -> Self {
        Self::tls(server.ports)
    }

    /// A bound session without presence, of a user of the demo.
    pub fn bound(at: impl Into<Ports>, user: &str, resource: &str) -> Self {
        let mut client = Self::tls(at.into());
        client.log_in(user, resource);
        client
    }

    /// An available session of a user of the demo.
    pub fn online(at: impl Into<Ports>, user: &str, resource: &str) -> Self {
        let mut client = Self::bound(at, user, resource);
        client.become_available();
        client
    }

    /// Sends bytes. That the server has closed already is seen by what comes back.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.wire.stream.write_all(bytes);
    }
}

/// The start tag of a stream with the attributes of `<open/>`.
pub fn header(open: &str) -> String {
    let attributes =
        open.strip_prefix("<open ").and_then(|open| open.strip_suffix("/>")).expect("an <open/>");
    let attributes = ["\"", "'"].iter().fold(attributes.to_owned(), |attributes, quote| {
        attributes.replace(&format!("xmlns={quote}{}{quote}", ns::FRAMING), "")
    });
    format!(
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='{}' {attributes}>",
        ns::STREAM
    )
}

impl Tcp {
    /// Takes the next piece from what has come, if it is complete.
    fn piece(&mut self) -> Option<String> {
        let text = std::str::from_utf8(&self.heard).ok()?;
        let spaces = text.len() - text.trim_start().len();
        let text = &text[spaces..];
        let found = if let Some(rest) = text.strip_prefix("<?xml version='1.0'?>") {
            let end = rest.find('>').filter(|_| rest.starts_with("<stream:stream "))?;
            text.len() - rest.len() + end + 1
        } else if text.starts_with("</") {
            text.find('>')? + 1
        } else {
            // A whole element is XML by itself, as over a WebSocket.
            let mut ends = text.match_indices('>').map(|(at, _)| at + 1);
            ends.find(|end| roxmltree::Document::parse(&text[..*end]).is_ok())?
        };
        let piece = text[..found].to_owned();
        drop(self.heard.drain(..spaces + found));
        Some(piece)
    }
}

impl Wire for Tcp {
    fn has_codes(&self) -> bool {
        false
    }

    fn send(&mut self, text: &str) {
        let bytes = match text {
            open if open.starts_with("<open ") => header(open),
            close if close.starts_with("<close ") => "</stream:stream>".to_owned(),
            text => text.to_owned(),
        };
        let _ = self.stream.write_all(bytes.as_bytes());
        let _ = self.stream.flush();
    }

    fn receive(&mut self) -> Received {
        let start = format!(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='{}' ",
            ns::STREAM
        );
        loop {
            if let Some(piece) = self.piece() {
                assert!(!self.is_over, "{piece} comes behind the end");
                if piece == "</stream:stream>" {
                    self.is_over = true;
                    return Received::Text(CLOSE.to_owned());
                }
                let Some(attributes) = piece.strip_prefix(&start) else { return Received::Text(piece) };
                let (addresses, rest) = attributes.split_once(" xml:lang=").expect("a header has a language");
                let rest = rest.strip_suffix('>').expect("a tag has an end");
                return Received::Text(format!(
                    "<open {addresses} xmlns='{}' xml:lang={rest}/>",
                    ns::FRAMING
                ));
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => {
                    assert!(self.heard.is_empty(), "{:?} is left", String::from_utf8_lossy(&self.heard));
                    return Received::End;
                }
                Ok(length) => self.heard.extend_from_slice(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Received::End,
                Err(error) => panic!("neither a piece nor the end: {error}"),
            }
        }
    }
}

/// The stream has ended with this error, or in order, and the connection with it.
#[track_caller]
pub fn expect_end(session: &mut TcpSession, condition: Option<&str>) {
    if let Some(condition) = condition {
        let text = session.text();
        assert!(text.starts_with("<stream:error ") && text.contains(&format!("<{condition} ")), "{text}");
    }
    assert_eq!(session.text(), CLOSE);
    assert_eq!(session.receive(), Received::End);
}
