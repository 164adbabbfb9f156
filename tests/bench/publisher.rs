//! Makes events by HTTP, on one connection that stays open.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::tally::Published;
use super::world;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The request that makes the event of a number.
type Request = Box<dyn Fn(u32) -> String + Send>;

/// Publishes a payload of `size` bytes to a node.
pub fn publication(node: &str, size: usize) -> Request {
    let head = head("POST", &format!("/callboard/api/publish?node={node}"), world::ADMINISTRATOR);
    Box::new(move |sequence| {
        format!("{head}Content-Length: {size}\r\n\r\n{}", world::payload(sequence, size))
    })
}

/// Asks for another state of an agent each time; the events carry the number as their request id.
pub fn state_change(name: &str) -> Request {
    let head = head("PUT", &world::node(name), &format!("{name}:{name}"));
    Box::new(move |sequence| {
        let state = if sequence.is_multiple_of(2) { "READY" } else { "NOT_READY" };
        let body = format!("<User><state>{state}</state></User>");
        format!("{head}requestId: #{sequence:08}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    })
}

/// Signs an agent in, at the extension of its number.
pub fn sign_in(name: &str, extension: usize) -> Request {
    let head = head("PUT", &world::node(name), &format!("{name}:{name}"));
    let body = format!("<User><state>LOGIN</state><extension>{extension}</extension></User>");
    Box::new(move |_| format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()))
}

fn head(method: &str, path: &str, login: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {}\r\nContent-Type: application/xml\r\n",
        STANDARD.encode(login)
    )
}

/// The connection. It blocks, so it belongs on a thread of its own.
pub struct Publisher {
    reader: BufReader<TcpStream>,
    request: Request,
}

impl Publisher {
    /// Connects to a listener without TLS.
    pub fn connect(address: SocketAddr, request: Request) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { reader: BufReader::new(stream), request })
    }

    /// Makes one event after the other, each as soon as the one before is accepted.
    pub fn publish(&mut self, published: &Published, events: std::ops::Range<u32>) -> io::Result<()> {
        for sequence in events {
            let request = (self.request)(sequence);
            published.stamp(sequence);
            self.reader.get_mut().write_all(request.as_bytes())?;
            self.accepted()?;
        }
        Ok(())
    }

    fn accepted(&mut self) -> io::Result<()> {
        let mut status = String::new();
        self.reader.read_line(&mut status)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        if status.starts_with("HTTP/1.1 202") {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&body);
        Err(io::Error::other(format!("not accepted: {} {body}", status.trim_end())))
    }
}
