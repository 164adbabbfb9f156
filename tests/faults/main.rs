//! Faults of clients, networks and the machine: those who behave lose nothing, and the server is afterwards as it was before.
#![allow(clippy::disallowed_methods, reason = "the tests are the world outside: clocks, sockets, threads")]

#[path = "../wire/support/mod.rs"]
mod support;

mod chaos;
mod clock;
mod cuts;
mod descriptors;
mod disk;
mod holes;
mod late;
mod login;
mod producers;
mod relay;
mod signals;
mod slow;
mod standing;
mod threads;
mod witness;
