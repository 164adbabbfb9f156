//! The wire, tested from outside against the built program: what goes in as bytes, what has to come out.
//!
//! The expected frames are those of the RFCs, the XEPs and the captures of real systems, not those of the code.
#![allow(clippy::disallowed_methods, reason = "the tests are the world outside: clocks, sockets, threads")]

mod support;

mod bosh;
mod callboard;
mod conformance;
mod dialogues;
mod events;
mod finesse;
mod http;
mod limits;
mod pubsub;
mod transcripts;
mod websocket;
mod xmpp;
