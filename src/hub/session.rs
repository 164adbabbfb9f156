//! A session, and the table of all.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Instant;

use crate::config::limits::Limits;
use crate::desk::Directory;
use crate::hub::action::{Note, NoteKind};
use crate::hub::bosh::record::Bosh;
use crate::hub::delivery::behind::Behind;
use crate::hub::delivery::frame::{Element, Frame, StreamEntry};
use crate::hub::delivery::outbox::{Fill, Outbox};
use crate::hub::delivery::queue_memory::QueueMemory;
use crate::hub::login::tickets::TicketKey;
use crate::hub::session_address::Address;
use crate::hub::stream_management::managed::Managed;
use crate::id::places::Places;
use crate::id::{SessionId, UserId};
use crate::text;
use crate::transport::Transport;
use crate::xmpp::stream::{Form, State, Stream};

/// The availability that a session has announced last.
#[derive(Debug)]
pub struct Presence {
    pub priority: i8,
    /// The children of the stanza, for the user's sessions that come later.
    pub content: Box<str>,
    /// Their language, if it was named.
    pub lang: Option<Box<str>>,
}

/// The other end of a session.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    pub transport: Transport,
    /// When its connection was accepted, or its stream of events opened, for the log.
    pub accepted: Instant,
    /// Whether the client came by a proxy that the configuration trusts.
    pub via_proxy: bool,
}

/// A session: what every one of them has, and its kind.
#[derive(Debug)]
pub struct Session {
    pub peer: Peer,
    pub user: Option<UserId>,
    /// Set while it has not taken all that its socket was offered.
    pub behind: Option<Behind>,
    /// Why it was ended, once it was.
    pub ending: Option<&'static str>,
    /// The only deadline that counts; others of this session in the heap are stale.
    pub due: Instant,
    pub kind: Kind,
}

/// The kind of a session. Both stand in place: agents have the larger kind, and need no second allocation each.
#[derive(Debug)]
pub enum Kind {
    Xmpp(Xmpp),
    Events(EventStream),
    /// A stream of XMPP that was cut, and may be resumed (XEP-0198 §5).
    Waiting(Box<Waiting>),
}

/// A stream of server-sent events (WHATWG HTML §9.2).
#[derive(Debug)]
pub struct EventStream {
    pub outbox: Outbox<StreamEntry>,
    /// The ticket with which it was opened, as long as it is up.
    pub ticket: Option<TicketKey>,
    /// Whether it shows frames of other sessions, or the record.
    pub looks_on: bool,
}

/// A stream of XMPP (RFC 6120 §4).
#[derive(Debug)]
pub struct Xmpp {
    pub stream: Stream,
    /// The id of the stream as last opened.
    pub stream_id: Box<str>,
    /// Whether the client was ever answered with an `<open/>`.
    pub opened: bool,
    pub address: Option<Box<Address>>,
    pub presence: Option<Presence>,
    /// When something came from the client last.
    pub heard: Instant,
    /// Whether the user was let go and the session has said nothing since: it may say one thing, even if the user is held again.
    pub let_go: bool,
    /// Whether it waits without a resource until its user is let go.
    pub waits: bool,
    /// Pings sent since something was heard.
    pings: u8,
    pub carrier: Carrier,
    /// Its stream management, once that is enabled; never over BOSH.
    pub managed: Option<Box<Managed>>,
}

/// The rest of a session that was cut, while it waits for its client.
#[derive(Debug)]
pub struct Waiting {
    pub address: Address,
    /// The presence that it had.
    pub presence: Option<Presence>,
    pub managed: Box<Managed>,
}

impl Waiting {
    /// Tells whether events are kept for it: it was available with a priority that is not negative.
    pub fn is_available(&self) -> bool {
        self.presence.as_ref().is_some_and(|presence| presence.priority >= 0)
    }
}

/// What carries a stream of XMPP.
#[derive(Debug)]
pub enum Carrier {
    /// A WebSocket (RFC 7395) or TCP (RFC 6120), with the frames that wait for it.
    Connection(Outbox<Frame>),
    /// Requests of HTTP (XEP-0206).
    Bosh(Box<Bosh>),
}

/// The step that the silence of a peer asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nothing before that time.
    Until(Instant),
    Ping,
    Dead,
}

impl Xmpp {
    pub fn new(now: Instant, form: Form, carrier: Carrier) -> Self {
        Self {
            stream: Stream::new(form),
            stream_id: Box::default(),
            opened: false,
            address: None,
            presence: None,
            heard: now,
            let_go: false,
            waits: false,
            pings: 0,
            carrier,
            managed: None,
        }
    }

    /// Something came from the peer.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pings = 0;
    }

    /// Says what to do about a peer at its deadline: a ping after `ping` of silence, another one `ping_answer` later, and
    /// after as long again it is dead (the guide, "Desktop presence and forced logout").
    pub fn silence(&mut self, now: Instant, limits: &Limits) -> Silence {
        let due = self.heard + limits.ping;
        if now < due {
            return Silence::Until(due);
        }
        self.pings += 1;
        if self.pings > 2 { Silence::Dead } else { Silence::Ping }
    }

    /// Tells whether events and messages go to it: it is available with a priority that is not negative.
    pub fn is_available(&self) -> bool {
        self.presence.as_ref().is_some_and(|presence| presence.priority >= 0)
    }

    /// Tells whether the stream is over.
    pub fn is_closed(&self) -> bool {
        self.stream.state() == State::Closed
    }

    /// Queues an element.
    pub fn push(&mut self, element: Element) {
        match &mut self.carrier {
            Carrier::Connection(outbox) => outbox.push(Frame::Element(element)),
            Carrier::Bosh(bosh) => bosh.outbox.push(element),
        }
    }

    /// Queues a frame of a connection.
    pub fn push_frame(&mut self, frame: Frame) {
        match &mut self.carrier {
            Carrier::Connection(outbox) => outbox.push(frame),
            Carrier::Bosh(_) => debug_assert!(false, "BOSH has elements only"),
        }
    }

    /// The state of BOSH, if that carries the stream.
    pub fn bosh(&self) -> Option<&Bosh> {
        match &self.carrier {
            Carrier::Connection(_) => None,
            Carrier::Bosh(bosh) => Some(bosh),
        }
    }

    /// The state of BOSH, to change.
    pub fn bosh_mut(&mut self) -> Option<&mut Bosh> {
        match &mut self.carrier {
            Carrier::Connection(_) => None,
            Carrier::Bosh(bosh) => Some(bosh),
        }
    }
}

impl Session {
    pub fn new(peer: Peer, now: Instant, kind: Kind) -> Self {
        Self { peer, user: None, behind: None, ending: None, due: now, kind }
    }

    /// The stream of XMPP, if it is one.
    pub fn xmpp(&self) -> Option<&Xmpp> {
        match &self.kind {
            Kind::Xmpp(xmpp) => Some(xmpp),
            Kind::Events(_) | Kind::Waiting(_) => None,
        }
    }

    /// The stream of XMPP, to change.
    pub fn xmpp_mut(&mut self) -> Option<&mut Xmpp> {
        match &mut self.kind {
            Kind::Xmpp(xmpp) => Some(xmpp),
            Kind::Events(_) | Kind::Waiting(_) => None,
        }
    }

    /// Tells whether it is a stream of server-sent events.
    pub fn is_event_stream(&self) -> bool {
        matches!(self.kind, Kind::Events(_))
    }

    /// The session as one that waits to be resumed, if it is one.
    pub fn waiting(&self) -> Option<&Waiting> {
        match &self.kind {
            Kind::Waiting(waiting) => Some(waiting),
            Kind::Xmpp(_) | Kind::Events(_) => None,
        }
    }

    /// Tells whether it has ended: only what waits already still goes out, and if it waits to be resumed not even that.
    pub fn is_closed(&self) -> bool {
        match &self.kind {
            Kind::Xmpp(xmpp) => xmpp.is_closed(),
            Kind::Events(_) => self.ending.is_some(),
            Kind::Waiting(_) => true,
        }
    }

    /// The address, once a resource is bound.
    pub fn address(&self) -> Option<&Address> {
        match &self.kind {
            Kind::Xmpp(xmpp) => xmpp.address.as_deref(),
            Kind::Events(_) => None,
            Kind::Waiting(waiting) => Some(&waiting.address),
        }
    }

    /// Tells whether events and messages go to it as a resource of its user.
    pub fn is_available(&self) -> bool {
        self.xmpp().is_some_and(Xmpp::is_available)
    }

    /// How much waits for it.
    pub fn fill(&self) -> Fill {
        match &self.kind {
            Kind::Xmpp(xmpp) => match &xmpp.carrier {
                Carrier::Connection(outbox) => outbox.fill(),
                Carrier::Bosh(bosh) => bosh.outbox.fill(),
            },
            Kind::Events(events) => events.outbox.fill(),
            Kind::Waiting(waiting) => waiting.managed.unacknowledged.fill(),
        }
    }

    /// How many stanzas and events wait for it. Where the client acknowledges them, those of a stream without an end count as well
    /// that it has not acknowledged.
    pub fn missed(&self) -> usize {
        match &self.kind {
            Kind::Xmpp(xmpp) => match &xmpp.carrier {
                Carrier::Connection(outbox) => {
                    let managed = xmpp.managed.as_ref().filter(|_| !xmpp.is_closed());
                    outbox.missed() + managed.map_or(0, |managed| managed.unacknowledged.missed())
                }
                Carrier::Bosh(bosh) => bosh.outbox.missed(),
            },
            Kind::Events(events) => events.outbox.missed(),
            Kind::Waiting(waiting) => waiting.managed.unacknowledged.missed(),
        }
    }

    /// Drops what waits for it. Returns how many stanzas and events that were.
    pub fn clear(&mut self) -> usize {
        let managed = self.xmpp_mut().and_then(|xmpp| xmpp.managed.as_mut());
        managed.map_or(0, |managed| managed.unacknowledged.clear()) + self.clear_unsent()
    }

    /// Drops what waits for it, but for what was sent and is not acknowledged: acknowledgements are of those stanzas, in their order.
    /// Returns how many stanzas and events that were.
    pub fn clear_unsent(&mut self) -> usize {
        match &mut self.kind {
            Kind::Xmpp(xmpp) => match &mut xmpp.carrier {
                Carrier::Connection(outbox) => outbox.clear(),
                Carrier::Bosh(bosh) => bosh.outbox.clear(),
            },
            Kind::Events(events) => events.outbox.clear(),
            Kind::Waiting(waiting) => waiting.managed.unacknowledged.clear(),
        }
    }

    /// Tells whether something of this sender waits for it.
    pub fn owes(&self, sender: &QueueMemory) -> bool {
        match &self.kind {
            Kind::Xmpp(xmpp) => match &xmpp.carrier {
                Carrier::Connection(outbox) => outbox.owes(sender),
                Carrier::Bosh(bosh) => bosh.outbox.owes(sender),
            },
            Kind::Events(events) => events.outbox.owes(sender),
            // Frames that are kept count for no sender.
            Kind::Waiting(_) => false,
        }
    }

    /// Notes that the session has taken bytes of what waits for it.
    pub fn took(&mut self, now: Instant, bytes: usize) {
        self.behind = self.behind.and_then(|behind| behind.took(now, bytes, self.fill().bytes));
    }

    /// A line for the log: address, transport, and who it is as far as that is known.
    pub fn note(&self, users: &Directory, what: NoteKind) -> Note {
        let Peer { address: peer, transport, .. } = self.peer;
        let who = match (self.address(), self.user) {
            (Some(address), _) => format!("{peer} {transport} {}", start(address.full())),
            (None, Some(user)) => format!("{peer} {transport} {}", start(&users.get(user).id)),
            (None, None) => format!("{peer} {transport}"),
        };
        Note { who, peer: peer.ip(), user: self.user, what }
    }
}

/// Shortens a name for the log: what happened has to stand in the same line.
fn start(name: &str) -> Cow<'_, str> {
    const SHOWN: usize = 256;
    if name.len() <= SHOWN {
        return name.into();
    }
    format!("{}…", text::start(name, SHOWN)).into()
}

/// The table of all sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    table: Places<Box<Session>>,
    /// How often it was looked through.
    #[cfg(test)]
    pub looks: std::cell::Cell<usize>,
}

impl Sessions {
    pub fn insert(&mut self, session: Session) -> SessionId {
        SessionId(self.table.insert(Box::new(session)))
    }

    pub fn get(&self, id: SessionId) -> Option<&Session> {
        self.table.get(id.0).map(Box::as_ref)
    }

    pub fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.table.get_mut(id.0).map(Box::as_mut)
    }

    /// The session's stream of XMPP, if it has one.
    pub fn xmpp(&self, id: SessionId) -> Option<&Xmpp> {
        self.get(id)?.xmpp()
    }

    /// The session's stream of XMPP, to change.
    pub fn xmpp_mut(&mut self, id: SessionId) -> Option<&mut Xmpp> {
        self.get_mut(id)?.xmpp_mut()
    }

    /// The state of BOSH of a session that is carried so.
    pub fn bosh(&self, id: SessionId) -> Option<&Bosh> {
        self.xmpp(id)?.bosh()
    }

    /// The state of BOSH, to change.
    pub fn bosh_mut(&mut self, id: SessionId) -> Option<&mut Bosh> {
        self.xmpp_mut(id)?.bosh_mut()
    }

    pub fn remove(&mut self, id: SessionId) -> Option<Box<Session>> {
        self.table.remove(id.0)
    }

    /// How many places of sessions it has.
    #[cfg(test)]
    pub fn places(&self) -> usize {
        self.table.count()
    }

    /// All there are now.
    pub fn ids(&self) -> Vec<SessionId> {
        #[cfg(test)]
        self.looks.update(|looks| looks + 1);
        self.table.iter().map(|(key, _)| SessionId(key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server holds thousands of sessions that say nothing.
    #[test]
    fn a_session_is_small() {
        assert!(size_of::<Session>() <= 40 * size_of::<usize>());
    }
}
