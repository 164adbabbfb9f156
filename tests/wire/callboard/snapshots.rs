//! A test goes back to a contact centre that it has taken down by a name.

use crate::support::http::{admin, own, publish, wait_for};
use crate::support::polite::Client;
use crate::support::rest::{get, put_state};
use crate::support::server::DEMO;
use crate::support::{Server, ns};

const USER: &str = "/finesse/api/User/1001";
const DIALOGS: &str = "/finesse/api/User/1001/Dialogs";

#[track_caller]
fn ready(server: &Server) {
    let login = "<state>LOGIN</state><extension>1001</extension>";
    assert_eq!(put_state(server, "1001", "1001", login).status(), 202);
    wait_for(server, "kind=state&user=1001&contains=NOT_READY");
    assert_eq!(put_state(server, "1001", "1001", "<state>READY</state>").status(), 202);
}

/// What comes until a node tells that.
#[track_caller]
fn until(client: &mut Client, node: &str, what: &str) -> String {
    loop {
        let message = client.text();
        if message.contains(&format!("node=\"{node}\"")) && message.contains(what) {
            return message;
        }
    }
}

#[test]
fn all_is_as_it_was_and_who_is_on_line_is_told() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    ready(&server);
    until(&mut agent, USER, "&lt;state&gt;READY");
    assert_eq!(admin(&server, "PUT", "snapshots/ready").status(), 201);
    let before = get(&server, "administrator", "User/1001").body;
    let shown = admin(&server, "GET", "snapshots/ready").body;
    assert!(shown.starts_with("{\"name\":\"ready\",\"taken\":\"2"), "{shown}");
    assert!(shown.contains("\"signed_in\":1,\"calls\":0,\"tasks\":0,\"messages\":0,\"items\":0,"), "{shown}");
    let mut last = String::new();
    for _ in 0..2 {
        let called = admin(&server, "POST", "calls?to=9001");
        assert_eq!(called.status(), 202, "{}", called.body);
        assert_ne!(called.body, last, "an id is not given again");
        last = called.body;
        until(&mut agent, USER, "RESERVED");
        let answer = admin(&server, "POST", "snapshots/ready");
        assert_eq!(answer.status(), 204, "{}", answer.body);
        assert!(answer.header("X-Callboard-Sequence").is_some(), "{answer:?}");
        until(&mut agent, DIALOGS, "DELETE");
        until(&mut agent, USER, "&lt;state&gt;READY");
        let after = get(&server, "administrator", "User/1001").body;
        let without_time = |text: &str| {
            let (start, rest) = text.split_once("<stateChangeTime>").expect("a time");
            start.to_owned() + rest.split_once("</stateChangeTime>").expect("its end").1
        };
        assert_eq!(without_time(&after), without_time(&before));
        assert!(!get(&server, "administrator", "User/1001/Dialogs").body.contains("<Dialog>"));
    }
    // The session is the same, and a reset leaves snapshots.
    assert_eq!(admin(&server, "POST", "reset").status(), 204);
    until(&mut agent, USER, "LOGOUT");
    assert_eq!(admin(&server, "POST", "snapshots/ready").status(), 204);
    until(&mut agent, USER, "&lt;state&gt;READY");
    assert_eq!(admin(&server, "PUT", "snapshots/ready").status(), 204, "another in its place");
    assert_eq!(admin(&server, "DELETE", "snapshots/ready").status(), 204);
    assert_eq!(admin(&server, "GET", "snapshots").body, "{\"snapshots\":[]}\n");
}

#[test]
fn items_of_nodes_are_those_of_then_and_subscribers_see_them_again() {
    let server = Server::serving(
        "localhost",
        &DEMO.replacen("name = \"/lab/alarms\"", "name = \"/lab/alarms\"\nitems = 3", 1),
    );
    let mut agent = Client::online(&server, "1001", "desktop");
    agent.subscribe("/lab/alarms");
    let node = "/lab/alarms";
    let ids = ["<a/>", "<b/>"].map(|text| publish(&server, node, text));
    assert_eq!(admin(&server, "PUT", "snapshots/s").status(), 201);
    assert!(admin(&server, "GET", "snapshots").body.contains("\"items\":2,"));
    let more = ["<c/>", "<d/>"].map(|text| publish(&server, node, text));
    for id in ids.iter().chain(&more) {
        until(&mut agent, node, id);
    }
    assert_eq!(admin(&server, "POST", "snapshots/s").status(), 204);
    for id in &more {
        let told = agent.text();
        assert!(told.contains("<retract ") && told.contains(&**id), "{told}");
    }
    // The first was pushed out, so both come again, in their order.
    for id in &ids {
        let told = agent.text();
        assert!(told.contains("<item ") && told.contains(&**id), "{told}");
    }
    assert_eq!(admin(&server, "POST", "snapshots/s").status(), 204, "nothing to tell");
    agent.expect_nothing_more();
}

#[test]
fn users_of_then_are_there_again_and_those_of_now_go() {
    let server = Server::demo();
    let made = |prefix: &str| {
        let answer = admin(&server, "POST", &format!("users?count=1&prefix={prefix}&team=new"));
        assert_eq!(answer.status(), 201, "{}", answer.body);
    };
    made("then-");
    assert_eq!(admin(&server, "PUT", "snapshots/s").status(), 201);
    assert_eq!(admin(&server, "DELETE", "users?prefix=then-").status(), 204);
    made("now-");
    let mut watcher = Client::online(&server, "administrator", "desktop");
    watcher.subscribe("/finesse/api/Team/now-team/Users");
    assert_eq!(admin(&server, "POST", "snapshots/s").status(), 204);
    let told = until(&mut watcher, "/finesse/api/Team/now-team/Users", "<delete ");
    assert!(told.contains(ns::PUBSUB_EVENT), "{told}");
    let directory = admin(&server, "GET", "directory").body;
    assert!(directory.contains("\"then-1\"") && !directory.contains("\"now-1\""), "{directory}");
    assert!(directory.contains("then-queue"), "{directory}");
    assert_eq!(admin(&server, "POST", "reset").status(), 204);
    assert!(!admin(&server, "GET", "directory").body.contains("\"then-1\""));
}

/// A snapshot says of an agent that it is there, and its connection has ended since.
#[test]
fn who_has_left_since_is_signed_out_after_a_while() {
    let server = Server::demo();
    let agent = Client::online(&server, "1001", "desktop");
    ready(&server);
    assert_eq!(admin(&server, "PUT", "snapshots/s").status(), 201);
    agent.leave();
    wait_for(&server, "kind=session&user=1001&contains=end");
    assert_eq!(admin(&server, "POST", "snapshots/s").status(), 204);
    assert_eq!(admin(&server, "PUT", "clock?advance=61s").status(), 200);
    assert!(get(&server, "administrator", "User/1001").body.contains("<state>LOGOUT</state>"));
}

#[test]
fn snapshots_are_for_administrators_of_a_laboratory_and_16_at_most() {
    let server = Server::demo();
    for (method, path) in
        [("PUT", "snapshots/s"), ("POST", "snapshots/s"), ("GET", "snapshots"), ("DELETE", "snapshots/s")]
    {
        assert_eq!(own(&server, "1001", method, path).status(), 403, "{method}");
    }
    for (method, path, status, sentence) in [
        ("POST", "snapshots/s", 404, "There is no snapshot of that name."),
        ("GET", "snapshots/s", 404, "There is no snapshot of that name."),
        ("DELETE", "snapshots/s", 404, "There is no snapshot of that name."),
        ("PUT", "snapshots/a%20b", 400, "The name of a snapshot has 1 to 64 letters"),
        ("PUT", &*format!("snapshots/{}", "x".repeat(65)), 400, "The name of a snapshot has 1 to 64 letters"),
        ("PUT", "snapshots/s?keep=users", 400, "A snapshot has a name and nothing else"),
    ] {
        let answer = admin(&server, method, path);
        assert_eq!(
            (answer.status(), answer.body.starts_with(sentence)),
            (status, true),
            "{path}: {}",
            answer.body
        );
    }
    for number in 0..16 {
        assert_eq!(admin(&server, "PUT", &format!("snapshots/s{number}")).status(), 201);
    }
    let answer = admin(&server, "PUT", "snapshots/one-more");
    assert_eq!(
        (answer.status(), answer.body.contains("There are 16 snapshots")),
        (503, true),
        "{}",
        answer.body
    );
    assert_eq!(admin(&server, "PUT", "snapshots/s7").status(), 204, "one in its place");
    let closed =
        DEMO.replacen("record = 10000", "record = 0", 1).replacen("faults = true", "faults = false", 1);
    let closed = Server::serving("localhost", &closed);
    let answer = admin(&closed, "PUT", "snapshots/s");
    assert_eq!(
        (answer.status(), answer.body.contains("serve --record 10000")),
        (409, true),
        "{}",
        answer.body
    );
}
