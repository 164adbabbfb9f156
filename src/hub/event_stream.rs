//! Streams of server-sent events: sessions that are only sent to. They have no stream of XMPP, no address and no
//! presence, so nobody takes an agent for being there because somebody watches.

use std::net::SocketAddr;
use std::rc::Rc;

use crate::hub::delivery::outbox::Frame;
use crate::hub::delivery::queue_memory::{Backlog, Counted};
use crate::hub::login::tickets::TicketKey;
use crate::hub::session::{Feed, Session};
use crate::hub::{Action, Entry, Hub, Now, Origin, What};
use crate::id::{SessionId, UserId};
use crate::pubsub::{self, After, Item, NodeId, Refusal, Subscriber};
use crate::sse;
use crate::xmpp::stream::State;

/// The transport of these sessions, in the log and in figures.
pub const TRANSPORT: &str = "sse";

/// The name of the event that says that a client may have missed something.
pub(super) const MISSED: &str = "missed";
const MISSED_SENTENCE: &str =
    "Events may have been missed since the last one that you have seen: ask for the state anew.";

/// The client that opens a stream.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    pub peer: SocketAddr,
    pub user: UserId,
    /// The ticket that lets it in, if it did not say a password.
    pub ticket: Option<TicketKey>,
}

/// Why a stream is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    NoNode,
    NodeUnknown,
    NodeClosed,
    TooManyNodes,
    TooManySessions,
    SessionUnknown,
    TooManyTaps,
    GoingDown,
}

impl From<Refusal> for NotOpened {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooManySubscriptions => Self::TooManyNodes,
            Refusal::NodeClosed => Self::NodeClosed,
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
        asker: Asker,
        names: impl IntoIterator<Item = &'a str>,
        after: After<'_>,
    ) -> Result<SessionId, NotOpened> {
        let mut nodes: Vec<NodeId> = Vec::new();
        for name in names {
            let node = self.pubsub.find(name)?;
            if !self.desk.may_follow(asker.user, name) {
                return Err(NotOpened::NodeClosed);
            }
            if !nodes.contains(&node) {
                if nodes.len() == self.limits.subscriptions_per_session {
                    return Err(NotOpened::TooManyNodes);
                }
                nodes.push(node);
            }
        }
        if nodes.is_empty() {
            return Err(NotOpened::NoNode);
        }
        let id = self.open_stream(now, asker)?;
        let (owed, missed) = self.owed(&nodes, after);
        for node in nodes {
            let who = Subscriber { user: asker.user, session: Some(id) };
            let command = pubsub::Command::Subscribe { node, who };
            self.apply(Entry { now, by: Some(asker.user), command })?;
        }
        if missed {
            self.counters.missed += 1;
            self.push(
                now,
                id,
                Frame::Told(Told::other(MISSED, MISSED_SENTENCE.to_owned()).counted(&self.backlog, None)),
            );
        } else if after != After::Now {
            self.counters.resumed += 1;
        }
        for frame in owed {
            self.counters.deliveries += 1;
            self.push(now, id, frame);
        }
        Ok(id)
    }

    /// The frames for a client that comes back, and whether some are missing.
    fn owed(&self, nodes: &[NodeId], after: After<'_>) -> (Vec<Frame>, bool) {
        let (entries, complete) = self.pubsub.since(nodes, after);
        let mut room = self.longest();
        let mut frames = Vec::new();
        for entry in entries {
            let told = Told::item(self.pubsub.name(entry.node), entry.item.clone());
            let frame = Frame::Told(told.counted(&self.backlog, None));
            // The other half is for what comes while these are taken.
            if frame.len() > room || frames.len() == self.limits.queue_frames / 2 {
                frames.reverse();
                return (frames, true);
            }
            room -= frame.len();
            frames.push(frame);
        }
        frames.reverse();
        (frames, !complete)
    }

    /// Opens a stream on which nothing comes by itself.
    pub(super) fn open_stream(&mut self, now: Now, asker: Asker) -> Result<SessionId, NotOpened> {
        let Asker { peer, user, ticket } = asker;
        if self.closing {
            return Err(NotOpened::GoingDown);
        }
        if self.sessions_of(user) >= self.limits.sessions_per_user {
            return Err(NotOpened::TooManySessions);
        }
        let origin = Origin { peer, transport: TRANSPORT, accepted: now.monotonic };
        let mut session = Session::new(origin, now.monotonic, self.backlog.clone());
        session.user = Some(user);
        session.feed = Some(Box::new(Feed { ticket }));
        let id = self.sessions.insert(session);
        self.streams[user.0 as usize].push(id);
        if let Some(ticket) = ticket {
            self.tickets.hold(ticket);
        }
        self.schedule(id, now.monotonic + self.limits.heartbeat);
        self.counters.sessions += 1;
        self.note(id, What::Connected);
        Ok(id)
    }

    /// How many sessions a user has, those that are bound and the streams of events.
    pub(super) fn sessions_of(&self, user: UserId) -> usize {
        self.online[user.0 as usize].len() + self.streams[user.0 as usize].len()
    }

    /// A stream is over: nothing comes to it any more. Doing it again does nothing.
    pub(super) fn leave_stream(&mut self, now: Now, id: SessionId, user: UserId) {
        self.apply_by_system(now, pubsub::Command::Leave { user, session: id });
        self.streams[user.0 as usize].retain(|other| *other != id);
        self.taps.retain(|tap| tap.id != id);
        let feed = self.sessions.get_mut(id).and_then(|session| session.feed.as_mut());
        if let Some(ticket) = feed.and_then(|feed| feed.ticket.take()) {
            self.tickets.release(now.monotonic, ticket);
        }
    }

    /// The deadline of a stream has come: the connection shows that it lives, if nothing else does.
    pub(super) fn look_at_stream(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        if session.stream.state() == State::Closed {
            return self.actions.push_back(Action::Abort(id));
        }
        if session.outbox.is_empty() {
            self.push(now, id, Frame::Ping);
        }
        self.schedule(id, now.monotonic + self.limits.heartbeat);
    }

    /// Makes a ticket with which the user can open streams; `None`: it has as many as it may have, and all are in use.
    pub fn make_ticket(&mut self, now: Now, user: UserId) -> Option<String> {
        let ticket = crate::hub::tokens::token(self.random);
        self.tickets.add(now.monotonic, user, &ticket).then_some(ticket)
    }

    /// Finds the user whose ticket this is, if it is valid.
    pub fn ticket(&self, now: Now, ticket: &str) -> Option<(UserId, TicketKey)> {
        self.tickets.find(now.monotonic, ticket).filter(|(user, _)| self.users().has(*user))
    }
}

/// An event on streams, made once for all of them.
#[derive(Debug)]
pub struct Told {
    content: Content,
    len: usize,
}

#[derive(Debug)]
enum Content {
    /// An item of a node.
    Item { node: Rc<str>, item: Rc<Item> },
    /// Something else, by its name.
    Other { name: &'static str, data: String },
}

impl Told {
    /// An item of a node.
    pub fn item(node: Rc<str>, item: Rc<Item>) -> Self {
        Self::new(Content::Item { node, item })
    }

    /// Something else.
    pub fn other(name: &'static str, data: String) -> Self {
        Self::new(Content::Other { name, data })
    }

    fn new(content: Content) -> Self {
        let mut told = Self { content, len: 0 };
        let (name, id, data) = told.fields();
        told.len = sse::len(name, id, data);
        told
    }

    /// Ready to be put into queues.
    pub fn counted(self, backlog: &Backlog, sender: Option<&Backlog>) -> Rc<Counted<Self>> {
        let bytes = self.len;
        Counted::new(self, bytes, backlog, sender)
    }

    /// How many bytes it has on a stream.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Its name, its id if it has one, and its data.
    pub fn fields(&self) -> (&str, Option<&str>, &str) {
        match &self.content {
            Content::Item { node, item } => (node, Some(&item.id), item.payload.text()),
            Content::Other { name, data } => (name, None, data),
        }
    }
}
