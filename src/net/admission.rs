//! Requests over HTTP that send something: they are carried out later while their user is held (see `hub::pressure`).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use hyper::StatusCode;
use smol::Timer;

use super::answer::Refused;
use super::server::{Server, now};
use crate::desk::{self, ApiError};
use crate::hub::Admission;
use crate::id::UserId;

/// There is no room for what a request would send.
#[derive(Debug)]
pub struct NoRoom;

impl From<NoRoom> for Refused {
    fn from(_: NoRoom) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            sentence: "Too much of what you have sent still waits for those who get it; send less, or later.",
        }
    }
}

impl From<NoRoom> for ApiError {
    fn from(_: NoRoom) -> Self {
        desk::Refusal::Busy.about("")
    }
}

/// The requests that wait, by user: one of a connection at the most.
#[derive(Default)]
pub struct Waiting {
    wakers: RefCell<HashMap<UserId, Vec<Waker>>>,
    /// How often somebody was let go: who waited before that waits no more.
    releases: Cell<u64>,
}

impl Waiting {
    /// The user may send again.
    pub fn release(&self, user: UserId) {
        self.releases.set(self.releases.get() + 1);
        for waker in self.wakers.borrow_mut().remove(&user).into_iter().flatten() {
            waker.wake();
        }
    }

    /// A request of the user waits. `since` is the number of releases when it began to, if it did.
    fn wait(&self, user: UserId, since: &mut Option<u64>, waker: &Waker) {
        if since.replace(self.releases.get()) != Some(self.releases.get()) {
            self.wakers.borrow_mut().entry(user).or_default().push(waker.clone());
        }
    }
}

impl Server {
    /// Waits until a request of the user, with so many bytes, may be carried out, which is then to be done without waiting for
    /// anything else.
    ///
    /// # Errors
    ///
    /// There is no room for what it would send.
    pub async fn admit(self: &Rc<Self>, user: UserId, bytes: usize) -> Result<(), NoRoom> {
        let since = now().monotonic;
        let mut late: Option<Timer> = None;
        let mut waits = None;
        poll_fn(|cx| {
            let releases = self.waiting.releases.get();
            match self.with_hub(|hub, now| hub.admit(now, user, since, bytes)) {
                Admission::Now => return Poll::Ready(Ok(())),
                Admission::Refused => return Poll::Ready(Err(NoRoom)),
                Admission::Wait(until) => {
                    self.waiting.wait(user, &mut waits, cx.waker());
                    let late = late.get_or_insert_with(|| Timer::at(until));
                    // The clock has gone on since the hub was asked, or the hub has let somebody go just then.
                    if Pin::new(late).poll(cx).is_ready() || self.waiting.releases.get() != releases {
                        cx.waker().wake_by_ref();
                    }
                }
            }
            Poll::Pending
        })
        .await
    }
}
