//! XMPP over TCP at its bounds: large stanzas, slow passwords, slow readers, faults, and what others see of it.

use std::io::Read as _;

use callboard::config::password::Password;

use crate::support::figures::metrics;
use crate::support::http::{own, publish};
use crate::support::tcp::{TcpSession, expect_end, header, serving};
use crate::support::tls::half_hello;
use crate::support::{Client, Received, ns};

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";

/// The stream begins anew when the check is done, which is later than what follows has come.
#[test]
fn a_login_in_one_piece_is_answered_though_the_password_check_takes_its_time() {
    let hash = Password::hash("geheim", 20_000).expect("a password that can be hashed");
    let (_server, ports) =
        serving("", &format!("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword_hash = \"{hash}\"\n"));
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFkYQBnZWhlaW0=</auth>";
    let bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>";
    for size in [5, 64, 10_000] {
        let mut session = TcpSession::tls(ports);
        let all = [&header(OPEN), auth, &header(OPEN), bind].concat();
        for part in all.as_bytes().chunks(size) {
            session.bytes(part);
        }
        session.expect_opened();
        session.expect_success();
        session.expect_opened();
        assert!(session.text().contains("<jid>ada@localhost/r</jid>"));
    }
}

#[test]
fn stanzas_may_be_larger_after_the_login_and_no_larger_than_the_bound() {
    let (_server, ports) = serving("", "");
    let mut session = TcpSession::online(ports, "administrator", "a");
    let message = |length: usize| {
        format!("<message to='administrator@localhost/a'><body>{}</body></message>", "x".repeat(length))
    };
    session.bytes(message(60_000).as_bytes());
    assert!(session.text().len() > 60_000);
    session.bytes(message(70_000).as_bytes());
    let text = session.text();
    assert!(text.contains("<policy-violation ") && text.contains("message too large"), "{text}");
}

#[test]
fn a_client_that_does_not_read_is_closed_alone_and_nobody_waits_for_it() {
    let (server, ports) = serving("", "[[node]]\nname = \"/lab/log\"\n[limits]\nqueue = \"512KiB\"\n");
    let mut slow = TcpSession::online(ports, "administrator", "slow");
    slow.subscribe("/lab/log");
    let mut witness = TcpSession::online(ports, "1001", "witness");
    let payload = "x".repeat(30_000);
    let mut published = 0;
    while !server.log().contains("does not read: closed") {
        publish(&server, "/lab/log", &payload);
        published += 1;
        assert!(published < 2000, "it is closed at some time");
        witness.expect_nothing_more();
    }
    assert!(server.log().contains("tls administrator@localhost/slow: does not read: closed"));
    witness.expect_nothing_more();
}

#[test]
fn faults_touch_streams_over_tcp() {
    let (server, ports) = serving("", "");
    let set = |query: &str| {
        let answer = own(&server, "administrator", "PUT", &format!("faults/f?{query}"));
        assert!(matches!(answer.status(), 200 | 201), "{query}: {}", answer.body);
    };
    let heal = || assert_eq!(own(&server, "administrator", "DELETE", "faults/f").status(), 204);
    let mut session = TcpSession::online(ports, "administrator", "a");
    set("kind=slice&transport=tls&bytes=1");
    session.expect_nothing_more();
    heal();
    set("kind=ping-error&transport=tls");
    assert!(session.get("localhost", "<ping xmlns='urn:xmpp:ping'/>").text.contains("<error "));
    heal();
    set("kind=end&transport=tls&condition=system-shutdown");
    expect_end(&mut session, Some("system-shutdown"));
    heal();
    set("kind=no-plain&transport=tls");
    let mut session = TcpSession::tls(ports);
    session.send_open();
    session.expect_open();
    assert!(session.text().contains("<mechanism>SCRAM-SHA-1</mechanism>"));
    heal();
    set("kind=cut&transport=tls&how=fin");
    let mut cut = TcpSession::tls(ports);
    let mut rest = Vec::new();
    let _ = cut.wire.stream.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    heal();
    // A fault of WebSockets leaves others alone.
    set("kind=old-framing");
    TcpSession::online(ports, "administrator", "a").expect_nothing_more();
    let mut client = Client::connect(&server);
    client.send_open();
    assert!(client.text().starts_with("<stream:stream "));
    heal();
    let address = ports.plain;
    set(&format!("kind=refuse&listener={address}"));
    let mut refused = TcpSession::plain(ports);
    assert_eq!(refused.receive(), Received::End);
    heal();
    TcpSession::by_start_tls(ports).open();
}

/// The answer to `<starttls/>` comes late, and TLS begins behind it.
#[test]
fn starttls_waits_for_its_answer_while_a_fault_keeps_that_back() {
    let (server, ports) = serving("", "");
    for query in ["kind=slow&rate=2000", "kind=slice&bytes=1"] {
        let answer = own(&server, "administrator", "PUT", &format!("faults/f?{query}&transport=tcp"));
        assert!(matches!(answer.status(), 200 | 201), "{query}: {}", answer.body);
        let mut session = TcpSession::by_start_tls(ports);
        session.log_in("administrator", "a");
        session.expect_nothing_more();
    }
}

#[test]
fn handshakes_by_starttls_share_what_those_of_an_address_may_hold() {
    // A quarter of that for one address: 16 KiB.
    let (server, ports) = serving("", "[limits]\nhandshakes = \"64KiB\"\n");
    let halves = [12_000, 6_000].map(|sent| {
        let mut session = TcpSession::plain(ports);
        session.open();
        session.send(&format!("<starttls xmlns='{}'/>", ns::TLS));
        session.expect(&format!("<proceed xmlns='{}'/>", ns::TLS));
        session.bytes(&half_hello(60_000, sent));
        session
    });
    server.wait_for_log(&["127.0.0.1", "handshakes in [limits]"]);
    assert_eq!(metrics(&server)["callboard_handshakes_refused_total"], 1.0);
    // A client that says all at once holds nothing.
    TcpSession::by_start_tls(ports).open();
    drop(halves);
}

#[test]
fn the_record_has_streams_over_tcp_without_their_passwords() {
    let (server, ports) = serving("", "");
    let mut session = TcpSession::by_start_tls(ports);
    session.log_in("administrator", "a");
    let list = own(&server, "administrator", "GET", "sessions").body;
    assert!(list.contains("\"transport\":\"tls\""), "{list}");
    let record = || {
        let entries = |kind: &str| own(&server, "administrator", "GET", &format!("record?kind={kind}")).body;
        entries("frame-in") + &entries("frame-out")
    };
    let seen = record();
    let open = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'  to='localhost' version='1.0'>";
    assert_eq!(seen.matches(open).count(), 3, "before TLS, behind it and behind the login: {seen}");
    assert!(!seen.contains("(masked)"), "{seen}");
    for said in
        ["<?xml version='1.0'?><stream:stream xmlns='jabber:client'", "<starttls ", "<proceed ", "<success "]
    {
        assert!(seen.contains(said), "{said}: {seen}");
    }
    assert!(!seen.contains("AGFkbWluaXN0cmF0b3IAMTIzNA"), "{seen}");
    session.send("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    expect_end(&mut session, None);
    assert_eq!(record().matches("</stream:stream>").count(), 2);
}
