//! `/metrics`: figures in Prometheus' text format.

use crate::support::figures::metrics;
use crate::support::http::{Http, basic, post, publish};
use crate::support::sse::Stream;
use crate::support::{Client, Server};

const ALARMS: &str = "/lab/alarms";

#[test]
fn figures_say_what_has_happened_and_need_no_password() {
    let server = Server::with("[limits]\nhistory = 1\n");
    let before = metrics(&server);
    let sessions = |way: &str| format!("callboard_sessions{{transport=\"{way}\"}}");
    for way in ["ws", "wss", "sse", "bosh"] {
        assert_eq!(before[&sessions(way)], 0.0, "{way}");
    }
    assert_eq!(before["callboard_connections"], 1.0, "the one that asks");
    let started = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_secs_f64()
        - before["callboard_start_time_seconds"];
    assert!((0.0..60.0).contains(&started), "started {started} s ago");

    let mut client = Client::online(&server, "1001", "desktop");
    client.subscribe(ALARMS);
    let mut stream = Stream::open(&server, "1001", &[ALARMS]);
    let ids = ["1", "2"].map(|payload| publish(&server, ALARMS, payload));
    for payload in ["1", "2"] {
        client.expect_event("1001@localhost/desktop", ALARMS, payload);
        stream.expect(ALARMS, payload);
    }
    let mut resumed = Stream::after(&server, &[ALARMS], &ids[0]);
    resumed.expect(ALARMS, "2");
    let _missed = [(); 2].map(|()| Stream::after(&server, &[ALARMS], "x").expect_missed());
    server.wait_for_log(&[" sse 1001: closed"]);
    let mut refused = Client::connect(&server);
    refused.open();
    refused.send_plain("\x001001\0wrong");
    refused.expect_failure("not-authorized");
    let now = metrics(&server);
    for (name, value) in [
        ("logins_total", 1.0),
        ("login_refusals_total", 1.0),
        ("events_total", 2.0),
        ("deliveries_total", 5.0),
        ("streams_resumed_total", 1.0),
        ("streams_missed_total", 2.0),
        ("dropped_total", 0.0),
        ("slow_readers_total", 0.0),
        ("lockouts_total", 0.0),
        ("client_logs_total", 0.0),
    ] {
        assert_eq!(now[&format!("callboard_{name}")], value, "{name}");
        assert_eq!(before[&format!("callboard_{name}")], 0.0, "{name}");
    }
    assert!(now[&sessions("ws")] + now[&sessions("wss")] == 2.0 && now[&sessions("sse")] >= 2.0, "{now:?}");
    assert!(now["callboard_connections"] >= 5.0);
    assert_eq!(now["callboard_start_time_seconds"], before["callboard_start_time_seconds"]);
    drop((stream, resumed));
    while metrics(&server)[&sessions("sse")] > 0.0 {}
}

#[test]
fn figures_are_read_and_not_written() {
    let server = Server::demo();
    let head = Http::connect(server.plain).ask_head("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(head.status(), 200);
    let post = Http::connect(server.plain)
        .ask("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((post.status(), post.header("Allow")), (405, Some("GET, HEAD, OPTIONS")));
}

#[test]
fn what_goes_wrong_is_counted_by_its_condition_and_what_waits_by_its_memory() {
    let server = Server::demo();
    let before = metrics(&server);
    assert!(!before.keys().any(|name| name.starts_with("callboard_failures_total")), "{before:?}");
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain("\x001001\0wrong");
    client.expect_failure("not-authorized");
    client.send("<nonsense");
    client.expect_stream_error("not-well-formed", 1000);
    let wrong = format!("Authorization: {}\r\n", basic("1001", "wrong"));
    assert_eq!(post(&server, ALARMS, &wrong, b"x").status(), 401);
    let mut reader = Client::online(&server, "1002", "desktop");
    reader.subscribe(ALARMS);
    let payload = "x".repeat(20_000);
    publish(&server, ALARMS, &payload);
    reader.expect_event("1002@localhost/desktop", ALARMS, &payload);
    let after = metrics(&server);
    let failures = |what, condition| {
        after[&format!("callboard_failures_total{{what=\"{what}\",condition=\"{condition}\"}}")]
    };
    assert_eq!((failures("login", "not-authorized"), failures("stream", "not-well-formed")), (1.0, 1.0));
    assert_eq!(after["callboard_wrong_passwords_total"], 2.0);
    assert_eq!(after["callboard_queued_bytes"], 0.0, "all was taken");
    assert!((20_000.0..100_000.0).contains(&after["callboard_queued_bytes_most"]), "{after:?}");
    for name in ["callboard_read_bytes_total", "callboard_written_bytes_total"] {
        assert!(after[name] > before[name] + 20_000.0, "{name}: {after:?}");
    }
    assert!(after["callboard_loop_turns_total"] > before["callboard_loop_turns_total"]);
    let longest = after["callboard_loop_longest_seconds"];
    assert!(longest > 0.0 && longest <= after["callboard_loop_busy_seconds_total"], "{after:?}");
}
