//! The turns on the event loop: sessions come before connections that are no sessions yet, and nobody has a long one.
//!
//! A thousand clients that connect at once are a thousand handshakes of TLS, of which each takes a good part of a millisecond.
//! If all tasks stood in one line, sessions would wait behind all of them.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use smol::LocalExecutor;

use crate::event_loop::rounds::Rounds;
use crate::net::clock::now;

/// How long the tasks of sessions run before others have their turn, and sockets and timers are looked at.
pub const SESSION_TURN_MAX: Duration = Duration::from_millis(5);

/// The time that connections which are no sessions have in a turn. It is short, because on a fraction of a core it takes several
/// times as long, and a ping waits for it.
pub const ARRIVAL_TURN_MAX: Duration = Duration::from_millis(1);

/// How many rounds in a row connections that are no sessions wait because the time was up for the tasks of sessions.
const WAITS: usize = 2;

/// Runs the tasks of sessions, and behind them those of connections that are none, for ever.
pub async fn run_all<T>(sessions: Rc<LocalExecutor<'static>>, arrivals: Rc<LocalExecutor<'static>>) -> T {
    let mut sessions = pin!(run::<T>(sessions, SESSION_TURN_MAX));
    let mut arrivals = pin!(run::<T>(arrivals, ARRIVAL_TURN_MAX));
    let mut waited = 0;
    std::future::poll_fn(|cx| {
        let began = now().monotonic;
        let _never: Poll<T> = sessions.as_mut().poll(cx);
        let is_busy = now().monotonic.saturating_duration_since(began) >= SESSION_TURN_MAX;
        if is_busy && waited < WAITS {
            waited += 1;
            cx.waker().wake_by_ref();
        } else {
            waited = 0;
            let _never: Poll<T> = arrivals.as_mut().poll(cx);
        }
        Poll::Pending
    })
    .await
}

/// Runs the tasks of an executor for ever, for about `patience` each time it is polled.
pub async fn run<T>(executor: Rc<LocalExecutor<'static>>, patience: Duration) -> T {
    let began = Cell::new(now().monotonic);
    let mut tasks = pin!(async {
        loop {
            executor.tick().await;
            if now().monotonic.saturating_duration_since(began.get()) >= patience {
                smol::future::yield_now().await;
            }
        }
    });
    std::future::poll_fn(|cx| {
        began.set(now().monotonic);
        let _never: Poll<()> = tasks.as_mut().poll(cx);
        Poll::Pending
    })
    .await
}

pin_project! {
    /// A task of a connection that is no session, which has its turns with those of the same address.
    pub struct InTurn<F> {
        #[pin]
        task: F,
        rounds: Rc<RefCell<Rounds<IpAddr>>>,
        address: Rc<Cell<IpAddr>>,
    }
}

impl<F> InTurn<F> {
    /// A task of a client at this address, which may be found out to be another one: that of a client behind a proxy.
    pub fn new(rounds: Rc<RefCell<Rounds<IpAddr>>>, address: Rc<Cell<IpAddr>>, task: F) -> Self {
        Self { task, rounds, address }
    }
}

impl<F: Future> Future for InTurn<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let rounds = this.rounds;
        let left = rounds.borrow().left(this.address.get());
        if left.is_zero() {
            rounds.borrow_mut().rest(cx.waker(), left);
            return Poll::Pending;
        }
        let started = now().monotonic;
        let polled = this.task.poll(cx);
        rounds.borrow_mut().spend(this.address.get(), now().monotonic.saturating_duration_since(started));
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use smol::future::yield_now;

    use super::*;

    #[test]
    fn connections_that_are_no_sessions_have_a_turn_in_every_third_round_however_busy_sessions_are() {
        const ROUNDS: usize = 3 * (WAITS + 1);
        let (sessions, arrivals) = (Rc::new(LocalExecutor::new()), Rc::new(LocalExecutor::new()));
        let busy = |executor: &LocalExecutor<'static>, time| {
            let turns = Rc::new(Cell::new(0));
            let counted = turns.clone();
            let task = executor.spawn(async move {
                loop {
                    counted.set(counted.get() + 1);
                    thread::sleep(time);
                    yield_now().await;
                }
            });
            task.detach();
            turns
        };
        let (of_sessions, of_arrivals) =
            (busy(&sessions, SESSION_TURN_MAX), busy(&arrivals, ARRIVAL_TURN_MAX));
        let mut all = Box::pin(run_all::<()>(sessions, arrivals));
        for _ in 0..ROUNDS {
            let _never = all.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        }
        assert_eq!((of_sessions.get(), of_arrivals.get()), (ROUNDS, ROUNDS / (WAITS + 1)));
    }
}
