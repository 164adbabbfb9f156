//! A test begins with a contact centre as after the start.

use crate::support::http::{admin, own, publish, wait_for};
use crate::support::polite::Client;
use crate::support::rest::{ask, get, put_state};
use crate::support::server::DEMO;
use crate::support::sse::ticket;
use crate::support::{Server, ns};

const USER: &str = "/finesse/api/User/1001";
const DIALOGS: &str = "/finesse/api/User/1001/Dialogs";
const MESSAGES: &str = "/finesse/api/Team/1/TeamMessages";

/// An agent who is ready and gets a call. Returns the id of its dialog.
#[track_caller]
fn call(server: &Server) -> String {
    assert_eq!(
        put_state(server, "1001", "1001", "<state>LOGIN</state><extension>1001</extension>").status(),
        202
    );
    wait_for(server, "kind=state&user=1001&contains=NOT_READY");
    assert_eq!(put_state(server, "1001", "1001", "<state>READY</state>").status(), 202);
    let called = admin(server, "POST", "calls?to=9001");
    assert_eq!(called.status(), 202, "{}", called.body);
    wait_for(server, "kind=state&user=1001&contains=RESERVED");
    called.body.trim_end().to_owned()
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
fn all_is_as_after_the_start_and_who_is_on_line_is_told() {
    let server = Server::demo();
    let before: Vec<String> = ["User/1001", "User/1001/Dialogs", "Team/1", "Queue/1"]
        .map(|path| get(&server, "administrator", path).body)
        .into();
    let mut agent = Client::online(&server, "1001", "desktop");
    agent.subscribe(MESSAGES);
    let first = call(&server);
    let waiting = admin(&server, "POST", "calls?to=9001");
    assert_eq!(waiting.status(), 202);
    let body = "<TeamMessage><duration>3600</duration><content>old</content><teams><team>1</team></teams></TeamMessage>";
    assert_eq!(
        ask(&server, "administrator", "POST", "TeamMessage", "Content-Type: application/xml\r\n", body)
            .status(),
        200
    );
    assert_eq!(admin(&server, "PUT", "faults/f?kind=ping-delay&delay=1s").status(), 201);
    assert_eq!(admin(&server, "POST", "status?status=OUT_OF_SERVICE").status(), 200);
    assert_eq!(admin(&server, "PUT", "clock?advance=1s").status(), 200);
    let answer = admin(&server, "POST", "reset");
    assert_eq!(answer.status(), 204, "{}", answer.body);
    assert!(answer.header("X-Callboard-Sequence").is_some(), "{answer:?}");
    until(&mut agent, "/finesse/api/SystemInfo", "IN_SERVICE");
    until(&mut agent, DIALOGS, "DELETE");
    until(&mut agent, MESSAGES, "DELETE");
    until(&mut agent, USER, "LOGOUT");
    let after: Vec<String> = ["User/1001", "User/1001/Dialogs", "Team/1", "Queue/1"]
        .map(|path| get(&server, "administrator", path).body)
        .into();
    assert_eq!(after, before);
    assert!(!get(&server, "administrator", "TeamMessages").body.contains("old"));
    assert_eq!(admin(&server, "GET", "faults").body, "{\"faults\":[]}\n");
    assert!(admin(&server, "GET", "clock").body.contains("\"ahead\":0.0,"));
    assert!(!admin(&server, "GET", "record").body.contains("OUT_OF_SERVICE"));
    // The same test is run once more, by the same session, and meets the same ids.
    assert_eq!(call(&server), first);
    until(&mut agent, USER, "RESERVED");
}

#[test]
fn sessions_end_and_faults_stay_if_that_is_wanted() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    assert_eq!(admin(&server, "PUT", "faults/f?kind=ping-delay&delay=1s").status(), 201);
    assert_eq!(admin(&server, "POST", "reset?sessions=end&keep=faults").status(), 204);
    agent.expect_close(1000);
    assert!(admin(&server, "GET", "faults").body.contains("\"name\":\"f\""));
    assert_eq!(admin(&server, "POST", "reset?sessions=keep").status(), 204);
    assert_eq!(admin(&server, "GET", "faults").body, "{\"faults\":[]}\n");
}

#[test]
fn subscriptions_of_bare_jids_end_but_those_that_finesse_makes() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    agent.subscribe_as("/finesse/api/Team/1/Users", "1001@localhost");
    agent.subscribe_as("/finesse/api/Team/1/Users", "1001@localhost/desktop");
    let list = |server: &Server| admin(server, "GET", "subscriptions?user=1001").body;
    let automatic = list(&server).matches("\"by\":\"bare\"").count() - 1;
    assert_eq!(admin(&server, "POST", "reset").status(), 204);
    let told = agent.text();
    assert!(told.contains(ns::PUBSUB_EVENT) && told.contains("subscription=\"none\""), "{told}");
    let left = list(&server);
    assert_eq!(left.matches("\"by\":\"bare\"").count(), automatic, "{left}");
    assert_eq!(left.matches("\"by\":\"full\"").count(), 1, "{left}");
    agent.expect_nothing_more();
}

#[test]
fn a_reset_is_for_administrators_of_a_laboratory() {
    let server = Server::demo();
    assert_eq!(own(&server, "1001", "POST", "reset").status(), 403);
    for query in
        ["sessions=some", "keep=calls", "keep=faults&keep=faults", "keep=users&keep=users,faults", "x"]
    {
        let answer = admin(&server, "POST", &format!("reset?{query}"));
        assert_eq!(answer.status(), 400, "{query}");
        assert!(answer.body.starts_with("There are sessions=keep"), "{}", answer.body);
    }
    let closed =
        DEMO.replacen("record = 10000", "record = 0", 1).replacen("faults = true", "faults = false", 1);
    let closed = Server::serving("localhost", &closed);
    let answer = admin(&closed, "POST", "reset");
    assert_eq!(answer.status(), 409);
    assert!(answer.body.contains("serve --record 10000"), "{}", answer.body);
}

#[test]
fn a_seed_makes_ids_the_same_in_each_run_but_no_secret() {
    let run = |seed: &str| {
        let server = Server::flags(&["--seed", seed]);
        let mut client = Client::online(&server, "1001", "desktop");
        let item = publish(&server, USER, "<x/>");
        let (message, shown) = client.expect_event("1001@localhost", USER, "<x/>");
        assert_eq!(shown, item);
        ((item, message, call(&server)), ticket(&server, "1001"))
    };
    let (first, again, other) = (run("7"), run("7"), run("8"));
    assert_eq!(first.0, again.0);
    assert_ne!(first.0.0, other.0.0);
    assert_ne!(first.0.1, other.0.1);
    assert_ne!(first.1, again.1, "a ticket lets somebody in");
}
