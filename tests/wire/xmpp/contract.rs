//! The points that decide compatibility, each by its number in the contract.

use std::time::Instant;

use crate::support::client::CLOSE;
use crate::support::http::{Http, UPGRADE, publish};
use crate::support::polite::{Polite, Security};
use crate::support::server::{DEMO, PATIENCE};
use crate::support::{Client, Server, Session, ns};

const USER: &str = "/finesse/api/User/1001";

#[test]
fn point_1_open_and_features_are_frames_of_their_own_and_the_second_declares_its_prefix() {
    let server = Server::demo();
    let answer = Http::connect(server.plain).ask(format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}\r\n"));
    assert_eq!(answer.header("Sec-WebSocket-Protocol"), Some("xmpp"));
    let mut client = Client::connect(&server);
    client.send_open();
    client.expect_open();
    client.expect(&format!(
        "<stream:features xmlns:stream='{}'><mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms>\
         <c xmlns='{}' hash='sha-1' node='{{any}}' ver='{{any}}'/></stream:features>",
        ns::STREAM,
        ns::SASL,
        ns::CAPS
    ));
}

#[test]
fn point_2_the_authzid_is_empty_or_ones_own_name_or_address() {
    let server = Server::demo();
    for authzid in ["", "1001", "1001@localhost", "1001@LOCALHOST"] {
        let mut client = Client::connect(&server);
        client.open();
        client.send_plain(&format!("{authzid}\x001001\x001001"));
        client.expect_success();
        client.open();
        client.bind("1001", "desktop");
        client.leave();
    }
    // Peers have let anybody in as anybody else by this.
    for authzid in ["1002", "1002@localhost", "administrator@localhost", "1001@elsewhere.example", "finesse"]
    {
        let mut client = Client::connect(&server);
        client.open();
        client.send_plain(&format!("{authzid}\x001001\x001001"));
        client.expect_failure("invalid-authzid");
        // Nobody is logged in now.
        client.send("<iq type='get' id='1' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>");
        client.expect_stream_error("not-authorized", 1000);
    }
}

#[test]
fn point_3_a_resource_taken_twice_belongs_to_the_new_session_and_the_old_one_gets_conflict() {
    let server = Server::demo();
    let mut old = Client::online(&server, "1001", "desktop");
    let mut other = Client::bound(&server, "1001", "phone");
    let mut new = Client::bound(&server, "1001", "desktop");
    old.expect_stream_error("conflict", 1000);
    new.become_available();
    publish(&server, USER, "for the new one");
    new.expect_event("1001@localhost", USER, "for the new one");
    other.expect_nothing_more();
}

#[test]
fn point_3_session_is_answered_although_it_is_optional() {
    let server = Server::demo();
    let mut client = Client::bound(&server, "1001", "desktop");
    let session = format!("<session xmlns='{}'/>", ns::SESSION);
    client.set("", &session).is_result("");
    client.set("localhost", &session).is_result("");
}

#[test]
fn point_4_the_presence_of_finesse_arrives_before_anything_else_is_asked() {
    let server = Server::demo();
    let mut client = Client::bound(&server, "1001", "desktop");
    client.send("<presence xmlns='jabber:client'><priority>5</priority></presence>");
    let (finesse, own) = (client.finesse_presence(), client.jid.clone());
    let own =
        format!("<presence xmlns='jabber:client' from='{own}' to='{own}'><priority>5</priority></presence>");
    client.expect_all(&[&finesse, &finesse, &own]);
}

#[test]
fn point_5_a_ping_to_the_domain_is_answered_with_a_result() {
    let server = Server::demo();
    let mut client = Client::bound(&server, "1001", "desktop");
    client.send("<iq type='get' to='localhost' id='5d1f:ping' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>");
    client.expect(
        "<iq type='result' id='5d1f:ping' from='localhost' to='1001@localhost/desktop' xmlns='jabber:client'/>",
    );
}

#[test]
fn point_5_pings_are_answered_while_a_password_is_checked_for_another() {
    // A million rounds are a second of work.
    let slow = format!(
        "[[user]]\nid = \"slow\"\nteam = \"1\"\npassword_hash = \"$pbkdf2-sha256$i=1000000${}${}\"\n",
        "A".repeat(22),
        "A".repeat(43)
    );
    let server = Server::with(&slow);
    let mut client = Client::bound(&server, "1001", "desktop");
    let mut other = Client::connect(&server);
    other.open();
    other.send_plain("\0slow\0secret");
    // The server has taken it: this is the second one, the first is that of the client above.
    let deadline = Instant::now() + PATIENCE;
    while server.log().matches("<auth ").count() < 2 {
        assert!(Instant::now() < deadline, "the login does not come in");
        client.expect_nothing_more();
    }
    for _ in 0..3 {
        client.expect_nothing_more();
    }
    assert!(other.is_silent(), "the check was over before the pings were answered");
    other.expect_failure("not-authorized");
}

#[test]
fn point_6_ones_own_nodes_are_subscribed_without_asking() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    let nodes =
        [USER, "/finesse/api/User/1001/Dialogs", "/finesse/api/User/1001/Media", "/finesse/api/SystemInfo"];
    for node in nodes {
        publish(&server, node, "<Update/>");
        client.expect_event("1001@localhost", node, "<Update/>");
    }
    for node in ["/finesse/api/User/1002", "/finesse/api/User/1001/Queues", "/finesse/api/Team/1/Users"] {
        publish(&server, node, "<Update/>");
    }
    client.expect_nothing_more();
}

#[test]
fn point_6_no_event_comes_before_the_presence_and_none_is_repeated_after_it() {
    let server = Server::demo();
    let mut client = Client::bound(&server, "1001", "desktop");
    client.subscribe("/lab/alarms");
    publish(&server, USER, "too early");
    publish(&server, "/lab/alarms", "too early");
    client.expect_nothing_more();
    client.become_available();
    client.expect_nothing_more();
    publish(&server, USER, "in time");
    client.expect_event("1001@localhost", USER, "in time");
}

#[test]
fn point_7_the_event_is_this_and_nothing_beside() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    publish(&server, USER, "<Update><data>Müller &amp; Söhne &lt; 漢字</data></Update>");
    let event = client.expect_bytes(
        "<message from=\"pubsub.localhost\" to=\"1001@localhost\" id=\"{any}\" xmlns=\"jabber:client\">\
         <event xmlns=\"http://jabber.org/protocol/pubsub#event\"><items node=\"/finesse/api/User/1001\">\
         <item id=\"{any}\"><notification xmlns=\"urn:xmpp:push:0\">\
         &lt;Update&gt;&lt;data&gt;Müller &amp;amp; Söhne &amp;lt; 漢字&lt;/data&gt;&lt;/Update&gt;\
         </notification></item></items></event></message>",
    );
    // Cisco's tunnel takes all text of the message for the payload.
    let document = roxmltree::Document::parse(&event).expect("it is XML");
    let text: String =
        document.descendants().filter(|node| node.is_text()).filter_map(|node| node.text()).collect();
    assert_eq!(text, "<Update><data>Müller &amp; Söhne &lt; 漢字</data></Update>");
}

#[test]
fn point_7_ids_have_the_form_of_finesse() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    let mut seen: Vec<(String, String)> = Vec::new();
    for _ in 0..20 {
        publish(&server, USER, "x");
        seen.push(client.expect_event("1001@localhost", USER, "x"));
    }
    let is_message_id = |id: &str| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    assert!(seen.iter().all(|(id, _)| is_message_id(id)), "{seen:?}");
    let mut ids: Vec<_> = seen.iter().map(|(id, _)| id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20, "each message has an id of its own");
    // A UUID that never changes, with a growing number glued on.
    let items: Vec<_> = seen.iter().map(|(_, item)| item.split_at(36)).collect();
    let is_digit = |at, byte: u8| {
        if [8, 13, 18, 23].contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    assert!(items[0].0.bytes().enumerate().all(|(at, byte)| is_digit(at, byte)), "{items:?}");
    assert!(items.iter().all(|(uuid, _)| *uuid == items[0].0), "{items:?}");
    let numbers: Vec<u64> = items.iter().map(|(_, number)| number.parse().expect("decimal")).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}

#[test]
fn point_7_the_namespace_of_the_notification_goes_with_the_release() {
    for (release, namespace) in [("11.6", ns::PUBSUB), ("12.5", ns::PUSH)] {
        let server = Server::serving(
            "localhost",
            &DEMO.replace("release = \"12.5\"", &format!("release = \"{release}\"")),
        );
        let mut client = Client::online(&server, "1001", "desktop");
        publish(&server, USER, "x");
        let pattern = format!("{{any}}<notification xmlns=\"{namespace}\">x</notification>{{any}}");
        client.expect_bytes(&pattern);
    }
}

#[test]
fn point_8_every_question_is_answered_even_where_there_is_nothing_to_say() {
    let server = Server::demo();
    let mut client = Client::bound(&server, "1001", "desktop");
    // What real clients ask at their start.
    let unknown = [
        "<vCard xmlns='vcard-temp'/>",
        "<blocklist xmlns='urn:xmpp:blocking'/>",
        "<enable xmlns='urn:xmpp:carbons:2'/>",
        "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>",
        "<query xmlns='jabber:iq:register'/>",
        "<query xmlns='urn:xmpp:mam:2'/>",
        "<query xmlns='jabber:iq:last'/>",
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>",
        "<enable xmlns='urn:xmpp:sm:3'/>",
        "<ping xmlns='urn:xmpp:ping:2'/>",
        "<pong xmlns='urn:xmpp:ping'/>",
        "<anything/>",
    ];
    for to in ["", "localhost", "1001@localhost"] {
        for payload in unknown {
            client.get(to, payload).is_error("503 cancel service-unavailable");
            client.set(to, payload).is_error("503 cancel service-unavailable");
        }
    }
}

#[test]
fn point_9_our_close_is_byte_for_byte_what_strophe_knows() {
    let server = Server::demo();
    assert_eq!(CLOSE, "<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" />");
    for close in [
        "<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\"/>",
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'></close>",
    ] {
        // Over TLS too the connection ends in order, and at every stage of the stream.
        for stage in 0..4 {
            let wire = Polite::connect(&server, Security::Tls(None), "/ws/").0;
            let mut client = Session::new(wire, "localhost");
            match stage {
                0 => {}
                1 => client.open(),
                2 => client.authenticate("1001"),
                _ => client.log_in("1001", "desktop"),
            }
            client.send(close);
            client.expect_close(1000);
        }
    }
}

#[test]
fn point_10_the_first_presence_comes_back_to_all_of_ones_sessions() {
    let server = Server::demo();
    let mut desktop = Client::online(&server, "1001", "desktop");
    let mut phone = Client::bound(&server, "1001", "phone");
    phone.send("<presence xmlns='jabber:client'><show>dnd</show><x xmlns='vcard-temp:x:update'/></presence>");
    let said = |to: &str| {
        format!(
            "<presence xmlns='jabber:client' from='1001@localhost/phone' to='1001@localhost/{to}'><show>dnd</show>\
             <x xmlns='vcard-temp:x:update'/></presence>"
        )
    };
    desktop.expect(&said("desktop"));
    let finesse = phone.finesse_presence();
    let of_desktop =
        "<presence xmlns='jabber:client' from='1001@localhost/desktop' to='1001@localhost/phone'/>";
    phone.expect_all(&[&finesse, &finesse, &said("phone"), of_desktop]);
    phone.send("<presence xmlns='jabber:client' type='unavailable'/>");
    let gone = |to: &str| {
        format!(
            "<presence xmlns='jabber:client' type='unavailable' from='1001@localhost/phone' to='1001@localhost/{to}'/>"
        )
    };
    desktop.expect(&gone("desktop"));
    phone.expect(&gone("phone"));
    desktop.expect_nothing_more();
    phone.expect_nothing_more();
}

#[test]
fn point_11_an_automatic_subscription_that_was_ended_comes_back_with_the_next_first_login() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    let unsubscribe =
        format!("<pubsub xmlns='{}'><unsubscribe node='{USER}' jid='1001@localhost'/></pubsub>", ns::PUBSUB);
    client.set("pubsub.localhost", &unsubscribe).is_result("");
    publish(&server, USER, "to nobody");
    client.expect_nothing_more();
    // A session beside it is not a first login.
    let mut phone = Client::bound(&server, "1001", "phone");
    publish(&server, USER, "to nobody");
    phone.expect_nothing_more();
    client.leave();
    publish(&server, USER, "to nobody");
    phone.leave();
    let mut client = Client::online(&server, "1001", "desktop");
    publish(&server, USER, "to somebody");
    client.expect_event("1001@localhost", USER, "to somebody");
}
