//! The score of a client over HTTP, and the faults that provoke what a client has not met.

use std::time::Duration;

use crate::support::Server;
use crate::support::bosh::Bosh;
use crate::support::http::{Answer, Http, basic, own, publish};
use crate::support::polite::Client;
use crate::support::rest;
use crate::support::server::DEMO;
use crate::support::tcp::{self, TcpSession};

const RULES: [&str; 11] = [
    "one-element",
    "domain",
    "resource",
    "priority",
    "pings",
    "subscriptions",
    "error",
    "late-ping",
    "restart",
    "conflict",
    "lost-events",
];

fn ask(server: &Server, method: &str, query: &str) -> Answer {
    own(server, "administrator", method, &format!("conformance?{query}"))
}

/// The id of the session that has this resource.
#[track_caller]
fn session(server: &Server, resource: &str) -> String {
    let list = own(server, "administrator", "GET", "sessions").body;
    let own = list.split("{\"id\":\"").find(|entry| entry.contains(&format!("/{resource}\"")));
    let (id, _) = own.and_then(|entry| entry.split_once('"')).expect("the session is listed");
    id.to_owned()
}

/// The line of a rule as JSON.
#[track_caller]
fn line(server: &Server, id: &str, rule: &str) -> String {
    let answer = ask(server, "GET", &format!("session={id}"));
    assert_eq!(
        (answer.status(), answer.header("Content-Type")),
        (200, Some("application/json")),
        "{answer:?}"
    );
    let mut lines = answer.body.split("{\"rule\":");
    let line = lines.find(|line| line.starts_with(&format!("\"{rule}\""))).expect("the rule is there");
    line.to_owned()
}

#[track_caller]
fn expect(server: &Server, id: &str, rule: &str, verdict: &str) -> String {
    let line = line(server, id, rule);
    assert!(line.contains(&format!("\"verdict\":\"{verdict}\"")), "{rule} is not {verdict}: {line}");
    line
}

/// Provokes a rule, and looks that a fault waits for it.
#[track_caller]
fn provoke(server: &Server, id: &str, rule: &str) {
    let answer = ask(server, "PUT", &format!("session={id}&rule={rule}"));
    let name = rule.split('&').next().unwrap_or_default();
    let body = format!("{{\"rule\":\"{name}\",\"faults\":[\"score-{name}-{id}\"");
    assert_eq!((answer.status(), answer.body.starts_with(&body)), (201, true), "{answer:?}");
}

fn ping(client: &mut Client) {
    client.get("localhost", "<ping xmlns='urn:xmpp:ping'/>").is_result("");
}

#[test]
fn scores_are_for_administrators_and_need_the_record_and_to_provoke_needs_faults() {
    let server = Server::demo();
    for method in ["GET", "PUT"] {
        assert_eq!(own(&server, "1001", method, "conformance?session=0.1").status(), 403, "{method}");
        let anybody = format!(
            "{method} /callboard/api/conformance?session=0.1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(Http::connect(server.plain).ask(anybody).status(), 401, "{method}");
    }
    let unrecorded = Server::serving("localhost", &DEMO.replacen("record = 10000", "record = 0", 1));
    for method in ["GET", "PUT"] {
        let answer = ask(&unrecorded, method, "session=0.1&rule=restart");
        assert_eq!(
            (answer.status(), answer.body.contains("serve --record 10000")),
            (409, true),
            "{answer:?}"
        );
    }
    let harmless = Server::serving("localhost", &DEMO.replacen("faults = true", "faults = false", 1));
    let mut client = Client::online(&harmless, "1001", "mine");
    let id = session(&harmless, "mine");
    let answer = ask(&harmless, "PUT", &format!("session={id}&rule=restart"));
    assert_eq!((answer.status(), answer.body.contains("serve --faults")), (403, true), "{answer:?}");
    expect(&harmless, &id, "priority", "passed");
    ping(&mut client);
}

#[test]
fn a_wrong_request_for_a_score_is_told_what_is_wrong() {
    let server = Server::demo();
    let _client = Client::online(&server, "1001", "mine");
    let id = &session(&server, "mine");
    let of = |rest: &str| format!("session={id}{rest}");
    let mut stream = Http::connect(server.plain);
    let head = stream.ask_head(format!(
        "GET /events?node=/lab/alarms HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
        basic("1002", "1002")
    ));
    assert_eq!(head.status(), 200);
    let list = own(&server, "administrator", "GET", "sessions").body;
    for (method, query, status, sentence) in [
        ("GET", String::new(), 400, "Say whose score it is: session=ID"),
        ("GET", "session=x".to_owned(), 404, "There is no such session."),
        ("GET", "session=99.1".to_owned(), 404, "The record has nothing of such a session."),
        ("GET", of("&session=0.2"), 400, "The parameter session stands more than once"),
        ("GET", of("&format=pdf"), 400, "format is json, text or junit."),
        ("GET", of("&format=text&format=text"), 400, "The parameter format stands more than once"),
        ("GET", of("&lang=fr"), 400, "lang is en or zh-TW."),
        (
            "PUT",
            of(""),
            400,
            "rule is one of error, late-ping, restart, conflict, lost-events; the others need no fault.",
        ),
        ("PUT", of("&rule=priority"), 400, "rule is one of error,"),
        ("PUT", of("&rule=restart&rule=error"), 400, "The parameter rule stands more than once"),
        ("PUT", of("&rule=restart&delay=1s"), 400, "delay is no parameter of end; it has condition, "),
        ("PUT", of("&rule=restart&condition=x"), 400, "condition is "),
        ("PUT", "session=99.1&rule=restart".to_owned(), 404, "There is no such session."),
        ("POST", of(""), 405, ""),
    ] {
        let answer = ask(&server, method, &query);
        assert_eq!(answer.status(), status, "{method} {query}: {}", answer.body);
        assert!(answer.body.starts_with(sentence), "{method} {query}: {}", answer.body);
    }
    let (before, _) = list.split_once("\"transport\":\"sse\"").expect("the stream is listed");
    let (_, id) = before.rsplit_once("{\"id\":\"").expect("it has an id");
    let answer = ask(&server, "PUT", &format!("session={}&rule=restart", id.trim_end_matches("\",")));
    assert_eq!((answer.status(), &*answer.body), (400, "A score is for clients of XMPP.\n"));
    assert_eq!(own(&server, "administrator", "GET", "faults").body, "{\"faults\":[]}\n", "nothing was set");
}

#[test]
fn a_client_has_a_score_in_three_forms_and_two_languages() {
    let server = Server::demo();
    let mut client = Client::bound(&server, "1001", "desktop");
    client.send("<presence xmlns='jabber:client'><priority>-1</priority></presence>");
    assert!(client.text().contains("<priority>-1"), "its own presence comes back");
    client.subscribe_as("/finesse/api/User/1001", "1001@localhost");
    let id = session(&server, "desktop");
    let verdicts = [
        "passed", "passed", "failed", "failed", "not seen", "failed", "not seen", "not seen", "not seen",
        "not seen", "not seen",
    ];
    for (rule, verdict) in RULES.into_iter().zip(verdicts) {
        expect(&server, &id, rule, verdict);
    }
    let body = ask(&server, "GET", &format!("session={id}")).body;
    let start = format!(
        "{{\"session\":\"{id}\",\"user\":\"1001\",\"transport\":\"ws\",\"jid\":\"1001@localhost/desktop\",\"over\":false,\"rules\":11,\"passed\":2,\"failed\":3,\"score\":["
    );
    assert!(body.starts_with(&start), "{body}");
    let priority = line(&server, &id, "priority");
    for part in [
        "\"source\":\"RFC 6121 §4.7.2.3\"",
        "\"evidence\":\"<presence xmlns='jabber:client'><priority>-1</priority></presence>\"",
        "\"symptom\":\"The client announced a negative priority.\"",
        "\"check\":\"Send `<presence/>` without a priority right after bind.\"",
    ] {
        assert!(priority.contains(part), "{part}: {priority}");
    }
    let chinese = ask(&server, "GET", &format!("session={id}&lang=zh-TW")).body;
    assert!(chinese.contains("\"symptom\":\"用戶端綁定了資源名稱 desktop。\""), "{chinese}");
    let accepting = |accept: &str| {
        Http::connect(server.plain).ask(format!(
            "GET /callboard/api/conformance?session={id} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nAccept: {accept}\r\n\r\n",
            basic("administrator", "1234")
        ))
    };
    for (accept, format, kind, start) in [
        (
            "text/plain;q=0.9, */*",
            "text",
            "text/plain; charset=utf-8",
            format!("session {id} of 1001@localhost/desktop over ws: 2 of 11 rules passed, 3 failed\n\n"),
        ),
        (
            "application/xml",
            "junit",
            "application/xml",
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"conformance of session {id}\" tests=\"11\" failures=\"3\" errors=\"0\" skipped=\"6\">\n"
            ),
        ),
        ("*/*", "json", "application/json", start),
    ] {
        let by_accept = accepting(accept);
        let by_name = ask(&server, "GET", &format!("session={id}&format={format}"));
        for answer in [by_accept, by_name] {
            assert_eq!((answer.status(), answer.header("Content-Type")), (200, Some(kind)), "{format}");
            assert!(answer.body.starts_with(&start), "{format}: {}", answer.body);
        }
    }
    let junit = ask(&server, "GET", &format!("session={id}&format=junit")).body;
    let failure = "<testcase classname=\"conformance\" name=\"resource\"><failure message=\"The client binds the resource desktop.\">";
    assert!(junit.contains(failure) && roxmltree::Document::parse(&junit).is_ok(), "{junit}");
}

#[test]
fn a_session_that_is_over_is_judged_as_long_as_the_record_has_it() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "mine");
    let id = session(&server, "mine");
    client.send("<presence xmlns='jabber:client'/><presence xmlns='jabber:client'/>");
    client.expect_stream_error("not-well-formed", 1000);
    drop(client);
    let line = expect(&server, &id, "one-element", "failed");
    assert!(
        line.contains("\"evidence\":\"<presence xmlns='jabber:client'/><presence xmlns='jabber:client'/>\""),
        "{line}"
    );
    assert_eq!(ask(&server, "PUT", &format!("session={id}&rule=restart")).status(), 404);
    assert_eq!(own(&server, "administrator", "DELETE", "record").status(), 204);
    assert_eq!(ask(&server, "GET", &format!("session={id}")).status(), 404);
}

#[test]
fn a_client_that_comes_back_after_a_restart_has_to_be_as_it_was() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "mine");
    let mut other = Client::bound(&server, "1001", "other");
    client.subscribe("/finesse/api/User/1001");
    let id = session(&server, "mine");
    expect(&server, &id, "restart", "not seen");
    provoke(&server, &id, "restart");
    client.expect_stream_error("system-shutdown", 1001);
    drop(client);
    ping(&mut other);
    let mut client = Client::online(&server, "1001", "mine");
    expect(&server, &id, "restart", "not seen");
    client.subscribe("/finesse/api/User/1001");
    let line = expect(&server, &id, "restart", "passed");
    assert!(line.contains("\"evidence\":\"session bound 1001@localhost/mine\""), "{line}");
}

#[test]
fn a_client_that_takes_its_resource_back_after_a_conflict_is_broken() {
    let server = Server::demo();
    for (resource, verdict) in [("mine", "failed"), ("another", "passed")] {
        let mut client = Client::online(&server, "1001", "mine");
        let id = session(&server, "mine");
        provoke(&server, &id, "conflict");
        client.expect_stream_error("conflict", 1000);
        drop(client);
        expect(&server, &id, "conflict", "not seen");
        Client::online(&server, "1001", resource).leave();
        let line = expect(&server, &id, "conflict", verdict);
        assert_eq!(line.contains("but not after conflict"), verdict == "failed", "{line}");
    }
}

#[test]
fn events_are_lost_and_the_connection_with_them() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "mine");
    let mut other = Client::online(&server, "1002", "other");
    for client in [&mut client, &mut other] {
        client.subscribe("/lab/alarms");
    }
    let id = session(&server, "mine");
    provoke(&server, &id, "lost-events");
    assert!(line(&server, &id, "lost-events").contains("\"armed\":true"));
    publish(&server, "/lab/alarms", "<lost/>");
    other.expect_event("1002@localhost/other", "/lab/alarms", "<lost/>");
    // The reset is seen in different ways.
    while own(&server, "administrator", "GET", "sessions").body.contains("/mine\"") {
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(client);
    let _client = Client::online(&server, "1001", "mine");
    let line = expect(&server, &id, "lost-events", "not seen");
    assert!(line.contains("\"armed\":false"), "{line}");
    assert_eq!(rest::get(&server, "1001", "SystemInfo").status(), 200);
    expect(&server, &id, "lost-events", "not seen");
    assert_eq!(rest::get(&server, "1001", "User/1001").status(), 200);
    let line = expect(&server, &id, "lost-events", "passed");
    assert!(line.contains("\"evidence\":\"request GET /finesse/api/User/1001\""), "{line}");
}

#[test]
fn a_client_goes_on_after_an_error_and_a_late_ping_or_does_not() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "mine");
    let id = session(&server, "mine");
    provoke(&server, &id, "late-ping&delay=100ms");
    let late =
        "<iq xmlns='jabber:client' type='get' to='localhost' id='late'><ping xmlns='urn:xmpp:ping'/></iq>";
    client.send(late);
    assert!(client.text().contains("late"));
    expect(&server, &id, "late-ping", "not seen");
    ping(&mut client);
    expect(&server, &id, "late-ping", "passed");
    provoke(&server, &id, "error");
    client.send(&late.replace("late", "bad"));
    let answer = client.text();
    assert!(answer.contains("internal-server-error"), "{answer}");
    expect(&server, &id, "error", "not seen");
    client.leave();
    let line = expect(&server, &id, "error", "failed");
    assert!(line.contains("A good client takes any answer, also an error, for a sign of life."), "{line}");
    assert!(line.contains("\"evidence\":\"<close "), "{line}");
}

#[test]
fn over_bosh_the_session_ends_with_the_lost_events() {
    let server = Server::demo();
    let mut client = Bosh::online(&server, "1001", "mine");
    let id = session(&server, "mine");
    let answer = ask(&server, "PUT", &format!("session={id}&rule=lost-events"));
    let body = format!(
        "{{\"rule\":\"lost-events\",\"faults\":[\"score-lost-events-{id}-1\",\"score-lost-events-{id}-2\"]}}\n"
    );
    assert_eq!((answer.status(), &*answer.body), (201, &*body));
    client.wire.expect_gone();
    let _client = Bosh::online(&server, "1001", "mine");
    assert_eq!(rest::get(&server, "1001", "User/1001").status(), 200);
    expect(&server, &id, "lost-events", "passed");
    for (rule, verdict) in [("one-element", "not seen"), ("domain", "passed"), ("priority", "passed")] {
        expect(&server, &id, rule, verdict);
    }
}

#[test]
fn over_tcp_a_client_has_a_score_and_comes_back_by_another_transport() {
    let (server, ports) = tcp::serving("", "");
    let mut client = TcpSession::online(ports, "1001", "mine");
    let id = session(&server, "mine");
    let verdicts = [("one-element", "not seen"), ("priority", "passed")];
    for (rule, verdict) in verdicts {
        expect(&server, &id, rule, verdict);
    }
    provoke(&server, &id, "restart");
    tcp::expect_end(&mut client, Some("system-shutdown"));
    let _client = Client::online(&server, "1001", "mine");
    expect(&server, &id, "restart", "passed");
}
