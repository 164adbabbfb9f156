//! How a session ends: by an error, by a close, with its transport, or with the server.

use crate::clock::Now;
use crate::desk::Command;
use crate::hub::action::Action;
use crate::hub::action::NoteKind;
use crate::hub::delivery::frame::{Close, Element, Frame, StreamEntry};
use crate::hub::session::{Carrier, Kind, Xmpp};
use crate::hub::state::Hub;
use crate::hub::tokens::token;
use crate::id::{SessionId, UserId};
use crate::pubsub;
use crate::record::Ending;
use crate::xmpp::stream::StreamError;

impl Hub {
    /// The server goes down: every stream ends, of XMPP with `system-shutdown`.
    pub fn shutdown(&mut self, now: Now) {
        for user in self.users().keys().collect::<Vec<_>>() {
            self.end_sign_in(now, user);
        }
        // Nobody waits for the end of a fault, or for entries.
        self.heal_all_faults(now);
        self.end_waits(Ending::Shutdown);
        self.closing = true;
        // Requests that wait are answered before it is too late for that.
        self.release_all();
        for id in self.sessions.ids() {
            self.fail(now, id, StreamError::SYSTEM_SHUTDOWN);
            // A session that had ended before need not wait for anybody to hear it.
            self.wake(id);
        }
        self.look_if_idle();
    }

    /// Ends the sign-in of a user whose session the server ends next: it was accepted, and the session hears what has come of it.
    pub(super) fn end_sign_in(&mut self, now: Now, user: UserId) {
        if self.desk.is_signing_in(user) {
            self.apply_by_system(now, Command::EndSignIn(user));
        }
    }

    /// Says so when the server goes down and no session is left.
    fn look_if_idle(&mut self) {
        if self.closing && self.report.counters.sessions == 0 {
            self.report.act(Action::Idle);
        }
    }

    /// Tells whether the server goes down.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// Ends a session as if its user had closed it: of XMPP with `</close>`, of server-sent events with the end of the stream. One whose
    /// stream has not begun ends with an error, as there is nothing to close. Tells whether there is such a session.
    pub fn end_session(&mut self, now: Now, id: SessionId) -> bool {
        let Some(session) = self.sessions.get(id) else { return false };
        let has_begun = session.xmpp().is_none_or(|xmpp| xmpp.opened);
        let error = (!has_begun).then_some(StreamError::NOT_AUTHORIZED);
        self.end(now, id, error, "an administrator has ended it");
        true
    }

    /// The transport broke one of its own rules, or a bound, before there was a message: the stream ends.
    pub fn fail(&mut self, now: Now, id: SessionId, error: StreamError) {
        self.end(now, id, Some(error), error.condition);
    }

    /// Ends a stream from our side, or answers its end.
    pub(super) fn end(&mut self, now: Now, id: SessionId, error: Option<StreamError>, reason: &'static str) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.waiting().is_some() {
            return self.give_up(now, id, reason);
        }
        if session.is_closed() {
            return;
        }
        session.ending = Some(reason);
        match &mut session.kind {
            Kind::Events(events) => events.outbox.push(StreamEntry::End),
            Kind::Waiting(_) => {}
            Kind::Xmpp(xmpp) => {
                xmpp.stream.close();
                let Xmpp { carrier: Carrier::Connection(outbox), stream, opened, .. } = xmpp else {
                    self.end_bosh(now, id, error);
                    return self.count_stream_error(error);
                };
                if let Some(error) = error {
                    if !*opened {
                        // A stream error needs a stream (RFC 6120 §4.9.1.2).
                        let to = stream.take_from();
                        let open =
                            stream.answer(self.names.domain.name(), &token(self.random), to.as_deref());
                        outbox.push(Frame::Element(Element::Text(open.into())));
                    }
                    outbox.push(Frame::Element(Element::Text(error.frame().into())));
                }
                let (code, reason) = error.map_or((1000, ""), |error| (error.code, error.condition));
                outbox.push(Frame::Close(Box::new(Close { end: stream.end_tag(), code, reason })));
            }
        }
        self.count_stream_error(error);
        self.report.act(Action::Wake(id));
        self.schedule(id, now.monotonic + self.limits.close);
        self.unbind(now, id);
    }

    fn count_stream_error(&mut self, error: Option<StreamError>) {
        if let Some(error) = error {
            self.report.count_failure("stream", error.condition);
        }
    }

    /// The transport is gone; `how` tells the log why, if the stream was not closed before.
    /// A session with stream management goes on to wait for its client.
    pub fn closed(&mut self, now: Now, id: SessionId, how: &str) {
        self.keep_waiting(now, id);
        self.unbind(now, id);
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        if let Some(bosh) = session.xmpp().and_then(Xmpp::bosh) {
            self.bindings.forget(bosh, session.peer.address.ip());
        }
        self.forget_faults(id);
        #[cfg(feature = "replica")]
        self.forget_hold(id);
        self.report.counters.sessions -= 1;
        let lost = session.missed();
        self.report.counters.dropped += lost as u64;
        let reason = session.ending.unwrap_or(how);
        self.tap_end(now, id, &session, reason);
        let after = now.monotonic.saturating_duration_since(session.peer.accepted);
        self.record_end(now, id, &session, reason, (after, lost));
        let what = NoteKind::Closed { reason: reason.to_owned(), lost, after };
        let note = session.note(self.desk.directory(), what);
        self.report.note(note);
        self.look_if_idle();
    }

    /// A session leaves: its presence, its resource and the subscriptions by its full JID end.
    pub(super) fn unbind(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let Some(user) = session.user else { return };
        let Some(xmpp) = session.xmpp() else {
            return self.leave_stream(now, id, user);
        };
        let is_bound = xmpp.address.is_some();
        if xmpp.waits {
            self.roster.end_wait(user, id);
        }
        if !is_bound {
            return;
        }
        self.apply_by_system(now, pubsub::Command::Leave { user, session: id });
        self.end_presence(now, id, user);
    }

    /// The presence and the resource of a session end.
    pub(super) fn end_presence(&mut self, now: Now, id: SessionId, user: UserId) {
        self.roster.unbind(user, id);
        let presence = self.sessions.xmpp_mut(id).and_then(|xmpp| xmpp.presence.as_mut());
        if let Some(presence) = presence {
            // It did not say good-bye, so there is nothing to hand on but that it is gone.
            presence.content = Box::default();
            presence.lang = None;
            self.tell_unavailable(now, id, user);
        }
    }
}
