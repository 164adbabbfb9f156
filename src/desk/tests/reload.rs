//! Another configuration: who is told of what, and what becomes of calls. Everything else about it is in `random_calls`.

use std::collections::HashSet;

use crate::config::Config;
use crate::desk::NewMessage;
use crate::desk::tests::*;
use crate::desk::timers::Alarm;

const QUEUE: &str = "[[queue]]\nid = \"q\"\nname = \"Sales\"\nteam = \"1\"\nnumber = \"9001\"\n";

fn config(more: &str, from: &str, to: &str) -> Config {
    let text = format!("profile = \"uccx\"\n{PEOPLE}{more}");
    assert!(text.contains(from), "{from}");
    Config::parse(&text.replace(from, to), "c.toml").expect("a valid file")
}

#[test]
fn a_team_of_many_is_told_in_portions_and_nobody_is_left_out() {
    let members: String =
        (0..200).map(|n| format!("[[user]]\nid = \"m{n}\"\npassword = \"x\"\nteam = \"2\"\n")).collect();
    let mut desk = at_once(config(&members, "Kiosk", "Kiosk"));
    let mut events = desk.reload(at(0), config(&members, "Kiosk", "Shop"));
    let mut told = HashSet::new();
    for turn in 0.. {
        // Two for each user: its own, and that of its team.
        assert!(events.len() <= 128, "{}", events.len());
        told.extend(events.drain(..).map(|event| event.node));
        if desk.wake_at().is_none() {
            break;
        }
        assert!(turn < 10);
        events = desk.tick(at(turn + 1));
    }
    for n in 0..200 {
        assert!(told.contains(&format!("/finesse/api/User/m{n}")), "m{n}");
    }
    // Members of the other team show nothing of it.
    assert!(!told.contains("/finesse/api/User/bob") && told.contains("/finesse/api/User/sue"));
}

#[test]
fn another_label_of_a_reason_is_told_and_another_telephone_in_the_file_is_not() {
    let mut desk = at_once(config(REASONS, "Team Meeting", "Team Meeting"));
    bring(&mut desk, BOB, "NOT_READY");
    let body = "<User><state>NOT_READY</state><reasonCodeId>1</reasonCodeId></User>";
    desk.set_state(at(1), BOB, BOB, &asked(body), "r").expect("an accepted request");
    let events = desk.reload(at(2), config(REASONS, "Team Meeting", "Standup"));
    let own = events.iter().find(|event| event.node == "/finesse/api/User/bob").expect("it is told");
    assert_eq!(field(&own.payload, "label"), "Standup");
    assert_eq!(events.len(), 2, "{events:?}");
    let events = desk.reload(at(3), config(REASONS, "id = 1\ncategory", "id = 9\ncategory"));
    assert_eq!(events.len(), 2, "the reason is gone: {events:?}");
    assert_eq!(field(&get(&desk, BOB), "reasonCodeId"), "-1");
    // Eve is not signed in: what is shown is where one is.
    let text = config("", "extension = \"1002\"", "extension = \"1003\"");
    assert_eq!(desk.reload(at(4), text), []);
}

#[test]
fn a_caller_that_rings_at_a_removed_agent_goes_back_to_its_queue() {
    let mut desk = at_once(config(QUEUE, "Lab", "Lab"));
    bring(&mut desk, BOB, "READY");
    let call = Inbound { from: "5550199".into(), to: "9001".into(), data: CallData::default() };
    let (id, _) = desk.place_call(at(500), &call, "").expect("a call");
    assert_eq!(field(&get(&desk, BOB), "state"), "RESERVED");
    let gone = config(QUEUE, "id = \"bob\"", "id = \"bea\"");
    let events = desk.reload(at(501), gone);
    let states: Vec<String> = events
        .iter()
        .filter(|event| event.node == "/finesse/api/User/bob")
        .map(|event| field(&event.payload, "state"))
        .collect();
    assert_eq!(states.last().map(String::as_str), Some("LOGOUT"), "{states:?}");
    // It waits, and the next who is ready gets it.
    assert!(desk.dialog_document(ROOT, &id.to_string()).is_ok());
    bring(&mut desk, ADA, "NOT_READY");
    ask(&mut desk, ADA, ADA, "READY").expect("an accepted request");
    assert_eq!(field(&get(&desk, ADA), "state"), "RESERVED");
}

#[test]
fn finding_defect_3_a_message_keeps_the_name_of_a_creator_who_is_gone_and_nobody_else_has_made_it() {
    let mut desk = at_once(config("", "Lab", "Lab"));
    let asked =
        NewMessage { duration: Some("100".into()), content: Some("Tea".into()), teams: vec!["1".into()] };
    let (document, _) = desk.create_message(at(0), ADA, asked, "r").expect("a message");
    let others = ["cid", "dan", "fay"];
    for (turn, id) in others.iter().enumerate() {
        desk.reload(at(1), config("", "id = \"ada\"", &format!("id = \"{id}\"")));
        assert_eq!(desk.message_document(BOB, "1").as_deref(), Ok(document.as_str()), "{id}");
        let other = desk.directory().find(id).expect("it is there");
        // The supervisor of the team has another's place from the second configuration on.
        assert_eq!(other.0.place == ADA.0.place, turn == 1, "{id}");
        assert!(desk.delete_message(at(2), other, "1", "r").is_err(), "{id}");
        assert_eq!(desk.messages_document(other), "<TeamMessages/>", "{id}");
    }
    // The creator comes back: with another key, and with the message.
    desk.reload(at(3), config("", "id = \"ada\"", "id = \"ada\"\nfirst_name = \"Ada\""));
    let again = desk.directory().find("ada").expect("it is there again");
    assert_ne!(again, ADA);
    assert_eq!(field(&desk.messages_document(again), "firstName"), "Ada");
    assert!(desk.delete_message(at(4), again, "1", "r").is_ok());
}

#[test]
fn finding_defect_3_the_timer_of_a_user_who_is_gone_signs_nobody_out() {
    let mut desk = at_once(config("", "Lab", "Lab"));
    bring(&mut desk, ADA, "NOT_READY");
    desk.left(at(0), ADA);
    let due = desk.wake_at().expect("it is to be signed out");
    for id in ["cid", "dan"] {
        desk.reload(at(1), config("", "id = \"ada\"", &format!("id = \"{id}\"")));
    }
    let dan = desk.directory().find("dan").expect("it is there");
    assert_eq!(dan.0.place, ADA.0.place);
    bring(&mut desk, dan, "NOT_READY");
    assert!(desk.wake_at().is_none_or(|next| next > due), "its timer is gone with the user");
    // Even if one were left.
    for alarm in [Alarm::ForcedLogout(ADA), Alarm::SignInOver(ADA), Alarm::WrapUpOver(ADA)] {
        desk.timers.set(due, alarm);
    }
    assert_eq!(desk.tick(at(1_000_000)), []);
    assert_eq!(field(&get(&desk, dan), "state"), "NOT_READY");
}
