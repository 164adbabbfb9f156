//! The documents of media other than voice and of their tasks, and what of them may be asked for.

use crate::desk::tests::dialogues::lab_with;
use crate::desk::tests::media::{MEDIA, bounds, change, place, ready, short, stage, update};
use crate::desk::tests::*;
use crate::desk::{CallData, MediumRequest, NewTask};

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
