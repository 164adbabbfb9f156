//! Sessions whose client says nothing: during the login, and later.

use crate::hub::tests::*;

#[test]
fn a_client_that_does_not_log_in_in_time_is_told_and_dropped() {
    let mut stage = Stage::new();
    let silent = stage.connect();
    let slow = stage.log_in("1001");
    stage.hear(slow);
    let done = stage.bind("1002", "desktop");
    stage.pass(Duration::from_secs(29));
    assert!(stage.hear(silent).is_empty());
    stage.pass(Duration::from_secs(1));
    let heard = stage.hear(silent);
    assert!(heard[0].starts_with("<open ") && heard[1].contains("<connection-timeout"), "{heard:?}");
    assert_eq!(&heard[2..], [stream::CLOSE, "close 1000"]);
    assert!(stage.hear(slow)[0].contains("<connection-timeout"));
    assert!(stage.hear(done).is_empty());
    stage.pass(Duration::from_secs(5));
    assert_eq!(stage.aborted, [silent, slow]);
}

#[test]
fn silence_is_answered_with_two_pings_and_then_the_end() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.pass(Duration::from_secs(50));
    stage.hub.alive(stage.now, id);
    stage.pass(Duration::from_secs(59));
    assert!(stage.hear(id).is_empty());
    stage.pass(Duration::from_secs(1));
    assert_eq!(stage.hear(id), ["ping"]);
    stage.hub.alive(stage.now, id);
    stage.pass(Duration::from_secs(30));
    assert!(stage.hear(id).is_empty(), "an answered ping is forgotten");
    stage.pass(Duration::from_secs(30));
    assert_eq!(stage.hear(id), ["ping"]);
    stage.pass(Duration::from_secs(30));
    assert_eq!(stage.hear(id), ["ping"]);
    stage.pass(Duration::from_secs(30));
    assert!(stage.hear(id)[0].contains("<connection-timeout"));
}

#[test]
fn an_idle_session_has_one_deadline() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    for _ in 0..600 {
        stage.pass(Duration::from_secs(10));
        stage.hub.alive(stage.now, id);
        stage.hear(id);
    }
    assert_eq!(stage.hub.deadlines.len(), 1);
    stage.hub.closed(stage.now, id, "gone");
    stage.pass(Duration::from_secs(100));
    assert!(stage.hub.deadlines.len() == 0 && stage.hub.wake_at().is_none());
}
