//! Media beside what else there is: sign-ins, figures of the system, requests that fail.

use crate::desk::tests::dialogues::Stage;
use crate::desk::tests::media::{play_one, stage, update};
use crate::desk::tests::*;
use crate::desk::{Command, Connected};

#[test]
fn an_agent_who_stays_in_a_medium_is_signed_out_of_it_though_a_sign_in_fails_after_the_session() {
    let mut stage = stage();
    play_one(&mut stage, "bob 5000 LOGIN 2 ACCEPT CLOSE");
    let (forced_logout, sign_in) = (stage.desk.limits.forced_logout, Duration::from_secs(1));
    stage.desk.limits.sign_in = sign_in;
    let asked = asked("<User><state>LOGIN</state><extension>no telephone</extension></User>");
    assert_eq!(stage.desk.set_state(at(0), BOB, BOB, &asked, "r"), Ok(vec![]));
    stage.desk.apply(at(0), Command::Left(BOB)).expect("it cannot fail");
    let told = |events: Vec<Event>| events.iter().map(dialogues::short).collect::<Vec<_>>();
    assert_eq!(told(stage.desk.tick(at(1_000))).len(), 1, "the sign-in fails");
    let events = stage.desk.tick(at(forced_logout.as_millis() as u64));
    assert_eq!(told(events), ["User/bob/Media 5000 LOGOUT"]);
    assert_eq!(stage.desk.wake_at(), None);
}

#[test]
fn finding_m17_media_and_tasks_are_among_the_figures_of_the_running_system() {
    let mut stage = stage();
    let figures = |stage: &Stage| {
        let document = stage.desk.runtime_config_document(ROOT, Connected::default());
        let document = document.expect("an administrator");
        ["activeTaskCount", "averageConfiguredMediaPerAgent", "averageLoggedInMediaPerAgent"]
            .map(|name| field(&document, name))
            .join(" ")
    };
    assert_eq!(figures(&stage), "0 0 0");
    play_one(&mut stage, "bob 5000 LOGIN 1 ACCEPT CLOSE");
    assert_eq!(figures(&stage), "0 3 1");
    for command in ["bob LOGIN", "bob 5000 READY", "task 5000", "task 5000"] {
        play_one(&mut stage, command);
    }
    // The second task waits, and is nobody's.
    assert_eq!(figures(&stage), "1 3 2");
}

#[test]
fn finding_m6_the_data_of_a_transfer_that_fails_is_not_taken() {
    let mut stage = stage();
    for command in ["bob 5000 LOGIN 1 ACCEPT CLOSE", "bob 5000 READY", "task 5000", "bob ACCEPT 1_5000_1"] {
        play_one(&mut stage, command);
    }
    let transfer = |target: &str| {
        format!(
            "<Dialog><requestedAction>TRANSFER</requestedAction><target>{target}</target><mediaProperties>\
             <wrapUpReason>Other</wrapUpReason></mediaProperties></Dialog>"
        )
    };
    let events =
        update(&mut stage.desk, at(0), BOB, "1_5000_1", &transfer("nobody")).expect("it is accepted");
    assert!(events.iter().any(|event| event.payload.contains("<apiErrors>")));
    let document = stage.desk.dialog_document(BOB, "1_5000_1").expect("it is there");
    assert!(!document.contains("Other"), "{document}");
    update(&mut stage.desk, at(0), BOB, "1_5000_1", &transfer("chat")).expect("it is accepted");
    let document = stage.desk.dialog_document(BOB, "1_5000_2").expect("it came back");
    assert!(document.contains("<wrapUpReason>Other</wrapUpReason>"), "{document}");
}

#[test]
fn finding_m6_the_script_selectors_of_media_are_listed_as_those_of_digital_channels() {
    let stage = stage();
    let listed = |channel: &str| {
        let document = stage.desk.script_selectors_document(channel).expect("a channel");
        let read = xml::read(&document, &Bounds::of(&Limits::default())).expect("XML");
        let all = read.descendants().filter(|node| node.has_tag_name("ScriptSelector"));
        let text = |one: roxmltree::Node<'_, '_>| {
            one.children().map(xml::text_content).collect::<Vec<_>>().join(" ")
        };
        all.map(text).collect::<Vec<_>>()
    };
    let media = ["5000 chat chat <Chat>", "5001 video video "];
    assert_eq!(listed("digitalchannel"), media);
    let voice = listed("voice");
    assert!(!voice.is_empty() && voice.iter().all(|one| one.starts_with("1 ")), "{voice:?}");
    assert_eq!(listed("all"), [voice, media.map(str::to_owned).to_vec()].concat());
    assert_eq!(listed(""), listed("all"));
}

/// As the state for calls, which tells the user and its team.
#[test]
fn an_agent_in_a_medium_is_told_of_another_label_of_its_reason() {
    let mut stage = stage();
    for command in ["bob 5000 LOGIN 1 ACCEPT CLOSE", "bob 5001 LOGIN 1 ACCEPT CLOSE", "bob 5000 NOT_READY 1"]
    {
        play_one(&mut stage, command);
    }
    let change = |action, body: &str, name: &str| {
        let body = crate::desk::Element::read(body, &Bounds::of(&Limits::default()), name).expect("a body");
        let object = crate::desk::Object::ReasonCode;
        let request = crate::desk::Request::Configure(crate::desk::Change {
            object,
            action,
            ids: vec!["1".to_owned()],
            category: String::new(),
            body,
        });
        Command::Request { actor: ROOT, request_id: "r".to_owned(), request }
    };
    let media = |events: &[Event]| {
        let of_media = events.iter().filter(|event| event.node.ends_with("/Media"));
        of_media.map(|event| (field(&event.payload, "id"), event.payload.clone())).collect::<Vec<_>>()
    };
    let rename = "<ReasonCode><label>Standup</label></ReasonCode>";
    let renamed = change(crate::desk::Action::Update, rename, "ReasonCode");
    let events = stage.desk.apply(at(1), renamed).expect("an administrator").events;
    let told = media(&events);
    assert_eq!(told.len(), 1, "the other medium shows no reason: {events:?}");
    assert!(told[0].1.contains("<label>Standup</label>"), "{told:?}");
    assert!(told[0].1.contains("<id>5000</id>"), "{told:?}");
    // The end of a reason code is told, too.
    let delete = change(crate::desk::Action::Delete, "<ReasonCode/>", "ReasonCode");
    let told = media(&stage.desk.apply(at(2), delete).expect("an administrator").events);
    assert!(told.len() == 1 && !told[0].1.contains("<reasonCode>"), "{told:?}");
    assert_eq!(stage.desk.wake_at(), None);
}
