//! The way out: what waits for a session goes into its socket.

use crate::clock::Now;
use crate::hub::delivery::frame::{EventOut, StreamEntry, XmppOut};
use crate::hub::session::{Carrier, Kind, Xmpp};
use crate::hub::state::Hub;
use crate::hub::stream_management::sending;
use crate::hub::tap::Direction;
use crate::id::SessionId;

impl Hub {
    /// Hands what waits for a WebSocket to `sink`, in order, until about `budget` bytes are written or nothing is left. Returns
    /// true if something is.
    pub fn drain(
        &mut self,
        now: Now,
        id: SessionId,
        budget: usize,
        mut sink: impl FnMut(XmppOut<'_>),
    ) -> bool {
        let Some(budget) = self.allowance(now, id, budget) else { return false };
        if let Some(bytes) = self.slice(id) {
            sink(XmppOut::Slice(bytes));
        }
        let mut seen = self.sees_frames().then(Vec::new);
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        if session.xmpp().is_some_and(|xmpp| xmpp.managed.is_some() && !xmpp.is_closed()) {
            return self.drain_managed(now, id, budget, seen, &mut sink);
        }
        let Kind::Xmpp(Xmpp { carrier: Carrier::Connection(outbox), address, .. }) = &mut session.kind else {
            debug_assert!(false, "{id} is no WebSocket");
            return false;
        };
        let address = address.as_deref();
        let taken = match &mut seen {
            None => outbox.drain(budget, |frame| frame.write(address, &mut sink)),
            seen => outbox.drain(budget, |frame| sending::write(frame, address, seen.as_mut(), &mut sink)),
        };
        let is_left = !outbox.is_empty();
        session.took(now.monotonic, taken);
        self.was_given(now, id, taken);
        self.show_written(now, id, seen.unwrap_or_default());
        is_left
    }

    /// Hands what waits for a stream of events to `sink`, as [`Hub::drain`] does for a WebSocket.
    pub fn drain_events(
        &mut self,
        now: Now,
        id: SessionId,
        budget: usize,
        mut sink: impl FnMut(EventOut<'_>),
    ) -> bool {
        let Some(budget) = self.allowance(now, id, budget) else { return false };
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let Kind::Events(events) = &mut session.kind else {
            debug_assert!(false, "{id} is no stream of events");
            return false;
        };
        let is_recorded = self.record.is_on() && !events.looks_on;
        let mut seen = Vec::new();
        let taken = events.outbox.drain(budget, |entry| {
            if is_recorded && let StreamEntry::Event(event) = entry {
                seen.push((event.recorded(), event.len()));
            }
            sink(entry.out());
        });
        let is_left = !events.outbox.is_empty();
        session.took(now.monotonic, taken);
        self.was_given(now, id, taken);
        for (text, size) in seen {
            self.record_frame(now, id, Direction::Out, text, size);
        }
        is_left
    }
}
