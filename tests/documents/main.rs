//! README, manual and the other documents: their links lead somewhere, and what they say of the program is so.
#![allow(clippy::disallowed_methods, reason = "the tests are the world outside: clocks, sockets, threads")]

mod faults;
mod links;
mod page;
mod recipes;
mod rooms;
#[path = "../wire/support/mod.rs"]
mod support;
mod tables;
