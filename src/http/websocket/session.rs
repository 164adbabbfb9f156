//! The network side of a session: moves frames between its socket and the owner of the session.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use smol::io::{AsyncRead, AsyncWrite};
use tungstenite::Message;
use tungstenite::error::Error;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::event_loop::writers::{Dropping, Writer};
use crate::http::websocket::frames::{Reader, header};
use crate::http::websocket::sessions::Sessions;
use crate::http::websocket::tcp::Tcp;
use crate::hub::XmppOut;
use crate::id::{SessionId, UserId};
use crate::net::accept::StartTls;
use crate::net::buffers::{Scratch, WRITE};
use crate::net::clock::now;
use crate::net::connection::{Connection, UNWANTED_MAX};
use crate::xmpp::sasl;
use crate::xmpp::splitter::Piece;
use crate::xmpp::stream::StreamError;

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

const NOT_UTF8: StreamError =
    StreamError { condition: "bad-format", text: "The text is not UTF-8.", code: 1007 };
const BROKEN: StreamError =
    StreamError { condition: "bad-format", text: "Not the WebSocket protocol.", code: 1002 };

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

    /// Writes what waits, many frames at once. Pending if the socket takes no more.
    fn write(&mut self, cx: &mut Context<'_>) -> io::Result<Poll<()>> {
        let written = self.try_write(cx)?;
        self.stuck = written.is_pending();
        if self.stuck {
            self.sessions.full(self.id);
        }
        Ok(written)
    }

    fn try_write(&mut self, cx: &mut Context<'_>) -> io::Result<Poll<()>> {
        let sessions = self.sessions.clone();
        loop {
            let mut sent = 0;
            while sent < self.unsent.len() {
                let rest = &self.unsent[sent..];
                let most = self.slice.map_or(rest.len(), |bytes| rest.len().min(bytes.into()));
                match Pin::new(&mut self.io).poll_write(cx, &rest[..most])? {
                    Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Poll::Ready(length) => sent += length,
                    Poll::Pending => break,
                }
            }
            if sent > 0 {
                // A client that takes its events lives, though its pongs are not read meanwhile.
                sessions.heard(self.id);
            }
            if sent < self.unsent.len() {
                // Once for all segments: each would move the rest of a long stanza.
                drop(self.unsent.drain(..sent));
                return Ok(Poll::Pending);
            }
            self.unsent = Vec::new();
            let Scratch { output, .. } = &mut *sessions.scratch().borrow_mut();
            output.clear();
            self.slice = None;
            let more = sessions.drain(self.id, WRITE, |out| self.encode(output, &out));
            if self.slice.is_some() {
                self.unsent.extend_from_slice(output);
            } else if !output.is_empty() {
                match Pin::new(&mut self.io).poll_write(cx, output)? {
                    Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Poll::Ready(length) => self.unsent.extend_from_slice(&output[length..]),
                    Poll::Pending => self.unsent.extend_from_slice(output),
                }
            }
            if !more && self.unsent.is_empty() {
                let flushed = Pin::new(&mut self.io).poll_flush(cx)?;
                if flushed.is_ready() && self.deaf && self.phase == Phase::Closing && !self.half_closed {
                    self.half_closed = true;
                    self.io.end_writing(cx);
                }
                return Ok(flushed);
            }
        }
    }

    fn encode(&mut self, output: &mut Vec<u8>, out: &XmppOut<'_>) {
        match out {
            XmppOut::Slice(bytes) => self.slice = Some(*bytes),
            XmppOut::Text(pieces) => {
                if let Wire::Tcp(tcp) = &mut self.wire {
                    tcp.says(pieces);
                }
                self.encode_text(output, pieces);
            }
            XmppOut::Ping => header(output, OpCode::Control(Control::Ping), 0),
            // The client knows by the end of the connection that nothing more comes (RFC 6120 §4.4).
            XmppOut::Close(..) if self.is_tcp() => (self.phase, self.deaf) = (Phase::Closing, true),
            XmppOut::Close(code, reason) => {
                header(output, OpCode::Control(Control::Close), 2 + reason.len());
                output.extend_from_slice(&code.to_be_bytes());
                output.extend_from_slice(reason.as_bytes());
                self.phase = Phase::Closing;
            }
        }
    }

    fn encode_text(&self, output: &mut Vec<u8>, pieces: &[&str]) {
        if log::log_enabled!(log::Level::Trace) {
            log::trace!("{} > {}", self.io.peer, sasl::masked_answer(&pieces.concat()));
        }
        if !self.is_tcp() {
            header(output, OpCode::Data(Data::Text), pieces.iter().map(|piece| piece.len()).sum());
        }
        for piece in pieces {
            output.extend_from_slice(piece.as_bytes());
        }
    }

    /// Takes what was read, as long as the hub takes messages. Returns the peer's close frame, if it came.
    fn take(&mut self, mut input: &[u8], turn: Turn) -> Option<Closed> {
        while !self.deaf {
            let tired = !input.is_empty() && turn.is_over();
            if tired || !self.sessions.is_reading(self.id) {
                self.paused = true;
                self.unread = input.to_vec();
                return None;
            }
            let Wire::WebSocket(reader) = &mut self.wire else {
                if self.take_piece(&mut input) {
                    continue;
                }
                return None;
            };
            let mut answers = Vec::new();
            let message = reader.next(&mut input, &mut answers);
            if self.user.is_some() && matches!(message, Ok(Some(_))) {
                self.messages = self.messages.saturating_add(1);
            }
            if self.phase == Phase::Open {
                // A client that sends one ping after the other must not fill our memory with pongs: it is not read
                // from before it has taken those of this round.
                self.unsent.append(&mut answers);
            }
            match message {
                Ok(None) => return None,
                Ok(Some(Message::Text(text))) => self.text(&text),
                Ok(Some(Message::Ping(_) | Message::Pong(_))) => self.sessions.control(self.id),
                Ok(Some(Message::Close(frame))) => return Some(Closed(frame.map(|frame| frame.code.into()))),
                Ok(Some(Message::Binary(data))) => self.sessions.binary(self.id, &data, &mut self.unsent),
                // These are made for writing only.
                Ok(Some(Message::Frame(_))) => {}
                Err(error) => {
                    // Its answer to our close will not be understood either.
                    self.deaf = true;
                    let error = match error {
                        Error::Capacity(_) => StreamError::TOO_LARGE,
                        Error::Utf8(_) => NOT_UTF8,
                        _ => BROKEN,
                    };
                    self.sessions.fail(self.id, error);
                }
            }
        }
        None
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

    fn text(&mut self, text: &str) {
        log::trace!("{} < {}", self.io.peer, sasl::masked(text, self.user.is_some()));
        let user = self.sessions.receive(self.id, text);
        if user.is_some() && self.user.is_none() {
            self.user = user;
            if let Wire::WebSocket(reader) = &mut self.wire {
                reader.raise(self.sessions.limits().stanza);
            }
        }
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

    /// Takes the next piece of a stream over TCP. Returns false if it has not come yet, or nothing more is taken before TLS has begun.
    fn take_piece(&mut self, input: &mut &[u8]) -> bool {
        let Wire::Tcp(tcp) = &mut self.wire else { return false };
        if self.user.is_none() {
            self.user = self.sessions.user(self.id);
            if self.user.is_some() {
                tcp.splitter.restart(self.sessions.limits().stanza);
            }
        }
        match tcp.splitter.next(input) {
            Ok(None) => return false,
            Ok(Some(piece)) => {
                if let Piece::Header(text) | Piece::Stanza(text) = piece {
                    log::trace!("{} < {}", self.io.peer, sasl::masked(text, self.user.is_some()));
                }
                if self.user.is_some() && piece != Piece::Space {
                    self.messages = self.messages.saturating_add(1);
                }
                self.sessions.piece(self.id, piece);
                if tcp.has_start_tls() {
                    tcp.is_starting = self.sessions.start_tls(self.id, input.is_empty());
                }
            }
            Err(error) => {
                self.deaf = true;
                self.sessions.fail(self.id, error.into());
            }
        }
        !self.is_starting_tls()
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
