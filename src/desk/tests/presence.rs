//! What becomes of an agent whose last session ends.

use crate::desk::tests::*;

/// States of a user as its events tell them, with the code of the reason if there is one.
fn told(events: &[Event]) -> Vec<(String, String, String)> {
    let code = |payload: &str| {
        if payload.contains("<reasonCode>") { field(payload, "code") } else { String::new() }
    };
    let told = |event: &Event| (event.node.clone(), field(&event.payload, "state"), code(&event.payload));
    events.iter().map(told).collect()
}

#[test]
fn an_agent_that_does_not_come_back_is_signed_out_or_made_not_ready() {
    for (profile, state) in [("uccx", "LOGOUT"), ("ucce", "NOT_READY")] {
        let mut desk = desk(profile);
        bring(&mut desk, BOB, "READY");
        assert_eq!(desk.wake_at(), None, "nothing has to be done for those who are on line");
        desk.arrived(BOB);
        desk.left(at(1000), BOB);
        assert_eq!(desk.wake_at(), Some(at(61_000).monotonic));
        assert_eq!(desk.tick(at(60_999)), []);
        let events = desk.tick(at(61_000));
        let expected = ["/finesse/api/User/bob", "/finesse/api/Team/1/Users"]
            .map(|node| (node.to_owned(), state.to_owned(), "255".to_owned()));
        assert_eq!(told(&events), expected);
        assert!(events.iter().all(|event| event.payload.contains("<requestId></requestId>")));
        assert_eq!(field(&get(&desk, BOB), "stateChangeTime"), "2023-01-13T11:08:12.000Z");
        assert_eq!(desk.wake_at(), None);
    }
}

#[test]
fn coming_back_in_time_changes_nothing() {
    let mut desk = desk("uccx");
    bring(&mut desk, BOB, "READY");
    let before = everything(&desk);
    desk.left(at(0), BOB);
    desk.left(at(30_000), BOB);
    assert_eq!(desk.wake_at(), Some(at(90_000).monotonic), "the wait starts anew");
    desk.arrived(BOB);
    assert_eq!(desk.wake_at(), None);
    assert_eq!(desk.tick(at(1_000_000)), []);
    assert_eq!(everything(&desk), before);
}

#[test]
fn the_end_of_a_session_leaves_a_signed_out_agent_alone() {
    for user in [BOB, SUE, ROOT] {
        let mut desk = desk("uccx");
        let before = everything(&desk);
        desk.left(at(0), user);
        assert_eq!(desk.wake_at(), None);
        assert_eq!(everything(&desk), before);
    }
}

/// A page that is loaded again signs in before its session is there.
#[test]
fn an_agent_that_signs_in_again_is_not_signed_out_for_its_earlier_absence() {
    let mut desk = desk("uccx");
    bring(&mut desk, BOB, "READY");
    desk.left(at(0), BOB);
    ask(&mut desk, BOB, BOB, "LOGOUT").expect("an accepted request");
    assert_eq!(desk.wake_at(), None);
    ask(&mut desk, BOB, BOB, "LOGIN").expect("an accepted request");
    assert_eq!(desk.tick(at(1_000_000)), []);
    assert_eq!(field(&get(&desk, BOB), "state"), "NOT_READY");
}
