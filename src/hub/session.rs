//! A session, and the table of all.

use std::borrow::Cow;
use std::time::Instant;

use crate::config::limits::Limits;
use crate::desk::Directory;
use crate::hub::bosh::Bosh;
use crate::hub::delivery::back_pressure::Behind;
use crate::hub::delivery::outbox::Outbox;
use crate::hub::delivery::queue_memory::Backlog;
use crate::hub::login::tickets::TicketKey;
use crate::hub::session_address::Address;
use crate::hub::{Note, Origin, What};
use crate::id::{SessionId, UserId};
use crate::text;
use crate::xmpp::stream::Stream;

/// The availability that a session has announced last.
#[derive(Debug)]
pub struct Presence {
    pub priority: i8,
    /// The children of the stanza, for the user's sessions that come later.
    pub content: Box<str>,
    /// Their language, if it was named.
    pub lang: Option<Box<str>>,
}

/// The state of a stream of server-sent events, beside that of all sessions.
#[derive(Debug)]
pub struct Feed {
    /// The ticket with which it was opened, as long as it is up.
    pub ticket: Option<TicketKey>,
}

/// The stream of a client.
#[derive(Debug)]
pub struct Session {
    pub origin: Origin,
    pub stream: Stream,
    /// The id of the stream as last opened.
    pub stream_id: Box<str>,
    /// Whether the client was ever answered with an `<open/>`.
    pub opened: bool,
    pub user: Option<UserId>,
    pub address: Option<Box<Address>>,
    pub presence: Option<Presence>,
    pub outbox: Outbox,
    /// Set while it has not taken all that its socket was offered.
    pub behind: Option<Behind>,
    /// The session is a stream of server-sent events, not of XMPP: of `stream` only the end counts.
    pub feed: Option<Box<Feed>>,
    /// The requests and answers of a session over BOSH, which has no connection of its own.
    pub bosh: Option<Box<Bosh>>,
    /// Why it was ended, once it was.
    pub ending: Option<&'static str>,
    /// The only deadline that counts; others of this session in the heap are stale.
    pub due: Instant,
    pub heard: Instant,
    /// Its user was let go, and it has said nothing since then: it may say one thing, though the user may be held again.
    pub let_go: bool,
    /// It has no resource, and waits until its user is let go.
    pub waits: bool,
    /// Pings sent since something was heard.
    pings: u8,
}

/// The step that the silence of a peer asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nothing before that time.
    Until(Instant),
    Ping,
    Dead,
}

impl Session {
    pub fn new(origin: Origin, now: Instant, backlog: Backlog) -> Self {
        Self {
            origin,
            stream: Stream::default(),
            stream_id: Box::default(),
            opened: false,
            user: None,
            address: None,
            presence: None,
            outbox: Outbox::new(backlog),
            behind: None,
            feed: None,
            bosh: None,
            ending: None,
            due: now,
            heard: now,
            let_go: false,
            waits: false,
            pings: 0,
        }
    }

    /// Something came from the peer.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pings = 0;
    }

    /// Notes that the session has taken bytes of what waits for it.
    pub fn took(&mut self, now: Instant, bytes: usize) {
        self.behind = self.behind.and_then(|behind| behind.took(now, bytes, self.outbox.bytes()));
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

    /// A line for the log: address, transport, and who it is as far as that is known.
    pub fn note(&self, users: &Directory, what: What) -> Note {
        let Origin { peer, transport, .. } = self.origin;
        let who = match (&self.address, self.user) {
            (Some(address), _) => format!("{peer} {transport} {}", start(address.full())),
            (None, Some(user)) => format!("{peer} {transport} {}", start(&users.get(user).id)),
            (None, None) => format!("{peer} {transport}"),
        };
        Note { who, peer: peer.ip(), user: self.user, what }
    }
}

/// As much of a name as a log shows: what happened has to stand in the same line.
fn start(name: &str) -> Cow<'_, str> {
    const SHOWN: usize = 256;
    if name.len() <= SHOWN {
        return name.into();
    }
    format!("{}…", text::start(name, SHOWN)).into()
}

/// The table of all sessions. A place is used again, with another turn.
#[derive(Debug, Default)]
pub struct Sessions {
    places: Vec<(u32, Option<Box<Session>>)>,
    free: Vec<u32>,
    /// How often it was looked through.
    #[cfg(test)]
    pub looks: std::cell::Cell<usize>,
}

impl Sessions {
    pub fn insert(&mut self, session: Session) -> SessionId {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, None));
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        });
        let (turn, slot) = &mut self.places[place as usize];
        *turn = turn.wrapping_add(1);
        *slot = Some(Box::new(session));
        SessionId { place, turn: *turn }
    }

    pub fn get(&self, id: SessionId) -> Option<&Session> {
        let (turn, session) = self.places.get(id.place as usize)?;
        session.as_deref().filter(|_| *turn == id.turn)
    }

    pub fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        let (turn, session) = self.places.get_mut(id.place as usize)?;
        session.as_deref_mut().filter(|_| *turn == id.turn)
    }

    pub fn remove(&mut self, id: SessionId) -> Option<Box<Session>> {
        let (turn, session) = self.places.get_mut(id.place as usize)?;
        if *turn != id.turn {
            return None;
        }
        let session = session.take()?;
        self.free.push(id.place);
        Some(session)
    }

    /// All there are now.
    pub fn ids(&self) -> Vec<SessionId> {
        #[cfg(test)]
        self.looks.update(|looks| looks + 1);
        (0..)
            .zip(&self.places)
            .filter(|(_, (_, session))| session.is_some())
            .map(|(place, (turn, _))| SessionId { place, turn: *turn })
            .collect()
    }
}
