//! XMPP as values: addresses, frames, stanzas, login, the stream's state machine.
//!
//! Here is everything of RFC 6120, RFC 7395, RFC 4616, XEP-0124, XEP-0198 and XEP-0206 that can be told from one frame
//! and the state of one stream. Sockets and clocks are elsewhere, other sessions in the hub, nodes and subscriptions in `pubsub`.
#![deny(clippy::disallowed_methods)]

pub mod bosh;
pub mod domain;
pub mod jid;
pub mod ns;
pub mod sasl;
pub mod sm;
pub mod splitter;
pub mod stanza;
pub mod stream;
