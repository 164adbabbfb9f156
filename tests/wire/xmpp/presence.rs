//! Presence: what it opens and closes, and the `finesse` user.

use super::{Client, Server};
use crate::support::http::publish;
use crate::support::ns;

const USER: &str = "/finesse/api/User/1001";

fn bound() -> (Server, Client) {
    let server = Server::demo();
    let client = Client::bound(&server, "1001", "desktop");
    (server, client)
}

/// The user's own presence, coming back.
fn own(content: &str) -> String {
    format!(
        "<presence xmlns='jabber:client' from='1001@localhost/desktop' to='1001@localhost/desktop'>{content}</presence>"
    )
}

fn send_priority(client: &mut Client, priority: &str) -> String {
    let content = format!("<priority>{priority}</priority>");
    client.send(&format!("<presence xmlns='jabber:client'>{content}</presence>"));
    content
}

#[test]
fn a_negative_priority_gets_no_events_and_no_presence_of_finesse() {
    let (server, mut client) = bound();
    for priority in ["-1", "-128"] {
        let content = send_priority(&mut client, priority);
        client.expect(&own(&content));
        client.subscribe("/lab/alarms");
        publish(&server, USER, "x");
        publish(&server, "/lab/alarms", "x");
        client.expect_nothing_more();
    }
    // Once it is not negative any more they come, finesse first of all.
    let content = send_priority(&mut client, "0");
    let finesse = client.finesse_presence();
    client.expect_all(&[&finesse, &finesse, &own(&content)]);
    publish(&server, USER, "now");
    client.expect_event("1001@localhost", USER, "now");
    // And it can be taken back.
    let content = send_priority(&mut client, "-1");
    client.expect(&own(&content));
    publish(&server, USER, "x");
    client.expect_nothing_more();
}

#[test]
fn a_bad_priority_is_a_bad_request_and_changes_nothing() {
    let (server, mut client) = bound();
    client.become_available();
    for priority in ["128", "-129", "x", "", "1.5", "0x1", "99999999999999999999"] {
        send_priority(&mut client, priority);
        let answer = client.text();
        assert!(answer.starts_with("<presence type=\"error\""), "{answer}");
        assert!(answer.contains(&format!("<bad-request xmlns=\"{}\"/>", ns::STANZAS)), "{answer}");
    }
    publish(&server, USER, "x");
    client.expect_event("1001@localhost", USER, "x");
    for priority in ["127", " 5 "] {
        let content = send_priority(&mut client, priority);
        client.expect(&own(&content));
    }
}

#[test]
fn an_update_does_not_repeat_the_presence_of_finesse() {
    let (_server, mut client) = bound();
    client.become_available();
    for content in
        ["<show>away</show>", "<show>dnd</show><status>lunch</status>", "<priority>7</priority>", ""]
    {
        client.send(&format!("<presence xmlns='jabber:client'>{content}</presence>"));
        client.expect(&own(content));
        client.expect_nothing_more();
    }
}

#[test]
fn unavailable_ends_the_events_until_the_next_presence() {
    let (server, mut client) = bound();
    client.become_available();
    client.send("<presence type='unavailable' xmlns='jabber:client'/>");
    client.expect(&own("").replace("<presence ", "<presence type='unavailable' "));
    publish(&server, USER, "to nobody");
    client.expect_nothing_more();
    // Twice is once.
    client.send("<presence type='unavailable' xmlns='jabber:client'/>");
    client.expect_nothing_more();
    client.become_available();
    publish(&server, USER, "back");
    client.expect_event("1001@localhost", USER, "back");
}

#[test]
fn a_session_that_ends_or_is_lost_is_unavailable_for_the_users_others() {
    let (server, mut client) = bound();
    client.become_available();
    let gone = "<presence type='unavailable' from='1001@localhost/phone' to='1001@localhost/desktop' xmlns='jabber:client'/>";
    for vanish in [false, true] {
        let mut phone = Client::bound(&server, "1001", "phone");
        phone.become_available_beside(&mut client);
        if vanish {
            phone.vanish()
        } else {
            phone.leave()
        }
        client.expect(gone);
    }
    // One that never was available leaves without a word.
    Client::bound(&server, "1001", "phone").leave();
    client.expect_nothing_more();
}

#[test]
fn the_presence_of_finesse_can_be_asked_for() {
    let (_server, mut client) = bound();
    client.become_available();
    let finesse = client.finesse_presence();
    client.send("<presence to='finesse@localhost' type='probe' xmlns='jabber:client'/>");
    client.expect_all(&[&finesse, &finesse]);
    client.send("<presence to='finesse@localhost' type='subscribe' id='1' xmlns='jabber:client'/>");
    let subscribed =
        "<presence from='finesse@localhost' to='1001@localhost' type='subscribed' xmlns='jabber:client'/>";
    client.expect_all(&[subscribed, &finesse, &finesse]);
    client.expect_nothing_more();
}

#[test]
fn a_subscription_to_another_user_is_declined() {
    let (server, mut client) = bound();
    let mut other = Client::online(&server, "1002", "desktop");
    client.become_available();
    for user in ["1002", "nobody"] {
        client.send(&format!("<presence to='{user}@localhost' type='subscribe' xmlns='jabber:client'/>"));
        client.expect(&format!(
            "<presence from='{user}@localhost' to='1001@localhost' type='unsubscribed' xmlns='jabber:client'/>"
        ));
    }
    other.expect_nothing_more();
}

#[test]
fn a_presence_of_more_than_4_kib_is_not_acceptable() {
    let (_server, mut client) = bound();
    client.become_available();
    client.send(&format!("<presence xmlns='jabber:client'><status>{}</status></presence>", "x".repeat(5000)));
    let answer = client.text();
    assert!(
        answer.starts_with("<presence type=\"error\"") && answer.contains("<not-acceptable "),
        "{answer}"
    );
    client.expect_nothing_more();
}

#[test]
fn caps_of_every_kind_are_taken() {
    let (_server, mut client) = bound();
    let caps = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://strophe.example' ver='x='/>\
                <c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>eA==</hash></c>";
    client.send(&format!("<presence xmlns='jabber:client'>{caps}</presence>"));
    let finesse = client.finesse_presence();
    client.expect_all(&[&finesse, &finesse, &own(caps)]);
}
