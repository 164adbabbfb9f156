//! Sessions in which every message comes back to its sender.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Poll, Waker};

use callboard::config::limits::Limits;
use callboard::event_loop::rounds::{self, Rounds};
use callboard::event_loop::writers::{Dropping, Writer, Writers};
use callboard::http::xmpp::Sessions;
use callboard::hub::{Peer, XmppOut};
use callboard::id::{SessionId, UserId};
use callboard::net::buffers::Scratch;
use callboard::xmpp::splitter::Piece;
use callboard::xmpp::stream::StreamError;
use smol::{LocalExecutor, Timer};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// The longest message of the tests in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// What goes back to a client.
enum Frame {
    Text(String),
    Close(u16),
}

/// All sessions, and what their tasks share.
pub struct Echo {
    executor: Rc<LocalExecutor<'static>>,
    sessions: RefCell<Table>,
    writers: Rc<RefCell<Writers>>,
    rounds: RefCell<Rounds<UserId>>,
    scratch: RefCell<Scratch>,
    limits: Limits,
}

#[derive(Default)]
struct Table {
    frames: HashMap<SessionId, VecDeque<Frame>>,
    /// How many sessions there have been.
    begun: u32,
}

impl Echo {
    pub fn new(executor: Rc<LocalExecutor<'static>>) -> Self {
        Self {
            executor,
            sessions: RefCell::default(),
            writers: Rc::default(),
            rounds: RefCell::new(Rounds::new(rounds::USER)),
            scratch: RefCell::default(),
            limits: Limits { stanza_before_login: LONGEST, stanza: LONGEST, ..Limits::default() },
        }
    }

    /// Writes what waits for sessions, without waking their tasks. Never ends.
    pub async fn write<T>(self: Rc<Self>) -> T {
        std::future::poll_fn(|_| {
            loop {
                let Some((id, writer)) = self.writers.borrow_mut().next_waiting() else {
                    self.rounds.borrow_mut().next();
                    return Poll::Pending;
                };
                if writer.borrow_mut().write_waiting().is_pending() {
                    self.writers.borrow().wake(id);
                }
            }
        })
        .await
    }

    fn push(&self, id: SessionId, frame: Frame) {
        if let Some(frames) = self.sessions.borrow_mut().frames.get_mut(&id) {
            frames.push_back(frame);
            self.writers.borrow_mut().mark_waiting(id);
        }
    }
}

impl Sessions for Echo {
    fn connect(self: &Rc<Self>, _: Peer) -> SessionId {
        let mut sessions = self.sessions.borrow_mut();
        sessions.begun += 1;
        let id = format!("{}.0", sessions.begun).parse().expect("an id is written so");
        sessions.frames.insert(id, VecDeque::new());
        id
    }

    /// Everybody is a user of its own.
    fn receive(self: &Rc<Self>, id: SessionId, text: &str) -> Option<UserId> {
        self.push(id, Frame::Text(text.to_owned()));
        u32::try_from(id.place()).ok().map(UserId::first)
    }

    fn binary(self: &Rc<Self>, _: SessionId, data: &[u8], answers: &mut Vec<u8>) {
        let header = FrameHeader { opcode: OpCode::Data(Data::Binary), ..FrameHeader::default() };
        header.format(data.len() as u64, answers).expect("a buffer takes all");
        answers.extend_from_slice(data);
    }

    /// Never called: only WebSockets come here.
    fn piece(self: &Rc<Self>, _: SessionId, _: Piece<'_>) {}

    fn user(self: &Rc<Self>, _: SessionId) -> Option<UserId> {
        None
    }

    fn start_tls(self: &Rc<Self>, _: SessionId, _: bool) -> bool {
        false
    }

    fn secured(self: &Rc<Self>, _: SessionId) {}

    fn control(self: &Rc<Self>, _: SessionId) {}

    fn heard(self: &Rc<Self>, _: SessionId) {}

    /// Takes a single text at a time, so that reading stops and goes on all the while.
    fn is_reading(self: &Rc<Self>, id: SessionId) -> bool {
        self.sessions.borrow().frames.get(&id).is_some_and(VecDeque::is_empty)
    }

    fn drain(self: &Rc<Self>, id: SessionId, _: usize, mut sink: impl FnMut(XmppOut<'_>)) -> bool {
        let mut sessions = self.sessions.borrow_mut();
        let Some(frames) = sessions.frames.get_mut(&id) else { return false };
        match frames.pop_front() {
            None => {}
            Some(Frame::Text(text)) => sink(XmppOut::Text(&[&text])),
            Some(Frame::Close(code)) => sink(XmppOut::Close(code, "")),
        }
        !frames.is_empty()
    }

    fn full(self: &Rc<Self>, _: SessionId) {}

    /// A session that is to end has its time for that.
    fn fail(self: &Rc<Self>, id: SessionId, error: StreamError) {
        self.push(id, Frame::Close(error.code));
        let (writers, patience) = (self.writers.clone(), self.limits.close);
        Sessions::spawn(&**self, async move {
            Timer::after(patience).await;
            writers.borrow_mut().drop_connection(id, Dropping::Close);
        });
    }

    fn closed(self: &Rc<Self>, id: SessionId, _: &str) {
        self.sessions.borrow_mut().frames.remove(&id);
    }

    fn attach(&self, id: SessionId, writer: Rc<RefCell<dyn Writer>>) {
        self.writers.borrow_mut().attach(id, writer);
    }

    fn sleep(&self, id: SessionId, waker: &Waker) -> Option<Dropping> {
        self.writers.borrow_mut().sleep(id, waker)
    }

    fn forget(&self, id: SessionId) {
        self.writers.borrow_mut().forget(id);
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.executor.spawn(task).detach();
    }

    /// Runs the task in the only executor.
    fn spawn_arrival(self: &Rc<Self>, _: IpAddr, task: impl Future<Output = ()> + 'static) {
        Sessions::spawn(&**self, task);
    }

    fn rounds(&self) -> &RefCell<Rounds<UserId>> {
        &self.rounds
    }

    fn scratch(&self) -> &RefCell<Scratch> {
        &self.scratch
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}
