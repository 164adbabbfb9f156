//! In the hub's place: every text comes back to who sent it.

use std::collections::{HashMap, VecDeque};

pub use callboard::hub::{Origin, Out};

use crate::id::{SessionId, UserId};
use crate::xmpp::stream::StreamError;
use callboard::clock::Now;

/// What goes back to one client.
enum Frame {
    Text(String),
    Close(u16),
}

/// One session each.
#[derive(Default)]
pub struct Hub {
    sessions: HashMap<SessionId, VecDeque<Frame>>,
    /// How many there have been.
    begun: u32,
    /// Those that we have closed, until somebody looks after their time.
    pub ending: Vec<SessionId>,
    /// Those that something waits for, until somebody looks after that.
    pub owed: Vec<SessionId>,
}

/// As far as a WebSocket asks for it, what callboard's hub has.
impl Hub {
    pub fn connect(&mut self, _: Now, _: Origin) -> SessionId {
        self.begun += 1;
        let id = format!("{}.0", self.begun).parse().expect("that is how ids are written");
        self.sessions.insert(id, VecDeque::new());
        id
    }

    pub fn closed(&mut self, _: Now, id: SessionId, _: &str) {
        self.sessions.remove(&id);
    }

    /// Everybody is a user of its own.
    pub fn user_of(&self, id: SessionId) -> Option<UserId> {
        u32::try_from(id.place()).ok().map(UserId)
    }

    pub fn full(&mut self, _: Now, _: SessionId) {}

    pub fn control(&mut self, now: Now, id: SessionId) {
        self.alive(now, id);
    }

    pub fn alive(&mut self, _: Now, _: SessionId) {}

    /// One text at a time, so that reading stops and goes on all the while.
    pub fn is_reading(&self, id: SessionId) -> bool {
        self.sessions.get(&id).is_some_and(VecDeque::is_empty)
    }

    pub fn frame(&mut self, _: Now, id: SessionId, text: &str) {
        self.push(id, Frame::Text(text.to_owned()));
    }

    pub fn fail(&mut self, _: Now, id: SessionId, error: StreamError) {
        self.push(id, Frame::Close(error.code));
        self.ending.push(id);
    }

    fn push(&mut self, id: SessionId, frame: Frame) {
        if let Some(frames) = self.sessions.get_mut(&id) {
            frames.push_back(frame);
            self.owed.push(id);
        }
    }

    pub fn drain(&mut self, _: Now, id: SessionId, _: usize, mut sink: impl FnMut(Out<'_>)) -> bool {
        let Some(frames) = self.sessions.get_mut(&id) else { return false };
        match frames.pop_front() {
            None => {}
            Some(Frame::Text(text)) => sink(Out::Text(&[&text])),
            Some(Frame::Close(code)) => sink(Out::Close(code, "")),
        }
        !frames.is_empty()
    }
}
