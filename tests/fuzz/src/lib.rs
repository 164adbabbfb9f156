//! What the fuzzers share: a hub with a clock of its own, looks at what it says, and changes of scripts.

pub mod parts;
pub mod script;
pub mod stage;
pub mod wire;
pub mod world;

pub use stage::Stage;
