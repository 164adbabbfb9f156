//! How long the event loop is busy before it looks at its sockets again: by so much everybody is late.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use crate::net::clock::now;

/// A turn that is worth a line in the log.
const LONG: Duration = Duration::from_millis(250);

/// Counts and times of the turns of the loop since the start.
#[derive(Debug, Default)]
pub struct BusyTime {
    turns: Cell<u64>,
    busy: Cell<Duration>,
    longest: Cell<Duration>,
}

impl BusyTime {
    fn turn(&self, time: Duration) {
        self.turns.set(self.turns.get() + 1);
        self.busy.set(self.busy.get() + time);
        self.longest.set(self.longest.get().max(time));
        if time >= LONG {
            log::warn!("the event loop was busy for {} ms: all answers were late", time.as_millis());
        }
    }

    /// How often it has gone round.
    pub fn turns(&self) -> u64 {
        self.turns.get()
    }

    /// For how long it was busy in all.
    pub fn busy(&self) -> Duration {
        self.busy.get()
    }

    /// Longest turn of the loop.
    pub fn longest(&self) -> Duration {
        self.longest.get()
    }
}

/// Runs what is the whole of the event loop, and takes the time of its turns.
pub async fn watch<T>(busy: &BusyTime, all: impl Future<Output = T>) -> T {
    let mut all = pin!(all);
    std::future::poll_fn(|cx| {
        let start = now().monotonic;
        let done = all.as_mut().poll(cx);
        busy.turn(now().monotonic.saturating_duration_since(start));
        done
    })
    .await
}
