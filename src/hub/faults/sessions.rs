//! Faults that last for a session: its connection is dead, slow, or ends.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::clock::Now;
use crate::fault::{Cut, Kind, Spec};
use crate::hub::action::Action;
use crate::hub::delivery::frame::{Close, Frame, StreamEntry};
use crate::hub::faults::late::{Due, Order};
use crate::hub::faults::subject;
use crate::hub::session::{self, Carrier, Xmpp};
use crate::hub::state::Hub;
use crate::id::SessionId;
use crate::xmpp::bosh;
use crate::xmpp::stream::StreamError;

/// The reason in the log for a session that a fault has ended.
const BY_FAULT: &str = "ended by a fault";

/// How many small segments a second go to one session in the long run.
const SEGMENTS: u32 = 10_000;

impl Hub {
    /// A session has come a step further, or a fault has begun: those that it meets now act.
    pub(in crate::hub) fn meet_faults(&mut self, now: Now, id: SessionId) {
        if self.faults.set.is_empty() || self.is_tap(id) {
            return;
        }
        let is_open = self.sessions.get(id).is_some_and(|session| !session.is_closed());
        let Some(subject) = subject(&self.sessions, self.desk.directory(), id).filter(|_| is_open) else {
            return;
        };
        for hit in self.faults.set.join(now.monotonic, id, &subject) {
            self.note_hit(id, &hit);
            self.tell_hit(now, id, &hit.name, None, None);
            match hit.kind {
                Kind::Maintenance(notice) => self.give_notice(now, id, &hit, notice),
                Kind::IdleCut(time) => self.look_if_idle_at(now.monotonic + time, id),
                kind => self.end_by(now, id, kind),
            }
        }
    }

    /// Ends a session as a fault of this kind does, once. Returns whether the kind reaches its transport; `None`: there is no
    /// such session.
    pub fn end_as(&mut self, now: Now, id: SessionId, spec: &Spec) -> Option<bool> {
        let session = self.sessions.get(id).filter(|session| !session.is_closed())?;
        if !spec.row.transports.contains(&session.peer.transport) {
            return Some(false);
        }
        self.end_by(now, id, spec.kind);
        Some(true)
    }

    fn end_by(&mut self, now: Now, id: SessionId, kind: Kind) {
        match kind {
            Kind::Cut(how) => self.cut(now, id, how),
            Kind::End(condition) => self.end_by_fault(now, id, condition),
            Kind::BoshEnd(condition) => self.end_bosh_by_fault(now, id, condition),
            // Asked about when something is read or written.
            _ => {}
        }
    }

    /// A session is gone.
    pub(in crate::hub) fn forget_faults(&mut self, id: SessionId) {
        if self.faults.set.is_empty() {
            return;
        }
        self.faults.set.forget(id);
        self.faults.paces.forget(id);
        self.report.counters.dropped += self.faults.late.forget(id) as u64;
    }

    /// Whether a fault keeps a session from being read from and written to.
    pub(in crate::hub) fn is_stalled(&self, id: SessionId) -> bool {
        !self.faults.set.is_empty() && self.faults.set.of(id).any(|kind| matches!(kind, Kind::Stall { .. }))
    }

    /// How much of so many bytes a session may be given now; `None`: nothing.
    pub(in crate::hub) fn allowance(&mut self, now: Now, id: SessionId, budget: usize) -> Option<usize> {
        #[cfg(feature = "replica")]
        if self.is_answer_held(id) {
            return None;
        }
        if self.faults.set.is_empty() {
            return Some(budget);
        }
        if self.is_stalled(id) {
            self.not_taken(now, id);
            return None;
        }
        if self.rate(id).is_none() {
            return Some(budget);
        }
        match self.faults.paces.next.get(&id) {
            Some(next) if *next > now.monotonic => {
                self.not_taken(now, id);
                None
            }
            // A stanza at a time.
            _ => Some(1),
        }
    }

    /// The bytes of one segment, if a fault divides what a session is sent.
    pub(in crate::hub) fn slice(&self, id: SessionId) -> Option<u16> {
        if self.faults.set.is_empty() {
            return None;
        }
        self.faults.set.of(id).find_map(|kind| match kind {
            Kind::Slice(bytes) => Some(bytes),
            _ => None,
        })
    }

    fn rate(&self, id: SessionId) -> Option<u32> {
        let rates = self.faults.set.of(id).filter_map(|kind| match kind {
            Kind::Slow(rate) => Some(rate),
            // Each segment is a write of its own, and others have their turns meanwhile.
            Kind::Slice(bytes) => Some(u32::from(bytes) * SEGMENTS),
            _ => None,
        });
        rates.min()
    }

    /// Whether a fault keeps what a session is sent from leaving at once: its sender does not wait for that.
    pub(in crate::hub) fn is_kept_waiting(&self, id: SessionId) -> bool {
        !self.faults.set.is_empty() && (self.is_stalled(id) || self.rate(id).is_some())
    }

    /// A session was given so many bytes.
    pub(in crate::hub) fn was_given(&mut self, now: Now, id: SessionId, bytes: usize) {
        if bytes == 0 || self.faults.set.is_empty() {
            return;
        }
        if self.idle_time(id).is_some() {
            self.faults.paces.written.insert(id, now.monotonic);
        }
        if let Some(rate) = self.rate(id) {
            let next = now.monotonic + Duration::from_micros(bytes as u64 * 1_000_000 / u64::from(rate));
            self.faults.paces.next.insert(id, next);
            let _ = self.faults.late.keep(next, id, &Rc::from(""), Due::Wake, Order::Free);
        }
    }

    /// The connection of a session lives again.
    pub(super) fn end_stall(&mut self, now: Now, id: SessionId, keep: bool) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if !keep && !session.is_closed() {
            self.report.counters.dropped += session.clear_unsent() as u64;
        }
        // Nothing was read from it, so that its silence counts from now.
        if let Some(xmpp) = session.xmpp_mut() {
            xmpp.heard(now.monotonic);
        }
        session.behind = None;
        self.wake(id);
    }

    /// Sessions are not slowed down, or not watched for silence, by one fault less. What others do to them goes on.
    pub(super) fn end_paces(&mut self, now: Now, sessions: &BTreeSet<SessionId>) {
        self.faults.late.end_looks(sessions);
        for id in sessions.iter().copied() {
            self.faults.paces.next.remove(&id);
            self.wake(id);
            if self.idle_time(id).is_some() {
                self.cut_if_idle(now, id);
            } else {
                self.faults.paces.written.remove(&id);
            }
        }
    }

    fn idle_time(&self, id: SessionId) -> Option<Duration> {
        self.faults.set.of(id).find_map(|kind| match kind {
            Kind::IdleCut(time) => Some(time),
            _ => None,
        })
    }

    fn look_if_idle_at(&mut self, due: Instant, id: SessionId) {
        let _ = self.faults.late.keep(due, id, &Rc::from(""), Due::LookIfIdle, Order::Free);
    }

    /// A silent connection is cut; another one is looked at again later.
    pub(super) fn cut_if_idle(&mut self, now: Now, id: SessionId) {
        let Some(time) = self.idle_time(id) else { return };
        let Some(session) = self.sessions.get(id) else { return };
        let heard = session.xmpp().map_or(session.peer.accepted, |xmpp| xmpp.heard);
        let last = self.faults.paces.written.get(&id).map_or(heard, |written| heard.max(*written));
        if now.monotonic.saturating_duration_since(last) >= time {
            self.cut(now, id, Cut::Fin);
        } else {
            self.look_if_idle_at(last + time, id);
        }
    }

    /// The connection of a session ends without a word of XMPP.
    fn cut(&mut self, now: Now, id: SessionId, how: Cut) {
        self.keep_waiting(now, id);
        let Some(session) = self.sessions.get_mut(id).filter(|session| !session.is_closed()) else { return };
        self.report.counters.dropped += session.clear() as u64;
        session.ending = Some(BY_FAULT);
        let action = match how {
            Cut::Fin => Action::Abort(id),
            Cut::Rst => Action::Reset(id),
            Cut::Close(_) => Action::Wake(id),
        };
        match &mut session.kind {
            session::Kind::Events(events) => {
                if let Cut::Close(_) = how {
                    events.outbox.push(StreamEntry::End);
                }
            }
            session::Kind::Waiting(_) => {}
            session::Kind::Xmpp(xmpp) => {
                xmpp.stream.close();
                if let (Cut::Close(code), Xmpp { carrier: Carrier::Connection(outbox), .. }) = (how, xmpp) {
                    outbox.push(Frame::Close(Box::new(Close { end: "", code, reason: "" })));
                }
            }
        }
        self.report.act(action);
        self.schedule(id, now.monotonic + self.limits.close);
        self.unbind(now, id);
    }

    fn end_by_fault(&mut self, now: Now, id: SessionId, condition: &'static str) {
        let code = if condition == StreamError::SYSTEM_SHUTDOWN.condition { 1001 } else { 1000 };
        self.end(now, id, Some(StreamError { condition, text: "", code }), BY_FAULT);
    }

    fn end_bosh_by_fault(&mut self, now: Now, id: SessionId, condition: bosh::Condition) {
        let lost = self.sessions.bosh_mut(id).map_or(0, |bosh| bosh.outbox.clear());
        self.report.counters.dropped += lost as u64;
        self.end(
            now,
            id,
            Some(StreamError { condition: "undefined-condition", text: "", code: 1000 }),
            BY_FAULT,
        );
        if let Some(bosh) = self.sessions.bosh_mut(id) {
            bosh.outbox.clear();
            bosh.end = Some(Some(condition));
        }
    }
}
