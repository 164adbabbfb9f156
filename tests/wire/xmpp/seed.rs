//! The session that the seed document shows, step by step: the upgrade of its part 2, the twelve rows of its part 3.

use futures_rustls::rustls::version::{TLS12, TLS13};

use crate::support::http::{Http, UPGRADE, publish};
use crate::support::polite::{Polite, Security};
use crate::support::server::DEMO;
use crate::support::{Client, Server, Session, ns};

/// The domain of the seed.
const DOMAIN: &str = "uccxpub.prabhat.com";

/// The base64 of the seed.
const AUTH: &str = "YWRtaW5pc3RyYXRvckB1Y2N4cHViLnByYWJoYXQuY29tAGFkbWluaXN0cmF0b3IAMTIzNA==";

const CAPS: &str = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' \
                    node='https://www.igniterealtime.org/projects/openfire/' ver='k3mOuil8afx3OTZxYy6yxLmFsok='/>";

/// A server that is the one of the seed.
fn server() -> Server {
    Server::serving(DOMAIN, &DEMO.replace("domain = \"localhost\"", &format!("domain = \"{DOMAIN}\"")))
}

/// A stream before the first open, as the seed's desktop has it: over TLS.
fn connect(server: &Server) -> Client {
    Session::new(Polite::connect(server, Security::Tls(None), "/ws/").0, DOMAIN)
}

/// A session after the second features.
fn logged_in(server: &Server) -> Client {
    let mut client = connect(server);
    client.open();
    client.send_auth("PLAIN", AUTH);
    client.expect_success();
    client.open();
    client
}

/// A session with the resource of the seed.
fn bound(server: &Server) -> Client {
    let mut client = logged_in(server);
    client.bind("administrator", "desktop");
    client
}

/// A session that waits for events.
fn available(server: &Server) -> Client {
    let mut client = bound(server);
    client.become_available();
    client
}

/// The desktop's request of a subscription, with the attributes that Cisco's tunnel sends.
fn send_subscribe(client: &mut Client, id: &str, node: &str) {
    let jid = &client.jid;
    client.send(&format!(
        "<iq from='{jid}' to='pubsub.{DOMAIN}' type='set' id='{id}' xmlns='jabber:client'>\
         <pubsub xmlns='{}'><subscribe node='{node}' jid='{jid}'/></pubsub></iq>",
        ns::PUBSUB
    ));
}

fn expect_subscribed(client: &mut Client, id: &str, node: &str) {
    let jid = client.jid.clone();
    client.expect(&format!(
        "<iq type='result' id='{id}' from='pubsub.{DOMAIN}' to='{jid}' xmlns='jabber:client'>\
         <pubsub xmlns='{}'><subscription node='{node}' jid='{jid}' subscription='subscribed'>\
         <subscribe-options/></subscription></pubsub></iq>",
        ns::PUBSUB
    ));
}

const USER: &str = "/finesse/api/User/administrator";
const TEAM: &str = "/finesse/api/Team/1/Users";

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
fn row_1_open_request_and_open_response() {
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

#[test]
fn row_2_stream_features() {
    let server = server();
    let mut client = connect(&server);
    client.send_open();
    client.expect_open();
    let features = client.expect(&format!(
        "<stream:features xmlns:stream='{}'><mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms>{CAPS}\
         </stream:features>",
        ns::STREAM,
        ns::SASL
    ));
    assert!(features.starts_with("<stream:features xmlns:stream="), "{features}");
}

#[test]
fn row_3_auth_request() {
    let server = server();
    let mut client = connect(&server);
    client.open();
    client.send(&format!("<auth xmlns=\"{}\" mechanism=\"PLAIN\">{AUTH}</auth>", ns::SASL));
    client.expect_success();
}

#[test]
fn row_4_auth_response() {
    let server = server();
    let mut client = connect(&server);
    client.open();
    client.send_auth("PLAIN", AUTH);
    client.expect_bytes("<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"/>");
    // The restart: a new stream with other features.
    client.send_open();
    client.expect_open();
    let features = client.expect(&format!(
        "<stream:features xmlns:stream='{}'><bind xmlns='{}'/><session xmlns='{}'><optional/></session>{CAPS}\
         </stream:features>",
        ns::STREAM,
        ns::BIND,
        ns::SESSION
    ));
    // Strophe looks for them by the names without a prefix.
    assert!(features.contains("<bind ") && features.contains("<session "), "{features}");
}

#[test]
fn row_5_bind_request() {
    let server = server();
    let mut client = logged_in(&server);
    client.send(&format!(
        "<iq type='set' id='_bind_auth_2' xmlns='jabber:client'><bind xmlns='{}'><resource>desktop</resource></bind></iq>",
        ns::BIND
    ));
    let answer = client.text();
    assert!(answer.contains(&format!("<jid>administrator@{DOMAIN}/desktop</jid>")), "{answer}");
}

#[test]
fn row_6_bind_response() {
    let server = server();
    let mut client = logged_in(&server);
    client.send_bind("desktop");
    client.expect(&format!(
        "<iq type='result' id='bind' to='{DOMAIN}/{{any}}' xmlns='jabber:client'><bind xmlns='{}'>\
         <jid>administrator@{DOMAIN}/desktop</jid></bind></iq>",
        ns::BIND
    ));
    // The second half of the seed's response: the session iq of old clients.
    client.send(&format!(
        "<iq type='set' id='_session_auth_2' xmlns='jabber:client'><session xmlns='{}'/></iq>",
        ns::SESSION
    ));
    client.expect(&format!(
        "<iq type='result' id='_session_auth_2' to='administrator@{DOMAIN}/desktop' xmlns='jabber:client'/>"
    ));
}

#[test]
fn row_7_presence_request_and_presence_response() {
    let server = server();
    let mut client = bound(&server);
    client.send("<presence xmlns='jabber:client'/>");
    let finesse = client.finesse_presence();
    let own = format!("<presence xmlns='jabber:client' from='{0}' to='{0}'/>", client.jid);
    client.expect_all(&[&finesse, &finesse, &own]);
    client.expect_nothing_more();
}

#[test]
fn row_8_the_request_to_subscribe_the_user_node() {
    let server = server();
    let mut client = available(&server);
    send_subscribe(&mut client, "0c7d0f7a-2d5b:subscribenode", USER);
    let answer = client.text();
    // The words that a production client looks for in the text of the answer.
    assert!(answer.contains("type=\"result\"") && answer.contains("subscription=\"subscribed\""), "{answer}");
}

#[test]
fn row_9_the_user_is_subscribed() {
    let server = server();
    let mut client = available(&server);
    send_subscribe(&mut client, "0c7d0f7a-2d5b:subscribenode", USER);
    expect_subscribed(&mut client, "0c7d0f7a-2d5b:subscribenode", USER);
}

#[test]
fn row_10_the_request_to_subscribe_the_team_node() {
    let server = server();
    let mut client = available(&server);
    send_subscribe(&mut client, "91ab:subscribenode", TEAM);
    let answer = client.text();
    assert!(answer.contains("type=\"result\"") && answer.contains("subscription=\"subscribed\""), "{answer}");
}

#[test]
fn row_11_the_team_is_subscribed() {
    let server = server();
    let mut client = available(&server);
    send_subscribe(&mut client, "91ab:subscribenode", TEAM);
    expect_subscribed(&mut client, "91ab:subscribenode", TEAM);
}

#[test]
fn row_12_from_here_on_the_server_pushes_an_event_at_each_change() {
    let server = server();
    let mut client = available(&server);
    let (full, bare) = (client.jid.clone(), client.bare().to_owned());
    for (id, node) in [("1", USER), ("2", TEAM)] {
        send_subscribe(&mut client, id, node);
        expect_subscribed(&mut client, id, node);
    }
    for state in ["NOT_READY", "READY"] {
        let update = format!("<Update><data><user><state>{state}</state></user></data></Update>");
        let item = publish(&server, USER, &update);
        // Once for the subscription that Finesse makes for everybody, once for that of the desktop.
        let mut events = [(); 2].map(|()| client.text());
        events.sort_by_key(|event| event.contains(&full));
        for (event, to) in events.iter().zip([&bare, &full]) {
            let start = format!("<message from=\"pubsub.{DOMAIN}\" to=\"{to}\" id=\"");
            assert!(event.starts_with(&start) && event.contains(&item), "{event}");
        }
        let item = publish(&server, TEAM, &update);
        assert_eq!(client.expect_event(&full, TEAM, &update).1, item);
    }
    client.expect_nothing_more();
}
