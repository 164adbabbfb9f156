use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::*;
use crate::id::SessionId;
use crate::transport::Transport;

fn spec(query: &str) -> Spec {
    Spec::read(pairs(query)).unwrap_or_else(|problem| panic!("{query}: {}", problem.sentence))
}

fn pairs(query: &str) -> Vec<(&str, &str)> {
    query.split('&').map(|pair| pair.split_once('=').unwrap()).collect()
}

#[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
fn start() -> Instant {
    Instant::now()
}

fn session(place: u32) -> SessionId {
    format!("{place}.1").parse().unwrap()
}

fn subject(place: u32) -> Subject<'static> {
    Subject {
        user: Some("1001"),
        team: Some("1"),
        session: Some(session(place)),
        transport: Some(Transport::Wss),
        step: Some(Step::Bind),
        ..Subject::default()
    }
}

#[test]
fn every_kind_can_be_asked_for_by_its_name_alone() {
    let mut names = BTreeSet::new();
    for row in TABLE {
        assert!(names.insert(row.name), "{} stands twice", row.name);
        let read = spec(&format!("kind={}", row.name));
        assert!(std::ptr::eq(read.row, row));
        assert_eq!(read.time, Some(Duration::from_secs(600)), "a fault ends by itself");
        assert!(row.sentence.ends_with('.'));
        for parameter in row.parameters.iter().chain(COMMON) {
            assert!(!parameter.meaning.is_empty());
            spec(&format!("kind={}&{}={}", row.name, parameter.name, parameter.default));
        }
    }
}

#[test]
fn a_wrong_request_is_told_what_is_wrong() {
    for (query, parameter, sentence) in [
        ("user=1001", "kind", "kind is missing; it is one of refuse, "),
        ("kind=x", "kind", "kind is one of refuse, "),
        ("kind=Stal", "kind", "kind is one of refuse, "),
        ("kind=stall&kind=stall", "kind", "kind stands more than once."),
        ("kind=stall&user=1&user=2", "user", "user stands more than once."),
        (
            "kind=ping-delay&delay=12",
            "delay",
            "delay is a duration up to an hour such as 500ms, 12s or 5m, not \"12\".",
        ),
        ("kind=ping-delay&delay=2h", "delay", "delay is a duration up to an hour"),
        (
            "kind=ping-delay&how=rst",
            "how",
            "how is no parameter of ping-delay; it has delay, after, for, count, ",
        ),
        ("kind=ping-delay&node=/x", "node", "node cannot choose the target of ping-delay; it has delay, "),
        (
            "kind=cut&transport=bosh",
            "transport",
            "transport is one of sse, tcp, tls, ws, wss for cut, not bosh.",
        ),
        ("kind=cut&transport=udp", "transport", "transport is bosh, sse, tcp, tls, ws or wss, not \"udp\"."),
        ("kind=cut&user=", "user", "user is the id of a user, not \"\"."),
        ("kind=cut&session=1", "session", "session is the id of a session, as "),
        ("kind=cut&address=localhost", "address", "address is an IP address of clients, not \"localhost\"."),
        ("kind=cut&after_step=run", "after_step", "after_step is how far a session is at least: "),
        ("kind=cut&chance=0", "chance", "chance is a number from 1 to 1000, not \"0\"."),
        ("kind=cut&count=-1", "count", "count is a number from 0 to 1000000, not \"-1\"."),
        ("kind=http-status&status=299", "status", "status is 400, 401, "),
        ("kind=http-status&path=/callboard/api/faults", "path", "path cannot be below /callboard/: "),
        ("kind=http-status&path=/callboard*", "path", "path cannot be below /callboard/: "),
        ("kind=refuse&listener=8445", "listener", "listener is the address of a listener, such as "),
    ] {
        let Err(problem) = Spec::read(pairs(query)) else { panic!("{query} is read") };
        assert_eq!(&*problem.parameter, parameter, "{query}");
        assert!(problem.sentence.starts_with(sentence), "{query}: {}", problem.sentence);
    }
    let Err(problem) = Spec::read([("kind", "ping-dely")]) else { panic!("it is read") };
    assert!(
        problem.sentence.ends_with(", not \"ping-dely\"; did you mean ping-delay?"),
        "{}",
        problem.sentence
    );
    let long = "x".repeat(300);
    let Err(problem) = Spec::read([("kind", "cut"), ("user", &*long)]) else { panic!("it is read") };
    assert_eq!(problem.sentence, "user has more than 256 bytes.");
}

#[test]
fn all_that_a_target_names_has_to_fit() {
    let fits = |query: &str, subject: &Subject<'_>| {
        let mut faults = Faults::default();
        faults.set(start(), "f", spec(query)).unwrap();
        faults.at(start() + Duration::from_millis(1), Point::Ping, subject, |_| true).is_some()
    };
    let subject = Subject { address: Some("::ffff:10.0.0.1".parse().unwrap()), ..subject(3) };
    for (query, is_met) in [
        ("kind=ping-silence", true),
        ("kind=ping-silence&user=1001", true),
        ("kind=ping-silence&user=1002", false),
        ("kind=ping-silence&team=1&user=1001", true),
        ("kind=ping-silence&team=2&user=1001", false),
        ("kind=ping-silence&session=3.1", true),
        ("kind=ping-silence&session=3.2", false),
        ("kind=ping-silence&address=10.0.0.1", true),
        ("kind=ping-silence&address=10.0.0.2", false),
        ("kind=ping-silence&transport=wss", true),
        ("kind=ping-silence&transport=ws", false),
        ("kind=iq-silence", false),
    ] {
        assert_eq!(fits(query, &subject), is_met, "{query}");
    }
    assert!(
        !fits("kind=ping-silence&user=1001", &Subject::default()),
        "a subject without a user is not meant"
    );
    let sse = Subject { transport: Some(Transport::Sse), ..subject };
    assert!(!fits("kind=ping-silence", &sse), "the kind does not reach the transport");
}

#[test]
fn a_fault_begins_and_ends_by_its_times() {
    let now = start();
    let mut faults = Faults::default();
    faults.set(now, "f", spec("kind=ping-silence&after=10s&for=5s")).unwrap();
    let at = |seconds| now + Duration::from_secs(seconds);
    for (seconds, acts) in [(0, false), (9, false), (10, true), (14, true), (15, false)] {
        assert_eq!(faults.at(at(seconds), Point::Ping, &subject(1), |_| true).is_some(), acts, "{seconds}");
    }
    assert_eq!(faults.wake_at(), Some(at(10)));
    assert!(faults.next_begun(at(9)).is_none());
    assert!(faults.next_begun(at(10)).is_some() && faults.next_begun(at(10)).is_none());
    assert_eq!(faults.wake_at(), Some(at(15)));
    assert!(faults.next_over(at(14)).is_none());
    assert_eq!(faults.next_over(at(15)).unwrap().hits, 2);
    assert!(faults.is_empty() && faults.wake_at().is_none());
}

#[test]
fn a_count_and_a_seed_say_how_often_it_acts() {
    let now = start();
    let run = |query: &str| {
        let mut faults = Faults::default();
        faults.set(now, "f", spec(query)).unwrap();
        (0..1000).map(|_| faults.at(now, Point::Ping, &subject(1), |_| true).is_some()).collect::<Vec<_>>()
    };
    let acts = |query| run(query).into_iter().filter(|acts| *acts).count();
    assert_eq!(run("kind=ping-silence&count=3")[..5], [true, true, true, false, false]);
    assert_eq!(run("kind=ping-silence&chance=300&seed=7"), run("kind=ping-silence&chance=300&seed=7"));
    assert_ne!(run("kind=ping-silence&chance=300&seed=7"), run("kind=ping-silence&chance=300&seed=8"));
    assert!((200..400).contains(&acts("kind=ping-silence&chance=300")));
    assert_eq!(acts("kind=ping-silence"), 1000);
}

#[test]
fn the_same_seed_gives_the_same_hits_of_every_kind() {
    let now = start();
    let run = |row: &Row, seed: u32| {
        let mut faults = Faults::default();
        faults.set(now, "f", spec(&format!("kind={}&chance=400&seed={seed}", row.name))).unwrap();
        let acts = |place: u32| {
            let there = Subject {
                step: Some(Step::Presence),
                transport: row.transports.first().copied(),
                ..subject(place)
            };
            match row.point {
                Point::Session => !faults.join(now, session(place), &there).is_empty(),
                point => faults.at(now, point, &there, |_| true).is_some(),
            }
        };
        (0..200).map(acts).collect::<Vec<_>>()
    };
    for row in TABLE {
        assert_eq!(run(row, 7), run(row, 7), "{}", row.name);
        assert_ne!(run(row, 7), run(row, 8), "{}", row.name);
    }
}

#[test]
fn a_session_joins_a_fault_once() {
    let now = start();
    let mut faults = Faults::default();
    faults.set(now, "f", spec("kind=stall&after_step=presence&count=1")).unwrap();
    assert_eq!(faults.join(now, session(1), &subject(1)), []);
    let there = Subject { step: Some(Step::Presence), ..subject(1) };
    let hit = Hit { name: "f".into(), kind: Kind::Stall { keep: true }, hits: 1, from: now };
    assert_eq!(faults.join(now, session(1), &there), [hit]);
    assert_eq!(faults.join(now, session(1), &there), []);
    let other = Subject { session: Some(session(2)), ..there };
    assert_eq!(faults.join(now, session(2), &other), [], "its count is used up");
    assert_eq!(faults.of(session(1)).count(), 1);
    assert_eq!(faults.of(session(2)).count(), 0);
    assert_eq!(faults.list()[0].sessions().collect::<Vec<_>>(), [session(1)]);
    faults.forget(session(1));
    assert_eq!(faults.list()[0].sessions().count(), 0);
    assert_eq!(faults.fired().find(|(name, _)| *name == "stall"), Some(("stall", 1)));
}

#[test]
fn there_are_so_many_faults_at_most_and_a_name_stands_once() {
    let now = start();
    let mut faults = Faults::default();
    for number in 0..FAULTS_MAX {
        assert!(faults.set(now, &number.to_string(), spec("kind=stall")).is_ok_and(|old| old.is_none()));
    }
    assert_eq!(faults.set(now, "more", spec("kind=stall")).err(), Some(NotSet::TooMany));
    let old = faults.set(now, "5", spec("kind=cut")).ok().flatten();
    assert_eq!(old.map(|old| old.row.name), Some("stall"));
    assert_eq!(faults.list()[5].row.name, "cut");
    assert!(faults.heal("5").is_some() && faults.heal("5").is_none());
}
