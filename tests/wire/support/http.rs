//! HTTP as bytes: a request as it is written here, an answer taken apart.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::net::{self, AddressFamily, SocketType};

use super::server::{PATIENCE, Server};
use super::tls::Secure;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// `HTTP/1.1 200 OK` without the sentence: `HTTP/1.1 200`.
    pub start: String,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.start[9..].parse().expect("a status is a number")
    }

    /// Tells whether a header of that name, of which there may be several, has that value.
    pub fn has_header(&self, name: &str, value: &str) -> bool {
        self.headers.iter().any(|(other, said)| other.eq_ignore_ascii_case(name) && said == value)
    }

    /// The value of a header, as it is.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// A connection.
pub struct Http<S: Read + Write = TcpStream>(BufReader<S>);

impl Http {
    pub fn connect(address: SocketAddr) -> Self {
        Self::patient(TcpStream::connect(address).expect("the server accepts connections"))
    }

    /// Connects from another address of this machine.
    pub fn connect_from(own: [u8; 4], address: SocketAddr) -> Self {
        let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        net::bind(&socket, &SocketAddr::from((own, 0))).expect("an address of this machine");
        net::connect(&socket, &address).expect("the server accepts connections");
        Self::patient(socket.into())
    }

    fn patient(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        Self::over(stream)
    }

    /// Takes the socket for something else than HTTP.
    pub fn into_inner(self) -> TcpStream {
        assert!(self.0.buffer().is_empty(), "the server speaks before it is asked");
        self.0.into_inner()
    }
}

impl Http<Secure> {
    /// Connects with TLS.
    pub fn secure(address: SocketAddr) -> Self {
        Self(BufReader::new(Secure::connect(address)))
    }
}

impl<S: Read + Write> Http<S> {
    /// HTTP over whatever carries bytes.
    pub fn over(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// Sends bytes. That the server has closed already is seen by what comes back.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.get_mut().write_all(bytes.as_ref());
    }

    /// Sends bytes, all of which the server takes.
    pub fn send_all(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).expect("the server takes what is sent");
    }

    /// Reads an answer.
    pub fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        if let Some(length) = answer.header("Content-Length") {
            let mut body = vec![0; length.parse().expect("a length is a number")];
            self.0.read_exact(&mut body).expect("a body comes");
            answer.body = String::from_utf8(body).expect("the body is text");
        }
        answer
    }

    /// Reads an answer up to its body.
    pub fn head(&mut self) -> Answer {
        let mut line = || {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("an answer comes");
            let end = line.strip_suffix("\r\n");
            end.unwrap_or_else(|| panic!("{line:?} is no line of an answer")).to_owned()
        };
        let mut start = line();
        start.truncate("HTTP/1.1 200".len());
        let mut headers = Vec::new();
        loop {
            let line = line();
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Answer { start, headers, body: String::new() }
    }

    /// Reads some of a body whose length nobody has said; `None` at its end, which has to be a good one.
    pub fn piece(&mut self, chunked: bool) -> Option<Vec<u8>> {
        if !chunked {
            let piece = self.0.fill_buf().expect("the body comes, or its end").to_vec();
            self.0.consume(piece.len());
            return (!piece.is_empty()).then_some(piece);
        }
        let mut size = String::new();
        self.0.read_line(&mut size).expect("a chunk comes");
        let length = usize::from_str_radix(size.trim_end(), 16);
        let length = length.unwrap_or_else(|_| panic!("{size:?} is no length of a chunk"));
        let mut chunk = vec![0; length + 2];
        self.0.read_exact(&mut chunk).expect("the chunk is whole");
        assert_eq!(chunk.split_off(length), b"\r\n");
        (length > 0).then_some(chunk)
    }

    /// Asks, and reads the answer up to its body.
    pub fn ask_head(&mut self, request: impl AsRef<[u8]>) -> Answer {
        self.send(request);
        self.head()
    }

    pub fn ask(&mut self, request: impl AsRef<[u8]>) -> Answer {
        self.send(request);
        self.answer()
    }

    /// Waits for the end, which has to be one in order. Returns what came before.
    pub fn end(&mut self) -> String {
        let mut rest = Vec::new();
        let ended = self.0.read_to_end(&mut rest);
        assert!(ended.is_ok(), "{ended:?} after {:?}", String::from_utf8_lossy(&rest));
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// Returns the stream below, for a client that has nothing more to ask.
    pub fn into_stream(self) -> S {
        self.0.into_inner()
    }

    /// Waits for the end. Returns what came before.
    pub fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => {}
            // What was sent and not read makes the system say it so.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            Err(error) => panic!("the connection is not closed: {error}"),
        }
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// The headers of an upgrade, as a client sends them.
pub const UPGRADE: &str = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                           Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n";

/// `Basic …`.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Asks callboard's own API as a user of the demo, without a body.
pub fn own(server: &Server, user: &str, method: &str, path: &str) -> Answer {
    let password = if user == "administrator" { "1234" } else { user };
    Http::connect(server.plain).ask(format!(
        "{method} /callboard/api/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Length: 0\r\n\r\n",
        basic(user, password)
    ))
}

/// Asks callboard's own API as the administrator of the demo, without a body.
pub fn admin(server: &Server, method: &str, path: &str) -> Answer {
    own(server, "administrator", method, path)
}

/// Waits until the record has what a query names, from its beginning on.
#[track_caller]
pub fn wait_for(server: &Server, query: &str) {
    let answer = admin(server, "GET", &format!("wait?{query}&after=0&timeout=5m"));
    assert!(answer.body.starts_with("{\"matched\":true,"), "{}", answer.body);
}

/// Publishes by HTTP; `headers` end with a line break each.
pub fn post(server: &Server, node: &str, headers: &str, body: &[u8]) -> Answer {
    let mut http = Http::connect(server.plain);
    let length = body.len();
    http.send(format!(
        "POST /callboard/api/publish?node={node} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n"
    ));
    http.send(body);
    http.answer()
}

/// Publishes as the administrator of the demo. Returns the item's id.
pub fn publish(server: &Server, node: &str, payload: &str) -> String {
    let headers = format!("Authorization: {}\r\n", basic("administrator", "1234"));
    let answer = post(server, node, &headers, payload.as_bytes());
    assert_eq!(answer.status(), 202, "{answer:?}");
    answer.body.trim_end().to_owned()
}
