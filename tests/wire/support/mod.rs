//! What the tests of the wire have in common: a server, clients that behave, sockets that do not, XML compared as XML.
#![allow(dead_code, unused_imports, reason = "each of the test crates needs its part of it")]

pub mod bosh;
pub mod client;
pub mod figures;
pub mod glob;
pub mod http;
pub mod lab;
pub mod polite;
pub mod program;
pub mod raw;
pub mod reply;
pub mod rest;
pub mod scram;
pub mod server;
pub mod sse;
pub mod tcp;
pub mod tls;
pub mod xml;

pub use bosh::Bosh;
pub use client::{Received, Session};
pub use http::Http;
pub use polite::Client;
pub use program::program;
pub use raw::Raw;
pub use server::{DEMO, Server, program_by};

/// The namespaces of the wire.
pub mod ns {
    pub const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
    pub const CAPS: &str = "http://jabber.org/protocol/caps";
    pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
    pub const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
    pub const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
    pub const HTTPBIND: &str = "http://jabber.org/protocol/httpbind";
    pub const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
    pub const PUBSUB_ERRORS: &str = "http://jabber.org/protocol/pubsub#errors";
    pub const PUBSUB_EVENT: &str = "http://jabber.org/protocol/pubsub#event";
    pub const PUSH: &str = "urn:xmpp:push:0";
    pub const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
    pub const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
    pub const STANZAS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
    pub const STREAM: &str = "http://etherx.jabber.org/streams";
    pub const STREAMS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
    pub const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
    pub const XBOSH: &str = "urn:xmpp:xbosh";
}
