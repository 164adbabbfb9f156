//! Sessions written down as they are said: what a client sends and what the server answers, byte by byte.

/// A line of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// `> `: the client sends this message.
    Send(&'a str),
    /// `< `: the server sends this message next. `{any}` stands for anything.
    Expect(&'a str),
    /// `+ `: this payload is published to this node.
    Publish { node: &'a str, payload: &'a str },
}

/// The lines of a transcript, each with its number. Empty lines and those that begin with `#` are for the reader.
pub fn lines(transcript: &str) -> impl Iterator<Item = (usize, Line<'_>)> {
    let numbered = transcript.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(number, line)| {
        let line = match line.split_at_checked(2) {
            Some(("> ", message)) => Line::Send(message),
            Some(("< ", pattern)) => Line::Expect(pattern),
            Some(("+ ", event)) => {
                let (node, payload) = event.split_once(' ').expect("a node and a payload");
                Line::Publish { node, payload }
            }
            _ => panic!("line {number} begins with none of >, <, +, #: {line}"),
        };
        (number, line)
    })
}
