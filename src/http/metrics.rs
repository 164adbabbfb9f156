//! `GET /metrics`: figures of the server in Prometheus' text format 0.0.4.

use std::fmt::{Display, Write as _};
use std::time::UNIX_EPOCH;

use hyper::header;

use crate::clock::Seconds;
use crate::http::response::{Response, set};
use crate::http::site::Site;
use crate::hub::Transport;
use crate::hub::{Counters, Failures};

/// Answers.
pub fn answer(site: &Site) -> Response {
    let mut answer = Response::new(text(site).into());
    set(&mut answer, header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

fn text(site: &Site) -> String {
    let (counters, mut ways, failures) =
        site.driver.with_hub(|hub, _| (hub.counters(), hub.transports(), hub.failures().to_vec()));
    let mut text = String::new();
    let out = &mut text;
    // Each has a figure, also while nobody uses it.
    for way in Transport::ALL {
        ways.entry(way).or_default();
    }
    begin(out, "sessions", "gauge", "Sessions by transport.");
    for (way, sessions) in ways {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "callboard_sessions{{transport=\"{way}\"}} {sessions}");
    }
    one(out, "connections", "gauge", "Open TCP connections.", site.admission.connections.get());
    let idle = site.admission.idle.borrow().count(None);
    one(out, "connections_idle", "gauge", "HTTP connections between two requests.", idle);
    one(
        out,
        "body_bytes",
        "gauge",
        "Memory of the request bodies that are being read, in bytes.",
        site.bodies.taken(),
    );
    let Counters {
        sessions: _,
        waiting,
        logins,
        refusals,
        wrong_passwords,
        lockouts,
        events,
        deliveries,
        dropped,
        slow_readers,
        holds,
        refused_sends,
        backlog,
        backlog_most,
        client_logs,
        sessions_resumed,
        given_up,
        acknowledged_back,
        resumed,
        missed,
    } = counters;
    one(out, "sessions_waiting", "gauge", "Sessions of XMPP that wait to be resumed.", waiting);
    for (name, help, value) in [
        ("logins_total", "Logins over XMPP.", logins),
        ("login_refusals_total", "Login attempts over XMPP that failed.", refusals),
        ("wrong_passwords_total", "Wrong passwords, over XMPP and HTTP.", wrong_passwords),
        ("lockouts_total", "Users locked out after too many wrong passwords.", lockouts),
        ("events_total", "Published items.", events),
        ("deliveries_total", "Events queued for a session.", deliveries),
        ("dropped_total", "Messages queued for a session and never delivered.", dropped),
        ("slow_readers_total", "Sessions closed because the client did not read.", slow_readers),
        (
            "holds_total",
            "Times that the server stopped reading from a user, because receivers had not taken what the user had sent.",
            holds,
        ),
        ("refused_sends_total", "Publications and stanzas refused for lack of room.", refused_sends),
        ("client_logs_total", "Logs that clients sent.", client_logs),
        (
            "sessions_resumed_total",
            "Sessions of XMPP resumed where the client had left off.",
            sessions_resumed,
        ),
        ("sessions_given_up_total", "Sessions of XMPP that waited to be resumed and were not.", given_up),
        (
            "acknowledged_back_total",
            "Acknowledgements of XMPP clients for less than they had acknowledged before.",
            acknowledged_back,
        ),
        ("streams_resumed_total", "Streams of events resumed where the client had left off.", resumed),
        ("streams_missed_total", "Streams of events that told the client of missed events.", missed),
        (
            "handshakes_refused_total",
            "TLS handshakes and HTTP request heads ended, because those of the address, or of all addresses, held too much memory.",
            site.admission.handshakes.refused(),
        ),
        (
            "files_refused_total",
            "Requests for files refused because too many files were being sent.",
            site.files.refused(),
        ),
        (
            "connections_gave_way_total",
            "Idle HTTP connections closed to make room for new clients.",
            site.admission.idle.borrow().gave_way(),
        ),
        (
            "bodies_refused_total",
            "Requests refused because other bodies used all memory for bodies.",
            site.bodies.refused(),
        ),
        (
            "connections_refused_total",
            "Connections refused because [limits] allows no more.",
            site.admission.refusals.borrow().count(),
        ),
        (
            "read_bytes_total",
            "Bytes received over all connections, not counting TLS.",
            site.admission.traffic.bytes_read(),
        ),
        (
            "written_bytes_total",
            "Bytes sent over all connections, not counting TLS.",
            site.admission.traffic.bytes_written(),
        ),
        ("loop_turns_total", "Turns of the event loop.", site.driver.busy_time.turns()),
    ] {
        one(out, name, "counter", help, value);
    }
    #[cfg(feature = "replica")]
    log_figures(site, out);
    let (entries, bytes, dropped) = site.driver.with_hub(|hub, _| {
        let record = hub.record();
        (record.len(), record.bytes(), record.dropped())
    });
    one(out, "record_entries", "gauge", "Entries of the record.", entries);
    one(out, "record_bytes", "gauge", "Memory of the record, in bytes.", bytes);
    one(
        out,
        "record_dropped_total",
        "counter",
        "Entries of the record that have made room for others.",
        dropped,
    );
    let (active, fired) = site.driver.with_hub(|hub, _| {
        let faults = hub.faults();
        (faults.list().len(), faults.fired().filter(|(_, count)| *count > 0).collect::<Vec<_>>())
    });
    one(out, "faults", "gauge", "Faults that are set.", active);
    begin(out, "faults_fired_total", "counter", "Times that faults have acted, by kind.");
    for (kind, count) in fired {
        let _ = writeln!(out, "callboard_faults_fired_total{{kind=\"{kind}\"}} {count}");
    }
    begin(out, "failures_total", "counter", "Failed logins and stream errors, by condition.");
    for Failures { what, condition, count } in failures {
        let _ =
            writeln!(out, "callboard_failures_total{{what=\"{what}\",condition=\"{condition}\"}} {count}");
    }
    one(out, "queued_bytes", "gauge", "Memory of all queues, in bytes.", backlog);
    one(
        out,
        "queued_bytes_most",
        "gauge",
        "Highest memory of all queues since the start, in bytes.",
        backlog_most,
    );
    let (busy, longest) = (Seconds(site.driver.busy_time.busy()), Seconds(site.driver.busy_time.longest()));
    one(out, "loop_busy_seconds_total", "counter", "Time that the event loop was busy, in seconds.", busy);
    let help = "Longest time since the start without a look at the sockets, in seconds.";
    one(out, "loop_longest_seconds", "gauge", help, longest);
    let started = Seconds(site.started.duration_since(UNIX_EPOCH).unwrap_or_default());
    one(out, "start_time_seconds", "gauge", "Start of the server, in seconds since 1970.", started);
    text
}

/// The figures of the log of changes, which are 0 without one.
#[cfg(feature = "replica")]
fn log_figures(site: &Site, out: &mut String) {
    let figures = site.driver.with_hub(|hub, _| hub.log_figures()).unwrap_or_default();
    for (name, help, value) in [
        ("log_entries_total", "Changes for the log of durability.", figures.entries),
        ("log_synced_total", "Changes of the log that are on the disk.", figures.synced),
        ("log_bytes_total", "Bytes for the log and its states.", figures.bytes),
        ("log_syncs_total", "Writes of the log with their syncs.", figures.syncs),
    ] {
        one(out, name, "counter", help, value);
    }
    let help = "Time of the writes of the log, in seconds.";
    one(out, "log_sync_seconds_total", "counter", help, Seconds(figures.time));
    let help = "1 while changes cannot be kept and are refused.";
    one(out, "log_failed", "gauge", help, u8::from(figures.has_failed));
}

fn begin(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP callboard_{name} {help}\n# TYPE callboard_{name} {kind}");
}

fn one(out: &mut String, name: &str, kind: &str, help: &str, value: impl Display) {
    begin(out, name, kind, help);
    let _ = writeln!(out, "callboard_{name} {value}");
}
