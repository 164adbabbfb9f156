//! Delivery of events to a session: by its subscriptions, and from its presence on.

use crate::hub::tests::*;

#[test]
fn an_event_comes_once_for_each_matching_subscription_and_in_order() {
    let mut stage = Stage::new();
    let desktop = stage.available("1001", "desktop");
    let phone = stage.available("1001", "phone");
    let other = stage.available("1002", "desktop");
    stage.subscribe(desktop, USER_NODE, "1001@localhost/desktop");
    stage.subscribe(other, USER_NODE, "1002@localhost");
    stage.publish(USER_NODE, "<a>1 & 2</a>");
    stage.publish(USER_NODE, "b");
    let (bare, full) = ("1001@localhost", "1001@localhost/desktop");
    let (first, second) = ("<a>1 & 2</a>", "b");
    assert_eq!(stage.events(desktop), pairs(&[(bare, first), (full, first), (bare, second), (full, second)]));
    assert_eq!(stage.events(phone), pairs(&[(bare, first), (bare, second)]));
    assert_eq!(stage.events(other), pairs(&[("1002@localhost", first), ("1002@localhost", second)]));
    assert_eq!(stage.hub.counters().deliveries, 8);
}

#[test]
fn no_event_comes_before_presence_or_with_a_negative_priority() {
    let mut stage = Stage::new();
    let id = stage.bind("1001", "desktop");
    stage.subscribe(id, TEAM_NODE, "1001@localhost/desktop");
    stage.publish(USER_NODE, "1");
    stage.publish(TEAM_NODE, "2");
    assert!(stage.hear(id).is_empty());
    stage.say(id, "<presence xmlns='jabber:client'><priority>-1</priority></presence>");
    assert!(!stage.hear(id).concat().contains("finesse@"));
    stage.publish(USER_NODE, "3");
    assert!(stage.hear(id).is_empty());
    stage.say(id, "<presence xmlns='jabber:client'><priority>1</priority></presence>");
    assert!(stage.hear(id).concat().contains("finesse@"));
    stage.publish(TEAM_NODE, "4");
    assert_eq!(stage.events(id), pairs(&[("1001@localhost/desktop", "4")]));
    stage.say(id, "<presence xmlns='jabber:client' type='unavailable'/>");
    stage.hear(id);
    stage.publish(TEAM_NODE, "5");
    assert!(stage.hear(id).is_empty());
}

#[test]
fn an_automatic_subscription_ends_when_asked_until_the_next_first_login() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    let unsubscribe = format!(
        "<iq xmlns='jabber:client' type='set' id='u' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><unsubscribe node='{USER_NODE}' jid='1001@localhost'/></pubsub></iq>"
    );
    stage.say(id, &unsubscribe);
    assert!(stage.hear(id).concat().contains("type=\"result\""));
    let second = stage.available("1001", "phone");
    stage.publish(USER_NODE, "1");
    assert!(stage.events(id).is_empty() && stage.events(second).is_empty());
    for id in [id, second] {
        stage.hub.closed(stage.now, id, "gone");
    }
    let again = stage.available("1001", "desktop");
    stage.publish(USER_NODE, "2");
    assert_eq!(stage.events(again), pairs(&[("1001@localhost", "2")]));
}
