//! A session over BOSH takes the payloads of its requests in order, and answers them.

use roxmltree::Node;

use crate::clock::Now;
use crate::hub::action::Action;
use crate::hub::delivery::frame::Element;
use crate::hub::delivery::outbox::Outbox;
use crate::hub::session::{Carrier, Xmpp};
use crate::hub::session_address::Address;
use crate::hub::state::Hub;
use crate::id::SessionId;
use crate::xml;
use crate::xmpp::bosh::{BoshResponse, Condition, Envelope, Left, Payloads, Pieces, RequestId};
use crate::xmpp::ns;
use crate::xmpp::stream::StreamError;

/// About how many bytes of payloads leave in one answer: each is kept in case it is wanted again.
const ANSWER: usize = 64 * 1024;

/// The most payloads of a session that are taken in one turn: a request may have hundreds.
const TURN: usize = 8;

/// The payloads that wait for a session.
struct Waiting<'a> {
    outbox: &'a mut Outbox<Element>,
    address: Option<&'a Address>,
    /// About how many bytes leave in one answer.
    most: usize,
    /// How many bytes were taken.
    taken: usize,
    /// The user of the session is held, and not for them.
    may_wait: bool,
}

impl Waiting<'_> {
    fn drain(&mut self, budget: usize, out: &mut String) {
        self.taken += self.outbox.drain(budget, |payload| {
            payload.write(self.address, |pieces| out.extend(pieces.iter().copied()));
        });
    }
}

impl Payloads for Waiting<'_> {
    fn is_empty(&self) -> bool {
        self.outbox.is_empty()
    }

    fn move_into(&mut self, out: &mut String) {
        self.drain(self.most, out);
    }

    fn may_wait(&self) -> bool {
        self.may_wait
    }
}

impl Hub {
    /// A client has gone before its request was answered.
    pub fn gone(&mut self, now: Now, id: SessionId, request: RequestId) {
        if let Some(bosh) = self.sessions.bosh_mut(id) {
            bosh.binding.gone(now.monotonic, request);
            self.bindings.mark_pending(id, bosh);
        }
    }

    /// Answers what is to be answered, after anything else has been done. Cheap if nothing is.
    pub fn answer_pending(&mut self, now: Now) {
        self.release(now);
        while let Some(id) = self.bindings.pending.pop_front() {
            if let Some(bosh) = self.sessions.bosh_mut(id) {
                bosh.pending = false;
                self.answer_session(now, id);
            }
            // Somebody may have waited for what these answers have taken.
            self.release(now);
        }
    }

    /// Takes the payloads of a request whose text this is, as long as the session takes any, and keeps the others.
    pub(super) fn take_request(
        &mut self,
        now: Now,
        id: SessionId,
        envelope: &Envelope<'_>,
        root: Node<'_, '_>,
        text: &str,
    ) {
        let Envelope { rid, terminate, .. } = *envelope;
        if envelope.restart {
            if !self.is_reading(id) {
                return self.leave(id, rid, Left::Whole(text.into()));
            }
            return self.restart(now, id, envelope);
        }
        for (number, element) in root.children().filter(Node::is_element).enumerate() {
            if !self.may_take(id, terminate) {
                let left = match number {
                    0 => Left::Whole(text.into()),
                    _ => Left::Pieces(Pieces::new(text, root, number, terminate)),
                };
                return self.leave(id, rid, left);
            }
            self.take_payload(now, id, element);
        }
        if terminate {
            self.end(now, id, None, "closed by the client");
        }
    }

    /// Takes payloads that were left before. Returns what is left now.
    fn take_pieces(&mut self, now: Now, id: SessionId, mut pieces: Pieces) -> Option<Pieces> {
        while !pieces.is_empty() {
            if !self.may_take(id, pieces.terminate) {
                return Some(pieces);
            }
            let text = pieces.next().unwrap_or_default();
            if let Ok(document) = xml::read_again(&text, &self.limits)
                && let Some(element) = document.root_element().first_element_child()
            {
                self.take_payload(now, id, element);
            }
        }
        if pieces.terminate {
            self.end(now, id, None, "closed by the client");
        }
        None
    }

    /// Tells whether a session takes one more payload now, of a request with which its client leaves or not.
    fn may_take(&mut self, id: SessionId, leaves: bool) -> bool {
        if !self.has_turn(id) {
            self.mark_leaving(id, leaves);
            return false;
        }
        self.take_turn(id);
        // A client that leaves will take no more answers.
        self.is_reading(id) || (leaves && !self.is_checking(id))
    }

    fn take_payload(&mut self, now: Now, id: SessionId, element: Node<'_, '_>) {
        if element.tag_name().namespace() == Some(ns::FRAMING) {
            return self.fail(now, id, StreamError::UNSUPPORTED_STANZA_TYPE);
        }
        // Its bytes were counted with those of the envelope.
        let user = self.count(now, id, 0, 1);
        self.element(now, id, element);
        if let Some(user) = user {
            self.hold_if_owed(now, user);
        }
    }

    /// Tells whether a session may take one more payload in this turn.
    fn has_turn(&self, id: SessionId) -> bool {
        let bosh = self.sessions.bosh(id);
        bosh.is_some_and(|bosh| bosh.taken < TURN)
    }

    fn take_turn(&mut self, id: SessionId) {
        let Some(bosh) = self.sessions.bosh_mut(id) else { return };
        bosh.taken += 1;
        if bosh.taken == TURN {
            self.bindings.resting.push_back(id);
        }
    }

    fn mark_leaving(&mut self, id: SessionId, leaves: bool) {
        if let Some(bosh) = self.sessions.bosh_mut(id) {
            bosh.leaves = leaves;
        }
    }

    /// Lets a session over BOSH go on that has had its turn, with the next [`Hub::answer_pending`]. Returns false if there is
    /// none. To be called when others have had theirs.
    pub fn go_on(&mut self) -> bool {
        while let Some(id) = self.bindings.resting.pop_front() {
            if let Some(bosh) = self.sessions.bosh_mut(id) {
                bosh.taken = 0;
                self.bindings.mark_pending(id, bosh);
                return true;
            }
        }
        false
    }

    fn leave(&mut self, id: SessionId, rid: u64, left: Left) {
        if let Some(bosh) = self.sessions.bosh_mut(id) {
            bosh.binding.leave(rid, left);
        }
    }

    /// The stream is opened again (XEP-0206 §5).
    fn restart(&mut self, now: Now, id: SessionId, envelope: &Envelope<'_>) {
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        let domain = &self.names.domain;
        let (to, version) = (envelope.to.or(Some(domain.name())), envelope.version.or(Some("1.0")));
        // The language stays, unless the client names another one.
        if envelope.lang.is_some() {
            xmpp.stream.set_lang(envelope.lang);
        }
        match xmpp.stream.open(to, version, domain) {
            Ok(()) => self.open(now, id),
            Err(error) => self.fail(now, id, error),
        }
    }

    /// Takes what has waited for its turn, then answers.
    fn answer_session(&mut self, now: Now, id: SessionId) {
        let Some(most) = self.allowance(now, id, ANSWER) else { return self.mind_absence(now, id) };
        loop {
            self.take_backlog(now, id);
            let has_turn = self.has_turn(id);
            let may_wait = self.is_held_by_others(id);
            let Some(session) = self.sessions.get_mut(id) else {
                return;
            };
            let Some(Xmpp { carrier: Carrier::Bosh(bosh), address, .. }) = session.xmpp_mut() else {
                return;
            };
            let bosh = &mut **bosh;
            // The answers to the rest of a request leave with it: else the client would ask faster than it is served.
            if bosh.end.is_none() && !has_turn && bosh.binding.has_backlog() {
                return;
            }
            let mut waiting =
                Waiting { outbox: &mut bosh.outbox, address: address.as_deref(), most, taken: 0, may_wait };
            if let Some(condition) = bosh.end {
                // Nobody who could take it: it waits for a while for somebody who could.
                if !bosh.binding.is_asked() && !self.closing {
                    return;
                }
                let mut last = String::new();
                if condition.is_some() {
                    waiting.drain(usize::MAX, &mut last);
                } else {
                    // A client that leaves is owed nothing (XEP-0124 §13: an empty body).
                    waiting.outbox.clear();
                }
                bosh.binding.finish(condition, &last);
                return self.close_bosh(now, id);
            }
            let answer_waits = bosh.binding.respond(now.monotonic, &mut waiting);
            let taken = waiting.taken;
            let answers = bosh.binding.take_answers();
            let progress = !answers.is_empty() && bosh.binding.has_backlog();
            session.took(now.monotonic, taken);
            self.was_given(now, id, taken);
            self.answer_posts(now, id, answers);
            if answer_waits {
                // The client would take it. The session goes on when its user is let go.
                return;
            }
            if !progress || !self.is_reading(id) {
                break;
            }
        }
        // No request is there to take it: that is this client's full socket.
        self.not_taken(now, id);
        self.schedule_bosh(now, id);
    }

    fn take_backlog(&mut self, now: Now, id: SessionId) {
        while self.has_turn(id) && (self.is_reading(id) || self.is_leaving(id)) {
            let Some(pending) = self.sessions.bosh_mut(id).and_then(|bosh| bosh.binding.next_pending())
            else {
                return;
            };
            match pending.left {
                Left::Whole(text) => {
                    let Ok(document) = xml::read_again(&text, &self.limits) else { continue };
                    let Ok(envelope) = Envelope::read(document.root_element()) else { continue };
                    self.take_request(now, id, &envelope, document.root_element(), &text);
                }
                Left::Pieces(pieces) => {
                    if let Some(left) = self.take_pieces(now, id, pieces) {
                        self.leave(id, pending.rid, Left::Pieces(left));
                    }
                }
            }
            self.meet_faults(now, id);
        }
    }

    /// Tells whether the client has left, and some of what it said last is still to be taken.
    fn is_leaving(&self, id: SessionId) -> bool {
        let bosh = self.sessions.bosh(id);
        bosh.is_some_and(|bosh| bosh.leaves) && !self.is_checking(id)
    }

    /// A session has ended: with its next request, if there is none waiting, the client hears so.
    pub(in crate::hub) fn end_bosh(&mut self, now: Now, id: SessionId, error: Option<StreamError>) {
        let Some(bosh) = self.sessions.bosh_mut(id) else { return };
        bosh.end = Some(error.as_ref().map(Condition::from));
        if let Some(error) = error.filter(|error| Condition::from(error) == Condition::RemoteStreamError) {
            bosh.outbox.push(Element::Text(error.frame().into()));
        }
        self.schedule(id, now.monotonic + self.limits.close + self.limits.bosh_polling);
        self.unbind(now, id);
        self.wake(id);
    }

    /// A session over BOSH is over, and its last answers are given.
    pub(super) fn close_bosh(&mut self, now: Now, id: SessionId) {
        if let Some(bosh) = self.sessions.bosh_mut(id) {
            let answers = bosh.binding.take_answers();
            self.answer_posts(now, id, answers);
        }
        self.closed(now, id, "no request came in time");
    }

    fn answer_posts(&mut self, now: Now, id: SessionId, answers: Vec<BoshResponse>) {
        for answer in answers {
            self.tap_answer(now, id, &answer.body);
            self.report.act(Action::Answer(answer));
        }
    }

    /// A deadline of a session over BOSH has come.
    pub(in crate::hub) fn look_at_bosh(&mut self, now: Now, id: SessionId) {
        let (checking, time) = (self.is_checking(id), self.limits.login);
        let Some(xmpp) = self.sessions.xmpp_mut(id) else {
            return;
        };
        let late = xmpp.address.is_none();
        let Some(bosh) = xmpp.bosh_mut() else { return };
        if let Some(condition) = bosh.end {
            // A fault may have kept its requests from being answered with the end.
            bosh.binding.finish(condition, "");
        }
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

    /// Sees that a session that a fault keeps from being answered ends in time if its client has left.
    fn mind_absence(&mut self, now: Now, id: SessionId) {
        if self.sessions.bosh(id).is_some_and(|bosh| !bosh.binding.is_asked()) {
            self.schedule_bosh(now, id);
        }
    }

    /// Sees that the session is looked at in time. A deadline that is earlier than needed is left as it is, so that
    /// there are not as many in the heap as there were requests.
    fn schedule_bosh(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let Some(bosh) = session.xmpp().and_then(Xmpp::bosh) else { return };
        let mut due = bosh.binding.due();
        if session.address().is_none() {
            due = due.min(bosh.login_until);
        }
        if due < session.due || session.due <= now.monotonic {
            self.schedule(id, due);
        }
    }
}
