//! Errors of requests about calls, as the guide's tables have them.

use crate::desk::dialog::request::DialogRequest;
use crate::desk::tests::dialogues::lab;
use crate::desk::tests::*;

/// A desk on which some agents are signed in and Bob talks on a call; `to` is what the caller dialled. The call's id.
fn talking(profile: &str, to: &str, others: &[UserId]) -> (Desk, String) {
    let mut desk = lab(profile);
    for user in [BOB].iter().chain(others) {
        ask(&mut desk, *user, *user, "LOGIN").expect("an accepted request");
    }
    let call = Inbound { from: "5550123".into(), to: to.into(), data: CallData::default() };
    if to == "9001" {
        ask(&mut desk, BOB, BOB, "READY").expect("an accepted request");
    }
    let (id, _) = desk.place_call(at(500), &call, "").expect("the call is put through");
    let id = id.to_string();
    put(&mut desk, BOB, &id, "ANSWER", "").expect("an accepted request");
    (desk, id)
}

fn read(body: &str) -> DialogRequest {
    let body = format!("<Dialog>{body}</Dialog>");
    DialogRequest::read(&body, &Bounds::of(&Limits::default())).expect("a good body")
}

/// A user asks for an action at its telephone.
fn put(desk: &mut Desk, user: UserId, id: &str, action: &str, more: &str) -> Result<Vec<Event>, ApiError> {
    let own = desk.agent(user).extension.clone().unwrap_or_default();
    let target = format!("<targetMediaAddress>{own}</targetMediaAddress>");
    let asked = read(&format!("{target}<requestedAction>{action}</requestedAction>{more}"));
    desk.update_dialog(at(600), user, id, &asked, "r")
}

fn post(desk: &mut Desk, user: UserId, action: &str, to: &str, more: &str) -> Result<Vec<Event>, ApiError> {
    let own = desk.directory().get(user).extension.clone().unwrap_or_else(|| "1099".into());
    let asked = read(&format!(
        "<requestedAction>{action}</requestedAction><fromAddress>{own}</fromAddress><toAddress>{to}</toAddress>{more}"
    ));
    desk.create_dialog(at(600), user, user, &asked, "r")
}

/// An error that answers a request: status and type.
fn refused(answer: Result<Vec<Event>, ApiError>) -> (u16, String) {
    let (status, kind, _) = told(&answer.expect_err("an error"));
    (status, kind)
}

/// The only event, which is an error: type, data, message.
fn failed(answer: Result<Vec<Event>, ApiError>) -> [String; 3] {
    let events = answer.expect("an accepted request");
    assert_eq!(events.len(), 1, "{events:?}");
    ["errorType", "errorData", "errorMessage"].map(|name| field(&events[0].payload, name))
}

fn consult(desk: &mut Desk, user: UserId, id: &str, to: &str, who: UserId) -> String {
    let to = format!("<toAddress>{to}</toAddress>");
    let events = put(desk, user, id, "CONSULT_CALL", &to).expect("an accepted request");
    let made = events.iter().find(|event| field(&event.payload, "event") == "POST").expect("a call");
    let other = field(&made.payload, "id");
    put(desk, who, &other, "ANSWER", "").expect("an accepted request");
    other
}

#[test]
fn finding_d24_an_administrator_who_calls_is_told_with_the_guides_words() {
    let mut desk = lab("ucce");
    let error = post(&mut desk, ROOT, "MAKE_CALL", "1001", "").expect_err("no telephone");
    assert_eq!(
        (error.status(), error.document().as_str()),
        (
            401,
            "<ApiErrors><ApiError><ErrorType>Invalid Authorization User Specified</ErrorType>\
             <ErrorData>The user is not authorized to perform this operation</ErrorData>\
             <ErrorMessage>User (root) is not an authorizied supervisor.</ErrorMessage></ApiError></ApiErrors>"
        )
    );
}

#[test]
fn finding_d13_a_member_without_a_call_cannot_be_listened_to() {
    for (profile, state, kind, data) in [
        ("uccx", "NOT_READY", "88049", "88049"),
        ("uccx", "READY", "88049", "88049"),
        ("uccx", "WORK", "88049", "88049"),
        ("ucce", "NOT_READY", "13145", "13145"),
        ("ucce", "HOLD", "13145", "13145"),
        ("ucce", "READY", "Invalid State", "22"),
        ("ucce", "WORK", "Invalid State", "22"),
    ] {
        let (mut desk, id) = talking(profile, "9001", &[ADA]);
        if state == "HOLD" {
            put(&mut desk, BOB, &id, "HOLD", "").expect("an accepted request");
        } else {
            put(&mut desk, BOB, &id, "DROP", "").expect("an accepted request");
        }
        if matches!(state, "READY" | "NOT_READY") {
            ask(&mut desk, BOB, BOB, state).expect("an accepted request");
        }
        let expected = [kind, data, "CF_INVALID_OBJECT_STATE"];
        assert_eq!(failed(post(&mut desk, ADA, "SILENT_MONITOR", "1001", "")), expected, "{profile} {state}");
    }
    // A supervisor who has a call is refused at once, and so is a supervisor who listens.
    for profile in ["uccx", "ucce"] {
        let (mut desk, _) = talking(profile, "9001", &[ADA, EVE]);
        post(&mut desk, ADA, "MAKE_CALL", "1002", "").expect("an accepted request");
        let answer = post(&mut desk, ADA, "SILENT_MONITOR", "1001", "");
        assert_eq!(refused(answer), (400, "Invalid State".into()), "{profile}");
        let (mut desk, _) = talking(profile, "9001", &[ADA]);
        post(&mut desk, ADA, "SILENT_MONITOR", "1001", "").expect("an accepted request");
        let answer = post(&mut desk, ADA, "SILENT_MONITOR", "1001", "");
        assert_eq!(refused(answer), (400, "Invalid State".into()), "{profile}");
    }
}

#[test]
fn finding_d10_barging_in_is_by_the_controller_who_talks_on_one_call() {
    for profile in ["uccx", "ucce"] {
        let (mut desk, call) = talking(profile, "1001", &[ADA, EVE]);
        let events = post(&mut desk, ADA, "SILENT_MONITOR", "1001", "").expect("an accepted request");
        let monitor = field(&events[0].payload, "id");
        let about = |id: &str| format!("<associatedDialogUri>/finesse/api/Dialog/{id}</associatedDialogUri>");
        let barge = |desk: &mut Desk, to: &str, id: &str| post(desk, ADA, "BARGE_CALL", to, &about(id));
        let before = format!("{desk:?}");
        for (to, id, expected) in [
            ("1002", monitor.as_str(), "20999"),
            ("1001", call.as_str(), "Invalid State"),
            ("1000", monitor.as_str(), "Invalid Destination"),
        ] {
            assert_eq!(refused(barge(&mut desk, to, id)), (400, expected.into()), "{profile} {to}");
        }
        assert_eq!(format!("{desk:?}"), before, "{profile}");
        put(&mut desk, BOB, &call, "HOLD", "").expect("an accepted request");
        assert_eq!(
            refused(barge(&mut desk, "1001", &monitor)),
            (400, "Invalid Destination".into()),
            "{profile}"
        );
        // The action of the supervisor's own dialog is the same request.
        let answer = put(&mut desk, ADA, &monitor, "BARGE_CALL", "");
        assert_eq!(refused(answer), (400, "Invalid Destination".into()), "{profile}");
        put(&mut desk, BOB, &call, "RETRIEVE", "").expect("an accepted request");
        // A call beside.
        let other = consult(&mut desk, BOB, &call, "1002", EVE);
        put(&mut desk, BOB, &call, "RETRIEVE", "").expect("an accepted request");
        assert_eq!(refused(barge(&mut desk, "1001", &monitor)), (400, "20999".into()), "{profile}");
        put(&mut desk, BOB, &other, "DROP", "").expect("an accepted request");
        barge(&mut desk, "1001", &monitor).expect("an accepted request");
        assert_eq!(field(&desk.dialog_document(ADA, &call).expect("her call"), "callType"), "CONFERENCE");
    }
}

#[test]
fn finding_d10_a_conference_of_another_or_a_full_one_cannot_be_barged_into() {
    for profile in ["uccx", "ucce"] {
        // Eve took the call first, and made the conference.
        let (mut desk, call) = talking(profile, "1001", &[ADA, EVE]);
        let to = "<toAddress>1002</toAddress>";
        put(&mut desk, BOB, &call, "TRANSFER_SST", to).expect("an accepted request");
        put(&mut desk, EVE, &call, "ANSWER", "").expect("an accepted request");
        consult(&mut desk, EVE, &call, "1001", BOB);
        put(&mut desk, EVE, &call, "CONFERENCE", "").expect("an accepted request");
        let events = post(&mut desk, ADA, "SILENT_MONITOR", "1001", "").expect("an accepted request");
        let monitor = field(&events[0].payload, "id");
        assert_eq!(
            refused(put(&mut desk, ADA, &monitor, "BARGE_CALL", "")),
            (400, "20999".into()),
            "{profile}"
        );

        let (mut desk, call) = talking(profile, "1001", &[ADA]);
        let events = post(&mut desk, ADA, "SILENT_MONITOR", "1001", "").expect("an accepted request");
        let monitor = field(&events[0].payload, "id");
        let dialog =
            desk.dialogs.values_mut().find(|dialog| dialog.id.to_string() == call).expect("the call");
        let outside = dialog.participants[0].clone();
        dialog.participants.extend(std::iter::repeat_n(outside, 6));
        assert_eq!(
            refused(put(&mut desk, ADA, &monitor, "BARGE_CALL", "")),
            (400, "20700".into()),
            "{profile}"
        );
    }
}

#[test]
fn finding_d14_only_the_controller_adds_a_party() {
    for (profile, expected) in [
        ("uccx", ["Invalid State", "22", "CF_INVALID_OBJECT_STATE"]),
        (
            "ucce",
            [
                "Generic Error",
                "20999",
                "<ConferenceCallCommand>: Conference failed...causes include agent already has a consult call or \
                 conferencing a non-conference controller. ",
            ],
        ),
    ] {
        let (mut desk, call) = talking(profile, "1001", &[ADA, EVE]);
        consult(&mut desk, BOB, &call, "1002", EVE);
        put(&mut desk, BOB, &call, "CONFERENCE", "").expect("an accepted request");
        let other = consult(&mut desk, EVE, &call, "1000", ADA);
        assert_eq!(failed(put(&mut desk, EVE, &call, "CONFERENCE", "")), expected, "{profile}");
        // Nor can the conference be brought into another call.
        put(&mut desk, EVE, &call, "RETRIEVE", "").expect("an accepted request");
        assert_eq!(failed(put(&mut desk, EVE, &other, "CONFERENCE", "")), expected, "{profile}");
        put(&mut desk, EVE, &other, "DROP", "").expect("an accepted request");
        consult(&mut desk, BOB, &call, "1000", ADA);
        let events = put(&mut desk, BOB, &call, "CONFERENCE", "").expect("an accepted request");
        assert!(events.iter().all(|event| !event.payload.contains("apiError")), "{profile}: {events:?}");
    }
}

#[test]
fn finding_d14_a_full_conference_has_the_error_of_its_product() {
    for (profile, kind) in [("uccx", "Generic Error"), ("ucce", "Call Operation Failure")] {
        let (mut desk, call) = talking(profile, "1001", &[EVE]);
        consult(&mut desk, BOB, &call, "1002", EVE);
        let dialog =
            desk.dialogs.values_mut().find(|dialog| dialog.id.to_string() == call).expect("the call");
        let outside = dialog.participants[0].clone();
        dialog.participants.extend(std::iter::repeat_n(outside, 6));
        let expected = [kind, "42", "CF_CONFERENCE_MEMBER_LIMIT_EXCEEDED"];
        assert_eq!(failed(put(&mut desk, BOB, &call, "CONFERENCE", "")), expected, "{profile}");
    }
}

#[test]
fn finding_d16_digits_are_those_that_the_product_takes() {
    let digits = |value: &str| {
        format!(
            "<actionParams><ActionParam><name>dtmfString</name><value>{value}</value></ActionParam></actionParams>"
        )
    };
    for profile in ["uccx", "ucce"] {
        let (mut desk, call) = talking(profile, "1001", &[]);
        let send = |desk: &mut Desk, value: &str| put(desk, BOB, &call, "SEND_DTMF", &digits(value));
        assert_eq!(send(&mut desk, "0123456789*#"), Ok(vec![]), "{profile}");
        for bad in ["abc!", "1 2", "1,2", "漢"] {
            assert_eq!(refused(send(&mut desk, bad)), (400, "Invalid Input".into()), "{profile} {bad}");
        }
        if profile == "ucce" {
            assert_eq!(send(&mut desk, "1A2D"), Ok(vec![]));
            for bad in ["E", "a", "abc"] {
                assert_eq!(refused(send(&mut desk, bad)), (400, "Invalid Input".into()), "{bad}");
            }
        } else {
            // Express accepts letters, and has no use for them.
            for bad in ["1A2D", "abc"] {
                assert_eq!(
                    failed(send(&mut desk, bad)),
                    ["Generic Error", "3", "CF_VALUE_OUT_OF_RANGE"],
                    "{bad}"
                );
            }
        }
        put(&mut desk, BOB, &call, "HOLD", "").expect("an accepted request");
        assert_eq!(refused(send(&mut desk, "1")), (401, "Invalid State".into()), "{profile}");
    }
}

#[test]
fn finding_m10_a_call_is_recorded_on_express_while_its_participant_talks() {
    let (mut desk, call) = talking("ucce", "1001", &[]);
    assert_eq!(refused(put(&mut desk, BOB, &call, "START_RECORDING", "")), (501, "Not Implemented".into()));
    let (mut desk, call) = talking("uccx", "1001", &[ADA]);
    let events = put(&mut desk, BOB, &call, "START_RECORDING", "").expect("an accepted request");
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(field(&events[0].payload, "event"), "PUT");
    assert_eq!(field(&events[0].payload, "requestId"), "r");
    assert_eq!(field(&events[0].payload, "id"), call);
    // The telephone is needed, and has to take part.
    let bare = read("<requestedAction>START_RECORDING</requestedAction>");
    let answer = desk.update_dialog(at(600), BOB, &call, &bare, "r");
    assert_eq!(refused(answer), (400, "Parameter Missing".into()));
    let target = |target: &str| {
        read(&format!(
            "<requestedAction>START_RECORDING</requestedAction><targetMediaAddress>{target}</targetMediaAddress>"
        ))
    };
    for (user, at_telephone, expected) in [
        (BOB, "1002", (400, "Invalid Input")),
        (BOB, "5550123", (401, "Invalid Authorization User Specified")),
        (ADA, "1001", (401, "Invalid Authorization User Specified")),
    ] {
        let answer = desk.update_dialog(at(600), user, &call, &target(at_telephone), "r");
        assert_eq!(refused(answer), (expected.0, expected.1.into()), "{at_telephone}");
    }
    put(&mut desk, BOB, &call, "HOLD", "").expect("an accepted request");
    assert_eq!(refused(put(&mut desk, BOB, &call, "START_RECORDING", "")), (401, "Invalid State".into()));
    let rings = Inbound { from: "5550124".into(), to: "1000".into(), data: CallData::default() };
    let (rings, _) = desk.place_call(at(600), &rings, "").expect("the call is put through");
    let [kind, data, message] = failed(put(&mut desk, ADA, &rings.to_string(), "START_RECORDING", ""));
    assert_eq!((kind.as_str(), data.as_str()), ("Generic Error", "1000"));
    assert_eq!(message, "INVALID_ACTION START_RECORDING on extension 1000");
}

#[test]
fn only_another_agent_in_the_call_can_be_dropped() {
    let (mut desk, call) = talking("ucce", "1001", &[ADA]);
    let events = post(&mut desk, ADA, "SILENT_MONITOR", "1001", "").expect("an accepted request");
    let monitor = field(&events[0].payload, "id");
    put(&mut desk, ADA, &monitor, "BARGE_CALL", "").expect("an accepted request");
    let drop = |desk: &mut Desk, target: &str| {
        let asked = read(&format!(
            "<targetMediaAddress>{target}</targetMediaAddress><requestedAction>PARTICIPANT_DROP</requestedAction>"
        ));
        desk.update_dialog(at(700), ADA, &call, &asked, "r")
    };
    for target in ["5550123", "1002", "1099"] {
        assert_eq!(refused(drop(&mut desk, target)), (400, "Invalid Destination".into()), "{target}");
    }
    let events = drop(&mut desk, "1001").expect("an accepted request");
    assert!(events.iter().any(|event| event.node == "/finesse/api/User/bob/Dialogs"), "{events:?}");
}
