//! The time that a sign-in takes, and what happens meanwhile.

use crate::desk::tests::*;
use crate::desk::{Command, Request};

fn desk() -> Desk {
    let text = format!("profile = \"uccx\"\n{PEOPLE}");
    Desk::new(Config::parse(&text, "c.toml").expect("a valid file"))
}

/// Serves a request as the hub does: sign-ins that it has to wait for are over first.
fn serve(
    desk: &mut Desk,
    time: u64,
    actor: UserId,
    user: UserId,
    body: &str,
) -> Result<Vec<Event>, ApiError> {
    let request = Request::SetState { user, asked: asked(&format!("<User>{body}</User>")) };
    let mut events = Vec::new();
    for user in desk.signing_in(actor, &request).collect::<Vec<_>>() {
        events.extend(desk.apply(at(time), Command::EndSignIn(user)).expect("it cannot fail").events);
    }
    events.extend(desk.apply(at(time), Command::Request { actor, request_id: body.into(), request })?.events);
    Ok(events)
}

fn login(desk: &mut Desk, time: u64, user: UserId, extension: &str) {
    let body = format!("<state>LOGIN</state><extension>{extension}</extension>");
    assert_eq!(serve(desk, time, user, user, &body), Ok(vec![]), "nothing is told at once");
}

/// The state that an event tells, or the number of its error; with the node if it is not the user's.
fn said(events: &[Event]) -> Vec<String> {
    let said = |event: &Event| {
        let failed = event.payload.contains("<errorData>");
        let text = field(&event.payload, if failed { "errorData" } else { "state" });
        if event.node.contains("/Team/") { format!("team: {text}") } else { text }
    };
    events.iter().map(said).collect()
}

#[test]
fn finding_gap_3_a_sign_in_takes_effect_and_is_told_after_its_time() {
    let mut desk = desk();
    login(&mut desk, 0, BOB, "1001");
    let shown = get(&desk, BOB);
    assert_eq!((field(&shown, "state"), field(&shown, "extension")), ("LOGOUT".into(), String::new()));
    assert_eq!(desk.wake_at(), Some(at(250).monotonic));
    assert_eq!(desk.tick(at(249)), []);
    let events = desk.tick(at(250));
    assert_eq!(said(&events), ["NOT_READY", "team: NOT_READY"]);
    for event in &events {
        assert_eq!(field(&event.payload, "requestId"), "<state>LOGIN</state><extension>1001</extension>");
        assert_eq!(field(&event.payload, "stateChangeTime"), "2023-01-13T11:07:11.250Z");
    }
    assert_eq!((field(&get(&desk, BOB), "extension"), desk.wake_at()), ("1001".into(), None));
    // A sign-in that keeps the state takes as long, and so does its failure.
    serve(&mut desk, 300, BOB, BOB, "<state>READY</state>").expect("an accepted request");
    login(&mut desk, 300, BOB, "1001");
    assert_eq!(said(&desk.tick(at(550))), ["READY"]);
    login(&mut desk, 600, BOB, "9");
    assert_eq!(said(&desk.tick(at(849))), [""; 0]);
    assert_eq!(said(&desk.tick(at(850))), ["260"]);
    assert_eq!(field(&get(&desk, BOB), "state"), "READY");
}

#[test]
fn finding_gap_3_the_next_request_of_the_user_ends_the_wait() {
    let mut desk = desk();
    for (actor, body, expected) in [
        (BOB, "<state>READY</state>", &["NOT_READY", "team: NOT_READY", "READY", "team: READY"][..]),
        (BOB, "<state>LOGOUT</state>", &["NOT_READY", "team: NOT_READY", "LOGOUT", "team: LOGOUT"]),
        (ADA, "<state>LOGOUT</state>", &["NOT_READY", "team: NOT_READY", "LOGOUT", "team: LOGOUT"]),
    ] {
        login(&mut desk, 0, BOB, "1001");
        let events = serve(&mut desk, 5, actor, BOB, body).expect("an accepted request");
        assert_eq!(said(&events), expected, "{actor:?} {body}");
        assert_eq!(desk.wake_at(), None, "{actor:?} {body}");
        if field(&get(&desk, BOB), "state") != "LOGOUT" {
            serve(&mut desk, 6, BOB, BOB, "<state>LOGOUT</state>").expect("an accepted request");
        }
    }
    // A second LOGIN is a request like any other: the first is over, and the second waits.
    login(&mut desk, 10, BOB, "1001");
    let again = serve(&mut desk, 20, BOB, BOB, "<state>LOGIN</state><extension>1000</extension>");
    assert_eq!(said(&again.expect("an accepted request")), ["NOT_READY", "team: NOT_READY"]);
    assert_eq!(said(&desk.tick(at(270))), ["NOT_READY", "team: NOT_READY"]);
    assert_eq!((field(&get(&desk, BOB), "extension"), desk.wake_at()), ("1000".into(), None));
    // Others' requests are theirs.
    login(&mut desk, 300, EVE, "1002");
    serve(&mut desk, 301, BOB, BOB, "<state>READY</state>").expect("an accepted request");
    assert_eq!(field(&get(&desk, EVE), "state"), "LOGOUT");
}

#[test]
fn finding_gap_3_the_sign_in_that_is_over_first_has_the_telephone() {
    let mut desk = desk();
    login(&mut desk, 0, BOB, "1001");
    login(&mut desk, 100, EVE, "1001");
    assert_eq!(said(&desk.tick(at(250))), ["NOT_READY", "team: NOT_READY"]);
    let events = desk.tick(at(350));
    assert_eq!(
        (said(&events), field(&events[0].payload, "errorType")),
        (vec!["33".into()], "Device Busy".into())
    );
    assert_eq!(field(&get(&desk, EVE), "state"), "LOGOUT");
}

#[test]
fn finding_gap_3_a_session_that_ends_meanwhile_signs_its_agent_out_later() {
    let mut desk = desk();
    login(&mut desk, 0, BOB, "1001");
    desk.left(at(100), BOB);
    assert_eq!(said(&desk.tick(at(250))), ["NOT_READY", "team: NOT_READY"]);
    assert_eq!(said(&desk.tick(at(60_100))), ["LOGOUT", "team: LOGOUT"]);
    // Nobody is signed out who was not signed in.
    login(&mut desk, 70_000, BOB, "9");
    desk.left(at(70_100), BOB);
    assert_eq!(said(&desk.tick(at(70_250))), ["260"]);
    assert_eq!(desk.wake_at(), None);
    // The time to sign in may be the longer one.
    desk.limits.sign_in = Duration::from_secs(100);
    login(&mut desk, 80_000, BOB, "1001");
    desk.left(at(80_000), BOB);
    assert_eq!(said(&desk.tick(at(140_000))), ["NOT_READY", "team: NOT_READY", "LOGOUT", "team: LOGOUT"]);
    assert_eq!(desk.wake_at(), None);
}

/// What was accepted is done, and then the file takes it back.
#[test]
fn finding_gap_3_another_configuration_ends_the_wait() {
    for (from, to, code) in [
        ("id = \"bob\"", "id = \"bea\"", "32748"),
        ("extension = \"1001\"", "extension = \"1009\"", "32750"),
        ("extension = \"1000\"", "extension = \"1008\"", ""),
    ] {
        let mut desk = desk();
        login(&mut desk, 0, BOB, "1001");
        let text = format!("profile = \"uccx\"\n{}", PEOPLE.replace(from, to));
        let events = desk.reload(at(10), Config::parse(&text, "c.toml").expect("a valid file"));
        if code.is_empty() {
            assert_eq!(said(&events), ["NOT_READY", "team: NOT_READY"], "{to}");
        } else {
            assert_eq!(
                said(&events)[..4],
                ["NOT_READY", "team: NOT_READY", "LOGOUT", "team: LOGOUT"],
                "{to}"
            );
            assert_eq!(field(&events[2].payload, "code"), code);
        }
        assert_eq!(desk.wake_at(), None, "{to}");
    }
}

/// Like everything that takes its time.
#[test]
fn finding_gap_3_a_sign_in_is_over_out_of_service_too() {
    let mut desk = desk();
    login(&mut desk, 0, BOB, "1001");
    desk.set_status(at(100), Status::OutOfService);
    assert_eq!(said(&desk.tick(at(250))), ["NOT_READY", "team: NOT_READY"]);
}

#[test]
fn finding_gap_3_a_refused_sign_in_is_refused_at_once() {
    let mut desk = desk();
    for (actor, body, status) in [
        (BOB, "<state>LOGIN</state>", 400),
        (BOB, "<state>LOGIN</state><extension>1001</extension><reasonCodeId>1</reasonCodeId>", 400),
        (ADA, "<state>LOGIN</state><extension>1001</extension>", 401),
    ] {
        let refused = serve(&mut desk, 0, actor, BOB, body).expect_err(body);
        assert_eq!((told(&refused).0, desk.wake_at()), (status, None), "{body}");
    }
}

/// Mobile agents do not exist here, and a client that has the parameters wrong hears of that first.
#[test]
fn finding_d11_and_m12_mobile_agents_are_refused_as_the_guide_says() {
    let mobile = |inside: &str| {
        format!("<state>LOGIN</state><extension>1001</extension><mobileAgent>{inside}</mobileAgent>")
    };
    let number = "<dialNumber>5550100</dialNumber>";
    let mut desk = desk();
    for (inside, kind, data) in [
        (format!("<mode>FOO</mode>{number}"), "Invalid Input", "mode"),
        (number.to_owned(), "Parameter Missing", "mode"),
        ("<mode>CALL_BY_CALL</mode>".to_owned(), "Parameter Missing", "dialNumber"),
        (
            "<mode>NAILED_CONNECTION</mode><dialNumber> </dialNumber>".to_owned(),
            "Parameter Missing",
            "dialNumber",
        ),
    ] {
        let refused = serve(&mut desk, 0, BOB, BOB, &mobile(&inside)).expect_err(&inside);
        assert_eq!(told(&refused), (400, kind.into(), data.into()), "{inside}");
    }
    for (time, mode) in [(0, "CALL_BY_CALL"), (1000, "NAILED_CONNECTION")] {
        let body = mobile(&format!("<mode>{mode}</mode>{number}"));
        assert_eq!(serve(&mut desk, time, BOB, BOB, &body), Ok(vec![]));
        let events = desk.tick(at(time + 250));
        assert_eq!(field(&events[0].payload, "errorType"), "Mode Not Allowed");
        assert_eq!((events.len(), field(&get(&desk, BOB), "state")), (1, "LOGOUT".into()));
    }
    // An empty element is as good as none, and without LOGIN it means nothing.
    serve(&mut desk, 2000, BOB, BOB, &mobile("")).expect("an accepted request");
    assert_eq!(said(&desk.tick(at(2250))), ["NOT_READY", "team: NOT_READY"]);
    let ready = "<state>READY</state><mobileAgent><mode>FOO</mode></mobileAgent>";
    assert_eq!(said(&serve(&mut desk, 3000, BOB, BOB, ready).expect("accepted")), ["READY", "team: READY"]);
}

/// The guide, "User API errors": an agent asks for what is no state it can set, a supervisor for what is a state all the same.
#[test]
fn finding_user_api_errors_of_states_that_cannot_be_set() {
    let mut desk = desk();
    for (actor, state, kind) in [
        (BOB, "HAPPY", "Invalid Input"),
        (BOB, "TALKING", "Invalid Input"),
        (ADA, "HAPPY", "Invalid Input"),
        (ADA, "TALKING", "Invalid State"),
        (ADA, "HOLD", "Invalid State"),
        (ADA, "RESERVED_OUTBOUND_PREVIEW", "Invalid State"),
        (ADA, "UNKNOWN", "Invalid State"),
        (ADA, "WORK", "Invalid State"),
        (ADA, "LOGIN", "Invalid Authorization User Specified"),
    ] {
        let body = format!("<state>{state}</state><extension>1001</extension>");
        let refused = serve(&mut desk, 0, actor, BOB, &body).expect_err(&body);
        assert_eq!(told(&refused).1, kind, "{actor:?} {state}");
    }
}
