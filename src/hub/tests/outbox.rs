//! What one session may be owed, in frames and in bytes.

use crate::hub::tests::*;

#[test]
fn a_session_that_does_not_read_is_closed_and_nobody_else_notices() {
    let mut stage = Stage::with(|config| config.limits.queue_frames = 64);
    let slow = stage.available("1001", "desktop");
    let quick = stage.available("1001", "phone");
    let mut heard = 0;
    stage.stop_reading(slow);
    for number in 0..200 {
        stage.publish(USER_NODE, &number.to_string());
        heard += stage.events(quick).len();
    }
    assert_eq!(heard, 200);
    assert!(stage.notes.contains(&NoteKind::SlowReader { lost: 65 }));
    let left = stage.hear(slow);
    assert!(left[0].contains("<policy-violation"), "{left:?}");
    assert_eq!(&left[1..], [stream::CLOSE, "close 1000"]);
    assert_eq!((stage.hub.counters().slow_readers, stage.hub.counters().dropped), (1, 65));
    stage.pass(Duration::from_secs(5));
    assert_eq!(stage.aborted, [slow]);
}

#[test]
fn the_bytes_owed_are_bounded_too_and_given_back() {
    let mut stage = Stage::with(|config| config.limits.queue = 128 * 1024);
    let id = stage.available("1001", "desktop");
    for _ in 0..4 {
        stage.publish(USER_NODE, &"x".repeat(30_000));
    }
    assert_eq!(stage.events(id).len(), 4);
    stage.stop_reading(id);
    for _ in 0..5 {
        stage.publish(USER_NODE, &"x".repeat(30_000));
    }
    assert!(stage.hear(id)[0].contains("<policy-violation"));
}
