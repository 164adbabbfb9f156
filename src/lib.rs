//! callboard stands in for the notification side of a Cisco Finesse contact centre.
//!
//! The way of a frame: [`net`] moves its bytes, [`xmpp`] reads it, [`hub`] knows who sent it and where it goes,
//! [`pubsub`] and [`desk`] know what it means. Only [`net`] has sockets and clocks.

pub mod address;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod console;
pub mod desk;
pub mod footprint;
pub mod hub;
pub mod id;
pub mod json;
pub mod limits;
pub mod logger;
pub mod net;
pub mod password;
pub mod prepare;
pub mod pubsub;
pub mod sse;
pub mod text;
pub mod variable;
pub mod web_origin;
pub mod xmpp;
