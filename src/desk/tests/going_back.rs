//! The desk goes back to what it was: times keep their age, and what was due is due as long after. That everybody is told, and that no rule is
//! broken, is in `random_calls` and `random_media`.

use crate::desk::tests::*;
use crate::desk::{Command, NewMessage, Past};

const QUEUE: &str = "[[queue]]\nid = \"q\"\nname = \"Sales\"\nteam = \"1\"\nnumber = \"9001\"\n";

fn config(from: &str, to: &str) -> Config {
    let text = format!("profile = \"uccx\"\n{PEOPLE}{QUEUE}");
    assert!(text.contains(from), "{from}");
    let mut config = Config::parse(&text.replace(from, to), "c.toml").expect("a valid file");
    config.limits.sign_in = Duration::ZERO;
    config
}

fn back(desk: &mut Desk, now: u64, (then, taken): (Desk, u64), config: Config) -> Vec<Event> {
    let past = Past { desk: then, taken: at(taken), config };
    desk.apply(at(now), Command::GoBack(past.into())).expect("nothing refuses it").events
}

fn call(desk: &mut Desk, now: u64) -> u32 {
    let call = Inbound { from: "5550199".into(), to: "9001".into(), data: CallData::default() };
    desk.place_call(at(now), &call, "").expect("a call").0
}

fn tick(desk: &mut Desk, monotonic: Instant) {
    desk.apply(Now { monotonic, ..at(0) }, Command::Tick).expect("time goes by");
}

fn states(events: &[Event], node: &str) -> Vec<String> {
    events.iter().filter(|event| event.node == node).map(|event| field(&event.payload, "state")).collect()
}

#[test]
fn times_keep_their_age_and_what_was_due_is_due_as_long_after() {
    let mut desk = Desk::new(config("Lab", "Lab"));
    bring(&mut desk, BOB, "READY");
    let id = call(&mut desk, 500);
    let then = (desk.clone(), 1_500);
    let due = desk.wake_at().expect("bob has to answer").duration_since(at(1_500).monotonic);
    let rings = get(&desk, BOB);
    desk.tick(at(1_500 + 60_000));
    assert_eq!(field(&get(&desk, BOB), "state"), "NOT_READY", "nobody has answered");
    // Twice, and from what has been gone back to, too.
    let mut last = then.clone();
    for (now, then) in [(3_600_000, then.clone()), (9_000_000, then)] {
        let events = back(&mut desk, now, then, config("Lab", "Lab"));
        assert_eq!(states(&events, "/finesse/api/User/bob"), ["RESERVED"]);
        let since = field(&rings, "stateChangeTime");
        assert!(since.starts_with("2023-01-13T11:07:11."), "{since}");
        assert_eq!(
            field(&get(&desk, BOB), "stateChangeTime"),
            crate::desk::write::timestamp(at(now - 1_500 + 500).wall)
        );
        assert_eq!(desk.wake_at(), Some(at(now).monotonic + due));
        assert!(shown(desk.dialog_document(BOB, &id.to_string())).contains("ALERTING"));
        last = (desk.clone(), now + 1_000);
    }
    back(&mut desk, 20_000_000, last, config("Lab", "Lab"));
    assert_eq!(desk.wake_at(), Some(at(20_000_000 - 1_000).monotonic + due));
    tick(&mut desk, at(20_000_000 - 1_001).monotonic + due);
    assert_eq!(field(&get(&desk, BOB), "state"), "RESERVED");
    tick(&mut desk, at(20_000_000 - 1_000).monotonic + due);
    assert_eq!(field(&get(&desk, BOB), "state"), "NOT_READY");
}

#[test]
fn calls_of_now_end_and_calls_of_then_are_back_but_no_id_is_given_twice() {
    let mut desk = Desk::new(config("Lab", "Lab"));
    bring(&mut desk, BOB, "READY");
    let then = (desk.clone(), 1_000);
    let first = call(&mut desk, 2_000);
    let events = back(&mut desk, 3_000, then.clone(), config("Lab", "Lab"));
    let of_calls: Vec<_> = events.iter().filter(|event| event.node.ends_with("/Dialogs")).collect();
    assert_eq!(of_calls.len(), 1, "{of_calls:?}");
    assert_eq!(field(&of_calls[0].payload, "event"), "DELETE");
    assert!(desk.dialog_document(ROOT, &first.to_string()).is_err());
    let second = call(&mut desk, 4_000);
    assert_eq!(second, first + 1);
    let rings = (desk.clone(), 5_000);
    desk.abandon(at(6_000), &second.to_string(), "").expect("the caller hangs up");
    let events = back(&mut desk, 7_000, rings, config("Lab", "Lab"));
    let told = events.iter().find(|event| event.node.ends_with("/Dialogs")).expect("it is told");
    assert_eq!(
        (field(&told.payload, "event"), field(&told.payload, "id")),
        ("POST".into(), second.to_string())
    );
    assert_eq!(call(&mut desk, 8_000), second + 1);
}

#[test]
fn messages_of_then_are_shown_again_for_as_long_as_they_had_left() {
    let mut desk = Desk::new(config("Lab", "Lab"));
    let send = |desk: &mut Desk, now, content: &str| {
        let asked = NewMessage {
            duration: Some("100".into()),
            content: Some(content.into()),
            teams: vec!["1".into()],
        };
        desk.create_message(at(now), ROOT, asked, "r").expect("a message");
    };
    send(&mut desk, 0, "first");
    let then = (desk.clone(), 40_000);
    desk.tick(at(100_000));
    send(&mut desk, 150_000, "second");
    let events = back(&mut desk, 200_000, then, config("Lab", "Lab"));
    let told: Vec<_> = events
        .iter()
        .map(|event| (field(&event.payload, "event"), field(&event.payload, "content")))
        .collect();
    assert_eq!(told, [("DELETE".into(), "second".into()), ("POST".into(), "first".into())]);
    assert_eq!(desk.wake_at(), Some(at(260_000).monotonic));
    send(&mut desk, 201_000, "third");
    assert!(desk.message_document(ROOT, "3").is_ok(), "1 and 2 were given");
}

#[test]
fn another_file_has_the_last_word_on_people_and_who_came_back_has_what_the_user_had() {
    let mut desk = Desk::new(config("Lab", "Lab"));
    bring(&mut desk, BOB, "READY");
    let id = call(&mut desk, 500);
    let then = (desk.clone(), 1_000);
    // Bob is gone: the caller waits.
    let without = || config("id = \"bob\"", "id = \"bea\"");
    desk.reload(at(2_000), without());
    desk.abandon(at(2_500), &id.to_string(), "").expect("the caller hangs up");
    let events = back(&mut desk, 3_000, then.clone(), without());
    assert!(events.iter().all(|event| !event.payload.contains("/User/bob")), "{events:?}");
    let waits = shown(desk.dialog_document(ROOT, &id.to_string()));
    assert!(!waits.contains("ALERTING"), "{waits}");
    // Bob is there again, as another user of that name.
    desk.reload(at(4_000), config("Lab", "Lab"));
    let bob = desk.directory().find("bob").expect("there again");
    assert_ne!(bob, BOB);
    assert_eq!(field(&get(&desk, bob), "state"), "LOGOUT");
    let events = back(&mut desk, 5_000, then, config("Lab", "Lab"));
    assert_eq!(states(&events, "/finesse/api/User/bob"), ["RESERVED"]);
    assert!(shown(desk.dialog_document(bob, &id.to_string())).contains("ALERTING"));
    let due = desk.wake_at().expect("bob has to answer");
    tick(&mut desk, due);
    assert_eq!(field(&get(&desk, bob), "state"), "NOT_READY");
}

#[test]
fn a_reset_signs_everybody_out_and_begins_with_the_first_id() {
    let mut desk = Desk::new(config("Lab", "Lab"));
    bring(&mut desk, BOB, "READY");
    bring(&mut desk, EVE, "NOT_READY");
    let first = call(&mut desk, 500);
    call(&mut desk, 500);
    let events =
        desk.apply(at(600), Command::Reset(config("Lab", "Lab").into())).expect("never refused").events;
    assert_eq!(states(&events, "/finesse/api/User/bob"), ["LOGOUT"], "no state in between");
    assert_eq!(states(&events, "/finesse/api/User/eve"), ["LOGOUT"]);
    assert!(states(&events, "/finesse/api/User/ada").is_empty(), "never signed in");
    let of_calls = events.iter().filter(|event| event.node == "/finesse/api/User/bob/Dialogs");
    assert_eq!(of_calls.map(|event| field(&event.payload, "event")).next_back().as_deref(), Some("DELETE"));
    assert_eq!((desk.wake_at(), everything(&desk)), (None, everything(&Desk::new(config("Lab", "Lab")))));
    bring(&mut desk, BOB, "READY");
    assert_eq!(call(&mut desk, 700), first);
}
