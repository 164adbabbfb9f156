//! The session of a Finesse desktop: how its WebSocket comes up, and what is said on it, which stands in `transcripts/seed.txt`.

use futures_rustls::rustls::version::{TLS12, TLS13};

use crate::support::glob::glob;
use crate::support::http::{Http, UPGRADE, publish};
use crate::support::polite::{Polite, Security};
use crate::support::server::DEMO;
use crate::support::{Client, Received, Server, Session, ns};
use crate::transcripts::{Line, lines};

/// The domain of the transcript.
const DOMAIN: &str = "uccxpub.prabhat.com";

/// A server with the domain of the transcript.
fn server() -> Server {
    Server::serving(DOMAIN, &DEMO.replace("domain = \"localhost\"", &format!("domain = \"{DOMAIN}\"")))
}

/// A stream before the first open, over TLS, as a desktop opens it.
fn connect(server: &Server) -> Client {
    Session::new(Polite::connect(server, Security::Tls(None), "/ws/").0, DOMAIN)
}

#[test]
fn part_2_the_upgrade_is_answered_with_101_and_the_headers_that_browsers_need() {
    let server = Server::demo();
    for path in ["/ws", "/ws/"] {
        let answer = Http::connect(server.plain).ask(format!(
            "GET {path} HTTP/1.1\r\n{UPGRADE}Origin: http://localhost:3000\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
        ));
        assert_eq!(answer.start, "HTTP/1.1 101", "{path}");
        assert_eq!(answer.header("Connection"), Some("Upgrade"));
        assert_eq!(answer.header("Upgrade"), Some("WebSocket"));
        assert_eq!(answer.header("Sec-WebSocket-Protocol"), Some("xmpp"));
        // The example of RFC 6455 §1.3.
        assert_eq!(answer.header("Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_eq!(answer.header("Sec-WebSocket-Extensions"), None, "compression is not agreed on");
        assert_eq!(answer.header("Content-Length"), None, "a 101 has no body");
    }
}

#[test]
fn part_2_both_paths_and_every_way_to_secure_them_lead_to_a_stream() {
    let server = Server::demo();
    for path in ["/ws", "/ws/"] {
        for security in
            [Security::Plain, Security::Tls(None), Security::Tls(Some(&TLS12)), Security::Tls(Some(&TLS13))]
        {
            let (wire, response) = Polite::connect(&server, security, path);
            assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "xmpp");
            let mut client = Session::new(wire, "localhost");
            client.log_in("1001", "desktop");
            client.leave();
        }
    }
}

#[test]
fn part_2_xmpp_is_found_among_several_subprotocols() {
    let server = Server::demo();
    for offer in [
        "Sec-WebSocket-Protocol: chat, xmpp\r\n",
        "Sec-WebSocket-Protocol: chat,xmpp,soap\r\n",
        "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: xmpp\r\n",
    ] {
        let headers = UPGRADE.replace("Sec-WebSocket-Protocol: xmpp\r\n", offer);
        let answer = Http::connect(server.plain).ask(format!("GET /ws/ HTTP/1.1\r\n{headers}\r\n"));
        assert_eq!(answer.status(), 101, "{offer}");
        assert_eq!(answer.header("Sec-WebSocket-Protocol"), Some("xmpp"), "{offer}");
    }
}

#[test]
fn the_open_of_other_clients_is_answered_the_same() {
    let server = server();
    let mut client = connect(&server);
    client.send(&format!("<open xmlns='{}' to='{DOMAIN}' version='1.0'/>", ns::FRAMING));
    let open = client.text();
    assert!(open.starts_with("<open "), "Strophe takes anything else for features: {open}");
    assert!(!open.contains("></"), "{open}");
    let mut again = connect(&server);
    // The open of nbxmpp: another order, a language, a blank before the end.
    again
        .send(&format!("<open xmlns=\"{}\" version=\"1.0\" to=\"{DOMAIN}\" xml:lang=\"en\" />", ns::FRAMING));
    again.expect_opened();
}

/// The hub's tests play this transcript, too, without a socket.
#[test]
fn the_session_of_the_seed_is_what_goes_over_the_wire() {
    let server = server();
    let mut client = connect(&server);
    for (number, line) in lines(include_str!("../transcripts/seed.txt")) {
        match line {
            Line::Send(text) => client.send(text),
            Line::Publish { node, payload } => drop(publish(&server, node, payload)),
            Line::Expect(pattern) => {
                let got = client.text();
                assert!(glob(pattern, &got), "line {number}\n expected: {pattern}\n got:      {got}");
            }
        }
    }
    assert_eq!(client.receive(), Received::Close(1000), "and nothing more");
}
