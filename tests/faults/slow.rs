//! Readers that stop reading, few and many.

use crate::late::number;
use crate::support::figures::metrics;
use crate::support::http::Http;
use crate::support::{Client, Raw, Server};
use crate::witness::{publication, witnessed};

const SESSIONS: usize = 50;

/// What may wait for a session, in KiB: as little as it may be with messages of 64 KiB.
const QUEUE: usize = 512;

const ALARMS: &str = "/lab/alarms";

#[test]
fn however_many_do_not_read_they_are_closed_and_all_others_get_everything() {
    let users =
        (0..SESSIONS).map(|n| format!("[[user]]\nid = \"r{n}\"\npassword = \"r{n}\"\nteam = \"2\"\n"));
    // The time to finish the close is long, so that what comes in the end can be looked at.
    let limits = format!("[limits]\nqueue = \"{QUEUE}KiB\"\nclose = \"1m\"\nping = \"10m\"\n");
    let server = Server::with_log("info", &format!("{}{limits}", users.collect::<String>()));
    witnessed(&server, |_| {
        // The first time does not count: an emulator keeps a translation of all code that has run.
        stop_reading(&server, SESSIONS / 10, 0);
        let before = server.peak_memory();
        stop_reading(&server, SESSIONS * 9 / 10, SESSIONS / 10);
        stop_reading(&server, SESSIONS, SESSIONS);
        let grown = server.peak_memory() - before;
        assert!(grown < SESSIONS * QUEUE, "{grown} KiB more than before");
    });
}

/// Publishes until the last of the `slow` sessions that do not read is closed for it. `closed` is how many there
/// were before.
fn stop_reading(server: &Server, slow: usize, closed: usize) {
    let user = |n: usize| format!("r{n}");
    let mut slow: Vec<Raw> = (0..slow)
        .map(|n| {
            let mut raw = Raw::connect(server);
            raw.log_in(&user(n), "desktop");
            raw.become_available();
            raw.subscribe(ALARMS);
            raw
        })
        .collect();
    let mut readers: Vec<Client> =
        (slow.len()..SESSIONS).map(|n| Client::online(server, &user(n), "desktop")).collect();
    for reader in &mut readers {
        reader.subscribe(ALARMS);
    }
    let mut http = Http::connect(server.plain);
    let filler = "x".repeat(30_000);
    let mut published = 0;
    while metrics(server)["callboard_slow_readers_total"] < (closed + slow.len()) as f64 {
        assert!(published < 1_000, "30 MB for each are more than all buffers in between hold");
        let answer = http.ask(publication(ALARMS, &format!("{published} {filler}")));
        assert_eq!(answer.status(), 202);
        for reader in &mut readers {
            assert_eq!(number(&reader.text()), Some(published));
        }
        published += 1;
    }
    for reader in &mut readers {
        reader.expect_nothing_more();
    }
    // What the network had taken arrives, in order and whole; then the reason.
    for slow in &mut slow {
        let mut received = 0;
        let error = loop {
            let text = slow.text();
            match number(&text) {
                Some(number) => assert_eq!(number, received),
                None => break text,
            }
            received += 1;
        };
        assert!(received < published, "something was dropped");
        assert!(error.contains("<policy-violation "), "{error}");
        slow.expect_close(1000);
    }
}
