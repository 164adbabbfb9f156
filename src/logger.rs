//! The log: lines on standard error.
//!
//! Our own, because a line that cannot be written (a full disk, a closed pipe) must not end the server, because what
//! peers send must not look like lines of ours, and because the crates below log whole frames, with passwords in them.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::time::SystemTime;

use log::{LevelFilter, Log, Metadata, Record, SetLoggerError};
use time::OffsetDateTime;

struct Logger;

/// Starts the log.
///
/// # Errors
///
/// There is one already.
pub fn init(level: LevelFilter) -> Result<(), SetLoggerError> {
    log::set_max_level(level);
    log::set_logger(&Logger)
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(env!("CARGO_PKG_NAME"))
    }

    #[expect(clippy::disallowed_methods, reason = "a line says when it was written")]
    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            // There is nobody to tell that a line was lost.
            let _ = std::io::stderr().write_all(line(SystemTime::now(), record).as_bytes());
        }
    }

    fn flush(&self) {}
}

fn line(now: SystemTime, record: &Record<'_>) -> String {
    let now = OffsetDateTime::from(now);
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second, milli) = now.to_hms_milli();
    let mut line = String::with_capacity(160);
    // Writing to a String cannot fail.
    let _ = write!(
        line,
        "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z {:<5} ",
        u8::from(month),
        record.level()
    );
    let _ = fmt::write(&mut Visible(&mut line), *record.args());
    line.push('\n');
    line
}

/// Writes control characters as escapes.
struct Visible<'a>(&'a mut String);

impl fmt::Write for Visible<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive(char::is_control) {
            match piece.chars().next_back().filter(|last| last.is_control()) {
                Some(last) => {
                    self.0.push_str(&piece[..piece.len() - last.len_utf8()]);
                    self.0.extend(last.escape_default());
                }
                None => self.0.push_str(piece),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        line(
            SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(1_234_567_890),
            &Record::builder().level(log::Level::Info).args(format_args!("{text}")).build(),
        )
    }

    #[test]
    fn a_line_has_time_level_and_text() {
        assert_eq!(written("<a b=\"c\"/> 漢字"), "1970-01-01T00:00:01.234Z INFO  <a b=\"c\"/> 漢字\n");
    }

    #[test]
    fn a_peer_cannot_write_a_line_of_its_own() {
        assert_eq!(
            written("a\r\n2026 ERROR b\u{1b}[2J\u{85}"),
            "1970-01-01T00:00:01.234Z INFO  a\\r\\n2026 ERROR b\\u{1b}[2J\\u{85}\n"
        );
    }

    #[test]
    fn only_our_own_lines_are_written() {
        let enabled = |target| Logger.enabled(&Metadata::builder().target(target).build());
        assert!(enabled("callboard::net") && !enabled("tungstenite::protocol"));
    }
}
