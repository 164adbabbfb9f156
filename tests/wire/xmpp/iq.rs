//! Questions to the server, to users and to nobody: each get and each set has exactly one answer.

use super::{Client, Server};
use crate::support::ns;

const VERSION: &str = "<query xmlns='jabber:iq:version'/>";

fn bound() -> (Server, Client) {
    let server = Server::demo();
    let client = Client::bound(&server, "1001", "desktop");
    (server, client)
}

fn disco_info(node: &str) -> String {
    let node = if node.is_empty() { String::new() } else { format!(" node='{node}'") };
    format!("<query xmlns='{}'{node}/>", ns::DISCO_INFO)
}

#[test]
fn an_error_repeats_the_question_and_then_says_what_is_wrong() {
    let (_server, mut client) = bound();
    client.send(
        "<iq type='get' id='1' to='localhost' xmlns='jabber:client'><a xmlns='urn:example' b='&lt;'><c>x &amp; y</c></a></iq>",
    );
    client.expect(&format!(
        "<iq type='error' id='1' from='localhost' to='1001@localhost/desktop' xmlns='jabber:client'>\
         <a xmlns='urn:example' b='&lt;'><c>x &amp; y</c></a>\
         <error code='503' type='cancel'><service-unavailable xmlns='{}'/></error></iq>",
        ns::STANZAS
    ));
}

#[test]
fn an_iq_that_breaks_the_rules_is_a_bad_request() {
    let (_server, mut client) = bound();
    let ping = "<ping xmlns='urn:xmpp:ping'/>";
    for (attributes, payload) in [
        ("type='get'", ping.to_owned()),
        ("id='1'", ping.to_owned()),
        ("type='' id='1'", ping.to_owned()),
        ("type='GET' id='1'", ping.to_owned()),
        ("type='subscribe' id='1'", ping.to_owned()),
        ("type='get' id='1'", String::new()),
        ("type='set' id='1'", "text".to_owned()),
        ("type='get' id='1'", ping.repeat(2)),
        ("type='set' id='1'", format!("{ping}<a xmlns='u'/>")),
    ] {
        client.send(&format!("<iq {attributes} to='localhost' xmlns='jabber:client'>{payload}</iq>"));
        let answer = client.text();
        let error = format!("<error code=\"400\" type=\"modify\"><bad-request xmlns=\"{}\"/>", ns::STANZAS);
        assert!(
            answer.starts_with("<iq type=\"error\"") && answer.contains(&error),
            "{attributes}: {answer}"
        );
        client.expect_nothing_more();
    }
}

#[test]
fn an_answer_to_a_question_that_nobody_asked_is_ignored() {
    let (_server, mut client) = bound();
    for kind in ["result", "error"] {
        for to in [
            "",
            " to='localhost'",
            " to='1001@localhost'",
            " to='nobody@localhost'",
            " to='1002@localhost/x'",
            " to='x.example'",
        ] {
            client.send(&format!("<iq type='{kind}' id='1'{to} xmlns='jabber:client'/>"));
        }
    }
    // What Strophe says when it is asked: an error without an address.
    client.send(
        "<iq id='disco' type='error' xmlns='jabber:client'><error type='cancel'>\
         <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    );
    client.expect_nothing_more();
}

#[test]
fn a_question_to_where_nobody_is_gets_the_right_error() {
    let (server, mut client) = bound();
    Client::bound(&server, "1002", "phone").leave();
    for (to, error) in [
        ("nobody@localhost", "503 cancel service-unavailable"),
        ("nobody@localhost/desktop", "503 cancel service-unavailable"),
        ("1002@localhost", "503 cancel service-unavailable"),
        ("1002@localhost/phone", "503 cancel service-unavailable"),
        ("1001@localhost/elsewhere", "503 cancel service-unavailable"),
        ("elsewhere.example", "404 cancel remote-server-not-found"),
        ("1001@elsewhere.example/x", "404 cancel remote-server-not-found"),
        ("notlocalhost", "404 cancel remote-server-not-found"),
        ("proxy.localhost", "404 cancel item-not-found"),
        ("conference.pubsub.localhost", "404 cancel item-not-found"),
        ("@localhost", "400 modify jid-malformed"),
        ("a b@localhost", "400 modify jid-malformed"),
        ("1002@localhost/", "400 modify jid-malformed"),
        ("1002@@localhost", "400 modify jid-malformed"),
        (&format!("{}@localhost", "x".repeat(1024)), "400 modify jid-malformed"),
    ] {
        println!("{to}");
        client.get(to, VERSION).is_error(error);
        client.set(to, "<x xmlns='urn:example'/>").is_error(error);
    }
    client.send("<iq type='get' id='1' to='' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert!(client.text().contains("<jid-malformed "));
}

#[test]
fn ones_own_from_is_accepted_bare_and_full() {
    let (_server, mut client) = bound();
    for from in ["1001@localhost", "1001@localhost/desktop", "1001@LocalHost/desktop"] {
        client.send(&format!(
            "<iq type='get' id='1' from='{from}' to='localhost' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
        ));
        client.expect(
            "<iq type='result' id='1' from='localhost' to='1001@localhost/desktop' xmlns='jabber:client'/>",
        );
    }
}

#[test]
fn the_id_of_a_question_comes_back_unchanged() {
    let (_server, mut client) = bound();
    for id in [
        "d692241b-0:sendIQ",
        "&lt;&quot;&apos;&amp;&gt;",
        "漢字",
        " a  b ",
        "a&#10;b&#9;c",
        &"x".repeat(2000),
        "",
    ] {
        client.send(&format!(
            "<iq type='get' id='{id}' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
        ));
        client.expect(&format!(
            "<iq type='result' id='{id}' to='1001@localhost/desktop' xmlns='jabber:client'/>"
        ));
    }
}

#[test]
fn pings_are_answered_wherever_they_go() {
    let (_server, mut client) = bound();
    for to in ["", "localhost", "1001@localhost", "pubsub.localhost"] {
        client.get(to, "<ping xmlns='urn:xmpp:ping'/>").is_result("");
    }
}

#[test]
fn the_roster_holds_the_finesse_user() {
    let (_server, mut client) = bound();
    for (to, query) in [
        ("", "<query xmlns='jabber:iq:roster'/>"),
        ("", "<query xmlns='jabber:iq:roster' ver=''/>"),
        ("", "<query xmlns='jabber:iq:roster'>\n  </query>"),
        ("1001@localhost", "<query xmlns='jabber:iq:roster'/>"),
    ] {
        client.get(to, query).is_result(
            "<query xmlns='jabber:iq:roster'><item jid='finesse@localhost' name='{any}' subscription='both'/></query>",
        );
    }
    let change = "<query xmlns='jabber:iq:roster'><item jid='1002@localhost'/></query>";
    client.set("", change).is_error("405 cancel not-allowed");
}

#[test]
fn disco_knows_domain_service_nodes_and_account() {
    let (_server, mut client) = bound();
    let feature = |name: &str| format!("<feature var=\"{name}\"/>");
    let server = client.get("localhost", &disco_info(""));
    server.is_result_with(&[
        "<identity category=\"server\" type=\"im\"",
        &feature(ns::DISCO_INFO),
        &feature(ns::DISCO_ITEMS),
        &feature("urn:xmpp:ping"),
    ]);
    client
        .get("localhost", &format!("<query xmlns='{}'/>", ns::DISCO_ITEMS))
        .is_result(&format!("<query xmlns='{}'><item jid='pubsub.localhost'/></query>", ns::DISCO_ITEMS));
    client.get("pubsub.localhost", &disco_info("")).is_result_with(&[
        "<identity category=\"pubsub\" type=\"service\"",
        &feature(ns::PUBSUB),
        &feature(&format!("{}#publish", ns::PUBSUB)),
        &feature(&format!("{}#subscribe", ns::PUBSUB)),
    ]);
    client.get("pubsub.localhost", &format!("<query xmlns='{}'/>", ns::DISCO_ITEMS)).is_result_with(&[
        "<item jid=\"pubsub.localhost\" node=\"/finesse/api/User/1001\"/>",
        "<item jid=\"pubsub.localhost\" node=\"/finesse/api/Team/1/Users\"/>",
        "<item jid=\"pubsub.localhost\" node=\"/finesse/api/SystemInfo\"/>",
        "<item jid=\"pubsub.localhost\" node=\"/lab/alarms\"/>",
    ]);
    // Smack asks this of a node before it uses it.
    client.get("pubsub.localhost", &disco_info("/finesse/api/User/1001")).is_result_with(&[
        "node=\"/finesse/api/User/1001\"",
        "<identity category=\"pubsub\" type=\"leaf\"/>",
        &feature(ns::PUBSUB),
    ]);
    client.get("pubsub.localhost", &disco_info("/nowhere")).is_error("404 cancel item-not-found");
    for to in ["", "1001@localhost"] {
        client
            .get(to, &disco_info(""))
            .is_result_with(&["<identity category=\"account\" type=\"registered\"/>"]);
    }
    client.get("localhost", &disco_info("nothing")).is_error("404 cancel item-not-found");
}

#[test]
fn the_caps_of_the_features_and_of_finesse_are_answered() {
    let (_server, mut client) = bound();
    for (to, node) in [
        ("localhost", "https://www.igniterealtime.org/projects/openfire/#k3mOuil8afx3OTZxYy6yxLmFsok="),
        (
            "finesse@localhost/smack-1",
            "http://www.igniterealtime.org/projects/smack#NfJ3flI83zSdUDzCEICtbypursw=",
        ),
    ] {
        let answer = client.get(to, &disco_info(node));
        answer.is_result_with(&[&format!("node=\"{node}\""), "<identity "]);
    }
}

#[test]
fn version_and_time_are_told() {
    let (_server, mut client) = bound();
    client
        .get("localhost", VERSION)
        .is_result("<query xmlns='jabber:iq:version'><name>callboard</name><version>{any}</version></query>");
    let answer = client.get("localhost", "<time xmlns='urn:xmpp:time'/>");
    answer
        .is_result("<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>{any}T{any}:{any}:{any}Z</utc></time>");
}

#[test]
fn questions_are_answered_in_their_order() {
    let (_server, mut client) = bound();
    for id in 0..200 {
        let payload = if id % 2 == 0 { "<ping xmlns='urn:xmpp:ping'/>" } else { "<x xmlns='u'/>" };
        client.send(&format!("<iq type='get' id='{id}' xmlns='jabber:client'>{payload}</iq>"));
    }
    for id in 0..200 {
        let answer = client.text();
        assert!(answer.contains(&format!(" id=\"{id}\" ")), "{answer}");
    }
}

/// RFC 6120 §8.3.1.
#[test]
fn an_answer_that_breaks_the_rules_is_not_answered() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    for kind in ["error", "result"] {
        for rest in
            ["", "id='1' to='a b@localhost'", "id='1' to='nobody@localhost/x'", "to='1002@localhost/x'"]
        {
            client.send(&format!("<iq type='{kind}' {rest} xmlns='jabber:client'/>"));
        }
    }
    client.expect_nothing_more();
}
