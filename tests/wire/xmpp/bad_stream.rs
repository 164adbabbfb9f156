//! Streams that are opened wrongly, twice or not at all, and elements that come at the wrong time.

use crate::support::client::CLOSE;
use crate::support::{Client, Server, ns};

const PING: &str = "<iq type='get' id='1' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>";

fn open(attributes: &str) -> String {
    format!("<open xmlns='{}' {attributes}/>", ns::FRAMING)
}

/// Checks that a first message is answered with an open and this error.
fn is_refused_first(server: &Server, message: &str, conditions: &str) {
    let mut client = Client::connect(server);
    client.send(message);
    client.expect_open_and_stream_error(conditions, 1000);
}

#[test]
fn a_stanza_before_the_open_ends_the_stream() {
    let server = Server::demo();
    for stanza in [PING, "<presence xmlns='jabber:client'/>", "<message xmlns='jabber:client'/>"] {
        // The reference has unsupported-stanza-type from Openfire and invalid-namespace from Prosody.
        is_refused_first(&server, stanza, "not-authorized|unsupported-stanza-type|invalid-namespace");
    }
    let auth = format!("<auth xmlns='{}' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>", ns::SASL);
    is_refused_first(&server, &auth, "not-authorized|unsupported-stanza-type|invalid-namespace");
    Client::online(&server, "1002", "desktop").leave();
}

#[test]
fn a_stanza_before_the_login_is_not_authorized() {
    let server = Server::demo();
    for stanza in [
        PING,
        "<presence xmlns='jabber:client'/>",
        "<message to='1002@localhost' xmlns='jabber:client'><body>x</body></message>",
        // Logins and accounts of another time.
        "<iq type='set' id='1' xmlns='jabber:client'><query xmlns='jabber:iq:auth'><username>1001</username></query></iq>",
        "<iq type='set' id='1' xmlns='jabber:client'><query xmlns='jabber:iq:register'/></iq>",
        "<iq type='set' id='1' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    ] {
        let mut client = Client::connect(&server);
        client.open();
        client.send(stanza);
        client.expect_stream_error("not-authorized", 1000);
    }
    Client::online(&server, "1002", "desktop").leave();
}

#[test]
fn a_stanza_after_the_login_and_before_the_restart_ends_the_stream() {
    let server = Server::demo();
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain("\x001001\x001001");
    client.expect_success();
    client.send(PING);
    client.expect_stream_error("not-authorized|unsupported-stanza-type|invalid-namespace", 1000);
}

#[test]
fn another_host_is_unknown() {
    let server = Server::demo();
    for host in [
        "elsewhere.example",
        "pubsub.localhost",
        "localhost..",
        "1001@localhost",
        "localhost/desktop",
        "localhost:8445",
        "",
        " ",
    ] {
        // An address that is none may be told so.
        is_refused_first(
            &server,
            &open(&format!("to='{host}' version='1.0'")),
            "host-unknown|improper-addressing",
        );
    }
    is_refused_first(&server, &open("to='elsewhere.example' version='1.0'"), "host-unknown");
}

#[test]
fn the_host_is_compared_without_regard_to_case() {
    let server = Server::demo();
    let mut client = Client::connect(&server);
    client.send(&open("to='LocalHost' version='1.0'"));
    client.expect_opened();
}

#[test]
fn an_open_without_a_host_is_improperly_addressed() {
    let server = Server::demo();
    is_refused_first(&server, &open("version='1.0'"), "improper-addressing");
}

#[test]
fn an_open_without_version_1_is_unsupported() {
    let server = Server::demo();
    for version in ["", "version=''", "version='0.9'", "version='x'"] {
        is_refused_first(&server, &open(&format!("to='localhost' {version}")), "unsupported-version");
    }
    // A higher version is answered with our own (RFC 6120 §4.7.5).
    let mut client = Client::connect(&server);
    client.send(&open("to='localhost' version='1.1'"));
    client.expect_opened();
}

#[test]
fn a_second_open_ends_the_stream() {
    let server = Server::demo();
    let mut opened = Client::connect(&server);
    opened.open();
    let mut bound = Client::bound(&server, "1001", "desktop");
    for client in [&mut opened, &mut bound] {
        client.send_open();
        let error = client.text();
        assert!(error.starts_with("<stream:error "), "{error}");
        client.expect_close(1000);
    }
}

#[test]
fn an_open_without_the_framing_namespace_has_an_invalid_namespace() {
    let server = Server::demo();
    for open in [
        "<open to='localhost' version='1.0'/>",
        "<open to='localhost' version='1.0' xmlns='jabber:client'/>",
        "<open to='localhost' version='1.0' xmlns='urn:ietf:params:xml:ns:xmpp-framin'/>",
    ] {
        is_refused_first(&server, open, "invalid-namespace");
    }
}

#[test]
fn a_stream_of_tcp_is_not_opened_here() {
    let server = Server::demo();
    let stream = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' \
                  version='1.0'";
    is_refused_first(&server, &format!("{stream}/>"), "invalid-namespace|unsupported-stanza-type");
    // As a TCP client sends it, without an end.
    is_refused_first(&server, &format!("{stream}>"), "not-well-formed|invalid-namespace");
}

#[test]
fn an_unknown_element_ends_the_stream() {
    let server = Server::demo();
    for element in [
        "<r xmlns='urn:xmpp:sm:3'/>",
        "<enable xmlns='urn:xmpp:sm:3'/>",
        "<inactive xmlns='urn:xmpp:csi:0'/>",
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "<foo xmlns='jabber:client'/>",
        "<iq type='get' id='1' xmlns='jabber:server'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<restart xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    ] {
        let mut client = Client::bound(&server, "1001", "desktop");
        client.send(element);
        client.expect_stream_error("unsupported-stanza-type|invalid-namespace|bad-format", 1000);
    }
    Client::online(&server, "1002", "desktop").leave();
}

#[test]
fn an_error_from_the_client_ends_the_stream_quietly() {
    let server = Server::demo();
    let mut client = Client::bound(&server, "1001", "desktop");
    client.send(&format!(
        "<stream:error xmlns:stream='{}'><undefined-condition xmlns='{}'/></stream:error>",
        ns::STREAM,
        ns::STREAMS
    ));
    // What is said about it is left open; that it ends is not.
    let mut last = client.text();
    if last != CLOSE {
        last = client.text();
    }
    assert_eq!(last, CLOSE);
}

#[test]
fn a_message_behind_the_close_is_not_looked_at() {
    let server = Server::demo();
    let mut client = Client::bound(&server, "1001", "desktop");
    client.send(&format!("<close xmlns='{}'/>", ns::FRAMING));
    client.send("<a xmlns='urn:xmpp:sm:3' h='0'/>");
    client.expect_close(1000);
}

/// RFC 7395 §3.3.2.
#[test]
fn a_header_in_another_namespace_has_an_invalid_namespace() {
    let server = Server::demo();
    for header in
        ["<close xmlns='jabber:client'/>", "<open xmlns='jabber:client' to='localhost' version='1.0'/>"]
    {
        is_refused_first(&server, header, "invalid-namespace");
        let mut client = Client::bound(&server, "1001", "desktop");
        client.send(header);
        client.expect_stream_error("invalid-namespace", 1000);
    }
}

/// RFC 6120 §4.7.2.
#[test]
fn the_answer_to_an_open_goes_to_whoever_said_who_it_is() {
    let server = Server::demo();
    for (from, to) in [
        ("1001@LOCALHOST", "to='1001@localhost' "),
        ("1001@localhost/desktop", "to='1001@localhost' "),
        ("a b@localhost", ""),
        ("", ""),
    ] {
        for host in ["localhost", "elsewhere.example"] {
            let mut client = Client::connect(&server);
            client.send(&open(&format!("to='{host}' from='{from}' version='1.0'")));
            client.expect(&format!(
                "<open xmlns='{}' from='localhost' {to}id='{{any}}' version='1.0' xml:lang='en'/>",
                ns::FRAMING
            ));
        }
    }
}
