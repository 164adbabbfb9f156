//! Whose turn it is on the event loop: those who are in before those who come in, and nobody for long.
//!
//! A thousand clients that connect at once are a thousand handshakes of TLS, of which each takes a good part of a millisecond.
//! If all tasks stood in one line, whoever is in would wait behind all of them.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use smol::LocalExecutor;

use super::server::now;

/// How long the tasks of sessions run before others have their turn, and sockets and timers are looked at.
pub const SESSIONS: Duration = Duration::from_millis(5);

/// The same of connections that are no sessions. It is short, because on a fraction of a core it takes several times as long,
/// and a ping waits for it.
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
