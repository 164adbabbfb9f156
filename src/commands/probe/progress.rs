//! The line of a terminal that says what a probe waits for.

use std::io::{self, IsTerminal as _, Write as _};

use crate::probe::{Probe, Step};
use crate::text;
use crate::text::printable;

/// The bytes of a name that are shown. A line that goes on in the next row of a terminal could not be taken back.
const NAME_MAX: usize = 50;

/// Back to the start of the row, which is emptied.
const EMPTY: &str = "\r\x1b[K";

/// A line on standard error, if that is a terminal, until it is dropped.
pub struct Progress<'a> {
    name: &'a str,
    shown: Option<Step>,
    is_shown: bool,
}

impl<'a> Progress<'a> {
    /// Shows nothing yet. `name` is the server's in the report.
    pub fn new(name: &'a str) -> Self {
        Self { name, shown: None, is_shown: io::stderr().is_terminal() }
    }

    /// Shows the step that has begun and is not over.
    pub fn show(&mut self, probe: &Probe) {
        if !self.is_shown {
            return;
        }
        let outcomes = &probe.dialogue().outcomes;
        let waiting = outcomes.iter().filter(|(_, outcome)| outcome.from.is_some() && outcome.took.is_none());
        let step = waiting.map(|(step, _)| step).last();
        if step != self.shown {
            self.shown = step;
            let line = step.map(|step| format!("{}: {} …", text::start(self.name, NAME_MAX), step.name()));
            self.write(&printable(&line.unwrap_or_default()));
        }
    }

    /// A terminal that takes no more has no progress.
    fn write(&mut self, line: &str) {
        let mut out = io::stderr().lock();
        self.is_shown = write!(out, "{EMPTY}{line}").and_then(|()| out.flush()).is_ok();
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.shown.is_some() {
            self.write("");
        }
    }
}
