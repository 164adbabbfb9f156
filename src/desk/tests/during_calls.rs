//! The transitions of the guide's "User: change agent state" that calls bring about or put off, in both profiles and for both
//! who may ask.

use crate::desk::DialogRequest;
use crate::desk::tests::dialogues::lab;
use crate::desk::tests::transitions::check;
use crate::desk::tests::*;

/// A row as in `transitions`: the actor, the state, and what comes of LOGIN, NOT_READY, READY, LOGOUT.
type Row = (UserId, &'static str, [&'static str; 4]);

/// Express has no HOLD and no WORK_READY, and refuses READY while an agent talks.
const UCCX: &[Row] = &[
    (BOB, "RESERVED", ["keeps", "22", "22", "22"]),
    (BOB, "TALKING", ["keeps", "pends NOT_READY", "265", "22"]),
    (BOB, "WORK", ["keeps", "NOT_READY", "READY", "22"]),
    (ADA, "RESERVED", ["401", "22", "22", "pends LOGOUT"]),
    (ADA, "TALKING", ["401", "22", "22", "pends LOGOUT"]),
    (ADA, "WORK", ["401", "NOT_READY", "READY", "LOGOUT"]),
];

const UCCE: &[Row] = &[
    (BOB, "RESERVED", ["keeps", "22", "22", "22"]),
    (BOB, "TALKING", ["keeps", "pends NOT_READY", "pends READY", "pends LOGOUT"]),
    (BOB, "HOLD", ["keeps", "pends NOT_READY", "pends READY", "pends LOGOUT"]),
    (BOB, "WORK", ["keeps", "NOT_READY", "READY", "22"]),
    (BOB, "WORK_READY", ["keeps", "NOT_READY", "READY", "22"]),
    (ADA, "RESERVED", ["401", "22", "22", "pends LOGOUT"]),
    (ADA, "TALKING", ["401", "22", "22", "pends LOGOUT"]),
    (ADA, "HOLD", ["401", "22", "22", "pends LOGOUT"]),
    (ADA, "WORK", ["401", "NOT_READY", "READY", "LOGOUT"]),
    (ADA, "WORK_READY", ["401", "NOT_READY", "READY", "LOGOUT"]),
];

#[test]
fn every_transition_during_calls_and_wrap_up() {
    for (profile, table) in [("uccx", UCCX), ("ucce", UCCE)] {
        for (actor, from, row) in table {
            for (request, expected) in ["LOGIN", "NOT_READY", "READY", "LOGOUT"].into_iter().zip(row) {
                let (mut desk, _) = busy(profile, from);
                let before = everything(&desk);
                let answer = ask(&mut desk, *actor, BOB, request);
                let case = format!("{profile}: {actor:?} asks for {request} in {from}: {answer:?}");
                check(&desk, from, expected, &before, answer, &case);
            }
        }
    }
}

/// A desk on which Bob is in that state because of a call from a queue, and the call.
fn busy(profile: &str, state: &str) -> (Desk, String) {
    let mut desk = lab(profile);
    set(&mut desk, 1, BOB, "LOGIN");
    set(&mut desk, 2, BOB, "READY");
    let call = Inbound { from: "5550123".into(), to: "9001".into(), data: CallData::default() };
    let (id, _) = desk.place_call(at(3), &call, "").expect("the call is put through");
    let id = id.to_string();
    if state != "RESERVED" {
        act(&mut desk, 4, &id, "ANSWER");
    }
    match (state, profile) {
        ("HOLD", _) => act(&mut desk, 5, &id, "HOLD"),
        ("WORK", "ucce") => {
            set(&mut desk, 5, BOB, "NOT_READY");
            act(&mut desk, 6, &id, "DROP");
        }
        ("WORK" | "WORK_READY", _) => act(&mut desk, 6, &id, "DROP"),
        _ => {}
    }
    assert_eq!(stands(&desk), (state.into(), String::new()), "{profile}");
    (desk, id)
}

/// What an agent asks for itself.
fn set(desk: &mut Desk, time: u64, user: UserId, state: &str) -> Vec<Event> {
    let extension = (state == "LOGIN").then(|| desk.directory().get(user).extension.clone()).flatten();
    let asked =
        SetState { state: Some(state.into()), extension, reason_code_id: None, ..SetState::default() };
    desk.set_state(at(time), user, user, &asked, "r").expect("an accepted request")
}

/// What Bob does with a call.
fn act(desk: &mut Desk, time: u64, id: &str, action: &str) {
    let asked = DialogRequest {
        action: Some(action.into()),
        target: Some("1001".into()),
        ..DialogRequest::default()
    };
    let events = desk.update_dialog(at(time), BOB, id, &asked, "r").expect("an accepted request");
    assert!(events.iter().all(|event| !event.payload.contains("apiError")), "{action}: {events:?}");
}

/// Bob calls somebody outside, which is no call of the contact centre's. Returns the dialog.
fn call_out(desk: &mut Desk, time: u64) -> String {
    let asked = DialogRequest {
        action: Some("MAKE_CALL".into()),
        from: Some("1001".into()),
        to: Some("5550199".into()),
        ..DialogRequest::default()
    };
    let events = desk.create_dialog(at(time), BOB, BOB, &asked, "r").expect("an accepted request");
    let joined = events.iter().find(|event| event.payload.contains("<event>POST</event>"));
    field(&joined.expect("a call").payload, "id")
}

/// The state of Bob, and the one that is to come after the call.
fn stands(desk: &Desk) -> (String, String) {
    let document = get(desk, BOB);
    (field(&document, "state"), field(&document, "pendingState"))
}

/// The state of Bob and the code of its reason; no state is to come.
fn rests(desk: &Desk) -> (String, String) {
    let document = get(desk, BOB);
    assert_eq!(field(&document, "pendingState"), "");
    let has_reason = document.contains("<reasonCode>");
    (field(&document, "state"), if has_reason { field(&document, "code") } else { String::new() })
}

/// Collects what Bob's node tells: the states in its events, or the number of the error.
fn told_states(events: &[Event]) -> Vec<String> {
    let own = events.iter().filter(|event| event.node == "/finesse/api/User/bob");
    let said = own.map(|event| {
        let is_error = event.payload.contains("apiError");
        field(&event.payload, if is_error { "errorData" } else { "state" })
    });
    said.collect()
}

fn pair(first: &str, second: &str) -> (String, String) {
    (first.to_owned(), second.to_owned())
}

#[test]
fn express_takes_one_request_for_a_call_and_enterprise_the_last() {
    let (mut desk, id) = busy("uccx", "TALKING");
    set(&mut desk, 10, BOB, "NOT_READY");
    let before = everything(&desk);
    assert_eq!(told_states(&set(&mut desk, 11, BOB, "NOT_READY")), ["265"]);
    assert_eq!(everything(&desk), before);
    // It is once for each call: the next one is another.
    act(&mut desk, 12, &id, "DROP");
    set(&mut desk, 13, BOB, "READY");
    let call = Inbound { from: "5550124".into(), to: "9001".into(), data: CallData::default() };
    let (next, _) = desk.place_call(at(14), &call, "").expect("the call is put through");
    act(&mut desk, 15, &next.to_string(), "ANSWER");
    assert_eq!(told_states(&set(&mut desk, 16, BOB, "NOT_READY")), ["TALKING"]);
    assert_eq!(stands(&desk), pair("TALKING", "NOT_READY"));

    let (mut desk, _) = busy("ucce", "TALKING");
    for state in ["NOT_READY", "LOGOUT", "READY", "NOT_READY", "NOT_READY"] {
        assert_eq!(told_states(&set(&mut desk, 10, BOB, state)), ["TALKING"]);
        assert_eq!(stands(&desk), pair("TALKING", state));
    }
}

#[test]
fn what_was_asked_for_during_a_call_comes_after_it() {
    // Profile, state, who asks for what, then: the state after the call, and the one after wrap-up with its reason.
    for (profile, state, actor, asked, after, at_last, code) in [
        ("uccx", "TALKING", BOB, "", "WORK", "READY", ""),
        ("uccx", "TALKING", BOB, "NOT_READY", "WORK", "NOT_READY", "32758"),
        ("uccx", "TALKING", ADA, "LOGOUT", "LOGOUT", "LOGOUT", "22"),
        ("uccx", "RESERVED", ADA, "LOGOUT", "LOGOUT", "LOGOUT", "22"),
        ("ucce", "TALKING", BOB, "", "WORK_READY", "READY", ""),
        ("ucce", "TALKING", BOB, "NOT_READY", "WORK", "NOT_READY", ""),
        ("ucce", "TALKING", BOB, "READY", "WORK_READY", "READY", ""),
        ("ucce", "TALKING", BOB, "LOGOUT", "LOGOUT", "LOGOUT", ""),
        ("ucce", "HOLD", BOB, "NOT_READY", "WORK", "NOT_READY", ""),
        ("ucce", "HOLD", ADA, "LOGOUT", "LOGOUT", "LOGOUT", "999"),
        ("ucce", "RESERVED", ADA, "LOGOUT", "LOGOUT", "LOGOUT", "999"),
        // Nobody took the call, so there is nothing to wrap up.
        ("uccx", "RESERVED", BOB, "", "READY", "READY", ""),
        ("ucce", "RESERVED", BOB, "", "READY", "READY", ""),
    ] {
        let case = format!("{profile}, {state}, {asked}");
        let (mut desk, id) = busy(profile, state);
        if !asked.is_empty() {
            ask(&mut desk, actor, BOB, asked).expect("an accepted request");
        }
        let events = desk.abandon(at(1000), &id, "").expect("the call is there");
        assert_eq!(told_states(&events), [after], "{case}");
        assert_eq!(stands(&desk), pair(after, ""), "{case}");
        let early = told_states(&desk.tick(at(30_999)));
        assert!(early.is_empty(), "{case}: {early:?}");
        let events = told_states(&desk.tick(at(31_000)));
        assert_eq!(events, if after == at_last { vec![] } else { vec![at_last] }, "{case}");
        assert_eq!(rests(&desk), pair(at_last, code), "{case}");
        let telephone = field(&get(&desk, BOB), "extension");
        assert_eq!(telephone.is_empty(), at_last == "LOGOUT", "{case}");
    }
}

#[test]
fn the_wrap_up_timer_leaves_agents_alone_that_ended_wrap_up_early() {
    for (profile, state, actor, asked) in [
        ("uccx", "WORK", BOB, "READY"),
        ("uccx", "WORK", BOB, "NOT_READY"),
        ("uccx", "WORK", ADA, "NOT_READY"),
        ("ucce", "WORK", BOB, "READY"),
        ("ucce", "WORK_READY", BOB, "NOT_READY"),
        ("ucce", "WORK_READY", ADA, "LOGOUT"),
    ] {
        let (mut desk, _) = busy(profile, state);
        ask(&mut desk, actor, BOB, asked).expect("an accepted request");
        let settled = get(&desk, BOB);
        let late = told_states(&desk.tick(at(100_000)));
        assert!(late.is_empty(), "{profile}: {actor:?} {asked} in {state}: {late:?}");
        assert_eq!(get(&desk, BOB), settled);
        assert_eq!(stands(&desk), pair(asked, ""));
    }
}

#[test]
fn after_wrap_up_the_next_caller_rings() {
    for (profile, state) in [("uccx", "WORK"), ("ucce", "WORK_READY")] {
        let (mut desk, _) = busy(profile, state);
        let call = Inbound { from: "5550124".into(), to: "9001".into(), data: CallData::default() };
        let (_, events) = desk.place_call(at(100), &call, "").expect("there is room");
        assert!(told_states(&events).is_empty(), "{profile}: who wraps up is left alone");
        assert_eq!(told_states(&desk.tick(at(30_006))), ["READY", "RESERVED"], "{profile}");
    }
}

#[test]
fn on_express_nobody_leaves_during_a_call_of_ones_own() {
    let mut desk = lab("uccx");
    set(&mut desk, 1, BOB, "LOGIN");
    set(&mut desk, 2, BOB, "READY");
    let id = call_out(&mut desk, 3);
    assert_eq!(rests(&desk), pair("NOT_READY", "32762"));
    for (actor, state) in [(BOB, "LOGOUT"), (BOB, "READY"), (ADA, "READY")] {
        let before = everything(&desk);
        let events = ask(&mut desk, actor, BOB, state).expect("an accepted request");
        assert_eq!(told_states(&events), ["33"], "{actor:?} {state}");
        assert_eq!(everything(&desk), before);
    }
    let events = ask(&mut desk, ADA, BOB, "LOGOUT").expect("an accepted request");
    assert_eq!(
        (told_states(&events), stands(&desk)),
        (vec!["NOT_READY".into()], pair("NOT_READY", "LOGOUT"))
    );
    act(&mut desk, 500, &id, "DROP");
    assert_eq!(rests(&desk), pair("LOGOUT", "22"));
}

#[test]
fn after_a_call_of_ones_own_the_state_before_comes_back_unless_another_was_chosen() {
    for (profile, during) in [("uccx", "NOT_READY"), ("ucce", "TALKING")] {
        for (asked, after) in [("", "READY"), ("NOT_READY", "NOT_READY")] {
            let mut desk = lab(profile);
            set(&mut desk, 1, BOB, "LOGIN");
            set(&mut desk, 2, BOB, "READY");
            let id = call_out(&mut desk, 3);
            desk.tick(at(20_000));
            assert_eq!(stands(&desk).0, during, "{profile}");
            if !asked.is_empty() {
                set(&mut desk, 20_001, BOB, asked);
            }
            act(&mut desk, 20_002, &id, "DROP");
            assert_eq!(stands(&desk), pair(after, ""), "{profile} {asked}");
        }
    }
}

#[test]
fn a_forced_logout_waits_until_the_call_ends() {
    for (profile, pending, after, at_last, code) in
        [("uccx", "LOGOUT", "LOGOUT", "LOGOUT", "255"), ("ucce", "NOT_READY", "WORK", "NOT_READY", "255")]
    {
        let (mut desk, id) = busy(profile, "TALKING");
        desk.left(at(1000), BOB);
        assert_eq!(told_states(&desk.tick(at(60_999))), [""; 0], "{profile}");
        assert_eq!(told_states(&desk.tick(at(61_000))), ["TALKING"], "{profile}");
        assert_eq!(stands(&desk), pair("TALKING", pending), "{profile}");
        desk.abandon(at(70_000), &id, "").expect("the call is there");
        assert_eq!(stands(&desk), pair(after, ""), "{profile}");
        desk.tick(at(100_000));
        assert_eq!(rests(&desk), pair(at_last, code), "{profile}");
    }
}

#[test]
fn an_agent_that_is_to_leave_and_does_not_answer_leaves() {
    for (profile, code) in [("uccx", "22"), ("ucce", "999")] {
        let (mut desk, id) = busy(profile, "RESERVED");
        ask(&mut desk, ADA, BOB, "LOGOUT").expect("an accepted request");
        assert_eq!(told_states(&desk.tick(at(20_003))), ["LOGOUT"], "{profile}");
        assert_eq!(rests(&desk), pair("LOGOUT", code), "{profile}");
        // The caller waits for somebody else.
        let dialog = desk.dialog_document(ROOT, &id).expect("the call is there");
        assert_eq!(["state", "DNIS"].map(|name| field(&dialog, name)), ["INITIATED", "9001"], "{profile}");
        assert!(!dialog.contains("1001"), "{profile}: {dialog}");
    }
}

#[test]
fn an_agent_that_comes_back_in_time_is_not_signed_out_after_the_call() {
    for profile in ["uccx", "ucce"] {
        let (mut desk, id) = busy(profile, "TALKING");
        desk.left(at(1000), BOB);
        desk.arrived(BOB);
        assert_eq!(told_states(&desk.tick(at(61_000))), [""; 0]);
        assert_eq!(stands(&desk), pair("TALKING", ""));
        desk.abandon(at(70_000), &id, "").expect("the call is there");
        desk.tick(at(100_000));
        assert_eq!(rests(&desk), pair("READY", ""));
    }
}

#[test]
fn nobody_moves_to_another_telephone_during_a_call() {
    for profile in ["uccx", "ucce"] {
        let (mut desk, id) = busy(profile, "TALKING");
        set(&mut desk, 10, EVE, "LOGIN");
        let at_telephone = |extension: &str| SetState {
            state: Some("LOGIN".into()),
            extension: Some(extension.into()),
            ..SetState::default()
        };
        // One that is free, one that is taken, one that does not exist.
        for (extension, number) in [("1000", "33"), ("1002", "33"), ("9999", "260")] {
            let before = everything(&desk);
            let events = desk.set_state(at(11), BOB, BOB, &at_telephone(extension), "r").expect("accepted");
            assert_eq!(told_states(&events), [number], "{profile} {extension}");
            assert_eq!(everything(&desk), before, "{profile} {extension}");
        }
        act(&mut desk, 12, &id, "DROP");
        desk.set_state(at(13), BOB, BOB, &at_telephone("1000"), "r").expect("accepted");
        assert_eq!(field(&get(&desk, BOB), "extension"), "1000", "{profile}");
    }
}

/// A team for which wrap-up is optional: an agent that asks for it during a call has it.
#[test]
fn finding_d12_an_agent_wraps_up_on_request_while_it_talks() {
    for (profile, from, asked, shown, at_last) in [
        ("uccx", "TALKING", "WORK", "WORK", "READY"),
        ("ucce", "TALKING", "WORK", "WORK_READY", "READY"),
        ("ucce", "HOLD", "WORK_READY", "WORK_READY", "READY"),
    ] {
        let (mut desk, id) = busy(profile, from);
        desk.teams.iter_mut().for_each(|team| team.wrap_up = None);
        let case = format!("{profile} {from} {asked}");
        assert_eq!(field(&get(&desk, BOB), "wrapUpOnIncoming"), "OPTIONAL", "{case}");
        let events = ask(&mut desk, BOB, BOB, asked).expect("an accepted request");
        assert!(
            events.iter().all(|event| field(&event.payload, "pendingState") == asked),
            "{case}: {events:?}"
        );
        let events = desk.abandon(at(1000), &id, "").expect("the call is there");
        assert_eq!(told_states(&events), [shown], "{case}");
        let own = "/finesse/api/User/bob/Dialogs";
        let call = events.iter().find(|event| event.node == own).expect("it is told");
        assert!(call.payload.contains("<state>WRAP_UP</state>"), "{case}: {}", call.payload);
        assert_eq!(field(&get(&desk, BOB), "pendingState"), "", "{case}");
        // In seconds what the user shows.
        assert_eq!(told_states(&desk.tick(at(7_200_999))), [""; 0], "{case}");
        assert_eq!(told_states(&desk.tick(at(7_201_000))), [at_last], "{case}");
    }
    // Without the request there is none, and the last request counts.
    for (profile, requests) in [("uccx", &[][..]), ("ucce", &["WORK", "NOT_READY"])] {
        let (mut desk, id) = busy(profile, "TALKING");
        desk.teams.iter_mut().for_each(|team| team.wrap_up = None);
        for request in requests {
            ask(&mut desk, BOB, BOB, request).expect("an accepted request");
        }
        let events = desk.abandon(at(1000), &id, "").expect("the call is there");
        let expected = if requests.is_empty() { "READY" } else { "NOT_READY" };
        assert_eq!(told_states(&events), [expected], "{profile}");
    }
}

#[test]
fn finding_d12_elsewhere_wrapping_up_is_an_invalid_state() {
    for profile in ["uccx", "ucce"] {
        for from in ["LOGOUT", "NOT_READY", "READY", "RESERVED", "TALKING"] {
            for asked in ["WORK", "WORK_READY"] {
                let mut desk = if matches!(from, "RESERVED" | "TALKING") {
                    busy(profile, from).0
                } else {
                    let mut desk = lab(profile);
                    bring(&mut desk, BOB, from);
                    desk
                };
                let before = everything(&desk);
                let case = format!("{profile} {from} {asked}");
                let refused = ask(&mut desk, ADA, BOB, asked).expect_err("no supervisor asks for that");
                assert_eq!(told(&refused), (400, "Invalid State".into(), "state".into()), "{case}");
                let events = ask(&mut desk, BOB, BOB, asked).expect("an accepted request");
                if from == "TALKING" && !(profile == "uccx" && asked == "WORK_READY") {
                    continue;
                }
                assert_eq!(field(&events[0].payload, "errorType"), "Invalid State", "{case}");
                assert_eq!(field(&events[0].payload, "errorData"), "22", "{case}");
                assert_eq!((events.len(), everything(&desk) == before), (1, true), "{case}");
            }
        }
        // An agent that wraps up goes on with it.
        let mut desk = busy(profile, "WORK").0;
        let events = ask(&mut desk, BOB, BOB, "WORK").expect("an accepted request");
        assert_eq!(told_states(&events), ["WORK"], "{profile}");
    }
}
