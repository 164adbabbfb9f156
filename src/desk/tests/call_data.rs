//! Call variables and wrap-up reasons, as public clients set and read them.

use crate::config::call_variable::NUMBERED;
use crate::desk::tests::dialogues::lab;
use crate::desk::tests::*;
use crate::desk::{DialogRequest, Inbound};

/// A desk on which Bob has answered a call, and the id of the call.
fn talking(profile: &str) -> (Desk, String) {
    let mut desk = lab(profile);
    ask(&mut desk, BOB, BOB, "LOGIN").expect("an accepted request");
    let call = Inbound { from: "5550123".into(), to: "1001".into(), data: CallData::default() };
    let (id, _) = desk.place_call(at(500), &call, "").expect("the call is put through");
    let id = id.to_string();
    let answer = "<targetMediaAddress>1001</targetMediaAddress><requestedAction>ANSWER</requestedAction>";
    put(&mut desk, BOB, &id, answer).expect("an accepted request");
    (desk, id)
}

fn put(desk: &mut Desk, user: UserId, id: &str, parts: &str) -> Result<Vec<Event>, ApiError> {
    let body = format!("<Dialog>{parts}</Dialog>");
    let asked = DialogRequest::read(&body, &Bounds::of(&Limits::default()))?;
    desk.update_dialog(at(600), user, id, &asked, "r")
}

/// Sets call data as Cisco's library and its gadgets do: without a telephone.
fn update(desk: &mut Desk, user: UserId, id: &str, data: &str) -> Result<Vec<Event>, ApiError> {
    let data = format!("<mediaProperties>{data}</mediaProperties>");
    put(desk, user, id, &format!("{data}<requestedAction>UPDATE_CALL_DATA</requestedAction>"))
}

fn variables(list: &str) -> String {
    let one =
        |name: &str| format!("<CallVariable><name>{name}</name><value>{}</value></CallVariable>", name.len());
    format!("<callvariables>{}</callvariables>", list.split(' ').map(one).collect::<String>())
}

#[test]
fn finding_gap_2_and_d1_call_data_is_set_without_a_telephone() {
    for profile in ["uccx", "ucce"] {
        let (mut desk, id) = talking(profile);
        let data = "<wrapUpReason>Happy customer!</wrapUpReason>";
        let events = update(&mut desk, BOB, &id, data).expect("an accepted request");
        assert_eq!(events.len(), 1, "{profile}: {events:?}");
        assert_eq!(field(&events[0].payload, "wrapUpReason"), "Happy customer!");
        assert_eq!(field(&events[0].payload, "requestId"), "r");
        // Another's call is another's, and a telephone that is named is looked at as for every action.
        let error = told(&update(&mut desk, EVE, &id, data).expect_err("not her call"));
        assert_eq!(error, (401, "Invalid Authorization User Specified".into(), "eve".into()));
        let named =
            "<targetMediaAddress>9</targetMediaAddress><requestedAction>UPDATE_CALL_DATA</requestedAction>";
        let error = told(&put(&mut desk, BOB, &id, named).expect_err("no such telephone"));
        assert_eq!(error, (400, "Invalid Input".into(), "targetMediaAddress".into()));
        for action in ["HOLD", "DROP", "SEND_DTMF", "CONSULT_CALL", "PARTICIPANT_DROP"] {
            let parts = format!("<requestedAction>{action}</requestedAction>");
            let error = told(&put(&mut desk, BOB, &id, &parts).expect_err("no telephone"));
            assert_eq!(error, (400, "Parameter Missing".into(), "targetMediaAddress".into()), "{action}");
        }
    }
}

#[test]
fn finding_gap_4_d5_and_m2_every_call_has_ten_variables_and_then_its_own() {
    for profile in ["uccx", "ucce"] {
        let (mut desk, id) = talking(profile);
        let shown = |desk: &Desk| {
            let document = desk.dialogs_document(BOB, BOB).expect("his calls");
            let read = xml::read(&document, &Bounds::of(&Limits::default())).expect("XML");
            let list = read.descendants().filter(|node| node.has_tag_name("CallVariable"));
            let text = |node: roxmltree::Node<'_, '_>| xml::text_content(node);
            list.map(|one| one.children().map(text).collect::<Vec<_>>().join("=")).collect::<Vec<_>>()
        };
        assert_eq!(shown(&desk), NUMBERED.map(|name| format!("{name}=")), "{profile}");
        let set = variables("user.b callVariable10 user.a callVariable2");
        let events = update(&mut desk, BOB, &id, &set).expect("an accepted request");
        let mut expected = NUMBERED.map(|name| format!("{name}=")).to_vec();
        (expected[1], expected[9]) = ("callVariable2=13".into(), "callVariable10=14".into());
        expected.extend(["user.b=6".into(), "user.a=6".into()]);
        assert_eq!(shown(&desk), expected, "{profile}");
        let all = expected.iter().all(|one| {
            let (name, value) = one.split_once('=').expect("a name");
            events[0].payload.contains(&format!("<name>{name}</name><value>{value}</value>"))
        });
        assert!(all, "{profile}: {}", events[0].payload);
    }
}

#[test]
fn finding_d5_a_wrap_up_reason_is_left_out_until_it_is_set() {
    for profile in ["uccx", "ucce"] {
        let (mut desk, id) = talking(profile);
        assert!(!desk.dialog_document(BOB, &id).expect("his call").contains("wrapUpReason"), "{profile}");
        update(&mut desk, BOB, &id, "<wrapUpReason>Sold</wrapUpReason>").expect("an accepted request");
        let document = desk.dialog_document(BOB, &id).expect("his call");
        assert!(document.contains("<wrapUpReason>Sold</wrapUpReason><callvariables>"), "{document}");
    }
}

#[test]
fn finding_d8_and_m8_express_keeps_and_shows_wrap_up_items() {
    let items = |list: &[&str]| {
        let list = list.iter().map(|item| format!("<wrapUpItem>{item}</wrapUpItem>")).collect::<String>();
        format!("<wrapUpItems>{list}</wrapUpItems>")
    };
    let (mut desk, id) = talking("uccx");
    let two = items(&["Wrong number", "A &amp; B"]);
    let events = update(&mut desk, BOB, &id, &two).expect("an accepted request");
    assert!(events[0].payload.contains(&two), "{}", events[0].payload);
    assert!(desk.dialog_document(BOB, &id).expect("his call").contains(&two));
    // Other data leaves them, others replace them, and none take them away.
    update(&mut desk, BOB, &id, &variables("user.a")).expect("an accepted request");
    assert!(desk.dialog_document(BOB, &id).expect("his call").contains(&two));
    update(&mut desk, BOB, &id, &items(&["Sold"])).expect("an accepted request");
    assert!(desk.dialog_document(BOB, &id).expect("his call").contains(&items(&["Sold"])));
    update(&mut desk, BOB, &id, &items(&[])).expect("an accepted request");
    assert!(desk.dialog_document(BOB, &id).expect("his call").contains(&items(&[])));
    for bad in [items(&["x"; 11]), items(&[&"x".repeat(201)])] {
        let error = told(&update(&mut desk, BOB, &id, &bad).expect_err("too much"));
        assert_eq!(error, (400, "Invalid Input".into(), "wrapUpItems".into()), "{bad}");
    }
    // The guide has them for Express only.
    let (mut desk, id) = talking("ucce");
    update(&mut desk, BOB, &id, &two).expect("an accepted request");
    assert!(!desk.dialog_document(BOB, &id).expect("his call").contains("wrapUpItem"));
}

#[test]
fn a_variable_that_stands_twice_is_refused() {
    for profile in ["uccx", "ucce"] {
        let (mut desk, id) = talking(profile);
        for list in ["callVariable1 callVariable2 callVariable1", "user.a user.a"] {
            let error = told(&update(&mut desk, BOB, &id, &variables(list)).expect_err("twice"));
            assert_eq!((error.0, error.1.as_str()), (400, "Invalid Input"), "{list}");
        }
        assert!(!desk.dialog_document(BOB, &id).expect("his call").contains("user.a"));
    }
}

#[test]
fn finding_d15_an_empty_list_of_calls_is_an_empty_element_tag() {
    for profile in ["uccx", "ucce"] {
        let desk = lab(profile);
        assert_eq!(desk.dialogs_document(BOB, BOB).as_deref(), Ok("<Dialogs/>"));
        let (desk, _) = talking(profile);
        let one = desk.dialogs_document(BOB, BOB).expect("his calls");
        assert!(one.starts_with("<Dialogs><Dialog>") && one.ends_with("</Dialog></Dialogs>"), "{one}");
    }
}
