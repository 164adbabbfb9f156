//! The requests of BOSH that wait for the hub's answers.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::task::{Context, Poll, Waker};

use crate::xmpp::bosh::{BoshResponse, RequestId};

/// The requests that wait for their answers, or have not taken them yet.
#[derive(Default)]
pub struct BoshRequests {
    waiting: RefCell<HashMap<RequestId, Waiting>>,
    /// The number of the next request.
    next: Cell<u64>,
}

/// A request that waits for its answer.
#[derive(Default)]
struct Waiting {
    answer: Option<BoshResponse>,
    waker: Option<Waker>,
}

impl BoshRequests {
    /// A request has come in. Returns its id.
    pub fn begin(&self) -> RequestId {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let id = RequestId(number);
        self.waiting.borrow_mut().insert(id, Waiting::default());
        id
    }

    /// Answers a request, unless its client has gone.
    pub fn answer(&self, answer: BoshResponse) {
        if let Some(waiting) = self.waiting.borrow_mut().get_mut(&answer.request) {
            waiting.answer.get_or_insert(answer);
            if let Some(waker) = waiting.waker.take() {
                waker.wake();
            }
        }
    }

    /// Takes the answer to a request, or wakes the task when there is one.
    pub fn poll(&self, id: RequestId, cx: &Context<'_>) -> Poll<BoshResponse> {
        let mut all = self.waiting.borrow_mut();
        let Some(waiting) = all.get_mut(&id) else { return Poll::Pending };
        waiting.waker = Some(cx.waker().clone());
        waiting.answer.take().map_or(Poll::Pending, Poll::Ready)
    }

    /// Forgets a request: it was answered, or its client has gone.
    pub fn end(&self, id: RequestId) {
        self.waiting.borrow_mut().remove(&id);
    }

    /// Tells whether no request waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }
}
