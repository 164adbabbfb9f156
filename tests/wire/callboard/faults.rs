//! Faults over HTTP: set, listed, healed, and felt by the clients that they are meant for.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::Server;
use crate::support::http::{Answer, Http, basic, own};
use crate::support::polite::Client;
use crate::support::raw::Raw;
use crate::support::server::DEMO;

fn ask(server: &Server, method: &str, path: &str, who: &str) -> Answer {
    own(server, who, method, path)
}

fn authorization(user: &str, password: &str) -> String {
    format!("Authorization: {}\r\n", basic(user, password))
}

fn set(server: &Server, query: &str) {
    let answer = ask(server, "PUT", &format!("faults/f?{query}"), "administrator");
    assert!(matches!(answer.status(), 200 | 201), "{query}: {} {}", answer.start, answer.body);
}

fn heal(server: &Server) {
    assert_eq!(ask(server, "DELETE", "faults/f", "administrator").status(), 204);
}

/// A request of agent 1001 to which nothing comes.
fn waiting(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.plain).unwrap();
    let own = authorization("1001", "1001");
    write!(
        stream,
        "GET /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\n{own}Connection: close\r\n\r\n"
    )
    .unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(stream.read(&mut [0]).is_err(), "nothing comes");
    stream
}

/// The response to a request that has waited.
fn answered(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn faults_are_for_administrators_and_only_with_the_key() {
    let server = Server::demo();
    let put = "faults/f?kind=stall";
    assert_eq!(ask(&server, "PUT", put, "1001").status(), 403);
    let anybody = format!("PUT /callboard/api/{put} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(Http::connect(server.plain).ask(anybody).status(), 401);
    let off = Server::serving("localhost", &DEMO.replacen("faults = true", "faults = false", 1));
    let answer = ask(&off, "PUT", put, "administrator");
    assert_eq!(answer.status(), 403);
    assert!(
        answer.body.contains("faults = true") && answer.body.contains("serve --faults"),
        "{}",
        answer.body
    );
    assert_eq!(ask(&off, "GET", "faults/kinds", "administrator").status(), 200);
}

#[test]
fn kinds_have_what_a_client_sees_in_two_languages_and_anybody_knows_how_many_faults_are_set() {
    let server = Server::demo();
    for (query, symptom) in [
        ("", "\"symptom\":\"The answer to a ping comes late."),
        ("?lang=en", "\"check\":\"Compare the time of ping answers"),
        ("?lang=zh-TW", "\"symptom\":\"ping 的回應太晚。"),
    ] {
        let answer = ask(&server, "GET", &format!("faults/kinds{query}"), "administrator");
        assert_eq!(answer.status(), 200);
        let mut kinds = answer.body.split("{\"name\":\"ping-");
        let kind = kinds.find(|kind| kind.starts_with("delay\"")).expect("the kind");
        assert!(kind.contains(symptom), "{query}: {kind}");
        assert!(
            answer.body.contains("\"step\":\"ping\"") && answer.body.contains("\"address\":\"127.0.0.1\"")
        );
    }
    let answer = ask(&server, "GET", "faults/kinds?lang=fr", "administrator");
    assert_eq!((answer.status(), &*answer.body), (400, "lang is en or zh-TW.\n"));
    let active = |who: &str| ask(&server, "GET", "faults/active", who).body;
    assert_eq!(active("1001"), "{\"faults\":0}\n");
    set(&server, "kind=stall&user=nobody");
    assert_eq!(active("1001"), "{\"faults\":1}\n");
    assert_eq!(ask(&server, "PUT", "faults/active?kind=stall", "administrator").status(), 405);
}

#[test]
fn a_fault_is_set_listed_counted_and_healed() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    let put = "faults/late-ping?kind=ping-silence&user=1001&count=2";
    let answer = ask(&server, "PUT", put, "administrator");
    assert_eq!(answer.status(), 201);
    assert!(
        answer.body.starts_with("{\"name\":\"late-ping\",\"kind\":\"ping-silence\",\"origin\":\"api\","),
        "{}",
        answer.body
    );
    assert_eq!(ask(&server, "PUT", put, "administrator").status(), 200);
    client.send("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    client.send("<iq xmlns='jabber:client' type='get' id='v'><query xmlns='jabber:iq:version'/></iq>");
    assert!(client.text().contains("id=\"v\""));
    let list = ask(&server, "GET", "faults", "administrator").body;
    for part in [
        "\"name\":\"late-ping\"",
        "\"kind\":\"ping-silence\"",
        "\"given\":{\"user\":\"1001\",\"count\":\"2\"}",
        "\"hits\":1",
        "\"left\":1",
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    let metrics = Http::connect(server.plain).ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").body;
    assert!(metrics.contains("callboard_faults 1\n"), "{metrics}");
    assert!(metrics.contains("callboard_faults_fired_total{kind=\"ping-silence\"} 1\n"), "{metrics}");
    let path = "faults/late-ping";
    assert_eq!(ask(&server, "DELETE", path, "administrator").status(), 204);
    assert_eq!(ask(&server, "DELETE", path, "administrator").status(), 404);
    client.send("<iq xmlns='jabber:client' type='get' id='q'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert!(client.text().contains("id=\"q\""), "the same connection goes on");
    assert_eq!(ask(&server, "GET", "faults", "administrator").body, "{\"faults\":[]}\n");
}

#[test]
fn a_wrong_request_for_a_fault_is_told_what_is_wrong() {
    let server = Server::demo();
    for (path, status, sentence) in [
        ("/f", 400, "kind is missing; it is one of refuse, "),
        ("/f?kind=x", 400, "kind is one of refuse, "),
        ("/f?kind=stall&keep=maybe", 400, "keep is true, false, not \"maybe\"."),
        ("/f?kind=http-status&path=/callboard/api/faults", 400, "path cannot be below /callboard/"),
        ("/a%20b?kind=stall", 400, "The name of a fault has 1 to 64 letters"),
        ("/f?kind=refuse", 400, "refuse needs a target: name a listener, an address or both."),
        ("/f?kind=refuse&listener=1.1.1.1:1", 400, "There is no listener 1.1.1.1:1; there are "),
        ("/f?kind=refuse&address=127.0.0.1", 400, "127.0.0.1 is your own address"),
    ] {
        let answer = ask(&server, "PUT", &format!("faults{path}"), "administrator");
        assert_eq!(answer.status(), status, "{path}: {}", answer.body);
        assert!(answer.body.starts_with(sentence), "{path}: {}", answer.body);
    }
    for number in 0..64 {
        assert_eq!(
            ask(&server, "PUT", &format!("faults/{number}?kind=stall&user=nobody"), "administrator").status(),
            201
        );
    }
    assert_eq!(ask(&server, "PUT", "faults/more?kind=stall", "administrator").status(), 503);
    assert_eq!(ask(&server, "DELETE", "faults", "administrator").status(), 204);
    assert_eq!(ask(&server, "GET", "faults", "administrator").body, "{\"faults\":[]}\n");
}

#[test]
fn requests_get_another_status_come_late_or_never() {
    let server = Server::demo();
    let get = |who: &str| crate::support::rest::get(&server, who, "User/1001");
    for status in [401, 503] {
        set(&server, &format!("kind=http-status&status={status}&user=1001&path=/finesse/api/*"));
        let answer = get("1001");
        assert_eq!((answer.status(), answer.header("X-Callboard-Fault")), (status, Some("f")));
        assert_eq!(get("administrator").status(), 200, "nobody else is touched");
    }
    set(&server, "kind=http-delay&delay=300ms&user=1001");
    let start = Instant::now();
    let answer = get("1001");
    assert_eq!((answer.status(), answer.header("X-Callboard-Fault")), (200, Some("f")));
    assert!(start.elapsed() >= Duration::from_millis(300));
    for kind in ["http-silence", "http-delay&delay=1h"] {
        set(&server, &format!("kind={kind}&user=1001"));
        let waiting = waiting(&server);
        heal(&server);
        let answer = answered(waiting);
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("\r\nX-Callboard-Fault: f\r\n"),
            "{kind}: {answer}"
        );
    }
    set(&server, "kind=http-cut&user=1001");
    let mut cut = TcpStream::connect(server.plain).unwrap();
    write!(
        cut,
        "GET /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        authorization("1001", "1001")
    )
    .unwrap();
    let mut answer = Vec::new();
    let _ = cut.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    heal(&server);
    assert_eq!(get("1001").status(), 200);
}

#[test]
fn an_upgrade_is_refused_or_lacks_a_header() {
    let server = Server::demo();
    let upgrade = || {
        let request = "GET /ws/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n";
        Http::connect(server.plain).ask_head(request)
    };
    set(&server, "kind=upgrade-status&status=502");
    let answer = upgrade();
    assert_eq!((answer.status(), answer.header("X-Callboard-Fault")), (502, Some("f")));
    for (kind, header) in [("no-subprotocol", "Sec-WebSocket-Protocol"), ("no-upgrade-header", "Upgrade")] {
        set(&server, &format!("kind={kind}"));
        let answer = upgrade();
        assert_eq!((answer.status(), answer.header(header)), (101, None), "{kind}");
    }
    heal(&server);
    assert_eq!(upgrade().header("Sec-WebSocket-Protocol"), Some("xmpp"));
}

#[test]
fn a_session_is_cut_reset_or_ended_at_once() {
    let server = Server::demo();
    for (query, is_reset) in [("do=cut", false), ("do=cut&how=rst", true)] {
        let mut client = Raw::connect(&server);
        client.open();
        let list = ask(&server, "GET", "sessions", "administrator").body;
        let id = list.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        let path = format!("sessions/{id}?{query}");
        assert_eq!(ask(&server, "POST", &path, "1001").status(), 403);
        let answer = ask(&server, "POST", &path, "administrator");
        assert_eq!(answer.status(), 204, "{}", answer.body);
        let end = client.wire.stream.read(&mut [0]);
        assert_eq!(end.is_err(), is_reset, "{query}: {end:?}");
        server.wait_for_log(&["ended by a fault"]);
        assert_eq!(ask(&server, "POST", &path, "administrator").status(), 404);
    }
    let _client = Client::online(&server, "1001", "desktop");
    let list = ask(&server, "GET", "sessions", "administrator").body;
    let id = list.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    for (query, sentence) in [
        ("do=stall", "stall lasts: set it with PUT /callboard/api/faults/NAME?session="),
        ("do=bosh-end", "bosh-end needs a session over bosh."),
        ("do=end&condition=x", "condition is conflict, "),
    ] {
        let answer = ask(&server, "POST", &format!("sessions/{id}?{query}"), "administrator");
        assert_eq!(answer.status(), 400);
        assert!(answer.body.starts_with(sentence), "{query}: {}", answer.body);
    }
}

#[test]
fn a_listener_refuses_new_connections_or_says_nothing() {
    let server = Server::demo();
    let listener = server.plain;
    let elsewhere = |method: &str, path: &str| {
        let own = authorization("administrator", "1234");
        let request = format!(
            "{method} /callboard/api/{path} HTTP/1.1\r\nHost: localhost\r\n{own}Content-Length: 0\r\n\r\n"
        );
        Http::secure(server.tls).ask(request)
    };
    for kind in ["refuse", "tls-hang"] {
        let put = format!("faults/f?kind={kind}&listener={listener}");
        assert!(elsewhere("PUT", &put).status() < 300);
        let mut client = TcpStream::connect(listener).unwrap();
        let written =
            client.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        client.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let first = client.read(&mut [0]);
        // The reset is told once: to the write, if it has come by then.
        let is_reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
        let is_refused = written.is_err() || first.as_ref().is_err_and(is_reset);
        assert_eq!(is_refused, kind == "refuse", "{kind}: {first:?}");
        assert_eq!(elsewhere("DELETE", "faults").status(), 204);
        if kind == "tls-hang" {
            client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "it goes on: {answer}");
        }
    }
}

#[test]
fn a_request_does_not_wait_for_the_fault_that_takes_the_place_of_its_own() {
    let server = Server::demo();
    for kind in ["http-silence", "http-delay&delay=1h"] {
        set(&server, &format!("kind={kind}&user=1001"));
        let waiting = waiting(&server);
        set(&server, "kind=ping-silence&user=1002");
        let answer = answered(waiting);
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("\r\nX-Callboard-Fault: f\r\n"),
            "{kind}: {answer}"
        );
    }
}

#[test]
fn a_session_is_cut_as_it_begins() {
    let server = Server::demo();
    for (how, is_reset) in [("fin", false), ("rst", true)] {
        set(&server, &format!("kind=cut&how={how}"));
        let start = Instant::now();
        let mut client = Raw::connect(&server);
        let end = client.wire.stream.read(&mut [0]);
        assert_eq!(end.is_err(), is_reset, "{how}: {end:?}");
        assert!(start.elapsed() < Duration::from_secs(3), "{how}");
    }
}

#[test]
fn who_can_heal_faults_is_never_kept_out_by_them() {
    let server = Server::with("[limits]\nconnections_per_address = 4\n");
    let own = authorization("administrator", "1234");
    let elsewhere = |method: &str, path: &str| {
        let request = format!(
            "{method} /callboard/api/{path} HTTP/1.1\r\nHost: localhost\r\n{own}Content-Length: 0\r\n\r\n"
        );
        Http::secure(server.tls).ask(request)
    };
    assert_eq!(elsewhere("PUT", &format!("faults/f?kind=tls-hang&listener={}", server.plain)).status(), 201);
    // Clients that give up and come again leave no connections behind that count for their address.
    for _ in 0..8 {
        drop(TcpStream::connect(server.plain).unwrap());
        std::thread::sleep(Duration::from_millis(250));
    }
    for target in [format!("listener={}", server.tls), format!("listener={}&address=127.0.0.1", server.tls)] {
        let answer = elsewhere("PUT", &format!("faults/g?kind=refuse&{target}"));
        assert_eq!(answer.status(), 400, "{target}");
        assert!(answer.body.starts_with("Faults would meet you at every listener"), "{}", answer.body);
    }
    let target = format!("listener={}&address=192.0.2.1", server.tls);
    assert_eq!(elsewhere("PUT", &format!("faults/g?kind=refuse&{target}")).status(), 201);
    assert_eq!(elsewhere("DELETE", "faults").status(), 204);
}
