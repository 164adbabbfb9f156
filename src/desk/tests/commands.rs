//! Parameters, who may ask, reasons, telephones.

use crate::desk::tests::*;

/// Asks by a body; the answer is `STATUS|type|data`, or `202` with what the first event says: a state or an error.
fn answer(desk: &mut Desk, actor: UserId, user: UserId, body: &str) -> String {
    match desk.set_state(at(0), actor, user, &asked(&format!("<User>{body}</User>")), "") {
        Err(error) => {
            let (status, kind, data) = told(&error);
            format!("{status}|{kind}|{data}")
        }
        Ok(events) if field(&events[0].payload, "event") == "put" => {
            let payload = &events[0].payload;
            format!("202|{}|{}", field(payload, "errorType"), field(payload, "errorData"))
        }
        Ok(events) => format!("202|{}", field(&events[0].payload, "state")),
    }
}

#[test]
fn parameters_are_checked_before_the_state_and_the_actor_before_them() {
    for (actor, user, body, expected) in [
        (BOB, BOB, "", "400|Parameter Missing|state"),
        (BOB, BOB, "<extension>1001</extension>", "400|Parameter Missing|state"),
        (BOB, BOB, "<state>TALKING</state>", "400|Invalid Input|state"),
        (BOB, BOB, "<state>ready</state>", "400|Invalid Input|state"),
        (BOB, BOB, "<state>LOGIN</state>", "400|Parameter Missing|extension"),
        (BOB, BOB, "<state>LOGIN</state><extension/>", "400|Parameter Missing|extension"),
        (BOB, BOB, "<state>LOGOUT</state>", "400|Invalid State|state"),
        (
            ADA,
            BOB,
            "<state>LOGIN</state><extension>1001</extension>",
            "401|Invalid Authorization User Specified|bob",
        ),
        (EVE, BOB, "", "401|Invalid Authorization User Specified|bob"),
        (ROOT, BOB, "<state>READY</state>", "401|Invalid Authorization User Specified|bob"),
        (SUE, BOB, "<state>READY</state>", "401|Invalid Supervisor|bob"),
        (SUE, EVE, "<state>READY</state>", "202|Invalid State|22"),
        (SUE, ROOT, "<state>READY</state>", "401|Invalid Supervisor|root"),
        (SUE, SUE, "<state>LOGIN</state><extension>1002</extension>", "401|Authorization Failure|sue"),
        (ROOT, ROOT, "<state>LOGIN</state><extension>1002</extension>", "401|Authorization Failure|root"),
    ] {
        let mut desk = desk("uccx");
        let before = everything(&desk);
        assert_eq!(answer(&mut desk, actor, user, body), expected, "{actor:?} {user:?} {body}");
        assert_eq!(everything(&desk), before, "{body}");
    }
}

#[test]
fn users_are_found_by_their_id_or_where_they_are_signed_in() {
    let mut desk = desk("ucce");
    assert_eq!(desk.find(ROOT, "bob"), Ok(BOB));
    for unknown in ["1002", "", "b\u{0}b"] {
        let error = desk.find(ROOT, unknown).expect_err(unknown);
        let data = if unknown.contains('\0') { "" } else { unknown };
        assert_eq!(told(&error), (404, "User Not Found".into(), data.into()));
    }
    assert_eq!(
        answer(&mut desk, BOB, BOB, "<state>LOGIN</state><extension>1002</extension>"),
        "202|NOT_READY"
    );
    assert_eq!((desk.find(ROOT, "1002"), desk.find(ROOT, "1001").is_err()), (Ok(BOB), true));
    assert_eq!(answer(&mut desk, BOB, BOB, "<state>LOGOUT</state>"), "202|LOGOUT");
    assert!(desk.find(ROOT, "1002").is_err());
}

#[test]
fn a_telephone_is_one_of_the_configuration_and_free() {
    let mut desk = desk("uccx");
    let login = |extension: &str| format!("<state>LOGIN</state><extension>{extension}</extension>");
    for unknown in ["9", "bob", "1001 1"] {
        assert_eq!(answer(&mut desk, BOB, BOB, &login(unknown)), "202|Invalid Device|260", "{unknown}");
    }
    assert_eq!(answer(&mut desk, BOB, BOB, &login("1002")), "202|NOT_READY");
    assert_eq!(answer(&mut desk, EVE, EVE, &login("1002")), "202|Device Busy|33");
    assert_eq!(field(&get(&desk, EVE), "state"), "LOGOUT");

    // Signing in again at another telephone frees the first; nothing happens at one that is taken or unknown.
    assert_eq!(answer(&mut desk, BOB, BOB, "<state>READY</state>"), "202|READY");
    assert_eq!(answer(&mut desk, BOB, BOB, &login("1001")), "202|READY");
    assert_eq!(field(&get(&desk, BOB), "extension"), "1001");
    assert_eq!(answer(&mut desk, EVE, EVE, &login("1002")), "202|NOT_READY");
    assert_eq!(answer(&mut desk, BOB, BOB, &login("1002")), "202|Device Busy|33");
    assert_eq!(answer(&mut desk, BOB, BOB, &login("9")), "202|Invalid Device|260");
    assert_eq!(field(&get(&desk, BOB), "extension"), "1001");

    // A supervisor who signs a member out frees its telephone too.
    assert_eq!(answer(&mut desk, SUE, EVE, "<state>LOGOUT</state>"), "202|LOGOUT");
    assert_eq!(answer(&mut desk, BOB, BOB, &login("1002")), "202|READY");
}

#[test]
fn the_team_hears_of_another_telephone() {
    let mut desk = desk("uccx");
    bring(&mut desk, BOB, "READY");
    let other = asked("<User><state>LOGIN</state><extension>1002</extension></User>");
    let events = desk.set_state(at(9), BOB, BOB, &other, "").expect("an accepted request");
    let said: Vec<_> = events.iter().map(|event| field(&event.payload, "extension")).collect();
    assert_eq!(said, ["1002", "1002"]);
}

#[test]
fn reasons_are_required_where_there_are_any() {
    const MISSING: &str = "400|Parameter Missing|finesse.api.reasoncode.require_reasoncode";
    const NOT_ALLOWED: &str = "400|Invalid Input|finesse.api.reasoncode.not_allowed";
    const UNKNOWN: &str = "400|Invalid Input|reasonCodeId";
    // Team 1 has one NOT_READY code; team 2 has two, and one for LOGOUT.
    for (user, extension, body, expected) in [
        (BOB, "1001", "<state>NOT_READY</state>", MISSING),
        (BOB, "1001", "<state>NOT_READY</state><reasonCodeId/>", MISSING),
        (BOB, "1001", "<state>NOT_READY</state><reasonCodeId>1</reasonCodeId>", "202|NOT_READY"),
        (BOB, "1001", "<state>NOT_READY</state><reasonCodeId>2</reasonCodeId>", UNKNOWN),
        (BOB, "1001", "<state>NOT_READY</state><reasonCodeId>3</reasonCodeId>", UNKNOWN),
        (BOB, "1001", "<state>NOT_READY</state><reasonCodeId>4</reasonCodeId>", UNKNOWN),
        (BOB, "1001", "<state>NOT_READY</state><reasonCodeId>-1</reasonCodeId>", UNKNOWN),
        (BOB, "1001", "<state>NOT_READY</state><reasonCodeId>one</reasonCodeId>", UNKNOWN),
        (BOB, "1001", "<state>NOT_READY</state><reasonCodeId>4294967297</reasonCodeId>", UNKNOWN),
        (BOB, "1001", "<state>LOGOUT</state>", "202|LOGOUT"),
        (BOB, "1001", "<state>LOGOUT</state><reasonCodeId>3</reasonCodeId>", UNKNOWN),
        (BOB, "1001", "<state>READY</state><reasonCodeId>1</reasonCodeId>", NOT_ALLOWED),
        (EVE, "1002", "<state>NOT_READY</state><reasonCodeId>2</reasonCodeId>", "202|NOT_READY"),
        (EVE, "1002", "<state>LOGOUT</state>", MISSING),
        (EVE, "1002", "<state>LOGOUT</state><reasonCodeId>3</reasonCodeId>", "202|LOGOUT"),
        (EVE, "1002", "<state>LOGOUT</state><reasonCodeId>1</reasonCodeId>", UNKNOWN),
    ] {
        for required in [true, false] {
            let mut desk = desk_with("uccx", &format!("require_reason_codes = {required}"), REASONS);
            let login = format!("<state>LOGIN</state><extension>{extension}</extension>");
            assert_eq!(answer(&mut desk, user, user, &login), "202|NOT_READY");
            let state = if body.contains("NOT_READY") { "202|NOT_READY" } else { "202|LOGOUT" };
            let expected = if expected == MISSING && !required { state } else { expected };
            assert_eq!(answer(&mut desk, user, user, body), expected, "{required} {user:?} {body}");
        }
    }
    let mut desk = desk_with("uccx", "", REASONS);
    bring(&mut desk, BOB, "READY");
    let with_reason = "<state>NOT_READY</state><reasonCodeId>1</reasonCodeId>";
    assert_eq!(answer(&mut desk, ADA, BOB, with_reason), NOT_ALLOWED);
    assert_eq!(answer(&mut desk, ADA, BOB, "<state>NOT_READY</state>"), "202|NOT_READY");
    assert_eq!(
        answer(
            &mut desk,
            BOB,
            BOB,
            "<state>LOGIN</state><extension>1001</extension><reasonCodeId>1</reasonCodeId>"
        ),
        NOT_ALLOWED
    );
}

#[test]
fn the_reason_is_told_while_the_state_lasts() {
    let mut desk = desk_with("uccx", "require_reason_codes = false", REASONS);
    for (body, id, label) in [
        ("<state>LOGIN</state><extension>1002</extension>", "-1", Some("Agent Logon")),
        ("<state>NOT_READY</state><reasonCodeId>1</reasonCodeId>", "1", Some("Team Meeting")),
        ("<state>LOGIN</state><extension>1002</extension>", "1", Some("Team Meeting")),
        ("<state>NOT_READY</state><reasonCodeId>2</reasonCodeId>", "2", Some("Fire & Ice")),
        ("<state>NOT_READY</state>", "-1", None),
        ("<state>NOT_READY</state><reasonCodeId>2</reasonCodeId>", "2", Some("Fire & Ice")),
        ("<state>READY</state>", "-1", None),
        ("<state>LOGOUT</state><reasonCodeId>3</reasonCodeId>", "3", Some("Home")),
    ] {
        let asked = asked(&format!("<User>{body}</User>"));
        let events = desk.set_state(at(0), EVE, EVE, &asked, "").expect("an accepted request");
        let document = get(&desk, EVE);
        assert_eq!(field(&document, "reasonCodeId"), id, "{body}");
        for document in events.iter().map(|event| &event.payload).chain([&document]) {
            let told = document.contains("<reasonCode>").then(|| field(document, "label"));
            assert_eq!(told.as_deref(), label, "{body}: {document}");
        }
    }
}

#[test]
fn what_a_supervisor_does_has_a_reason_of_the_system() {
    for (profile, not_ready, logout) in [("uccx", "33", "22"), ("ucce", "999", "999")] {
        let mut desk = desk(profile);
        bring(&mut desk, BOB, "READY");
        for (state, code) in [("NOT_READY", not_ready), ("LOGOUT", logout)] {
            let events = ask(&mut desk, ADA, BOB, state).expect("an accepted request");
            let document = get(&desk, BOB);
            for document in events.iter().map(|event| &event.payload).chain([&document]) {
                assert_eq!(field(document, "code"), code, "{document}");
                assert_eq!(field(document, "category"), state, "{document}");
            }
            assert_eq!(field(&document, "systemCode"), "true");
            assert_eq!(field(&document, "reasonCodeId"), "-1");
        }
        // One's own doing has none, though a supervisor has the rights on oneself too.
        bring(&mut desk, ADA, "READY");
        ask(&mut desk, ADA, ADA, "NOT_READY").expect("an accepted request");
        assert!(!get(&desk, ADA).contains("<reasonCode>"));
    }
}
