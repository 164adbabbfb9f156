//! When a request is answered, and with what (XEP-0124 §8 to §14).

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::xmpp::bosh::answer::body;
use crate::xmpp::bosh::binding::{Binding, GAP, Slot};

/// The payloads that wait for the client.
pub trait Payloads {
    /// Whether nothing does.
    fn is_empty(&self) -> bool;

    /// Moves what fits into one answer to the end of `out`.
    fn move_into(&mut self, out: &mut String);

    /// Whether they may wait until what the client has sent is taken.
    fn may_wait(&self) -> bool;
}

impl Binding {
    /// Answers every request that is to be answered now, in the order of their numbers: because something waits for the
    /// client, because there are more requests than are kept waiting, because the time is over.
    ///
    /// A request whose client has gone away is not answered with anything that is waited for: as soon as there is
    /// another request it gets an empty answer, which is kept in case it comes again, and nothing is lost.
    ///
    /// A client sends its next request when it has an answer. One request may be answered before all of its payloads are taken;
    /// the next one is not, if the payloads for the client may wait: else a client that never makes more requests than agreed
    /// would have too many that wait to be taken. Returns true if that is so; the answer is due when more has been taken.
    pub fn respond(&mut self, now: Instant, payloads: &mut impl Payloads) -> bool {
        let mut waits = false;
        while let Some(slot) = self.slots.front().filter(|slot| slot.rid <= self.last) {
            let ordered = self.slots.iter().take_while(|slot| slot.rid <= self.last);
            let (held, live) = ordered
                .fold((0, 0), |(held, live), slot| (held + 1, live + usize::from(slot.request.is_some())));
            let pausing = self.pause.as_ref().is_some_and(|pause| slot.rid <= pause.rid);
            let due = if slot.request.is_none() {
                live > 0 || pausing
            } else {
                self.opening.is_some()
                    || pausing
                    || !payloads.is_empty()
                    || now >= slot.since + self.terms.wait
                    || (held > self.terms.hold && self.is_done(slot.rid))
            };
            waits = due && slot.request.is_some() && self.is_second(slot.rid) && payloads.may_wait();
            if !due || waits {
                break;
            }
            self.respond_to_first(now, payloads);
        }
        self.ask_again(now);
        waits
    }

    fn respond_to_first(&mut self, now: Instant, payloads: &mut impl Payloads) {
        let Some(slot) = self.slots.pop_front() else { return };
        let mut attributes = String::new();
        let first = self.opening.take();
        if let Some(opening) = &first {
            self.terms.write(&mut attributes, opening);
        }
        if self.terms.acks && (first.is_some() || self.last != slot.rid) {
            // Writing to a String cannot fail.
            let _ = write!(attributes, " ack=\"{}\"", self.last);
        }
        // The answer to a pause has no payloads (§10).
        let pauses = self.pause.as_ref().is_some_and(|pause| pause.rid == slot.rid);
        let mut content = String::new();
        if slot.request.is_some() && !pauses {
            payloads.move_into(&mut content);
        }
        if slot.rid == self.previous.rid {
            self.previous.fruitful = !content.is_empty();
        }
        let body = body(&attributes, &content).into();
        self.keep(&slot, std::rc::Rc::clone(&body));
        if let Some(request) = slot.request {
            self.idle_since = now;
            self.answer(request, body);
        }
    }

    /// A request before these has not come for so long that the client is asked to send them all again (§17.3).
    fn ask_again(&mut self, now: Instant) {
        while let Some(place) =
            self.slots.iter().position(|slot| slot.rid > self.last && now >= slot.since + self.gap())
        {
            let Some(Slot { request: Some(request), .. }) = self.slots.remove(place) else { continue };
            self.idle_since = now;
            self.answer(request, body(" type=\"error\"", "").into());
        }
    }

    fn gap(&self) -> Duration {
        self.terms.wait.max(GAP)
    }

    /// How long there may be no request.
    fn inactivity(&self) -> Duration {
        self.pause
            .as_ref()
            .filter(|pause| pause.answer.is_some())
            .map_or(self.terms.inactivity, |pause| pause.time)
    }

    /// Whether the client has been away for too long.
    pub fn is_abandoned(&self, now: Instant) -> bool {
        self.slots.iter().all(|slot| slot.request.is_none()) && now >= self.idle_since + self.inactivity()
    }

    /// When [`Binding::respond`] and [`Binding::is_abandoned`] have to be asked again, if nothing happens before.
    pub fn due(&self) -> Instant {
        let first = self.slots.front().filter(|slot| slot.rid <= self.last && slot.request.is_some());
        let early = self.slots.iter().filter(|slot| slot.rid > self.last && slot.request.is_some());
        let first = first.map(|slot| slot.since + self.terms.wait);
        let early = early.map(|slot| slot.since + self.gap());
        early.chain(first).min().unwrap_or(self.idle_since + self.inactivity())
    }
}
