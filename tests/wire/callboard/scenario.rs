//! A scenario is started, looked at, paused and stopped over HTTP.

use std::thread;
use std::time::Duration;

use crate::support::Server;
use crate::support::http::{Answer, Http, admin, basic, own};
use crate::support::polite::Client;
use crate::support::rest::{field, get};
use crate::support::server::DEMO;

const USER: &str = "/finesse/api/User/1001";

/// Starts the scenario of a text.
fn start(server: &Server, query: &str, text: &str) -> Answer {
    let (path, login) = ("/callboard/api/scenario", basic("administrator", "1234"));
    Http::connect(server.plain).ask(format!(
        "POST {path}?do=start{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {login}\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    ))
}

/// The event that tells an agent of a state of its own.
fn until(agent: &mut Client, state: &str) -> String {
    let (node, state) = (format!("node=\"{USER}\""), format!("&gt;{state}&lt;/state&gt;"));
    loop {
        let message = agent.text();
        if message.contains(&node) && message.contains(&state) {
            return message;
        }
    }
}

#[track_caller]
fn scenario(server: &Server, query: &str) -> String {
    let answer = admin(server, "POST", &format!("scenario?{query}"));
    assert_eq!(answer.status(), 200, "{}", answer.body);
    answer.body
}

#[test]
fn a_client_sees_what_played_agents_do_and_the_clock_goes_with_the_scenario() {
    let server = Server::demo();
    let none = admin(&server, "GET", "scenario").body;
    assert!(
        none.starts_with("{\"state\":\"none\",\"speed\":1,\"shipped\":[{\"name\":\"quiet-morning\""),
        "{none}"
    );
    let mut agent = Client::online(&server, "1001", "desktop");
    let begun = scenario(&server, "do=start&name=rush-hour&speed=60");
    assert!(begun.starts_with("{\"state\":\"playing\",\"speed\":60,\"name\":\"Rush hour\","), "{begun}");
    let first = until(&mut agent, "NOT_READY");
    assert!(first.contains("&lt;requestId&gt;scenario-"), "{first}");
    for state in ["READY", "RESERVED", "TALKING"] {
        until(&mut agent, state);
    }
    let paused = scenario(&server, "do=pause");
    assert!(paused.starts_with("{\"state\":\"paused\",\"speed\":0,"), "{paused}");
    // What was due before is still done, and then nothing goes on.
    let shown = || {
        thread::sleep(Duration::from_millis(200));
        admin(&server, "GET", "scenario").body
    };
    assert!((0..20).any(|_| shown() == shown()), "{}", shown());
    assert!(scenario(&server, "do=go").starts_with("{\"state\":\"playing\",\"speed\":60,"));
    assert!(scenario(&server, "do=speed&speed=5").starts_with("{\"state\":\"playing\",\"speed\":5,"));
    let stopped = scenario(&server, "do=stop");
    assert!(stopped.starts_with("{\"state\":\"none\",\"speed\":1,\"shipped\""), "{stopped}");
    let known = admin(&server, "GET", "record?kind=scenario&contains=stopped").body;
    assert!(
        known.contains("\"kind\":\"scenario\",\"what\":\"stopped\",\"size\":9,\"text\":\"Rush hour\""),
        "{known}"
    );
    // A reset stops one, too.
    scenario(&server, "do=start&name=quiet-morning");
    assert_eq!(admin(&server, "POST", "reset").status(), 204);
    assert!(admin(&server, "GET", "scenario").body.starts_with("{\"state\":\"none\""));
    assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "LOGOUT");
}

#[test]
fn a_file_is_played_to_its_verdict_and_problems_are_told_line_by_line() {
    let server = Server::demo();
    let text = "name = \"Short\"\nlength = \"3m\"\n[[arrivals]]\nqueue = \"9001\"\nper_minute = 6\n\
        [[agents]]\nusers = [\"1001\"]\nanswer = \"1s\"\ntalk = \"5s\"\n[verdict]\nanswered = \">= 0.1\"\n";
    let begun = start(&server, "&speed=1000", text);
    assert_eq!(begun.status(), 200, "{}", begun.body);
    let over = admin(&server, "GET", "wait?kind=scenario&contains=PASS&after=0&timeout=1m").body;
    assert!(over.starts_with("{\"matched\":true,"), "{over}");
    let shown = admin(&server, "GET", "scenario").body;
    assert!(shown.starts_with("{\"state\":\"over\",\"speed\":1,\"name\":\"Short\","), "{shown}");
    assert!(
        shown.contains("\"verdict\":\"PASS\",\"judged\":[{\"name\":\"answered\",\"verdict\":\"PASS\","),
        "{shown}"
    );
    let wrong = text.replace("1001", "1009").replace("9001", "9009");
    let refused = start(&server, "", &wrong);
    assert_eq!(refused.status(), 400);
    let lines: Vec<_> = refused.body.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("the body:4:9: \"9009\" is neither"), "{lines:?}");
}

#[test]
fn a_request_that_says_something_else_is_refused() {
    let server = Server::demo();
    for (query, status) in [
        ("", 400),
        ("do=play", 400),
        ("do=start", 400),
        ("do=start&do=stop", 400),
        ("do=start&name=rush-hour&speed=0", 400),
        ("do=start&name=nobody-knows", 404),
        ("do=stop&speed=3", 400),
        ("do=stop&name=rush-hour", 400),
        ("do=speed", 400),
        ("do=stop&x=1", 400),
        ("do=stop", 409),
        ("do=pause", 409),
        ("do=go", 409),
    ] {
        let answer = admin(&server, "POST", &format!("scenario?{query}"));
        assert_eq!(answer.status(), status, "{query}: {}", answer.body);
    }
    assert_eq!(own(&server, "1001", "GET", "scenario").status(), 403);
    assert!(admin(&server, "GET", "scenario").body.starts_with("{\"state\":\"none\""));
}

#[test]
fn without_record_and_faults_nothing_is_played() {
    let text =
        DEMO.replacen("record = 10000", "record = 0", 1).replacen("faults = true", "faults = false", 1);
    let server = Server::serving("localhost", &text);
    let answer = admin(&server, "POST", "scenario?do=start&name=rush-hour");
    assert_eq!(answer.status(), 409, "{}", answer.body);
    assert!(answer.body.starts_with("Scenarios are played only where there is a record"), "{}", answer.body);
}
