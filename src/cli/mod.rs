//! The command line. `arguments` has every command and flag, `read` reads a line, `serve` applies flags to a configuration, and
//! `environment` reads the variables that stand in for flags.

mod arguments;
mod environment;
mod read;
mod serve;
mod values;

#[cfg(feature = "lab")]
pub use arguments::Scenario;
pub use arguments::{Arguments, Certificate, Check, Command, DemoConfig, Healthcheck, Passwd, Serve};
#[cfg(feature = "client")]
pub use arguments::{Probe, Publish, Watch};
pub use environment::{Environment, misspelt};
pub use read::read;
