//! XMPP over WebSocket (RFC 7395) and over TCP (RFC 6120): the handshake, the frames, the streams, and the task of each session.

pub mod frames;
pub mod handshake;
mod in_hub;
mod session;
mod sessions;
pub(crate) mod task;
mod tcp;

pub use session::Way;
pub use sessions::Sessions;
