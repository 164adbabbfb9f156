//! What a WebSocket or a stream over TCP asks of the owner of its session.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::Waker;

use crate::config::limits::Limits;
use crate::event_loop::rounds::Rounds;
use crate::event_loop::writers::{Dropping, Writer};
use crate::hub::{Peer, XmppOut};
use crate::id::{SessionId, UserId};
use crate::net::buffers::Scratch;
use crate::xmpp::splitter::Piece;
use crate::xmpp::stream::StreamError;

/// The owner of the sessions whose bytes a connection moves: in the program the hub with its event loop, in the test of
/// conformance an echo.
pub trait Sessions: 'static {
    /// A connection is open. Returns the id of its session.
    fn connect(self: &Rc<Self>, origin: Peer) -> SessionId;

    /// A text message came in. Returns the user who has logged in, if one has by now.
    fn receive(self: &Rc<Self>, id: SessionId, text: &str) -> Option<UserId>;

    /// A binary message came in. Bytes that are put into `answers` go out as they are.
    fn binary(self: &Rc<Self>, id: SessionId, data: &[u8], answers: &mut Vec<u8>);

    /// A piece of a stream over TCP came in.
    fn piece(self: &Rc<Self>, id: SessionId, piece: Piece<'_>);

    /// The user who has logged in.
    fn user(self: &Rc<Self>, id: SessionId) -> Option<UserId>;

    /// Tells whether TLS begins when all that waits is written, because the piece before has asked for it. If it has, and was not
    /// alone, the stream ends.
    fn start_tls(self: &Rc<Self>, id: SessionId, is_alone: bool) -> bool;

    /// The handshake of TLS that STARTTLS began is over (RFC 6120 §5.4.3.3).
    fn secured(self: &Rc<Self>, id: SessionId);

    /// A ping or a pong came in.
    fn control(self: &Rc<Self>, id: SessionId);

    /// The client has taken something: it lives.
    fn heard(self: &Rc<Self>, id: SessionId);

    /// Tells whether the next message may be taken now. If not, the session is woken when it may.
    fn is_reading(self: &Rc<Self>, id: SessionId) -> bool;

    /// Hands what waits for the session to `sink`, about `budget` bytes of it. Returns true if something is left.
    fn drain(self: &Rc<Self>, id: SessionId, budget: usize, sink: impl FnMut(XmppOut<'_>)) -> bool;

    /// A write was tried, and the socket took no more.
    fn full(self: &Rc<Self>, id: SessionId);

    /// The client has broken a rule, and its stream ends with this error.
    fn fail(self: &Rc<Self>, id: SessionId, error: StreamError);

    /// The connection is gone, for the reason that the log is told.
    fn closed(self: &Rc<Self>, id: SessionId, how: &str);

    /// From now on `writer` is asked to write what waits for the session, without its task.
    fn attach(&self, id: SessionId, writer: Rc<RefCell<dyn Writer>>);

    /// The session's task waits: `waker` wakes it. Returns how, if it must drop its connection instead.
    fn sleep(&self, id: SessionId, waker: &Waker) -> Option<Dropping>;

    /// The session's task is over.
    fn forget(&self, id: SessionId);

    /// Runs a task among those of the sessions.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);

    /// Runs the task of a connection of `peer` on which nobody has logged in yet.
    fn spawn_arrival(self: &Rc<Self>, peer: IpAddr, task: impl Future<Output = ()> + 'static);

    fn rounds(&self) -> &RefCell<Rounds<UserId>>;

    fn scratch(&self) -> &RefCell<Scratch>;

    fn limits(&self) -> &Limits;
}
