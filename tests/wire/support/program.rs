//! The program under test.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long a folder for state may be of use: no test takes longer.
const OLD: Duration = Duration::from_secs(3600);

/// What runs the program: the one that Cargo has built, or the one that the environment variable `CALLBOARD` names, such as
/// a cross build or a script that emulates one. It keeps its state in a folder of its own.
pub fn program() -> Command {
    keeping_state(Command::new(
        env::var_os("CALLBOARD").unwrap_or_else(|| env!("CARGO_BIN_EXE_callboard").into()),
    ))
}

/// A command that runs the program, with a folder of its own for state in place of that of the user who runs the tests.
pub fn keeping_state(mut command: Command) -> Command {
    command.env("XDG_STATE_HOME", state()).env_remove("STATE_DIRECTORY");
    command
}

fn state() -> OsString {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    static CLEARED: Once = Once::new();
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("state");
    CLEARED.call_once(|| clear(&all));
    let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    all.join(name).into()
}

/// Removes what earlier runs have left.
fn clear(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let made = entry.metadata().and_then(|data| data.modified()).ok();
        if made.and_then(|made| made.elapsed().ok()).is_some_and(|age| age > OLD) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
