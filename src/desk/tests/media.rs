//! Media other than voice: dialogues as those of calls, and the documents.
//!
//! `task 5000` hands in a task, `task ends ID` ends it, `bob 5000 READY` is a request about a medium, and `bob ACCEPT 1_5000_1` one about
//! a task. An event is written as its node; then, of a medium, its id, the state, the code of the reason and whether it is not routable;
//! of a task, what happened to it, its id and state, its disposition, and the dialog of the agent before.

use crate::desk::tests::dialogues::{Stage, lab_with};
use crate::desk::tests::*;
use crate::desk::{CallData, DialogRequest, MediumRequest, NewTask};

/// A medium that can be interrupted, one that cannot, and one that only team 2 has.
const MEDIA: &str = r#"[[media]]
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
    Stage { desk: lab_with("ucce", "", MEDIA), time: 0 }
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

fn bounds() -> Bounds {
    Bounds::of(&Limits::default())
}

fn change(desk: &mut Desk, now: Now, user: UserId, medium: &str, body: &str) -> Result<Vec<Event>, ApiError> {
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
fn ready(desk: &mut Desk, user: UserId, medium: &str) {
    for body in [
        "<Media><state>LOGIN</state><maxDialogLimit>2</maxDialogLimit><interruptAction>ACCEPT</interruptAction></Media>",
        "<Media><state>READY</state></Media>",
    ] {
        change(desk, at(466), user, medium, body).expect("accepted");
    }
}

fn place(desk: &mut Desk, medium: &str) -> String {
    let mut data = CallData::default();
    data.set("callVariable1".into(), "a<b".into()).expect("a variable");
    data.set("user.pod".into(), "8".into()).expect("a variable");
    let task = NewTask { medium: medium.into(), data };
    desk.place_task(at(466), &task).expect("there is room").0
}

#[test]
fn finding_m17_media_domains_are_the_media_of_everybody() {
    let chat = |more: &str| {
        format!(
            "<MediaDomain><uri>/finesse/api/MediaDomain/5000</uri><description>&lt;Chat&gt;</description><id>5000</id>\
             <interruptible>true</interruptible><name>Chat &amp; Co</name>{more}</MediaDomain>"
        )
    };
    let added = "<channel>CHAT</channel><mediaClass>Cisco_Chat</mediaClass>";
    for (release, more) in [("12.5", ""), ("12.6", added), ("15", added)] {
        let desk = lab_with("ucce", &format!("release = \"{release}\""), MEDIA);
        assert_eq!(shown(desk.media_domain_document("5000")), chat(more));
        for medium in ["1", "5009", "05000", ""] {
            assert_eq!(shown(desk.media_domain_document(medium)), format!("404|Not Found|{medium}"));
        }
        let list = desk.media_domains_document();
        assert!(list.starts_with(&format!("<MediaDomains>{}<MediaDomain>", chat(more))), "{list}");
        for id in ["5001", "5002"] {
            let one = shown(desk.media_domain_document(id));
            assert!(list.contains(&one), "{one} in {list}");
        }
        assert_eq!(list.matches("<id>").count(), 3, "{list}");
    }
}

/// The guide's names and order ("Media"); what 12.6(2) adds stands behind.
#[test]
fn finding_m6_a_medium_has_the_fields_of_the_guide() {
    let expected = "<Media><uri>/finesse/api/User/bob/Media/5000</uri><description>&lt;Chat&gt;</description>\
                    <dialogLogoutAction>CLOSE</dialogLogoutAction><id>5000</id><interruptible>true</interruptible>\
                    <maxDialogLimit>2</maxDialogLimit><name>Chat &amp; Co</name><reasonCode><category>NOT_READY</category>\
                    <code>10</code><forAll>true</forAll><id>1</id><label>Team Meeting</label><systemCode>false</systemCode>\
                    <uri>/finesse/api/ReasonCode/1</uri></reasonCode><reasonCodeId>1</reasonCodeId><routable>true</routable>\
                    <state>NOT_READY</state><stateChangeTime>2023-01-13T11:07:11.466Z</stateChangeTime>\
                    <interruptAction>ACCEPT</interruptAction></Media>";
    let added = "<finesseAssociated>true</finesseAssociated><channel>CHAT</channel><mediaClass>Cisco_Chat</mediaClass></Media>";
    let mail = "<Media><uri>/finesse/api/User/bob/Media/5002</uri><description></description><id>5002</id>\
                <interruptible>true</interruptible><name>Mail</name></Media>";
    for (release, expected) in [
        ("12.5", expected.to_owned()),
        ("12.6", expected.replace("</Media>", added)),
        ("15", expected.replace("</Media>", added)),
    ] {
        let mut desk = lab_with("ucce", &format!("release = \"{release}\""), MEDIA);
        ready(&mut desk, BOB, "5000");
        let not_ready = "<Media><state>NOT_READY</state><reasonCodeId>1</reasonCodeId></Media>";
        let events = change(&mut desk, at(466), BOB, "5000", not_ready).expect("accepted");
        assert_eq!(
            events,
            [Event {
                node: "/finesse/api/User/bob/Media".into(),
                payload: format!(
                    "<Update><data>{expected}</data><event>PUT</event><requestId>r</requestId>\
                     <source>/finesse/api/User/bob/Media/5000</source></Update>"
                ),
            }]
        );
        for actor in [BOB, ADA, ROOT] {
            assert_eq!(desk.medium_document(actor, BOB, "5000").as_ref(), Ok(&expected), "{release}");
        }
        let list = desk.media_document(BOB, BOB).expect("one's own");
        assert!(
            list.starts_with(&format!(
                "<MediaList>{expected}<Media><uri>/finesse/api/User/bob/Media/5001</uri>"
            )),
            "{list}"
        );
        // A medium without a skill group of the agent has its names only.
        let alone = if release == "12.5" {
            mail.to_owned()
        } else {
            mail.replace("</Media>", "<finesseAssociated>false</finesseAssociated><channel></channel><mediaClass></mediaClass></Media>")
        };
        assert_eq!(desk.medium_document(BOB, BOB, "5002").as_ref(), Ok(&alone));
        // From 12.6 on the media of the agent alone are listed.
        assert_eq!(list.ends_with(&(alone + "</MediaList>")), release == "12.5", "{list}");
        assert_eq!(list.contains("Media/5002"), release == "12.5", "{list}");
        assert_eq!(
            shown(desk.medium_document(EVE, BOB, "5000")),
            "401|Invalid Authorization User Specified|bob"
        );
        for medium in ["1", "5009", "05000", "+5000", ""] {
            assert_eq!(shown(desk.medium_document(BOB, BOB, medium)), format!("404|Not Found|{medium}"));
        }
    }
}

#[test]
fn finding_m6_a_task_has_the_fields_of_the_guide() {
    let mut desk = stage().desk;
    ready(&mut desk, BOB, "5000");
    let id = place(&mut desk, "Chat & Co");
    let empty: String = (2..=10)
        .map(|nth| format!("<CallVariable><name>callVariable{nth}</name><value></value></CallVariable>"))
        .collect();
    let expected = |root: &str| {
        format!(
            "<{root}><associatedDialogUri></associatedDialogUri><fromAddress></fromAddress><id>1_5000_1</id><mediaProperties>\
             <dialedNumber></dialedNumber><dispositionCode></dispositionCode><mediaId>5000</mediaId><queueName></queueName>\
             <queueNumber></queueNumber><callvariables><CallVariable><name>callVariable1</name><value>a&lt;b</value></CallVariable>\
             {empty}<CallVariable><name>user.pod</name><value>8</value></CallVariable></callvariables></mediaProperties>\
             <mediaType>Chat &amp; Co</mediaType><participants><Participant><actions><action>ACCEPT</action></actions>\
             <mediaAddress>bob</mediaAddress><startTime>2023-01-13T11:07:11.466Z</startTime><state>OFFERED</state>\
             <stateChangeTime>2023-01-13T11:07:11.466Z</stateChangeTime></Participant></participants><state>OFFERED</state>\
             <toAddress></toAddress><uri>/finesse/api/Dialog/1_5000_1</uri></{root}>"
        )
    };
    assert_eq!(id, "1_5000_1");
    for actor in [BOB, ADA, ROOT] {
        assert_eq!(shown(desk.dialog_document(actor, &id)), expected("Dialog"));
        for medium in [None, Some("5000")] {
            let list = format!("<Dialogs>{}</Dialogs>", expected("Dialog"));
            assert_eq!(shown(desk.tasks_document(actor, BOB, medium)), list);
        }
    }
    for actor in [BOB, ADA, ROOT] {
        let list = format!("<Dialogs>{}</Dialogs>", expected("Dialog"));
        assert_eq!(shown(desk.dialogs_of_all_media(actor, BOB)), list);
    }
    assert_eq!(shown(desk.tasks_document(BOB, BOB, Some("5001"))), "<Dialogs/>");
    assert_eq!(shown(desk.dialogs_document(BOB, BOB)), "<Dialogs/>", "tasks are no calls");
    assert_eq!(shown(desk.dialog_document(EVE, &id)), "401|Invalid Authorization User Specified|bob");
    for id in ["1_5000_2", "1_5000", "01_5000_1", "1_5001_1", "_", "1_5000_1_", "x_5000_1"] {
        assert_eq!(shown(desk.dialog_document(BOB, id)), format!("404|Not Found|{id}"));
    }
    // A client that listens hears of it again when the service is back.
    desk.tell_states(at(466));
    let told = desk.tick(at(466));
    let nodes: Vec<_> = told.iter().map(|event| event.node.as_str()).collect();
    assert_eq!(nodes[1..], ["/finesse/api/User/bob/Media", "/finesse/api/User/bob/Dialogs/Media"]);
    assert!(told[2].payload.contains(&expected("dialog")), "{}", told[2].payload);
}

/// Cisco's sample edits call variables; 12.6(2) closes with a wrap-up reason.
#[test]
fn finding_m6_a_task_takes_call_data_and_a_wrap_up_reason() {
    let mut desk = stage().desk;
    ready(&mut desk, BOB, "5000");
    let id = place(&mut desk, "5000");
    let data = "<mediaProperties><wrapUpReason>Sold</wrapUpReason><callvariables><CallVariable><name>callVariable2</name>\
                <value>x</value></CallVariable></callvariables></mediaProperties>";
    let body = format!("<Dialog><requestedAction>UPDATE_CALL_DATA</requestedAction>{data}</Dialog>");
    let early = update(&mut desk, at(466), BOB, &id, &body).expect("accepted");
    assert!(early[0].payload.contains("E_ARM_STAT_INVALID_MESSAGE_SEQUENCE"), "{}", early[0].payload);
    let accept = "<Dialog><requestedAction>ACCEPT</requestedAction><target/></Dialog>";
    update(&mut desk, at(466), BOB, &id, accept).expect("accepted");
    let events = update(&mut desk, at(466), BOB, &id, &body).expect("accepted");
    assert_eq!(
        events.iter().map(short).collect::<Vec<_>>(),
        ["User/bob/Dialogs/Media PUT 1_5000_1 ACCEPTED Sold"]
    );
    assert!(events[0].payload.contains("<name>callVariable2</name><value>x</value>"));
    let none = "<Dialog><requestedAction>UPDATE_CALL_DATA</requestedAction></Dialog>";
    let error = update(&mut desk, at(466), BOB, &id, none).expect_err("no data");
    assert_eq!(told(&error), (400, "Parameter Missing".into(), "mediaProperties".into()));
    let error = update(&mut desk, at(466), BOB, &id, "<Dialog/>").expect_err("no action");
    assert_eq!(told(&error), (400, "Parameter Missing".into(), "requestedAction".into()));
    let close = body.replace("UPDATE_CALL_DATA", "CLOSE").replace("Sold", "Kept");
    let events = update(&mut desk, at(466), BOB, &id, &close).expect("accepted");
    assert_eq!(short(&events[0]), "User/bob/Dialogs/Media DELETE 1_5000_1 CLOSED CD_NORMAL_END_TASK Kept");
}

#[test]
fn finding_m6_several_media_change_at_once_from_12_6_on() {
    let body = "<MediaList><Media><id>5000</id><state>READY</state></Media><Media><id>5001</id><state>NOT_READY</state></Media>\
                <Media><id>5002</id><state>READY</state></Media></MediaList>";
    let list = |desk: &mut Desk, body: &str| {
        let asked = MediumRequest::read_list(body, &bounds())?;
        desk.change_media(at(466), BOB, "bob", None, &asked, "r")
    };
    let mut desk = lab_with("ucce", "release = \"12.6\"", MEDIA);
    for medium in ["5000", "5001"] {
        ready(&mut desk, BOB, medium);
    }
    change(&mut desk, at(466), BOB, "5000", "<Media><state>NOT_READY</state></Media>").expect("accepted");
    let events = list(&mut desk, body).expect("accepted");
    assert_eq!(
        events.iter().map(short).collect::<Vec<_>>(),
        [
            "User/bob/Media 5000 READY",
            "User/bob/Media 5001 NOT_READY",
            "User/bob/Media error: Agent is not logged in, E_ARM_STAT_AGENT_NOT_LOGGED_IN, 6 of 5002",
        ]
    );
    for (body, expected) in [
        ("<MediaList/>", (400, "Parameter Missing", "Media")),
        ("<MediaList><Media><state>READY</state></Media></MediaList>", (400, "Parameter Missing", "id")),
        ("<MediaList><Media><id>5000</id></Media></MediaList>", (400, "Parameter Missing", "state")),
        (
            "<MediaList><Media><id>5000</id><state>LOGOUT</state></Media><Media><id>7</id><state>READY</state></Media></MediaList>",
            (404, "Not Found", "7"),
        ),
        ("<Media><id>5000</id></Media>", (400, "Bad Request", "the root element must be MediaList")),
    ] {
        let before = desk.media_document(BOB, BOB);
        let (status, kind, data) = told(&list(&mut desk, body).expect_err(body));
        assert_eq!((status, kind.as_str(), data.as_str()), expected, "{body}");
        assert_eq!(desk.media_document(BOB, BOB), before, "nothing has changed");
    }
    let many =
        format!("<MediaList>{}</MediaList>", "<Media><id>5000</id><state>READY</state></Media>".repeat(33));
    assert_eq!(told(&list(&mut desk, &many).expect_err("too many")).2, "too many media");
    let error = list(&mut stage().desk, body).expect_err("12.5 has no such request");
    assert_eq!(told(&error).0, 501);
}

#[test]
fn finding_m6_media_are_one_s_own_and_enterprise_s() {
    let body = "<Media><state>READY</state></Media>";
    let asked = [MediumRequest::read(body, &bounds()).expect("a good body")];
    let mut desk = stage().desk;
    for (actor, user, expected) in [
        (ADA, "bob", "401|Invalid Authorization User Specified|bob"),
        (ROOT, "bob", "401|Invalid Authorization User Specified|bob"),
        (SUE, "sue", "401|Authorization Failure|sue"),
        (BOB, "nobody", "404|User Not Found|nobody"),
    ] {
        let done = desk.change_media(at(0), actor, user, Some("5000"), &asked, "");
        assert_eq!(shown(done.map(|_| String::new())), expected);
    }
    let mut express = lab_with("uccx", "", MEDIA);
    assert_eq!(shown(express.media_document(BOB, BOB)), "<MediaList/>");
    assert_eq!(shown(express.medium_document(BOB, BOB, "5000")), "501|Not Implemented|Media");
    assert_eq!(shown(express.tasks_document(BOB, BOB, None)), "501|Not Implemented|Media");
    let done = express.change_media(at(0), BOB, "bob", Some("5000"), &asked, "");
    assert_eq!(shown(done.map(|_| String::new())), "501|Not Implemented|Media");
    let task = NewTask { medium: "5000".into(), data: CallData::default() };
    assert_eq!(express.place_task(at(0), &task).expect_err("no media").status(), 404);
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
