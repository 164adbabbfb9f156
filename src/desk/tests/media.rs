//! Media other than voice: dialogues as those of calls, and their bounds. The documents are in `media_documents`.
//!
//! `task 5000` hands in a task, `task ends ID` ends it, `bob 5000 READY` is a request about a medium, and `bob ACCEPT 1_5000_1` one about
//! a task. An event is written as its node; then, of a medium, its id, the state, the code of the reason and whether it is not routable;
//! of a task, what happened to it, its id and state, its disposition, and the dialog of the agent before.

use crate::desk::tests::dialogues::{Stage, lab_with};
use crate::desk::tests::*;
use crate::desk::{CallData, DialogRequest, MediumRequest, NewTask};

/// A medium that can be interrupted, one that cannot, and one that only team 2 has.
pub(super) const MEDIA: &str = r#"[[media]]
id = 5000
name = "Chat & Co"
description = "<Chat>"
interruptible = true
start_timeout = "20s"
script_selectors = ["chat"]
channel = "CHAT"
class = "Cisco_Chat"
[[media]]
id = 5001
name = "Video"
max_dialogs = 2
script_selectors = ["video"]
[[media]]
id = 5002
name = "Mail"
teams = ["2"]
interruptible = true
[[reason_code]]
id = 1
category = "NOT_READY"
code = 10
label = "Team Meeting"
[[reason_code]]
id = 3
category = "LOGOUT"
code = 11
label = "Home"
"#;

pub(super) fn stage() -> Stage {
    stage_with("")
}

/// The same with something added to the configuration at its end.
pub(super) fn stage_with(sections: &str) -> Stage {
    Stage { desk: lab_with("ucce", "", &format!("{MEDIA}{sections}")), time: 0 }
}

/// Makes a test of each file.
macro_rules! dialogues {
    ($($name:ident $file:literal),+) => {$(
        #[test]
        fn $name() {
            play(include_str!(concat!("dialogues/", $file, ".ucce.txt")));
        }
    )+};
}
dialogues!(
    finding_m6_a_task_is_handled_from_its_offer_to_its_end "tasks",
    finding_m6_states_of_an_agent_in_a_medium_follow_the_guide "media",
    finding_m6_calls_and_tasks_interrupt_each_other "interrupts"
);

#[track_caller]
fn play(text: &str) {
    let mut stage = stage();
    let mut really = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("> ") {
            really.push(line.to_owned());
            really.extend(play_one(&mut stage, command));
        } else if line.starts_with('#') || line.is_empty() {
            really.push(line.to_owned());
        }
    }
    let expected: Vec<&str> = text.lines().collect();
    assert_eq!(expected, really, "\n{}\n", really.join("\n"));
}

pub(super) fn play_one(stage: &mut Stage, command: &str) -> Vec<String> {
    let words: Vec<&str> = command.split(' ').collect();
    let now = at(stage.time);
    let done = match words[..] {
        ["task", "ends", id] => stage.desk.end_task(now, id),
        ["task", medium] => {
            let task = NewTask { medium: medium.replace('_', " "), data: CallData::default() };
            stage.desk.place_task(now, &task).map(|(_, events)| events)
        }
        [who, action, id, ref rest @ ..]
            if id.starts_with(|first: char| first.is_ascii_digit()) && id.contains('_') =>
        {
            let user = stage.user(who);
            if action == "may" {
                return vec![offered(&stage.desk, user, id)];
            }
            let target = rest.first().map(|target| format!("<target>{target}</target>")).unwrap_or_default();
            let body = format!("<Dialog><requestedAction>{action}</requestedAction>{target}</Dialog>");
            update(&mut stage.desk, now, user, id, &body)
        }
        [who, medium, state, ref rest @ ..] if medium.starts_with("50") || medium == "1" => {
            let user = stage.user(who);
            let body = match (state, rest) {
                ("LOGIN", [max, interrupt, logout]) => format!(
                    "<state>LOGIN</state><maxDialogLimit>{max}</maxDialogLimit>\
                     <interruptAction>{interrupt}</interruptAction><dialogLogoutAction>{logout}</dialogLogoutAction>"
                ),
                ("routable", [routable]) => format!("<routable>{routable}</routable>"),
                (state, [reason]) => format!("<state>{state}</state><reasonCodeId>{reason}</reasonCodeId>"),
                (state, _) => format!("<state>{state}</state>"),
            };
            change(&mut stage.desk, now, user, medium, &format!("<Media>{body}</Media>"))
        }
        [who, "leaves", "everything"] => {
            let user = stage.user(who);
            let asked = asked("<User><state>LOGOUT</state><logoutAllMedia>true</logoutAllMedia></User>");
            stage.desk.set_state(now, user, user, &asked, "r")
        }
        _ => return stage.play(command),
    };
    match done {
        Ok(events) => events.iter().map(dialogues::short).collect(),
        Err(error) => vec![format!("{:?}", told(&error))],
    }
}

pub(super) fn bounds() -> Bounds {
    Bounds::of(&Limits::default())
}

pub(super) fn change(
    desk: &mut Desk,
    now: Now,
    user: UserId,
    medium: &str,
    body: &str,
) -> Result<Vec<Event>, ApiError> {
    let asked = [MediumRequest::read(body, &bounds())?];
    let id = desk.directory().get(user).id.clone();
    desk.change_media(now, user, &id, Some(medium), &asked, "r")
}

pub(super) fn update(
    desk: &mut Desk,
    now: Now,
    user: UserId,
    id: &str,
    body: &str,
) -> Result<Vec<Event>, ApiError> {
    desk.update_task(now, user, id, &DialogRequest::read(body, &bounds())?, "r")
}

/// What an agent may do with a task, as its document says it, and the state.
fn offered(desk: &Desk, user: UserId, id: &str) -> String {
    let document = match desk.dialog_document(user, id) {
        Ok(document) => document,
        Err(error) => return format!("{:?}", told(&error)),
    };
    let read = xml::read(&document, &bounds()).expect("XML");
    let actions = read.descendants().filter(|node| node.has_tag_name("action"));
    let actions = actions.map(xml::text_content).collect::<Vec<_>>().join(" ");
    format!("{}: {actions}", field(&document, "state"))
}

/// An event of media or tasks in one line.
pub(super) fn short(event: &Event) -> String {
    let read = xml::read(&event.payload, &bounds()).expect("XML");
    let all = |name: &'static str| read.descendants().filter(move |node| node.has_tag_name(name));
    let text = |name: &'static str| all(name).map(xml::text_content).next().unwrap_or_default();
    let node = event.node.strip_prefix("/finesse/api/").expect("a node of Finesse");
    let source = all("source").map(xml::text_content).next_back().unwrap_or_default();
    let kind = text("errorType");
    if !kind.is_empty() {
        assert!(source.contains(&text("errorMedia")), "{source}");
        return format!(
            "{node} error: {kind}, {}, {} of {}",
            text("errorMessage"),
            text("errorData"),
            text("errorMedia")
        );
    }
    let mut parts = vec![node.to_owned()];
    if all("participants").next().is_some() {
        let id = text("id");
        let expected = match text("event").as_str() {
            "PUT" => format!("/finesse/api/Dialog/{id}"),
            _ => format!(
                "/finesse/api/{}Media/{}/Dialogs",
                node.trim_end_matches("Dialogs/Media"),
                text("mediaId")
            ),
        };
        assert_eq!(source, expected);
        let state = all("state").next_back().map(xml::text_content).unwrap_or_default();
        parts.extend([text("event"), id, state, text("dispositionCode")]);
        let former = text("associatedDialogUri");
        parts.extend(former.strip_prefix("/finesse/api/Dialog/").map(|former| format!("after {former}")));
        parts.push(text("wrapUpReason"));
    } else {
        assert_eq!(source, text("uri"));
        parts.extend([text("id"), text("state"), text("code")]);
        if text("routable") == "false" && text("state") != "LOGOUT" {
            parts.push("not routable".to_owned());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// Signs an agent in to a medium and makes it ready.
pub(super) fn ready(desk: &mut Desk, user: UserId, medium: &str) {
    for body in [
        "<Media><state>LOGIN</state><maxDialogLimit>2</maxDialogLimit><interruptAction>ACCEPT</interruptAction></Media>",
        "<Media><state>READY</state></Media>",
    ] {
        change(desk, at(466), user, medium, body).expect("accepted");
    }
}

pub(super) fn place(desk: &mut Desk, medium: &str) -> String {
    let mut data = CallData::default();
    data.set("callVariable1".into(), "a<b".into()).expect("a variable");
    data.set("user.pod".into(), "8".into()).expect("a variable");
    let task = NewTask { medium: medium.into(), data };
    desk.place_task(at(466), &task).expect("there is room").0
}

#[test]
fn tasks_have_a_bound_and_need_the_service() {
    let mut desk = lab_with("ucce", "", &format!("{MEDIA}[limits]\ntasks = 2\n"));
    let task = NewTask { medium: "5000".into(), data: CallData::default() };
    for expected in [None, None, Some(503)] {
        let done = desk.place_task(at(0), &task);
        assert_eq!(done.err().map(|error| error.status()), expected);
    }
    desk.end_task(at(0), "1_5000_1").expect("it is there");
    assert_eq!(desk.place_task(at(0), &task).expect("room again").0, "3_5000_1");
    desk.end_task(at(0), "2_5000_1").expect("it is there");
    desk.set_status(at(0), Status::OutOfService);
    assert_eq!(desk.place_task(at(0), &task).expect_err("out of service").status(), 503);
}

/// What another configuration does not have any more ends, and everybody concerned is told.
#[test]
fn media_that_are_taken_away_end_with_their_tasks() {
    let config = |text: &str| Config::parse(text, "c.toml").expect("a valid file");
    let file = |media: &str| format!("profile = \"ucce\"\nrequire_reason_codes = false\n{PEOPLE}{media}");
    let mut desk = Desk::new(config(&file(MEDIA)));
    ready(&mut desk, BOB, "5000");
    ready(&mut desk, EVE, "5000");
    ready(&mut desk, EVE, "5002");
    for medium in ["5000", "5000", "5002", "5001"] {
        place(&mut desk, medium);
    }
    // Team 1 does not handle chats any more, and there is no mail and no video.
    let (chat, rest) = MEDIA.split_once("[[media]]\nid = 5001").expect("two media");
    let reasons = rest.split_once("[[reason_code]]").expect("reasons").1;
    let less = format!("{chat}teams = [\"2\"]\n[[reason_code]]{reasons}");
    let events = desk.reload(at(466), config(&file(&less)));
    let told: Vec<_> = events.iter().filter(|event| event.node.ends_with("/Media")).map(short).collect();
    assert_eq!(
        told,
        [
            "User/bob/Dialogs/Media DELETE 1_5000_1 CLOSED CD_TASK_TRANSFERRED_ON_AGENT_LOGOUT",
            "User/eve/Dialogs/Media DELETE 3_5002_1 CLOSED CD_TASK_TRANSFERRED_ON_AGENT_LOGOUT",
            "User/bob/Media 5000 LOGOUT",
            "User/eve/Media 5002 LOGOUT",
            "User/eve/Dialogs/Media POST 1_5000_2 OFFERED after 1_5000_1",
        ]
    );
    assert_eq!(shown(desk.dialog_document(ROOT, "4_5001_1")), "404|Not Found|4_5001_1");
    let list = desk.media_document(BOB, BOB).expect("one's own");
    assert!(list.contains("<id>5000</id>") && !list.contains("<state>") && !list.contains("5001"), "{list}");
    // Nothing is left of an agent who is gone.
    let without_eve = file(&less).replace("id = \"eve\"", "id = \"eva\"");
    let events = desk.reload(at(466), config(&without_eve));
    assert!(events.iter().any(|event| short_of(event) == "User/eve/Media 5000 LOGOUT"));
    assert!(desk.media.agents.is_empty() && desk.timers.set.is_empty());
    assert_eq!(desk.media.waiting.len(), 2);
}

fn short_of(event: &Event) -> String {
    if event.node.ends_with("/Media") { short(event) } else { String::new() }
}
