//! XMPP over TCP (RFC 6120): with TLS from the first byte, by STARTTLS, and without TLS where that is allowed.

use std::io::Read as _;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use smol::Async;

use crate::support::http::publish;
use crate::support::tcp::{TcpSession, expect_end, header, serving};
use crate::support::{Client, Received, ns, tls};
use crate::transcripts::{Line, lines};

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";

/// The session of a Finesse desktop is the same over TCP, but for how it opens and ends.
#[test]
fn a_desktop_has_the_same_session_over_tcp() {
    let (server, ports) = serving("", "");
    for connect in [TcpSession::tls, TcpSession::by_start_tls] {
        let mut session = connect(ports);
        for (_, line) in lines(include_str!("../transcripts/seed.txt")) {
            // The demo has another domain than that of the transcript, and the password in it names the domain.
            let here = |text: &str| {
                text.replace("uccxpub.prabhat.com", "localhost").replace(
                    "YWRtaW5pc3RyYXRvckB1Y2N4cHViLnByYWJoYXQuY29tAGFkbWluaXN0cmF0b3IAMTIzNA==",
                    "YWRtaW5pc3RyYXRvckBsb2NhbGhvc3QAYWRtaW5pc3RyYXRvcgAxMjM0",
                )
            };
            match line {
                Line::Send(message) => session.send(&here(message)),
                Line::Expect(pattern) => drop(session.expect_bytes(&here(pattern))),
                Line::Publish { node, payload } => {
                    let _ = publish(&server, node, payload);
                }
            }
        }
    }
}

#[test]
fn a_login_needs_tls_where_it_is_required() {
    let (_server, ports) = serving("", "");
    let mut session = TcpSession::plain(ports);
    session.send_open();
    session.expect_open();
    let features = session.text();
    assert!(
        features.contains("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"),
        "{features}"
    );
    assert!(!features.contains("PLAIN"), "{features}");
    session.send_plain("\0administrator\x001234");
    session.expect_failure("encryption-required");
    let mut secure = TcpSession::by_start_tls(ports);
    secure.send_open();
    secure.expect_open();
    let features = secure.text();
    assert!(
        features.contains("<mechanism>PLAIN</mechanism>") && !features.contains("starttls"),
        "{features}"
    );
    secure.send(&format!("<starttls xmlns='{}'/>", ns::TLS));
    expect_end(&mut secure, Some("unsupported-stanza-type"));
}

#[test]
fn a_login_without_tls_is_taken_where_the_configuration_allows_it() {
    let (_server, ports) = serving("xmpp_plain_login = true", "");
    let mut session = TcpSession::plain(ports);
    session.send_open();
    session.expect_open();
    let features = session.text();
    assert!(
        features.contains("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><mechanisms "),
        "{features}"
    );
    session.send_plain("\0administrator\x001234");
    session.expect_success();
    session.open();
    session.bind("administrator", "a");
    session.become_available();
    session.expect_nothing_more();
    // TLS is still to be had by who wants it.
    drop(TcpSession::by_start_tls(ports));
}

/// What somebody puts behind `<starttls/>` must not count as said in TLS (CVE-2011-0411).
#[test]
fn bytes_behind_starttls_are_an_error_and_never_input() {
    let (server, ports) = serving("", "");
    for behind in [" ", "<", &header(OPEN), "\u{16}\u{3}\u{1}"] {
        let mut session = TcpSession::plain(ports);
        session.open();
        session.bytes(format!("<starttls xmlns='{}'/>{behind}", ns::TLS).as_bytes());
        expect_end(&mut session, Some("policy-violation"));
    }
    assert!(!server.log().contains("logged in"));
}

/// RFC 6120 §4.9.3, where a client can cause it by what it says.
#[test]
fn a_stream_that_breaks_a_rule_ends_with_its_error() {
    let (_server, ports) = serving("", "");
    let head = header(OPEN);
    for (said, condition) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "not-well-formed"),
        (" <open/>".to_owned(), "bad-format"),
        ("<iq/>".to_owned(), "bad-format"),
        ("<!DOCTYPE a>".to_owned(), "restricted-xml"),
        ("<?xml version='1.1'?><a>".to_owned(), "not-well-formed"),
        ("<?xml version='1.0' encoding='latin1'?>".to_owned() + &head[21..], "unsupported-encoding"),
        (head.replace(" xmlns=", " xmlns:a='u' xmlns="), "bad-namespace-prefix"),
        (head.replace("jabber:client", "jabber:server"), "invalid-namespace"),
        (head.replace("etherx", "ether"), "bad-format"),
        (head.replace("'localhost'", "'elsewhere'"), "host-unknown"),
        (head.replace(" to='localhost'", ""), "improper-addressing"),
        (head.replacen(" version='1.0'>", ">", 1), "unsupported-version"),
        (head.replace(" to=", &format!(" {}='' to=", "a".repeat(9000))), "policy-violation"),
    ] {
        let mut session = TcpSession::tls(ports);
        session.bytes(said.as_bytes());
        session.expect_open();
        expect_end(&mut session, Some(condition));
    }
    for (said, condition) in [
        (head.clone(), "restricted-xml"),
        (head[21..].to_owned(), "unsupported-stanza-type"),
        ("text".to_owned(), "not-well-formed"),
        ("<a></b>".to_owned(), "not-well-formed"),
        ("<a b='<'/>".to_owned(), "not-well-formed"),
        ("<a:b/>".to_owned(), "not-well-formed"),
        ("</stream>".to_owned(), "not-well-formed"),
        ("<!-- -->".to_owned(), "restricted-xml"),
        ("<a><?b?></a>".to_owned(), "restricted-xml"),
        ("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>".to_owned(), "not-authorized"),
        ("<unknown/>".to_owned(), "unsupported-stanza-type"),
        ("<iq xmlns='jabber:server'/>".to_owned(), "invalid-namespace"),
        (format!("<a>{}", "x".repeat(9000)), "policy-violation"),
    ] {
        let mut session = TcpSession::tls(ports);
        session.open();
        session.bytes(said.as_bytes());
        expect_end(&mut session, Some(condition));
    }
    let mut session = TcpSession::tls(ports);
    session.open();
    session.bytes(b"<a>\xff</a>");
    expect_end(&mut session, Some("unsupported-encoding"));
}

#[test]
fn a_stream_ends_by_its_tag_and_what_follows_is_not_looked_at() {
    let (server, ports) = serving("", "");
    let mut session = TcpSession::online(ports, "administrator", "a");
    session.bytes(b"<message to='administrator@localhost/a'/></stream:stream>");
    session.expect(
        "<message xmlns='jabber:client' to='administrator@localhost/a' from='administrator@localhost/a'/>",
    );
    expect_end(&mut session, None);
    let mut session = TcpSession::online(ports, "administrator", "a");
    session.bytes(b"</stream:stream><presence/>\x00");
    expect_end(&mut session, None);
    let line = server.wait_for_log(&["tls administrator@localhost/a", "closed by the client"]);
    assert!(!line.contains("dropped"), "{line}");
    // A client that only ends its side is gone.
    let mut plain = TcpStream::connect(ports.plain).expect("it listens");
    plain.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(plain.read(&mut [0; 16]).expect("its end comes"), 0);
}

#[test]
fn stanzas_have_the_namespace_and_the_language_of_the_header() {
    let (_server, ports) = serving("", "");
    let mut session = TcpSession::tls(ports);
    session.authenticate("administrator");
    session.bytes(b"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>a</resource></bind></iq>");
    session.jid = "administrator@localhost/a".to_owned();
    session.expect("<iq type='result' id='bind' to='{any}' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>administrator@localhost/a</jid></bind></iq>");
    session.become_available();
    session.bytes(b" \n <message to='administrator@localhost/a'>\n<stream:x xmlns:y='u'><y:z/></stream:x><body>&lt;</body></message>\t");
    session.expect(
        "<message xmlns='jabber:client' to='administrator@localhost/a' from='administrator@localhost/a'>\n<x xmlns='http://etherx.jabber.org/streams'><z xmlns='u'/></x><body>&lt;</body></message>",
    );
    session.expect_nothing_more();
}

/// A byte at a time, and all at once.
#[test]
fn a_stream_means_the_same_however_it_comes() {
    let (_server, ports) = serving("", "");
    let login = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFkbWluaXN0cmF0b3IAMTIzNA==</auth>";
    let bind = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>a</resource></bind></iq>";
    let all = [
        &header(OPEN),
        login,
        &header(OPEN),
        bind,
        "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq></stream:stream>",
    ]
    .concat();
    for size in [1, 7, all.len()] {
        let mut session = TcpSession::tls(ports);
        for part in all.as_bytes().chunks(size) {
            session.bytes(part);
        }
        session.expect_opened();
        session.expect_success();
        session.expect_opened();
        session.expect("<iq type='result' id='bind' to='{any}' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>administrator@localhost/a</jid></bind></iq>");
        session.expect("<iq type='result' id='p' from='localhost' to='administrator@localhost/a' xmlns='jabber:client'/>");
        expect_end(&mut session, None);
    }
}

#[test]
fn a_silent_client_is_pinged_and_white_space_is_a_sign_of_life() {
    let (_server, ports) = serving("", "[limits]\nping = \"1s\"\nping_answer = \"1s\"");
    let mut session = TcpSession::online(ports, "administrator", "a");
    let ping = "<iq type='get' id='{any}' from='localhost' to='administrator@localhost/a' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>";
    for _ in 0..3 {
        session.expect(ping);
        session.bytes(b" ");
    }
    let text = session.expect(ping);
    let id = text
        .split("id=\"")
        .nth(1)
        .or_else(|| text.split("id='").nth(2))
        .and_then(|rest| rest.split(['"', '\'']).next());
    let id = id.expect("a ping has an id");
    session.bytes(format!("<iq type='result' id='{id}' to='localhost'/>").as_bytes());
    session.expect(ping);
    session.expect(ping);
    expect_end(&mut session, Some("connection-timeout"));
}

#[test]
fn a_login_that_takes_too_long_ends_wherever_it_is() {
    let (_server, ports) = serving("", "[limits]\nlogin = \"1s\"\nclose = \"1s\"");
    let mut silent = TcpSession::tls(ports);
    let mut slow = TcpSession::plain(ports);
    slow.open();
    slow.bytes(b"<auth");
    let mut handshaking = TcpSession::plain(ports);
    handshaking.open();
    handshaking.send(&format!("<starttls xmlns='{}'/>", ns::TLS));
    handshaking.expect(&format!("<proceed xmlns='{}'/>", ns::TLS));
    silent.expect_open();
    expect_end(&mut silent, Some("connection-timeout"));
    expect_end(&mut slow, Some("connection-timeout"));
    // Nothing can be said in the middle of a handshake.
    assert_eq!(handshaking.receive(), Received::End);
}

#[test]
fn whoever_does_not_finish_starttls_with_tls_is_gone_alone() {
    let (server, ports) = serving("", "");
    let mut session = TcpSession::plain(ports);
    session.open();
    session.send(&format!("<starttls xmlns='{}'/>", ns::TLS));
    session.expect(&format!("<proceed xmlns='{}'/>", ns::TLS));
    session.bytes(b"<stream:stream>");
    let mut rest = Vec::new();
    let _ = session.wire.stream.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"<"), "{rest:?}");
    server.wait_for_log(&["tcp", "closed after"]);
    TcpSession::online(ports, "administrator", "a").expect_nothing_more();
}

#[test]
fn the_protocol_of_tls_is_that_of_xmpp() {
    let (server, ports) = serving("", "");
    let offering = |address, protocol: &'static str| {
        let mut client = tls::client(None);
        client.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        smol::block_on(async {
            let stream = Async::<TcpStream>::connect(address).await.expect("it listens");
            tls::with(Arc::new(client), stream).await
        })
    };
    let agreed = offering(ports.tls, "xmpp-client").expect("it is spoken there");
    assert_eq!(agreed.get_ref().1.alpn_protocol(), Some(&b"xmpp-client"[..]));
    assert!(offering(ports.tls, "http/1.1").is_err());
    assert!(offering(server.tls, "xmpp-client").is_err());
}

#[test]
fn events_go_to_every_transport_and_a_resource_belongs_to_the_last_one() {
    let (server, ports) = serving("", "");
    let mut old = Client::online(&server, "administrator", "desktop");
    let mut other = Client::online(&server, "1001", "b");
    let mut session = TcpSession::tls(ports);
    session.log_in("administrator", "desktop");
    old.expect_stream_error("conflict", 1000);
    session.become_available();
    let (node, payload) = ("/finesse/api/User/administrator", "<Update><a>1</a></Update>");
    publish(&server, node, payload);
    session.expect_event("administrator@localhost", node, payload);
    other.expect_nothing_more();
}

#[test]
fn a_server_that_goes_down_says_so_to_every_stream() {
    let (server, ports) = serving("", "");
    let mut session = TcpSession::online(ports, "administrator", "a");
    let mut opened = TcpSession::plain(ports);
    opened.open();
    let mut fresh = TcpSession::tls(ports);
    // Its session is there.
    fresh.bytes(b" ");
    server.wait_for_log(&["tls: connected"]);
    server.signal(rustix::process::Signal::TERM);
    for session in [&mut session, &mut opened] {
        expect_end(session, Some("system-shutdown"));
    }
    fresh.expect_open();
    expect_end(&mut fresh, Some("system-shutdown"));
}
