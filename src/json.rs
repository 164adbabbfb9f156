//! Writing JSON (RFC 8259).

use std::fmt::{Display, Write as _};

use crate::text::is_shown;

/// Appends a string.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_shown(c) => out.push(c),
            // Writing to a String cannot fail.
            c => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
    out.push('"');
}

/// Appends a string, or null.
pub fn optional(out: &mut String, text: Option<&str>) {
    match text {
        Some(text) => string(out, text),
        None => out.push_str("null"),
    }
}

/// Appends `"name":` and a string, with a comma before it if it is not the first member of its object.
fn member(out: &mut String, name: &str, text: &str) {
    key(out, name);
    string(out, text);
}

/// Appends `"name":`, with a comma before it if it is not the first member of its object.
fn key(out: &mut String, name: &str) {
    separate(out);
    string(out, name);
    out.push(':');
}

/// Appends an object whose members `write` writes.
pub fn object(out: &mut String, write: impl FnOnce(&mut Object<'_>)) {
    out.push('{');
    write(&mut Object { out });
    out.push('}');
}

/// A whole document: an object and the end of its line.
pub fn document(write: impl FnOnce(&mut Object<'_>)) -> String {
    let mut out = String::new();
    object(&mut out, write);
    out.push('\n');
    out
}

/// An object that is being written, member by member.
pub struct Object<'a> {
    out: &'a mut String,
}

impl Object<'_> {
    /// Appends a member with a value that `write` writes.
    pub fn with(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        key(self.out, name);
        write(self.out);
    }

    /// Appends a string.
    pub fn string(&mut self, name: &str, text: &str) {
        member(self.out, name, text);
    }

    /// Appends a string, or null.
    pub fn optional(&mut self, name: &str, text: Option<&str>) {
        self.with(name, |out| optional(out, text));
    }

    /// Appends what is written in JSON as it is printed: a number, true or false.
    pub fn plain(&mut self, name: &str, value: impl Display) {
        self.with(name, |out| {
            // Writing to a String cannot fail.
            let _ = write!(out, "{value}");
        });
    }

    /// Appends an object.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.with(name, |out| object(out, write));
    }

    /// Appends the array of `items`, each written by `write`.
    pub fn array<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut String, T),
    ) {
        self.with(name, |out| array(out, items, write));
    }
}

/// Appends the array of `items`, each written by `write`.
pub fn array<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    out.push('[');
    for item in items {
        separate(out);
        write(out, item);
    }
    out.push(']');
}

/// Appends a comma where something stands before.
fn separate(out: &mut String) {
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_json() {
        let out = document(|object| {
            object.string("a", "\"\\\n\r\t\u{1}\u{9b}\u{e4}[\u{2028}\u{202e}\u{2069}");
            object.array("b", ["x{", "y"], string);
            object.array("c", [None, Some("z")], optional);
            object.array("d", [], string);
            object.object("e", |_| {});
            object.object("f", |inner| {
                inner.plain("g", true);
                inner.plain("h", 1.5);
            });
            object.optional("i", None);
        });
        let expected = "{\"a\":\"\\\"\\\\\\n\\r\\t\\u0001\\u009b\u{e4}[\\u2028\\u202e\\u2069\",\"b\":[\"x{\",\"y\"],\"c\":[null,\"z\"],\"d\":[],\
             \"e\":{},\"f\":{\"g\":true,\"h\":1.5},\"i\":null}\n";
        assert_eq!(out, expected);
    }
}
