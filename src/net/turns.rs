//! The turns on the event loop: sessions come before connections that are no sessions yet, and nobody has a long one.
//!
//! A thousand clients that connect at once are a thousand handshakes of TLS, of which each takes a good part of a millisecond.
//! If all tasks stood in one line, sessions would wait behind all of them.

use std::cell::Cell;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use smol::LocalExecutor;

use super::server::{Server, now};

/// How long the tasks of sessions run before others have their turn, and sockets and timers are looked at.
pub const SESSIONS: Duration = Duration::from_millis(5);

/// The time that connections which are no sessions have in a turn. It is short, because on a fraction of a core it takes several
/// times as long, and a ping waits for it.
pub const ARRIVALS: Duration = Duration::from_millis(1);

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
        server: Rc<Server>,
        address: IpAddr,
    }
}

impl<F> InTurn<F> {
    /// A task of a client at this address.
    pub fn new(server: Rc<Server>, address: IpAddr, task: F) -> Self {
        Self { task, server, address }
    }
}

impl<F: Future> Future for InTurn<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let (rounds, address) = (&this.server.arrival_rounds, *this.address);
        let left = rounds.borrow().left(address);
        if left.is_zero() {
            rounds.borrow_mut().rest(cx.waker(), left);
            return Poll::Pending;
        }
        let started = now().monotonic;
        let polled = this.task.poll(cx);
        rounds.borrow_mut().spend(address, now().monotonic.saturating_duration_since(started));
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use smol::future::{FutureExt as _, yield_now};

    use super::super::rounds::ADDRESS;
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_client_does_not_wait_for_all_the_connections_of_another_address() {
        const CONNECTIONS: usize = 200;
        let arrivals = Rc::new(LocalExecutor::new());
        let server = Server::new(Config::demo(), None, Rc::default(), arrivals.clone());
        let turns = Rc::new(Cell::new(0));
        for _ in 0..CONNECTIONS {
            let turns = turns.clone();
            server.spawn_arrival([192, 0, 2, 1].into(), async move {
                loop {
                    turns.set(turns.get() + 1);
                    thread::sleep(ADDRESS * 2);
                    yield_now().await;
                }
            });
        }
        let (done, is_done) = smol::channel::bounded(1);
        server.spawn_arrival([192, 0, 2, 2].into(), async move {
            for _ in 0..10 {
                yield_now().await;
            }
            done.try_send(()).expect("there is room");
        });
        let all = run(arrivals, ARRIVALS).or(server.clone().write());
        smol::block_on(all.or(async { is_done.recv().await.expect("it is sent") }));
        assert!(turns.get() < CONNECTIONS, "{} turns of the others in ten of its own", turns.get());
    }
}
