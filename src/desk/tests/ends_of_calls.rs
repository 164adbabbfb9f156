//! The ends of calls as clients see them: DROPPED before DELETE, wrap-up with its call, and a member to whom a supervisor listens.

use crate::desk::tests::dialogues::lab;
use crate::desk::tests::*;
use crate::desk::{DialogRequest, Inbound};

const DIALOGS: &str = "/finesse/api/User/bob/Dialogs";
const RELEASES: [(&str, &str); 2] = [("uccx", "WORK"), ("ucce", "WORK_READY")];

/// A desk on which Bob, and then the others, have signed in, and Bob talks to a caller from a queue; and the id of the call.
fn talking(profile: &str, others: &[UserId]) -> (Desk, String) {
    let mut desk = lab(profile);
    for user in [BOB].iter().chain(others) {
        ask(&mut desk, *user, *user, "LOGIN").expect("an accepted request");
    }
    ask(&mut desk, BOB, BOB, "READY").expect("an accepted request");
    let call = Inbound { from: "5550123".into(), to: "9001".into(), data: CallData::default() };
    let (id, _) = desk.place_call(at(500), &call, "").expect("the call is put through");
    let id = id.to_string();
    act(&mut desk, 600, BOB, &id, "ANSWER");
    (desk, id)
}

/// A user asks for an action at its telephone.
fn act(desk: &mut Desk, time: u64, user: UserId, id: &str, action: &str) -> Vec<Event> {
    let target = desk.agent(user).extension.clone().unwrap_or_default();
    let body = format!(
        "<Dialog><targetMediaAddress>{target}</targetMediaAddress><requestedAction>{action}</requestedAction></Dialog>"
    );
    let asked = DialogRequest::read(&body, &Bounds::of(&Limits::default())).expect("a good body");
    desk.update_dialog(at(time), user, id, &asked, "r").expect("an accepted request")
}

/// A supervisor listens to Bob. Returns the events and the id of the call by which it does.
fn listen(desk: &mut Desk, user: UserId) -> (Vec<Event>, String) {
    let from = desk.agent(user).extension.clone();
    let asked = DialogRequest {
        action: Some("SILENT_MONITOR".into()),
        from,
        to: Some("1001".into()),
        ..DialogRequest::default()
    };
    let events = desk.create_dialog(at(700), user, user, &asked, "r").expect("an accepted request");
    let id = field(&events[0].payload, "id");
    (events, id)
}

/// The events on a node: what happened, with the state of Bob in the call.
fn told_on(events: &[Event], node: &str) -> Vec<String> {
    let on_it = events.iter().filter(|event| event.node == node);
    on_it.map(|event| format!("{} {}", field(&event.payload, "event"), of_bob(&event.payload))).collect()
}

/// The state of Bob's participant in a document, and the actions that it is offered.
fn of_bob(document: &str) -> String {
    let parts = document.split("<Participant>");
    let own = parts.into_iter().find(|part| part.contains("<mediaAddress>1001<")).expect("Bob");
    let (actions, rest) = own.split_once("</actions>").expect("actions");
    let state = rest.split_once("<state>").and_then(|(_, rest)| rest.split_once("</state>"));
    let actions: Vec<&str> = actions.split("<action>").skip(1).collect();
    let actions = actions.iter().map(|action| action.trim_end_matches("</action>"));
    let words = [state.expect("a state").0].into_iter().chain(actions);
    words.collect::<Vec<_>>().join(" ")
}

/// What Bob's list of calls shows.
fn list(desk: &Desk) -> String {
    desk.dialogs_document(BOB, BOB).expect("his calls")
}

fn wrap_up(desk: &mut Desk, id: &str, reason: &str) -> Result<Vec<Event>, ApiError> {
    let body = format!(
        "<Dialog><requestedAction>UPDATE_CALL_DATA</requestedAction>\
         <mediaProperties><wrapUpReason>{reason}</wrapUpReason></mediaProperties></Dialog>"
    );
    let asked = DialogRequest::read(&body, &Bounds::of(&Limits::default())).expect("a good body");
    desk.update_dialog(at(2000), BOB, id, &asked, "r")
}

#[test]
fn finding_d3_and_m1_a_call_is_wrapped_up_before_it_leaves() {
    for (profile, work) in RELEASES {
        for by_caller in [false, true] {
            let case = format!("{profile} {by_caller}");
            let (mut desk, id) = talking(profile, &[]);
            let events = if by_caller {
                desk.abandon(at(1000), &id, "r").expect("the call is there")
            } else {
                act(&mut desk, 1000, BOB, &id, "DROP")
            };
            assert_eq!(told_on(&events, DIALOGS), ["PUT WRAP_UP UPDATE_CALL_DATA"], "{case}");
            let payload = &events[0].payload;
            assert!(
                payload.contains("</participants><secondaryId></secondaryId><state>ACTIVE</state>"),
                "{payload}"
            );
            assert_eq!(payload.matches("<state>DROPPED</state>").count(), 1, "{payload}");
            assert_eq!(field(&get(&desk, BOB), "state"), work, "{case}");
            // Now is the time for its reason.
            let events = wrap_up(&mut desk, &id, "Sold").expect("an accepted request");
            assert_eq!(told_on(&events, DIALOGS), ["PUT WRAP_UP UPDATE_CALL_DATA"], "{case}");
            assert_eq!(field(&list(&desk), "wrapUpReason"), "Sold", "{case}");
            assert_eq!(of_bob(&list(&desk)), "WRAP_UP UPDATE_CALL_DATA", "{case}");
            for action in ["ANSWER", "HOLD", "RETRIEVE", "DROP"] {
                let events = act(&mut desk, 2100, BOB, &id, action);
                assert!(events[0].payload.contains(&format!("INVALID_ACTION {action} on extension 1001")));
            }
            assert!(desk.abandon(at(2200), &id, "").is_err(), "{case}: nobody is there from outside");
            let events = desk.tick(at(31_000));
            let nodes = events.iter().map(|event| event.node.as_str());
            let nodes: Vec<&str> = nodes.filter(|node| !node.contains("Queue")).collect();
            let own = "/finesse/api/User/bob";
            assert_eq!(nodes, [own, "/finesse/api/Team/1/Users", DIALOGS, DIALOGS], "{case}");
            assert_eq!(told_on(&events, DIALOGS), ["PUT DROPPED", "DELETE DROPPED"], "{case}");
            assert_eq!(field(&events.last().expect("events").payload, "wrapUpReason"), "Sold", "{case}");
            assert_eq!(list(&desk), "<Dialogs/>", "{case}");
            let error = told(&wrap_up(&mut desk, &id, "Late").expect_err("the call is gone"));
            assert_eq!((error.0, error.1.as_str()), (404, "Not Found"), "{case}");
        }
    }
}

#[test]
fn finding_d3_the_call_leaves_however_wrap_up_ends() {
    for (profile, _) in RELEASES {
        for how in ["READY", "NOT_READY", "LOGOUT", "lost", "removed", "telephone"] {
            let case = format!("{profile} {how}");
            let (mut desk, id) = talking(profile, &[ADA]);
            act(&mut desk, 1000, BOB, &id, "DROP");
            let without = |what: &str, instead: &str| {
                let text = format!("profile = \"{profile}\"\n{PEOPLE}");
                assert!(text.contains(what), "{case}");
                Config::parse(&text.replace(what, instead), "c.toml").expect("a valid file")
            };
            let events = match how {
                "LOGOUT" => ask(&mut desk, ADA, BOB, how).expect("an accepted request"),
                "lost" => {
                    desk.left(at(1001), BOB);
                    desk.limits.forced_logout = Duration::from_secs(1);
                    desk.left(at(1001), BOB);
                    desk.tick(at(2001))
                }
                "removed" => desk.reload(at(1001), without("id = \"bob\"", "id = \"ben\"")),
                "telephone" => desk.reload(at(1001), without("\"1001\"", "\"1009\"")),
                state => ask(&mut desk, BOB, BOB, state).expect("an accepted request"),
            };
            assert_eq!(told_on(&events, DIALOGS), ["PUT DROPPED", "DELETE DROPPED"], "{case}");
            assert!(desk.dialogs.is_empty(), "{case}");
        }
    }
}

#[test]
fn finding_d3_nothing_is_wrapped_up_by_a_team_without_the_time_or_before_a_logout() {
    for (profile, _) in RELEASES {
        let (mut desk, id) = talking(profile, &[ADA]);
        ask(&mut desk, ADA, BOB, "LOGOUT").expect("an accepted request");
        let events = act(&mut desk, 1000, BOB, &id, "DROP");
        assert_eq!(told_on(&events, DIALOGS), ["PUT DROPPED", "DELETE DROPPED"], "{profile}");
        let (mut desk, id) = talking(profile, &[]);
        desk.teams[0].wrap_up = None;
        let events = act(&mut desk, 1000, BOB, &id, "DROP");
        assert_eq!(told_on(&events, DIALOGS), ["PUT DROPPED", "DELETE DROPPED"], "{profile}");
        assert!(desk.dialogs.is_empty(), "{profile}");
    }
}

#[test]
fn finding_d3_who_wraps_up_is_as_busy_as_before_and_can_be_read() {
    for (profile, work) in RELEASES {
        let (mut desk, id) = talking(profile, &[]);
        act(&mut desk, 1000, BOB, &id, "DROP");
        for to in ["9001", "1001"] {
            let call = Inbound { from: "5550124".into(), to: to.into(), data: CallData::default() };
            let placed = desk.place_call(at(1100), &call, "");
            assert_eq!(placed.is_ok(), to == "9001", "{profile}");
        }
        assert_eq!(field(&get(&desk, BOB), "state"), work, "{profile}");
        // A supervisor of the team may read the call, the other team may not.
        assert!(desk.dialog_document(ADA, &id).is_ok() && desk.dialog_document(EVE, &id).is_err());
        let events = desk.tick(at(31_000));
        assert_eq!(
            field(&events.last().expect("events").payload, "event"),
            "POST",
            "{profile}: the next rings"
        );
        assert_eq!(of_bob(&list(&desk)), "ALERTING ANSWER", "{profile}");
    }
}

#[test]
fn finding_d7_everybody_is_dropped_before_a_call_leaves() {
    for (profile, _) in RELEASES {
        let mut desk = lab(profile);
        for user in [BOB, EVE] {
            ask(&mut desk, user, user, "LOGIN").expect("an accepted request");
        }
        let asked = DialogRequest {
            action: Some("MAKE_CALL".into()),
            from: Some("1001".into()),
            to: Some("1002".into()),
            ..DialogRequest::default()
        };
        let events = desk.create_dialog(at(700), BOB, BOB, &asked, "r").expect("an accepted request");
        let id = field(&events.iter().find(|event| event.node == DIALOGS).expect("a call").payload, "id");
        act(&mut desk, 800, EVE, &id, "ANSWER");
        let events = act(&mut desk, 900, EVE, &id, "DROP");
        for node in [DIALOGS, "/finesse/api/User/eve/Dialogs"] {
            assert_eq!(told_on(&events, node), ["PUT DROPPED", "DELETE DROPPED"], "{profile}");
        }
        for event in events.iter().filter(|event| event.node.ends_with("/Dialogs")) {
            assert_eq!(event.payload.matches("<state>DROPPED</state>").count(), 3, "{}", event.payload);
        }
    }
}

#[test]
fn finding_gap_7_d6_and_m5_the_member_has_the_call_by_which_a_supervisor_listens() {
    for (profile, _) in RELEASES {
        let (mut desk, call) = talking(profile, &[ADA]);
        let before = get(&desk, BOB);
        let (events, id) = listen(&mut desk, ADA);
        assert_eq!(told_on(&events, DIALOGS), ["POST ACTIVE"], "{profile}");
        let posted = events.iter().find(|event| event.node == DIALOGS).expect("a call");
        assert_eq!(field(&posted.payload, "callType"), "SUPERVISOR_MONITOR", "{profile}");
        assert_eq!(get(&desk, BOB), before, "{profile}: the state stays");
        assert_eq!(list(&desk).matches("<Dialog>").count(), 2, "{profile}");
        assert_eq!(of_bob(&desk.dialog_document(BOB, &id).expect("his call")), "ACTIVE", "{profile}");
        assert!(desk.dialog_document(EVE, &id).is_err(), "{profile}");
        for action in ["DROP", "HOLD", "BARGE_CALL", "UPDATE_CALL_DATA"] {
            let events = act(&mut desk, 800, BOB, &id, action);
            assert!(events[0].payload.contains(&format!("INVALID_ACTION {action} on extension 1001")));
        }
        let events = act(&mut desk, 1000, ADA, &id, "DROP");
        assert_eq!(told_on(&events, DIALOGS), ["PUT DROPPED", "DELETE DROPPED"], "{profile}");
        assert_eq!(get(&desk, BOB), before, "{profile}");
        assert_eq!(list(&desk).matches("<Dialog>").count(), 1, "{profile}");
        // The call by which she listens ends with his call too, and what he wraps up is his own call only.
        listen(&mut desk, ADA);
        let events = act(&mut desk, 1100, BOB, &call, "DROP");
        let expected = ["PUT DROPPED", "DELETE DROPPED", "PUT WRAP_UP UPDATE_CALL_DATA"];
        assert_eq!(told_on(&events, DIALOGS), expected, "{profile}");
        assert_eq!(list(&desk).matches("<Dialog>").count(), 1, "{profile}");
    }
}

#[test]
fn finding_gap_7_two_supervisors_who_listen_are_two_calls_of_the_member() {
    for (profile, _) in RELEASES {
        let (mut desk, _) = talking(profile, &[ADA, EVE]);
        // Eve watches over the team too.
        let text = format!("profile = \"{profile}\"\n{PEOPLE}");
        let eve = "id = \"eve\"\nroles = [\"Agent\", \"Supervisor\"]\nsupervises = [\"1\"]";
        let config = Config::parse(&text.replace("id = \"eve\"", eve), "c.toml").expect("a valid file");
        desk.reload(at(650), config);
        let (_, first) = listen(&mut desk, ADA);
        let (events, _) = listen(&mut desk, EVE);
        assert_eq!(told_on(&events, DIALOGS), ["POST ACTIVE"], "{profile}");
        assert_eq!(list(&desk).matches("<Dialog>").count(), 3, "{profile}");
        act(&mut desk, 800, ADA, &first, "DROP");
        assert_eq!(list(&desk).matches("<Dialog>").count(), 2, "{profile}");
    }
}

#[test]
fn finding_d3_eight_agents_at_most_wrap_up_one_call() {
    for (profile, work) in RELEASES {
        let member = |n: u32| {
            format!("[[user]]\nid = \"a{n}\"\npassword = \"x\"\nteam = \"1\"\nextension = \"{}\"\n", 2000 + n)
        };
        let people: String = (0..12).map(member).collect();
        let text = format!(
            "profile = \"{profile}\"\n[[team]]\nid = \"1\"\nname = \"Lab\"\nwrap_up = \"30s\"\n{people}\
             [[queue]]\nid = \"q\"\nname = \"Q\"\nteam = \"1\"\nnumber = \"9001\"\n[limits]\nsign_in = \"0ms\"\n"
        );
        let mut desk = Desk::new(Config::parse(&text, "c.toml").expect("a valid file"));
        for user in (0..12).map(UserId::first) {
            ask(&mut desk, user, user, "LOGIN").expect("an accepted request");
        }
        ask(&mut desk, UserId::first(0), UserId::first(0), "READY").expect("an accepted request");
        let call = Inbound { from: "5550123".into(), to: "9001".into(), data: CallData::default() };
        let (id, _) = desk.place_call(at(500), &call, "").expect("the call is put through");
        let (place, id) = (id, id.to_string());
        act(&mut desk, 600, UserId::first(0), &id, "ANSWER");
        for user in 0..11 {
            let asked = DialogRequest {
                action: Some("TRANSFER_SST".into()),
                target: Some((2000 + user).to_string()),
                to: Some((2001 + user).to_string()),
                ..DialogRequest::default()
            };
            desk.update_dialog(at(700), UserId::first(user), &id, &asked, "r").expect("an accepted request");
            act(&mut desk, 800, UserId::first(user + 1), &id, "ANSWER");
            assert!(
                ["WORK", work].contains(&field(&get(&desk, UserId::first(user)), "state").as_str()),
                "{profile}"
            );
        }
        let wrap_up = desk.dialogs[&place].participants.iter().filter(|one| one.has_left()).count();
        assert_eq!(wrap_up, 8, "{profile}");
        assert_eq!(
            desk.dialogs_document(UserId::first(8), UserId::first(8)).as_deref(),
            Ok("<Dialogs/>"),
            "{profile}"
        );
        desk.tick(at(60_000));
        assert_eq!(desk.dialogs[&place].participants.len(), 2, "{profile}");
    }
}
