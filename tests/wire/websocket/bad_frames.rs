//! Frames that break RFC 6455, frames in unusual shapes that do not, and connections that go away.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::time::Duration;

use crate::support::client::CLOSE as CLOSE_ELEMENT;
use crate::support::raw::{BINARY, CONTINUATION, FIN, PING, PONG, TEXT, frame, header, unmasked};
use crate::support::{Client, Raw, Received, Server};

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";

const PING_IQ: &str =
    "<iq type='get' id='1' to='localhost' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>";

const PING_RESULT: &str =
    "<iq type='result' id='1' from='localhost' to='1001@localhost/desktop' xmlns='jabber:client'/>";

fn next_client_works(server: &Server) {
    Client::online(server, "1002", "desktop").leave();
}

/// A session over a socket of our own.
fn bound(server: &Server) -> Raw {
    let mut raw = Raw::connect(server);
    raw.log_in("1001", "desktop");
    raw
}

/// Sends bytes before and after the login: the stream ends with an error, and the WebSocket with that code. No other
/// session notices.
fn is_refused(bytes: &[u8], code: u16) {
    let server = Server::demo();
    let mut online = Client::online(&server, "1003", "desktop");
    let mut opened = Raw::connect(&server);
    opened.open();
    for mut raw in [opened, bound(&server)] {
        raw.bytes(bytes);
        let error = raw.text();
        assert!(error.starts_with("<stream:error "), "{error}");
        raw.expect_bytes(CLOSE_ELEMENT);
        assert_eq!(raw.receive(), Received::Close(code));
    }
    online.expect_nothing_more();
    next_client_works(&server);
}

#[test]
fn a_binary_message_is_unsupported_data() {
    is_refused(&frame(BINARY, OPEN.as_bytes()), 1003);
}

#[test]
fn a_frame_without_a_mask_is_a_protocol_error() {
    is_refused(&unmasked(TEXT, OPEN.as_bytes()), 1002);
}

#[test]
fn a_reserved_bit_is_a_protocol_error() {
    for bit in [0x40, 0x20, 0x10] {
        is_refused(&frame(TEXT | bit, OPEN.as_bytes()), 1002);
    }
}

#[test]
fn a_reserved_opcode_is_a_protocol_error() {
    for opcode in [0x3, 0x7, 0xB, 0xF] {
        is_refused(&frame(FIN | opcode, b"x"), 1002);
    }
}

#[test]
fn a_ping_of_200_bytes_is_a_protocol_error() {
    is_refused(&frame(PING, &[b'x'; 200]), 1002);
}

#[test]
fn a_fragmented_ping_is_a_protocol_error() {
    is_refused(&frame(PING & !FIN, b"x"), 1002);
}

#[test]
fn a_continuation_of_nothing_is_a_protocol_error() {
    is_refused(&frame(CONTINUATION, b"x"), 1002);
}

#[test]
fn a_message_inside_a_message_is_a_protocol_error() {
    is_refused(&[frame(TEXT & !FIN, b"<open "), frame(TEXT, OPEN.as_bytes())].concat(), 1002);
}

#[test]
fn text_that_is_not_utf_8_is_invalid_data() {
    is_refused(&frame(TEXT, b"<a b='\xff'/>"), 1007);
    // A character cut in half at the end, and one that is written too long.
    is_refused(&frame(TEXT, b"<a>\xe6\xbc"), 1007);
    is_refused(&frame(TEXT, b"<a b='\xc0\xaf'/>"), 1007);
}

#[test]
fn a_header_that_announces_a_tebibyte_is_refused_before_any_of_it_comes() {
    for length in [64 * 1024 + 1, 1 << 40, u64::MAX >> 1] {
        let mut bytes = header(TEXT, 0x80, length);
        bytes.extend([0; 4]);
        is_refused(&bytes, 1009);
    }
}

#[test]
fn a_fragmented_message_is_joined() {
    let server = Server::demo();
    let mut raw = bound(&server);
    for size in [1, 7, 50] {
        let mut pieces: Vec<Vec<u8>> = PING_IQ.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        let last = pieces.pop().expect("there are pieces");
        let mut first = TEXT & !FIN;
        for piece in pieces {
            raw.bytes(&frame(first, &piece));
            first = 0;
        }
        raw.bytes(&frame(FIN | first, &last));
        raw.expect(PING_RESULT);
    }
}

#[test]
fn a_character_may_be_cut_by_fragments_and_control_frames_may_come_between() {
    let server = Server::demo();
    let mut raw = bound(&server);
    let text = PING_IQ.replace("'1'", "'漢'").into_bytes();
    let middle = text.iter().position(|byte| !byte.is_ascii()).expect("one is not ASCII") + 1;
    raw.bytes(&frame(TEXT & !FIN, &text[..middle]));
    raw.bytes(&frame(PING, b"between"));
    raw.bytes(&frame(CONTINUATION, &text[middle..]));
    assert_eq!(raw.receive(), Received::Pong(b"between".to_vec()));
    raw.expect(&PING_RESULT.replace("'1'", "'漢'"));
}

fn is_too_large(mut raw: Raw) {
    raw.expect(
        "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>\
         <policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    );
    raw.expect_bytes(CLOSE_ELEMENT);
    assert_eq!(raw.receive(), Received::Close(1009));
}

#[test]
fn a_fragmented_message_over_the_limit_is_too_large() {
    // Neither of them is over the limit alone.
    let half = frame(TEXT & !FIN, &[b' '; 40 * 1024]);
    let server = Server::demo();
    let mut raw = bound(&server);
    raw.bytes(&half);
    raw.bytes(&frame(CONTINUATION, &[b' '; 40 * 1024]));
    is_too_large(raw);
    next_client_works(&server);
}

#[test]
fn endless_small_fragments_are_too_large_too() {
    let server = Server::demo();
    let mut raw = Raw::connect(&server);
    raw.open();
    let mut bytes = frame(TEXT & !FIN, b"<a ");
    for _ in 0..9 {
        bytes.extend(frame(0, &[b' '; 1024]));
    }
    raw.bytes(&bytes);
    is_too_large(raw);
    next_client_works(&server);
}

/// Nothing that it says could be for anybody. Its own close frame may be long in coming, so that is not waited for.
#[test]
fn a_client_that_does_not_stop_after_its_stream_error_hears_it_to_the_end_and_is_read_for_so_long_and_no_longer()
 {
    let server = Server::with("[limits]\nclose = \"60s\"\n");
    let mut opened = Raw::connect(&server);
    opened.open();
    for mut raw in [opened, bound(&server)] {
        raw.bytes(&frame(TEXT, b"<a"));
        let pings = frame(PING, b"").repeat(64 * 1024);
        raw.wire.stream.write_all(&pings).expect("it is read");
        let mut heard = Vec::new();
        raw.wire.stream.read_to_end(&mut heard).expect("there is an end, and no reset");
        let error = b"</stream:error>";
        assert!(heard.windows(error.len()).any(|bytes| bytes == error));
        assert!(heard.ends_with(b"\x03\xe8not-well-formed"), "the close frame comes last");
        let mut sent = 0;
        while raw.wire.stream.write_all(&pings).is_ok() {
            sent += pings.len();
            assert!(sent < 1 << 28);
        }
    }
    next_client_works(&server);
}

#[test]
fn a_frame_may_come_byte_by_byte() {
    let server = Server::demo();
    let mut raw = bound(&server);
    for byte in frame(TEXT, PING_IQ.as_bytes()) {
        raw.bytes(&[byte]);
    }
    raw.expect(PING_RESULT);
}

#[test]
fn several_frames_may_come_at_once() {
    let server = Server::demo();
    let mut raw = bound(&server);
    let mut bytes = Vec::new();
    for id in 1..=50 {
        bytes.extend(frame(TEXT, PING_IQ.replace("'1'", &format!("'{id}'")).as_bytes()));
    }
    raw.bytes(&bytes);
    for id in 1..=50 {
        raw.expect(&PING_RESULT.replace("'1'", &format!("'{id}'")));
    }
}

#[test]
fn the_open_may_come_with_the_upgrade() {
    use crate::support::http::{Http, UPGRADE};
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let mut bytes = format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}\r\n").into_bytes();
    bytes.extend(frame(TEXT, OPEN.as_bytes()));
    http.send(bytes);
    let rest = {
        use std::io::Read as _;
        let mut rest = vec![0; 4096];
        let mut stream = http.into_inner();
        let mut length = 0;
        while !rest[..length].ends_with(b"</stream:features>") {
            let more = stream.read(&mut rest[length..]).expect("an answer comes");
            assert!(more > 0, "{}", String::from_utf8_lossy(&rest[..length]));
            length += more;
        }
        String::from_utf8_lossy(&rest[..length]).into_owned()
    };
    assert!(rest.starts_with("HTTP/1.1 101") && rest.contains("<open "), "{rest}");
}

#[test]
fn a_ping_is_answered_with_the_same_payload() {
    let server = Server::demo();
    let mut raw = Raw::connect(&server);
    for payload in [&b""[..], b"hello", &[0xff; 125]] {
        raw.bytes(&frame(PING, payload));
        assert_eq!(raw.receive(), Received::Pong(payload.to_vec()));
    }
    // A pong that nobody asked for is no mistake.
    raw.bytes(&frame(PONG, b"unasked"));
    raw.log_in("1001", "desktop");
    raw.bytes(&frame(PING, b"hello"));
    assert_eq!(raw.receive(), Received::Pong(b"hello".to_vec()));
}

#[test]
fn a_websocket_close_is_answered_with_the_same_code() {
    let server = Server::demo();
    for (payload, code) in [
        (&b"\x03\xe8"[..], 1000),
        (b"\x03\xe8goodbye", 1000),
        (b"\x03\xe9", 1001),
        (b"\x0b\xb8", 3000),
        (b"", 1005),
    ] {
        for mut raw in [Raw::connect(&server), bound(&server)] {
            raw.wire.send_close(payload);
            assert_eq!(raw.receive(), Received::Close(code));
            assert_eq!(raw.receive(), Received::End);
        }
    }
    next_client_works(&server);
}

#[test]
fn the_connection_ends_when_the_close_is_answered_even_after_a_protocol_error() {
    let server = Server::with("[limits]\nclose = \"1m\"\n");
    for bytes in [frame(BINARY, b"x"), frame(PING, &[b'x'; 200])] {
        let mut raw = bound(&server);
        // Much shorter than the limit, much longer than it takes.
        raw.wire.stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
        raw.bytes(&bytes);
        while !matches!(raw.receive(), Received::Close(_)) {}
        assert_eq!(raw.receive(), Received::End);
    }
}

#[test]
fn a_websocket_close_that_is_none_is_a_protocol_error() {
    let server = Server::demo();
    for payload in [&b"\x03"[..], b"\x03\xed", b"\x00\x00", b"\x03\xe8\xff"] {
        let mut raw = bound(&server);
        raw.wire.send_close(payload);
        let code = loop {
            match raw.receive() {
                Received::Close(code) => break code,
                Received::Text(_) => {}
                other => panic!("{other:?} in place of a close"),
            }
        };
        // RFC 6455 §7.4.1 and §8.1.
        assert!([1002, 1007].contains(&code), "{payload:?}: {code}");
    }
    next_client_works(&server);
}

#[test]
fn nothing_is_answered_after_the_close() {
    let server = Server::demo();
    let mut raw = bound(&server);
    let close = frame(TEXT, CLOSE_ELEMENT.as_bytes());
    raw.bytes(&[close, frame(TEXT, PING_IQ.as_bytes()), frame(TEXT, b"not XML")].concat());
    raw.expect_close(1000);
}

#[test]
fn a_socket_cut_in_the_middle_of_a_frame_ends_that_session_only() {
    let server = Server::demo();
    let mut online = Client::online(&server, "1001", "phone");
    let whole = frame(TEXT, PING_IQ.as_bytes());
    for length in [1, 2, 5, whole.len() - 1] {
        let mut raw = Raw::connect(&server);
        raw.log_in("1001", "desktop");
        raw.become_available_beside(&mut online);
        raw.bytes(&whole[..length]);
        raw.wire.stream.shutdown(Shutdown::Both).expect("the socket is open");
        // The server has seen it: the other session of the user is told.
        let gone = "<presence xmlns='jabber:client' type='unavailable' from='1001@localhost/desktop' \
                    to='1001@localhost/phone'/>";
        online.expect(gone);
    }
    next_client_works(&server);
}
