//! Whole sessions over BOSH: those of a Finesse desktop and of the XEPs, beside those over WebSocket.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::bosh::{CREATE, RESTART, attribute, envelope, request};
use crate::support::http::{Http, publish};
use crate::support::rest::{field, get, put_state};
use crate::support::server::DEMO;
use crate::support::{Bosh, Client, Server, Session, ns};

const USER: &str = "/finesse/api/User/1001";

const CAPS: &str = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' \
                    node='https://www.igniterealtime.org/projects/openfire/' ver='k3mOuil8afx3OTZxYy6yxLmFsok='/>";

fn features(offer: &str) -> String {
    format!("<stream:features xmlns:stream='{}'>{offer}{CAPS}</stream:features>", ns::STREAM)
}

fn mechanisms() -> String {
    features(&format!("<mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms>", ns::SASL))
}

/// The attributes of the first answer to [`CREATE`].
fn created() -> String {
    format!(
        "wait='60' hold='1' requests='2' inactivity='60' polling='5' maxpause='120' ver='1.6' charsets='UTF-8' \
         from='localhost' sid='{{any}}' authid='{{any}}' xmlns:xmpp='{}' xmpp:version='1.0' xmpp:restartlogic='true'",
        ns::XBOSH
    )
}

#[test]
fn the_session_of_the_seed_goes_over_bosh_too() {
    const DOMAIN: &str = "uccxpub.prabhat.com";
    const NODES: [&str; 2] = ["/finesse/api/User/administrator", "/finesse/api/Team/1/Users"];
    let config = DEMO.replace("domain = \"localhost\"", &format!("domain = \"{DOMAIN}\""));
    let server = Server::serving(DOMAIN, &config);
    for tls in [true, false] {
        let mut client = Session::new(Bosh::new(&server, tls), DOMAIN);
        client.send_open();
        client.expect_open();
        client.expect(&mechanisms());
        client.send_auth("PLAIN", "YWRtaW5pc3RyYXRvckB1Y2N4cHViLnByYWJoYXQuY29tAGFkbWluaXN0cmF0b3IAMTIzNA==");
        client.expect_success();
        client.send_open();
        client.expect_open();
        client.expect(&features(&format!(
            "<bind xmlns='{}'/><session xmlns='{}'><optional/></session>",
            ns::BIND,
            ns::SESSION
        )));
        client.bind("administrator", "desktop");
        client.set("", &format!("<session xmlns='{}'/>", ns::SESSION)).is_result("");
        client.become_available();
        for node in NODES {
            client.subscribe(node);
        }
        let (full, bare) = (client.jid.clone(), client.bare().to_owned());
        for payload in ["<Update>1</Update>", "<Update>2 &amp; 3</Update>"] {
            let item = publish(&server, NODES[1], payload);
            assert_eq!(client.expect_event(&full, NODES[1], payload).1, item);
            publish(&server, NODES[0], payload);
            let mut to = [(); 2].map(|()| attribute(&client.text(), "to").expect("an event has an address"));
            to.sort();
            assert_eq!(to, [bare.clone(), full.clone()]);
        }
        let unsubscribe = format!("<unsubscribe node='{}' jid='{full}'/>", NODES[1]);
        let payload = format!("<pubsub xmlns='{}'>{unsubscribe}</pubsub>", ns::PUBSUB);
        client.set(&format!("pubsub.{DOMAIN}"), &payload).is_result("");
        publish(&server, NODES[1], "nobody");
        client.expect_nothing_more();
        client.send(&format!("<close xmlns='{}'/>", ns::FRAMING));
        // What was held is answered first; nothing else comes but the end.
        client.expect_close(1000);
        server
            .wait_for_log(&["bosh administrator@uccxpub.prabhat.com/desktop: closed after", "by the client"]);
    }
}

/// XEP-0206, examples 1 to 11, with the mechanism that there is.
#[test]
fn the_examples_of_the_xeps_are_answered_as_they_show_it() {
    let server = Server::demo();
    let mut bosh = Bosh::new(&server, false);
    // The attributes that say nothing here.
    let more = "from='1001@localhost' route='xmpp:example.com:9999' secure='true' xmlns:other='urn:other' other:x='1'";
    let attributes = format!("{CREATE} {more}");
    let answer = bosh.post(&envelope(&attributes, "")).answer();
    answer.expect_body(&created(), &mechanisms());
    assert_eq!(answer.header("Content-Type"), Some("text/xml; charset=utf-8"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    (bosh.rid, bosh.sid) = (1000, attribute(&answer.body, "sid").expect("the pattern has it"));
    assert!(bosh.sid.len() >= 22, "128 bits in base64: {}", bosh.sid);
    assert_ne!(bosh.sid, attribute(&answer.body, "authid").expect("the pattern has it"));
    let auth = format!("\n  <auth xmlns='{}' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>\n", ns::SASL);
    bosh.ask("", &auth).expect_body("", &format!("<success xmlns='{}'/>", ns::SASL));
    let offer = format!("<bind xmlns='{}'/><session xmlns='{}'><optional/></session>", ns::BIND, ns::SESSION);
    bosh.ask(&format!("to='localhost' xml:lang='en' {RESTART}"), "").expect_body("", &features(&offer));
    let bind = |content: &str| format!("<bind xmlns='{}'>{content}</bind>", ns::BIND);
    let iq = format!(
        "<iq id='bind_1' type='set' xmlns='jabber:client'>{}</iq>",
        bind("<resource>httpclient</resource>")
    );
    bosh.ask("", &iq).expect_body(
        "",
        &format!(
            "<iq id='bind_1' type='result' to='{{any}}' xmlns='jabber:client'>{}</iq>",
            bind("<jid>1001@localhost/httpclient</jid>")
        ),
    );
    let leave = "<presence type='unavailable' xmlns='jabber:client'/>";
    bosh.ask("type='terminate'", leave).expect_body("type='terminate'", "");
    bosh.expect_gone();
}

#[test]
fn stanzas_in_an_envelope_count_one_after_the_other() {
    let server = Server::demo();
    let mut client = Bosh::session(&server);
    client.log_in("1001", "desktop");
    let ping = |id: &str| {
        format!(
            "<iq type='get' id='{id}' to='localhost' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
        )
    };
    let pong = |id: &str| {
        format!(
            "<iq type='result' id='{id}' from='localhost' to='1001@localhost/desktop' xmlns='jabber:client'/>"
        )
    };
    client.send(&[ping("1"), ping("2"), ping("3")].join("\n  "));
    for id in ["1", "2", "3"] {
        client.expect(&pong(id));
    }
    client.expect_nothing_more();
}

#[test]
fn events_come_in_the_order_of_their_publishing() {
    let server = Server::demo();
    let mut client = Bosh::online(&server, "1001", "desktop");
    for n in 0..100 {
        publish(&server, USER, &n.to_string());
    }
    for n in 0..100 {
        client.expect_event("1001@localhost", USER, &n.to_string());
    }
    client.expect_nothing_more();
}

#[test]
fn a_resource_goes_to_the_newcomer_whatever_its_transport() {
    let server = Server::demo();
    let mut bosh = Bosh::online(&server, "1001", "desktop");
    let mut socket = Client::online(&server, "1001", "desktop");
    bosh.expect_stream_error("conflict", 1000);
    let mut newcomer = Bosh::online(&server, "1001", "desktop");
    socket.expect_stream_error("conflict", 1000);
    newcomer.expect_nothing_more();
}

#[test]
fn users_talk_to_each_other_whatever_their_transport() {
    let server = Server::demo();
    let mut bosh = Bosh::online(&server, "1001", "desktop");
    let mut socket = Client::online(&server, "1002", "desktop");
    let message = |to: &str, from: &str| {
        format!(
            "<message to='{to}' {from} type='chat' id='m' xmlns='jabber:client'><body>a &amp; b</body></message>"
        )
    };
    bosh.send(&message("1002@localhost/desktop", ""));
    socket.expect(&message("1002@localhost/desktop", "from='1001@localhost/desktop'"));
    socket.send(&message("1001@localhost", ""));
    bosh.expect(&message("1001@localhost", "from='1002@localhost/desktop'"));
}

#[test]
fn wrong_passwords_are_answered_and_the_third_ends_the_stream() {
    let server = Server::demo();
    let mut client = Bosh::session(&server);
    client.open();
    for _ in 0..3 {
        client.send_plain("\x001001\0wrong");
        client.expect_failure("not-authorized");
    }
    client.expect_stream_error("policy-violation", 1000);
    client.wire.expect_gone();
}

#[test]
fn a_client_that_terminates_with_a_presence_is_seen_leaving() {
    let server = Server::demo();
    let mut socket = Client::online(&server, "1001", "phone");
    let mut bosh = Bosh::session(&server);
    bosh.log_in("1001", "desktop");
    bosh.become_available_beside(&mut socket);
    let leave = "<presence type='unavailable' xmlns='jabber:client'><status>bye</status></presence>";
    let held = bosh.wire.send_next("", "");
    let answer = bosh.wire.ask("type='terminate'", leave);
    answer.expect_body("", "");
    // Nothing is said to a client that has left, not even that.
    { held }.answer().expect_body("type='terminate'", "");
    socket.expect(
        "<presence type='unavailable' from='1001@localhost/desktop' to='1001@localhost/phone' xmlns='jabber:client'>\
         <status>bye</status></presence>",
    );
    socket.expect_nothing_more();
}

#[test]
fn errors_of_the_stream_stand_in_the_envelope() {
    let server = Server::demo();
    let ping = "<iq type='get' id='1' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>";
    for (content, condition) in [
        (ping, "not-authorized"),
        ("<x xmlns='jabber:client'/>", "unsupported-stanza-type"),
        (
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>",
            "unsupported-stanza-type",
        ),
        ("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", "unsupported-stanza-type"),
    ] {
        let mut bosh = Bosh::new(&server, false);
        bosh.create(CREATE);
        bosh.ask("", content).expect_stream_error(condition);
        bosh.expect_gone();
    }
    // Nothing comes between login and restart.
    let mut bosh = Bosh::new(&server, false);
    bosh.create(CREATE);
    bosh.ask("", &format!("<auth xmlns='{}' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>", ns::SASL));
    bosh.ask("", ping).expect_stream_error("unsupported-stanza-type");
}

#[test]
fn a_stanza_beside_a_restart_does_not_count() {
    let server = Server::demo();
    let mut bosh = Bosh::new(&server, false);
    bosh.create(CREATE);
    bosh.ask("", &format!("<auth xmlns='{}' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>", ns::SASL));
    let answer = bosh.ask(RESTART, "<presence xmlns='jabber:client'/>");
    assert!(answer.body.contains("<stream:features") && !answer.body.contains("error"), "{answer:?}");
}

#[test]
fn at_shutdown_who_waits_is_told_and_who_does_not_is_not_waited_for() {
    let server = Server::with("[limits]\nclose = \"60s\"\n");
    let mut waiting = Bosh::online(&server, "1001", "desktop");
    let held = waiting.wire.send_next("", "");
    let mut quiet = Bosh::new(&server, false);
    quiet.create(CREATE);
    server.wait_for_log(&[&format!("rid='{}'", waiting.wire.rid)]);
    let started = Instant::now();
    server.signal(Signal::TERM);
    { held }.answer().expect_terminate("system-shutdown");
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(started.elapsed() < Duration::from_secs(30), "a quiet session is waited for");
    assert!(!log.contains("in time"), "{log}");
}

#[test]
fn an_agent_whose_client_stays_away_is_signed_out() {
    let server = Server::with(
        "[limits]\nbosh_inactivity = \"100ms\"\nbosh_wait = \"100ms\"\nforced_logout = \"100ms\"\n",
    );
    let mut watcher = Client::online(&server, "administrator", "desktop");
    let bosh = Bosh::online(&server, "1001", "desktop");
    assert_eq!(
        put_state(&server, "1001", "1001", "<state>LOGIN</state><extension>1001</extension>").status(),
        202
    );
    watcher.subscribe("/finesse/api/User/1001");
    server.wait_for_log(&["bosh 1001@localhost/desktop: closed after", "no request came in time"]);
    while !watcher.text().contains("LOGOUT") {}
    assert_eq!(field(&get(&server, "administrator", "User/1001").body, "state"), "LOGOUT");
    drop(bosh);
}

#[test]
fn a_log_shows_neither_passwords_nor_what_a_session_is_known_by() {
    let server = Server::demo();
    let mut client = Bosh::online(&server, "1001", "desktop");
    client.expect_nothing_more();
    let sid = client.wire.sid.clone();
    let log = server.stop();
    assert!(log.contains("<presence xmlns='jabber:client'/></body>"), "frames are shown: {log}");
    assert!(!log.contains("ADEwMDEAMTAwMQ==") && !log.contains(&sid), "{log}");
}

#[test]
fn old_clients_of_http_and_of_bosh_are_served() {
    let server = Server::demo();
    let body = envelope("rid='7' to='localhost' content='application/xml; charset=utf-8'", "");
    for path in ["/http-bind", "/http-bind/"] {
        let mut http = Http::connect(server.plain);
        let answer =
            http.ask(format!("POST {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        assert_eq!((answer.status(), http.rest().as_str()), (200, ""), "HTTP/1.0 closes");
        assert_eq!(answer.header("Content-Type"), Some("application/xml; charset=utf-8"));
        // The highest version that there is; and what has no 'ver' gets status codes.
        let sid = attribute(&answer.body, "sid").expect("a session");
        assert_eq!(attribute(&answer.body, "ver").as_deref(), Some("1.11"));
        let wrong = envelope(&format!("rid='17' sid='{sid}'"), "");
        let answer = Http::connect(server.plain).ask(request(&wrong, ""));
        assert_eq!(answer.status(), 404, "{answer:?}");
        assert_eq!(answer.header("Content-Type"), Some("application/xml; charset=utf-8"));
    }
}

#[test]
fn what_others_have_written_does_not_leave_as_a_page_of_this_server() {
    let server = Server::demo();
    for content in
        ["text/html", "text/html; charset=utf-8", "application/xhtml+xml", "image/svg+xml", "text/plain"]
    {
        let body = envelope(&format!("rid='7' to='localhost' ver='1.6' content='{content}'"), "");
        let answer = Http::connect(server.plain).ask(request(&body, ""));
        assert_eq!(answer.header("Content-Type"), Some("text/xml; charset=utf-8"), "{content}");
        assert!(answer.body.contains("bad-request"), "{answer:?}");
    }
    let body = envelope("rid='7' to='localhost' ver='1.6' content='application/xml'", "");
    let answer = Http::connect(server.plain).ask(request(&body, ""));
    assert_eq!(answer.header("Content-Type"), Some("application/xml"));
    assert!(answer.body.contains(" sid="), "{answer:?}");
    assert!(answer.header("Content-Security-Policy").is_some_and(|policy| policy.contains("sandbox")));
}

#[test]
fn pages_of_origins_that_are_allowed_may_use_it() {
    let server =
        Server::serving("localhost", &format!("cors_origins = [\"https://gadgets.example.org\"]\n{DEMO}"));
    let preflight = |origin: &str| {
        Http::connect(server.plain).ask(format!(
            "OPTIONS /http-bind/ HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: content-type\r\n\r\n"
        ))
    };
    let post = |origin: &str| {
        let body = envelope(CREATE, "");
        Http::connect(server.plain).ask(request(&body, &format!("Origin: {origin}\r\n")))
    };
    for origin in ["https://gadgets.example.org", "http://localhost:3000"] {
        let answer = preflight(origin);
        assert_eq!(answer.status(), 204, "{answer:?}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(origin));
        assert_eq!(answer.header("Access-Control-Allow-Headers"), Some("content-type"));
        let answer = post(origin);
        assert!(answer.body.contains(" sid="), "{answer:?}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(origin));
    }
    assert_eq!(preflight("https://evil.example").status(), 403);
    let answer = post("https://evil.example");
    assert_eq!(answer.status(), 403, "a foreign page makes no session: {answer:?}");
    assert!(!answer.body.contains("sid="));
}

/// XEP-0206 §2: so that clients find them that take their prefix from the envelope.
#[test]
fn an_envelope_declares_the_prefix_of_features_and_of_errors() {
    let server = Server::demo();
    let declared = format!("xmlns:stream=\"{}\"", ns::STREAM);
    let head = |body: &str| body.split_once('>').map(|(head, _)| head.to_owned()).expect("it is an envelope");
    let mut bosh = Bosh::new(&server, false);
    let created = bosh.create(CREATE);
    assert!(created.contains("<stream:features") && head(&created).contains(&declared), "{created}");
    let refused = bosh.ask("", "<presence xmlns='jabber:client'/>").body;
    assert!(refused.contains("<stream:error") && head(&refused).contains(&declared), "{refused}");
    let mut client = Bosh::online(&server, "1001", "desktop");
    client.expect_nothing_more();
    let empty = client.wire.ask("", "<presence type='unavailable' xmlns='jabber:client'/>").body;
    assert!(!head(&empty).contains(&declared), "{empty}");
}

#[test]
fn the_language_of_the_first_request_goes_with_what_is_said() {
    let server = Server::demo();
    let mut receiver = Client::online(&server, "1002", "desktop");
    for (lang, restart, expected) in [
        ("xml:lang='de'", "", " xml:lang='de'"),
        ("xml:lang='de'", "xml:lang='fr'", " xml:lang='fr'"),
        ("xml:lang='en'", "", ""),
    ] {
        let mut sender = Session::new(Bosh::new(&server, false), "localhost");
        sender.wire.create(&CREATE.replace("xml:lang='en'", lang));
        let auth = format!("<auth xmlns='{}' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>", ns::SASL);
        assert!(sender.wire.ask("", &auth).body.contains("<success"));
        sender.wire.ask(&format!("{RESTART} {restart}"), "");
        let bind = format!("<iq type='set' id='b' xmlns='jabber:client'><bind xmlns='{}'/></iq>", ns::BIND);
        assert!(sender.wire.ask("", &bind).body.contains("<jid>"));
        let _waits = sender
            .wire
            .send_next("", "<message to='1002@localhost' xmlns='jabber:client'><body>x</body></message>");
        receiver.expect(&format!(
            "<message to='1002@localhost' from='{{any}}'{expected} xmlns='jabber:client'><body>x</body></message>"
        ));
    }
}
