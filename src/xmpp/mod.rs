//! XMPP as values: addresses, frames, stanzas, login, the stream's state machine.
//!
//! What lives here: everything of RFC 6120, RFC 7395, RFC 4616, XEP-0124 and XEP-0206 that can be told from one frame
//! and the state of one stream. What doesn't: sockets, clocks, other sessions (hub), nodes and subscriptions (pubsub).
#![deny(clippy::disallowed_methods)]

pub mod bosh;
pub mod jid;
pub mod ns;
pub mod sasl;
pub mod stanza;
pub mod stream;
pub mod xml;
