//! Every transition of the guide's "User: change agent state", in both profiles and for both who may ask, with all its events.

use crate::desk::tests::*;

/// The actor, the state, and what comes of LOGIN, NOT_READY, READY, LOGOUT: the new state, `keeps`, `pends`
/// with the state that comes after the call, the code of the error that comes as an event, or the status of the error that
/// answers.
type Expected = [(UserId, &'static str, [&'static str; 4]); 6];

const UCCX: Expected = [
    (BOB, "LOGOUT", ["NOT_READY", "1010", "22", "400"]),
    (BOB, "NOT_READY", ["keeps", "NOT_READY", "READY", "LOGOUT"]),
    (BOB, "READY", ["keeps", "NOT_READY", "keeps", "LOGOUT"]),
    (ADA, "LOGOUT", ["401", "1010", "22", "400"]),
    (ADA, "NOT_READY", ["401", "22", "READY", "LOGOUT"]),
    (ADA, "READY", ["401", "NOT_READY", "keeps", "LOGOUT"]),
];

const UCCE: Expected = [
    (BOB, "LOGOUT", ["NOT_READY", "257", "22", "400"]),
    (BOB, "NOT_READY", ["keeps", "NOT_READY", "READY", "LOGOUT"]),
    (BOB, "READY", ["keeps", "NOT_READY", "keeps", "22"]),
    (ADA, "LOGOUT", ["401", "257", "22", "400"]),
    (ADA, "NOT_READY", ["401", "22", "READY", "LOGOUT"]),
    (ADA, "READY", ["401", "NOT_READY", "keeps", "LOGOUT"]),
];

const USER_NODE: &str = "/finesse/api/User/bob";
const DIALOGS_NODE: &str = "/finesse/api/User/bob/Dialogs";
const TEAM_NODE: &str = "/finesse/api/Team/1/Users";

#[test]
fn every_transition_with_its_events_in_order() {
    for (profile, table) in [("uccx", UCCX), ("ucce", UCCE)] {
        for (actor, from, row) in table {
            for (request, expected) in ["LOGIN", "NOT_READY", "READY", "LOGOUT"].into_iter().zip(row) {
                let mut desk = desk(profile);
                bring(&mut desk, BOB, from);
                let before = everything(&desk);
                let answer = ask(&mut desk, actor, BOB, request);
                let case = format!("{profile}: {actor:?} asks for {request} in {from}: {answer:?}");
                check(&desk, from, expected, &before, answer, &case);
            }
        }
    }
}

/// Whether that has come of a request of [`ask`] about Bob.
pub(super) fn check(
    desk: &Desk,
    from: &str,
    expected: &str,
    before: &str,
    answer: Result<Vec<Event>, ApiError>,
    case: &str,
) {
    let changed = everything(desk) != before;
    let now = field(&get(desk, BOB), "state");
    let Ok(mut events) = answer else {
        assert_eq!(told(&answer.expect_err("an error")).0.to_string(), expected, "{case}");
        assert!(!changed, "{case}");
        return;
    };
    // The call that was wrapped up ends behind the state.
    let wrapped = events.iter().position(|event| event.node == DIALOGS_NODE);
    let ends = events.split_off(wrapped.unwrap_or(events.len()));
    let ends: Vec<String> = ends.iter().map(|event| field(&event.payload, "event")).collect();
    let expected_ends: &[&str] =
        if from.starts_with("WORK") && now != from { &["PUT", "DELETE"] } else { &[] };
    assert_eq!(ends, expected_ends, "{case}");
    for event in &events {
        assert_eq!(field(&event.payload, "requestId"), "r-1", "{case}");
        assert_eq!(field(&event.payload, "source"), USER_NODE, "{case}");
    }
    let nodes: Vec<&str> = events.iter().map(|event| event.node.as_str()).collect();
    let said = |name| events.iter().map(|event| field(&event.payload, name)).collect::<Vec<_>>();
    if expected.parse::<u16>().is_ok() {
        assert_eq!(nodes, [USER_NODE], "{case}");
        assert_eq!((said("event"), said("errorData")), (vec!["put".into()], vec![expected.into()]), "{case}");
        assert_eq!(said("errorType"), ["Invalid State"], "{case}");
        assert!(!changed, "{case}");
        return;
    }
    let (state, pending) = match expected.split_once(' ') {
        Some((_, pending)) => (from, pending),
        None if expected == "keeps" => (from, ""),
        None => (expected, ""),
    };
    let receivers = if expected == "keeps" { &[USER_NODE][..] } else { &[USER_NODE, TEAM_NODE] };
    assert_eq!((nodes.as_slice(), now.as_str()), (receivers, state), "{case}");
    assert_eq!(said("state"), vec![state; receivers.len()], "{case}");
    assert_eq!(said("pendingState"), vec![pending; receivers.len()], "{case}");
    assert_eq!(said("event"), vec!["PUT"; receivers.len()], "{case}");
    assert_eq!(field(&get(desk, BOB), "pendingState"), pending, "{case}");
    if expected == "keeps" || !pending.is_empty() {
        assert_eq!(changed, !pending.is_empty(), "{case}");
        let since = field(&get(desk, BOB), "stateChangeTime");
        assert!(before.contains(&since), "{case}");
        assert_eq!(said("stateChangeTime"), vec![since; receivers.len()], "{case}");
        return;
    }
    assert_eq!(said("stateChangeTime"), vec!["2023-01-13T11:07:11.466Z"; receivers.len()], "{case}");
    // A new reason may be as good as the old one, so NOT_READY may look the same as before.
    assert!(changed || state == from, "{case}");
}

#[test]
fn each_state_has_the_time_at_which_it_was_entered() {
    let mut desk = desk("uccx");
    assert_eq!(field(&get(&desk, BOB), "stateChangeTime"), "");
    for (time, body, since) in [
        (1, "<state>LOGIN</state><extension>1001</extension>", 1),
        (2, "<state>NOT_READY</state>", 2),
        (3, "<state>READY</state>", 3),
        (4, "<state>READY</state>", 3),
        (5, "<state>LOGIN</state><extension>1001</extension>", 3),
        (6, "<state>LOGOUT</state>", 6),
        (7, "<state>READY</state>", 6),
    ] {
        let asked = asked(&format!("<User>{body}</User>"));
        desk.set_state(at(time), BOB, BOB, &asked, "").expect("an accepted request");
        let expected = format!("2023-01-13T11:07:11.00{since}Z");
        assert_eq!(field(&get(&desk, BOB), "stateChangeTime"), expected, "{body}");
    }
}
