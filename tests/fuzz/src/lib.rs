//! What the fuzzers share: a hub with a clock of its own, and looks at what it says.

pub mod stage;
pub mod wire;
pub mod world;

pub use stage::Stage;
