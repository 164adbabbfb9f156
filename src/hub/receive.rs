//! The way in: a client connects, its messages come, and each is read when its turn is.

use crate::clock::Now;
use crate::hub::action::NoteKind;
use crate::hub::delivery::outbox::Outbox;
use crate::hub::login::credentials::Evidence;
use crate::hub::session::{Carrier, Kind, Peer, Session, Xmpp};
use crate::hub::state::Hub;
use crate::hub::tap::Direction;
use crate::id::{SessionId, UserId};
use crate::transport::Transport;
use crate::xml::{self, Bounds};
use crate::xmpp::ns;
use crate::xmpp::sasl;
use crate::xmpp::stanza;
use crate::xmpp::stream::{END, Form, PROCEED, State, Step, StreamError, Tls};

impl Hub {
    /// A transport is up and waits for the opening of the stream.
    pub fn connect(&mut self, now: Now, peer: Peer) -> SessionId {
        let carrier = Carrier::Connection(Outbox::new(self.queue_memory.clone()));
        let form = match peer.transport {
            Transport::Tcp if self.tcp_login_without_tls => Form::Tcp(Tls::Offered),
            Transport::Tcp => Form::Tcp(Tls::Required),
            Transport::Tls => Form::Tcp(Tls::Done),
            Transport::Bosh | Transport::Sse | Transport::Ws | Transport::Wss => Form::Framed,
        };
        let kind = Kind::Xmpp(Xmpp::new(now.monotonic, form, carrier));
        let id = self.sessions.insert(Session::new(peer, now.monotonic, kind));
        self.schedule(id, now.monotonic + self.limits.login);
        self.report.counters.sessions += 1;
        self.note(id, NoteKind::Connected);
        self.record_opening(now, id);
        if self.closing {
            self.fail(now, id, StreamError::SYSTEM_SHUTDOWN);
        }
        self.meet_faults(now, id);
        id
    }

    /// A text message came in, or over TCP a stanza.
    pub fn frame(&mut self, now: Now, id: SessionId, text: &str) {
        self.frame_as(now, id, text, text);
    }

    /// The start tag of a stream over TCP came in, which `text` has as an empty element. The XML declaration before it is not shown.
    pub fn header(&mut self, now: Now, id: SessionId, text: &str) {
        let declared = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
        let tag = declared.map_or(text, |(_, tag)| tag.trim_start());
        let shown = tag.strip_suffix("/>").map(|start| format!("{start}>"));
        self.frame_as(now, id, shown.as_deref().unwrap_or(text), text);
    }

    /// The end tag of a stream over TCP came in.
    pub fn end_tag(&mut self, now: Now, id: SessionId) {
        self.alive(now, id);
        if self.sessions.xmpp(id).is_none_or(|xmpp| xmpp.stream.state() == State::Closed) {
            return;
        }
        if self.sees_frames() {
            self.saw(now, id, Direction::In, END, END.len());
        }
        self.count(now, id, END.len(), 1);
        self.end(now, id, None, "closed by the client");
    }

    /// Answers `<starttls/>`, if that is what came last. Bytes that came with it are an error, so that nobody can put them before
    /// what the client says in TLS. Returns true if TLS begins when the answer is out.
    pub fn start_tls(&mut self, now: Now, id: SessionId, is_alone: bool) -> bool {
        let is_asked = self.sessions.xmpp(id).is_some_and(|xmpp| xmpp.stream.state() == State::Securing);
        match is_asked && is_alone {
            true => self.send(now, id, PROCEED.to_owned()),
            false if is_asked => self.fail(now, id, StreamError::BEFORE_TLS),
            false => {}
        }
        is_asked && is_alone
    }

    /// The session has TLS from now on.
    pub fn secured(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.peer.transport = Transport::Tls;
        if let Some(xmpp) = session.xmpp_mut() {
            xmpp.stream.secure();
            xmpp.opened = false;
        }
    }

    /// Takes a message, which is shown as the client has written it.
    fn frame_as(&mut self, now: Now, id: SessionId, shown: &str, text: &str) {
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        xmpp.heard(now.monotonic);
        if xmpp.stream.state() == State::Closed {
            return;
        }
        let logged_in = xmpp.stream.is_logged_in();
        if self.sees_frames() {
            self.saw(now, id, Direction::In, &sasl::masked(shown, logged_in), shown.len());
        }
        let bounds = if logged_in { Bounds::of(&self.limits) } else { Bounds::before_login(&self.limits) };
        let document = match xml::read(text, &bounds) {
            Ok(document) => document,
            Err(error) => return self.fail(now, id, error.into()),
        };
        let user = self.count(now, id, text.len(), 1);
        self.element(now, id, document.root_element());
        self.meet_faults(now, id);
        if let Some(user) = user {
            self.hold_if_owed(now, user);
        }
    }

    /// An element of a stream that is not closed. A stanza without a namespace counts as one of `jabber:client`.
    pub(super) fn element(&mut self, now: Now, id: SessionId, element: roxmltree::Node<'_, '_>) {
        if let Some(text) = stanza::with_namespace(element)
            && let Ok(document) = xml::read_again(&text, &self.limits)
        {
            return self.element_with_namespace(now, id, document.root_element());
        }
        self.element_with_namespace(now, id, element);
    }

    fn element_with_namespace(&mut self, now: Now, id: SessionId, element: roxmltree::Node<'_, '_>) {
        if self.stream_management && element.tag_name().namespace() == Some(ns::SM) {
            return self.manage(now, id, element);
        }
        self.begin_recorded_login(id, element);
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        match xmpp.stream.receive(element, &self.names.domain, &self.mechanisms) {
            Ok(Step::Open) => self.open(now, id),
            // Its transport asks for the answer, which knows whether there is more behind the request.
            Ok(Step::StartTls) => {}
            Ok(Step::Challenge) => self.send(now, id, sasl::challenge(None)),
            Ok(Step::Login(plain)) => self.login(now, id, &plain.user, Evidence::Password(plain.password)),
            Ok(Step::Ask(first)) => self.ask_for_proof(now, id, first),
            Ok(Step::Prove(user, proof)) => self.login(now, id, &user, Evidence::Proof(proof)),
            Ok(Step::Refuse(failure)) => self.refuse(now, id, failure, None),
            Ok(Step::Stanza(kind)) => {
                if let Some(managed) = &mut xmpp.managed {
                    managed.counts.handle();
                }
                self.stanza(now, id, kind, element);
            }
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

    /// Tells whether the session's next message may be taken now: not while a password is checked, not while it
    /// is owed so much that the answer could go over the bound of its queue, and not while its user is held. A session that may be
    /// sent no more before the client acknowledges something is read from for that, unless its user is faster than its rates.
    pub fn is_reading(&mut self, id: SessionId) -> bool {
        if self.is_stalled(id) {
            return false;
        }
        let is_held = self.is_held_at(id);
        let is_too_fast = is_held && self.user_of(id).is_some_and(|user| self.is_too_fast(user));
        let Some(session) = self.sessions.get_mut(id) else { return false };
        let managed = session.xmpp().and_then(|xmpp| xmpp.managed.as_ref());
        if managed.is_some_and(|managed| managed.is_full(&self.limits)) {
            return !is_too_fast;
        }
        let is_half_full = session.fill().is_half_full(&self.limits);
        let user = session.user;
        let Some(xmpp) = session.xmpp_mut() else { return false };
        if let Some(user) = user.filter(|_| is_held && xmpp.address.is_none())
            && !std::mem::replace(&mut xmpp.waits, true)
        {
            self.roster.wait(user, id);
        }
        !is_held && !matches!(xmpp.stream.state(), State::Checking | State::Securing) && !is_half_full
    }

    /// Tells whether a session is not read from because its user is held. A session that has ended sends nothing to anybody any
    /// more, and the end of its close is waited for.
    pub(super) fn is_held_at(&self, id: SessionId) -> bool {
        let waits = self.sessions.xmpp(id).is_some_and(|xmpp| !xmpp.let_go);
        waits && self.user_of(id).is_some_and(|user| self.is_held(user))
    }

    /// A session sends so many bytes and stanzas, which count for its user from the login on: before it has bound a resource
    /// it reaches nobody, and yet each has to be read and answered. Returns the user.
    pub(super) fn count(&mut self, now: Now, id: SessionId, bytes: usize, stanzas: usize) -> Option<UserId> {
        let user = self.user_of(id)?;
        if let Some(xmpp) = self.sessions.xmpp_mut(id).filter(|_| stanzas > 0) {
            xmpp.let_go = false;
        }
        self.pace(now, user, bytes, stanzas);
        Some(user)
    }
}
