//! The log: lines on standard error.
//!
//! Our own, because what cannot be written (a full disk, a pipe that nobody reads) must neither end nor stop the
//! server, because what peers send must not look like lines of ours, and because the crates below log whole frames,
//! with passwords in them.

mod output;

use std::fmt::{self, Write as _};
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime};

use log::{Level, LevelFilter, Log, Metadata, Record};
use rustix::fs::fstat;
use time::OffsetDateTime;

use crate::text;
use output::Output;

/// How many bytes wait to be written at the most; further lines are dropped and counted.
const WAITING_MAX: usize = 1 << 20;

/// The longest text of a line, in bytes. The event stands at its start or is short.
const LINE_MAX: usize = 2048;

/// The longest text of a line at `trace`, in bytes: its lines are frames, for people who asked to see them.
const TRACE_MAX: usize = 16 * 1024;

/// How many bytes are written at once.
const AT_ONCE: usize = 64 * 1024;

/// How long lines gather before they are written: to wake the writing thread for each of them would cost the event loop more
/// than to make them.
const GATHER: Duration = Duration::from_millis(1);

/// How long the end of the program waits for the last lines.
const LAST_LINES: Duration = Duration::from_millis(200);

/// An order to the writing thread.
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

/// The beginning of a line.
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
/// There is one already, or the system gives no thread.
#[expect(clippy::disallowed_methods, reason = "a write that blocks must not block the event loop")]
pub fn init(level: LevelFilter) -> io::Result<()> {
    log::set_logger(&LOGGER).map_err(io::Error::other)?;
    log::set_max_level(level);
    let (sender, receiver) = channel();
    if LOGGER.writer.set((Style::of_standard_error(), sender)).is_ok() {
        std::thread::Builder::new().spawn(move || write(&receiver))?;
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
        // The lines that have gathered go out in one write.
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
    let room = if record.level() == Level::Trace { TRACE_MAX } else { LINE_MAX };
    let mut visible = Visible { line: &mut line, room, left_out: 0 };
    let _ = fmt::write(&mut visible, *record.args());
    let left_out = visible.left_out;
    if left_out > 0 {
        let _ = write!(line, "… ({left_out} bytes more)");
    }
    line.push('\n');
    line
}

/// Returns the priority of a level, as syslog(3) numbers them.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Writes control characters as escapes, as long as there is room.
struct Visible<'a> {
    line: &'a mut String,
    /// The bytes for which there still is room.
    room: usize,
    /// The bytes of the text for which there was none.
    left_out: usize,
}

impl Visible<'_> {
    /// Writes what stands for so many bytes of the text: all of it, or as much as there is room for if that may be cut.
    fn push(&mut self, shown: &str, bytes: usize, may_be_cut: bool) {
        if self.left_out == 0 && shown.len() <= self.room {
            self.line.push_str(shown);
            self.room -= shown.len();
            return;
        }
        let shown = if self.left_out == 0 && may_be_cut { text::start(shown, self.room) } else { "" };
        self.line.push_str(shown);
        self.left_out += bytes - shown.len();
    }
}

impl fmt::Write for Visible<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            self.push(text, text.len(), true);
            return Ok(());
        }
        let is_escaped = |c: char| !text::is_shown(c);
        for piece in text.split_inclusive(is_escaped) {
            let Some(last) = piece.chars().next_back().filter(|last| is_escaped(*last)) else {
                self.push(piece, piece.len(), true);
                continue;
            };
            let before = &piece[..piece.len() - last.len_utf8()];
            self.push(before, before.len(), true);
            self.push(&last.escape_default().to_string(), last.len_utf8(), false);
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
            written("a\r\n2026 ERROR b\u{1b}[2J\u{85}\u{2028}\u{202e}"),
            "1970-01-01T00:00:01.234Z INFO  a\\r\\n2026 ERROR b\\u{1b}[2J\\u{85}\\u{2028}\\u{202e}\n"
        );
    }

    #[test]
    fn a_line_is_cut_off_where_it_is_too_long_and_says_how_much_is_missing() {
        let text = |level, text: &str| {
            let line = styled(Style::Journal, level, text);
            line.strip_prefix("<6>").or(line.strip_prefix("<7>")).expect("a priority").to_owned()
        };
        let whole = "a".repeat(LINE_MAX);
        assert_eq!(text(Level::Info, &whole), format!("{whole}\n"));
        assert_eq!(text(Level::Info, &format!("{whole}bc")), format!("{whole}… (2 bytes more)\n"));
        assert_eq!(text(Level::Trace, &format!("{whole}bc")), format!("{whole}bc\n"));
        // Neither a character nor an escape is cut in two, and nothing comes behind what was left out.
        let nearly = &whole[1..];
        assert_eq!(text(Level::Info, &format!("{nearly}é")), format!("{nearly}… (2 bytes more)\n"));
        assert_eq!(text(Level::Info, &format!("{nearly}\nb")), format!("{nearly}… (2 bytes more)\n"));
        for byte in ["a", "\n", "\u{85}", "漢", "\u{1b}"] {
            for level in [Level::Error, Level::Debug, Level::Trace] {
                let most = if level == Level::Trace { TRACE_MAX } else { LINE_MAX };
                let line = styled(Style::Full, level, &byte.repeat(100_000));
                assert!((most..most + 100).contains(&line.len()), "{}", line.len());
            }
        }
    }

    #[test]
    fn only_our_own_lines_are_written() {
        let enabled = |target| LOGGER.enabled(&Metadata::builder().target(target).build());
        assert!(enabled("callboard::net") && !enabled("tungstenite::protocol"));
    }
}
