//! Waiting for entries of the record, the number that a changing answer tells, and sessions that an administrator ends.

use std::time::Instant;

use rustix::process::Signal;

use crate::support::bosh::Bosh;
use crate::support::http::{Answer, Http, basic, own, post, publish};
use crate::support::polite::Client;
use crate::support::rest;
use crate::support::rest::put_state;
use crate::support::server::{DEMO, PATIENCE};
use crate::support::sse::{Stream, Told, password};
use crate::support::{Server, client::Session};

const USER: &str = "/finesse/api/User/1001";
const LOGIN: &str = "<state>LOGIN</state><extension>1001</extension>";

fn ask(server: &Server, path: &str) -> Answer {
    own(server, "administrator", "GET", path)
}

/// A wait whose answer has still to come.
fn begin(server: &Server, query: &str) -> Http {
    let mut http = Http::connect(server.plain);
    let password = basic("administrator", "1234");
    http.send(format!(
        "GET /callboard/api/wait?{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {password}\r\n\r\n"
    ));
    http
}

#[track_caller]
fn sequence(answer: &Answer) -> u64 {
    let number = answer.header("X-Callboard-Sequence").unwrap_or_else(|| panic!("{answer:?}"));
    number.parse().expect("a number")
}

/// Begins as many waits as there can be. They wait when this returns: another one is refused.
fn begin_all(server: &Server) -> Vec<Http> {
    let all = (0..64).map(|_| begin(server, "contains=nothing&timeout=10m")).collect();
    until(server, 503);
    all
}

/// Tries a wait until it is answered so.
#[track_caller]
fn until(server: &Server, status: u16) {
    let deadline = Instant::now() + PATIENCE;
    while ask(server, "wait?contains=nothing&timeout=0s").status() != status {
        assert!(Instant::now() < deadline, "never {status}");
    }
}

#[test]
fn a_wait_is_answered_by_what_comes_behind_a_number() {
    let server = Server::demo();
    publish(&server, USER, "<old/>");
    let mut http = begin(&server, "node=/finesse/api/User/*&kind=event&count=2&timeout=5m");
    let number = sequence(&put_state(&server, "1001", "1001", LOGIN));
    // What has come already is found, and what came before the number is not.
    let found = ask(&server, &format!("wait?after={number}&kind=state&user=1001&timeout=5m"));
    assert_eq!(found.status(), 200);
    assert!(found.body.starts_with("{\"matched\":true,\"next\":"), "{}", found.body);
    assert!(found.body.contains("\"what\":\"NOT_READY\",\"requestId\":\"r-1\""), "{}", found.body);
    assert!(!found.body.contains("\"nearest\""), "{}", found.body);
    // The next wait goes on behind what this has found.
    let (_, next) = found.body.split_once("\"next\":").expect("it is there");
    let next = next.split(',').next().expect("a number");
    let none = ask(&server, &format!("wait?after={next}&kind=state&user=1001&timeout=0s"));
    assert!(none.body.starts_with("{\"matched\":false,\"reason\":\"timeout\",\"next\":"), "{}", none.body);
    for ready in ["READY", "NOT_READY"] {
        assert_eq!(put_state(&server, "1001", "1001", &format!("<state>{ready}</state>")).status(), 202);
    }
    let answer = http.answer();
    assert_eq!((answer.status(), answer.body.matches("\"what\":\"published\"").count()), (200, 2));
    assert!(!answer.body.contains("<old/>"), "{}", answer.body);
}

/// An answer has about 1 MiB of entries.
#[test]
fn entries_for_which_an_answer_has_no_room_come_with_the_next_wait() {
    const ALL: usize = 60;
    let server = Server::demo();
    let mut after = sequence(&own(&server, "administrator", "POST", "status?status=IN_SERVICE"));
    for _ in 0..ALL {
        publish(&server, USER, &format!("<x>{}</x>", "x".repeat(30_000)));
    }
    let mut found = 0;
    while found < ALL {
        let count = ALL - found;
        let query = format!("wait?after={after}&kind=event&node={USER}&count={count}&timeout=0s");
        let body = ask(&server, &query).body;
        assert!(body.starts_with("{\"matched\":true,"), "{found} were there");
        let (_, next) = body.split_once("\"next\":").expect("it is there");
        after = next.split(',').next().and_then(|next| next.parse().ok()).expect("a number");
        let more = body.matches("\"what\":\"published\"").count();
        assert!(more > 0, "one at least");
        found += more;
    }
}

#[test]
fn a_timeout_is_a_result_with_the_nearest_entries() {
    let server = Server::demo();
    let number = sequence(&put_state(&server, "1001", "1001", LOGIN));
    // The events of the new state stand behind it in the record.
    let come = ask(&server, &format!("wait?after={number}&kind=event&node=/finesse/api/*&timeout=5m"));
    assert!(come.body.starts_with("{\"matched\":true,"), "{}", come.body);
    assert_eq!(put_state(&server, "1001", "1001", "<state>READY</state>").status(), 202);
    let query = format!("after={number}&kind=state&user=1001&contains=TALKING&timeout=50ms");
    let answer = ask(&server, &format!("wait?{query}"));
    assert_eq!((answer.status(), answer.header("Content-Type")), (200, Some("application/json")));
    let (start, nearest) =
        answer.body.split_once("\"nearest\":").unwrap_or_else(|| panic!("{}", answer.body));
    assert!(
        start.starts_with("{\"matched\":false,\"reason\":\"timeout\",") && start.contains("\"entries\":[]"),
        "{start}"
    );
    assert!(nearest.starts_with("[{\"differs\":[\"contains\"],\"entry\":{\"seq\":"), "{nearest}");
    assert!(nearest.contains("\"kind\":\"state\",\"user\":\"1001\",\"what\":\"READY\""), "{nearest}");
    assert_eq!(nearest.matches("\"differs\":").count(), 3, "{nearest}");
    // Of several that are wanted those that have come are there.
    let some = ask(&server, &format!("wait?after={number}&kind=state&user=1001&count=3&timeout=0s"));
    let (start, _) = some.body.split_once("\"nearest\":").expect("it is there");
    assert!(start.contains("\"what\":\"NOT_READY\""), "{start}");
}

#[test]
fn a_wait_is_for_administrators_and_needs_the_record() {
    let server = Server::demo();
    assert_eq!(own(&server, "1001", "GET", "wait?timeout=0s").status(), 403);
    let anybody =
        Http::connect(server.plain).ask("GET /callboard/api/wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(anybody.status(), 401);
    assert_eq!(own(&server, "administrator", "POST", "wait").status(), 405);
    let off = Server::serving("localhost", &DEMO.replacen("record = 10000", "record = 0", 1));
    let answer = ask(&off, "wait?timeout=0s");
    assert_eq!(answer.status(), 409);
    assert!(answer.body.contains("serve --record 10000"), "{}", answer.body);
    for (query, sentence) in [
        ("count=0", "count is a number from 1 to 1000, not \"0\"."),
        ("count=1&count=2", "count stands more than once."),
        ("timeout=11m", "timeout is a duration up to 10m such as 500ms or 10s, not \"11m\"."),
        ("timeout=10", "timeout is a duration up to 10m such as 500ms or 10s, not \"10\"."),
        ("timeout=1s&timeout=1s", "timeout stands more than once."),
        ("limit=5", "limit is no parameter here: count says how many entries are waited for."),
        ("kind=x", "kind is one of request, "),
        ("colour=x", "colour is no parameter here; there are after, "),
    ] {
        let answer = ask(&server, &format!("wait?{query}"));
        assert_eq!(answer.status(), 400, "{query}");
        assert!(answer.body.starts_with(sentence), "{query}: {}", answer.body);
    }
}

#[test]
fn waits_have_a_bound_and_a_client_that_goes_away_frees_its_place() {
    let server = Server::demo();
    let mut all = begin_all(&server);
    let refused = ask(&server, "wait?timeout=0s");
    assert_eq!(refused.body, "64 requests wait already, and that is the most: let one end.\n");
    all.pop();
    until(&server, 200);
    // A request that waits is answered when the record is cleared.
    all.push(begin(&server, "contains=nothing&timeout=10m"));
    until(&server, 503);
    assert_eq!(own(&server, "administrator", "DELETE", "record").status(), 204);
    for mut http in all {
        let answer = http.answer();
        assert!(answer.body.starts_with("{\"matched\":false,\"reason\":\"cleared\","), "{}", answer.body);
    }
}

#[test]
fn at_shutdown_who_waits_is_answered() {
    let server = Server::demo();
    let all = begin_all(&server);
    server.signal(Signal::TERM);
    for mut http in all {
        let answer = http.answer();
        assert!(answer.body.starts_with("{\"matched\":false,\"reason\":\"shutdown\","), "{}", answer.body);
    }
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn every_answer_to_a_change_tells_a_number() {
    let server = Server::demo();
    let mut last = 0;
    let mut behind = |answer: &Answer, what: &str| {
        let number = sequence(answer);
        assert!(number >= last, "{what}: {number} after {last}");
        last = number;
    };
    let own = |method: &str, path: &str| own(&server, "administrator", method, path);
    behind(&put_state(&server, "1001", "1001", LOGIN), "REST");
    behind(&rest::ask(&server, "1001", "PUT", "User/1001", "", "no XML"), "a request that is refused");
    behind(&rest::ask(&server, "nobody", "PUT", "User/1001", "", ""), "a password that is wrong");
    for (method, path) in [
        ("POST", "status?status=IN_SERVICE"),
        ("POST", "calls?to=9001"),
        ("DELETE", "calls/1"),
        ("POST", "tasks?media=5000"),
        ("PUT", "faults/f?kind=ping-delay&delay=1s"),
        ("DELETE", "faults/f"),
        ("DELETE", "faults"),
        ("POST", "sessions/9.9?do=cut"),
        ("DELETE", "sessions/9.9"),
        ("DELETE", "subscriptions?node=/a&jid=b"),
        ("POST", "ticket"),
        ("POST", "meters"),
        ("PUT", "as/1001/finesse/api/User/1001"),
        ("PUT", "directory"),
        ("DELETE", "record"),
    ] {
        behind(&own(method, path), path);
    }
    behind(&post(&server, USER, &password("administrator"), b"<x/>"), "publish");
    let bosh = "<body rid='1' to='localhost' wait='60' hold='1' ver='1.6' xml:lang='en' xmlns='http://jabber.org/protocol/httpbind'/>";
    let post = |path: &str, headers: &str, body: &str| {
        let length = body.len();
        Http::connect(server.plain).ask(format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        ))
    };
    behind(&post("/http-bind/", "", bosh), "BOSH");
    behind(&post("/desktop/sso/token", "", ""), "a token");
    // A page of elsewhere may read it.
    let page = post("/callboard/api/ticket", "Origin: http://localhost:3000\r\n", "");
    let exposed = page.header("Access-Control-Expose-Headers").unwrap_or_default();
    assert!(exposed.contains("X-Callboard-Sequence"), "{page:?}");
    let reads = ask(&server, "sessions");
    assert_eq!((reads.status(), reads.header("X-Callboard-Sequence")), (200, None));
}

/// The id of the only session with that transport.
fn session(server: &Server, transport: &str) -> String {
    let list = ask(server, "sessions").body;
    let mut all =
        list.split("{\"id\":\"").filter(|one| one.contains(&format!("\"transport\":\"{transport}\"")));
    all.next().and_then(|one| one.split('"').next()).unwrap_or_else(|| panic!("{list}")).to_owned()
}

#[test]
fn a_session_that_is_deleted_is_closed_as_if_by_its_user() {
    let server = Server::demo();
    let delete = |transport: &str| {
        let path = format!("sessions/{}", session(&server, transport));
        assert_eq!(own(&server, "1001", "DELETE", &path).status(), 403);
        assert_eq!(own(&server, "administrator", "DELETE", &path).status(), 204);
        path
    };
    let mut client = Client::online(&server, "1001", "desktop");
    let path = delete("ws");
    client.expect_close(1000);
    server.wait_for_log(&["an administrator has ended it"]);
    assert_eq!(own(&server, "administrator", "DELETE", &path).status(), 404);
    assert_eq!(own(&server, "administrator", "DELETE", "sessions/x").status(), 404);
    let mut bosh: Session<Bosh> = Bosh::online(&server, "1002", "desktop");
    delete("bosh");
    bosh.expect_close(1000);
    let mut stream = Stream::open(&server, "1001", &[USER]);
    delete("sse");
    while stream.told() != Told::End {}
    // Of a stream that has not begun there is nothing to close.
    let mut early = Client::connect(&server);
    delete("ws");
    early.expect_open_and_stream_error("not-authorized", 1000);
}
