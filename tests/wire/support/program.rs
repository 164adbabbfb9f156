//! The program under test.

use std::env;
use std::process::Command;

/// What runs the program: the one that Cargo has built, or the one that the environment variable `CALLBOARD` names, such as
/// a cross build or a script that emulates one.
pub fn program() -> Command {
    Command::new(env::var_os("CALLBOARD").unwrap_or_else(|| env!("CARGO_BIN_EXE_callboard").into()))
}
