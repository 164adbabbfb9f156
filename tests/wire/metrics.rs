//! `/metrics`: figures in Prometheus' text format.

use crate::support::figures::metrics;
use crate::support::http::{Http, publish};
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
    let head = Http::connect(server.plain).ask_head("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(head.status(), 200);
    let post =
        Http::connect(server.plain).ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((post.status(), post.header("Allow")), (405, Some("GET, HEAD, OPTIONS")));
}
