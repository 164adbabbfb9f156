//! What the fuzzers share: a hub with a clock of its own, and looks at what it says.
#![allow(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]

pub mod stage;
pub mod wire;
pub mod world;

pub use stage::Stage;
