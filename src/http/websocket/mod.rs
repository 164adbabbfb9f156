//! XMPP over WebSocket (RFC 7395): the handshake, the frames, and the task of each session.

pub mod frames;
pub mod handshake;
mod in_hub;
mod session;
mod sessions;
pub(crate) mod task;

pub use sessions::Sessions;
