//! All queues together: what they may hold, and who goes when it is more.

use super::*;

#[test]
fn the_memory_of_all_queues_is_counted_and_an_event_that_many_wait_for_once() {
    let mut stage = Stage::new();
    let idle = stage.hub.counters().backlog;
    assert_eq!(idle, 0, "nothing waits");
    let sessions: Vec<SessionId> = (0..10).map(|n| stage.available("1001", &format!("r{n}"))).collect();
    for id in &sessions {
        stage.hear(*id);
    }
    assert_eq!(stage.hub.counters().backlog, 0, "all was taken");
    stage.publish(USER_NODE, &"x".repeat(10_000));
    let backlog = stage.hub.counters().backlog;
    assert!((10_000..13_000).contains(&backlog), "{backlog}");
    for id in &sessions[1..] {
        assert_eq!(stage.events(*id).len(), 1);
    }
    assert!(stage.hub.counters().backlog >= 10_000, "one still waits");
    stage.hub.closed(stage.now, sessions[0], "gone");
    for id in &sessions[1..] {
        stage.hear(*id);
    }
    assert_eq!(stage.hub.counters().backlog, 0);
    assert!(stage.hub.counters().backlog_most >= backlog);
}

#[test]
fn whoever_is_owed_most_goes_when_all_queues_together_hold_too_much() {
    let mut stage = Stage::with(|config| config.limits.queues = 1 << 20);
    let names = ["1001", "1002", "1003", "1004", "1005", "1006"];
    let sessions = names.map(|name| stage.available(name, "desktop"));
    for id in sessions {
        stage.hear(id);
        // Nobody's socket takes anything, but not yet for long.
        stage.hub.full(stage.now, id);
    }
    // Text of their own for each: the first is owed most, and nobody as much as one may be.
    let owe = |stage: &mut Stage, to: &str, times: usize| {
        for _ in 0..times {
            let text = "x".repeat(10_000);
            let message = format!(
                "<message xmlns='jabber:client' to='{to}@localhost/desktop'><body>{text}</body></message>"
            );
            stage.say(sessions[5], &message);
        }
    };
    owe(&mut stage, "1001", 40);
    owe(&mut stage, "1002", 30);
    owe(&mut stage, "1003", 30);
    assert_eq!(stage.hub.counters().slow_readers, 0);
    owe(&mut stage, "1004", 10);
    let counters = stage.hub.counters();
    assert_eq!((counters.slow_readers, counters.dropped), (1, 40));
    let heard = stage.hear(sessions[0]).concat();
    assert!(heard.contains("policy-violation"), "{heard}");
    for (id, owed) in sessions[1..4].iter().zip([30, 30, 10]) {
        assert_eq!(stage.hear(*id).len(), owed);
    }
    assert!(stage.hub.counters().backlog_most <= (1 << 20) + 20_000);
}
