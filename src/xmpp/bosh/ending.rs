//! The end of a session, as its requests hear of it (XEP-0124 §13, §17.2).

use std::time::Instant;

use crate::xmpp::bosh::answer::{RequestId, body, terminate};
use crate::xmpp::bosh::binding::{Binding, Slot};
use crate::xmpp::bosh::condition::{Condition, Violation};

impl Binding {
    /// Whether a request waits for an answer.
    pub fn is_asked(&self) -> bool {
        self.slots.iter().any(|slot| slot.request.is_some())
    }

    /// A request after the end: it is answered with it.
    pub fn knock(&mut self, now: Instant, request: RequestId) {
        let rid = self.last + 1;
        let slot = Slot::new(now, rid, request);
        self.slots.push_front(slot);
    }

    /// Ends the session because of a request, which is told why; so are the others, without a reason (§17.2).
    pub fn violate(&mut self, request: RequestId, violation: Violation) {
        let condition = violation.condition;
        self.finish_slot(request, Some(condition), "");
        self.dismiss(request, Some(Condition::OtherRequest));
    }

    /// The last answers: `condition` and payloads go to the oldest request, the others hear that it is over.
    pub fn finish(&mut self, condition: Option<Condition>, payloads: &str) {
        if let Some(oldest) = self.slots.iter().find_map(|slot| slot.request) {
            self.finish_slot(oldest, condition, payloads);
            self.dismiss(oldest, condition.map(|_| Condition::OtherRequest));
        }
    }

    fn finish_slot(&mut self, request: RequestId, condition: Option<Condition>, payloads: &str) {
        let status = condition.and_then(Condition::legacy_status).filter(|_| self.terms.legacy());
        let body = terminate(condition, payloads).into();
        self.answer(request, body);
        if let (Some(status), Some(answer)) = (status, self.answers.last_mut()) {
            answer.status = status;
        }
    }

    /// Answers all requests but one. After the client's own end they get an empty body (§13).
    fn dismiss(&mut self, but: RequestId, condition: Option<Condition>) {
        let others: Vec<_> = self.slots.drain(..).filter_map(|slot| slot.request).collect();
        for request in others.into_iter().filter(|request| *request != but) {
            let body = match condition {
                Some(_) => terminate(condition, ""),
                None => body("", ""),
            };
            self.answer(request, body.into());
        }
    }
}
