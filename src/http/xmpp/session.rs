//! The network side of a session: moves frames between its socket and the owner of the session.

mod input;
mod output;

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use smol::io::AsyncRead;
use tungstenite::protocol::frame::coding::{Control, OpCode};

use crate::event_loop::writers::{Dropping, Writer};
use crate::http::xmpp::frames::{Reader, header};
use crate::http::xmpp::sessions::Sessions;
use crate::http::xmpp::tcp::Tcp;
use crate::id::{SessionId, UserId};
use crate::net::accept::StartTls;
use crate::net::clock::now;
use crate::net::connection::{Connection, UNWANTED_MAX};

/// Reads from the socket in one turn before other tasks have theirs.
const TURNS: usize = 8;

/// How long one session's messages are taken before others have their turn, as long as nobody has logged in on it.
const PATIENCE: Duration = Duration::from_millis(1);

/// How much of what a client still sends is read for its close frame after ours, in bytes: a client that has more on its way, or
/// does not stop, knows by the end of the stream that nobody listens.
const FAREWELL: usize = 64 * 1024;

/// A client still comes in for so many messages after its login: it binds, is present and subscribes. All clients may do that at
/// once, and those that are in do not wait for them. A client that has less to say is in when the time for a login has passed
/// once more, so that it does not wait for others for ever.
const COMING_IN: u8 = 8;

/// How a client came.
pub enum Way {
    /// By a handshake of HTTP; it has sent this right behind its request.
    WebSocket(Vec<u8>),
    /// By TCP, with STARTTLS or without.
    Tcp(StartTls),
}

/// The reader that divides the bytes of a client into messages or stanzas.
pub(super) enum Wire {
    WebSocket(Reader),
    Tcp(Tcp),
}

/// How far a session's connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// We have sent a close frame and wait for the peer's, or for the end of its patience or ours.
    Closing,
    /// Nothing more can be written.
    Dead,
}

/// The progress of a session's task.
pub enum Moved {
    /// The client is in.
    In,
    /// The connection is over, with what the log should say of it.
    Over(String),
}

/// The network side of a session.
pub struct Session<S> {
    sessions: Rc<S>,
    io: Connection,
    id: SessionId,
    /// The user who has logged in.
    user: Option<UserId>,
    /// How many messages have come since then; only whether they are [`COMING_IN`] matters.
    messages: u8,
    wire: Wire,
    /// The hub does not take messages now; what was read already waits in `unread`.
    paused: bool,
    unread: Vec<u8>,
    /// Ready for the socket, which did not take it yet.
    unsent: Vec<u8>,
    phase: Phase,
    /// Input is not looked at any more: the client has broken the protocol, so that nobody knows where its next frame would
    /// start, or has not stopped after our close frame.
    deaf: bool,
    /// The client knows by the end of the stream that nothing more comes.
    half_closed: bool,
    /// How many bytes have come in after our close frame.
    unwanted: usize,
    /// The socket took no more at the last write; the task is woken when it does.
    stuck: bool,
    /// The bytes of one segment, if a fault divides what is sent.
    slice: Option<u16>,
    /// Why a write outside of the task has failed.
    failed: Option<io::Error>,
}

impl<S: Sessions> Session<S> {
    /// The session of a client that came this way.
    pub fn new(sessions: Rc<S>, io: Connection, id: SessionId, way: Way) -> Self {
        let limit = sessions.limits().stanza_before_login;
        let (wire, early) = match way {
            Way::WebSocket(early) => (Wire::WebSocket(Reader::new(limit)), early),
            Way::Tcp(start_tls) => (Wire::Tcp(Tcp::new(limit, start_tls)), Vec::new()),
        };
        Self {
            wire,
            sessions,
            io,
            id,
            user: None,
            messages: 0,
            paused: !early.is_empty(),
            unread: early,
            unsent: Vec::new(),
            phase: Phase::Open,
            deaf: false,
            half_closed: false,
            unwanted: 0,
            stuck: false,
            slice: None,
            failed: None,
        }
    }

    /// Tells whether a user has logged in.
    pub fn is_logged_in(&self) -> bool {
        self.user.is_some()
    }

    /// Says goodbye in TLS, if the socket takes it at once.
    pub fn end_writing(&mut self, cx: &mut Context<'_>) {
        if self.phase != Phase::Dead {
            self.io.end_writing(cx);
        }
    }

    /// Moves what can be moved. Ready when the connection is over, or once, when the client is in by what it has said.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Moved> {
        if let Some(how) = self.sessions.sleep(self.id, cx.waker()) {
            if how == Dropping::Reset {
                self.io.remote().reset();
            }
            self.phase = Phase::Dead;
            return Poll::Ready(Moved::Over("the client did not finish the close".to_owned()));
        }
        if let Some(error) = self.failed.take() {
            return Poll::Ready(self.lost(&error));
        }
        let was_in = self.is_in();
        let started = now().monotonic;
        let patience = self.user.map_or(PATIENCE, |user| self.sessions.rounds().borrow().left(user));
        let turn = Turn { started, patience };
        let moved = self.turn(cx, turn);
        if let Some(user) = self.user {
            let spent = now().monotonic.saturating_duration_since(started);
            self.sessions.rounds().borrow_mut().spend(user, spent);
        }
        if moved.is_pending() && self.is_in() && !was_in {
            return Poll::Ready(Moved::In);
        }
        moved
    }

    /// Whether the client has logged in, and done what clients do then.
    fn is_in(&self) -> bool {
        self.messages >= COMING_IN
    }

    /// Moves what can be moved in one turn.
    fn turn(&mut self, cx: &mut Context<'_>, turn: Turn) -> Poll<Moved> {
        for _ in 0..TURNS {
            match self.write(cx) {
                Err(error) => return Poll::Ready(self.lost(&error)),
                // A client that does not read is not read from either.
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => {}
            }
            if let Wire::Tcp(tcp) = &mut self.wire
                && let Err(error) = tcp.start_tls(&mut self.io)
            {
                return Poll::Ready(self.lost(&error));
            }
            if self.half_closed {
                match ready!(self.throw_away(cx)) {
                    Some(over) => return Poll::Ready(over),
                    None => break,
                }
            }
            if self.is_starting_tls() {
                // A fault keeps the answer to `<starttls/>` back, and nothing is read before it is out.
                return Poll::Pending;
            }
            if self.paused {
                if turn.is_over() {
                    break;
                }
                if !self.sessions.is_reading(self.id) {
                    // The hub wakes this task when it takes messages again.
                    return Poll::Pending;
                }
                self.paused = false;
                let unread = std::mem::take(&mut self.unread);
                if let Some(closed) = self.take(&unread, turn) {
                    return self.finish(cx, closed);
                }
                if self.paused {
                    break;
                }
                continue;
            }
            let sessions = self.sessions.clone();
            let mut scratch = sessions.scratch().borrow_mut();
            let read = Pin::new(&mut self.io).poll_read(cx, &mut scratch.input);
            if let Wire::Tcp(tcp) = &mut self.wire
                && let Err(error) = tcp.look_at_handshake(&self.io, || sessions.secured(self.id))
            {
                return Poll::Ready(self.lost(&error));
            }
            let length = match ready!(read) {
                Ok(0) => return Poll::Ready(self.lost(&io::ErrorKind::UnexpectedEof.into())),
                Ok(length) => length,
                Err(error) => return Poll::Ready(self.lost(&error)),
            };
            let input = std::mem::take(&mut scratch.input);
            drop(scratch);
            if self.phase == Phase::Closing {
                self.unwanted += length;
                self.deaf |= self.unwanted > FAREWELL;
            }
            let closed = self.take(&input[..length], turn);
            sessions.scratch().borrow_mut().input = input;
            if let Some(closed) = closed {
                return self.finish(cx, closed);
            }
            if self.paused {
                break;
            }
        }
        // Others have their turn now: the client has been busy, or is owed much.
        match self.user {
            Some(_) => self.sessions.rounds().borrow_mut().rest(cx.waker(), turn.patience),
            None => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }

    /// Reads once for nobody, because closing a socket with unread data in it would take back our last words: what stands in
    /// it is not looked at, and others have their turn before the next time. Returns something if the connection is over.
    fn throw_away(&mut self, cx: &mut Context<'_>) -> Poll<Option<Moved>> {
        let read = ready!(self.io.poll_discard(cx, &mut self.sessions.scratch().borrow_mut().input));
        Poll::Ready(match read {
            Ok(0) => Some(self.lost(&io::ErrorKind::UnexpectedEof.into())),
            Ok(length) => {
                self.unwanted += length;
                let goes_on = self.unwanted > UNWANTED_MAX;
                goes_on.then(|| Moved::Over("the client went on sending after the close".to_owned()))
            }
            Err(error) => Some(self.lost(&error)),
        })
    }

    /// The peer has closed. The frames that wait go out, and our close frame behind them, as far as the socket takes them at
    /// once. The protocol reader's own answer would have come before what waits.
    fn finish(&mut self, cx: &mut Context<'_>, Closed(code): Closed) -> Poll<Moved> {
        let written = self.write(cx);
        if matches!(written, Ok(Poll::Ready(()))) && self.phase == Phase::Open {
            let code = code.map(u16::to_be_bytes);
            let payload = code.as_ref().map_or(&[][..], |code| &code[..]);
            header(&mut self.unsent, OpCode::Control(Control::Close), payload.len());
            self.unsent.extend_from_slice(payload);
            self.phase = Phase::Closing;
            let _ = self.write(cx);
        }
        let code = code.map_or("no code".to_owned(), |code| code.to_string());
        Poll::Ready(Moved::Over(format!("the client closed the WebSocket ({code}) without <close/>")))
    }

    fn lost(&mut self, error: &io::Error) -> Moved {
        self.phase = Phase::Dead;
        Moved::Over(match error.kind() {
            io::ErrorKind::UnexpectedEof => "the connection was cut".to_owned(),
            _ => format!("the connection was lost: {error}"),
        })
    }
}

impl<S: Sessions> Session<S> {
    fn is_tcp(&self) -> bool {
        matches!(self.wire, Wire::Tcp(_))
    }

    fn is_starting_tls(&self) -> bool {
        matches!(&self.wire, Wire::Tcp(tcp) if tcp.is_starting)
    }
}

impl<S: Sessions> Writer for Session<S> {
    fn write_waiting(&mut self) -> Poll<()> {
        if self.stuck {
            return Poll::Ready(());
        }
        match self.write(&mut Context::from_waker(Waker::noop())) {
            Ok(Poll::Ready(())) if !self.paused && !self.is_starting_tls() => Poll::Ready(()),
            Ok(_) => Poll::Pending,
            Err(error) => {
                self.failed = Some(error);
                Poll::Pending
            }
        }
    }

    fn has_left(&self) -> bool {
        self.io.remote().has_left()
    }
}

/// How long a session may go on before others have their turn.
#[derive(Clone, Copy)]
struct Turn {
    started: Instant,
    patience: Duration,
}

impl Turn {
    fn is_over(self) -> bool {
        now().monotonic.saturating_duration_since(self.started) >= self.patience
    }
}

/// The peer's close frame, with its code if it had one.
struct Closed(Option<u16>);
