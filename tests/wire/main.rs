//! The wire, tested from outside against the built program: what goes in as bytes, what has to come out.
//!
//! The expected frames are those of the RFCs, the XEPs and the captures of real systems, not those of the code.
#![allow(clippy::disallowed_methods, reason = "the tests are the world outside: clocks, sockets, threads")]

mod support;

mod acd;
mod bad_bosh;
mod bad_dialogs;
mod bad_http;
mod bad_stream;
mod bad_websocket;
mod bad_xml;
mod bind;
mod bosh;
mod bosh_requests;
mod calls;
mod client_log;
mod conformance;
mod connection;
mod console;
mod contract;
mod cors;
mod delivery;
mod directory;
mod etag;
mod events;
mod frames;
mod hosts;
mod iq;
mod items;
mod legal_http;
mod limits;
mod lockout;
mod log;
mod logout;
mod messages;
mod meters;
mod metrics;
mod node_access;
mod passwords;
mod presence;
mod pressure;
mod proxies;
mod public_clients;
mod publish;
mod pubsub;
mod reload;
mod rest;
mod rest_lists;
mod resume;
mod routing;
mod sasl;
mod seed;
mod status;
mod tls;
mod unlucky;
mod www;
