//! Stanzas between users: messages, questions, and what happens when nobody is there.

use super::{Client, Server};
use crate::support::ns;

/// Two users on line.
fn pair() -> (Server, Client, Client) {
    let server = Server::demo();
    let alice = Client::online(&server, "1001", "desktop");
    let bob = Client::online(&server, "1002", "desktop");
    (server, alice, bob)
}

/// The sender is told that nobody takes the message.
fn expect_bounced(client: &mut Client, to: &str, condition: &str) {
    let answer = client.text();
    let start = format!("<message type=\"error\" id=\"1\" from=\"{to}\" to=\"{}\"", client.jid);
    assert!(answer.starts_with(&start), "{answer}");
    assert!(answer.contains(&format!("<{condition} xmlns=\"{}\"/>", ns::STANZAS)), "{answer}");
}

#[test]
fn a_message_to_a_full_jid_goes_there_with_the_senders_full_jid() {
    let (_server, mut alice, mut bob) = pair();
    let message = |from: &str| {
        format!(
            "<message{from} to='1002@localhost/desktop' id='m1' type='chat' xml:lang='de' xmlns='jabber:client'>\
             <body>a &lt; b &amp; c\n漢字</body><x xmlns='urn:example' y:z='1' xmlns:y='urn:y'><y:w/></x></message>"
        )
    };
    for from in ["", " from='1001@localhost'", " from='1001@localhost/desktop'"] {
        alice.send(&message(from));
        bob.expect(&message(" from='1001@localhost/desktop'"));
    }
    alice.expect_nothing_more();
}

#[test]
fn a_message_to_a_bare_jid_goes_to_the_sessions_that_want_it() {
    let (server, mut alice, mut bob) = pair();
    let mut phone = Client::bound(&server, "1002", "phone");
    phone.become_available_beside(&mut bob);
    let mut silent = Client::bound(&server, "1002", "silent");
    let message = |from: &str| {
        format!("<message{from} to='1002@localhost' xmlns='jabber:client'><body>x</body></message>")
    };
    alice.send(&message(""));
    bob.expect(&message(" from='1001@localhost/desktop'"));
    phone.expect(&message(" from='1001@localhost/desktop'"));
    silent.expect_nothing_more();
}

#[test]
fn a_message_to_oneself_comes_back() {
    let (_server, mut alice, _bob) = pair();
    alice.send("<message to='1001@localhost' xmlns='jabber:client'><body>note</body></message>");
    alice.expect(
        "<message from='1001@localhost/desktop' to='1001@localhost' xmlns='jabber:client'><body>note</body></message>",
    );
}

#[test]
fn a_message_that_nobody_takes_comes_back_with_an_error() {
    let (server, mut alice, _bob) = pair();
    let _silent = Client::bound(&server, "1003", "desktop");
    for (to, condition) in [
        ("nobody@localhost", "service-unavailable"),
        ("1004@localhost", "service-unavailable"),
        ("1003@localhost", "service-unavailable"),
        ("elsewhere.example", "remote-server-not-found"),
        ("x@elsewhere.example", "remote-server-not-found"),
        ("a b@localhost", "jid-malformed"),
    ] {
        for kind in ["", " type='chat'", " type='normal'"] {
            alice.send(&format!(
                "<message to='{to}' id='1'{kind} xmlns='jabber:client'><body>x</body></message>"
            ));
            expect_bounced(&mut alice, to, condition);
        }
    }
    // A room is not a user (RFC 6121 §8.5.2.1.1).
    alice.send(
        "<message to='1002@localhost' id='1' type='groupchat' xmlns='jabber:client'><body>x</body></message>",
    );
    expect_bounced(&mut alice, "1002@localhost", "service-unavailable");
}

#[test]
fn headlines_and_errors_that_nobody_takes_are_dropped() {
    let (_server, mut alice, _bob) = pair();
    for kind in ["headline", "error"] {
        for to in ["nobody@localhost", "1004@localhost", "1004@localhost/x", "elsewhere.example"] {
            alice.send(&format!(
                "<message to='{to}' id='1' type='{kind}' xmlns='jabber:client'><body>x</body></message>"
            ));
        }
    }
    alice.expect_nothing_more();
}

#[test]
fn a_question_to_a_full_jid_is_answered_by_that_session() {
    let (_server, mut alice, mut bob) = pair();
    for kind in ["get", "set"] {
        let question = |from: &str| {
            format!(
                "<iq type='{kind}' id='q1'{from} to='1002@localhost/desktop' xmlns='jabber:client'>\
                 <query xmlns='jabber:iq:version'/></iq>"
            )
        };
        alice.send(&question(""));
        bob.expect(&question(" from='1001@localhost/desktop'"));
        for answer in ["result", "error"] {
            bob.send(&format!(
                "<iq type='{answer}' id='q1' to='1001@localhost/desktop' xmlns='jabber:client'/>"
            ));
            alice.expect(&format!(
                "<iq type='{answer}' id='q1' from='1002@localhost/desktop' to='1001@localhost/desktop' xmlns='jabber:client'/>"
            ));
        }
    }
}

#[test]
fn a_question_to_ones_own_other_session_goes_there() {
    let server = Server::demo();
    let mut desktop = Client::bound(&server, "1001", "desktop");
    let mut phone = Client::bound(&server, "1001", "phone");
    desktop.send("<iq type='get' id='1' to='1001@localhost/phone' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>");
    phone.expect(
        "<iq type='get' id='1' from='1001@localhost/desktop' to='1001@localhost/phone' xmlns='jabber:client'>\
         <ping xmlns='urn:xmpp:ping'/></iq>",
    );
}

#[test]
fn directed_presence_goes_to_the_user_only() {
    let (server, mut alice, mut bob) = pair();
    let mut carol = Client::online(&server, "1003", "desktop");
    for kind in ["", " type='unavailable'"] {
        let presence = |from: &str| {
            format!(
                "<presence{from} to='1002@localhost/desktop'{kind} xmlns='jabber:client'><show>away</show></presence>"
            )
        };
        alice.send(&presence(""));
        bob.expect(&presence(" from='1001@localhost/desktop'"));
    }
    carol.expect_nothing_more();
    alice.expect_nothing_more();
}

#[test]
fn the_presence_of_one_user_is_not_shown_to_another() {
    let (server, mut alice, mut bob) = pair();
    let mut carol = Client::bound(&server, "1003", "desktop");
    carol.become_available();
    alice.send("<presence to='1002@localhost' type='probe' xmlns='jabber:client'/>");
    carol.leave();
    alice.expect_nothing_more();
    bob.expect_nothing_more();
}

/// RFC 6122 §2.2.
#[test]
fn a_domain_with_a_dot_at_its_end_is_the_same_domain() {
    let server = Server::demo();
    let mut client = Client::connect(&server);
    client.send(&format!("<open xmlns='{}' to='localhost.' version='1.0'/>", ns::FRAMING));
    client.expect_opened();
    client.send_plain("1001@localhost.\x001001\x001001");
    client.expect_success();
    client.open();
    client.bind("1001", "desktop");
    for to in ["localhost.", "pubsub.localhost.", "1001@localhost."] {
        client.send(&format!(
            "<iq type='get' id='1' to='{to}' from='1001@localhost./desktop' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
        ));
        client.expect(&format!(
            "<iq type='result' id='1' from='{to}' to='1001@localhost/desktop' xmlns='jabber:client'/>"
        ));
    }
    client.get("localhost..", "<ping xmlns='urn:xmpp:ping'/>").is_error("400 modify jid-malformed");
}

/// A stream in a language.
fn online_in(server: &Server, user: &str, lang: &str) -> Client {
    let mut client = Client::connect(server);
    let open = format!("<open xmlns='{}' to='localhost' version='1.0'{lang}/>", ns::FRAMING);
    client.send(&open);
    client.expect_opened();
    client.send_plain(&format!("\0{user}\0{user}"));
    client.expect_success();
    client.send(&open);
    client.expect_opened();
    client.bind(user, "desktop");
    client
}

/// RFC 6120 §4.7.4 and §8.1.5.
#[test]
fn the_language_of_a_stream_goes_with_what_is_said_on_it() {
    let server = Server::demo();
    let mut receiver = Client::online(&server, "1002", "desktop");
    let long = format!(" xml:lang='{}'", "x".repeat(36));
    for (stream, stanza, expected) in [
        (" xml:lang='de'", "", " xml:lang='de'"),
        (" xml:lang='de'", " xml:lang='fr'", " xml:lang='fr'"),
        (" xml:lang='de'", " xml:lang=''", " xml:lang=''"),
        ("", " xml:lang='en'", " xml:lang='en'"),
        // Every stream of the server is in English.
        (" xml:lang='EN'", "", ""),
        ("", "", ""),
        (" xml:lang='d e'", "", ""),
        (&long, "", ""),
    ] {
        let mut sender = online_in(&server, "1001", stream);
        for stanza in [
            format!("<message to='1002@localhost'{stanza} xmlns='jabber:client'><body>x</body></message>"),
            format!(
                "<presence to='1002@localhost/desktop'{stanza} xmlns='jabber:client'><status>x</status></presence>"
            ),
        ] {
            sender.send(&stanza);
            let end = format!("from='1001@localhost/desktop'{expected} xmlns='jabber:client'");
            let stanza = stanza
                .replace(" xml:lang='fr'", "")
                .replace(" xml:lang='en'", "")
                .replace(" xml:lang=''", "");
            receiver.expect(&stanza.replace("xmlns='jabber:client'", &end));
        }
        sender.leave();
    }
}

#[test]
fn the_language_of_a_presence_goes_to_ones_other_sessions() {
    let server = Server::demo();
    for (stream, stanza, expected) in [
        (" xml:lang='de'", "", " xml:lang='de'"),
        (" xml:lang='de'", " xml:lang='en'", " xml:lang='en'"),
        ("", "", ""),
    ] {
        let mut sender = online_in(&server, "1001", stream);
        sender.send(&format!("<presence{stanza} xmlns='jabber:client'><status>x</status></presence>"));
        let finesse = sender.finesse_presence();
        let own = format!(
            "<presence from='1001@localhost/desktop' to='1001@localhost/desktop'{expected} xmlns='jabber:client'>\
             <status>x</status></presence>"
        );
        sender.expect_all(&[&finesse, &finesse, &own]);
        sender.leave();
    }
}
