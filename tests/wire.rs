//! The wire, tested from outside against the built program: what goes in as bytes, what has to come out.
//!
//! The expected frames are those of the RFCs, the XEPs and the captures of real systems, not those of the code.
#![allow(clippy::disallowed_methods, reason = "the tests are the world outside: clocks, sockets, threads")]

#[path = "wire/support/mod.rs"]
mod support;

#[path = "wire/acd.rs"]
mod acd;
#[path = "wire/bad_bosh.rs"]
mod bad_bosh;
#[path = "wire/bad_dialogs.rs"]
mod bad_dialogs;
#[path = "wire/bad_http.rs"]
mod bad_http;
#[path = "wire/bad_stream.rs"]
mod bad_stream;
#[path = "wire/bad_websocket.rs"]
mod bad_websocket;
#[path = "wire/bad_xml.rs"]
mod bad_xml;
#[path = "wire/bind.rs"]
mod bind;
#[path = "wire/bosh.rs"]
mod bosh;
#[path = "wire/bosh_requests.rs"]
mod bosh_requests;
#[path = "wire/calls.rs"]
mod calls;
#[path = "wire/client_log.rs"]
mod client_log;
#[path = "wire/conformance.rs"]
mod conformance;
#[path = "wire/connection.rs"]
mod connection;
#[path = "wire/console.rs"]
mod console;
#[path = "wire/contract.rs"]
mod contract;
#[path = "wire/cors.rs"]
mod cors;
#[path = "wire/delivery.rs"]
mod delivery;
#[path = "wire/directory.rs"]
mod directory;
#[path = "wire/etag.rs"]
mod etag;
#[path = "wire/events.rs"]
mod events;
#[path = "wire/frames.rs"]
mod frames;
#[path = "wire/hosts.rs"]
mod hosts;
#[path = "wire/iq.rs"]
mod iq;
#[path = "wire/items.rs"]
mod items;
#[path = "wire/legal_http.rs"]
mod legal_http;
#[path = "wire/limits.rs"]
mod limits;
#[path = "wire/lockout.rs"]
mod lockout;
#[path = "wire/log.rs"]
mod log;
#[path = "wire/logout.rs"]
mod logout;
#[path = "wire/messages.rs"]
mod messages;
#[path = "wire/meters.rs"]
mod meters;
#[path = "wire/metrics.rs"]
mod metrics;
#[path = "wire/node_access.rs"]
mod node_access;
#[path = "wire/passwords.rs"]
mod passwords;
#[path = "wire/presence.rs"]
mod presence;
#[path = "wire/pressure.rs"]
mod pressure;
#[path = "wire/proxies.rs"]
mod proxies;
#[path = "wire/publish.rs"]
mod publish;
#[path = "wire/pubsub.rs"]
mod pubsub;
#[path = "wire/reload.rs"]
mod reload;
#[path = "wire/rest.rs"]
mod rest;
#[path = "wire/rest_lists.rs"]
mod rest_lists;
#[path = "wire/resume.rs"]
mod resume;
#[path = "wire/routing.rs"]
mod routing;
#[path = "wire/sasl.rs"]
mod sasl;
#[path = "wire/seed.rs"]
mod seed;
#[path = "wire/status.rs"]
mod status;
#[path = "wire/tls.rs"]
mod tls;
#[path = "wire/unlucky.rs"]
mod unlucky;
#[path = "wire/www.rs"]
mod www;
