//! Events that come late, twice, broken, in another order or never.

use crate::hub::faults::late::{Due, LATE_MAX, Late, Order};
use crate::hub::tests::faults::*;

#[test]
fn events_come_late_twice_broken_in_another_order_or_never() {
    let mut stage = Stage::new();
    let xmpp = stage.available("1001", "desktop");
    let sse = stage.watch("1001", USER_NODE);
    let witness = stage.watch("administrator", USER_NODE);
    let payloads = |stage: &mut Stage, id: SessionId| -> Vec<String> {
        if id == xmpp {
            return stage.events(id).into_iter().map(|(_, payload)| payload).collect();
        }
        stage
            .hear(id)
            .iter()
            .filter(|event| *event != "comment")
            .map(|event| event.rsplit('|').next().unwrap_or_default().to_owned())
            .collect()
    };
    let check = |stage: &mut Stage, query: &str, now: &[&str], later: &[&str]| {
        stage.fault(&format!("{query}&user=1001&node=/finesse/api/User/*"));
        for payload in ["one", "two", "three"] {
            stage.publish(USER_NODE, payload);
        }
        for id in [xmpp, sse] {
            assert_eq!(payloads(stage, id), now, "{query} {id}");
        }
        assert_eq!(payloads(stage, witness), ["one", "two", "three"], "{query}");
        stage.pass(seconds(5));
        for id in [xmpp, sse] {
            assert_eq!(payloads(stage, id), later, "{query} {id}");
        }
        stage.heal();
        assert_eq!(payloads(stage, xmpp), [""; 0]);
        assert_eq!(payloads(stage, witness), [""; 0]);
    };
    check(&mut stage, "kind=event-delay", &[], &["one", "two", "three"]);
    check(&mut stage, "kind=event-drop", &[], &[]);
    check(&mut stage, "kind=event-twice", &["one", "one", "two", "two", "three", "three"], &[]);
    check(&mut stage, "kind=event-order", &["two", "one"], &["three"]);
    check(&mut stage, "kind=payload-broken", &["o", "t", "th"], &[]);
    check(&mut stage, "kind=event-drop&count=2", &["two", "three"], &[]);
    assert_eq!(stage.hub.counters().backlog, 0, "nothing is left");
}

#[test]
fn events_of_which_some_are_late_keep_their_order() {
    for (query, at_once) in [("count=1", 0), ("chance=500&seed=5", 1), ("chance=100&seed=2", 3)] {
        let mut stage = Stage::new();
        let (xmpp, sse) = (stage.available("1001", "desktop"), stage.watch("1001", USER_NODE));
        stage.fault(&format!("kind=event-delay&delay=5s&transport=ws&{query}"));
        let all: Vec<String> = (0..20).map(|number| format!("event {number}")).collect();
        let (first, rest) = all.split_at(10);
        let mut heard: Vec<String> = Vec::new();
        let publish = |stage: &mut Stage, some: &[String]| {
            some.iter().for_each(|payload| stage.publish(USER_NODE, payload));
        };
        let hear = |stage: &mut Stage| {
            stage.events(xmpp).into_iter().map(|(_, payload)| payload).collect::<Vec<_>>()
        };
        publish(&mut stage, first);
        heard.extend(hear(&mut stage));
        assert!(heard.len() >= at_once && heard.len() < 10, "{query}: {heard:?}");
        stage.pass(seconds(3));
        publish(&mut stage, rest);
        for _ in 0..7 {
            stage.pass(seconds(1));
            heard.extend(hear(&mut stage));
        }
        assert_eq!(heard, all, "{query}");
        assert_eq!(stage.hear(sse).iter().filter(|event| *event != "comment").count(), 20);
        publish(&mut stage, &all[..1]);
        stage.heal();
        assert_eq!(hear(&mut stage), all[..1], "{query}: nothing stays behind");
    }
}

#[test]
fn the_finesse_user_that_is_shown_late_goes_after_it_has_come() {
    use crate::desk::Status;
    let mut stage = Stage::new();
    stage.fault("kind=finesse-late&delay=5s&count=1");
    let id = stage.bind("1001", "desktop");
    stage.say(id, "<presence xmlns='jabber:client'/>");
    assert!(!stage.take(id).contains("finesse@localhost"));
    stage.hub.set_availability(stage.now, Availability { status: Status::InService, finesse: false });
    assert!(!stage.take(id).contains("finesse@localhost"));
    stage.pass(seconds(5));
    let said = stage.take(id);
    let order: Vec<_> = said.match_indices("smack-").map(|(at, _)| &said[at..at + 7]).collect();
    assert_eq!(order, ["smack-1", "smack-2", "smack-1", "smack-2"], "{said}");
    let (come, gone) = (said.rfind("<c xmlns").expect("it comes"), said.find("type=\"unavailable\""));
    assert!(gone.is_some_and(|gone| come < gone), "{said}");
}

#[test]
fn late_events_do_not_hold_up_their_sender() {
    let mut stage = Stage::with(|config| config.limits.backlog = 1024);
    let target = stage.available("1001", "desktop");
    let witness = stage.watch("administrator", USER_NODE);
    stage.fault("kind=event-delay&user=1001&delay=1m");
    for _ in 0..100 {
        stage.publish(USER_NODE, &"x".repeat(100));
        assert_eq!(stage.hear(witness).len(), 1);
    }
    assert_eq!(stage.hub.counters().holds, 0);
    stage.hub.closed(stage.now, target, "gone");
    assert_eq!(
        stage.hub.counters().dropped,
        100,
        "what is kept back of a session that goes is lost, and counted"
    );
    assert_eq!(stage.hub.counters().backlog, 0);
}

#[test]
fn what_waits_for_the_next_event_of_a_session_is_taken_once_whoever_takes_it() {
    use crate::id::places::Key;
    let now = Stage::new().now.monotonic;
    let session = |place| SessionId(Key { place, generation: 1 });
    let mut late = Late::default();
    for place in 0..LATE_MAX as u32 {
        late.keep(now, session(place), &"f".into(), Due::Wake, Order::Free);
        assert!(late.next_behind(session(place)).is_none());
    }
    for (fault, by) in [("f", 0), ("g", 1), ("h", 2)] {
        late.keep(now, session(7), &fault.into(), Due::Wake, Order::BehindNext);
        let taken = match by {
            0 => late.next_behind(session(7)).is_some(),
            1 => late.next_of("g").is_some(),
            _ => late.forget(session(7)) == 0,
        };
        assert!(taken && late.next_behind(session(7)).is_none(), "{fault}");
    }
}

#[test]
fn late_events_leave_most_of_the_memory_of_queues_to_others() {
    for kind in ["event-delay&delay=1h", "event-order&delay=1h"] {
        let mut stage = Stage::with(|config| config.limits.queues = 100_000);
        let targets: Vec<SessionId> = (0..10).map(|_| stage.watch("1001", USER_NODE)).collect();
        let witness = stage.watch("administrator", USER_NODE);
        stage.fault(&format!("kind={kind}&for=1h&user=1001"));
        for _ in 0..51 {
            stage.publish(USER_NODE, &"x".repeat(3000));
            assert_eq!(stage.hear(witness).len(), 1, "{kind}");
            targets.iter().for_each(|id| drop(stage.hear(*id)));
        }
        let counters = stage.hub.counters();
        assert_eq!((counters.holds, counters.refused_sends), (0, 0), "{kind}");
        assert!(counters.backlog > 0 && counters.backlog < 50_000, "{kind}: {}", counters.backlog);
    }
}
