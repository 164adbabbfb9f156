//! The requests of a BOSH session: their order, those that come again, those that come too often or not at all.

use std::time::{Duration, Instant};

use crate::support::bosh::{CREATE, RESTART, attribute, envelope, ping, request};
use crate::support::http::{Http, publish};
use crate::support::{Bosh, Server, Session};

const USER: &str = "/finesse/api/User/1001";

fn online(server: &Server) -> Session<Bosh> {
    Bosh::online(server, "1001", "desktop")
}

fn pong(id: &str) -> String {
    format!(
        "<iq type='result' id='{id}' from='localhost' to='1001@localhost/desktop' xmlns='jabber:client'/>"
    )
}

#[test]
fn a_request_waits_as_long_as_agreed_and_is_answered_with_nothing_then() {
    let server = Server::demo();
    let mut bosh = Bosh::new(&server, false);
    let answer = bosh.create(&CREATE.replace("wait='60'", "wait='1'"));
    assert_eq!(attribute(&answer, "wait").as_deref(), Some("1"));
    let started = Instant::now();
    bosh.ask("", "").expect_body("", "");
    assert!(started.elapsed() >= Duration::from_secs(1), "it was answered too early");
    // The bound of the server is lower.
    let server = Server::with("[limits]\nbosh_wait = \"2s\"\n");
    let mut bosh = Bosh::new(&server, false);
    let answer = bosh.create(CREATE);
    assert_eq!(attribute(&answer, "wait").as_deref(), Some("2"));
    let started = Instant::now();
    bosh.ask("", "").expect_body("", "");
    assert!(started.elapsed() >= Duration::from_secs(2), "it was answered too early");
}

#[test]
fn a_held_request_is_answered_by_the_event_at_once() {
    let server = Server::demo();
    let mut client = online(&server);
    let held = client.wire.send_next("", "");
    // The request before it is a question; its answer says that the held one is there.
    publish(&server, USER, "news");
    let answer = { held }.answer();
    assert!(answer.body.contains(">news</notification>"), "{answer:?}");
}

#[test]
fn an_answered_request_gets_the_same_bytes_again() {
    let server = Server::demo();
    let mut client = online(&server);
    let bosh = &mut client.wire;
    let first = bosh.ask("", &ping("1"));
    first.expect_body("", &pong("1"));
    let second = bosh.ask("", &ping("2"));
    for _ in 0..3 {
        assert_eq!(bosh.send_with(bosh.rid, "", &ping("2")).answer().body, second.body);
        assert_eq!(bosh.send_with(bosh.rid - 1, "", &ping("1")).answer().body, first.body);
    }
    // The question is not asked again, and the session goes on.
    bosh.ask("", &ping("3")).expect_body("", &pong("3"));
    // The first is not kept any more.
    bosh.send_with(bosh.rid - 2, "", &ping("1")).answer().expect_terminate("item-not-found");
    bosh.expect_gone();
}

#[test]
fn a_held_request_that_comes_again_takes_its_own_place() {
    let server = Server::demo();
    let mut client = online(&server);
    let held = client.wire.send_next("", "");
    let mut again = client.wire.send_with(client.wire.rid, "", "");
    // Whichever of two parallel ones came first, one is answered, and the other gets what there is to say.
    { held }.answer().expect_body("type='error'", "");
    publish(&server, USER, "news");
    let answer = again.answer();
    assert!(answer.body.contains(">news</notification>"), "{answer:?}");
}

#[test]
fn a_held_request_is_answered_as_it_was_asked() {
    for (version, said, stays) in [
        ("1.1", "", true),
        ("1.1", "Connection: keep-alive, close\r\n", false),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: Keep-Alive\r\nConnection: close\r\n", false),
    ] {
        for tls in [false, true] {
            let server = Server::demo();
            let mut client = Bosh::new(&server, tls);
            client.create(&CREATE.replace("wait='60'", "wait='1'"));
            let mut connection = client.connect();
            let body = envelope(&format!("rid='{}' sid='{}'", client.rid + 1, client.sid), "");
            connection.send(request(&body, said).replace("HTTP/1.1", &format!("HTTP/{version}")));
            server.wait_for_log(&[&format!("rid='{}'", client.rid + 1)]);
            // The next request is there before this one is answered.
            connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let answer = connection.answer();
            assert_eq!(answer.status(), 200, "{answer:?}");
            assert!(answer.body.starts_with("<body "), "{answer:?}");
            assert_eq!(answer.header("Content-Type"), Some("text/xml; charset=utf-8"), "{answer:?}");
            let expected = match (version, stays) {
                ("1.0", true) => Some("keep-alive"),
                ("1.1", false) => Some("close"),
                _ => None,
            };
            assert_eq!(answer.header("Connection"), expected, "{version} {said:?}");
            if stays {
                assert_eq!(connection.answer().body, "ok\n");
            } else {
                assert_eq!(connection.end(), "");
            }
        }
    }
}

/// What comes behind such a request may be another one for somebody who reads it by its length (RFC 9112 §6.1).
#[test]
fn the_connection_of_a_held_request_with_chunks_and_a_length_ends_with_its_answer() {
    const LENGTH: &str = "Content-Length: 3\r\n";
    const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
    for (headers, stays) in [
        (CHUNKED.to_owned(), true),
        (format!("{LENGTH}{CHUNKED}"), false),
        (format!("{CHUNKED}{LENGTH}"), false),
    ] {
        let server = Server::demo();
        let mut client = Bosh::new(&server, false);
        client.create(&CREATE.replace("wait='60'", "wait='1'"));
        let mut connection = client.connect();
        let body = envelope(&format!("rid='{}' sid='{}'", client.rid + 1, client.sid), "");
        connection.send(format!(
            "POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ));
        let answer = connection.answer();
        assert!(answer.status() == 200 && answer.body.starts_with("<body "), "{answer:?}");
        assert_eq!(answer.header("Connection"), (!stays).then_some("close"), "{headers:?}");
        if stays {
            assert_eq!(connection.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").body, "ok\n");
        } else {
            assert_eq!(connection.end(), "");
        }
    }
}

#[test]
fn nothing_is_lost_when_the_connection_of_a_held_request_breaks() {
    let server = Server::demo();
    let mut client = online(&server);
    let bosh = &mut client.wire;
    let held = bosh.send_next("", "");
    server.wait_for_log(&[&format!("rid='{}'", bosh.rid)]);
    drop(held);
    // In a connection that the server does not know to be broken, the event is lost, but its answer is kept; else it
    // waits for the next request. Both ways the same request has it.
    publish(&server, USER, "news");
    let answer = bosh.send_with(bosh.rid, "", "").answer();
    assert!(answer.body.contains(">news</notification>"), "{answer:?}");
    bosh.ask("", &ping("1")).expect_body("", &pong("1"));
}

#[test]
fn a_broken_connection_is_noticed() {
    for tls in [false, true] {
        let server = Server::with("[limits]\nbosh_inactivity = \"1s\"\n");
        let mut bosh = Bosh::new(&server, tls);
        bosh.create(CREATE);
        let held = bosh.send_next("", "");
        server.wait_for_log(&[&format!("rid='{}'", bosh.rid)]);
        drop(held);
        // Nobody is there, although the request was to wait for a minute.
        server.wait_for_log(&["no request came in time"]);
        bosh.expect_gone();
    }
}

#[test]
fn requests_count_in_the_order_of_their_numbers() {
    let server = Server::demo();
    let mut client = online(&server);
    let bosh = &mut client.wire;
    let rid = bosh.rid;
    let mut second = bosh.send_with(rid + 2, "", &ping("2"));
    server.wait_for_log(&[&format!("rid='{}'", rid + 2)]);
    let mut first = bosh.send_with(rid + 1, "", &ping("1"));
    first.answer().expect_body("", &format!("{}{}", pong("1"), pong("2")));
    bosh.rid += 2;
    publish(&server, USER, "news");
    assert!(second.answer().body.contains(">news</notification>"));
}

#[test]
fn a_number_beyond_the_window_ends_the_session_and_what_else_is_open() {
    let server = Server::demo();
    for beyond in [3, 1000, 9_007_199_254_740_991 - 2000] {
        let mut client = online(&server);
        let bosh = &mut client.wire;
        let held = bosh.send_next("", "");
        server.wait_for_log(&[&format!("rid='{}'", bosh.rid)]);
        bosh.send_with(bosh.rid + beyond, "", "").answer().expect_terminate("item-not-found");
        { held }.answer().expect_terminate("other-request");
        bosh.expect_gone();
    }
}

#[test]
fn keys_are_checked() {
    // SHA-1 of "seed", and of its hexadecimal digits, and so on.
    const KEYS: [&str; 4] = [
        "5d2814fa6bf06f99b53bdb2b4a2a2ea1cf4d5d2d",
        "ca393b51b682f61f98e7877d61146407f3d0a770",
        "bfb06a6f113cd6fd3838ab9d300fdb4fe3da2f7d",
        "6f825e81f4532b2c5fa2d12457d8a1f22e8f838e",
    ];
    // The sequence of the XEP's examples.
    let sequence = [KEYS[1], KEYS[2], KEYS[3]];
    let server = Server::demo();
    let begin = |newkey: &str| {
        let mut bosh = Bosh::new(&server, false);
        bosh.create(&format!("{CREATE} newkey='{newkey}'"));
        bosh
    };
    let abort = "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
    let aborted = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><aborted/></failure>";
    let mut bosh = begin(sequence[0]);
    bosh.ask(&format!("key='{}'", sequence[1].to_uppercase().to_lowercase()), abort).expect_body("", aborted);
    let again = bosh.send_with(bosh.rid, &format!("key='{}'", sequence[1]), abort).answer();
    again.expect_body("", aborted);
    bosh.ask(&format!("key='{}' newkey='{}'", sequence[2], sequence[0]), abort).expect_body("", aborted);
    bosh.ask(&format!("key='{}'", sequence[1]), "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    for wrong in ["", "key='x'", &format!("key='{}'", KEYS[0]), &format!("key='{}'", sequence[2])] {
        let mut bosh = begin(sequence[0]);
        let answer = bosh.ask(wrong, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        answer.expect_terminate("item-not-found");
        bosh.expect_gone();
    }
}

#[test]
fn a_pause_is_granted_at_once_and_kept() {
    let server = Server::with("[limits]\nbosh_inactivity = \"1s\"\nbosh_maxpause = \"100s\"\n");
    let mut client = online(&server);
    let bosh = &mut client.wire;
    let held = bosh.send_next("", "");
    let mut pause = bosh.send_next("pause='100'", "");
    { held }.answer().expect_body("", "");
    pause.answer().expect_body("", "");
    // Another session is over by then, this one is not.
    let mut other = Bosh::new(&server, false);
    other.create(CREATE);
    publish(&server, USER, "news");
    server.wait_for_log(&["bosh: closed after", "no request came in time"]);
    let answer = client.wire.ask("", "");
    assert!(answer.body.contains(">news</notification>"), "{answer:?}");
    client.wire.ask("pause='101'", "").expect_terminate("policy-violation");
}

#[test]
fn a_client_that_stays_away_is_gone() {
    let server = Server::with("[limits]\nbosh_inactivity = \"100ms\"\n");
    let mut bosh = Bosh::new(&server, false);
    bosh.create(CREATE);
    server.wait_for_log(&["bosh: closed after", "no request came in time"]);
    bosh.expect_gone();
    // A polling session may be away longer, by more than the time between two polls.
    let server = Server::with("[limits]\nbosh_inactivity = \"100ms\"\nbosh_polling = \"60s\"\n");
    let mut bosh = Bosh::new(&server, false);
    let answer = bosh.create(&CREATE.replace("hold='1'", "hold='0'"));
    assert_eq!(attribute(&answer, "inactivity").as_deref(), Some("120"));
    assert_eq!(attribute(&answer, "requests").as_deref(), Some("1"));
    Bosh::new(&server, false).create(CREATE);
    server.wait_for_log(&["bosh: closed after", "no request came in time"]);
    bosh.ask("", "").expect_body("", "");
}

#[test]
fn a_poll_is_answered_at_once_and_a_second_one_comes_too_soon() {
    let server = Server::with("[limits]\nbosh_polling = \"60s\"\n");
    for poll in ["hold='0' wait='60'", "hold='1' wait='0'"] {
        let mut bosh = Bosh::new(&server, false);
        bosh.create(&CREATE.replace("hold='1'", "").replace("wait='60'", poll));
        bosh.ask("", "").expect_body("", "");
        bosh.ask("", "").expect_terminate("policy-violation");
        bosh.expect_gone();
    }
    // A request that is held, and one more that asks for nothing else.
    let mut client = online(&server);
    let held = client.wire.send_next("", "");
    server.wait_for_log(&[&format!("rid='{}'", client.wire.rid)]);
    client.wire.ask("", "").expect_terminate("policy-violation");
    { held }.answer().expect_terminate("other-request");
    // Without the bound anybody may.
    let server = Server::with("[limits]\nbosh_polling = \"0ms\"\n");
    let mut bosh = Bosh::new(&server, false);
    let answer = bosh.create(&CREATE.replace("hold='1'", "hold='0'"));
    assert_eq!(attribute(&answer, "polling"), None);
    for _ in 0..20 {
        bosh.ask("", "").expect_body("", "");
    }
}

#[test]
fn more_requests_than_agreed_are_too_many() {
    // A password that takes its time.
    let hash = callboard::config::password::Password::hash("1001", 1_000_000).expect("a hash");
    let users =
        crate::support::server::DEMO.replace("password = \"1001\"", &format!("password_hash = \"{hash}\""));
    let server = Server::serving("localhost", &format!("{users}\n[limits]\nbosh_polling = \"0ms\"\n"));
    let mut bosh = Bosh::new(&server, false);
    bosh.create(CREATE);
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>";
    let first = bosh.send_next("", auth);
    server.wait_for_log(&["authcid=\"1001\" masked=\"true\"/></body>"]);
    let second = bosh.send_next(RESTART, "");
    { first }.answer().expect_body("", "");
    let third = bosh.send_next("", "");
    server.wait_for_log(&["rid='1003'"]);
    bosh.ask("", &ping("2")).expect_terminate("policy-violation");
    for held in [second, third] {
        { held }.answer().expect_terminate("other-request");
    }
    bosh.expect_gone();
}

#[test]
fn acknowledgements_are_said_to_those_who_say_them() {
    let server = Server::demo();
    let mut bosh = Bosh::new(&server, false);
    let answer = bosh.create(&format!("{CREATE} ack='1'"));
    assert_eq!(attribute(&answer, "ack").as_deref(), Some("1000"));
    let held = bosh.send_next("", "");
    server.wait_for_log(&["rid='1001'"]);
    let mut next = bosh.send_next("ack='1000'", "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    let answer = { held }.answer();
    assert_eq!(attribute(&answer.body, "ack").as_deref(), Some("1002"), "{answer:?}");
    assert!(answer.body.contains("<aborted/>"));
    let _last = bosh.send_next("ack='1001'", "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    let answer = next.answer();
    assert_eq!(attribute(&answer.body, "ack").as_deref(), Some("1003"), "{answer:?}");
}

#[test]
fn a_client_that_does_not_fetch_its_events_is_told_and_dropped() {
    let server = Server::with_log("info", "[limits]\nqueue_frames = 512\nbacklog_wait = \"100ms\"\n");
    let mut client = online(&server);
    for n in 0..512 {
        publish(&server, USER, &n.to_string());
    }
    // It is no slow reader before it has not come for a while.
    std::thread::sleep(std::time::Duration::from_millis(100));
    publish(&server, USER, "512");
    server.wait_for_log(&["bosh 1001@localhost/desktop: does not read: closed, 513 messages dropped"]);
    client.wire.ask("", "").expect_stream_error("policy-violation");
    client.wire.expect_gone();
}

/// RFC 7303 §3.3: it is no part of the body.
#[test]
fn a_body_may_begin_with_a_byte_order_mark() {
    let server = Server::demo();
    let mut client = online(&server);
    let answer = Http::connect(server.plain).ask(request(&format!("\u{feff}{}", envelope(CREATE, "")), ""));
    assert!(attribute(&answer.body, "sid").is_some(), "{answer:?}");
    client.wire.rid += 1;
    let next = envelope(&format!("rid='{}' sid='{}'", client.wire.rid, client.wire.sid), &ping("1"));
    for _ in 0..2 {
        let answer = Http::connect(server.plain).ask(request(&format!("\u{feff}{next}"), ""));
        assert!(answer.body.contains("type=\"result\""), "{answer:?}");
    }
    client.expect_nothing_more();
}
