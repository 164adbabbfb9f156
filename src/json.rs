//! Writing JSON (RFC 8259).

use std::fmt::Write as _;

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
            // Writing to a String cannot fail.
            c if c < ' ' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
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
pub fn member(out: &mut String, name: &str, text: &str) {
    key(out, name);
    string(out, text);
}

/// Appends `"name":`, with a comma before it if it is not the first member of its object.
pub fn key(out: &mut String, name: &str) {
    separate(out);
    string(out, name);
    out.push(':');
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
        let mut out = String::from("{");
        member(&mut out, "a", "\"\\\n\r\t\u{1}\u{e4}[");
        key(&mut out, "b");
        array(&mut out, ["x{", "y"], string);
        key(&mut out, "c");
        array(&mut out, [None, Some("z")], optional);
        key(&mut out, "d");
        array(&mut out, [], string);
        out.push('}');
        let expected =
            "{\"a\":\"\\\"\\\\\\n\\r\\t\\u0001\u{e4}[\",\"b\":[\"x{\",\"y\"],\"c\":[null,\"z\"],\"d\":[]}";
        assert_eq!(out, expected);
    }
}
