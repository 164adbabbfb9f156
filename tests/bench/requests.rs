//! A kept connection for requests, as a desktop has one beside its session.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::socket::Socket;
use super::way::Place;

/// The connection.
pub struct Requests {
    pub socket: Socket,
    login: String,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Requests {
    /// Connects; all requests are those of `login`, a name and a password with a colon between.
    pub async fn connect(place: &Place, login: &str) -> io::Result<Self> {
        Ok(Self { socket: Socket::connect(place).await?, login: STANDARD.encode(login) })
    }

    /// Asks for something that has to be there.
    pub async fn get(&mut self, path: &str) -> io::Result<String> {
        let answer = self.exchange("GET", path, "", "").await?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(io::Error::other(format!("GET {path} is answered by {status}: {}", answer.body))),
        }
    }

    /// Sends a request with lines of its head, each with its end, and waits for the answer.
    pub async fn exchange(
        &mut self,
        method: &str,
        path: &str,
        lines: &str,
        body: &str,
    ) -> io::Result<Answer> {
        let Self { socket, login } = self;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n{lines}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        socket.write_all(request.as_bytes()).await?;
        socket.flush().await?;
        let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            match socket.read(&mut piece).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => answer.extend_from_slice(&piece[..length]),
            }
            if let Some(whole) = whole(&answer) {
                return Ok(whole);
            }
        }
    }
}

/// An answer that says its length, when all of it has come.
fn whole(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let status = head.get(9..12)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let body = answer.get(end + 4..end + 4 + length.unwrap_or(0))?;
    Some(Answer { status, body: String::from_utf8_lossy(body).into_owned() })
}
