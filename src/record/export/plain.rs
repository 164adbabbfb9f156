//! A session as text: who said what and when, with payloads as they were before they were escaped.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use crate::record::entry::{Entry, Key, Kind};
use crate::record::export::har::date;
use crate::record::export::{About, Conversation};
use crate::record::wire::Wire;

/// What stands before the lines of a text.
const INDENT: &str = "                    ";

/// The deepest element that is indented: what an entry has may be nested without end, as nobody has read it.
const DEEPEST: usize = 32;

pub(super) fn write(conversation: &Conversation<'_>, wire: &Wire, about: &About<'_>) -> String {
    let About { version, profile, release, domain } = about;
    let Conversation { session, user, transport, peer, jid, entries } = conversation;
    let start = entries.first().map_or(SystemTime::UNIX_EPOCH, |entry| entry.time);
    // Writing to a String cannot fail.
    let mut out = String::new();
    let _ = writeln!(out, "callboard {version}, profile {profile}, release {release}, domain {domain}");
    let _ = write!(out, "session {session}");
    for (name, value) in [("of", jid.or(*user)), ("over", *transport), ("from", *peer)] {
        if let Some(value) = value {
            let _ = write!(out, " {name} {value}");
        }
    }
    let _ = writeln!(
        out,
        "\n{} is 0.000; then the time since the line before; --> from the client, <-- to it\n",
        date(start)
    );
    let mut before = start;
    for entry in entries {
        let since =
            |time: SystemTime| entry.time.duration_since(time).unwrap_or(Duration::ZERO).as_secs_f64();
        let _ = writeln!(out, "{:9.3} {:+9.3} {}", since(start), since(before), title(entry));
        before = entry.time;
        for line in decoded(&entry.text.shown(wire)) {
            let _ = writeln!(out, "{INDENT}{line}");
        }
        if entry.text.searched().len() < entry.size && entry.text.item().is_none() && entry.size > 0 {
            let _ = writeln!(out, "{INDENT}({} bytes in all)", entry.size);
        }
    }
    out
}

fn title(entry: &Entry) -> String {
    let value = |key| entry.get(key).unwrap_or_default();
    let mut title = match entry.kind {
        Kind::FrameIn => "-->".to_owned(),
        Kind::FrameOut => match entry.text.item() {
            Some((node, item)) => format!("<-- event of {node}, item {}", item.id),
            None => "<--".to_owned(),
        },
        Kind::Request => format!("--> {} {}", value(Key::Method), value(Key::Path)),
        Kind::Response => format!(
            "<-- {} for {} {}",
            entry.status.unwrap_or_default(),
            value(Key::Method),
            value(Key::Path)
        ),
        kind => format!("  * {} {}", kind.name(), value(Key::What)),
    };
    for (name, key) in [
        ("requestId", Key::RequestId),
        ("mechanism", Key::Mechanism),
        ("authzid", Key::Authzid),
        ("authcid", Key::Authcid),
        ("jid", Key::Jid),
        ("reason", Key::Reason),
        ("fault", Key::Fault),
    ] {
        if let Some(value) = entry.get(key) {
            let _ = write!(title, ", {name} {value}");
        }
    }
    title
}

/// The lines of a text, in which each payload stands as it was before it was escaped, an element on a line.
fn decoded(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if text.is_empty() {
        return lines;
    }
    let mut rest = text;
    while let Some(start) = rest.find("<notification").and_then(|at| Some(at + rest[at..].find('>')? + 1)) {
        let end = rest[start..].find("</notification>").map_or(rest.len(), |end| start + end);
        lines.push(rest[..start].to_owned());
        lines.extend(indented(&plain(&rest[start..end])).into_iter().map(|line| format!("  {line}")));
        rest = &rest[end..];
    }
    if rest.starts_with("<?xml") || rest.starts_with("<Update") || (lines.is_empty() && rest.contains(">\n<"))
    {
        lines.extend(indented(rest));
    } else {
        lines.extend(rest.lines().map(str::to_owned));
    }
    lines
}

fn plain(escaped: &str) -> String {
    let marks =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#13;", "\r"), ("&amp;", "&")];
    marks.iter().fold(escaped.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

/// A document with an element on each line, if it is one.
fn indented(text: &str) -> Vec<String> {
    if !text.trim_start().starts_with('<') {
        return text.lines().map(str::to_owned).collect();
    }
    let mut lines: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    let mut is_open = false;
    for piece in text.split_inclusive('>').flat_map(|piece| {
        let at = piece.find('<').unwrap_or(piece.len());
        [&piece[..at], &piece[at..]]
    }) {
        let piece = piece.trim();
        let is_end = piece.starts_with("</");
        if is_end {
            depth = depth.saturating_sub(1);
        }
        match (piece.is_empty(), piece.starts_with('<'), is_open) {
            (true, ..) => continue,
            // The text of an element, and its end, stand behind its beginning.
            (_, false, _) | (_, true, true) if is_end || !piece.starts_with('<') => match lines.last_mut() {
                Some(line) => line.push_str(piece),
                None => lines.push(piece.to_owned()),
            },
            _ => lines.push(format!("{}{piece}", "  ".repeat(depth.min(DEEPEST)))),
        }
        if piece.starts_with('<') {
            is_open = !is_end && !piece.ends_with("/>") && !piece.starts_with("<?");
            depth += usize::from(is_open);
        }
    }
    lines
}
