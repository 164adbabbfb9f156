//! The log of several appliances against `redis-server` of the system, which has to be there: each test starts one of its own.
//!
//! Figures: `cargo test --release --features cluster --test cluster figures -- --ignored --nocapture`.
#![allow(clippy::disallowed_methods, reason = "the tests are the world outside: clocks, sockets, threads")]

mod failures;
mod figures;
mod order;
mod program;
mod redis_server;
mod relay;
mod rights;
mod side;
mod snapshots;
mod start;
