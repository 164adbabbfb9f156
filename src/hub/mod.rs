//! The sessions on line, their rights, and the way of an event to them.
//!
//! Here are the live state of all sessions, which nothing else owns; the routing of stanzas; the delivery of events; every bound
//! of a session. Sockets and clocks are elsewhere. Time comes in with each call, and [`Action`]s for the world outside come out.
//! Frames wait in the session until [`Hub::drain`], or over BOSH until [`Hub::answer_pending`].
#![deny(clippy::disallowed_methods)]

mod action;
mod bosh;
mod changes;
mod deadlines;
mod delivery;
mod ending;
mod event_stream;
mod frame_tap;
mod login;
pub mod nodes;
mod reload;
mod report;
mod roster;
mod session;
mod session_address;
mod stanzas;
#[cfg(test)]
mod tests;
mod tokens;
mod transport;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

pub use action::{Action, Counters, Failures, Note, NoteKind};
pub use bosh::Post;
pub use changes::{Change, Entry};
pub use delivery::back_pressure::{Admission, NO_ROOM_SENTENCE};
pub use delivery::frame::{EventOut, XmppOut};
pub use event_stream::{SessionRefused, StreamRefused, StreamRequest};
pub use frame_tap::{Listed, TapRefused};
pub use login::credentials::Credentials;
pub use login::gate::TooMany;
pub use login::password_queue::{CheckId, NoPlace, Turn};
pub use login::tickets::TicketKey;
pub use reload::Reloaded;
pub use stanzas::finesse_user::Availability;
pub use transport::Transport;

use crate::clock::Now;
use crate::config::Config;
use crate::config::limits::Limits;
use crate::desk::{self, Desk, Directory};
use crate::id::{SessionId, UserId};
use crate::pubsub::{History, Pubsub, Quota, Settings, event};
use crate::xml;
use crate::xml::Bounds;
use crate::xmpp::sasl;
use crate::xmpp::stanza;
use crate::xmpp::stream::{State, Step, StreamError};
use changes::ReadOnly;
use deadlines::Deadlines;
use delivery::back_pressure::Senders;
use delivery::outbox::Outbox;
use delivery::queue_memory::{QueueMemory, Relief};
use frame_tap::{Direction, Tap};
use login::gate::LoginGate;
use report::Report;
use roster::Roster;
use session::{Carrier, Session, Sessions, Xmpp};
use tokens::{item_prefix, token};

/// The other end of a session.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    pub transport: Transport,
    /// When its connection was accepted, or its stream of events opened, for the log.
    pub accepted: Instant,
}

/// Names that never change while the server runs.
#[derive(Debug)]
struct Names {
    domain: Box<str>,
    /// The pubsub service, `pubsub.DOMAIN`.
    pubsub: Box<str>,
    /// What every event starts with.
    event_head: Rc<str>,
}

/// All live state.
pub struct Hub {
    names: Names,
    limits: Limits,
    desk: ReadOnly<Desk>,
    /// Whether the `finesse` user is on line.
    finesse: bool,
    sessions: Sessions,
    queue_memory: QueueMemory,
    relief: Relief,
    senders: Senders,
    roster: Roster,
    taps: Vec<Tap>,
    pubsub: ReadOnly<Pubsub>,
    gate: LoginGate,
    deadlines: Deadlines,
    bindings: bosh::Bindings,
    report: Report,
    /// The server goes down: nobody is let in any more.
    closing: bool,
    /// Fills a buffer with bytes that nobody can guess.
    random: fn(&mut [u8]),
    /// For message ids, which only have to differ.
    ids: fastrand::Rng,
}

impl Hub {
    /// A server for this configuration, with nobody on line.
    pub fn new(config: Config, random: fn(&mut [u8])) -> Self {
        let pubsub_domain = format!("pubsub.{}", config.domain);
        let mut seed = [0; 8];
        random(&mut seed);
        let limits = config.limits;
        let settings = Settings {
            quota: Quota { session: limits.subscriptions_per_session, user: limits.subscriptions_per_user },
            payload: limits.payload,
            notification: config.release.notification(),
            item_prefix: item_prefix(random),
            history: History { events: limits.history, bytes: limits.history_size },
        };
        let domain = config.domain.as_str().into();
        let decoy = config.decoy().cloned();
        let own = config.nodes.clone();
        let desk = Desk::new(config);
        Self {
            pubsub: ReadOnly::new(Pubsub::new(nodes::all(&desk, &own), settings)),
            roster: Roster::default(),
            taps: Vec::new(),
            gate: LoginGate::new(decoy, &limits),
            names: Names { domain, event_head: event::head(&pubsub_domain), pubsub: pubsub_domain.into() },
            limits,
            desk: ReadOnly::new(desk),
            finesse: true,
            sessions: Sessions::default(),
            queue_memory: QueueMemory::default(),
            relief: Relief::default(),
            senders: Senders::default(),
            deadlines: Deadlines::default(),
            bindings: bosh::Bindings::default(),
            report: Report::default(),
            closing: false,
            random,
            ids: fastrand::Rng::with_seed(u64::from_ne_bytes(seed)),
        }
    }

    /// A transport is up and waits for `<open/>`.
    pub fn connect(&mut self, now: Now, peer: Peer) -> SessionId {
        let carrier = Carrier::WebSocket(Outbox::new(self.queue_memory.clone()));
        let kind = session::Kind::Xmpp(Xmpp::new(now.monotonic, carrier));
        let id = self.sessions.insert(Session::new(peer, now.monotonic, kind));
        self.schedule(id, now.monotonic + self.limits.login);
        self.report.counters.sessions += 1;
        self.note(id, NoteKind::Connected);
        if self.closing {
            self.fail(now, id, StreamError::SYSTEM_SHUTDOWN);
        }
        id
    }

    /// A text message came in.
    pub fn frame(&mut self, now: Now, id: SessionId, text: &str) {
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        xmpp.heard(now.monotonic);
        if xmpp.stream.state() == State::Closed {
            return;
        }
        let logged_in = xmpp.stream.is_logged_in();
        if !self.taps.is_empty() {
            self.tap(now, id, Direction::In, &sasl::masked(text, logged_in), text.len());
        }
        let bounds = if logged_in { Bounds::of(&self.limits) } else { Bounds::before_login(&self.limits) };
        let document = match xml::read(text, &bounds) {
            Ok(document) => document,
            Err(error) => return self.fail(now, id, error.into()),
        };
        let user = self.count(now, id, text.len(), 1);
        self.element(now, id, document.root_element());
        if let Some(user) = user {
            self.hold_if_owed(now, user);
        }
    }

    /// An element of a stream that is not closed. A stanza without a namespace counts as one of `jabber:client`.
    fn element(&mut self, now: Now, id: SessionId, element: roxmltree::Node<'_, '_>) {
        if let Some(text) = stanza::with_namespace(element)
            && let Ok(document) = xml::read_again(&text, &self.limits)
        {
            return self.element_with_namespace(now, id, document.root_element());
        }
        self.element_with_namespace(now, id, element);
    }

    fn element_with_namespace(&mut self, now: Now, id: SessionId, element: roxmltree::Node<'_, '_>) {
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        match xmpp.stream.receive(element, &self.names.domain) {
            Ok(Step::Open) => self.open(now, id),
            Ok(Step::Challenge) => self.send(now, id, sasl::challenge()),
            Ok(Step::Login(plain)) => self.login(now, id, plain),
            Ok(Step::Refuse(failure)) => self.refuse(now, id, failure, None),
            Ok(Step::Stanza(kind)) => self.stanza(now, id, kind, element),
            Ok(Step::Close) => self.end(now, id, None, "closed by the client"),
            Err(error) => self.fail(now, id, error),
        }
    }

    /// A WebSocket ping or pong came in: the peer lives. It costs about as much as a stanza, and counts as one.
    pub fn control(&mut self, now: Now, id: SessionId) {
        self.alive(now, id);
        self.count(now, id, 0, 1);
    }

    /// The peer has shown that it lives.
    pub fn alive(&mut self, now: Now, id: SessionId) {
        if let Some(xmpp) = self.sessions.xmpp_mut(id) {
            xmpp.heard(now.monotonic);
        }
    }

    /// Does what has become due.
    pub fn tick(&mut self, now: Now) {
        while let Some((due, id)) = self.deadlines.pop_due(now.monotonic) {
            if self.sessions.get(id).is_some_and(|session| session.due == due) {
                self.look_at(now, id);
            }
        }
        self.end_holds(now);
        if self.desk.wake_at().is_some_and(|due| due <= now.monotonic) {
            self.apply_by_system(now, desk::Command::Tick);
        }
    }

    /// The next thing to do outside.
    pub fn poll(&mut self) -> Option<Action> {
        self.report.next_action()
    }

    /// Hands what waits for a WebSocket to `sink`, in order, until about `budget` bytes are written or nothing is left. Returns
    /// true if something is.
    pub fn drain(
        &mut self,
        now: Now,
        id: SessionId,
        budget: usize,
        mut sink: impl FnMut(XmppOut<'_>),
    ) -> bool {
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let session::Kind::Xmpp(Xmpp { carrier: Carrier::WebSocket(outbox), address, .. }) =
            &mut session.kind
        else {
            debug_assert!(false, "{id} is no WebSocket");
            return false;
        };
        let address = address.as_deref();
        if self.taps.is_empty() {
            let taken = outbox.drain(budget, |frame| frame.write(address, &mut sink));
            let is_left = !outbox.is_empty();
            session.took(now.monotonic, taken);
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
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let session::Kind::Events(events) = &mut session.kind else {
            debug_assert!(false, "{id} is no stream of events");
            return false;
        };
        let taken = events.outbox.drain(budget, |entry| sink(entry.out()));
        let is_left = !events.outbox.is_empty();
        session.took(now.monotonic, taken);
        is_left
    }

    /// Tells whether the session's next message may be taken now: not while a password is checked, not while it
    /// is owed so much that the answer could go over the bound of its queue, and not while its user is held.
    pub fn is_reading(&mut self, id: SessionId) -> bool {
        let is_held = self.is_held_at(id);
        let Some(session) = self.sessions.get_mut(id) else { return false };
        let is_half_full = session.fill().is_half_full(&self.limits);
        let user = session.user;
        let Some(xmpp) = session.xmpp_mut() else { return false };
        if let Some(user) = user.filter(|_| is_held && xmpp.address.is_none())
            && !std::mem::replace(&mut xmpp.waits, true)
        {
            self.roster.wait(user, id);
        }
        !is_held && xmpp.stream.state() != State::Checking && !is_half_full
    }

    /// Tells whether a session is not read from because its user is held. A session that has ended sends nothing to anybody any
    /// more, and the end of its close is waited for.
    fn is_held_at(&self, id: SessionId) -> bool {
        let waits = self.sessions.xmpp(id).is_some_and(|xmpp| !xmpp.let_go);
        waits && self.user_of(id).is_some_and(|user| self.is_held(user))
    }

    /// A session sends so many bytes and stanzas, which count for its user from the login on: before it has bound a resource
    /// it reaches nobody, and yet each has to be read and answered. Returns the user.
    fn count(&mut self, now: Now, id: SessionId, bytes: usize, stanzas: usize) -> Option<UserId> {
        let user = self.user_of(id)?;
        if let Some(xmpp) = self.sessions.xmpp_mut(id).filter(|_| stanzas > 0) {
            xmpp.let_go = false;
        }
        self.pace(now, user, bytes, stanzas);
        Some(user)
    }

    /// The XMPP domain.
    pub fn domain(&self) -> &str {
        &self.names.domain
    }

    /// The domain of the pubsub service.
    pub fn pubsub_domain(&self) -> &str {
        &self.names.pubsub
    }

    /// A name that nobody can guess: 128 random bits that need no escaping anywhere.
    pub fn token(&self) -> String {
        token(self.random)
    }

    /// The id of a user.
    pub fn user_name(&self, user: UserId) -> String {
        self.users().get(user).id.clone()
    }

    /// What was counted since the start.
    pub fn counters(&self) -> Counters {
        Counters {
            client_logs: self.desk.client_logs(),
            backlog: self.queue_memory.bytes() as u64,
            backlog_most: self.queue_memory.most() as u64,
            ..self.report.counters
        }
    }

    /// What has failed since the start.
    pub fn failures(&self) -> &[Failures] {
        self.report.failures()
    }

    fn users(&self) -> &Directory {
        self.desk.directory()
    }

    fn note(&mut self, id: SessionId, what: NoteKind) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let note = session.note(self.users(), what);
        self.report.note(note);
    }
}
