//! The requests of one session: which may come, in which order they count, which come again (XEP-0124 §9 to §15).

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::config::limits::Limits;
use crate::xmpp::bosh::answer::{BoshResponse, RequestId, body};
use crate::xmpp::bosh::condition::Violation;
use crate::xmpp::bosh::envelope::Envelope;
use crate::xmpp::bosh::keys::{Key, Sequence};
use crate::xmpp::bosh::pieces::Pieces;
use crate::xmpp::bosh::terms::{Opening, Terms, seconds};

/// How often the same request may come again (§14.3 leaves it open): more than any client tries, and an end to those
/// that go on for ever.
const REPEATS_MAX: u8 = 10;

/// How long a request waits at least for one before it that has not come yet.
pub const GAP: Duration = Duration::from_secs(1);

/// A BOSH session. The number of requests that the client may make at a time bounds what waits in it.
#[derive(Debug)]
pub struct Binding {
    pub(super) terms: Terms,
    keys: Sequence,
    /// The highest `rid` that has come with all before it.
    pub(super) last: u64,
    /// The requests without an answer, by their `rid`.
    pub(super) slots: VecDeque<Slot>,
    /// The requests whose turn has come, with payloads that have not been taken yet.
    backlog: VecDeque<Pending>,
    /// The answers that may be wanted again, the oldest first: as many as the client may make requests at a time.
    pub(super) kept: VecDeque<Kept>,
    /// The client has said that it goes away for a time.
    pub(super) pause: Option<Pause>,
    /// Since when there is no request that could be answered.
    pub(super) idle_since: Instant,
    /// The last request that was a new one.
    pub(super) previous: Previous,
    /// For the answer to the first request, until it is given.
    pub(super) opening: Option<Opening>,
    pub(super) answers: Vec<BoshResponse>,
}

/// A request without an answer.
#[derive(Debug)]
pub(super) struct Slot {
    pub rid: u64,
    /// `None`: the client has gone away, and may send it again.
    pub request: Option<RequestId>,
    pub since: Instant,
    repeats: u8,
    /// The key that it came with, if keys are in use and its turn has come.
    key: Option<Key>,
    /// The content of the request, until its turn comes.
    early: Option<Early>,
}

/// A request that came before its turn.
#[derive(Debug)]
struct Early {
    text: Box<str>,
    key: Option<Box<str>>,
    newkey: Option<Key>,
    pause: Option<Duration>,
    polls: bool,
}

/// Payloads that wait to be taken.
#[derive(Debug)]
pub struct Pending {
    pub rid: u64,
    pub left: Left,
}

/// The part of a request that is still to be taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Left {
    /// The whole request; it has been read before.
    Whole(Box<str>),
    /// Some payloads of the request.
    Pieces(Pieces),
}

/// An answer that may be wanted again.
#[derive(Debug)]
pub(super) struct Kept {
    pub rid: u64,
    key: Option<Key>,
    repeats: u8,
    body: Rc<str>,
}

#[derive(Debug)]
pub(super) struct Pause {
    pub rid: u64,
    pub time: Duration,
    /// From now on the client may be away. It is not one of those that are kept beside (§14.3).
    pub answer: Option<Kept>,
}

#[derive(Debug)]
pub(super) struct Previous {
    pub rid: u64,
    at: Instant,
    polls: bool,
    /// The answer to this request had payloads.
    pub fruitful: bool,
}

/// The next step with a request that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Take its payloads now.
    Now,
    /// No payload can be taken yet.
    Later,
}

impl Slot {
    pub fn new(now: Instant, rid: u64, request: RequestId) -> Self {
        Self { rid, request: Some(request), since: now, repeats: 0, key: None, early: None }
    }
}

impl Binding {
    /// A session that begins with this request. Its answer goes out with the next [`Binding::respond`].
    ///
    /// # Errors
    ///
    /// Returns the violation that ends the session before it begins.
    pub fn new(
        now: Instant,
        limits: &Limits,
        envelope: &Envelope<'_>,
        request: RequestId,
    ) -> Result<Self, Violation> {
        let mut keys = Sequence::default();
        keys.step(None, envelope.newkey)?;
        let slot = Slot::new(now, envelope.rid, request);
        Ok(Self {
            terms: Terms::new(limits, envelope)?,
            keys,
            last: envelope.rid,
            slots: VecDeque::from([slot]),
            backlog: VecDeque::new(),
            kept: VecDeque::new(),
            pause: None,
            idle_since: now,
            previous: Previous { rid: envelope.rid, at: now, polls: false, fruitful: false },
            opening: None,
            answers: Vec::new(),
        })
    }

    /// Tells whether the client has made requests, and has gone away from all of them before they were answered.
    pub fn is_cut(&self) -> bool {
        !self.slots.is_empty() && self.slots.iter().all(|slot| slot.request.is_none())
    }

    /// Names the session, for the answer to its first request.
    pub fn open(&mut self, sid: &str, stream_id: &str, domain: &str) {
        self.opening = Some(Opening { sid: sid.into(), stream_id: stream_id.into(), domain: domain.into() });
    }

    /// Takes a request; `text` is the whole of it.
    ///
    /// # Errors
    ///
    /// A [`Violation`] ends the session, see [`Binding::violate`].
    pub fn take(
        &mut self,
        now: Instant,
        envelope: &Envelope<'_>,
        text: &str,
        request: RequestId,
    ) -> Result<Turn, Violation> {
        let rid = envelope.rid;
        if rid <= self.last || self.slots.iter().any(|slot| slot.rid == rid) {
            self.repeat(now, envelope, request)?;
            return Ok(Turn::Later);
        }
        self.check(now, envelope)?;
        let pause = envelope.pause.map(seconds);
        if pause.is_some_and(|pause| pause > self.terms.maxpause) {
            return Err(Violation::LONG_PAUSE);
        }
        if self.terms.acks {
            // A client that acknowledges nothing has got all answers (§9.2).
            let ack = envelope.ack.unwrap_or(rid - 1);
            self.kept.retain(|kept| kept.rid > ack);
        }
        // The client is back, if it was away (§10).
        self.pause = None;
        self.previous = Previous { rid, at: now, polls: envelope.polls(), fruitful: false };
        let place = self.slots.partition_point(|slot| slot.rid < rid);
        self.slots.insert(place, Slot::new(now, rid, request));
        if rid != self.last + 1 {
            self.slots[place].early = Some(Early {
                text: text.into(),
                key: envelope.key.map(Box::from),
                newkey: envelope.newkey,
                pause,
                polls: envelope.polls(),
            });
            return Ok(Turn::Later);
        }
        let key = self.keys.step(envelope.key, envelope.newkey)?;
        self.its_turn(place, key, pause);
        let turn = if envelope.polls() {
            Turn::Later
        } else if self.backlog.is_empty() {
            Turn::Now
        } else {
            self.backlog.push_back(Pending { rid, left: Left::Whole(text.into()) });
            Turn::Later
        };
        self.follow()?;
        // As many as there are slots, one with which the client leaves, and one that was answered because something else waited
        // for the client. There may be more of a client that goes away from its requests.
        if self.backlog.len() > self.terms.requests + 2 { Err(Violation::TOO_MANY) } else { Ok(turn) }
    }

    /// The bounds that a new request keeps (§11, §12, §14.2).
    fn check(&self, now: Instant, envelope: &Envelope<'_>) -> Result<(), Violation> {
        let Terms { requests, polls, polling, .. } = self.terms;
        let one_more = usize::from(envelope.leaves());
        if envelope.rid - self.last > (requests + one_more) as u64 {
            return Err(Violation::RID);
        }
        // A request whose client has gone is not one that it makes.
        let unanswered = 1 + self.slots.iter().filter(|slot| slot.request.is_some()).count();
        if unanswered > requests + one_more {
            return Err(Violation::TOO_MANY);
        }
        let soon = now.saturating_duration_since(self.previous.at) < polling;
        let in_vain =
            if polls { self.previous.polls && !self.previous.fruitful } else { unanswered >= requests };
        if envelope.polls() && soon && in_vain { Err(Violation::TOO_FAST) } else { Ok(()) }
    }

    /// A request comes again (§14.3).
    fn repeat(&mut self, now: Instant, envelope: &Envelope<'_>, request: RequestId) -> Result<(), Violation> {
        let rid = envelope.rid;
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.rid == rid) {
            check_repeat(&mut slot.repeats, slot.key, envelope)?;
            slot.since = now;
            if let Some(older) = slot.request.replace(request) {
                self.answer(older, body(" type=\"error\"", "").into());
            }
            return Ok(());
        }
        let pause = self.pause.as_mut().and_then(|pause| pause.answer.as_mut());
        if let Some(kept) = self.kept.iter_mut().chain(pause).find(|kept| kept.rid == rid) {
            check_repeat(&mut kept.repeats, kept.key, envelope)?;
            let body = kept.body.clone();
            self.idle_since = now;
            self.answer(request, body);
            return Ok(());
        }
        Err(Violation::ANSWER_GONE)
    }

    /// The turn of a request has come: all before it have.
    fn its_turn(&mut self, place: usize, key: Option<Key>, pause: Option<Duration>) {
        let slot = &mut self.slots[place];
        slot.key = key;
        self.last = slot.rid;
        if let Some(time) = pause {
            self.pause = Some(Pause { rid: slot.rid, time, answer: None });
        }
    }

    /// So may that of those which came too early.
    fn follow(&mut self) -> Result<(), Violation> {
        while let Some(place) = self.slots.iter().position(|slot| slot.rid == self.last + 1) {
            let Some(early) = self.slots[place].early.take() else { break };
            let key = self.keys.step(early.key.as_deref(), early.newkey)?;
            self.its_turn(place, key, early.pause);
            if !early.polls {
                self.backlog.push_back(Pending { rid: self.last, left: Left::Whole(early.text) });
            }
        }
        Ok(())
    }

    /// Keeps for later what could not be taken of a request.
    pub fn leave(&mut self, rid: u64, left: Left) {
        self.backlog.push_front(Pending { rid, left });
    }

    /// The next request with payloads that wait to be taken. Payloads that are not taken go back with [`Binding::leave`].
    pub fn next_pending(&mut self) -> Option<Pending> {
        self.backlog.pop_front()
    }

    /// Whether payloads wait to be taken.
    pub fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Whether all payloads of a request have been taken.
    pub(super) fn is_done(&self, rid: u64) -> bool {
        self.backlog.front().is_none_or(|pending| pending.rid > rid)
    }

    /// Whether payloads of a request wait to be taken, and behind those of another one.
    pub(super) fn is_second(&self, rid: u64) -> bool {
        self.backlog.iter().skip(1).any(|pending| pending.rid == rid)
    }

    /// The client went away before there was an answer.
    pub fn gone(&mut self, now: Instant, request: RequestId) {
        let slot = self.slots.iter_mut().find(|slot| slot.request == Some(request));
        if let Some(slot) = slot {
            slot.request = None;
            self.idle_since = now;
        }
    }

    pub(super) fn answer(&mut self, request: RequestId, body: Rc<str>) {
        let content_type = self.terms.content_type.clone();
        self.answers.push(BoshResponse { request, status: 200, content_type, body });
    }

    /// Keeps an answer, and no more of them than have to be.
    pub(super) fn keep(&mut self, slot: &Slot, body: Rc<str>) {
        let kept = Kept { rid: slot.rid, key: slot.key, repeats: 0, body };
        if let Some(pause) = self.pause.as_mut().filter(|pause| pause.rid == slot.rid) {
            pause.answer = Some(kept);
            return;
        }
        self.kept.push_back(kept);
        while self.kept.len() > self.terms.requests {
            self.kept.pop_front();
        }
    }

    /// How long a client that polls has to wait for its next empty request (§12).
    pub fn polling(&self) -> Duration {
        if self.terms.polls { self.terms.polling } else { Duration::ZERO }
    }

    /// The answers that are to be given.
    pub fn take_answers(&mut self) -> Vec<BoshResponse> {
        std::mem::take(&mut self.answers)
    }
}

/// A repeated request is an exact copy, with the same key, and does not come too often. A request whose turn has not come has no
/// key yet.
fn check_repeat(repeats: &mut u8, key: Option<Key>, envelope: &Envelope<'_>) -> Result<(), Violation> {
    if key.is_some_and(|key| !envelope.key.and_then(Key::read).is_some_and(|other| other.is(key))) {
        return Err(Violation::KEY);
    }
    *repeats += 1;
    if *repeats > REPEATS_MAX { Err(Violation::REPEATS) } else { Ok(()) }
}
