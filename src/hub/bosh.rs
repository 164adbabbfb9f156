//! Sessions over BOSH: ordinary ones, whose messages come and go in the envelopes of a binding.
//!
//! A request is answered when [`Hub::settle`] is called, so that all that one call has queued leaves in one answer.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use roxmltree::Node;

use super::address::Address;
use super::outbox::{Out, Outbox};
use super::session::Session;
use super::{Action, Hub, Now, Origin, What, names};
use crate::address;
use crate::id::SessionId;
use crate::xmpp::bosh::{self, Binding, Condition, Envelope, Payloads, RequestId, Turn, Violation};
use crate::xmpp::ns;
use crate::xmpp::stream::{State, StreamError};
use crate::xmpp::xml::{self, Bounds};

/// About how many bytes of payloads leave in one answer: each is kept in case it is wanted again.
const ANSWER: usize = 64 * 1024;

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Post {
    pub request: RequestId,
    pub peer: SocketAddr,
    /// Whether it came over TLS.
    pub secure: bool,
}

/// What a session over BOSH has beside others.
#[derive(Debug)]
pub struct Bosh {
    binding: Binding,
    sid: Box<str>,
    /// Whether it began over TLS: then it goes on so (XEP-0124 §19.1).
    secure: bool,
    /// How its end is said, once it has ended.
    end: Option<End>,
    /// When it has to have bound its resource.
    login_until: Instant,
    /// It stands in the list of [`Bindings`].
    unsettled: bool,
}

/// The end of a session: the condition, if the client did not want it.
type End = Option<Condition>;

/// All sessions over BOSH.
#[derive(Debug, Default)]
pub struct Bindings {
    sids: HashMap<Box<str>, SessionId>,
    /// How many each address has.
    addresses: HashMap<IpAddr, usize>,
    /// Those that [`Hub::settle`] has to look at.
    unsettled: Vec<SessionId>,
}

impl Bindings {
    pub fn unsettle(&mut self, id: SessionId, bosh: &mut Bosh) {
        if !std::mem::replace(&mut bosh.unsettled, true) {
            self.unsettled.push(id);
        }
    }

    /// A session is no more.
    pub fn forget(&mut self, session: &Session) {
        let Some(bosh) = &session.bosh else { return };
        self.sids.remove(&bosh.sid);
        let key = address::key(session.origin.peer.ip());
        if let Some(count) = self.addresses.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.addresses.remove(&key);
            }
        }
    }
}

/// What waits for a session, as payloads.
struct Waiting<'a> {
    outbox: &'a mut Outbox,
    address: Option<&'a Address>,
}

impl Waiting<'_> {
    fn drain(&mut self, budget: usize, out: &mut String) {
        self.outbox.drain(self.address, budget, |frame| match frame {
            Out::Text(pieces) => out.extend(pieces.iter().copied()),
            // Said by the envelope, or not at all.
            Out::Open(_) | Out::Event { .. } | Out::Ping | Out::Close(..) => {}
        });
    }
}

impl Payloads for Waiting<'_> {
    fn is_empty(&self) -> bool {
        self.outbox.is_empty()
    }

    fn move_into(&mut self, out: &mut String) {
        self.drain(ANSWER, out);
    }
}

/// Why a session does not begin.
struct Refused {
    condition: Condition,
    payloads: String,
}

impl From<Violation> for Refused {
    fn from(violation: Violation) -> Self {
        Self { condition: violation.condition, payloads: String::new() }
    }
}

impl From<StreamError> for Refused {
    fn from(error: StreamError) -> Self {
        let condition = Condition::from(&error);
        let inside = condition == Condition::RemoteStreamError;
        Self { condition, payloads: if inside { error.frame() } else { String::new() } }
    }
}

impl Hub {
    /// A request came in whole. It is answered with an [`Action::Answer`], now or later. Returns whose request it is,
    /// for [`Hub::gone`].
    pub fn post(&mut self, now: Now, post: Post, text: &str) -> Option<SessionId> {
        let id = match bosh::sid_of(text) {
            None => None,
            Some(sid) => match self.session_of_sid(sid, post) {
                None => return self.refuse_post(post, Violation::SID.into(), false),
                known => known,
            },
        };
        if let Some(id) = id {
            self.tap_post(now, id, text);
        }
        let document = match xml::read(text, &self.bounds(id)) {
            Ok(document) => document,
            Err(error) => return self.reject(now, id, post, error.into()),
        };
        let root = document.root_element();
        let envelope = match Envelope::read(root) {
            Ok(envelope) => envelope,
            Err(violation) => return self.reject(now, id, post, violation),
        };
        match id {
            Some(id) => self.post_to(now, id, post, &envelope, root, text),
            None => match self.create(now, post, &envelope, root, text) {
                Ok(id) => Some(id),
                Err(refused) => self.refuse_post(post, refused, envelope.ver.is_none()),
            },
        }
    }

    /// A request came in that cannot be read, with the `sid` that its head shows.
    pub fn post_unreadable(&mut self, now: Now, post: Post, sid: Option<&str>, violation: Violation) {
        let id = sid.and_then(|sid| self.session_of_sid(sid, post));
        self.reject(now, id, post, violation);
    }

    /// Tells whether a request with this `sid` comes from somebody who has logged in, for its size and for what may stand
    /// in a log.
    pub fn is_sid_logged_in(&self, sid: &str) -> bool {
        self.bindings.sids.get(sid).is_some_and(|id| self.is_logged_in(*id))
    }

    /// A client has gone before its request was answered.
    pub fn gone(&mut self, now: Now, id: SessionId, request: RequestId) {
        if let Some(session) = self.sessions.get_mut(id)
            && let Some(bosh) = &mut session.bosh
        {
            bosh.binding.gone(now.monotonic, request);
            self.bindings.unsettle(id, bosh);
        }
    }

    /// Answers what is to be answered, after anything else has been done. Cheap if nothing is.
    pub fn settle(&mut self, now: Now) {
        while let Some(id) = self.bindings.unsettled.pop() {
            if let Some(bosh) = self.sessions.get_mut(id).and_then(|session| session.bosh.as_mut()) {
                bosh.unsettled = false;
                self.settle_one(now, id);
            }
        }
    }

    fn session_of_sid(&self, sid: &str, post: Post) -> Option<SessionId> {
        let id = *self.bindings.sids.get(sid)?;
        let bosh = self.sessions.get(id)?.bosh.as_ref()?;
        (bosh.secure == post.secure).then_some(id)
    }

    fn bounds(&self, id: Option<SessionId>) -> Bounds {
        match id {
            Some(id) if self.is_logged_in(id) => Bounds::of(&self.limits),
            _ => Bounds::before_login(&self.limits),
        }
    }

    /// A request is no request of BOSH: if it belongs to a session, that ends.
    fn reject(
        &mut self,
        now: Now,
        id: Option<SessionId>,
        post: Post,
        violation: Violation,
    ) -> Option<SessionId> {
        match id {
            Some(id) => self.violate(now, id, post, violation),
            None => self.refuse_post(post, violation.into(), false),
        }
    }

    /// There is no session, and will be none.
    fn refuse_post(&mut self, post: Post, refused: Refused, legacy: bool) -> Option<SessionId> {
        let answer = bosh::refusal(post.request, refused.condition, &refused.payloads, legacy);
        self.actions.push_back(Action::Answer(answer));
        None
    }

    /// A session ends because of a request that breaks the rules.
    fn violate(&mut self, now: Now, id: SessionId, post: Post, violation: Violation) -> Option<SessionId> {
        let session = self.sessions.get_mut(id)?;
        let bosh = session.bosh.as_mut()?;
        bosh.binding.violate(post.request, violation);
        session.ending.get_or_insert(violation.sentence);
        self.close_bosh(now, id);
        None
    }

    /// A session begins (XEP-0124 §7, XEP-0206 §3).
    fn create(
        &mut self,
        now: Now,
        post: Post,
        envelope: &Envelope<'_>,
        root: Node<'_, '_>,
        text: &str,
    ) -> Result<SessionId, Refused> {
        if self.closing {
            return Err(StreamError::SYSTEM_SHUTDOWN.into());
        }
        if envelope.sid.is_some() {
            return Err(Violation::ANOTHER_SID.into());
        }
        let binding = Binding::new(now.monotonic, &self.limits, envelope, post.request)?;
        let origin = Origin { peer: post.peer, transport: "bosh", accepted: now.monotonic };
        let mut session = Session::new(origin, now.monotonic);
        // What a client of the time before XMPP 1.0 would say is what it says now (XEP-0206 §12).
        session.stream.open(envelope.to, envelope.version.or(Some("1.0")), &self.names.domain)?;
        let key = address::key(post.peer.ip());
        let of_address = self.bindings.addresses.get(&key).copied().unwrap_or(0);
        let full = if self.bindings.sids.len() >= self.limits.bosh_sessions {
            Some("limits.bosh_sessions")
        } else {
            (of_address >= self.limits.connections_per_address).then_some("limits.connections_per_address")
        };
        if let Some(limit) = full {
            let who = format!("{} bosh", post.peer);
            self.actions.push_back(Action::Note(super::Note { who, what: What::TooMany { limit } }));
            return Err(StreamError::RESOURCE_CONSTRAINT.into());
        }
        let sid: Box<str> = names::token(self.random).into();
        let login_until = now.monotonic + self.limits.login;
        let secure = post.secure;
        session.bosh = Some(Box::new(Bosh {
            binding,
            sid: sid.clone(),
            secure,
            end: None,
            login_until,
            unsettled: false,
        }));
        let id = self.sessions.insert(session);
        self.bindings.sids.insert(sid, id);
        *self.bindings.addresses.entry(key).or_default() += 1;
        self.counters.sessions += 1;
        self.note(id, What::Connected);
        self.tap_post(now, id, text);
        self.open(now, id);
        if let Some(session) = self.sessions.get_mut(id)
            && let Some(bosh) = &mut session.bosh
        {
            bosh.binding.open(&bosh.sid, &session.stream_id, &self.names.domain);
        }
        if let Some(taken) = self.take_payloads(now, id, envelope, root, 0) {
            self.leave(id, envelope.rid, text, taken);
        }
        self.wake(id);
        Ok(id)
    }

    fn post_to(
        &mut self,
        now: Now,
        id: SessionId,
        post: Post,
        envelope: &Envelope<'_>,
        root: Node<'_, '_>,
        text: &str,
    ) -> Option<SessionId> {
        let session = self.sessions.get_mut(id)?;
        let bosh = session.bosh.as_mut()?;
        let turn = if bosh.end.is_some() {
            bosh.binding.knock(now.monotonic, post.request);
            Ok(Turn::Later)
        } else if envelope.sid == Some(&bosh.sid) {
            bosh.binding.take(now.monotonic, envelope, text, post.request)
        } else {
            Err(Violation::ANOTHER_SID)
        };
        match turn {
            Err(violation) => return self.violate(now, id, post, violation),
            Ok(Turn::Later) => {}
            Ok(Turn::Now) => {
                if let Some(taken) = self.take_payloads(now, id, envelope, root, 0) {
                    self.leave(id, envelope.rid, text, taken);
                }
            }
        }
        self.wake(id);
        Some(id)
    }

    /// Takes the payloads of a request from the one with the number `from` on, as long as the session takes any. If some
    /// are left, returns the number of the first.
    fn take_payloads(
        &mut self,
        now: Now,
        id: SessionId,
        envelope: &Envelope<'_>,
        root: Node<'_, '_>,
        from: usize,
    ) -> Option<usize> {
        if envelope.restart {
            if !self.may_take(id) {
                return Some(0);
            }
            self.restart(now, id, envelope);
            return None;
        }
        for (number, element) in root.children().filter(Node::is_element).enumerate().skip(from) {
            // Who leaves will take no more answers.
            if !self.may_take(id) && (!envelope.terminate || self.is_checking(id)) {
                return Some(number);
            }
            if element.tag_name().namespace() == Some(ns::FRAMING) {
                self.fail(now, id, StreamError::UNSUPPORTED_STANZA_TYPE);
            } else {
                self.element(now, id, element);
            }
            if self.has_ended(id) {
                return None;
            }
        }
        if envelope.terminate {
            self.end(now, id, None, "closed by the client");
        }
        None
    }

    fn has_ended(&self, id: SessionId) -> bool {
        self.sessions.get(id).is_none_or(|session| session.stream.state() == State::Closed)
    }

    fn may_take(&self, id: SessionId) -> bool {
        self.has_ended(id) || self.is_reading(id)
    }

    fn leave(&mut self, id: SessionId, rid: u64, text: &str, taken: usize) {
        if let Some(bosh) = self.sessions.get_mut(id).and_then(|session| session.bosh.as_mut()) {
            bosh.binding.leave(rid, text, taken);
        }
    }

    /// The stream is opened again (XEP-0206 §5).
    fn restart(&mut self, now: Now, id: SessionId, envelope: &Envelope<'_>) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let domain = &*self.names.domain;
        let (to, version) = (envelope.to.or(Some(domain)), envelope.version.or(Some("1.0")));
        match session.stream.open(to, version, domain) {
            Ok(()) => self.open(now, id),
            Err(error) => self.fail(now, id, error),
        }
    }

    /// Takes what has waited for its turn, then answers.
    fn settle_one(&mut self, now: Now, id: SessionId) {
        loop {
            self.take_backlog(now, id);
            let Some(session) = self.sessions.get_mut(id) else {
                return;
            };
            let Some(bosh) = &mut session.bosh else { return };
            let mut waiting = Waiting { outbox: &mut session.outbox, address: session.address.as_deref() };
            if let Some(condition) = bosh.end {
                let mut last = String::new();
                // Nobody who could take it: it waits for a while for somebody who could.
                if bosh.binding.is_asked() {
                    waiting.drain(usize::MAX, &mut last);
                    bosh.binding.finish(condition, &last);
                } else if !self.closing {
                    return;
                }
                return self.close_bosh(now, id);
            }
            bosh.binding.respond(now.monotonic, &mut waiting);
            let answers = bosh.binding.take_answers();
            let progress = !answers.is_empty() && bosh.binding.has_backlog();
            self.answer_posts(now, id, answers);
            if !progress || !self.is_reading(id) {
                break;
            }
        }
        self.schedule_bosh(now, id);
    }

    fn take_backlog(&mut self, now: Now, id: SessionId) {
        while self.may_take(id) {
            let Some(session) = self.sessions.get_mut(id) else {
                return;
            };
            let Some(pending) = session.bosh.as_mut().and_then(|bosh| bosh.binding.next_pending()) else {
                return;
            };
            // It has been read before, within bounds that were no larger.
            let Ok(document) = xml::read(&pending.text, &Bounds::of(&self.limits)) else { continue };
            let Ok(envelope) = Envelope::read(document.root_element()) else { continue };
            let left = self.take_payloads(now, id, &envelope, document.root_element(), pending.taken);
            if let Some(taken) = left {
                return self.leave(id, envelope.rid, &pending.text, taken);
            }
        }
    }

    /// A session has ended: with its next request, if there is none waiting, the client hears so.
    pub(super) fn end_bosh(&mut self, now: Now, id: SessionId, error: Option<StreamError>) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let Some(bosh) = &mut session.bosh else { return };
        bosh.end = Some(error.as_ref().map(Condition::from));
        if let Some(error) = error.filter(|error| Condition::from(error) == Condition::RemoteStreamError) {
            session.outbox.push(super::Frame::Text(error.frame().into()));
        }
        self.schedule(id, now.monotonic + self.limits.close + self.limits.bosh_polling);
        self.unbind(now, id);
        self.wake(id);
    }

    /// A session over BOSH is over, and its last answers are given.
    fn close_bosh(&mut self, now: Now, id: SessionId) {
        if let Some(bosh) = self.sessions.get_mut(id).and_then(|session| session.bosh.as_mut()) {
            let answers = bosh.binding.take_answers();
            self.answer_posts(now, id, answers);
        }
        self.closed(now, id, "no request came in time");
    }

    fn answer_posts(&mut self, now: Now, id: SessionId, answers: Vec<bosh::Answer>) {
        for answer in answers {
            self.tap_answer(now, id, &answer.body);
            self.actions.push_back(Action::Answer(answer));
        }
    }

    /// A deadline of a session over BOSH has come.
    pub(super) fn look_at_bosh(&mut self, now: Now, id: SessionId) {
        let (checking, time) = (self.is_checking(id), self.limits.login);
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let late = session.address.is_none();
        let Some(bosh) = &mut session.bosh else { return };
        if bosh.end.is_some() || bosh.binding.is_abandoned(now.monotonic) {
            return self.close_bosh(now, id);
        }
        if late && now.monotonic >= bosh.login_until {
            // A check is ours to answer.
            bosh.login_until = now.monotonic + time;
            if !checking {
                return self.fail(now, id, StreamError::LOGIN_TIMEOUT);
            }
        }
        self.wake(id);
    }

    /// Sees that the session is looked at in time. A deadline that is earlier than needed is left as it is, so that
    /// there are not as many in the heap as there were requests.
    fn schedule_bosh(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let Some(bosh) = &session.bosh else { return };
        let mut due = bosh.binding.due();
        if session.address.is_none() {
            due = due.min(bosh.login_until);
        }
        if due < session.due || session.due <= now.monotonic {
            self.schedule(id, due);
        }
    }
}
