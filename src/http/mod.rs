//! Everything that is served over HTTP: the REST API of Finesse, the API of callboard, WebSocket, BOSH, server-sent events, the
//! page and the files of a folder.
//!
//! A connection (`connection`) reads requests and hands each to its resource (`dispatch`, by the table in `routes`). A
//! handler asks the hub through the driver and answers with a value.
#![allow(clippy::disallowed_methods, reason = "a handler knows how late it is")]

pub(crate) mod arrival;
pub(crate) mod basic_auth;
pub(crate) mod bosh;
pub(crate) mod callboard;
pub(crate) mod certificate;
pub(crate) mod client;
pub(crate) mod connection;
pub(crate) mod cors;
pub(crate) mod desktop_api;
pub(crate) mod dispatch;
pub(crate) mod events;
pub(crate) mod faults;
pub(crate) mod files;
pub(crate) mod finesse;
pub mod headers;
pub(crate) mod hosts;
pub(crate) mod metering;
pub(crate) mod metrics;
pub(crate) mod page;
mod query;
pub(crate) mod recording;
mod redact;
pub(crate) mod request_body;
pub(crate) mod request_log;
pub(crate) mod request_target;
pub mod response;
pub(crate) mod response_pieces;
pub mod routes;
pub(crate) mod site;
pub(crate) mod sso;
#[cfg(test)]
mod tests;
pub mod xmpp;
