//! Maintenance mode ends the sessions, some at a time; and who is on line and who is kept out.

use crate::desk::{self, ApiError, CallData, Connected, Inbound, Request, StartMaintenance, Status};
use crate::hub::tests::availability::ask_for;
use crate::hub::tests::*;
use crate::id::UserId;
use crate::pubsub::After;

const SECOND: Duration = Duration::from_secs(1);

fn administrator(stage: &Stage) -> UserId {
    stage.hub.users().find("administrator").expect("the demo has one")
}

fn ask(stage: &mut Stage, request: Request) -> Result<Option<String>, ApiError> {
    let by = administrator(stage);
    let answer = stage.hub.request(stage.now, by, by, String::new(), request);
    stage.settle();
    answer
}

/// Begins maintenance mode, which has a minute.
fn begin(stage: &mut Stage) {
    ask(stage, Request::StartMaintenance(StartMaintenance::default())).expect("an administrator may");
}

fn with_a_minute() -> Stage {
    Stage::with(|config| config.limits.maintenance = 60 * SECOND)
}

fn shown(stage: &Stage) -> String {
    let pending = stage.hub.connected(stage.now).total();
    stage.hub.desk().maintenance_document(stage.now, administrator(stage), pending).expect("an administrator")
}

/// Whether a session was told that the system goes down.
fn is_ended(stage: &mut Stage, id: SessionId) -> bool {
    let heard = stage.hear(id).concat();
    let ended = heard.contains("<system-shutdown");
    assert_eq!(ended, heard.contains("close 1001"), "{heard}");
    ended
}

#[test]
fn finding_m17_sessions_end_some_at_a_time_after_a_notice_and_then_the_services() {
    let mut stage = with_a_minute();
    let ids = ["1001", "1002", "1003"].map(|user| stage.available(user, "desktop"));
    begin(&mut stage);
    assert!(shown(&stage).contains("<desktop>3</desktop>"), "{}", shown(&stage));
    assert!(
        shown(&stage).contains("<estimatedCompletionTime>25</estimatedCompletionTime>"),
        "{}",
        shown(&stage)
    );
    for id in ids {
        let heard = stage.hear(id).concat();
        assert!(heard.contains("/finesse/api/SystemInfo") && !heard.contains("<close"), "{heard}");
    }
    stage.pass(15 * SECOND - Duration::from_millis(1));
    assert!(ids.iter().all(|id| !is_ended(&mut stage, *id)), "nobody before the notice is over");
    stage.pass(Duration::from_millis(1));
    for (nth, id) in ids.into_iter().enumerate() {
        assert!(is_ended(&mut stage, id), "{nth}");
        assert!(
            shown(&stage).contains(&format!("<pendingUserDisconnections>{}<", 2 - nth)),
            "{}",
            shown(&stage)
        );
        assert_eq!(stage.hub.availability().status == Status::OutOfService, nth == 2, "{nth}");
        stage.pass(5 * SECOND);
    }
    assert!(shown(&stage).contains("<status>COMPLETED</status>"), "{}", shown(&stage));
    assert_eq!(stage.hub.availability(), Availability { status: Status::OutOfService, finesse: false });
    assert_eq!(stage.maintenance_ends, [None], "the log says so");
    // As if the services were started again.
    stage.hub.set_availability(stage.now, Availability { status: Status::InService, finesse: true });
    assert!(shown(&stage).contains("<status></status>"), "{}", shown(&stage));
    let back = stage.available("1001", "desktop");
    stage.pass(30 * SECOND);
    assert!(!is_ended(&mut stage, back));
}

#[test]
fn a_user_in_a_call_is_let_go_last_and_who_comes_back_makes_it_fail() {
    let mut stage = with_a_minute();
    let [caller, other] = ["1001", "1002"].map(|user| {
        let id = stage.available(user, "desktop");
        ask_for(&mut stage, user, "LOGIN").expect("it may");
        id
    });
    stage.pass(stage.hub.limits.sign_in);
    let call = Inbound { to: "1001".into(), from: "5550001".into(), data: CallData::default() };
    let command = desk::Command::PlaceCall(call);
    stage.hub.apply(Entry { now: stage.now, by: None, command }).expect("1001 is there");
    begin(&mut stage);
    stage.hear(caller);
    stage.pass(15 * SECOND);
    stage.pass(5 * SECOND);
    assert!(!is_ended(&mut stage, caller) && is_ended(&mut stage, other));
    let back = stage.available("1002", "phone");
    stage.pass(39 * SECOND);
    assert!(!is_ended(&mut stage, caller), "the call goes on");
    stage.pass(SECOND);
    assert!(is_ended(&mut stage, caller), "the time is over");
    assert!(!is_ended(&mut stage, back), "it came after the beginning");
    let document = shown(&stage);
    assert!(document.contains("<status>FAILED</status>"), "{document}");
    assert!(document.contains("<pendingUserDisconnections>1</pendingUserDisconnections>"), "{document}");
    assert_eq!(stage.hub.availability(), Availability { status: Status::InService, finesse: true });
    assert_eq!(stage.hub.departures.as_ref().map(|_| ()), None);
    assert_eq!(stage.maintenance_ends, [Some("Users who are still connected: 1".to_owned())]);
}

#[test]
fn maintenance_mode_without_anybody_on_line_completes_after_the_notice() {
    let mut stage = with_a_minute();
    begin(&mut stage);
    assert!(
        shown(&stage).contains("<estimatedCompletionTime>0</estimatedCompletionTime>"),
        "{}",
        shown(&stage)
    );
    stage.pass(14 * SECOND);
    assert!(shown(&stage).contains("<status>IN_PROGRESS</status>"), "{}", shown(&stage));
    stage.pass(SECOND);
    assert!(shown(&stage).contains("<status>COMPLETED</status>"), "{}", shown(&stage));
}

#[test]
fn nobody_is_let_go_any_more_when_the_service_is_set_by_hand() {
    let mut stage = with_a_minute();
    let id = stage.available("1001", "desktop");
    begin(&mut stage);
    stage.pass(SECOND);
    stage.hub.set_availability(stage.now, Availability { status: Status::OutOfService, finesse: true });
    assert!(stage.hub.departures.is_none());
    stage.pass(59 * SECOND);
    stage.pass(60 * SECOND);
    assert!(!is_ended(&mut stage, id));
    assert!(shown(&stage).contains("<status>FAILED</status>"), "{}", shown(&stage));
    assert_eq!(stage.maintenance_ends, [Some("The server went out of service".to_owned())]);
}

#[test]
fn finding_m17_a_user_is_connected_once_and_by_its_desktop_first() {
    let mut stage = Stage::new();
    assert_eq!(stage.hub.connected(stage.now), Connected::default());
    for (user, resource) in
        [("1001", "x"), ("1001", "desktop"), ("1001", "FIPPA"), ("1002", "Fippa"), ("1003", "Desktop")]
    {
        stage.bind(user, resource);
    }
    // One that has bound nothing is nobody's yet.
    stage.log_in("1003");
    let user = stage.hub.users().find("1004").expect("the demo has it");
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
    let asked = StreamRequest { peer, user, ticket: None, via_proxy: true };
    stage.hub.open_events(stage.now, asked, [USER_NODE], After::Now).expect("everybody may follow it");
    let users = stage.hub.connected_users(stage.now);
    let jids: Vec<&str> = users.iter().map(|user| &*user.jid).collect();
    assert_eq!(
        jids,
        ["1001@localhost/desktop", "1002@localhost/Fippa", "1003@localhost/Desktop", "1004@localhost"]
    );
    let expected = Connected { desktop: 1, fippa: 1, third_party: 2, via_proxy: 1 };
    assert_eq!(stage.hub.connected(stage.now), expected);
}

#[test]
fn finding_m17_an_administrator_lets_a_user_in_again_who_was_kept_out() {
    let mut stage = Stage::new();
    let unlock = |stage: &mut Stage, id: &str| ask(stage, Request::Unlock(id.to_owned()));
    assert_eq!(unlock(&mut stage, "1001").expect_err("nobody is").status(), 404);
    for _ in 0..2 {
        let first = stage.log_in_with("1001", "wrong");
        for _ in 0..2 {
            stage.say(
                first,
                "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAeA==</auth>",
            );
        }
    }
    let locked = stage.hub.locked_out(stage.now);
    let user = stage.hub.users().find("1001").expect("the demo has it");
    assert_eq!(locked, [(user, stage.hub.limits.lockout)]);
    let heard = |stage: &mut Stage| {
        let id = stage.log_in("1001");
        stage.hear(id).concat()
    };
    assert!(heard(&mut stage).contains("<not-authorized/>"));
    // The command is the whole change: whatever applies it again lets the user in again.
    let request = Request::Unlock("1001".to_owned());
    let command = desk::Command::Request { actor: user, request_id: String::new(), request: request.clone() };
    let refused = stage.hub.apply(Entry { now: stage.now, by: Some(user), command });
    assert_eq!(refused.expect_err("no administrator").status(), 403);
    assert!(heard(&mut stage).contains("<not-authorized/>"));
    let actor = administrator(&stage);
    let command = desk::Command::Request { actor, request_id: String::new(), request };
    let entry = Entry { now: stage.now, by: Some(actor), command };
    stage.hub.apply(entry.clone()).expect("it is kept out");
    assert_eq!(stage.hub.apply(entry).expect_err("it is not any more").status(), 404);
    assert_eq!(stage.hub.locked_out(stage.now), []);
    assert!(heard(&mut stage).contains("<success"));
}

/// Users come, call and go meanwhile: it is over in time, nobody is forgotten, and the hub does not wake for nothing.
#[test]
fn maintenance_mode_is_over_in_time_whatever_the_sessions_do() {
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut stage = with_a_minute();
        let users = ["1001", "1002", "1003", "1004"];
        let mut first: Vec<SessionId> = Vec::new();
        for nth in 0..random.usize(..12) {
            first.push(stage.available(users[nth % users.len()], &format!("r{nth}")));
        }
        for user in &users[..random.usize(..users.len())] {
            ask_for(&mut stage, user, "LOGIN").expect("it may");
            stage.pass(stage.hub.limits.sign_in);
            let call = Inbound { to: (*user).into(), from: "5550001".into(), data: CallData::default() };
            let command = desk::Command::PlaceCall(call);
            stage.hub.apply(Entry { now: stage.now, by: None, command }).expect("it is there");
        }
        begin(&mut stage);
        let end = stage.now.monotonic + 60 * SECOND;
        let mut later: Vec<SessionId> = Vec::new();
        while stage.hub.departures.is_some() {
            match random.u8(..8) {
                0 if !first.is_empty() => {
                    let id = first.swap_remove(random.usize(..first.len()));
                    stage.hub.closed(stage.now, id, "gone");
                }
                1 if random.u8(..4) == 0 => later.push(stage.available("1005", "later")),
                2 if !later.is_empty() => stage.hub.closed(stage.now, later.remove(0), "gone"),
                _ => {}
            }
            stage.settle();
            let due = stage.hub.departures.as_ref().expect("it goes on").wake_at();
            assert!(due > stage.now.monotonic && due <= end, "seed {seed}");
            stage.pass(due - stage.now.monotonic);
        }
        assert!(stage.now.monotonic <= end, "seed {seed}");
        for id in first {
            assert!(stage.hub.sessions.get(id).is_none_or(session::Session::is_closed), "seed {seed}: {id}");
        }
        let (left, document) = (stage.hub.connected(stage.now).total(), shown(&stage));
        let expected = if left == 0 { "COMPLETED" } else { "FAILED" };
        assert!(document.contains(&format!("<status>{expected}</status>")), "seed {seed}: {document}");
        let is_up = stage.hub.availability() == Availability { status: Status::InService, finesse: true };
        assert_eq!(is_up, left > 0, "seed {seed}");
    }
}

#[test]
fn an_accepted_sign_in_is_told_before_maintenance_mode_ends_the_session() {
    let mut stage = with_a_minute();
    let users = ["1001", "1002", "1003"];
    let ids = users.map(|user| stage.available(user, "desktop"));
    begin(&mut stage);
    stage.pass(15 * SECOND - Duration::from_millis(1));
    for (user, id) in users.into_iter().zip(ids) {
        ask_for(&mut stage, user, "LOGIN").expect("the service is up");
        stage.hear(id);
    }
    stage.pass(Duration::from_millis(1));
    let heard = ids.map(|id| stage.hear(id).concat());
    let ended: Vec<_> = heard.iter().filter(|heard| heard.contains("<system-shutdown")).collect();
    assert!(!ended.is_empty(), "{heard:?}");
    for heard in ended {
        let told = heard.find("NOT_READY").expect("what has come of it");
        assert!(Some(told) < heard.find("<system-shutdown"), "{heard}");
    }
}
