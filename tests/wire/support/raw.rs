//! A WebSocket made by hand, for what a good client would never send.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use super::client::{Received, Session, Wire};
use super::http::{Http, UPGRADE};
use super::server::Server;

/// The first byte of a frame: FIN and the opcode (RFC 6455 §5.2).
pub const CONTINUATION: u8 = 0x80;
pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8A;
/// Taken away from it: more fragments follow.
pub const FIN: u8 = 0x80;

const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A masked frame.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, 0x80, payload.len() as u64);
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A frame without a mask, which clients must not send.
pub fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, 0, payload.len() as u64);
    bytes.extend(payload);
    bytes
}

/// The header up to the mask, which announces a length.
pub fn header(first: u8, mask: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..=125), _) => bytes.push(mask | short),
        (_, Ok(length)) => {
            bytes.push(mask | 126);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes
}

/// A socket after the upgrade.
pub struct Socket {
    pub stream: TcpStream,
    /// A close was sent: none is answered.
    closed: bool,
}

/// A session over it.
pub type Raw = Session<Socket>;

impl Raw {
    /// Upgrades on the listener without TLS.
    pub fn connect(server: &Server) -> Self {
        Self::upgrade(server, Http::connect(server.plain), "")
    }

    /// Connects from another address of this machine, with more headers, as a proxy does it.
    pub fn connect_from(own: [u8; 4], server: &Server, headers: &str) -> Self {
        Self::upgrade(server, Http::connect_from(own, server.plain), headers)
    }

    fn upgrade(server: &Server, mut http: Http, headers: &str) -> Self {
        let answer = http.ask(format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}{headers}\r\n"));
        assert_eq!(answer.status(), 101, "{answer:?}");
        let stream = http.into_inner();
        Session::new(Socket { stream, closed: false }, &server.domain)
    }

    /// Sends bytes. That the server has closed already is seen by what comes back.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.wire.stream.write_all(bytes);
    }
}

impl Socket {
    /// Sends a close frame, which is the last one.
    pub fn send_close(&mut self, payload: &[u8]) {
        self.closed = true;
        let _ = self.stream.write_all(&frame(CLOSE, payload));
    }
}

impl Wire for Socket {
    fn send(&mut self, text: &str) {
        let _ = self.stream.write_all(&frame(TEXT, text.as_bytes()));
    }

    fn receive(&mut self) -> Received {
        let mut head = [0; 2];
        match self.stream.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Received::End,
            Err(error) => panic!("neither a frame nor the end: {error}"),
        }
        assert_eq!(head[1] & 0x80, 0, "a server does not mask");
        let mut number = |bytes: usize| {
            let mut long = [0; 8];
            self.stream.read_exact(&mut long[8 - bytes..]).expect("the header is whole");
            u64::from_be_bytes(long)
        };
        let length = match head[1] {
            126 => number(2),
            127 => number(8),
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).expect("a frame fits into memory")];
        self.stream.read_exact(&mut payload).expect("the frame is whole");
        match head[0] {
            TEXT => Received::Text(String::from_utf8(payload).expect("a text is UTF-8")),
            PING => Received::Ping(payload),
            PONG => Received::Pong(payload),
            CLOSE => {
                let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                if !self.closed {
                    self.send_close(&payload);
                }
                Received::Close(code)
            }
            first => panic!("a server sends no frame that starts with {first:#x}"),
        }
    }
}
