//! Outbound campaigns and what else happens meanwhile: other configurations, sessions that end, bounds, calls that become one.

use crate::config::campaigns::{CallResult, Customer};
use crate::desk::dialog::request::DialogRequest;
use crate::desk::tests::dialogues::lab_with;
use crate::desk::tests::*;
use crate::desk::{Command, NewContact};

const DIRECT: &str = "[[campaign]]\nname = \"Direct\"\nteam = \"1\"\n";
const OTHER: &str = "[[campaign]]\nname = \"Other\"\nteam = \"2\"\n";
const CONTACT: &str = "[[campaign.contact]]\nphone_number = \"555016\"\n";

/// A configuration of the lab with these sections at its end.
fn file(profile: &str, sections: &str) -> Config {
    let text = format!("profile = \"{profile}\"\nrequire_reason_codes = false\n{PEOPLE}{sections}");
    let mut config = Config::parse(&text, "c.toml").expect("a valid file");
    config.limits.sign_in = Duration::ZERO;
    config
}

fn add(desk: &mut Desk, campaign: &str, number: &str, agent: Option<&str>) -> Result<String, ApiError> {
    let customer = Customer { phone_number: number.into(), ..Customer::default() };
    let contact = NewContact { campaign: campaign.into(), customer, agent: agent.map(str::to_owned) };
    desk.apply(at(500), Command::AddContact(contact)).map(|done| done.answer.expect("an id"))
}

fn put(desk: &mut Desk, user: UserId, id: u32, action: &str) -> Vec<Event> {
    let own = desk.agent(user).extension.clone().unwrap_or_default();
    let body = format!(
        "<Dialog><targetMediaAddress>{own}</targetMediaAddress><requestedAction>{action}</requestedAction>\
         <actionParams><ActionParam><name>callbackTime</name><value>2023-01-13T12:00</value></ActionParam></actionParams></Dialog>"
    );
    let asked = DialogRequest::read(&body, &Bounds::of(&Limits::default())).expect("a good body");
    desk.update_dialog(at(600), user, &id.to_string(), &asked, "r").expect("an accepted request")
}

/// Each contact as number, state, callback and agent.
fn listed(desk: &Desk) -> Vec<String> {
    let list = desk.listed_contacts().into_iter();
    list.map(|one| {
        let callback = one.callback.unwrap_or("-");
        format!("{} {} {callback} {}", one.phone_number, one.state, one.agent.as_deref().unwrap_or("-"))
    })
    .collect()
}

fn state(desk: &Desk, user: UserId) -> String {
    field(&get(desk, user), "state")
}

/// The only call of a user.
fn call(desk: &Desk, user: UserId) -> u32 {
    let [id] = desk.agent(user).dialogs[..] else { panic!("calls: {:?}", desk.agent(user).dialogs) };
    id
}

#[test]
fn finding_m4_contacts_of_the_file_wait_from_the_start_and_a_reload_adds_new_ones() {
    let mut desk = Desk::new(file("uccx", &format!("{DIRECT}{CONTACT}{OTHER}{CONTACT}")));
    add(&mut desk, "Direct", "5550170", None).expect("room for a contact");
    assert_eq!(listed(&desk), ["555016 waiting - -", "555016 waiting - -", "5550170 waiting - -"]);
    bring(&mut desk, BOB, "NOT_READY");
    ask(&mut desk, BOB, BOB, "READY").expect("an accepted request");
    assert_eq!(state(&desk, BOB), "RESERVED_OUTBOUND_PREVIEW");
    // The other campaign is gone, this one has another contact, and the agent goes on.
    let more = format!("{DIRECT}{CONTACT}{}", CONTACT.replace("555016", "555018"));
    desk.apply(at(700), Command::Reload(file("uccx", &more).into())).expect("another configuration");
    let expected = ["5550170 waiting - -", "555018 waiting - -", "555016 offered - bob"];
    assert_eq!(listed(&desk), expected);
    desk.apply(at(700), Command::Reload(file("uccx", &more).into())).expect("another configuration");
    assert_eq!(listed(&desk), expected);
    assert_eq!(state(&desk, BOB), "RESERVED_OUTBOUND_PREVIEW");
    // The campaign is gone: its contacts are, and the agent is free again.
    let events =
        desk.apply(at(800), Command::Reload(file("uccx", OTHER).into())).expect("another one").events;
    assert!(events.iter().any(|event| field(&event.payload, "event") == "DELETE"), "{events:?}");
    assert_eq!((listed(&desk), state(&desk, BOB)), (vec![], "READY".to_owned()));
    assert!(desk.timers.set.is_empty(), "{:?}", desk.timers);
}

#[test]
fn finding_m4_the_call_to_a_customer_outlives_its_campaign_and_its_callback_does_not() {
    let mut desk = Desk::new(file("ucce", DIRECT));
    bring(&mut desk, BOB, "READY");
    add(&mut desk, "Direct", "5550170", None).expect("room for a contact");
    let id = call(&desk, BOB);
    put(&mut desk, BOB, id, "ACCEPT");
    desk.tick(at(60_000));
    let id = call(&desk, BOB);
    put(&mut desk, BOB, id, "UPDATE_SCHEDULED_CALLBACK");
    desk.apply(at(60_000), Command::Reload(file("ucce", OTHER).into())).expect("another configuration");
    assert_eq!((state(&desk, BOB), call(&desk, BOB)), ("TALKING".to_owned(), id));
    put(&mut desk, BOB, id, "DROP");
    assert_eq!((listed(&desk), state(&desk, BOB)), (vec![], "READY".to_owned()));
}

#[test]
fn finding_m4_an_agent_who_is_gone_leaves_the_contact_to_others() {
    for (profile, expected) in [("uccx", "LOGOUT"), ("ucce", "NOT_READY")] {
        let mut desk = Desk::new(file(profile, DIRECT));
        bring(&mut desk, BOB, "READY");
        add(&mut desk, "Direct", "5550170", Some("bob")).expect("room for a contact");
        // The last session ends, and the agent does not come back: what it becomes then comes after the reservation.
        desk.left(at(600), BOB);
        desk.tick(at(25_000));
        assert_eq!(
            (listed(&desk), state(&desk, BOB)),
            (vec!["5550170 waiting - bob".into()], "NOT_READY".into())
        );
        desk.tick(at(100_000));
        assert_eq!(state(&desk, BOB), expected, "{profile}");

        let mut desk = Desk::new(file(profile, DIRECT));
        bring(&mut desk, BOB, "READY");
        bring(&mut desk, ADA, "READY");
        add(&mut desk, "Direct", "5550170", Some("bob")).expect("room for a contact");
        let text = PEOPLE.replacen("id = \"bob\"", "id = \"bea\"", 1);
        let text = format!("profile = \"{profile}\"\n{text}{DIRECT}");
        let config = Config::parse(&text, "c.toml").expect("a valid file");
        desk.apply(at(700), Command::Reload(config.into())).expect("another configuration");
        assert_eq!(listed(&desk), ["5550170 resting - bob"], "{profile}");
        desk.tick(at(61_000));
        assert_eq!(listed(&desk), ["5550170 offered - ada"], "{profile}");
    }
}

#[test]
fn finding_m4_contacts_have_a_bound_and_wait_for_a_call_that_is_free() {
    let mut desk = lab_with("uccx", "", &format!("{DIRECT}[limits]\ncontacts = 2\ncalls = 1\n"));
    bring(&mut desk, BOB, "READY");
    bring(&mut desk, ADA, "READY");
    for number in ["5550170", "5550171"] {
        add(&mut desk, "Direct", number, None).expect("room for a contact");
    }
    let refused = add(&mut desk, "Direct", "5550172", None).expect_err("one too many");
    assert_eq!(refused.status(), 503);
    assert_eq!(listed(&desk), ["5550171 waiting - -", "5550170 offered - bob"]);
    // The call to the customer would be a second one: it is refused, and the reservation stays.
    let id = call(&desk, BOB);
    let events = put(&mut desk, BOB, id, "ACCEPT");
    assert_eq!(field(&events[0].payload, "errorMessage"), "CF_RESOURCE_OUT_OF_SERVICE");
    put(&mut desk, BOB, id, "CLOSE");
    assert_eq!(listed(&desk), ["5550171 offered - ada"]);
    desk.apply(at(700), Command::SetStatus { status: Status::OutOfService, tell: false, tell_states: false })
        .expect("a status");
    assert_eq!(add(&mut desk, "Direct", "5550172", None).expect_err("out of service").status(), 503);
}

#[test]
fn finding_m4_calls_in_queues_come_before_contacts() {
    let mut desk = lab_with("uccx", "", DIRECT);
    bring(&mut desk, BOB, "NOT_READY");
    add(&mut desk, "Direct", "5550170", None).expect("room for a contact");
    let call = Inbound { from: "5550123".into(), to: "9001".into(), data: CallData::default() };
    desk.place_call(at(500), &call, "").expect("the call is put through");
    ask(&mut desk, BOB, BOB, "READY").expect("an accepted request");
    assert_eq!((state(&desk, BOB), listed(&desk)), ("RESERVED".into(), vec!["5550170 waiting - -".into()]));
}

/// Bob calls a customer, schedules a callback, and consults Ada, who answers. Returns both calls.
fn consulting(desk: &mut Desk) -> (u32, u32) {
    for user in [BOB, ADA] {
        bring(desk, user, if user == BOB { "READY" } else { "NOT_READY" });
    }
    add(desk, "Direct", "5550170", None).expect("room for a contact");
    let id = call(desk, BOB);
    put(desk, BOB, id, "ACCEPT");
    desk.tick(at(60_000));
    let id = call(desk, BOB);
    put(desk, BOB, id, "UPDATE_SCHEDULED_CALLBACK");
    let body = "<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>CONSULT_CALL</requestedAction>\
                <toAddress>1000</toAddress></Dialog>";
    let asked = DialogRequest::read(body, &Bounds::of(&Limits::default())).expect("a good body");
    desk.update_dialog(at(60_000), BOB, &id.to_string(), &asked, "r").expect("an accepted request");
    let other = call(desk, ADA);
    put(desk, ADA, other, "ANSWER");
    (id, other)
}

#[test]
fn finding_m4_the_contact_goes_with_its_customer_whichever_call_survives() {
    for (profile, action) in
        [("uccx", "TRANSFER"), ("ucce", "TRANSFER"), ("uccx", "CONFERENCE"), ("ucce", "CONFERENCE")]
    {
        for retrieves in [false, true] {
            let mut desk = lab_with(profile, "", DIRECT);
            let (id, other) = consulting(&mut desk);
            let survivor = if retrieves {
                put(&mut desk, BOB, id, "RETRIEVE");
                other
            } else {
                id
            };
            let events = put(&mut desk, BOB, survivor, action);
            assert!(events.iter().all(|event| !event.payload.contains("apiError")), "{events:?}");
            let shown = desk.dialog_document(ADA, &survivor.to_string()).expect("her call");
            assert_eq!(field(&shown, "callType"), action);
            assert_eq!(field(&shown, "callbackTime"), "2023-01-13T12:00");
            assert_eq!(listed(&desk).len(), 1, "{:?}", listed(&desk));
            put(&mut desk, ADA, survivor, "DROP");
            if action == "CONFERENCE" {
                put(&mut desk, BOB, survivor, "DROP");
            }
            desk.tick(at(200_000));
            assert_eq!(listed(&desk), ["5550170 resting callback -"], "{profile} {action} {retrieves}");
        }
    }
}

#[test]
fn finding_m4_the_dialer_finds_nobody_and_the_agent_is_ready_again() {
    for result in CallResult::ALL {
        let preview = "[[campaign]]\nname = \"Preview\"\nteam = \"1\"\nmode = \"preview\"\n";
        let mut desk = lab_with("ucce", "", preview);
        bring(&mut desk, BOB, "READY");
        let customer =
            Customer { phone_number: "5550170".into(), result: Some(result), ..Customer::default() };
        let contact = NewContact { campaign: "Preview".into(), customer, agent: None };
        desk.apply(at(500), Command::AddContact(contact)).expect("room for a contact");
        let id = call(&desk, BOB);
        put(&mut desk, BOB, id, "ACCEPT");
        desk.tick(at(60_000));
        let is_reached = matches!(result, CallResult::Voice | CallResult::AnsweringMachine | CallResult::Fax);
        let expected = if is_reached { ("TALKING", 1) } else { ("READY", 0) };
        assert_eq!((state(&desk, BOB).as_str(), listed(&desk).len()), expected, "{result:?}");
    }
}
