//! The way out of a session with stream management.

use crate::clock::Now;
use crate::hub::delivery::frame::{Element, Frame, XmppOut};
use crate::hub::delivery::outbox::Queued;
use crate::hub::session::{Carrier, Kind, Xmpp};
use crate::hub::session_address::Address;
use crate::hub::state::Hub;
use crate::hub::tap::Direction;
use crate::id::SessionId;
use crate::record::Text;
use crate::xmpp::sm;

/// A frame as it was written, for those who look at frames: the event of an item with its length, or the text.
pub type Seen = Vec<(Text, usize)>;

/// Hands a frame to `sink`, and notes it if somebody looks.
pub fn write(
    frame: &Frame,
    address: Option<&Address>,
    seen: Option<&mut Seen>,
    sink: &mut dyn FnMut(XmppOut<'_>),
) {
    let Some(seen) = seen else { return frame.write(address, sink) };
    let mut event = frame.recorded(address);
    frame.write(address, |out| {
        if let XmppOut::Text(pieces) = out {
            seen.push(match event.take() {
                Some(event) => (event, pieces.iter().map(|piece| piece.len()).sum()),
                None => (Text::Own(pieces.concat().into()), 0),
            });
        }
        sink(out);
    });
}

impl Hub {
    /// [`Hub::drain`] for a session with stream management: what goes out is kept, no more of it goes out than may be
    /// unacknowledged, and the server asks what the client has handled.
    pub(in crate::hub) fn drain_managed(
        &mut self,
        now: Now,
        id: SessionId,
        budget: usize,
        mut seen: Option<Seen>,
        sink: &mut dyn FnMut(XmppOut<'_>),
    ) -> bool {
        let limits = self.limits;
        let Some(session) = self.sessions.get_mut(id) else { return false };
        let Kind::Xmpp(Xmpp {
            carrier: Carrier::Connection(outbox), address, managed: Some(managed), ..
        }) = &mut session.kind
        else {
            return false;
        };
        let address = address.as_deref();
        let (mut taken, mut is_full) = (0, managed.is_full(&limits));
        while taken < budget && !is_full {
            let Some(frame) = outbox.pop() else { break };
            taken += frame.len();
            write(&frame, address, seen.as_mut(), sink);
            managed.sent(now.monotonic, frame);
            is_full = managed.is_full(&limits);
            if managed.counts.is_to_ask(is_full) {
                managed.counts.ask();
                write(&Frame::Element(Element::Text(sm::REQUEST.into())), None, seen.as_mut(), sink);
            }
        }
        outbox.give_back();
        let is_left = !outbox.is_empty();
        session.took(now.monotonic, taken);
        self.look_to_ask(id);
        self.was_given(now, id, taken);
        if is_full && is_left {
            // The client has to take what it was sent before there is more, as where its socket is full.
            self.full(now, id);
        }
        self.show_written(now, id, seen.unwrap_or_default());
        is_left && !is_full
    }

    /// Shows what was written to those who look.
    pub(in crate::hub) fn show_written(&mut self, now: Now, id: SessionId, seen: Seen) {
        for (text, size) in seen {
            match text {
                Text::Own(text) => self.saw(now, id, Direction::Out, &text, text.len()),
                event => self.saw_event(now, id, event, size),
            }
        }
    }
}
