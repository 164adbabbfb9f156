//! The event loop: one thread owns all state.
//!
//! ```text
//!        ┌───────────────────────────── a round ─────────────────────────────┐
//!        │                                                                   │
//!        ▼                                                                   │
//!   sockets, timers ──▶ tasks of sessions ──▶ tasks of arrivals ──▶ writers ─┘
//!     (busy_time)         (scheduler,           (scheduler,          (driver,
//!                        a turn a user)       a turn an address)      writers)
//!                              │                    │                   ▲
//!                              ▼                    ▼                   │
//!                        driver.with_hub(|hub, now| …)                  │
//!                              │   the hub changes, and asks for        │
//!                              └── actions: wake, release, verify … ────┘
//! ```
//!
//! A task calls the hub with what came in. The hub never does anything by itself: it asks for actions, and the driver runs
//! them before the call returns, when the hub is free again. What the hub has for sessions waits until all tasks have had
//! their turn, and goes out in few long writes. Every turn has a bound in time, so that no task waits long for another;
//! what takes longer (a slow hash, a file, a large document) is done by a few threads beside the loop.
//!
//! `driver` names none of the tasks that use it. An action that needs one (a password to check, a line for the log) runs by a
//! function that `start` hands to the driver.
#![allow(clippy::disallowed_methods, reason = "the loop has the clock and the threads")]

pub(crate) mod bosh_requests;
pub(crate) mod busy_time;
pub(crate) mod client_log;
pub(crate) mod driver;
pub(crate) mod held;
pub(crate) mod held_requests;
#[cfg(feature = "replica")]
pub(crate) mod log_folder;
pub(crate) mod log_shares;
#[cfg(feature = "replica")]
pub(crate) mod log_writer;
pub(crate) mod password_cache;
pub(crate) mod password_checks;
pub(crate) mod password_queue;
pub mod rounds;
pub(crate) mod scheduler;
pub mod threads;
pub(crate) mod waits;
pub mod writers;

use std::rc::Rc;

use smol::LocalExecutor;

use crate::config::Config;
use driver::{Driver, Tasks};

/// A driver of a hub for `config`, whose tasks run on `executor`, and on `arrivals` those of connections that are no sessions.
pub(crate) fn start(
    config: Config,
    executor: Rc<LocalExecutor<'static>>,
    arrivals: Rc<LocalExecutor<'static>>,
) -> Rc<Driver> {
    let tasks = Tasks { verify: password_checks::check_login, note: client_log::note };
    Driver::new(config, executor, arrivals, tasks)
}
