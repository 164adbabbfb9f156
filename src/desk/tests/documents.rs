//! Answers to GET, for each kind of user.

use crate::desk::tests::*;

#[test]
fn an_error_has_capital_tags() {
    let error = desk("uccx").find(ROOT, "a<b").expect_err("nobody");
    assert_eq!(
        error.document(),
        "<ApiErrors><ApiError><ErrorType>User Not Found</ErrorType><ErrorData>a&lt;b</ErrorData>\
         <ErrorMessage>UNKNOWN_USER</ErrorMessage></ApiError></ApiErrors>"
    );
}

#[test]
fn a_user_is_shown_to_itself_its_supervisors_and_administrators() {
    let desk = desk("uccx");
    let bob = "<User><dialogs>/finesse/api/User/bob/Dialogs</dialogs><extension></extension>\
        <firstName>Bob &lt;b&gt;</firstName><lastName></lastName><loginId>bob</loginId><loginName>bob</loginName>\
        <mediaType>1</mediaType><pendingState></pendingState><reasonCodeId>-1</reasonCodeId>\
        <roles><role>Agent</role></roles><settings><wrapUpOnIncoming>OPTIONAL</wrapUpOnIncoming>\
        <wrapUpOnOutgoing>OPTIONAL</wrapUpOnOutgoing></settings><state>LOGOUT</state><stateChangeTime></stateChangeTime>\
        <teamId>1</teamId><teamName>Lab &amp; Co</teamName><uri>/finesse/api/User/bob</uri>\
        <wrapUpTimer>7200</wrapUpTimer></User>";
    for actor in [BOB, ADA, ROOT] {
        assert_eq!(shown(desk.user_document(actor, BOB)), bob);
    }
    for actor in [EVE, SUE] {
        let refused = "401|Invalid Authorization User Specified|bob";
        assert_eq!(shown(desk.user_document(actor, BOB)), refused);
    }
    let all: String = [ADA, BOB, EVE, SUE, ROOT].map(|user| get(&desk, user)).concat();
    assert_eq!(shown(desk.users_document(ROOT)), format!("<Users>{all}</Users>"));
    assert_eq!(shown(desk.users_document(ADA)), "401|Authorization Failure|ada");
    assert!(all.contains("<teamId></teamId><teamName></teamName>"), "{all}");
}

#[test]
fn a_team_is_shown_with_its_members() {
    let mut desk = desk("uccx");
    let head = "<Team><uri>/finesse/api/Team/1</uri><id>1</id><name>Lab &amp; Co</name><users>";
    let ada = "<User><uri>/finesse/api/User/ada</uri><loginId>ada</loginId><firstName></firstName><lastName></lastName>\
        <dialogs>/finesse/api/User/ada/Dialogs</dialogs><extension></extension><mediaState>IDLE</mediaState>\
        <pendingState></pendingState><state>LOGOUT</state><stateChangeTime></stateChangeTime></User>";
    let nobody = head.replace("<users>", "<users/></Team>");
    assert_eq!(shown(desk.team_document(BOB, "1", false)), nobody);
    bring(&mut desk, BOB, "READY");
    ask(&mut desk, ADA, BOB, "NOT_READY").expect("an accepted request");
    let bob = "<User><uri>/finesse/api/User/bob</uri><loginId>bob</loginId><firstName>Bob &lt;b&gt;</firstName>\
        <lastName></lastName><dialogs>/finesse/api/User/bob/Dialogs</dialogs><extension>1001</extension>\
        <mediaState>IDLE</mediaState><pendingState></pendingState><state>NOT_READY</state><reasonCode><category>NOT_READY</category><code>33</code>\
        <label>Supervisor Initiated</label><id>-1</id><uri>/finesse/api/ReasonCode/-1</uri></reasonCode>\
        <stateChangeTime>2023-01-13T11:07:11.466Z</stateChangeTime></User>";
    for actor in [BOB, ADA, ROOT] {
        let team = shown(desk.team_document(actor, "1", false));
        assert_eq!(team, format!("{head}{bob}</users></Team>"));
        let team = shown(desk.team_document(actor, "1", true));
        assert_eq!(team, format!("{head}{ada}{bob}</users></Team>"));
    }
    assert_eq!(shown(desk.team_document(EVE, "1", true)), "401|Authorization Failure|1");
    assert_eq!(shown(desk.team_document(SUE, "1", true)), "401|Authorization Failure|1");
    assert_eq!(shown(desk.team_document(ROOT, "3", true)), "404|Not Found|3");
    assert_eq!(shown(desk.teams_document(BOB)), "401|Authorization Failure|bob");
    let teams = "<Teams><Team><uri>/finesse/api/Team/1</uri><id>1</id><name>Lab &amp; Co</name></Team>\
        <Team><uri>/finesse/api/Team/2</uri><id>2</id><name>Kiosk</name></Team></Teams>";
    assert_eq!(shown(desk.teams_document(ROOT)), teams);
}

/// Ada's login name is Ada. A client that knows the login name only asks for the id by it.
#[test]
fn finding_d4_and_m3_a_user_is_found_by_login_name_by_those_who_may_see_it() {
    for profile in ["uccx", "ucce"] {
        let keys = "[[user]]\nid = \"4711\"\nlogin_name = \"Suzy\"\npassword = \"x\"\nteam = \"1\"\nextension = \"2001\"\n";
        let mut desk = desk_with(profile, "", keys);
        let suzy = UserId::first(5);
        for actor in [suzy, ADA, ROOT] {
            for name in ["suzy", "Suzy", "suzy@localhost", "4711"] {
                assert_eq!(desk.find(actor, name), Ok(suzy), "{actor:?} {name}");
            }
        }
        assert_eq!(field(&get(&desk, suzy), "loginId"), "4711");
        for actor in [BOB, EVE, SUE] {
            let refused = desk.find(actor, "suzy").expect_err("somebody else's");
            let told = told(&refused);
            assert_eq!(
                told,
                (401, "Invalid Authorization User Specified".into(), "suzy".into()),
                "{actor:?}"
            );
        }
        for name in ["suzy@example.org", "suz", ""] {
            let unknown = desk.find(suzy, name).expect_err("nobody's");
            assert_eq!(told(&unknown), (404, "User Not Found".into(), name.into()));
        }
        // Administrators can stand in for somebody by that name too.
        assert_eq!(desk.stand_in(ROOT, "Suzy"), Ok(suzy));
        assert_eq!(told(&desk.stand_in(suzy, "bob").expect_err("no administrator")).0, 401);
        // A user who is gone is found by nothing.
        let config =
            Config::parse(&format!("profile = \"{profile}\"\n{PEOPLE}"), "c.toml").expect("a valid file");
        desk.reload(at(0), config);
        assert_eq!(told(&desk.find(ROOT, "suzy").expect_err("gone")).0, 404);
    }
}

/// The guide 12.5, page 73: the state of the user on a manual outbound call from NOT_READY. The state of the agent stays, so only
/// this tells the team that it is busy.
#[test]
fn finding_d21_and_m8_teams_of_express_are_told_who_is_busy_with_a_call_of_its_own() {
    const TEAM: &str = "/finesse/api/Team/1/Users";
    for (profile, release, has_it) in
        [("uccx", "12.5", true), ("uccx", "11.6", false), ("ucce", "12.5", false)]
    {
        let keys = format!("release = \"{release}\"");
        let mut desk = crate::desk::tests::dialogues::lab_with(profile, &keys, "");
        bring(&mut desk, BOB, "NOT_READY");
        bring(&mut desk, ADA, "NOT_READY");
        // What the team is told, and what it then reads.
        let media = |document: &str| {
            if document.contains("<mediaState>") { field(document, "mediaState") } else { String::new() }
        };
        let told = |events: &[Event], user: &str| {
            let source = format!("<source>/finesse/api/User/{user}</source>");
            let of_team = events.iter().filter(|event| event.node == TEAM && event.payload.contains(&source));
            of_team.map(|event| media(&event.payload)).collect::<Vec<_>>()
        };
        let member = |desk: &Desk, user: &str| {
            let team = shown(desk.team_document(ADA, "1", false));
            let start = team.find(&format!("<loginId>{user}</loginId>")).expect("a member");
            let end = team[start..].find("</User>").expect("its end");
            media(&format!("<User>{}</User>", &team[start..start + end]))
        };
        let call = "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1001</fromAddress>\
                    <toAddress>1000</toAddress></Dialog>";
        let asked = crate::desk::DialogRequest::read(call, &Bounds::of(&Limits::default())).expect("a call");
        let events = desk.create_dialog(at(500), BOB, BOB, &asked, "").expect("a call");
        let id = desk.last_dialog.to_string();
        if has_it {
            assert_eq!(told(&events, "bob"), ["BUSY"], "{events:?}");
            assert!(!told(&events, "ada").contains(&"BUSY".to_owned()), "a call that rings is not its own");
            assert_eq!([member(&desk, "bob"), member(&desk, "ada")], ["BUSY", "IDLE"]);
        } else {
            assert!(told(&events, "bob").iter().all(String::is_empty), "{events:?}");
            assert_eq!(member(&desk, "bob"), "");
        }
        let drop = "<Dialog><requestedAction>DROP</requestedAction><targetMediaAddress>1001</targetMediaAddress></Dialog>";
        let asked = crate::desk::DialogRequest::read(drop, &Bounds::of(&Limits::default())).expect("an end");
        let events = desk.update_dialog(at(600), BOB, &id, &asked, "").expect("an end");
        if has_it {
            assert_eq!(told(&events, "bob"), ["IDLE"], "{events:?}");
            assert_eq!(member(&desk, "bob"), "IDLE");
        }
    }
}

#[test]
fn finding_d19_everybody_reads_every_queue_and_supervisors_have_those_of_their_teams() {
    for profile in ["uccx", "ucce"] {
        let mut desk = crate::desk::tests::dialogues::lab(profile);
        for actor in [ADA, BOB, EVE, SUE, ROOT] {
            assert!(desk.queue_document(actor, "q2").is_ok() && desk.queues_of_user(actor, BOB).is_ok());
        }
        let of = |desk: &Desk, user| shown(desk.queues_of_user(user, user)).matches("<Queue>").count();
        assert_eq!([ADA, EVE, SUE, ROOT].map(|user| of(&desk, user)), [1, 1, 1, 0]);
        assert_eq!(shown(desk.queues_of_user(ROOT, ROOT)), "<Queues/>");
        desk.node_access = crate::config::NodeAccess::Role;
        assert_eq!(shown(desk.queue_document(BOB, "q2")), "401|Authorization Failure|2");
        assert_eq!(shown(desk.queues_of_user(EVE, BOB)), "401|Invalid Authorization User Specified|bob");
    }
}
