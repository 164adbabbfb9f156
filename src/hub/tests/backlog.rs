//! All queues together: what they may hold, and who goes when it is more.

use crate::hub::tests::*;

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
fn the_session_that_is_owed_most_ends_when_all_queues_together_hold_too_much() {
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

#[test]
fn that_all_queues_hold_too_much_does_not_make_each_answer_a_look_at_all_sessions() {
    let mut stage = Stage::with(|config| config.limits.queues = 1 << 20);
    let [slow, sender] = ["1001", "1002"].map(|name| stage.available(name, "desktop"));
    [slow, sender].iter().for_each(|id| drop(stage.hear(*id)));
    let text = "x".repeat(10_000);
    let message =
        format!("<message xmlns='jabber:client' to='1001@localhost/desktop'><body>{text}</body></message>");
    let before = stage.hub.sessions.looks.get();
    for _ in 0..200 {
        stage.say(sender, &message);
    }
    assert!(stage.hear(sender).concat().contains("<resource-constraint "), "there is no room any more");
    assert!(stage.hub.sessions.looks.get() <= before + 1);
    assert_eq!(stage.hub.counters().slow_readers, 0, "nobody's socket is full");
    stage.hub.full(stage.now, slow);
    stage.say(sender, &message);
    assert_eq!(stage.hub.counters().slow_readers, 1);
}

#[test]
fn users_that_have_waited_for_the_same_readers_make_one_look_at_all_sessions() {
    let mut stage = Stage::with(|config| {
        config.limits.queues = 1 << 20;
        config.limits.backlog = 1024;
    });
    let slow = stage.available("administrator", "desktop");
    stage.hear(slow);
    let senders = ["1001", "1002", "1003", "1004"].map(|name| stage.available(name, "desktop"));
    let text = "x".repeat(10_000);
    for id in senders {
        stage.say(
            id,
            &format!(
                "<message xmlns='jabber:client' to='administrator@localhost'><body>{text}</body></message>"
            ),
        );
        assert!(!stage.hub.is_reading(id));
    }
    stage.hub.full(stage.now, slow);
    let before = stage.hub.sessions.looks.get();
    stage.pass(stage.hub.limits.backlog_wait);
    assert!(senders.iter().all(|id| stage.hub.is_reading(*id)));
    assert_eq!(stage.hub.counters().slow_readers, 1);
    assert_eq!(stage.hub.sessions.looks.get(), before + 1);
}
