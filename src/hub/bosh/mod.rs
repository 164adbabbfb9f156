//! Sessions over BOSH: ordinary ones, whose messages come and go in the envelopes of a binding.
//!
//! A request is answered when [`Hub::answer_pending`] is called, so that all that one call has queued leaves in one answer.

mod answering;
pub(super) mod bindings;
pub(super) mod record;

use std::net::SocketAddr;

use roxmltree::Node;

use crate::client_address;
use crate::clock::Now;
use crate::hub::action::Action;
use crate::hub::action::Note;
use crate::hub::action::NoteKind;
use crate::hub::bosh::record::Bosh;
use crate::hub::delivery::outbox::Outbox;
use crate::hub::session::Peer;
use crate::hub::session::{Carrier, Kind, Session, Xmpp};
use crate::hub::state::Hub;
use crate::hub::tokens;
use crate::id::SessionId;
use crate::transport::Transport;
use crate::xml;
use crate::xml::Bounds;
use crate::xmpp::bosh::{self, Binding, Condition, Envelope, RequestId, Turn, Violation};
use crate::xmpp::stream::{Form, Stream, StreamError};

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Post {
    pub request: RequestId,
    pub peer: SocketAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// Whether it came by a proxy that the configuration trusts.
    pub via_proxy: bool,
}

/// Why a session does not begin.
struct Refusal {
    condition: Condition,
    payloads: String,
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self { condition: violation.condition, payloads: String::new() }
    }
}

impl From<StreamError> for Refusal {
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
        let text = bosh::without_mark(text);
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

    /// A session that began over TLS is not to be found without it, nor the other way round, and goes on (XEP-0124 §19.1). That
    /// there is no such session says no more than a closed connection would, but the client can tell what is wrong.
    fn session_of_sid(&self, sid: &str, post: Post) -> Option<SessionId> {
        let id = *self.bindings.sids.get(sid)?;
        let bosh = self.sessions.bosh(id)?;
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

    /// Refuses a request that belongs to no session and begins none.
    fn refuse_post(&mut self, post: Post, refused: Refusal, legacy: bool) -> Option<SessionId> {
        let answer = bosh::refusal(post.request, refused.condition, &refused.payloads, legacy);
        self.report.act(Action::Answer(answer));
        None
    }

    /// A session ends because of a request that breaks the rules.
    fn violate(&mut self, now: Now, id: SessionId, post: Post, violation: Violation) -> Option<SessionId> {
        let session = self.sessions.get_mut(id)?;
        let bosh = session.xmpp_mut()?.bosh_mut()?;
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
    ) -> Result<SessionId, Refusal> {
        if self.closing {
            return Err(StreamError::SYSTEM_SHUTDOWN.into());
        }
        // It was not seen at the head.
        if envelope.sid.is_some() {
            return Err(Violation::HIDDEN_SID.into());
        }
        let binding = Binding::new(now.monotonic, &self.limits, envelope, post.request)?;
        let peer = Peer {
            address: post.peer,
            transport: Transport::Bosh,
            accepted: now.monotonic,
            via_proxy: post.via_proxy,
        };
        let mut stream = Stream::default();
        // A client without a version means 1.0 here (XEP-0206 §11).
        stream.open(envelope.to, envelope.version.or(Some("1.0")), &self.names.domain)?;
        stream.set_lang(envelope.lang);
        let key = client_address::key(post.peer.ip());
        let of_address = self.bindings.addresses.get(&key).copied().unwrap_or(0);
        let full = if self.bindings.sids.len() >= self.limits.bosh_sessions {
            Some("limits.bosh_sessions")
        } else {
            (of_address >= self.limits.connections_per_address).then_some("limits.connections_per_address")
        };
        if let Some(limit) = full {
            let (who, peer) = (format!("{} bosh", post.peer), post.peer.ip());
            self.report.note(Note { who, peer, user: None, what: NoteKind::TooMany { limit } });
            return Err(StreamError::RESOURCE_CONSTRAINT.into());
        }
        let sid: Box<str> = tokens::token(self.random).into();
        let login_until = now.monotonic + self.limits.login;
        let secure = post.secure;
        let carrier = Carrier::Bosh(Box::new(Bosh {
            binding,
            outbox: Outbox::new(self.queue_memory.clone()),
            sid: sid.clone(),
            secure,
            end: None,
            login_until,
            pending: false,
            taken: 0,
            leaves: false,
        }));
        let mut xmpp = Xmpp::new(now.monotonic, Form::Framed, carrier);
        xmpp.stream = stream;
        let id = self.sessions.insert(Session::new(peer, now.monotonic, Kind::Xmpp(xmpp)));
        self.bindings.sids.insert(sid, id);
        *self.bindings.addresses.entry(key).or_default() += 1;
        self.report.counters.sessions += 1;
        self.note(id, NoteKind::Connected);
        self.record_opening(now, id);
        self.tap_post(now, id, text);
        self.open(now, id);
        if let Some(Xmpp { carrier: Carrier::Bosh(bosh), stream_id, .. }) = self.sessions.xmpp_mut(id) {
            bosh.binding.open(&bosh.sid, stream_id, self.names.domain.name());
        }
        self.meet_faults(now, id);
        self.take_request(now, id, envelope, root, text);
        self.meet_faults(now, id);
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
        self.count(now, id, text.len(), 0);
        let xmpp = self.sessions.xmpp_mut(id)?;
        xmpp.heard(now.monotonic);
        let bosh = xmpp.bosh_mut()?;
        let turn = if bosh.end.is_some() {
            bosh.binding.knock(now.monotonic, post.request);
            Ok(Turn::Later)
        } else {
            bosh.binding.take(now.monotonic, envelope, text, post.request)
        };
        match turn {
            Err(violation) => return self.violate(now, id, post, violation),
            Ok(Turn::Later) => {}
            Ok(Turn::Now) => self.take_request(now, id, envelope, root, text),
        }
        self.meet_faults(now, id);
        self.wake(id);
        Some(id)
    }
}
