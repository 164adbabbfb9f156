//! callboard stands in for the notification side of a Cisco Finesse contact centre.
//!
//! The way of a frame: [`net`] moves its bytes, [`http`] takes them for a WebSocket, BOSH or a request, [`event_loop`] has the
//! [`hub`] that knows who sent it and where it goes, [`xmpp`] reads it, [`pubsub`] and [`desk`] know what it means. [`serve`]
//! puts all that together. The hub and what it uses are plain state: time and values come in, and values go out.
//!
//! "The guide" in comments is the Cisco Finesse Web Services Developer Guide at <https://developer.cisco.com/docs/finesse/>; the name
//! behind it is that of the page.

pub mod cli;
pub mod client_address;
pub mod clock;
pub mod commands;
pub mod config;
pub mod console;
pub mod desk;
pub mod event_loop;
pub mod http;
pub mod hub;
pub mod id;
pub mod json;
pub mod logger;
pub mod net;
pub mod prepare;
pub mod pubsub;
pub mod serve;
pub mod sse;
pub mod text;
pub mod xml;
pub mod xmpp;
