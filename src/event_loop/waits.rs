//! Requests and connections that wait for something to be over: a fault, a wait for entries of the record.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

use litemap::LiteMap;

/// The wakers of all that wait, each for as long as its client is there: about one for each connection.
#[derive(Default)]
pub struct Waits {
    count: Cell<u64>,
    wakers: RefCell<LiteMap<u64, Waker>>,
}

/// The place of one that waits; it is given back when its task is over.
struct Place<'a> {
    waits: &'a Waits,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waits.wakers.borrow_mut().remove(&self.number);
    }
}

impl Waits {
    /// Something is over: each that waits looks whether it was its own.
    pub fn wake(&self) {
        for waker in self.wakers.take().into_iter().map(|(_, waker)| waker) {
            waker.wake();
        }
    }

    /// Waits until that is over.
    pub async fn until(&self, mut is_over: impl FnMut() -> bool) {
        let place = Place { waits: self, number: self.count.get() };
        self.count.set(place.number + 1);
        poll_fn(|cx| {
            if is_over() {
                return Poll::Ready(());
            }
            self.wakers.borrow_mut().insert(place.number, cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use smol::future::poll_once;

    use super::*;

    #[test]
    fn who_waits_is_woken_and_leaves_nothing_behind() {
        let waits = Waits::default();
        let is_over = Cell::new(false);
        let mut first = Box::pin(waits.until(|| is_over.get()));
        let mut second = Box::pin(waits.until(|| is_over.get()));
        smol::block_on(async {
            assert!(poll_once(&mut first).await.is_none() && poll_once(&mut second).await.is_none());
            assert_eq!(waits.wakers.borrow().len(), 2);
            drop(first);
            assert_eq!(waits.wakers.borrow().len(), 1);
            is_over.set(true);
            waits.wake();
            assert!(poll_once(&mut second).await.is_some());
        });
        drop(second);
        assert!(waits.wakers.borrow().is_empty());
    }
}
