//! Taps: an administrator sees the frames of sessions that are not its own, as they come and go, or follows the record.
//!
//! A frame is copied when somebody looks, or the record is on, and not else; over BOSH it is an envelope, without the name of the
//! session, which would let a reader take the session over. Streams of events are never seen by taps, and taps by nobody.

use std::rc::Rc;
use std::time::UNIX_EPOCH;

use crate::clock::Now;
use crate::hub::delivery::frame::StreamEntry;
use crate::hub::delivery::queue_memory::Counted;
use crate::hub::delivery::stream_event::StreamEvent;
use crate::hub::event_stream::{MISSED, SessionRefused, StreamRequest};
use crate::hub::session::{Kind, Session};
use crate::hub::state::Hub;
use crate::hub::tap::{Direction, Sees, Tap};
use crate::id::SessionId;
use crate::json;
use crate::record::{Entry, Text};
use crate::xmpp::{bosh, sasl};

/// How many look at frames at the most, and how many follow the record: each costs a copy of everything.
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
        self.open_look(now, request, Sees::Frames(of))
    }

    /// Opens a stream for somebody who looks on.
    pub(super) fn open_look(
        &mut self,
        now: Now,
        request: StreamRequest,
        sees: Sees,
    ) -> Result<SessionId, TapRefused> {
        let is_same = |tap: &&Tap| std::mem::discriminant(&tap.sees) == std::mem::discriminant(&sees);
        if self.taps.iter().filter(is_same).count() == TAPS_MAX {
            return Err(TapRefused::TooManyTaps);
        }
        let id = self.open_stream(now, request)?;
        if let Some(Kind::Events(events)) = self.sessions.get_mut(id).map(|session| &mut session.kind) {
            events.looks_on = true;
        }
        self.taps.push(Tap { id, sees, left_out: 0 });
        Ok(id)
    }

    /// Whether frames are shown to anybody, or recorded.
    pub(super) fn sees_frames(&self) -> bool {
        self.record.is_on() || !self.taps.is_empty()
    }

    /// A frame of a session came or went, as others may see it. `size`: its length as it was, in bytes.
    pub(super) fn saw(&mut self, now: Now, id: SessionId, direction: Direction, shown: &str, size: usize) {
        let shown = match direction {
            Direction::In => shown.into(),
            Direction::Out => sasl::masked_answer(shown),
        };
        let shown = &*shown;
        self.tap(now, id, direction, shown, size);
        self.record_frame(now, id, direction, Text::own(shown), size);
    }

    /// The event of an item went to a session of XMPP.
    pub(super) fn saw_event(&mut self, now: Now, id: SessionId, event: Text, size: usize) {
        if !self.taps.is_empty() {
            let shown = event.shown(self.record.wire()).into_owned();
            self.tap(now, id, Direction::Out, &shown, size);
        }
        self.record_frame(now, id, Direction::Out, event, size);
    }

    fn tap(&mut self, now: Now, id: SessionId, direction: Direction, shown: &str, size: usize) {
        if !self.taps.iter().any(|tap| matches!(tap.sees, Sees::Frames(_))) {
            return;
        }
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
            if let Some(fault) = self.lasting_fault(id) {
                frame.string("fault", fault);
            }
            frame.string("text", shown);
        });
        self.send_to_taps(now, id, "frame", data);
    }

    /// A fault acts on a session: on the event of an item, or on what has just come from the client.
    pub(super) fn tap_hit(&mut self, now: Now, id: SessionId, name: &str, item: Option<&str>) {
        if self.taps.is_empty() || self.sessions.get(id).is_none_or(Session::is_event_stream) {
            return;
        }
        let mut data = String::new();
        json::object(&mut data, |hit| {
            hit.string("session", &id.to_string());
            hit.string("fault", name);
            hit.optional("item", item);
        });
        self.send_to_taps(now, id, "fault", data);
    }

    /// An envelope of a session over BOSH came in.
    pub(super) fn tap_post(&mut self, now: Now, id: SessionId, text: &str) {
        if self.sees_frames() {
            let shown = bosh::without_sid(&sasl::masked(text, self.is_logged_in(id)));
            self.saw(now, id, Direction::In, &shown, text.len());
        }
    }

    /// Shows an answer that goes out.
    pub(super) fn tap_answer(&mut self, now: Now, id: SessionId, text: &str) {
        if self.sees_frames() {
            self.saw(now, id, Direction::Out, &bosh::without_sid(text), text.len());
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
        let event = StreamEvent::other(name, data);
        self.send_to_all(
            now,
            event,
            |sees| matches!(sees, Sees::Frames(of) if of.is_none_or(|of| of == about)),
        );
    }

    /// Shows an entry of the record to those who follow it.
    pub(super) fn show_entry(&mut self, now: Now, number: u64) {
        if self.taps.is_empty() {
            return;
        }
        let Some(entry) = self.record.get(number) else { return };
        let wanted = |sees: &Sees| matches!(sees, Sees::Record(filter) if filter.has(entry));
        let ids: Vec<SessionId> =
            self.taps.iter().filter(|tap| wanted(&tap.sees)).map(|tap| tap.id).collect();
        if !ids.is_empty() {
            let event = self.entry_event(entry).counted(&self.queue_memory, None);
            for id in ids {
                self.send_to_tap(now, id, &event);
            }
        }
    }

    /// An entry as an event of a stream, whose id is the number of the entry.
    pub(super) fn entry_event(&self, entry: &Entry) -> StreamEvent {
        let mut data = String::new();
        entry.write(&mut data, self.record.wire());
        StreamEvent::numbered("entry", entry.seq, data)
    }

    fn send_to_all(&mut self, now: Now, event: StreamEvent, sees: impl Fn(&Sees) -> bool) {
        // Collected first: what is told can end a tap.
        let taps: Vec<SessionId> = self.taps.iter().filter(|tap| sees(&tap.sees)).map(|tap| tap.id).collect();
        if !taps.is_empty() {
            let event = event.counted(&self.queue_memory, None);
            for id in taps {
                self.send_to_tap(now, id, &event);
            }
        }
    }

    /// Counts what a tap was not shown.
    pub(super) fn leave_out(&mut self, id: SessionId, count: u64) {
        if let Some(tap) = self.taps.iter_mut().find(|tap| tap.id == id) {
            tap.left_out += count;
        }
    }

    /// Nobody who sends waits for a tap, so it is told how much it has not seen where it could not be told more.
    pub(super) fn send_to_tap(&mut self, now: Now, id: SessionId, event: &Rc<Counted<StreamEvent>>) {
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
        let what = if matches!(tap.sees, Sees::Frames(_)) { "frames" } else { "entries" };
        if left_out > 0 {
            let mut data = String::new();
            json::object(&mut data, |missed| missed.plain(what, left_out));
            let event = StreamEvent::other(MISSED, data);
            self.push_event(now, id, StreamEntry::Event(event.counted(&self.queue_memory, None)));
        }
        self.push_event(now, id, StreamEntry::Event(event.clone()));
    }
}
