//! The clock of the contact centre: what follows it, and what does not.

use time::{Date, Month};

use crate::support::Server;
use crate::support::http::{Answer, own};
use crate::support::polite::Client;
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::server::DEMO;

const LOGIN: &str = "<state>LOGIN</state><extension>1001</extension>";
const TEAM: &str = "/finesse/api/Team/1/Users";

#[track_caller]
fn clock(server: &Server, query: &str) -> String {
    let answer = own(server, "administrator", "PUT", &format!("clock?{query}"));
    assert_eq!(answer.status(), 200, "{}", answer.body);
    answer.body
}

/// A second, in what [`time`] counts.
const SECOND: i64 = 1000;

/// The time in a document, in milliseconds.
#[track_caller]
fn time(document: &str, name: &str) -> i64 {
    let shown = field(document, name);
    let part = |from: usize, to: usize| shown[from..to].parse::<u16>().expect("digits");
    let small = |from: usize| u8::try_from(part(from, from + 2)).expect("two digits");
    let month = Month::try_from(small(5)).expect("a month");
    let day = Date::from_calendar_date(i32::from(part(0, 4)), month, small(8)).expect("a day");
    let minutes = (i64::from(day.to_julian_day()) * 24 + i64::from(small(11))) * 60 + i64::from(small(14));
    (minutes * 60 + i64::from(small(17))) * SECOND + i64::from(part(20, 23))
}

/// The time that the contact centre shows.
fn shown(server: &Server) -> i64 {
    time(&get(server, "1001", "SystemInfo").body, "currentTimestamp")
}

fn wait_for(server: &Server, query: &str) -> Answer {
    let answer = own(server, "administrator", "GET", &format!("wait?{query}&timeout=5m"));
    assert!(answer.body.starts_with("{\"matched\":true,"), "{}", answer.body);
    answer
}

#[test]
fn a_clock_that_stands_still_goes_on_only_by_what_it_is_told() {
    let server = Server::demo();
    assert!(clock(&server, "freeze").ends_with(",\"speed\":0}\n"));
    let began = shown(&server);
    assert_eq!(shown(&server), began);
    assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
    // A change that is due meanwhile is made at its time, before the answer: a sign-in takes 250 ms.
    let answer = clock(&server, "advance=1h");
    assert!(answer.ends_with(",\"speed\":0}\n"), "{answer}");
    let user = get(&server, "1001", "User/1001").body;
    assert_eq!(field(&user, "state"), "NOT_READY");
    assert_eq!(time(&user, "stateChangeTime"), began + SECOND / 4);
    assert_eq!(shown(&server), began + 3600 * SECOND);
    // It goes on from there.
    assert!(clock(&server, "go&advance=1m").ends_with(",\"speed\":1}\n"));
    assert!(shown(&server) >= began + 3660 * SECOND);
    let told = own(&server, "administrator", "GET", "clock").body;
    assert!(told.starts_with("{\"time\":\"2") && told.contains("\"ahead\":36"), "{told}");
}

#[test]
fn an_agent_who_is_gone_is_signed_out_with_255_when_the_clock_is_moved_on_and_who_is_there_stays() {
    let server = Server::demo();
    let mut watcher = Client::online(&server, "1003", "desktop");
    watcher.subscribe_as(TEAM, "1003@localhost/desktop");
    let agent = Client::online(&server, "1001", "desktop");
    let number = put_state(&server, "1001", "1001", LOGIN).header("X-Callboard-Sequence").map(str::to_owned);
    let after = format!("after={}", number.expect("it is told"));
    wait_for(&server, &format!("{after}&kind=state&user=1001"));
    clock(&server, "freeze");
    agent.leave();
    wait_for(&server, &format!("{after}&kind=session&user=1001&contains=ended"));
    let went = shown(&server);
    clock(&server, "advance=59s");
    assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "NOT_READY");
    // Of two hours no session hears anything: its own deadlines are real.
    for step in ["1s", "2h"] {
        clock(&server, &format!("advance={step}"));
        let user = get(&server, "1001", "User/1001").body;
        assert_eq!((field(&user, "state"), field(&user, "code")), ("LOGOUT", "255"), "{user}");
        assert!(time(&user, "stateChangeTime") <= went + 60 * SECOND, "{user}");
    }
    let mut last = String::new();
    while !last.contains("<state>LOGOUT</state>") {
        last = event(&mut watcher, TEAM);
    }
    watcher.expect_nothing_more();
}

#[test]
fn a_fast_clock_does_by_itself_what_takes_long_and_messages_go_with_it() {
    let server = Server::demo();
    let body = "<TeamMessage><duration>60</duration><content>soon over</content><teams><team>1</team></teams></TeamMessage>";
    let headers = "Content-Type: application/xml\r\n";
    assert_eq!(ask(&server, "administrator", "POST", "TeamMessage", headers, body).status(), 200);
    assert!(get(&server, "administrator", "TeamMessages").body.contains("soon over"));
    clock(&server, "speed=1000");
    wait_for(&server, "after=0&kind=event&node=/finesse/api/Team/1/TeamMessages&contains=DELETE");
    assert!(!get(&server, "administrator", "TeamMessages").body.contains("soon over"));
}

#[test]
fn the_clock_is_for_administrators_and_says_what_it_can() {
    let server = Server::demo();
    assert_eq!(own(&server, "1001", "GET", "clock").status(), 403);
    assert_eq!(own(&server, "1001", "PUT", "clock?freeze").status(), 403);
    for query in [
        "",
        "freeze=1",
        "freeze&go",
        "speed=0",
        "speed=1001",
        "speed=x",
        "advance=25h",
        "advance=5",
        "advance=1s&advance=1s",
        "backwards",
    ] {
        let answer = own(&server, "administrator", "PUT", &format!("clock?{query}"));
        assert_eq!(answer.status(), 400, "{query}");
        assert!(answer.body.starts_with("Say what to do, once each: advance=60s"), "{}", answer.body);
    }
    let told = own(&server, "administrator", "GET", "clock").body;
    assert!(told.ends_with(",\"ahead\":0.0,\"speed\":1}\n"), "{told}");
    // Where nothing takes it back nothing moves it.
    let closed =
        DEMO.replacen("record = 10000", "record = 0", 1).replacen("faults = true", "faults = false", 1);
    let closed = Server::serving("localhost", &closed);
    assert_eq!(own(&closed, "administrator", "PUT", "clock?advance=1h").status(), 409);
    assert_eq!(own(&closed, "administrator", "GET", "clock").status(), 200);
}
