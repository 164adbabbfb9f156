//! Who is on line, what each may do, where an event goes.
//!
//! What lives here: the live state of all sessions, and nothing else owns any; the routing of stanzas; the delivery
//! of events; every bound of a session. What doesn't: sockets and clocks. Time comes in with each call, and what has
//! to happen outside comes out as an [`Action`]; what has to be sent waits in the session until [`Hub::drain`], or over
//! BOSH until [`Hub::settle`].
#![deny(clippy::disallowed_methods)]

mod action;
mod address;
mod bosh;
mod credentials;
mod deliver;
mod feed;
mod finesse;
mod iq;
mod lockout;
mod names;
mod outbox;
mod presence;
mod reach;
mod route;
mod session;
mod tap;
#[cfg(test)]
mod tests;
mod tickets;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

pub use action::{Action, Counters, Note, What};
pub use bosh::Post;
pub use credentials::Credentials;
pub use feed::{Asker, NotOpened};
pub use finesse::Availability;
pub use outbox::Out;
pub use tap::Listed;
pub use tickets::TicketKey;

use crate::clock::Now;
use crate::config::Config;
use crate::desk::{self, ApiError, Desk, Directory, nodes};
use crate::id::{SessionId, UserId};
use crate::limits::Limits;
use crate::password::Password;
use crate::pubsub::{Payload, Publisher, Pubsub, Quota, Refusal, Settings, event, journal};
use crate::xmpp::sasl::{self, Failure, Plain};
use crate::xmpp::stanza::Kind;
use crate::xmpp::stream::{self, State, Step, StreamError};
use crate::xmpp::xml::{self, Bounds};
use lockout::Lockout;
use names::{item_prefix, token};
use outbox::Frame;
use session::{Session, Sessions};
use tap::{Direction, Tap};
use tickets::Tickets;

/// Where a session comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub peer: SocketAddr,
    /// `wss`, `ws`, `bosh` or `sse`, for the log.
    pub transport: &'static str,
    /// When its connection was accepted, or its stream of events opened, for the log.
    pub accepted: Instant,
}

/// How many deadlines that do not count any more are kept at least: to look for them costs time.
const STALE_DEADLINES: usize = 1024;

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
    desk: Desk,
    /// Whether the `finesse` user is on line.
    finesse: bool,
    sessions: Sessions,
    /// The bound sessions of each user, in the order of their logins.
    online: Vec<Vec<SessionId>>,
    /// The streams of server-sent events of each user.
    streams: Vec<Vec<SessionId>>,
    taps: Vec<Tap>,
    tickets: Tickets,
    pubsub: Pubsub,
    /// Computed beside every login when any password is hashed, so that all logins take the same time.
    decoy: Option<Password>,
    lockout: Lockout,
    deadlines: BinaryHeap<Reverse<(Instant, SessionId)>>,
    bindings: bosh::Bindings,
    actions: VecDeque<Action>,
    counters: Counters,
    /// The server goes down: nobody is let in any more.
    closing: bool,
    /// Fills a buffer with bytes that nobody can guess.
    random: fn(&mut [u8]),
    /// For message ids, which only have to differ.
    ids: fastrand::Rng,
}

impl Hub {
    /// A server for this configuration, with nobody on line.
    pub fn new(config: &Config, random: fn(&mut [u8])) -> Self {
        let desk = Desk::new(config);
        let pubsub_domain = format!("pubsub.{}", config.domain);
        let mut seed = [0; 8];
        random(&mut seed);
        let limits = config.limits;
        let settings = Settings {
            quota: Quota { session: limits.subscriptions_per_session, user: limits.subscriptions_per_user },
            payload: limits.payload,
            notification: config.release.notification(),
            item_prefix: item_prefix(random),
            history: journal::Bounds { events: limits.history, bytes: limits.history_size },
        };
        Self {
            pubsub: Pubsub::new(nodes::all(config, desk.directory()), settings),
            online: vec![Vec::new(); desk.directory().count()],
            streams: vec![Vec::new(); desk.directory().count()],
            taps: Vec::new(),
            tickets: Tickets::new(&limits),
            decoy: config.decoy().cloned(),
            lockout: Lockout::new(desk.directory().count(), &limits),
            names: Names {
                domain: config.domain.as_str().into(),
                event_head: event::head(&pubsub_domain),
                pubsub: pubsub_domain.into(),
            },
            limits,
            desk,
            finesse: true,
            sessions: Sessions::default(),
            deadlines: BinaryHeap::new(),
            bindings: bosh::Bindings::default(),
            actions: VecDeque::new(),
            counters: Counters::default(),
            closing: false,
            random,
            ids: fastrand::Rng::with_seed(u64::from_ne_bytes(seed)),
        }
    }

    /// A transport is up and waits for `<open/>`.
    pub fn connect(&mut self, now: Now, origin: Origin) -> SessionId {
        let id = self.sessions.insert(Session::new(origin, now.monotonic));
        self.schedule(id, now.monotonic + self.limits.login);
        self.counters.sessions += 1;
        self.note(id, What::Connected);
        if self.closing {
            self.fail(now, id, StreamError::SYSTEM_SHUTDOWN);
        }
        id
    }

    /// A text message came in.
    pub fn frame(&mut self, now: Now, id: SessionId, text: &str) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.heard(now.monotonic);
        if session.stream.state() == State::Closed {
            return;
        }
        let logged_in = session.stream.is_logged_in();
        if !self.taps.is_empty() {
            self.tap(now, id, Direction::In, &sasl::masked(text, logged_in), text.len());
        }
        let bounds = if logged_in { Bounds::of(&self.limits) } else { Bounds::before_login(&self.limits) };
        let document = match xml::read(text, &bounds) {
            Ok(document) => document,
            Err(error) => return self.fail(now, id, error.into()),
        };
        self.element(now, id, document.root_element());
    }

    /// An element of a stream that is not closed.
    fn element(&mut self, now: Now, id: SessionId, element: roxmltree::Node<'_, '_>) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        match session.stream.receive(element, &self.names.domain) {
            Ok(Step::Open) => self.open(now, id),
            Ok(Step::Login(plain)) => self.login(now, id, plain),
            Ok(Step::Refuse(failure)) => self.refuse(now, id, failure, None),
            Ok(Step::Stanza(kind)) => self.stanza(now, id, kind, element),
            Ok(Step::Close) => self.end(now, id, None, "closed by the client"),
            Err(error) => self.fail(now, id, error),
        }
    }

    /// A WebSocket ping or pong came in: the peer lives.
    pub fn alive(&mut self, now: Now, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.heard(now.monotonic);
        }
    }

    /// The transport broke one of its own rules, or a bound, before there was a message: the stream ends.
    pub fn fail(&mut self, now: Now, id: SessionId, error: StreamError) {
        self.end(now, id, Some(error), error.condition);
    }

    /// The transport is gone; `how` tells the log why, if the stream was not closed before.
    pub fn closed(&mut self, now: Now, id: SessionId, how: &str) {
        self.unbind(now, id);
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        self.bindings.forget(&session);
        self.counters.sessions -= 1;
        let lost = session.outbox.stanzas();
        self.counters.dropped += lost as u64;
        let reason = session.ending.unwrap_or(how);
        self.tap_end(now, id, &session, reason);
        let what = What::Closed {
            reason: reason.to_owned(),
            lost,
            after: now.monotonic.saturating_duration_since(session.origin.accepted),
        };
        self.actions.push_back(Action::Note(Note { who: session.label(self.users()), what }));
    }

    /// The answer to [`Action::Verify`], as [`Hub::judge`] has it.
    pub fn verified(&mut self, now: Now, id: SessionId, user: Option<UserId>, granted: bool) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.stream.state() != State::Checking {
            return;
        }
        match user {
            Some(user) if granted => {
                session.stream.accept();
                session.user = Some(user);
                self.counters.logins += 1;
                self.note(id, What::LoggedIn);
                self.send(now, id, sasl::success());
            }
            _ => self.refuse(now, id, Failure::NotAuthorized, user),
        }
        // Reading had stopped for the time of the check.
        self.wake(id);
    }

    /// The check asked for by [`Action::Verify`] could not be made: too many wait for one.
    pub fn unverified(&mut self, now: Now, id: SessionId) {
        if self.sessions.get(id).is_none_or(|session| session.stream.state() != State::Checking) {
            return;
        }
        self.refuse(now, id, Failure::TemporaryAuthFailure, None);
        self.wake(id);
    }

    /// Publishes text to a node on behalf of `user`. Returns the id of the item.
    pub fn publish(
        &mut self,
        now: Now,
        user: UserId,
        node: &str,
        payload: String,
    ) -> Result<String, Refusal> {
        let node = self.pubsub.find(node)?;
        let by = Publisher { user, administrator: self.users().is_administrator(user) };
        let item = self.pubsub.publish(node, by, None, Payload::Text(payload))?;
        self.announce(now, node, &item);
        Ok(item.id.to_string())
    }

    /// The contact centre, to look at.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Lets the contact centre do something, if it is in service, and publishes what follows from it (reference 4.5).
    ///
    /// # Errors
    ///
    /// Returns what answers the request instead of 202; then nothing has changed.
    pub fn command(
        &mut self,
        now: Now,
        command: impl FnOnce(&mut Desk) -> Result<Vec<desk::Event>, ApiError>,
    ) -> Result<(), ApiError> {
        self.desk.in_service()?;
        self.happen(now, command)
    }

    /// Lets something happen to the contact centre that nobody asked its API for, and publishes what follows.
    ///
    /// # Errors
    ///
    /// Returns why it does not happen; then nothing has changed.
    pub fn happen<E>(
        &mut self,
        now: Now,
        happen: impl FnOnce(&mut Desk) -> Result<Vec<desk::Event>, E>,
    ) -> Result<(), E> {
        let events = happen(&mut self.desk)?;
        self.tell(now, events);
        Ok(())
    }

    /// Publishes what happened in the contact centre.
    fn tell(&mut self, now: Now, events: Vec<desk::Event>) {
        for event in events {
            // The desk names nodes of its own only.
            let Ok(node) = self.pubsub.find(&event.node) else { continue };
            let item = self.pubsub.add(node, None, Payload::Text(event.payload));
            self.announce(now, node, &item);
        }
    }

    /// Does what has become due.
    pub fn tick(&mut self, now: Now) {
        while let Some(&Reverse((due, id))) = self.deadlines.peek() {
            if due > now.monotonic {
                break;
            }
            self.deadlines.pop();
            if self.sessions.get(id).is_some_and(|session| session.due == due) {
                self.look_at(now, id);
            }
        }
        let events = self.desk.tick(now);
        self.tell(now, events);
    }

    /// When [`Hub::tick`] has to be called next.
    pub fn wake_at(&self) -> Option<Instant> {
        let session = self.deadlines.peek().map(|Reverse((due, _))| *due);
        session.into_iter().chain(self.desk.wake_at()).min()
    }

    /// The server goes down: every stream ends, of XMPP with `system-shutdown`.
    pub fn shutdown(&mut self, now: Now) {
        self.closing = true;
        for id in self.sessions.ids() {
            self.fail(now, id, StreamError::SYSTEM_SHUTDOWN);
            // One that had ended before need not wait for anybody to hear it.
            self.wake(id);
        }
    }

    /// The next thing to do outside.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Hands what waits for a session to `sink`, in order, until about `budget` bytes are written or nothing is left.
    pub fn drain(&mut self, now: Now, id: SessionId, budget: usize, mut sink: impl FnMut(Out<'_>)) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let address = session.address.as_deref();
        if self.taps.is_empty() {
            return session.outbox.drain(address, budget, sink);
        }
        let mut seen = Vec::new();
        session.outbox.drain(address, budget, |out| {
            seen.extend(tap::text_of(&out));
            sink(out);
        });
        for text in seen {
            self.tap(now, id, Direction::Out, &text, text.len());
        }
    }

    /// Tells whether the session's next message may be taken now: not while a password is checked, and not while it
    /// is owed so much that the answer could go over the bound of its queue.
    pub fn is_reading(&self, id: SessionId) -> bool {
        self.sessions.get(id).is_some_and(|session| {
            session.stream.state() != State::Checking && !session.outbox.is_half_full(&self.limits)
        })
    }

    /// Tells whether a password check is still waited for.
    pub fn is_checking(&self, id: SessionId) -> bool {
        self.sessions.get(id).is_some_and(|session| session.stream.state() == State::Checking)
    }

    /// Tells whether the session has logged in, for the size of messages and for what may stand in a log.
    pub fn is_logged_in(&self, id: SessionId) -> bool {
        self.sessions.get(id).is_some_and(|session| session.stream.is_logged_in())
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
        Counters { client_logs: self.desk.client_logs(), ..self.counters }
    }

    fn open(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.stream_id = token(self.random).into();
        session.opened = true;
        let open = stream::open(&self.names.domain, &session.stream_id);
        let features = stream::features(session.stream.is_logged_in());
        // Over BOSH the envelopes open a stream (XEP-0206 §3).
        if session.bosh.is_none() {
            self.push(now, id, Frame::Open(open.into()));
        }
        self.send(now, id, features);
    }

    fn login(&mut self, now: Now, id: SessionId, plain: Plain) {
        let credentials = self.credentials_of(now, self.users().find(&plain.user));
        if credentials.is_slow() {
            self.actions.push_back(Action::Verify { session: id, credentials, attempt: plain.password });
        } else {
            let matches = credentials.verify(&plain.password);
            let granted = self.judge(now, &credentials, matches);
            self.verified(now, id, credentials.user, granted);
        }
    }

    fn refuse(&mut self, now: Now, id: SessionId, failure: Failure, user: Option<UserId>) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let last = session.stream.refuse(self.limits.login_attempts);
        self.counters.refusals += 1;
        // A name that nobody has may be a password typed into the wrong field: it is not logged.
        let name = user.map(|user| self.users().get(user).id.clone());
        self.note(id, What::Refused { user: name, failure: failure.name() });
        self.send(now, id, failure.frame());
        if last {
            self.fail(now, id, StreamError::TOO_MANY_ATTEMPTS);
        }
    }

    /// Ends a stream from our side, or answers its end.
    fn end(&mut self, now: Now, id: SessionId, error: Option<StreamError>, reason: &'static str) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.stream.state() == State::Closed {
            return;
        }
        session.stream.close();
        session.ending = Some(reason);
        if session.bosh.is_some() {
            return self.end_bosh(now, id, error);
        }
        if let Some(error) = error.filter(|_| session.feed.is_none()) {
            if !session.opened {
                // A stream error needs a stream (RFC 6120 §4.9.1.2).
                let open = stream::open(&self.names.domain, &token(self.random));
                session.outbox.push(Frame::Open(open.into()));
            }
            session.outbox.push(Frame::Text(error.frame().into()));
        }
        session.outbox.push(Frame::Close(
            error.map_or(1000, |error| error.code),
            error.map_or("", |error| error.condition),
        ));
        self.actions.push_back(Action::Wake(id));
        self.schedule(id, now.monotonic + self.limits.close);
        self.unbind(now, id);
    }

    /// A session's deadline has come.
    fn look_at(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.feed.is_some() {
            return self.look_at_stream(now, id);
        }
        if session.bosh.is_some() {
            return self.look_at_bosh(now, id);
        }
        match session.stream.state() {
            State::Closed => self.actions.push_back(Action::Abort(id)),
            // It is ours to answer. How many can be waited for has a bound of its own.
            State::Checking => self.schedule(id, now.monotonic + self.limits.login),
            State::Ready if session.address.is_some() => match session.silence(now.monotonic, &self.limits) {
                session::Silence::Until(due) => self.schedule(id, due),
                session::Silence::Ping => {
                    self.push(now, id, Frame::Ping);
                    self.schedule(id, now.monotonic + self.limits.ping_answer);
                }
                session::Silence::Dead => self.fail(now, id, StreamError::CONNECTION_TIMEOUT),
            },
            _ => self.fail(now, id, StreamError::LOGIN_TIMEOUT),
        }
    }

    /// A session that has bound its resource: from now on it is looked at when it is silent.
    fn listen(&mut self, now: Now, id: SessionId) {
        if self.sessions.get(id).is_some_and(|session| session.bosh.is_none()) {
            self.schedule(id, now.monotonic + self.limits.ping);
        }
    }

    /// Something waits for a session, or it may be read from again.
    fn wake(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        match &mut session.bosh {
            Some(bosh) => self.bindings.unsettle(id, bosh),
            None => self.actions.push_back(Action::Wake(id)),
        }
    }

    fn schedule(&mut self, id: SessionId, due: Instant) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.due = due;
        self.deadlines.push(Reverse((due, id)));
        // Those of sessions that came and went must not pile up until they are due: only one of a session counts.
        if self.deadlines.len() > 2 * self.counters.sessions as usize + STALE_DEADLINES {
            let sessions = &self.sessions;
            let counts = |(due, id): (Instant, SessionId)| sessions.get(id).is_some_and(|s| s.due == due);
            self.deadlines.retain(|Reverse(deadline)| counts(*deadline));
        }
    }

    /// Queues a frame. A session that has not read what it was sent before, up to the bound, is closed instead; what
    /// waited for it is dropped and counted.
    fn push(&mut self, now: Now, id: SessionId, frame: Frame) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.stream.state() == State::Closed {
            return;
        }
        let was_empty = session.outbox.is_empty();
        session.outbox.push(frame);
        if session.outbox.is_over(&self.limits) {
            let lost = session.outbox.clear();
            self.counters.dropped += lost as u64;
            self.counters.slow_readers += 1;
            self.note(id, What::SlowReader { lost });
            self.fail(now, id, StreamError::SLOW_READER);
        } else if was_empty {
            self.wake(id);
        }
    }

    fn send(&mut self, now: Now, id: SessionId, text: String) {
        self.push(now, id, Frame::Text(text.into()));
    }

    fn users(&self) -> &Directory {
        self.desk.directory()
    }

    fn note(&mut self, id: SessionId, what: What) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let who = session.label(self.users());
        self.actions.push_back(Action::Note(Note { who, what }));
    }

    fn stanza(&mut self, now: Now, id: SessionId, kind: Kind, element: roxmltree::Node<'_, '_>) {
        route::stanza(self, now, id, kind, element);
    }
}
