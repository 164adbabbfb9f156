//! Bytes: listeners, connections with TLS or without, and the bounds that hold before anybody knows what is said on them.
#![allow(clippy::disallowed_methods, reason = "sockets and clocks are for this part")]

pub(crate) mod accept;
pub(crate) mod admission;
pub mod buffers;
pub(crate) mod clock;
pub mod connection;
pub(crate) mod idle_connections;
pub(crate) mod listen;
pub mod quota;
pub(crate) mod refusals;
pub(crate) mod resource_shortage;
pub mod socket;
pub mod tls;
pub(crate) mod traffic;
