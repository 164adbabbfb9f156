//! The clock that people read is set while the server runs: time stamps follow, and nothing else does.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use time::{Date, Month, OffsetDateTime};

use crate::standing::Standing;
use crate::support::rest::{field, get, put_state};
use crate::support::server::{Folder, PATIENCE};
use crate::support::sse::{Stream, ticket};
use crate::support::{Client, Server, program};
use crate::witness::{TEAM, witnessed};

/// How far from what it should be a clock may be found: a slow machine takes its time to tell it.
const SLACK: i64 = 600;

/// The library that shows a program another time, where Debian has it.
fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?;
    let files = folders.filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketime.so.1")));
    files.into_iter().find(|file| file.exists())
}

/// A program's clock in the hand of a test.
struct Clock(PathBuf);

impl Clock {
    /// Sets the clock `offset` seconds beside the right time, from now on.
    fn set(&self, offset: i64) {
        // It is read at any time, so it is never half written.
        let new = self.0.with_extension("new");
        fs::write(&new, format!("{offset:+}\n")).expect("the folder is ours");
        fs::rename(&new, &self.0).expect("the folder is ours");
    }
}

/// How many seconds a time stamp (RFC 3339, UTC) is beside the right time.
fn offset(stamp: &str) -> i64 {
    let numbers: Vec<u16> = stamp
        .split(|c: char| !c.is_ascii_digit())
        .take(6)
        .map(|number| number.parse().unwrap_or_else(|_| panic!("{stamp} is no time stamp")))
        .collect();
    let part = |n: usize| numbers[n] as u8;
    let month = Month::try_from(part(1)).expect("a month");
    let date = Date::from_calendar_date(numbers[0].into(), month, part(2)).expect("a date");
    let time = date.with_hms(part(3), part(4), part(5)).expect("a time").assume_utc();
    time.unix_timestamp() - OffsetDateTime::from(SystemTime::now()).unix_timestamp()
}

fn is_near(stamp: &str, wanted: i64) -> bool {
    (offset(stamp) - wanted).abs() < SLACK
}

fn system_time(server: &Server) -> String {
    field(&get(server, "1001", "SystemInfo").body, "currentTimestamp").to_owned()
}

fn skipped(why: &str) {
    // The harness shows what a test prints only if it fails.
    let _ = writeln!(std::io::stderr(), "clock: skipped: {why}");
}

#[test]
fn a_clock_that_is_set_moves_time_stamps_and_nothing_else() {
    let Some(library) = library() else {
        return skipped("there is no libfaketime here (Debian: faketime)");
    };
    let folder = Folder::new();
    let clock = Clock(folder.path().join("clock"));
    // Whatever it does later, at its start it reads the clock, if it does so by a library that can be replaced.
    clock.set(3600 * 3);
    let mut command = program();
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", &clock.0)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    // Whatever took an hour for an hour of silence would end the sessions, the ticket and the stay of the agent.
    let limits = "[limits]\nping = \"10m\"\nticket = \"10m\"\nforced_logout = \"10m\"\n";
    let server = Server::by_with(command, "info", limits);
    let fresh = Standing::of(&server);
    if is_near(&system_time(&server), 0) {
        return skipped("the program does not read the clock by a library");
    }
    clock.set(0);
    fresh.comes_back(&server);
    witnessed(&server, |before| {
        let mut silent = Client::online(&server, "1001", "desktop");
        let body = "<state>LOGIN</state><extension>1001</extension>";
        assert_eq!(put_state(&server, "1001", "1001", body).status(), 202);
        assert!(silent.text().contains("NOT_READY"));
        let pass = ticket(&server, "1001");
        for hours in [5, -9, 24 * 400, -24 * 400, 0] {
            let wanted = hours * 3600;
            clock.set(wanted);
            let deadline = Instant::now() + PATIENCE;
            while !is_near(&system_time(&server), wanted) {
                assert!(Instant::now() < deadline, "it is {} in place of {hours} h", system_time(&server));
            }
            // A new session, what it hears of the time, and the line of the log on it.
            let resource = format!("at{hours}");
            let mut client = Client::online(&server, "1002", &resource);
            client.send("<iq type='get' id='t' to='localhost' xmlns='jabber:client'><time xmlns='urn:xmpp:time'/></iq>");
            let told = client.text();
            assert!(is_near(field(&told, "utc"), wanted), "{told} at {hours} h");
            client.leave();
            let line = server.wait_for_log(&[&format!("/{resource}: "), "bound"]);
            assert!(is_near(&line, wanted), "{line} at {hours} h");
            // The ticket is as good as before, and the agent is where it was.
            Stream::at(&server, &format!("/events?node={TEAM}&ticket={pass}"), "");
            assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "NOT_READY");
            // What is due by the other clock comes in between.
            thread::sleep(Duration::from_millis(100));
            before.and(1).comes_back(&server);
        }
        assert!(silent.is_silent(), "it was taken for dead");
        silent.expect_nothing_more();
    });
}
