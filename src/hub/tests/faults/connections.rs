//! Connections that are dead, slow or cut.

use crate::hub::faults::late::LATE_MAX;
use crate::hub::tests::faults::*;

#[test]
fn a_stalled_session_hears_and_is_heard_when_the_fault_heals() {
    for (keep, heard) in [("true", 3), ("false", 0)] {
        let mut stage = Stage::new();
        let (target, sse) = (stage.available("1001", "desktop"), stage.watch("1001", USER_NODE));
        stage.fault(&format!("kind=stall&user=1001&keep={keep}"));
        assert!(!stage.hub.is_reading(target));
        for _ in 0..3 {
            stage.publish(USER_NODE, "x");
        }
        for id in [target, sse] {
            assert_eq!(stage.take(id), "", "{id}");
        }
        stage.pass(seconds(300));
        assert!(stage.is_open(target) && stage.is_open(sse), "silence says nothing about a stalled session");
        stage.woken.clear();
        stage.heal();
        assert!(stage.woken.contains(&target) && stage.woken.contains(&sse));
        assert!(stage.hub.is_reading(target));
        assert_eq!(stage.events(target).len(), heard);
        assert_eq!(stage.hear(sse).iter().filter(|event| *event != "comment").count(), heard);
        stage.say(target, PING);
        assert!(stage.take(target).contains("type=\"result\""), "the same connection goes on");
    }
}

/// What was sent before the stall stays to be acknowledged, and what is sent behind it stays to be sent again.
#[test]
fn what_a_stall_loses_does_not_shift_acknowledgements() {
    let mut stage = Stage::with(|config| config.stream_management = true);
    let id = stage.available("1001", "desktop");
    stage.say(id, "<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    let enabled = stage.take(id);
    let token =
        enabled.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).expect("an id").to_owned();
    for text in ["first", "second"] {
        stage.publish(USER_NODE, text);
    }
    assert_eq!(stage.events(id).len(), 2);
    stage.fault("kind=stall&user=1001&keep=false");
    stage.publish(USER_NODE, "lost");
    stage.heal();
    for text in ["third", "fourth"] {
        stage.publish(USER_NODE, text);
    }
    assert_eq!(stage.events(id).len(), 2);
    stage.say(id, "<a xmlns='urn:xmpp:sm:3' h='2'/>");
    stage.hub.closed(stage.now, id, "the connection was cut");
    stage.settle();
    let id = stage.opened("1001");
    stage.say(id, &format!("<resume xmlns='urn:xmpp:sm:3' previd='{token}' h='2'/>"));
    let again = stage.take(id);
    assert!(again.contains("third") && again.contains("fourth") && !again.contains("second"), "{again}");
}

#[test]
fn a_stall_begins_after_a_step() {
    let mut stage = Stage::new();
    stage.fault("kind=stall&after_step=login&count=1");
    let id = stage.log_in("1001");
    assert!(!stage.hub.is_reading(id));
    assert_eq!(stage.take(id), "");
    let other = stage.available("1002", "desktop");
    assert!(stage.hub.is_reading(other), "its count is used up");
}

#[test]
fn a_slow_session_gets_so_many_bytes_a_second() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.fault("kind=slow&user=1001&rate=1000");
    for _ in 0..10 {
        stage.publish(USER_NODE, &"x".repeat(500));
    }
    let mut taken = stage.take(id).len();
    for _ in 0..5 {
        assert_eq!(stage.take(id), "");
        stage.woken.clear();
        stage.pass(seconds(1));
        taken += if stage.woken.contains(&id) { stage.take(id).len() } else { 0 };
    }
    assert!((4000..7000).contains(&taken), "{taken}");
    stage.heal();
    assert!(stage.take(id).len() + taken > 7000);
}

#[test]
fn a_connection_is_cut_or_its_stream_ended() {
    for (query, last) in [
        ("kind=cut", ""),
        ("kind=cut&how=rst", ""),
        ("kind=cut&how=close&code=4000", "close 4000"),
        ("kind=end&condition=conflict", "close 1000"),
        ("kind=end", "close 1001"),
    ] {
        let mut stage = Stage::new();
        let (target, witness) = (stage.available("1001", "desktop"), stage.available("1002", "desktop"));
        stage.fault(&format!("{query}&user=1001"));
        let said = stage.take(target);
        assert!(said.ends_with(last), "{query}: {said}");
        assert_eq!(said.contains("<conflict"), query.ends_with("conflict"), "{query}: {said}");
        assert_eq!(stage.aborted.contains(&target), last.is_empty(), "{query}");
        assert!(!stage.is_open(target) && stage.is_open(witness), "{query}");
        stage.pass(stage.hub.limits.close);
        assert!(stage.aborted.contains(&target), "{query}");
        assert!(!stage.hub.is_online(stage.hub.users().find("1001").unwrap()));
    }
}

#[test]
fn a_silent_connection_is_cut_and_another_one_stays() {
    let mut stage = Stage::new();
    let (silent, busy) = (stage.available("1001", "desktop"), stage.available("1002", "desktop"));
    stage.fault("kind=idle-cut&idle=20s");
    for _ in 0..10 {
        stage.pass(seconds(5));
        stage.say(busy, PING);
        stage.take(busy);
    }
    assert!(!stage.is_open(silent) && stage.is_open(busy));
    stage.pass(seconds(20));
    assert!(!stage.is_open(busy));
}

#[test]
fn a_frame_goes_out_in_small_segments() {
    let mut stage = Stage::new();
    let (target, witness) = (stage.available("1001", "desktop"), stage.available("1002", "desktop"));
    stage.fault("kind=slice&bytes=3&user=1001");
    for (id, slice) in [(target, "slice 3"), (witness, "<iq")] {
        stage.say(id, PING);
        assert!(stage.take(id).starts_with(slice));
    }
    stage.heal();
    stage.say(target, PING);
    assert!(stage.take(target).starts_with("<iq"));
}

#[test]
fn a_slow_session_goes_on_however_much_is_kept_back_of_others() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.watch("1002", "/finesse/api/SystemInfo");
    stage.named_fault("g", "kind=event-delay&user=1002&delay=1h&for=1h");
    for _ in 0..LATE_MAX {
        stage.publish("/finesse/api/SystemInfo", "x");
    }
    stage.take(id);
    stage.fault("kind=slow&user=1001&rate=1000");
    for _ in 0..3 {
        stage.publish(USER_NODE, &"x".repeat(500));
    }
    for _ in 0..3 {
        assert!(stage.take(id).contains("xxx"));
        stage.woken.clear();
        stage.pass(seconds(5));
        assert!(stage.woken.contains(&id), "it is woken when it may be sent more");
    }
}

#[test]
fn nothing_is_left_of_faults_that_are_set_again_and_again() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    for turn in 0..10 {
        stage.named_fault("f", "kind=slow&rate=1");
        stage.named_fault("g", "kind=idle-cut&idle=20s");
        stage.named_fault("h", "kind=idle-cut&idle=30s");
        stage.say(id, PING);
        assert!(stage.take(id).contains("result"), "{turn}");
        stage.pass(seconds(19));
        stage.say(id, PING);
        stage.pass(seconds(2));
        assert!(stage.is_open(id), "{turn}");
        assert!(stage.hub.faults.late.len() <= 3, "{turn}");
        assert!(stage.hub.heal_fault(stage.now, "g"));
        stage.pass(seconds(10));
        stage.hub.heal_all_faults(stage.now);
        assert_eq!((stage.hub.faults.late.len(), stage.hub.faults.paces.written.len()), (0, 0), "{turn}");
        stage.take(id);
    }
    stage.named_fault("f", "kind=slow&rate=1");
    stage.named_fault("g", "kind=idle-cut&idle=20s");
    stage.say(id, PING);
    stage.take(id);
    assert!(stage.hub.heal_fault(stage.now, "f"));
    stage.pass(seconds(20));
    assert!(!stage.is_open(id), "the other fault goes on");
}

#[test]
fn a_slow_session_does_not_hold_up_those_who_send_to_it() {
    for query in ["kind=slow&rate=1", "kind=stall", "kind=slice&bytes=1"] {
        let mut stage = Stage::with(|config| config.limits.backlog = 1024);
        let [target, other] = ["1001", "1002"].map(|user| stage.available(user, "desktop"));
        stage.fault(&format!("{query}&user=1001"));
        let body = "x".repeat(1000);
        let message =
            format!("<message xmlns='jabber:client' to='1001@localhost'><body>{body}</body></message>");
        for _ in 0..10 {
            stage.publish(USER_NODE, &body);
            stage.say(other, &message);
        }
        assert_eq!(stage.hub.counters().holds, 0, "{query}");
        stage.heal();
        assert_eq!(stage.take(target).matches(&body).count(), 20, "{query}");
    }
}

#[test]
fn small_segments_leave_turns_to_others() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.fault("kind=slice&bytes=1&user=1001");
    for _ in 0..3 {
        stage.publish(USER_NODE, &"x".repeat(2000));
    }
    for _ in 0..3 {
        assert_eq!(stage.take(id).matches("</message>").count(), 1);
        stage.pass(seconds(1));
    }
}

#[test]
fn a_connection_is_cut_without_an_end_of_its_stream() {
    for how in ["fin", "rst", "close"] {
        let mut stage = Stage::new();
        let id = stage.available("1001", "desktop");
        stage.fault(&format!("kind=cut&how={how}&user=1001"));
        assert!(!stage.is_open(id), "{how}");
        let mut said = Vec::new();
        stage.hub.drain(stage.now, id, usize::MAX, |out| said.push(format!("{out:?}")));
        let expected: &[&str] = if how == "close" { &["Close(1001, \"\")"] } else { &[] };
        assert_eq!(said, expected, "{how}");
    }
}
