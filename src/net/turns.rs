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

/// How long the tasks of one kind run before others have their turn, and sockets and timers are looked at.
const PATIENCE: Duration = Duration::from_millis(5);

/// Runs the tasks of an executor for ever, for [`PATIENCE`] each time it is polled.
pub async fn run<T>(executor: Rc<LocalExecutor<'static>>) -> T {
    let began = Cell::new(now().monotonic);
    let mut tasks = pin!(async {
        loop {
            executor.tick().await;
            if now().monotonic.saturating_duration_since(began.get()) >= PATIENCE {
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
