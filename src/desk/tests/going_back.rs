//! The desk goes back to what it was: times keep their age, and what was due is due as long after. That everybody is told, and that no rule is
//! broken, is in `random_calls` and `random_media`.

use crate::config::campaigns::Customer;
use crate::desk::tests::dialogues::Stage;
use crate::desk::tests::media::{self, play_one};
use crate::desk::tests::*;
use crate::desk::{Command, NewContact, NewMessage, NewTask, Past};

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
fn what_another_configuration_begins_at_once_has_an_id_of_its_own_too() {
    let campaign = "[[campaign]]\nname = \"Direct\"\nteam = \"1\"\n";
    let contact = "[[campaign.contact]]\nphone_number = \"555016\"\n";
    let config = |more: &str| {
        let text = format!("profile = \"uccx\"\n{PEOPLE}{QUEUE}{campaign}{more}");
        let mut config = Config::parse(&text, "c.toml").expect("a valid file");
        config.limits.sign_in = Duration::ZERO;
        config
    };
    let mut desk = Desk::new(config(""));
    bring(&mut desk, BOB, "READY");
    let then = (desk.clone(), 1_000);
    let last = call(&mut desk, 2_000);
    let customer = Customer { phone_number: "5550170".into(), ..Customer::default() };
    let given = NewContact { campaign: "Direct".into(), customer, agent: None };
    desk.apply(at(2_000), Command::AddContact(given)).expect("room for a contact");
    let ids = |desk: &Desk| desk.listed_contacts().iter().map(|one| (one.id, one.dialog)).collect::<Vec<_>>();
    assert_eq!(ids(&desk), [(1, None)]);
    // The agent is offered the contact of the file before anybody asks.
    back(&mut desk, 3_000, then, config(contact));
    assert_eq!(ids(&desk), [(2, Some(last + 1))]);
}

#[test]
fn a_task_of_then_that_goes_to_another_agent_again_has_another_dialog() {
    let mut stage = media::stage();
    for command in ["bob 5000 LOGIN 1 ACCEPT CLOSE", "bob 5000 READY", "task 5000", "bob ACCEPT 1_5000_1"] {
        play_one(&mut stage, command);
    }
    let then = (stage.desk.clone(), 0);
    let again = |stage: &mut Stage| play_one(stage, "bob TRANSFER 1_5000_1 chat").join(" ");
    let first = again(&mut stage);
    assert!(first.contains(" 1_5000_2 "), "{first}");
    for legs in [3, 4] {
        let config = dialogues::lab_config("ucce", "", media::MEDIA);
        back(&mut stage.desk, 0, then.clone(), config);
        let told = again(&mut stage);
        assert!(told.contains(&format!(" 1_5000_{legs} ")), "{told}");
    }
}

/// A snapshot that is larger than it says would get round the bound on all of them.
#[test]
fn what_a_desk_has_is_weighed_with_all_that_can_be_long() {
    let campaign = "[[campaign]]\nname = \"Direct\"\nteam = \"1\"\n";
    let mut stage = media::stage_with(campaign);
    let long = "x".repeat(30);
    let mut data = CallData::default();
    for number in 1..=9 {
        data.set(format!("callVariable{number}"), long.clone()).expect("a variable");
    }
    let variables = data.variables.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    let mut before = stage.desk.contents().bytes;
    let mut more = |desk: &Desk, least: usize, what: &str| {
        let bytes = desk.contents().bytes;
        assert!(bytes >= before + least, "{what}: {before} to {bytes}, but {least} more");
        before = bytes;
    };
    let desk = &mut stage.desk;
    let inbound = Inbound { from: "5550199".into(), to: "9001".into(), data: data.clone() };
    desk.place_call(at(0), &inbound, "").expect("a call");
    more(desk, variables + 2 * 1024, "a call");
    let task = NewTask { medium: "5000".into(), data: data.clone() };
    desk.place_task(at(0), &task).expect("a task");
    more(desk, variables + 1024, "a task");
    let customer =
        Customer { phone_number: "5550170".into(), variables: data.variables.clone(), ..Customer::default() };
    let contact = NewContact { campaign: "Direct".into(), customer, agent: None };
    desk.apply(at(0), Command::AddContact(contact)).expect("a contact");
    more(desk, variables + 512, "a contact");
    let message = NewMessage {
        duration: Some("100".into()),
        content: Some(long.clone()),
        teams: vec!["1".into(), "2".into()],
    };
    desk.create_message(at(0), ROOT, message, "r").expect("a message");
    more(desk, long.len() + 512 + 2 * 40, "a message");
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
fn who_came_back_and_was_ready_then_gets_calls_again() {
    let mut desk = Desk::new(config("Lab", "Lab"));
    bring(&mut desk, BOB, "READY");
    let then = (desk.clone(), 1_000);
    desk.reload(at(2_000), config("id = \"bob\"", "id = \"bea\""));
    desk.reload(at(3_000), config("Lab", "Lab"));
    let bob = desk.directory().find("bob").expect("there again");
    assert_ne!(bob, BOB);
    back(&mut desk, 4_000, then, config("Lab", "Lab"));
    assert_eq!(field(&get(&desk, bob), "state"), "READY");
    call(&mut desk, 5_000);
    assert_eq!(field(&get(&desk, bob), "state"), "RESERVED");
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

#[test]
fn a_reset_tells_those_too_who_have_not_been_told_yet_of_another_file() {
    let file = |name: &str| {
        let user = |number| {
            format!("[[user]]\nid = \"u{number}\"\nfirst_name = \"{name}\"\npassword = \"x\"\nteam = \"1\"\n")
        };
        let users: String = (0..100).map(user).collect();
        Config::parse(&format!("profile = \"uccx\"\n{PEOPLE}{users}"), "c.toml").expect("a valid file")
    };
    let mut desk = Desk::new(file("Old"));
    let mut events = desk.reload(at(0), file("New"));
    events.extend(desk.apply(at(0), Command::Reset(file("New").into())).expect("never refused").events);
    while let Some(due) = desk.wake_at() {
        let now = Now { monotonic: due, ..at(0) };
        events.extend(desk.apply(now, Command::Tick).expect("time goes by").events);
    }
    let is_told = |number: &u32| {
        let node = format!("/finesse/api/User/u{number}");
        events.iter().any(|event| event.node == node && field(&event.payload, "firstName") == "New")
    };
    assert_eq!((0..100).filter(is_told).count(), 100);
}
