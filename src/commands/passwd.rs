//! `callboard passwd`: the hash of a password, or its keys for SCRAM.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::cli::Passwd;
use crate::commands::{Exit, print_error};
use crate::config::password::{ITERATIONS, Password};

/// `callboard passwd`: reads a line from standard input and prints its hash, or its keys, on standard output.
///
/// A person at a terminal is asked for it, and it is not shown.
///
/// # Errors
///
/// Returns an error when standard input or output fail.
pub fn passwd(flags: &Passwd) -> io::Result<ExitCode> {
    let hash = String::from_utf8(ask()?).map_err(|_| "must be UTF-8".to_owned()).and_then(|password| {
        if flags.scram { Password::scram(&password) } else { Password::hash(&password, ITERATIONS) }
    });
    match hash {
        Ok(hash) => writeln!(io::stdout(), "{hash}").map(|()| Exit::Well.into()),
        Err(end) => {
            print_error(&format!("callboard: the password {end}"));
            Ok(Exit::ToMend.into())
        }
    }
}

/// Reads a password from standard input.
///
/// # Errors
///
/// Returns an error when standard input fails, or has more than a line.
pub(super) fn ask() -> io::Result<Vec<u8>> {
    if !io::stdin().is_terminal() {
        return line(true);
    }
    let _quiet = Quiet::begin()?;
    let _ = write!(io::stderr(), "Password: ");
    line(false)
}

/// Reads a line without what ends it; what is too long for a password is an error, and so is another line, unless somebody
/// types.
fn line(alone: bool) -> io::Result<Vec<u8>> {
    const LONGEST: u64 = 4096;
    let mut line = Vec::new();
    let mut input = io::stdin().lock().take(LONGEST);
    input.read_until(b'\n', &mut line)?;
    if alone && line.ends_with(b"\n") && input.read(&mut [0])? > 0 {
        return Err(io::Error::other(
            "the input has more than one line, and a password is one; give one at a time",
        ));
    }
    if line.len() as u64 == LONGEST {
        return Err(io::Error::other(format!("the password must be shorter than {LONGEST} bytes")));
    }
    for end in [b'\n', b'\r'] {
        line.pop_if(|last| *last == end);
    }
    Ok(line)
}

/// Keeps a terminal from showing what is typed, for as long as it lives.
struct Quiet {
    before: Termios,
}

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // The end of the line is still shown, so that what is printed next starts on its own.
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Quiet { before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // If this fails the terminal is gone, and there is nobody to tell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
