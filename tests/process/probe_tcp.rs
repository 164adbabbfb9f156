//! `callboard probe` over TCP: STARTTLS, TLS from the first byte, and ports that speak something else.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::probe::{probe, symptom, url};
use crate::run;
use crate::support::http::own;
use crate::support::server::Folder;
use crate::support::{tcp, tls};

/// Writes the certificate that a server shows into a file for `--ca`.
pub fn trusting(folder: &Folder, server: SocketAddr) -> String {
    let encoded = STANDARD.encode(tls::certificate(server));
    let path = folder.write(
        "server-shows.pem",
        &format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n"),
    );
    path.to_str().expect("the folder of the tests has a plain name").to_owned()
}

/// The names of the steps that passed.
fn passed(printed: &str) -> Vec<&str> {
    let lines = printed.lines().filter_map(|line| line.strip_prefix("ok "));
    lines.filter_map(|line| line.split(' ').next()).collect()
}

#[test]
fn a_server_that_is_well_has_no_finding_over_tcp() {
    let (server, ports) = tcp::serving("", "");
    let folder = Folder::new();
    let ca = trusting(&folder, server.tls);
    let stream = [
        "open",
        "features",
        "auth",
        "restart",
        "bind",
        "session",
        "presence",
        "finesse",
        "subscribe",
        "ping",
        "unsubscribe",
        "close",
    ];
    for (scheme, address, before) in [
        ("xmpp", ports.plain, &["dns", "tcp", "starttls", "tls"][..]),
        ("xmpps", ports.tls, &["dns", "tcp", "tls"]),
    ] {
        let (code, printed) = probe(&url(scheme, address), &["--strict", "--ca", &ca]);
        assert_eq!((code, passed(&printed)), (Some(0), [before, &stream[..]].concat()), "{printed}");
    }
    let two = [url("xmpp", ports.plain), url("xmpps", ports.tls)];
    let (code, printed) = probe(&two[0], &["--compare", &two[1], "--ca", &ca]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(!server.log().contains("panicked"));
}

#[test]
fn a_password_over_tcp_goes_only_to_a_server_that_is_trusted() {
    let (server, ports) = tcp::serving("", "");
    for (scheme, address) in [("xmpp", ports.plain), ("xmpps", ports.tls)] {
        let (code, printed) = probe(&url(scheme, address), &["--json"]);
        assert_eq!((code, &*symptom(&printed)), (Some(1), "certificate-self-signed"), "{printed}");
        assert!(printed.contains("password-kept"), "{printed}");
    }
    assert!(!server.log().contains("<auth"), "{}", server.log());
}

#[test]
fn ports_that_speak_something_else_are_told() {
    let (server, ports) = tcp::serving("", "");
    for (scheme, address, expected) in [
        ("xmpp", ports.tls, "tls-expected"),
        ("xmpps", ports.plain, "speaks-xmpp"),
        ("xmpp", server.tls, "tls-expected"),
        ("xmpp", server.plain, "speaks-http"),
        ("xmpps", server.tls, "speaks-http"),
        ("xmpps", server.plain, "speaks-http"),
        ("ws", ports.plain, "speaks-xmpp"),
        ("wss", ports.plain, "speaks-xmpp"),
        ("http", ports.plain, "speaks-xmpp"),
        ("https", ports.plain, "speaks-xmpp"),
        ("wss", ports.tls, "no-tls"),
    ] {
        let (code, printed) = probe(&url(scheme, address), &["--json", "--insecure", "--timeout", "5"]);
        assert_eq!((code, &*symptom(&printed)), (Some(1), expected), "{scheme}: {printed}");
    }
}

/// A server that says one thing to the stream of each client, and then another to `<starttls/>`.
fn saying(opened: &'static str, to_start_tls: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it has an address");
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut bytes = [0; 1024];
            let _ = socket.read(&mut bytes);
            let _ = socket.write_all(opened.as_bytes());
            let _ = socket.read(&mut bytes);
            let _ = socket.write_all(to_start_tls.as_bytes());
            while socket.read(&mut bytes).is_ok_and(|count| count > 0) {}
        }
    });
    address
}

#[test]
fn nothing_may_stand_between_proceed_and_tls() {
    const OPENED: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
        from='localhost' id='x' version='1.0'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>";
    let address = saying(
        OPENED,
        "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></stream:features>",
    );
    let (code, printed) = probe(&url("xmpp", address), &["--json", "--timeout", "2"]);
    assert_eq!((code, &*symptom(&printed)), (Some(1), "no-tls"), "{printed}");
    assert!(printed.contains("bytes came behind <proceed/> before TLS"), "{printed}");
    let address = saying(OPENED, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
    let (code, printed) = probe(&url("xmpp", address), &["--json", "--timeout", "2"]);
    assert_eq!((code, &*symptom(&printed)), (Some(1), "starttls-refused"), "{printed}");
}

#[test]
fn what_is_saved_and_recorded_of_tcp_is_explained() {
    let (server, ports) = tcp::serving("", "");
    let folder = Folder::new();
    let ca = trusting(&folder, server.tls);
    let saved = folder.path().join("saved.json");
    let saved = saved.to_str().expect("the folder of the tests has a plain name");
    assert_eq!(own(&server, "administrator", "PUT", "faults/f?kind=ping-error").status(), 201);
    let (code, _) = probe(&url("xmpp", ports.plain), &["--ca", &ca, "--save", saved]);
    assert_eq!(code, Some(1));
    let text = std::fs::read_to_string(saved).expect("it was saved");
    assert!(!text.contains("ADEwMDEAMTAwMQ"), "the login is masked: {text}");
    let record = own(&server, "administrator", "GET", "record?kind=frame-in&user=1001&limit=1").body;
    let session = record.split("\"session\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let session = session.expect("an entry has its session");
    let mut files = vec![saved.to_owned()];
    for form in ["txt", "har", "json"] {
        let exported = own(&server, "administrator", "GET", &format!("record/{session}.{form}")).body;
        let path = folder.write(&format!("exported.{form}"), &exported);
        files.push(path.to_str().expect("a plain name").to_owned());
    }
    for file in files {
        let (code, printed, _) = run(&["probe", "--explain", &file, "--json"]);
        assert_eq!((code, &*symptom(&printed)), (Some(1), "ping-error"), "{file}: {printed}");
        for step in ["starttls", "open", "features", "auth", "restart", "bind"] {
            assert!(
                printed.contains(&format!("{{\"step\":\"{step}\",\"verdict\":\"passed\"")),
                "{file} {step}: {printed}"
            );
        }
    }
}
