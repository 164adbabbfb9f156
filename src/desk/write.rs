//! Writing XML as Finesse does: no white space, no empty-element tags but for empty lists, values as text.

use std::time::SystemTime;

use time::OffsetDateTime;

use crate::xml::{escape_text_into, is_carriable};

/// A document made by `write`.
pub fn document(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::with_capacity(1536);
    write(&mut out);
    out
}

/// Appends an element with what `write` puts into it.
pub fn inside(out: &mut String, name: &str, write: impl FnOnce(&mut String)) {
    for part in ["<", name, ">"] {
        out.push_str(part);
    }
    write(out);
    close(out, name);
}

/// Appends a list with what `write` puts into it. An empty one is an empty-element tag, as published answers of real systems have
/// it and clients compare.
pub fn list(out: &mut String, name: &str, write: impl FnOnce(&mut String)) {
    out.push('<');
    out.push_str(name);
    end_list(out, name, write);
}

/// Appends what follows on the name and the attributes of a list, as [`list`] does.
pub fn end_list(out: &mut String, name: &str, write: impl FnOnce(&mut String)) {
    out.push('>');
    let start = out.len();
    write(out);
    if out.len() == start {
        out.pop();
        out.push_str("/>");
    } else {
        close(out, name);
    }
}

/// Appends an element with text. Text that XML cannot carry, which only a client can have sent, is left out.
pub fn element(out: &mut String, name: &str, text: &str) {
    inside(out, name, |out| {
        if is_carriable(text) {
            escape_text_into(out, text);
        }
    });
}

/// Appends the end of an element.
pub fn close(out: &mut String, name: &str) {
    for part in ["</", name, ">"] {
        out.push_str(part);
    }
}

/// Writes a time as `2023-01-13T11:07:11.466Z`.
pub fn timestamp(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second, milli) = time.to_hms_milli();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}
