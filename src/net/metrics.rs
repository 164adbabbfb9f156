//! `GET /metrics`: figures of the server in Prometheus' text format 0.0.4.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use hyper::header;

use super::answer::{Answer, set};
use super::server::Server;
use crate::hub::Counters;

/// The ways that always have a figure, also while nobody uses them.
const TRANSPORTS: [&str; 4] = ["bosh", "sse", "ws", "wss"];

/// Answers.
pub fn answer(server: &Rc<Server>) -> Answer {
    let (counters, ways) = server.with_hub(|hub, _| (hub.counters(), hub.transports()));
    let started = server.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let mut answer = Answer::new(text(&counters, ways, server.connections.get(), started).into());
    set(&mut answer, header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    set(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer
}

fn text(
    counters: &Counters,
    mut ways: BTreeMap<&'static str, usize>,
    connections: usize,
    started: f64,
) -> String {
    let mut out = String::new();
    let out = &mut out;
    for way in TRANSPORTS {
        ways.entry(way).or_default();
    }
    begin(out, "sessions", "gauge", "Sessions by the way they came.");
    for (way, sessions) in ways {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "callboard_sessions{{transport=\"{way}\"}} {sessions}");
    }
    one(out, "connections", "gauge", "Open TCP connections.", connections);
    let Counters {
        sessions: _,
        logins,
        refusals,
        lockouts,
        events,
        deliveries,
        dropped,
        slow_readers,
        client_logs,
        resumed,
        missed,
    } = *counters;
    for (name, help, value) in [
        ("logins_total", "Logins over XMPP.", logins),
        ("login_refusals_total", "Login attempts over XMPP that failed.", refusals),
        ("lockouts_total", "Users blocked after too many wrong passwords.", lockouts),
        ("events_total", "Published items.", events),
        ("deliveries_total", "Events queued for a session.", deliveries),
        ("dropped_total", "Messages that a session was owed and never got.", dropped),
        ("slow_readers_total", "Sessions closed because they did not read.", slow_readers),
        ("client_logs_total", "Logs that clients handed in.", client_logs),
        ("streams_resumed_total", "Streams of events that went on where the client had left off.", resumed),
        ("streams_missed_total", "Streams of events that began by saying that something was missed.", missed),
    ] {
        one(out, name, "counter", help, value);
    }
    one(out, "start_time_seconds", "gauge", "Start of the server, in seconds since 1970.", started);
    std::mem::take(out)
}

fn begin(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP callboard_{name} {help}\n# TYPE callboard_{name} {kind}");
}

fn one(out: &mut String, name: &str, kind: &str, help: &str, value: impl Display) {
    begin(out, name, kind, help);
    let _ = writeln!(out, "callboard_{name} {value}");
}
