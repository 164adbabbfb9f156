//! Requests that are no upgrade, bad upgrades, and HTTP that no client should speak: each gets its answer, and the
//! next client works.

use std::io::Write as _;
use std::net::TcpStream;

use crate::support::http::{Http, UPGRADE};
use crate::support::{Client, Server};

/// Sends a request with the headers of an upgrade, one of them changed.
fn upgrade(server: &Server, line: &str, header: &str, changed: &str) -> crate::support::http::Answer {
    assert!(UPGRADE.contains(header), "{header} is one of the headers");
    Http::connect(server.plain).ask(format!("{line}\r\n{}\r\n", UPGRADE.replace(header, changed)))
}

/// A session from start to end, after something bad.
fn next_client_works(server: &Server) {
    Client::online(server, "1002", "desktop").leave();
}

const GET: &str = "GET /ws/ HTTP/1.1";

#[test]
fn an_upgrade_without_the_subprotocol_xmpp_is_a_bad_request() {
    let server = Server::demo();
    for offer in ["", "Sec-WebSocket-Protocol: chat\r\n", "Sec-WebSocket-Protocol: xmpp2, not-xmpp\r\n"] {
        let answer = upgrade(&server, GET, "Sec-WebSocket-Protocol: xmpp\r\n", offer);
        assert_eq!(answer.status(), 400, "{offer}");
        assert!(answer.body.contains("xmpp"), "it says what is missing: {}", answer.body);
        assert_eq!(answer.header("Upgrade"), None);
    }
    next_client_works(&server);
}

#[test]
fn an_upgrade_to_another_version_is_told_the_right_one() {
    let server = Server::demo();
    for version in ["", "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 14\r\n"] {
        let answer = upgrade(&server, GET, "Sec-WebSocket-Version: 13\r\n", version);
        // RFC 6455 §4.2.2 and RFC 9110 §15.5.22.
        assert_eq!(answer.status(), 426, "{version}");
        assert_eq!(answer.header("Sec-WebSocket-Version"), Some("13"));
        assert!(answer.header("Upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")));
        assert!(answer.body.contains("13"), "{}", answer.body);
    }
    next_client_works(&server);
}

#[test]
fn a_request_that_is_no_upgrade_is_told_so() {
    let server = Server::demo();
    let answers = [
        upgrade(&server, GET, "Upgrade: websocket\r\n", ""),
        upgrade(&server, GET, "Upgrade: websocket\r\n", "Upgrade: h2c\r\n"),
        upgrade(&server, GET, "Connection: Upgrade\r\n", ""),
        upgrade(&server, GET, "Connection: Upgrade\r\n", "Connection: keep-alive\r\n"),
        Http::connect(server.plain).ask("GET /ws/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ];
    for answer in answers {
        assert_eq!(answer.status(), 426, "{answer:?}");
        assert!(answer.header("Upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")));
        assert!(answer.body.contains("WebSocket"), "{}", answer.body);
    }
    next_client_works(&server);
}

#[test]
fn an_upgrade_with_a_bad_key_is_a_bad_request() {
    let server = Server::demo();
    let header = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for key in [
        "",
        "Sec-WebSocket-Key:\r\n",
        "Sec-WebSocket-Key: c2hvcnQ=\r\n",
        "Sec-WebSocket-Key: not base64 at all!!!!!\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSBpcyB0b28gbG9uZw==\r\n",
    ] {
        assert_eq!(upgrade(&server, GET, header, key).status(), 400, "{key}");
    }
    next_client_works(&server);
}

#[test]
fn an_upgrade_by_another_method_is_not_allowed() {
    let server = Server::demo();
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = upgrade(&server, &format!("{method} /ws/ HTTP/1.1"), "Upgrade", "Upgrade");
        assert_eq!(answer.status(), 405, "{method}");
        assert_eq!(answer.header("Allow"), Some("GET"));
    }
    next_client_works(&server);
}

#[test]
fn an_upgrade_over_http_1_0_is_refused() {
    let server = Server::demo();
    let answer = upgrade(&server, "GET /ws/ HTTP/1.0", "Upgrade", "Upgrade");
    // RFC 6455 §4.2.1: HTTP/1.1 or higher.
    assert!([400, 426, 505].contains(&answer.status()), "{answer:?}");
    next_client_works(&server);
}

#[test]
fn an_unknown_path_is_a_small_honest_404() {
    let server = Server::demo();
    for path in ["/wss/", "/ws/x", "/WS/", "/..%2fws/", "/finesse", "/%00", "/callboard/", "/consoles"] {
        let answer =
            Http::connect(server.plain).ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_eq!(answer.status(), 404, "{path}");
        assert!((1..1000).contains(&answer.body.len()), "{path}: {}", answer.body);
        assert_eq!(answer.header("Content-Type"), Some("text/plain; charset=utf-8"));
    }
    next_client_works(&server);
}

#[test]
fn the_server_says_that_it_is_alive() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let answer = http.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((answer.status(), answer.body.as_str()), (200, "ok\n"));
    let answer = Http::connect(server.plain)
        .ask("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((answer.status(), answer.header("Allow")), (405, Some("GET, HEAD, OPTIONS")));
    // The answer to HEAD has no body: the next answer follows at once.
    http.send(
        "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /wss/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    let answers = http.rest();
    let (head, next) = answers.split_once("\r\n\r\n").expect("there are two answers");
    assert!(head.starts_with("HTTP/1.1 200") && next.starts_with("HTTP/1.1 404"), "{answers}");
}

#[test]
fn http_1_0_is_answered_and_closed() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    assert_eq!(http.ask("GET /healthz HTTP/1.0\r\n\r\n").status(), 200);
    assert_eq!(http.rest(), "");
}

#[test]
fn http_1_0_with_keep_alive_goes_on() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    for _ in 0..2 {
        let answer = http.ask("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        assert_eq!(answer.status(), 200);
        let kept = answer.header("Connection").unwrap_or_default();
        assert!(kept.eq_ignore_ascii_case("keep-alive"), "{answer:?}");
    }
}

#[test]
fn http_1_1_takes_request_after_request_and_several_at_once() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(http.ask(get("/healthz")).status(), 200);
    assert_eq!(http.ask(get("/nothing")).status(), 404);
    http.send(get("/healthz") + &get("/nothing") + &get("/healthz"));
    assert_eq!([(); 3].map(|()| http.answer().status()), [200, 404, 200]);
    let answer = http.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(answer.status(), 200);
    assert_eq!(http.rest(), "");
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    for byte in format!("{GET}\r\n{UPGRADE}\r\n").bytes() {
        http.send([byte]);
    }
    assert_eq!(http.answer().status(), 101);
}

#[test]
fn headers_over_16_kib_are_too_large() {
    let server = Server::demo();
    let with = |length| {
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(length))
    };
    assert_eq!(Http::connect(server.plain).ask(with(15 * 1024)).status(), 200);
    let mut http = Http::connect(server.plain);
    assert_eq!(http.ask(with(17 * 1024)).status(), 431);
    http.rest();
    // One that never ends is no different.
    let mut http = Http::connect(server.plain);
    http.send(with(1024 * 1024).trim_end());
    let rest = http.rest();
    assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 431"), "{rest}");
    next_client_works(&server);
}

#[test]
fn too_many_headers_are_too_large() {
    let server = Server::demo();
    let with =
        |count| format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(count));
    assert_eq!(Http::connect(server.plain).ask(with(40)).status(), 200);
    assert_eq!(Http::connect(server.plain).ask(with(1000)).status(), 431);
    next_client_works(&server);
}

#[test]
fn what_is_not_http_is_a_bad_request() {
    let server = Server::demo();
    for bytes in [
        &b"hello\r\n\r\n"[..],
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/3.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"<stream:stream xmlns='jabber:client'>\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n X: folded\r\nno colon\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ] {
        let mut http = Http::connect(server.plain);
        http.send(bytes);
        let answer = http.rest();
        let answered =
            answer.is_empty() || answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 505");
        assert!(answered, "{:?}: {answer}", String::from_utf8_lossy(bytes));
    }
    next_client_works(&server);
}

#[test]
fn a_request_without_a_host_is_a_bad_request() {
    let server = Server::demo();
    for host in ["", "Host: localhost\r\nHost: elsewhere.example\r\n"] {
        // RFC 9112 §3.2.
        let answer = Http::connect(server.plain).ask(format!("GET /healthz HTTP/1.1\r\n{host}\r\n"));
        assert_eq!(answer.status(), 400, "{host}");
    }
}

#[test]
fn a_connection_that_is_cut_in_a_request_disturbs_nobody() {
    let server = Server::demo();
    let mut online = Client::online(&server, "1001", "desktop");
    for address in [server.plain, server.tls] {
        for bytes in [&b""[..], b"G", b"GET /ws/ HTTP/1.1\r\nHost: loc", b"\x16\x03\x01\x02"] {
            let mut stream = TcpStream::connect(address).expect("the server accepts connections");
            stream.write_all(bytes).expect("the server is there");
        }
    }
    online.expect_nothing_more();
    next_client_works(&server);
}

#[test]
fn what_is_neither_tls_nor_http_ends_that_connection_only() {
    let server = Server::demo();
    let mut online = Client::online(&server, "1001", "desktop");
    for bytes in [
        &[0; 64][..],
        b"ssh-2.0-x\r\n\r\n",
        // The first record of a handshake whose message is no ClientHello.
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
    ] {
        let mut http = Http::connect(server.tls);
        http.send(bytes);
        let rest = http.rest();
        assert!(!rest.contains("HTTP"), "nothing is answered in the clear: {rest}");
    }
    online.expect_nothing_more();
    next_client_works(&server);
}
