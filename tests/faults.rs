//! Faults of clients, networks and the machine: those who behave lose nothing, and the server is afterwards as it was before.
#![allow(clippy::disallowed_methods, reason = "the tests are the world outside: clocks, sockets, threads")]

#[path = "wire/support/mod.rs"]
mod support;

#[path = "faults/chaos.rs"]
mod chaos;
#[path = "faults/clock.rs"]
mod clock;
#[path = "faults/cuts.rs"]
mod cuts;
#[path = "faults/descriptors.rs"]
mod descriptors;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/holes.rs"]
mod holes;
#[path = "faults/late.rs"]
mod late;
#[path = "faults/login.rs"]
mod login;
#[path = "faults/producers.rs"]
mod producers;
#[path = "faults/relay.rs"]
mod relay;
#[path = "faults/signals.rs"]
mod signals;
#[path = "faults/slow.rs"]
mod slow;
#[path = "faults/standing.rs"]
mod standing;
#[path = "faults/threads.rs"]
mod threads;
#[path = "faults/witness.rs"]
mod witness;
