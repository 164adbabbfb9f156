//! The text of server-sent events (WHATWG HTML §9.2.5 and §9.2.6). No I/O: text in, bytes out.

/// The beginning of a stream, which says how long a client waits before it comes back, in milliseconds.
pub const RETRY: &str = "retry: 2000\n\n";

/// A comment, which clients pass over: it shows that the connection lives.
pub const HEARTBEAT: &str = ":\n\n";

/// Appends an event. `name` is one line. An id that the field cannot carry is left out, so that the client keeps the one
/// before: it may then get something twice, and loses nothing.
pub fn write(out: &mut Vec<u8>, name: &str, id: Option<&str>, data: &str) {
    let mut field = |field: &str, value: &str| {
        for piece in [field, ": ", value, "\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    };
    field("event", name);
    if let Some(id) = id.filter(|id| !id.contains(['\0', '\r', '\n'])) {
        field("id", id);
    }
    for line in lines(data) {
        field("data", line);
    }
    out.push(b'\n');
}

/// The lines of a text, with whatever ends one taken away. There is one line at least.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let (line, more) = text.split_at(end);
        rest = Some(more.strip_prefix("\r\n").unwrap_or(&more[1..]));
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, id: Option<&str>, data: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, name, id, data);
        String::from_utf8(out).expect("text stays text")
    }

    #[test]
    fn an_event_has_a_field_on_each_line_and_ends_in_an_empty_one() {
        assert_eq!(written("/a", Some("i 1"), "<x>é</x>"), "event: /a\nid: i 1\ndata: <x>é</x>\n\n");
        assert_eq!(written("/a", None, "x"), "event: /a\ndata: x\n\n");
    }

    #[test]
    fn every_kind_of_line_end_begins_a_new_data_line() {
        for (data, lines) in [
            ("", &[""][..]),
            ("a\nb", &["a", "b"]),
            ("a\rb", &["a", "b"]),
            ("a\r\nb", &["a", "b"]),
            ("a\n\rb", &["a", "", "b"]),
            ("a\n", &["a", ""]),
            ("\r\n\r\n", &["", "", ""]),
            ("a\n\nevent: x\n\n", &["a", "", "event: x", "", ""]),
            ("a\u{2028}b\u{b}c\u{85}", &["a\u{2028}b\u{b}c\u{85}"]),
        ] {
            let fields: String = lines.iter().map(|line| format!("data: {line}\n")).collect();
            assert_eq!(written("/a", Some("1"), data), format!("event: /a\nid: 1\n{fields}\n"), "{data:?}");
        }
    }

    #[test]
    fn an_id_that_would_break_the_field_is_left_out() {
        for id in ["a\nb", "a\rb", "a\0b"] {
            assert_eq!(written("/a", Some(id), "x"), "event: /a\ndata: x\n\n");
        }
    }
}
