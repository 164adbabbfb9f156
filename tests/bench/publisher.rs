//! Publishes over HTTP, on one connection that stays open.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::tally::Published;
use super::world;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The connection. It blocks, so it belongs on a thread of its own.
pub struct Publisher {
    reader: BufReader<TcpStream>,
    request: String,
    /// Bytes of a payload.
    size: usize,
}

impl Publisher {
    /// Connects to a listener without TLS.
    pub fn connect(address: SocketAddr, size: usize) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = format!(
            "POST /callboard/api/publish?node={} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {}\r\n\
             Content-Type: application/xml\r\nContent-Length: {size}\r\n\r\n",
            world::NODE,
            STANDARD.encode(world::ADMINISTRATOR)
        );
        Ok(Self { reader: BufReader::new(stream), request, size })
    }

    /// Publishes one event after the other, each as soon as the one before is accepted.
    pub fn publish(&mut self, published: &Published, events: std::ops::Range<u32>) -> io::Result<()> {
        for sequence in events {
            let request = format!("{}{}", self.request, world::payload(sequence, self.size));
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
        Err(io::Error::other(format!("not published: {} {body}", status.trim_end())))
    }
}
