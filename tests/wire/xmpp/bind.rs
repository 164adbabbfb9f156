//! Binding a resource.

use super::{Client, Server};
use crate::support::ns;

/// A stream that has logged in and has no resource yet.
fn authenticated(server: &Server, user: &str) -> Client {
    let mut client = Client::connect(server);
    client.authenticate(user);
    client
}

/// The bind is refused; `what` is type and condition. Returns the text, which may repeat the request.
fn expect_refused(client: &mut Client, code: u16, kind: &str, condition: &str) {
    let text = client.text();
    let error = format!("<error code=\"{code}\" type=\"{kind}\"><{condition} xmlns=\"{}\"/>", ns::STANZAS);
    assert!(text.starts_with("<iq type=\"error\" id=\"bind\"") && text.contains(&error), "{text}");
}

#[test]
fn without_a_resource_the_server_makes_one_that_nobody_has() {
    let server = Server::demo();
    let mut resources = Vec::new();
    for payload in ["", "<resource/>", "<required/>"] {
        let mut client = authenticated(&server, "1001");
        client.send(&format!(
            "<iq type='set' id='b' xmlns='jabber:client'><bind xmlns='{}'>{payload}</bind></iq>",
            ns::BIND
        ));
        let answer = client.text();
        let (_, jid) = answer.split_once("<jid>1001@localhost/").expect("a full JID comes");
        let (resource, _) = jid.split_once("</jid>").expect("it ends");
        assert!(resource.len() >= 8, "it cannot be guessed: {resource}");
        client.jid = format!("1001@localhost/{resource}");
        client.become_available();
        resources.push(resource.to_owned());
        client.leave();
    }
    resources.dedup();
    assert_eq!(resources.len(), 3);
}

#[test]
fn a_resource_that_is_none_is_a_bad_request_and_another_may_be_asked_for() {
    let server = Server::demo();
    let long = "x".repeat(1024);
    let mut client = authenticated(&server, "1001");
    // A private character, a control character, one that turns the text around.
    for resource in [long.as_str(), "a\u{e000}b", "a\u{85}b", "a\u{202e}b", &"漢".repeat(342)] {
        client.send_bind(resource);
        // RFC 6120 §7.7.2.1.
        expect_refused(&mut client, 400, "modify", "bad-request");
    }
    client.bind("1001", "desktop");
}

#[test]
fn a_resource_may_have_1023_bytes_and_any_character_that_is_one() {
    let server = Server::demo();
    for resource in [&"x".repeat(1023), &"漢".repeat(341), "Arbeits platz/a@b", "<\"'&>", "0"] {
        let mut client = authenticated(&server, "1001");
        client.bind("1001", resource);
        client.become_available();
        client.expect_nothing_more();
        client.leave();
    }
}

#[test]
fn a_resource_is_prepared_before_it_is_compared() {
    let server = Server::demo();
    let mut old = Client::bound(&server, "1001", "desktop 1");
    let mut new = authenticated(&server, "1001");
    // A space that does not break, and full-width letters (RFC 6122 appendix B).
    new.send_bind("ｄesktop\u{a0}1");
    assert!(new.text().contains("<jid>1001@localhost/desktop 1</jid>"));
    old.expect_stream_error("conflict", 1000);
}

#[test]
fn resources_differ_by_case_and_users_do_not_share_them() {
    let server = Server::demo();
    let mut sessions = [("1001", "desktop"), ("1001", "Desktop"), ("1002", "desktop")]
        .map(|(user, resource)| Client::bound(&server, user, resource));
    for session in &mut sessions {
        session.expect_nothing_more();
    }
}

#[test]
fn a_second_bind_is_not_allowed_and_changes_nothing() {
    let server = Server::demo();
    let mut client = Client::bound(&server, "1001", "desktop");
    for resource in ["desktop", "phone"] {
        client.send_bind(resource);
        expect_refused(&mut client, 405, "cancel", "not-allowed");
    }
    client.expect_nothing_more();
    Client::bound(&server, "1001", "phone").expect_nothing_more();
}

#[test]
fn more_sessions_of_one_user_than_may_be_are_refused_and_those_there_stay() {
    let server = Server::with("[limits]\nsessions_per_user = 2\n");
    let mut first = Client::bound(&server, "1001", "1");
    let mut second = Client::bound(&server, "1001", "2");
    let mut third = authenticated(&server, "1001");
    third.send_bind("3");
    expect_refused(&mut third, 500, "wait", "resource-constraint");
    first.expect_nothing_more();
    second.expect_nothing_more();
    // One of one's own may be replaced, and another user has sessions of its own.
    Client::bound(&server, "1002", "1").expect_nothing_more();
    third.bind("1001", "2");
    second.expect_stream_error("conflict", 1000);
    first.leave();
    Client::bound(&server, "1001", "4").expect_nothing_more();
}

#[test]
fn a_stanza_for_another_before_the_bind_ends_the_stream() {
    let server = Server::demo();
    let mut other = Client::online(&server, "1002", "desktop");
    // RFC 6120 §7.1.
    for stanza in [
        "<message to='1002@localhost' xmlns='jabber:client'><body>x</body></message>",
        "<message to='1002@localhost/desktop' xmlns='jabber:client'><body>x</body></message>",
        "<presence to='1002@localhost' xmlns='jabber:client'/>",
        "<iq type='get' id='1' to='1002@localhost/desktop' xmlns='jabber:client'><query xmlns='jabber:iq:version'/></iq>",
    ] {
        let mut client = authenticated(&server, "1001");
        client.send(stanza);
        client.expect_stream_error("not-authorized", 1000);
    }
    other.expect_nothing_more();
}

#[test]
fn a_question_to_the_server_before_the_bind_is_answered_in_some_way() {
    let server = Server::demo();
    let mut client = authenticated(&server, "1001");
    client.send("<iq type='get' id='early' xmlns='jabber:client'><query xmlns='jabber:iq:roster'/></iq>");
    let answer = client.text();
    assert!(answer.starts_with("<iq ") && answer.contains("id=\"early\""), "{answer}");
    // A bind that is none.
    client.send("<iq type='get' id='early' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    assert!(client.text().contains("type=\"error\""));
    client.bind("1001", "desktop");
}

#[test]
fn no_presence_and_no_event_comes_before_the_bind() {
    let server = Server::demo();
    let mut client = authenticated(&server, "1001");
    Client::online(&server, "1001", "other");
    crate::support::http::publish(&server, "/finesse/api/User/1001", "x");
    client.bind("1001", "desktop");
    client.expect_nothing_more();
}
