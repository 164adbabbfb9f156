//! The floor: the least a server can do with the same sockets. Canned answers to a login, one ready frame and one
//! write for every delivery; no XML, no state, no bounds. What it costs no server of this kind can get below.
//!
//! The batching floor puts all events that have come in one read from a publisher into one write for each client.

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::process::Command;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use futures_rustls::TlsAcceptor;
use smol::io::{AsyncRead as _, AsyncWrite as _};
use smol::{Async, LocalExecutor};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use super::client;
use super::socket::{self, Socket};
use super::world;

/// This program as a floor.
pub fn command(is_batching: bool) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--floor").args(is_batching.then_some("--batching"));
    Ok(command)
}

/// Serves until the process is ended by a signal.
pub fn run(is_batching: bool) -> io::Result<()> {
    let executor = Rc::new(LocalExecutor::new());
    let floor = Rc::new(Floor {
        executor: executor.clone(),
        receivers: RefCell::default(),
        scratch: client::scratch(),
        is_batching,
    });
    let acceptor = socket::acceptor()?;
    let listen = || Async::<TcpListener>::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
    let (plain, tls) = (listen()?, listen()?);
    println!("listening http://{}", plain.get_ref().local_addr()?);
    println!("listening https://{}", tls.get_ref().local_addr()?);
    executor.spawn(accept(floor.clone(), tls, Some(acceptor))).detach();
    smol::block_on(executor.run(accept(floor, plain, None)))
}

struct Floor {
    executor: Rc<LocalExecutor<'static>>,
    receivers: RefCell<Vec<Rc<RefCell<Peer>>>>,
    scratch: client::Scratch,
    is_batching: bool,
}

async fn accept(
    floor: Rc<Floor>,
    listener: Async<TcpListener>,
    acceptor: Option<TlsAcceptor>,
) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        let task = floor.clone();
        let connection = async move {
            let Ok(socket) = Socket::accept(stream, acceptor.as_ref()).await else {
                return;
            };
            let peer = Rc::new(RefCell::new(Peer {
                socket,
                unread: Vec::new(),
                unsent: Vec::new(),
                waker: None,
                stage: Stage::Http,
            }));
            // Whatever ends it, it is gone.
            let _ = std::future::poll_fn(|cx| task.poll(&peer, cx)).await;
            task.receivers.borrow_mut().retain(|other| !Rc::ptr_eq(other, &peer));
        };
        floor.executor.spawn(connection).detach();
    }
}

impl Floor {
    /// Ready when the connection is over.
    fn poll(&self, peer: &Rc<RefCell<Peer>>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            {
                let peer = &mut *peer.borrow_mut();
                peer.waker = Some(cx.waker().clone());
                ready!(peer.flush(cx))?;
                let mut scratch = self.scratch.borrow_mut();
                let length = ready!(Pin::new(&mut peer.socket).poll_read(cx, &mut scratch))?;
                if length == 0 {
                    return Poll::Ready(Ok(()));
                }
                peer.unread.extend_from_slice(&scratch[..length]);
            }
            let mut frames = Vec::new();
            loop {
                let todo = peer.borrow_mut().next()?;
                match todo {
                    Todo::Wait => break,
                    Todo::Answered => {}
                    Todo::Subscribed => self.receivers.borrow_mut().push(peer.clone()),
                    Todo::Publish(payload) => {
                        event(&mut frames, &payload)?;
                        if !self.is_batching {
                            self.deliver(&frames)?;
                            frames.clear();
                        }
                        let mut peer = peer.borrow_mut();
                        peer.unsent.extend_from_slice(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
                    }
                }
            }
            if !frames.is_empty() {
                self.deliver(&frames)?;
            }
        }
    }

    /// Writes to everybody.
    fn deliver(&self, frames: &[u8]) -> io::Result<()> {
        self.receivers.borrow().iter().try_for_each(|receiver| receiver.borrow_mut().deliver(frames))
    }
}

enum Stage {
    Http,
    /// The number of frames that were answered.
    WebSocket(usize),
}

/// What comes of something that was read.
enum Todo {
    Wait,
    Answered,
    Subscribed,
    Publish(Vec<u8>),
}

struct Peer {
    socket: Socket,
    unread: Vec<u8>,
    unsent: Vec<u8>,
    waker: Option<Waker>,
    stage: Stage,
}

impl Peer {
    fn next(&mut self) -> io::Result<Todo> {
        match self.stage {
            Stage::Http => self.request(),
            Stage::WebSocket(step) => {
                let Some((_, _, end)) = client::frame(&self.unread)? else {
                    return Ok(Todo::Wait);
                };
                self.unread.drain(..end);
                for answer in world::ANSWERS.get(step).copied().unwrap_or(&[world::PONG]) {
                    text(&mut self.unsent, answer.as_bytes())?;
                }
                self.stage = Stage::WebSocket(step + 1);
                Ok(if step + 1 == world::ANSWERS.len() {
                    // Nothing more is expected to come.
                    self.unread = Vec::new();
                    Todo::Subscribed
                } else {
                    Todo::Answered
                })
            }
        }
    }

    fn request(&mut self) -> io::Result<Todo> {
        let Some(end) = self.unread.windows(4).position(|end| end == b"\r\n\r\n") else {
            return Ok(Todo::Wait);
        };
        let head = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(Ok(0), str::parse)
            .map_err(io::Error::other)?;
        let body = end + 4..end + 4 + length;
        if self.unread.len() < body.end {
            return Ok(Todo::Wait);
        }
        let payload = self.unread[body.clone()].to_vec();
        self.unread.drain(..body.end);
        if head.starts_with("POST ") {
            return Ok(Todo::Publish(payload));
        }
        let answer = if head.starts_with("GET /ws/ ") {
            self.stage = Stage::WebSocket(0);
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                client::ACCEPT
            )
        } else {
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()
        };
        self.unsent.extend_from_slice(answer.as_bytes());
        Ok(Todo::Answered)
    }

    /// Writes frames at once, from outside of the connection's task; that one cares for what the socket did not take.
    fn deliver(&mut self, frames: &[u8]) -> io::Result<()> {
        let mut cx = Context::from_waker(Waker::noop());
        if self.unsent.is_empty() {
            let written = match Pin::new(&mut self.socket).poll_write(&mut cx, frames)? {
                Poll::Ready(length) => length,
                Poll::Pending => 0,
            };
            self.unsent.extend_from_slice(&frames[written..]);
        } else {
            self.unsent.extend_from_slice(frames);
        }
        if self.flush(&mut cx)?.is_pending()
            && let Some(waker) = &self.waker
        {
            waker.wake_by_ref();
        }
        Ok(())
    }

    fn flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.unsent.is_empty() {
            while !self.unsent.is_empty() {
                let length = ready!(Pin::new(&mut self.socket).poll_write(cx, &self.unsent))?;
                self.unsent.drain(..length);
            }
            self.unsent = Vec::new();
        }
        Pin::new(&mut self.socket).poll_flush(cx)
    }
}

/// A ready frame, as long as callboard's.
fn event(out: &mut Vec<u8>, payload: &[u8]) -> io::Result<()> {
    let payload = String::from_utf8_lossy(payload);
    let content = format!("{}{}", " ".repeat(world::ENVELOPE), world::escaped(&payload));
    text(out, content.as_bytes())
}

fn text(out: &mut Vec<u8>, content: &[u8]) -> io::Result<()> {
    let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
    header.format(content.len() as u64, out).map_err(io::Error::other)?;
    out.extend_from_slice(content);
    Ok(())
}
