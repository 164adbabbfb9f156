//! A session of the generator: the least of RFC 6455, or none of it over TCP, and of XMPP that logs in, subscribes and takes events.

use std::cell::RefCell;
use std::io::{self, Cursor};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use callboard::xmpp::splitter::{Piece, Splitter};
use smol::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::socket::Socket;
use super::tally::Tally;
use super::way::{Place, Way};
use super::world;

/// The example key of RFC 6455 §1.3, and what has to come back for it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The answer to [`KEY`].
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// Clients have to mask, with any key; this one is as much work as another.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A buffer of bytes that all sessions of the thread read through.
pub type Scratch = Rc<RefCell<Vec<u8>>>;

/// The size of a [`Scratch`]: many events in one read when there are many.
const SCRATCH: usize = 64 * 1024;

/// A buffer.
pub fn scratch() -> Scratch {
    scratch_of(SCRATCH)
}

/// A buffer for messages of up to so many bytes.
pub fn scratch_of(length: usize) -> Scratch {
    Rc::new(RefCell::new(vec![0; length]))
}

/// A session.
pub struct Client {
    socket: Socket,
    way: Arc<Way>,
    scratch: Scratch,
    /// The first part of a frame whose end has not come.
    rest: Vec<u8>,
    /// There if the stream is one document over TCP.
    splitter: Option<Splitter>,
    /// What came right behind an answer: events, whose time may begin with the subscription.
    behind: Vec<Vec<u8>>,
}

impl Client {
    /// Connects and makes a WebSocket of the connection.
    pub async fn connect(place: &Place, scratch: Scratch) -> io::Result<Self> {
        let mut socket = Socket::connect(place).await?;
        if place.is_tcp {
            let splitter = Some(Splitter::new(SCRATCH));
            return Ok(Self {
                socket,
                way: place.way.clone(),
                scratch,
                rest: Vec::new(),
                splitter,
                behind: Vec::new(),
            });
        }
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Key: {KEY}\r\n\r\n",
            place.path, place.host
        );
        socket.write_all(request.as_bytes()).await?;
        socket.flush().await?;
        let mut answer = Vec::new();
        let mut piece = [0; 1024];
        while !answer.ends_with(b"\r\n\r\n") {
            match socket.read(&mut piece).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => answer.extend_from_slice(&piece[..length]),
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        if !answer.starts_with("HTTP/1.1 101") || !answer.contains(ACCEPT) {
            return Err(io::Error::other(format!("no WebSocket: {answer}")));
        }
        let (way, rest, behind) = (place.way.clone(), Vec::new(), Vec::new());
        Ok(Self { socket, way, scratch, rest, splitter: None, behind })
    }

    /// Whether TLS goes on with an earlier session.
    pub fn is_resumed(&self) -> bool {
        self.socket.is_resumed()
    }

    /// Goes through the whole dialogue up to the subscriptions to `nodes`, at most two.
    pub async fn login(&mut self, name: &str, password: &str, nodes: &[String]) -> io::Result<()> {
        let requests = world::requests(&self.way, name, password, nodes);
        self.dialogue(&requests).await.map_err(|error| io::Error::other(format!("{name}: {error}")))
    }

    /// Goes through the first steps of that dialogue.
    pub async fn dialogue(&mut self, requests: &[String]) -> io::Result<()> {
        let way = self.way.clone();
        for (request, expected) in requests.iter().zip(world::ANSWERS) {
            self.send(OpCode::Data(Data::Text), request.as_bytes()).await?;
            // How many presences come, and when, is a server's own affair.
            let mut left = expected.iter().filter(|marker| way.is_ours || !marker.starts_with("<presence"));
            let mut next = left.next();
            let mut wrong = None;
            let mut behind = Vec::new();
            while next.is_some() && wrong.is_none() {
                self.texts(|frame| {
                    if next.is_none() {
                        return behind.push(frame.to_vec());
                    }
                    let text = String::from_utf8_lossy(frame);
                    if !way.is_ours && (text.starts_with("<presence") || text.starts_with("<message")) {
                        return;
                    }
                    if !next.is_some_and(|marker| text.contains(marker)) {
                        wrong = Some(text.into_owned());
                    }
                    next = left.next();
                })
                .await?;
            }
            self.behind = behind;
            if let Some(wrong) = wrong {
                return Err(io::Error::other(format!("{request} was answered by {wrong}")));
            }
        }
        Ok(())
    }

    /// Sends a message, and waits for nothing.
    pub async fn say(&mut self, text: &str) -> io::Result<()> {
        self.send(OpCode::Data(Data::Text), text.as_bytes()).await
    }

    /// Sends an iq and waits for its answer.
    pub async fn ask(&mut self, id: &str, request: &str) -> io::Result<String> {
        self.send(OpCode::Data(Data::Text), request.as_bytes()).await?;
        let mut answer = None;
        while answer.is_none() {
            self.texts(|frame| {
                let text = String::from_utf8_lossy(frame);
                if text.starts_with("<iq") && text.contains(id) {
                    answer = Some(text.into_owned());
                }
            })
            .await?;
        }
        answer.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Takes events until the connection ends.
    pub async fn receive(mut self, index: usize, tally: Rc<Tally>) {
        let is_ours = self.way.is_ours;
        loop {
            let mut now = None;
            let read = self.texts(|frame| {
                if is_ours || frame.starts_with(b"<message") {
                    // One look at the clock for all that came in one read.
                    let now = *now.get_or_insert_with(Instant::now);
                    tally.record(index, frame, now);
                }
            });
            if read.await.is_err() {
                return tally.closed();
            }
            if now.is_some() {
                tally.read();
            }
        }
    }

    /// Hands over the text messages of one read from the socket, and answers its pings.
    pub async fn texts(&mut self, mut sink: impl FnMut(&[u8])) -> io::Result<()> {
        if !self.behind.is_empty() {
            std::mem::take(&mut self.behind).iter().for_each(|frame| sink(frame));
            return Ok(());
        }
        let mut pings: Vec<Vec<u8>> = Vec::new();
        self.frames(|opcode, frame| match opcode {
            OpCode::Data(Data::Text) => sink(frame),
            OpCode::Control(Control::Ping) => pings.push(frame.to_vec()),
            _ => {}
        })
        .await?;
        for ping in pings {
            self.send(OpCode::Control(Control::Pong), &ping).await?;
        }
        Ok(())
    }

    async fn send(&mut self, opcode: OpCode, content: &[u8]) -> io::Result<()> {
        if let Some(splitter) = &mut self.splitter {
            if content.starts_with(b"<open ") {
                splitter.restart(SCRATCH);
                self.socket.write_all(world::header(&self.way).as_bytes()).await?;
            } else {
                self.socket.write_all(content).await?;
            }
            return self.socket.flush().await;
        }
        let header = FrameHeader { opcode, mask: Some(MASK), ..FrameHeader::default() };
        let mut frame = Vec::with_capacity(content.len() + 14);
        header.format(content.len() as u64, &mut frame).map_err(io::Error::other)?;
        frame.extend(content.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.socket.write_all(&frame).await?;
        self.socket.flush().await
    }

    /// Hands over the frames of one read from the socket.
    async fn frames(&mut self, mut sink: impl FnMut(OpCode, &[u8])) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_frames(cx, &mut sink)).await
    }

    fn poll_frames(
        &mut self,
        cx: &mut Context<'_>,
        sink: &mut impl FnMut(OpCode, &[u8]),
    ) -> Poll<io::Result<()>> {
        let mut scratch = self.scratch.borrow_mut();
        let start = self.rest.len();
        if start >= scratch.len() {
            return Poll::Ready(Err(io::Error::other("a frame is too long")));
        }
        scratch[..start].copy_from_slice(&self.rest);
        let length = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut scratch[start..]))?;
        if length == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        let mut input = &scratch[..start + length];
        if let Some(splitter) = &mut self.splitter {
            while let Some(piece) =
                splitter.next(&mut input).map_err(|error| io::Error::other(format!("{error:?}")))?
            {
                match piece {
                    Piece::Header(_) => sink(OpCode::Data(Data::Text), b"<open />"),
                    // White space answers it.
                    Piece::Stanza(text) if text.starts_with("<iq") && text.contains("'urn:xmpp:ping'") => {
                        sink(OpCode::Control(Control::Ping), b" ")
                    }
                    Piece::Stanza(text) => sink(OpCode::Data(Data::Text), text.as_bytes()),
                    Piece::Space => {}
                    Piece::End => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                }
            }
            return Poll::Ready(Ok(()));
        }
        while let Some((opcode, from, to)) = frame(input)? {
            sink(opcode, &input[from..to]);
            input = &input[to..];
        }
        self.rest.clear();
        self.rest.extend_from_slice(input);
        Poll::Ready(Ok(()))
    }
}

/// The first frame of some bytes, if all of it is there: its kind, where its content starts, where it ends.
pub fn frame(input: &[u8]) -> io::Result<Option<(OpCode, usize, usize)>> {
    let mut cursor = Cursor::new(input);
    let Some((header, length)) = FrameHeader::parse(&mut cursor).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let from = cursor.position() as usize;
    let to = from + length as usize;
    Ok((to <= input.len()).then_some((header.opcode, from, to)))
}
