//! A probe of servers that mean no good, or are broken: it ends in its time with a finding, whatever they send.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::probe::{symptom, url};
use crate::run;

/// What a server does with a connection whose request has been read.
type Answer = fn(&mut TcpStream, &str);

/// A server that answers each connection as it likes, until the tests end.
fn hostile(answer: Answer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it has an address");
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n")
                    && request.len() < 4096
                    && socket.read(&mut byte).is_ok_and(|n| n == 1)
                {
                    request.push(byte[0]);
                    // A handshake of TLS has no such end, and the start tag of a stream neither.
                    if request[0] == 22 || (request[0] == b'<' && request.ends_with(b"version='1.0'>")) {
                        break;
                    }
                }
                answer(&mut socket, &String::from_utf8_lossy(&request));
            });
        }
    });
    address
}

/// The answer to an upgrade (RFC 6455 §4.2.2).
fn upgrade(socket: &mut TcpStream, request: &str) {
    let key = request.lines().find_map(|line| {
        line.strip_prefix("Sec-WebSocket-Key: ").or(line.strip_prefix("sec-websocket-key: "))
    });
    let key = format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key.unwrap_or_default());
    let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes()));
    let _ = write!(
        socket,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
    );
}

/// Writes again and again until the other side has gone. `pause`: between two.
fn without_end(socket: &mut TcpStream, bytes: &[u8], pause: Duration) {
    while socket.write_all(bytes).is_ok() {
        thread::sleep(pause);
    }
}

const AT_ONCE: Duration = Duration::ZERO;
const BYTE_A_SECOND: Duration = Duration::from_secs(1);

/// The start tag of a server's stream (RFC 6120 §4.2).
const STREAM: &[u8] =
    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

#[test]
fn whatever_a_server_sends_a_probe_ends_with_a_finding() {
    let bodies: Answer = |socket, _| {
        let body = "<body xmlns='http://jabber.org/protocol/httpbind' sid='s'/>";
        let _ = write!(socket, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        // What is unread when a socket is closed resets the connection.
        let _ = socket.shutdown(Shutdown::Write);
        let _ = socket.read_to_end(&mut Vec::new());
    };
    let cases: [(&str, &str, Answer, &[&str]); 27] = [
        (
            "an endless header",
            "ws",
            |socket, _| {
                let _ = socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\nX: ");
                without_end(socket, &[b'x'; 4096], AT_ONCE);
            },
            &["bad-handshake"],
        ),
        (
            "endless headers",
            "ws",
            |socket, _| {
                let _ = socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\n");
                without_end(socket, b"X-Header: value\r\n", AT_ONCE);
            },
            &["bad-handshake"],
        ),
        (
            "a byte of the header a second",
            "ws",
            |socket, _| without_end(socket, b"H", BYTE_A_SECOND),
            &["bad-handshake"],
        ),
        ("no HTTP", "ws", |socket, _| without_end(socket, &[0xff; 1024], AT_ONCE), &["bad-handshake"]),
        (
            "a redirection to itself",
            "ws",
            |socket, _| {
                let _ =
                    socket.write_all(b"HTTP/1.1 302 Found\r\nLocation: /ws/\r\nContent-Length: 0\r\n\r\n");
            },
            &["redirected"],
        ),
        (
            "an endless frame",
            "ws",
            |socket, request| {
                upgrade(socket, request);
                let _ = socket.write_all(&[0x81, 127, 0, 0, 0, 255, 0, 0, 0, 0]);
                without_end(socket, &[b'<'; 4096], AT_ONCE);
            },
            &["broken"],
        ),
        (
            "an endless message in pieces",
            "ws",
            |socket, request| {
                upgrade(socket, request);
                let _ = socket.write_all(&[0x01, 1, b'<']);
                without_end(socket, &[0x00, 3, b'a', b'b', b'c'].repeat(100), AT_ONCE);
            },
            &["broken"],
        ),
        (
            "frames without end",
            "ws",
            |socket, request| {
                upgrade(socket, request);
                without_end(socket, &[0x81, 4, b'<', b'a', b'/', b'>'].repeat(100), AT_ONCE);
            },
            &["broken"],
        ),
        (
            "pings without end",
            "ws",
            |socket, request| {
                upgrade(socket, request);
                without_end(socket, &[0x89, 0].repeat(100), AT_ONCE);
            },
            &["broken"],
        ),
        (
            "a byte of a frame a second",
            "ws",
            |socket, request| {
                upgrade(socket, request);
                let _ = socket.write_all(&[0x81, 125]);
                without_end(socket, b"<", BYTE_A_SECOND);
            },
            &[],
        ),
        (
            "elements in each other without end",
            "ws",
            |socket, request| {
                upgrade(socket, request);
                let text = "<a>".repeat(20_000);
                let length = u16::try_from(text.len()).expect("it fits").to_be_bytes();
                let _ = socket.write_all(&[&[0x81, 126][..], &length, text.as_bytes()].concat());
                without_end(socket, b"", BYTE_A_SECOND);
            },
            &["not-well-formed"],
        ),
        (
            "no TLS but bytes",
            "wss",
            |socket, _| without_end(socket, &[0x16, 3, 3, 0xff, 0xff, 2], AT_ONCE),
            &["no-tls"],
        ),
        (
            "a byte of a handshake of TLS a second",
            "wss",
            |socket, _| without_end(socket, &[0x16], BYTE_A_SECOND),
            &["silent", "no-tls"],
        ),
        (
            "a body without end",
            "http",
            |socket, _| {
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                without_end(socket, b"1000\r\n", AT_ONCE);
            },
            &["bad-handshake", "broken"],
        ),
        (
            "a body that is as long as nothing else",
            "http",
            |socket, _| {
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
                without_end(socket, &[b'<'; 4096], AT_ONCE);
            },
            &["bad-handshake", "broken"],
        ),
        (
            "a byte of a body a second",
            "http",
            |socket, _| {
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
                without_end(socket, b"<", BYTE_A_SECOND);
            },
            &[],
        ),
        (
            "empty parts of a message without end",
            "ws",
            |socket, request| {
                upgrade(socket, request);
                let _ = socket.write_all(&[0x01, 0]);
                without_end(socket, &[0x00, 0].repeat(4096), AT_ONCE);
            },
            &["broken"],
        ),
        (
            "announcements of a response without end",
            "http",
            |socket, _| without_end(socket, &b"HTTP/1.1 100 Continue\r\n\r\n".repeat(200), AT_ONCE),
            &["bad-handshake", "broken"],
        ),
        (
            "chunks with long extensions without end",
            "http",
            |socket, _| {
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                let chunk = [b"1;".to_vec(), vec![b'x'; 60_000], b"\r\nx\r\n".to_vec()].concat();
                without_end(socket, &chunk, AT_ONCE);
            },
            &["bad-handshake", "broken"],
        ),
        ("bodies that say nothing", "http", bodies, &[]),
        ("spaces without end", "xmpp", |socket, _| without_end(socket, &[b' '; 4096], AT_ONCE), &["broken"]),
        ("a space a second", "xmpp", |socket, _| without_end(socket, b" ", BYTE_A_SECOND), &[]),
        (
            "an endless start tag",
            "xmpp",
            |socket, _| {
                let _ = socket.write_all(b"<stream:stream a='");
                without_end(socket, &[b'x'; 4096], AT_ONCE);
            },
            &["broken"],
        ),
        (
            "an endless stanza",
            "xmpp",
            |socket, _| {
                let _ = socket.write_all(STREAM);
                let _ = socket.write_all(b"<message>");
                without_end(socket, &[b'x'; 4096], AT_ONCE);
            },
            &["broken"],
        ),
        (
            "stanzas without end",
            "xmpp",
            |socket, _| {
                let _ = socket.write_all(STREAM);
                without_end(socket, &b"<a/>".repeat(1000), AT_ONCE);
            },
            &["broken"],
        ),
        (
            "elements in each other without end",
            "xmpp",
            |socket, _| {
                let _ = socket.write_all(STREAM);
                without_end(socket, &b"<a>".repeat(1000), AT_ONCE);
            },
            &["broken"],
        ),
        (
            "no words of XMPP",
            "xmpp",
            |socket, _| without_end(socket, &[0xff; 1024], AT_ONCE),
            &["not-well-formed"],
        ),
    ];
    let runs: Vec<_> = cases
        .into_iter()
        .map(|(name, scheme, answer, expected)| {
            let address = url(scheme, hostile(answer));
            // Together: most of them wait.
            let run = thread::spawn(move || {
                let (sent, done) = std::sync::mpsc::channel();
                thread::spawn(move || {
                    sent.send(run(&["probe", &address, "--insecure", "--timeout", "2", "--json"]))
                });
                // Far beyond what two steps may take, and before anybody would think that it hangs.
                done.recv_timeout(Duration::from_secs(60))
            });
            (name, expected, run)
        })
        .collect();
    for (name, expected, run) in runs {
        let (code, printed, complained) =
            run.join().expect("it is no panic").unwrap_or_else(|_| panic!("{name}: the probe does not end"));
        assert_eq!((code, &*complained), (Some(1), ""), "{name}: {printed}");
        // A busy machine has not read the end of what is too much when the time is over.
        let found = symptom(&printed);
        assert!(found == "silent" || expected.contains(&&*found), "{name}: {printed}");
    }
}
