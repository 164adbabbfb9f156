//! A stream over TCP, behind a header of its own or, if the text begins with `!`, as it is. The first byte behind that says in
//! pieces of which size it comes.
//!
//! The pieces are the same however it comes, and mean to the program what a second parser finds in the whole stream.
#![no_main]

use callboard::config::limits::Limits;
use callboard::xml;
use callboard::xml::{Bounds, XmlError};
use callboard::xmpp::ns;
use callboard::xmpp::splitter::{Piece, Splitter};
use callboard_fuzz::parts::{Part, by_second_parser, parts};
use libfuzzer_sys::fuzz_target;
use roxmltree::Node;

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";

fuzz_target!(|text: &str| {
    let (header, text) = text.strip_prefix('!').map_or((HEADER, text), |text| ("", text));
    let size = text.bytes().next().map_or(1, |byte| usize::from(byte % 32) + 1);
    let stream = [header, text.get(1..).unwrap_or_default()].concat();
    let limits = Limits::default();
    let (pieces, error) = split(&stream, stream.len().max(1), limits.stanza);
    let (others, other_error) = split(&stream, size, limits.stanza);
    assert!(pieces.iter().map(|piece| &piece.text).eq(others.iter().map(|piece| &piece.text)), "{stream}");
    assert_eq!(error, other_error, "{stream}");
    compare(&stream, &pieces, &Bounds::of(&limits));
});

/// What came out of a splitter, and how much of the stream had come in by then.
struct Found {
    is_header: bool,
    /// `None`: the end.
    text: Option<String>,
    end: usize,
}

fn split(stream: &str, size: usize, limit: usize) -> (Vec<Found>, Option<XmlError>) {
    let mut splitter = Splitter::new(limit);
    let (mut found, mut end) = (Vec::new(), 0);
    for mut part in stream.as_bytes().chunks(size) {
        loop {
            let before = part.len();
            let piece = splitter.next(&mut part);
            end += before - part.len();
            let (is_header, text) = match piece {
                Ok(None) => break,
                Ok(Some(Piece::Space)) => continue,
                Ok(Some(Piece::Header(text))) => (true, Some(text.to_owned())),
                Ok(Some(Piece::Stanza(text))) => (false, Some(text.to_owned())),
                Ok(Some(Piece::End)) => (false, None),
                Err(error) => return (found, Some(error)),
            };
            found.push(Found { is_header, text, end });
        }
    }
    (found, None)
}

/// Compares what is taken of a stream with what a second parser sees in it.
fn compare(stream: &str, pieces: &[Found], bounds: &Bounds) {
    let (mut seen, mut taken) = (Vec::new(), 0);
    for (nth, Found { is_header, text, end }) in pieces.iter().enumerate() {
        // The program ends the stream with a second header.
        if *is_header != (nth == 0) {
            break;
        }
        if let Some(text) = text {
            let Ok(document) = xml::read(text, bounds) else { break };
            let element = document.root_element();
            match is_header {
                true if !is_of_xmpp(element) => break,
                true => {}
                false => seen.extend(parts(element)),
            }
        }
        taken = *end;
        if text.is_none() {
            break;
        }
    }
    if taken == 0 {
        return;
    }
    let is_over = pieces.iter().any(|piece| piece.text.is_none() && piece.end == taken);
    let whole = format!("{}{}", &stream[..taken], if is_over { "" } else { "</stream:stream>" });
    // White space before a header says nothing, and both ends of a line are the same to XML (XML 1.0 §2.11).
    let whole = whole.trim_start().replace("\r\n", "\n").replace('\r', "\n");
    let mut depth = 0;
    let mut expected = by_second_parser(&whole);
    expected.retain(|part| {
        depth += match part {
            Part::Start(..) => 1,
            Part::End => -1,
            Part::Text(_) => 0,
        };
        depth != 1 || !matches!(part, Part::Text(_))
    });
    assert_eq!(seen, expected[1..expected.len() - 1], "{stream}");
}

/// Whether a header declares what a stream of XMPP may declare.
fn is_of_xmpp(header: Node<'_, '_>) -> bool {
    let good = |namespace: &roxmltree::Namespace<'_>| {
        matches!(
            (namespace.name(), namespace.uri()),
            (None, ns::CLIENT) | (Some("stream"), ns::STREAM) | (Some("xml"), ns::XML)
        )
    };
    let name = header.tag_name();
    name.namespace() == Some(ns::STREAM) && name.name() == "stream" && header.namespaces().all(good)
}
