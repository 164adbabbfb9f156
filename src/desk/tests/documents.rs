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
fn finding_d4_a_user_is_found_by_login_name_by_those_who_may_see_it() {
    for profile in ["uccx", "ucce"] {
        let keys = "[[user]]\nid = \"4711\"\nlogin_name = \"Suzy\"\npassword = \"x\"\nteam = \"1\"\nextension = \"2001\"\n";
        let mut desk = desk_with(profile, "", keys);
        let suzy = UserId(5);
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

#[test]
fn finding_d21_members_on_express_say_whether_they_have_a_call() {
    for (profile, states) in [("uccx", ["IDLE", "BUSY"]), ("ucce", ["", ""])] {
        let mut desk = crate::desk::tests::dialogues::lab(profile);
        bring(&mut desk, BOB, "READY");
        let media = |desk: &Desk| {
            let team = shown(desk.team_document(ADA, "1", false));
            if team.contains("<mediaState>") { field(&team, "mediaState") } else { String::new() }
        };
        assert_eq!(media(&desk), states[0], "{profile}");
        let call = crate::desk::Inbound { from: "1".into(), to: "9001".into(), data: CallData::default() };
        let (_, events) = desk.place_call(at(500), &call, "").expect("a call");
        assert_eq!(media(&desk), states[1], "{profile}");
        let told = events.iter().find(|event| event.node == "/finesse/api/Team/1/Users").expect("it is told");
        assert_eq!(
            told.payload.contains("<mediaState>BUSY</mediaState>"),
            profile == "uccx",
            "{}",
            told.payload
        );
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
