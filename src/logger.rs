//! The log: lines on standard error.
//!
//! Our own, because what cannot be written (a full disk, a pipe that nobody reads) must neither end nor stop the
//! server, because what peers send must not look like lines of ours, and because the crates below log whole frames,
//! with passwords in them.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, SystemTime};

use log::{LevelFilter, Log, Metadata, Record, SetLoggerError};
use time::OffsetDateTime;

/// How many lines wait to be written at the most; further ones are dropped and counted.
const WAITING_MAX: usize = 1024;

/// How long the end of the program waits for the last lines.
const LAST_LINES: Duration = Duration::from_millis(200);

/// What the writing thread gets.
enum Order {
    Write(String),
    /// Answer when all before it is written.
    Flush(SyncSender<()>),
}

struct Logger {
    orders: OnceLock<SyncSender<Order>>,
    lost: AtomicUsize,
}

static LOGGER: Logger = Logger { orders: OnceLock::new(), lost: AtomicUsize::new(0) };

/// Starts the log, with a thread that writes it.
///
/// # Errors
///
/// There is one already.
#[expect(clippy::disallowed_methods, reason = "a write that blocks must not block the event loop")]
pub fn init(level: LevelFilter) -> Result<(), SetLoggerError> {
    log::set_logger(&LOGGER)?;
    log::set_max_level(level);
    let (sender, receiver) = sync_channel(WAITING_MAX);
    if LOGGER.orders.set(sender).is_ok() {
        std::thread::spawn(move || write(&receiver));
    }
    Ok(())
}

fn write(orders: &Receiver<Order>) {
    // There is nobody to tell that a line could not be written.
    for order in orders {
        match order {
            Order::Write(line) => {
                let lost = LOGGER.lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    let _ = writeln!(
                        std::io::stderr(),
                        "{lost} lines of the log were lost: it is not read fast enough"
                    );
                }
                let _ = std::io::stderr().write_all(line.as_bytes());
            }
            Order::Flush(done) => drop(done.try_send(())),
        }
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(env!("CARGO_PKG_NAME"))
    }

    #[expect(clippy::disallowed_methods, reason = "a line says when it was written")]
    fn log(&self, record: &Record<'_>) {
        let Some(orders) = self.orders.get().filter(|_| self.enabled(record.metadata())) else { return };
        if orders.try_send(Order::Write(line(SystemTime::now(), record))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits for the lines so far, but not for ever.
    fn flush(&self) {
        let (done, written) = sync_channel(1);
        if self.orders.get().is_some_and(|orders| orders.try_send(Order::Flush(done)).is_ok()) {
            let _ = written.recv_timeout(LAST_LINES);
        }
    }
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
        let enabled = |target| LOGGER.enabled(&Metadata::builder().target(target).build());
        assert!(enabled("callboard::net") && !enabled("tungstenite::protocol"));
    }
}
