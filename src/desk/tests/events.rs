//! The payloads of events against published captures.

use crate::desk::Whose;
use crate::desk::tests::*;

/// The agent of the captures, in a file for one profile and release.
fn captured(profile: &str, release: &str) -> Desk {
    let text = format!(
        r#"profile = "{profile}"
release = "{release}"
[[team]]
id = "5005"
name = "LPU_test"
[[user]]
id = "6021"
login_name = "lpu_test_21"
password = "x"
first_name = "LPU"
last_name = "Test 21"
roles = ["Agent", "Supervisor"]
team = "5005"
supervises = ["5005"]
extension = "2830"
[[reason_code]]
id = 1
category = "NOT_READY"
code = 10
label = "Team Meeting"
"#
    );
    at_once(Config::parse(&text, "c.toml").expect("a valid file"))
}

/// The events of a body from the only user.
fn events(desk: &mut Desk, body: &str, request_id: &str) -> Vec<Event> {
    let asked = asked(&format!("<User>{body}</User>"));
    desk.set_state(at(466), UserId::first(0), UserId::first(0), &asked, request_id)
        .expect("an accepted request")
}

const LOGIN: &str = "<state>LOGIN</state><extension>2830</extension>";

/// The captures are printed with white space between the elements.
fn packed(text: &str) -> String {
    text.lines().map(str::trim).collect()
}

#[test]
fn signing_in_is_told_as_captured() {
    let mut desk = captured("ucce", "12.5");
    let events = events(&mut desk, LOGIN, "");
    let expected = packed(
        "<Update><data><user>
        <dialogs>/finesse/api/User/6021/Dialogs</dialogs><extension>2830</extension><firstName>LPU</firstName>
        <lastName>Test 21</lastName><loginId>6021</loginId><loginName>lpu_test_21</loginName><mediaType>1</mediaType>
        <pendingState></pendingState><reasonCodeId>-1</reasonCodeId>
        <roles><role>Agent</role><role>Supervisor</role></roles>
        <settings><wrapUpOnIncoming>OPTIONAL</wrapUpOnIncoming><wrapUpOnOutgoing>OPTIONAL</wrapUpOnOutgoing></settings>
        <state>NOT_READY</state><stateChangeTime>2023-01-13T11:07:11.466Z</stateChangeTime><teamId>5005</teamId>
        <teamName>LPU_test</teamName>
        <teams><Team><id>5005</id><name>LPU_test</name><uri>/finesse/api/Team/5005</uri></Team></teams>
        <uri>/finesse/api/User/6021</uri><wrapUpTimer>7200</wrapUpTimer>
        </user></data><event>PUT</event><requestId></requestId><source>/finesse/api/User/6021</source></Update>",
    );
    assert_eq!(events[0].payload, expected);

    // Signing out is the same with another state and no extension.
    let logout = self::events(&mut desk, "<state>LOGOUT</state>", "");
    let expected = expected
        .replace("<extension>2830</extension>", "<extension></extension>")
        .replace("<state>NOT_READY</state>", "<state>LOGOUT</state>");
    assert_eq!(logout[0].payload, expected);
}

#[test]
fn finding_d2_a_reason_is_told_to_the_user_and_shorter_to_the_team() {
    let mut desk = captured("ucce", "12.5");
    events(&mut desk, LOGIN, "");
    let not_ready = "<state>NOT_READY</state><reasonCodeId>1</reasonCodeId>";
    let [user, team] = events(&mut desk, not_ready, "a&b").try_into().expect("two events");
    let reason = packed(
        "<pendingState></pendingState><reasonCode><category>NOT_READY</category><code>10</code><forAll>true</forAll>
        <id>1</id><label>Team Meeting</label><systemCode>false</systemCode><uri>/finesse/api/ReasonCode/1</uri></reasonCode>
        <reasonCodeId>1</reasonCodeId><roles>",
    );
    assert!(user.payload.contains(&reason), "{}", user.payload);
    let summary = |added: &str| {
        packed(&format!(
            "<Update><data><user><uri>/finesse/api/User/6021</uri><loginId>6021</loginId><firstName>LPU</firstName>
            <lastName>Test 21</lastName>{added}<state>NOT_READY</state>
            <stateChangeTime>2023-01-13T11:07:11.466Z</stateChangeTime>
            <reasonCode><uri>/finesse/api/ReasonCode/1</uri><code>10</code><label>Team Meeting</label>
            <category>NOT_READY</category><id>1</id></reasonCode></user></data>
            <event>PUT</event><requestId>a&amp;b</requestId><source>/finesse/api/User/6021</source></Update>"
        ))
    };
    let added = "<extension>2830</extension><pendingState></pendingState>";
    assert_eq!((team.node.as_str(), team.payload), ("/finesse/api/Team/5005/Users", summary(added)));

    let mut old = captured("uccx", "11.6");
    events(&mut old, LOGIN, "");
    let [user, team] = events(&mut old, not_ready, "a&b").try_into().expect("two events");
    assert_eq!(team.payload, summary(""));
    // As a GET of 2017 was answered.
    let reason = packed(
        "<pendingState></pendingState><reasonCode><category>NOT_READY</category><code>10</code><forAll>true</forAll>
        <id>1</id><label>Team Meeting</label><uri>/finesse/api/ReasonCode/1</uri></reasonCode>
        <reasonCodeId>1</reasonCodeId><roles><role>Agent</role><role>Supervisor</role></roles>
        <settings><wrapUpOnIncoming>OPTIONAL</wrapUpOnIncoming></settings><state>",
    );
    assert!(user.payload.contains(&reason), "{}", user.payload);
    assert!(!user.payload.contains("wrapUpTimer"), "{}", user.payload);
}

#[test]
fn finding_d2_every_document_of_users_has_the_reason_in_lower_case() {
    for release in ["11.6", "12.5"] {
        let mut desk = captured("ucce", release);
        events(&mut desk, LOGIN, "");
        let told = events(&mut desk, "<state>NOT_READY</state><reasonCodeId>1</reasonCodeId>", "");
        let me = UserId::first(0);
        let mut documents: Vec<String> = told.into_iter().map(|event| event.payload).collect();
        documents.extend([desk.user_document(me, me), desk.team_document(me, "5005", false)].map(shown));
        for document in documents {
            assert_eq!(field(&document, "reasonCode").matches("Team Meeting").count(), 1, "{document}");
            assert!(!document.contains("<ReasonCode>"), "{document}");
        }
        let list = shown(desk.reason_codes_document(me, Whose::User(me), "NOT_READY"));
        assert!(list.contains("<ReasonCode><uri>") && !list.contains("<reasonCode>"), "{list}");
    }
}

#[test]
fn errors_are_told_as_captured() {
    let device = |peripheral: [&str; 2]| {
        let [before, after] = peripheral;
        packed(&format!(
            "<Update><data><apiErrors><apiError>{before}<errorType>Invalid Device</errorType>
            <errorMessage>CF_INVALID_LOGON_DEVICE_SPECIFIED</errorMessage>{after}<errorData>260</errorData>
            </apiError></apiErrors></data><requestId>5</requestId><source>/finesse/api/User/6021</source>
            <event>put</event></Update>"
        ))
    };
    let with_peripheral = device([
        "<peripheralErrorCode>10125</peripheralErrorCode>",
        "<peripheralErrorText>A device target with the network target ID specified cannot be found.</peripheralErrorText>\
         <peripheralErrorMsg>PERERR_TELDRIVE_NODEVICETARGETFORNETTARGETID</peripheralErrorMsg>",
    ]);
    let login = "<state>LOGIN</state><extension>9</extension>";
    for (profile, release, expected) in [
        ("ucce", "12.5", with_peripheral),
        ("ucce", "11.6", device(["", ""])),
        ("uccx", "12.5", device(["", ""])),
    ] {
        let events = events(&mut captured(profile, release), login, "5");
        let expected = Event { node: "/finesse/api/User/6021".into(), payload: expected };
        assert_eq!(events, [expected], "{profile} {release}");
    }

    let ready = events(&mut captured("ucce", "12.5"), "<state>READY</state>", "");
    let expected = packed(
        "<Update><data><apiErrors><apiError><errorType>Invalid State</errorType>
        <errorMessage>CF_INVALID_OBJECT_STATE</errorMessage><errorData>22</errorData></apiError></apiErrors></data>
        <requestId></requestId><source>/finesse/api/User/6021</source><event>put</event></Update>",
    );
    assert_eq!(ready[0].payload, expected);
}

/// A client of Express knows a fresh sign-in by the label.
#[test]
fn finding_d9_and_m8_signing_in_has_a_reason_on_express() {
    for (profile, expected) in [("uccx", Some("32760")), ("ucce", None)] {
        let mut desk = captured(profile, "12.5");
        for event in events(&mut desk, LOGIN, "") {
            let code = event.payload.contains("<reasonCode>").then(|| field(&event.payload, "code"));
            assert_eq!(code.as_deref(), expected, "{}", event.payload);
            if expected.is_some() {
                assert_eq!(field(&event.payload, "label"), "Agent Logon");
                assert_eq!(field(&event.payload, "id"), "-1");
                assert!(event.payload.contains("<uri>/finesse/api/ReasonCode/-1</uri>"), "{}", event.payload);
            }
        }
        // Signing in again keeps the state, and with it the reason.
        events(&mut desk, "<state>NOT_READY</state><reasonCodeId>1</reasonCodeId>", "");
        assert_eq!(field(&events(&mut desk, LOGIN, "")[0].payload, "label"), "Team Meeting");
    }
}
