//! Taps: an administrator sees the frames of sessions that are not its own, as they come and go.
//!
//! A frame is copied when somebody looks and not else; over BOSH it is an envelope, without the name of the session, which
//! would let a reader take the session over. Streams of events, and so taps themselves, are never seen.

use std::rc::Rc;
use std::time::UNIX_EPOCH;

use crate::clock::Now;
use crate::hub::delivery::frame::StreamEntry;
use crate::hub::delivery::queue_memory::Counted;
use crate::hub::delivery::stream_event::StreamEvent;
use crate::hub::event_stream::{MISSED, SessionRefused, StreamRequest};
use crate::hub::session::Session;
use crate::hub::state::Hub;
use crate::hub::tap::{Direction, Tap};
use crate::id::SessionId;
use crate::json;
use crate::xmpp::{bosh, sasl};

/// How many taps there are at the most: each costs a copy of every frame.
const TAPS_MAX: usize = 4;

/// Why a tap is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapRefused {
    SessionUnknown,
    TooManyTaps,
    Session(SessionRefused),
}

impl From<SessionRefused> for TapRefused {
    fn from(why: SessionRefused) -> Self {
        Self::Session(why)
    }
}

impl Hub {
    /// Opens a stream of the frames of one session, or of all.
    ///
    /// # Errors
    ///
    /// Says why there is no such stream.
    pub fn open_tap(
        &mut self,
        now: Now,
        request: StreamRequest,
        of: Option<SessionId>,
    ) -> Result<SessionId, TapRefused> {
        if of.is_some_and(|of| self.sessions.get(of).is_none_or(Session::is_event_stream)) {
            return Err(TapRefused::SessionUnknown);
        }
        if self.taps.len() == TAPS_MAX {
            return Err(TapRefused::TooManyTaps);
        }
        let id = self.open_stream(now, request)?;
        self.taps.push(Tap { id, of, left_out: 0 });
        Ok(id)
    }

    /// A frame of a session, as a log may show it, goes to those who look. `size`: its length as it was, in bytes.
    pub(super) fn tap(&mut self, now: Now, id: SessionId, direction: Direction, shown: &str, size: usize) {
        let Some(session) = self.sessions.get(id).filter(|session| !session.is_event_stream()) else {
            return;
        };
        let user = session.user.map(|user| self.user_name(user));
        let time = now.wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let direction = match direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        let mut data = String::with_capacity(shown.len() + 128);
        json::object(&mut data, |frame| {
            frame.string("session", &id.to_string());
            frame.optional("user", user.as_deref());
            frame.string("direction", direction);
            frame.plain("time", time);
            frame.plain("size", size);
            frame.string("text", shown);
        });
        self.send_to_taps(now, id, "frame", data);
    }

    /// An envelope of a session over BOSH came in.
    pub(super) fn tap_post(&mut self, now: Now, id: SessionId, text: &str) {
        if !self.taps.is_empty() {
            let shown = bosh::without_sid(&sasl::masked(text, self.is_logged_in(id)));
            self.tap(now, id, Direction::In, &shown, text.len());
        }
    }

    /// Shows an answer that goes out.
    pub(super) fn tap_answer(&mut self, now: Now, id: SessionId, text: &str) {
        if !self.taps.is_empty() {
            self.tap(now, id, Direction::Out, &bosh::without_sid(text), text.len());
        }
    }

    /// Tells those who look that a session is gone.
    pub(super) fn tap_end(&mut self, now: Now, id: SessionId, session: &Session, reason: &str) {
        if self.taps.is_empty() || session.is_event_stream() {
            return;
        }
        let mut data = String::new();
        json::object(&mut data, |gone| {
            gone.string("session", &id.to_string());
            gone.string("reason", reason);
        });
        self.send_to_taps(now, id, "gone", data);
    }

    fn send_to_taps(&mut self, now: Now, about: SessionId, name: &'static str, data: String) {
        let event = StreamEvent::other(name, data).counted(&self.queue_memory, None);
        // Collected first: what is told can end a tap.
        let taps: Vec<SessionId> =
            self.taps.iter().filter(|tap| tap.of.is_none_or(|of| of == about)).map(|tap| tap.id).collect();
        for id in taps {
            self.send_to_tap(now, id, &event);
        }
    }

    /// Nobody who sends waits for a tap, so it is told how much it has not seen where it could not be told more.
    fn send_to_tap(&mut self, now: Now, id: SessionId, event: &Rc<Counted<StreamEvent>>) {
        let full = self.sessions.get(id).is_some_and(|session| session.fill().is_over(&self.limits));
        let Some(tap) = self.taps.iter_mut().find(|tap| tap.id == id) else { return };
        if full {
            tap.left_out += 1;
            if self.is_behind(now, id) {
                self.too_slow(now, id);
            }
            return;
        }
        let left_out = std::mem::take(&mut tap.left_out);
        if left_out > 0 {
            let mut data = String::new();
            json::object(&mut data, |missed| missed.plain("frames", left_out));
            let event = StreamEvent::other(MISSED, data);
            self.push_event(now, id, StreamEntry::Event(event.counted(&self.queue_memory, None)));
        }
        self.push_event(now, id, StreamEntry::Event(event.clone()));
    }
}
