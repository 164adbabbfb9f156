//! Resources, and the places of sessions: how many there may be, and what becomes of one that is taken.

use crate::hub::tests::*;

#[test]
fn a_resource_goes_to_the_newcomer() {
    let mut stage = Stage::new();
    let old = stage.available("1001", "desktop");
    stage.subscribe(old, TEAM_NODE, "1001@localhost/desktop");
    let new = stage.available("1001", "desktop");
    let heard = stage.hear(old);
    assert!(heard[0].contains("<conflict "), "{heard:?}");
    assert_eq!(&heard[1..], [stream::CLOSE, "close 1000"]);
    stage.publish(TEAM_NODE, "1");
    assert!(stage.hear(new).is_empty(), "the subscription by full JID ended with its session");
    stage.hub.closed(stage.now, old, "gone");
    stage.publish(USER_NODE, "2");
    assert_eq!(stage.events(new).len(), 1);
}

#[test]
fn a_user_has_so_many_sessions_and_no_more() {
    let mut stage = Stage::with(|config| config.limits.sessions_per_user = 2);
    stage.available("1001", "a");
    stage.available("1001", "b");
    let third = stage.opened("1001");
    stage.say(third, BIND);
    assert!(stage.hear(third)[0].contains("<resource-constraint"));
}

#[test]
fn a_place_that_is_used_again_is_another_session() {
    let mut stage = Stage::new();
    let old = stage.available("1001", "desktop");
    stage.hub.closed(stage.now, old, "gone");
    let new = stage.connect();
    assert_ne!(old, new);
    stage.say(old, "<presence xmlns='jabber:client'/>");
    assert!(stage.hear(old).is_empty() && stage.hear(new).is_empty());
}
