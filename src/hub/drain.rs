//! The way out: what waits for a session goes into its socket.

use crate::clock::Now;
use crate::hub::delivery::frame::{EventOut, XmppOut};
use crate::hub::session::{Carrier, Kind, Xmpp};
use crate::hub::state::Hub;
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
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let Kind::Xmpp(Xmpp { carrier: Carrier::WebSocket(outbox), address, .. }) = &mut session.kind else {
            debug_assert!(false, "{id} is no WebSocket");
            return false;
        };
        let address = address.as_deref();
        if self.taps.is_empty() {
            let taken = outbox.drain(budget, |frame| frame.write(address, &mut sink));
            let is_left = !outbox.is_empty();
            session.took(now.monotonic, taken);
            self.was_given(now, id, taken);
            return is_left;
        }
        let mut seen = Vec::new();
        let taken = outbox.drain(budget, |frame| {
            frame.write(address, |out| {
                if let XmppOut::Text(pieces) = out {
                    seen.push(pieces.concat());
                }
                sink(out);
            });
        });
        session.took(now.monotonic, taken);
        self.was_given(now, id, taken);
        for text in seen {
            self.tap(now, id, Direction::Out, &text, text.len());
        }
        self.sessions.get(id).is_some_and(|session| !session.fill().is_empty())
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
        let taken = events.outbox.drain(budget, |entry| sink(entry.out()));
        let is_left = !events.outbox.is_empty();
        session.took(now.monotonic, taken);
        self.was_given(now, id, taken);
        is_left
    }
}
