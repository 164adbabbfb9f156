//! Streams of server-sent events: sessions that are only sent to. They have no stream of XMPP, no address and no
//! presence, so nobody takes an agent for being there because somebody watches.

use std::net::SocketAddr;

use crate::clock::Now;
use crate::hub::action::Action;
use crate::hub::action::NoteKind;
use crate::hub::changes::Entry;
use crate::hub::delivery::frame::StreamEntry;
use crate::hub::delivery::outbox::Outbox;
use crate::hub::delivery::stream_event::StreamEvent;
use crate::hub::login::tickets::TicketKey;
use crate::hub::session::Peer;
use crate::hub::session::{EventStream, Kind, Session};
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::pubsub::{self, After, NodeId, PubsubError, Subscriber};
use crate::transport::Transport;

/// The name of the event that says that a client may have missed something.
pub(super) const MISSED: &str = "missed";
const MISSED_SENTENCE: &str =
    "Events may have been missed since the last one that you have seen: ask for the state anew.";

/// A client's request for a stream.
#[derive(Clone, Copy, Debug)]
pub struct StreamRequest {
    pub peer: SocketAddr,
    pub user: UserId,
    /// The ticket that lets it in, if it did not say a password.
    pub ticket: Option<TicketKey>,
    /// Whether it came by a proxy that the configuration trusts.
    pub via_proxy: bool,
}

/// Why a user gets no session for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRefused {
    TooManySessions,
    GoingDown,
}

/// Why a stream of events is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamRefused {
    NoNode,
    NodeUnknown,
    NodeClosed,
    TooManyNodes,
    Session(SessionRefused),
}

impl From<SessionRefused> for StreamRefused {
    fn from(why: SessionRefused) -> Self {
        Self::Session(why)
    }
}

impl From<PubsubError> for StreamRefused {
    fn from(refusal: PubsubError) -> Self {
        match refusal {
            PubsubError::TooManySubscriptions => Self::TooManyNodes,
            PubsubError::NodeClosed => Self::NodeClosed,
            _ => Self::NodeUnknown,
        }
    }
}

impl Hub {
    /// Opens a stream of the events of the nodes of these names: first those that came after what the client has seen
    /// last, as far as they are kept, then all that come. If something of them is not kept, or it is more than half of
    /// what the client may be owed, the client is told first that it has missed something.
    ///
    /// # Errors
    ///
    /// Says why there is no such stream.
    pub fn open_events<'a>(
        &mut self,
        now: Now,
        request: StreamRequest,
        names: impl IntoIterator<Item = &'a str>,
        after: After<'_>,
    ) -> Result<SessionId, StreamRefused> {
        let mut nodes: Vec<NodeId> = Vec::new();
        for name in names {
            let node = self.pubsub.find(name)?;
            if !self.desk.may_follow(request.user, name) {
                return Err(StreamRefused::NodeClosed);
            }
            if !nodes.contains(&node) {
                if nodes.len() == self.limits.subscriptions_per_session {
                    return Err(StreamRefused::TooManyNodes);
                }
                nodes.push(node);
            }
        }
        if nodes.is_empty() {
            return Err(StreamRefused::NoNode);
        }
        let id = self.open_stream(now, request)?;
        self.record_opening(now, id);
        let (owed, missed) = self.owed(&nodes, after);
        for node in nodes {
            let who = Subscriber { user: request.user, session: Some(id) };
            let command = pubsub::Command::Subscribe { node, who };
            self.apply(Entry { now, by: Some(request.user), command })?;
        }
        if missed {
            self.report.counters.missed += 1;
            let event =
                StreamEvent::other(MISSED, MISSED_SENTENCE.to_owned()).counted(&self.queue_memory, None);
            self.push_event(now, id, StreamEntry::Event(event));
        } else if after != After::Now {
            self.report.counters.resumed += 1;
        }
        for entry in owed {
            self.report.counters.deliveries += 1;
            self.push_event(now, id, entry);
        }
        self.meet_faults(now, id);
        Ok(id)
    }

    /// The events for a client that comes back, and whether some are missing.
    fn owed(&self, nodes: &[NodeId], after: After<'_>) -> (Vec<StreamEntry>, bool) {
        let (entries, complete) = self.pubsub.since(nodes, after);
        let mut room = self.longest();
        let mut owed = Vec::new();
        for entry in entries {
            let event = StreamEvent::item(self.pubsub.name(entry.node), entry.item.clone());
            // The other half is for what comes while these are taken.
            if event.len() > room || owed.len() == self.limits.queue_frames / 2 {
                owed.reverse();
                return (owed, true);
            }
            room -= event.len();
            owed.push(StreamEntry::Event(event.counted(&self.queue_memory, None)));
        }
        owed.reverse();
        (owed, !complete)
    }

    /// Opens a stream on which nothing comes by itself.
    pub(super) fn open_stream(
        &mut self,
        now: Now,
        request: StreamRequest,
    ) -> Result<SessionId, SessionRefused> {
        let StreamRequest { peer, user, ticket, via_proxy } = request;
        if self.closing {
            return Err(SessionRefused::GoingDown);
        }
        if self.roster.count(user) >= self.limits.sessions_per_user {
            return Err(SessionRefused::TooManySessions);
        }
        let peer = Peer { address: peer, transport: Transport::Sse, accepted: now.monotonic, via_proxy };
        let outbox = Outbox::new(self.queue_memory.clone());
        let kind = Kind::Events(EventStream { outbox, ticket, looks_on: false });
        let mut session = Session::new(peer, now.monotonic, kind);
        session.user = Some(user);
        let id = self.sessions.insert(session);
        self.roster.add_stream(user, id);
        if let Some(ticket) = ticket {
            self.gate.tickets.hold(ticket);
        }
        self.schedule(id, now.monotonic + self.limits.heartbeat);
        self.report.counters.sessions += 1;
        self.note(id, NoteKind::Connected);
        Ok(id)
    }

    /// A stream is over: nothing comes to it any more. Doing it again does nothing.
    pub(super) fn leave_stream(&mut self, now: Now, id: SessionId, user: UserId) {
        self.apply_by_system(now, pubsub::Command::Leave { user, session: id });
        self.roster.remove_stream(user, id);
        self.taps.retain(|tap| tap.id != id);
        if let Some(Kind::Events(events)) = self.sessions.get_mut(id).map(|session| &mut session.kind)
            && let Some(ticket) = events.ticket.take()
        {
            self.gate.tickets.release(now.monotonic, ticket);
        }
    }

    /// The deadline of a stream has come: the connection shows that it lives, if nothing else does.
    pub(super) fn look_at_stream(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        if session.is_closed() {
            return self.report.act(Action::Abort(id));
        }
        if session.fill().is_empty() {
            self.push_event(now, id, StreamEntry::Comment);
        }
        self.schedule(id, now.monotonic + self.limits.heartbeat);
    }
}
