//! The log: lines on standard error.
//!
//! Our own, because what cannot be written (a full disk, a pipe that nobody reads) must neither end nor stop the
//! server, because what peers send must not look like lines of ours, and because the crates below log whole frames,
//! with passwords in them.

mod output;

use std::fmt::{self, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime};

use log::{Level, LevelFilter, Log, Metadata, Record, SetLoggerError};
use rustix::fs::fstat;
use time::OffsetDateTime;

use output::Output;

/// How many bytes wait to be written at the most; further lines are dropped and counted.
const WAITING_MAX: usize = 1 << 20;

/// How many bytes are written at once.
const AT_ONCE: usize = 64 * 1024;

/// How long lines gather before they are written: to wake the writing thread for each of them would cost the event loop more
/// than to make them.
const GATHER: Duration = Duration::from_millis(1);

/// How long the end of the program waits for the last lines.
const LAST_LINES: Duration = Duration::from_millis(200);

/// What the writing thread gets.
enum Order {
    Write(String),
    /// Answer when all before it is written.
    Flush(Sender<()>),
}

struct Logger {
    /// How lines are written, and the thread that does it, once there is one.
    writer: OnceLock<(Style, Sender<Order>)>,
    /// The bytes that wait.
    waiting: AtomicUsize,
    lost: AtomicUsize,
}

static LOGGER: Logger =
    Logger { writer: OnceLock::new(), waiting: AtomicUsize::new(0), lost: AtomicUsize::new(0) };

/// What a line begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Time and level, for people and files.
    Full,
    /// The priority as the journal reads it, which has the time itself (sd-daemon(3)).
    Journal,
}

impl Style {
    /// How standard error wants it: the journal names the stream that it reads (systemd.exec(5), `JOURNAL_STREAM`).
    fn of_standard_error() -> Self {
        let named = std::env::var("JOURNAL_STREAM").ok();
        let own = fstat(std::io::stderr()).ok().map(|stat| format!("{}:{}", stat.st_dev, stat.st_ino));
        if named.is_some() && named == own { Self::Journal } else { Self::Full }
    }
}

/// Starts the log, with a thread that writes it.
///
/// # Errors
///
/// There is one already.
#[expect(clippy::disallowed_methods, reason = "a write that blocks must not block the event loop")]
pub fn init(level: LevelFilter) -> Result<(), SetLoggerError> {
    log::set_logger(&LOGGER)?;
    log::set_max_level(level);
    let (sender, receiver) = channel();
    if LOGGER.writer.set((Style::of_standard_error(), sender)).is_ok() {
        std::thread::spawn(move || write(&receiver));
    }
    Ok(())
}

fn write(orders: &Receiver<Order>) {
    let mut output = Output::new(std::io::stderr());
    while let Ok(first) = orders.recv() {
        if matches!(first, Order::Write(_)) {
            std::thread::sleep(GATHER);
        }
        let mut text = String::new();
        let mut next = Some(first);
        let mut flushed = None;
        // What has gathered goes out in one write.
        while let Some(order) = next {
            match order {
                Order::Write(line) => text.push_str(&line),
                Order::Flush(done) => flushed = Some(done),
            }
            next = if text.len() < AT_ONCE && flushed.is_none() { orders.try_recv().ok() } else { None };
        }
        LOGGER.waiting.fetch_sub(text.len(), Ordering::Relaxed);
        let lost = LOGGER.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            text.push_str(&format!("{lost} lines of the log were lost: it is not read fast enough\n"));
        }
        output.write(&text);
        if let Some(done) = flushed {
            let _ = done.send(());
        }
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(env!("CARGO_PKG_NAME"))
    }

    #[expect(clippy::disallowed_methods, reason = "a line says when it was written")]
    fn log(&self, record: &Record<'_>) {
        let Some((style, orders)) = self.writer.get().filter(|_| self.enabled(record.metadata())) else {
            return;
        };
        let line = line(*style, SystemTime::now(), record);
        if self.waiting.load(Ordering::Relaxed) + line.len() > WAITING_MAX {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.waiting.fetch_add(line.len(), Ordering::Relaxed);
        // The other end is there as long as the program is.
        let _ = orders.send(Order::Write(line));
    }

    /// Waits for the lines so far, but not for ever.
    fn flush(&self) {
        let (done, written) = channel();
        if self.writer.get().is_some_and(|(_, orders)| orders.send(Order::Flush(done)).is_ok()) {
            let _ = written.recv_timeout(LAST_LINES);
        }
    }
}

fn line(style: Style, now: SystemTime, record: &Record<'_>) -> String {
    let mut line = String::with_capacity(160);
    // Writing to a String cannot fail.
    let _ = match style {
        Style::Full => {
            let now = OffsetDateTime::from(now);
            let (year, month, day) = now.to_calendar_date();
            let (hour, minute, second, milli) = now.to_hms_milli();
            write!(
                line,
                "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z {:<5} ",
                u8::from(month),
                record.level()
            )
        }
        Style::Journal => write!(line, "<{}>", priority(record.level())),
    };
    let _ = fmt::write(&mut Visible(&mut line), *record.args());
    line.push('\n');
    line
}

/// As syslog(3) counts them.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Writes control characters as escapes.
struct Visible<'a>(&'a mut String);

impl fmt::Write for Visible<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            self.0.push_str(text);
            return Ok(());
        }
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
        styled(Style::Full, Level::Info, text)
    }

    fn styled(style: Style, level: Level, text: &str) -> String {
        line(
            style,
            SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(1_234_567_890),
            &Record::builder().level(level).args(format_args!("{text}")).build(),
        )
    }

    #[test]
    fn a_line_has_time_level_and_text() {
        assert_eq!(written("<a b=\"c\"/> 漢字"), "1970-01-01T00:00:01.234Z INFO  <a b=\"c\"/> 漢字\n");
    }

    #[test]
    fn the_journal_gets_the_priority_and_has_the_time_itself() {
        for (level, priority) in
            [(Level::Error, 3), (Level::Warn, 4), (Level::Info, 6), (Level::Debug, 7), (Level::Trace, 7)]
        {
            assert_eq!(styled(Style::Journal, level, "a\n<0>b"), format!("<{priority}>a\\n<0>b\n"));
        }
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
