//! Outbound campaigns and recording, as a client on the wire sees them.

use crate::support::http::{Answer, Http, basic};
use crate::support::rest::{ask, event, field, get};
use crate::support::server::DEMO;
use crate::support::{Client, Server};

const USER: &str = "/finesse/api/User/1001";
const DIALOGS: &str = "/finesse/api/User/1001/Dialogs";
const CONTACTS: &str = "/callboard/api/contacts";

/// The demo, with a campaign in Preview mode in Enterprise.
fn server(profile: &str, release: &str) -> Server {
    let mut demo = DEMO
        .replace("profile = \"uccx\"", &format!("profile = \"{profile}\""))
        .replace("release = \"12.5\"", &format!("release = \"{release}\""));
    if profile == "ucce" {
        demo = demo.replacen("[[campaign]]", "[[campaign]]\nname = \"Surveys\"\nteam = \"1\"\nmode = \"preview\"\n[[campaign.contact]]\nphone_number = \"5550191\"\nfirst_name = \"Grace\"\nlast_name = \"Hopper\"\nvariables = [\"user.tier=A&B\"]\n[[campaign]]", 1);
    }
    Server::serving("localhost", &format!("{demo}[limits]\noutside_answer = \"300ms\"\nsign_in = \"0ms\"\n"))
}

fn own(server: &Server, user: &str, line: &str, body: &str) -> Answer {
    let login = basic(user, if user == "administrator" { "1234" } else { user });
    let length = body.len();
    Http::connect(server.plain).ask(format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {login}\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

fn state(server: &Server, agent: &mut Client, state: &str) {
    let body = format!("<User><state>{state}</state><extension>1001</extension></User>");
    assert_eq!(ask(server, "1001", "PUT", "User/1001", "", &body).status(), 202);
    event(agent, USER);
}

fn act(server: &Server, id: &str, action: &str, parameters: &str) -> Answer {
    let body = format!(
        "<Dialog><requestedAction>{action}</requestedAction><targetMediaAddress>1001</targetMediaAddress>{parameters}</Dialog>"
    );
    ask(server, "1001", "PUT", &format!("Dialog/{id}"), "", &body)
}

fn parameter(name: &str, value: &str) -> String {
    format!(
        "<actionParams><ActionParam><name>{name}</name><value>{value}</value></ActionParam></actionParams>"
    )
}

fn variable(name: &str, value: &str) -> String {
    format!("<CallVariable><name>{name}</name><value>{value}</value></CallVariable>")
}

/// The requests in the order of a desktop: it shows the contact, accepts it, reclassifies the call, and schedules a callback.
#[test]
fn finding_m4_an_agent_calls_a_contact_of_a_direct_preview_campaign() {
    for (profile, status) in [("uccx", "OUTBOUND"), ("ucce", "DIRECT_PREVIEW_OUTBOUND")] {
        let server = server(profile, "12.6");
        let mut agent = Client::online(&server, "1001", "desktop");
        state(&server, &mut agent, "LOGIN");
        let add = "campaign=Renewals&phone_number=5550190&first_name=Ada&last_name=Lovelace&account_number=4711&agent=1001&callVariable1=Gold";
        let added = own(&server, "administrator", &format!("POST {CONTACTS}"), add);
        assert_eq!(added.status(), 202, "{}", added.body);
        let contact = added.body.trim().to_owned();
        let listed = own(&server, "administrator", &format!("GET {CONTACTS}"), "").body;
        let waiting = format!(
            "{{\"id\":{contact},\"campaign\":\"Renewals\",\"phoneNumber\":\"5550190\",\"state\":\"waiting\",\"callback\":null,\"agent\":\"1001\",\"dialog\":null}}"
        );
        assert!(listed.contains(&waiting), "{listed}");
        if profile == "ucce" {
            // The contact of the file comes first.
            let first = own(&server, "administrator", &format!("DELETE {CONTACTS}/1"), "");
            assert_eq!(first.status(), 202);
        }
        state(&server, &mut agent, "READY");
        assert_eq!(field(&event(&mut agent, USER), "state"), "RESERVED_OUTBOUND_PREVIEW");
        let offer = event(&mut agent, DIALOGS);
        assert_eq!(
            ["event", "callType", "fromAddress", "toAddress", "dialedNumber", "outboundClassification"]
                .map(|name| field(&offer, name)),
            ["POST", "OUTBOUND_DIRECT_PREVIEW", "7900", "1001", "5550190", ""]
        );
        assert!(offer.contains("<actions><action>ACCEPT</action><action>CLOSE</action><action>REJECT</action></actions><mediaAddress>1001</mediaAddress>"), "{offer}");
        for (name, value) in [
            ("BACampaign", "Renewals"),
            ("BAStatus", "DIRECT_PREVIEW_OUTBOUND_RESERVATION"),
            ("BAResponse", ""),
            ("BAAccountNumber", "4711"),
            ("BADialedListID", &contact),
            ("BATimeZone", "0"),
            ("BABuddyName", "Ada,Lovelace"),
            ("BACustomerNumber", "5550190"),
            ("callVariable1", "Gold"),
        ] {
            assert!(offer.contains(&variable(name, value)), "{name}: {offer}");
        }
        assert_eq!(offer.contains("<callbackNumber>5550190<"), profile == "ucce", "{offer}");
        let reservation = field(&offer, "id").to_owned();
        let list = get(&server, "1001", "User/1001/Dialogs").body;
        assert!(list.contains("OUTBOUND_DIRECT_PREVIEW"), "{list}");
        assert_eq!(act(&server, &reservation, "ACCEPT", "").status(), 202);
        let accepted = event(&mut agent, DIALOGS);
        assert!(accepted.contains("<state>ACCEPTED</state>"), "{accepted}");
        assert!(accepted.contains(&variable("BAResponse", "Accept")), "{accepted}");
        assert_eq!(field(&event(&mut agent, DIALOGS), "event"), "PUT");
        assert_eq!(field(&event(&mut agent, DIALOGS), "event"), "DELETE");
        assert_eq!(field(&event(&mut agent, USER), "state"), "TALKING");
        let call = event(&mut agent, DIALOGS);
        assert_eq!(
            ["event", "callType", "fromAddress", "associatedDialogUri"].map(|name| field(&call, name)),
            ["POST", "OUTBOUND", "1001", &format!("/finesse/api/Dialog/{reservation}")]
        );
        assert!(call.contains(&variable("BAStatus", status)), "{call}");
        let id = field(&call, "id").to_owned();
        let talks = loop {
            let told = event(&mut agent, DIALOGS);
            if told.contains("<state>ACTIVE</state>") {
                break told;
            }
        };
        assert!(
            talks.contains("<action>RECLASSIFY</action><action>UPDATE_SCHEDULED_CALLBACK</action>"),
            "{talks}"
        );
        assert_eq!(
            act(&server, &id, "RECLASSIFY", &parameter("outboundClassification", "FAX")).status(),
            202
        );
        let told = event(&mut agent, DIALOGS);
        assert_eq!(field(&told, "outboundClassification"), "FAX");
        assert!(told.contains(&variable("BAResponse", "Fax")), "{told}");
        let answer =
            act(&server, &id, "UPDATE_SCHEDULED_CALLBACK", &parameter("callbackTime", "2099-01-01T08:00"));
        assert_eq!(answer.status(), 202);
        assert_eq!(field(&event(&mut agent, DIALOGS), "callbackTime"), "2099-01-01T08:00");
        let answer = act(&server, &id, "UPDATE_SCHEDULED_CALLBACK", &parameter("callbackNumber", "5550199"));
        assert_eq!(answer.status(), 202);
        let told = event(&mut agent, DIALOGS);
        assert!(told.contains("<scheduledCallbackInfo><callbackNumber>5550199</callbackNumber><callbackTime>2099-01-01T08:00</callbackTime></scheduledCallbackInfo>"), "{told}");
        assert!(told.contains("<action>CANCEL_SCHEDULED_CALLBACK</action>"), "{told}");
        assert_eq!(act(&server, &id, "DROP", "").status(), 202);
        assert!(event(&mut agent, DIALOGS).contains("<state>WRAP_UP</state>"));
        event(&mut agent, USER);
        state(&server, &mut agent, "READY");
        assert_eq!(field(&event(&mut agent, DIALOGS), "event"), "PUT");
        assert_eq!(field(&event(&mut agent, DIALOGS), "event"), "DELETE");
        let listed = own(&server, "administrator", &format!("GET {CONTACTS}"), "").body;
        let scheduled = format!(
            "{{\"id\":{contact},\"campaign\":\"Renewals\",\"phoneNumber\":\"5550199\",\"state\":\"resting\",\"callback\":\"callback\",\"agent\":null,\"dialog\":null}}"
        );
        assert!(listed.contains(&scheduled), "{listed}");
    }
}

#[test]
fn finding_m4_the_dialer_puts_a_contact_through_in_preview_mode() {
    let server = server("ucce", "12.5");
    let mut agent = Client::online(&server, "1001", "desktop");
    state(&server, &mut agent, "LOGIN");
    state(&server, &mut agent, "READY");
    assert_eq!(field(&event(&mut agent, USER), "state"), "RESERVED_OUTBOUND_PREVIEW");
    let offer = event(&mut agent, DIALOGS);
    assert_eq!(["event", "callType"].map(|name| field(&offer, name)), ["POST", "OUTBOUND_PREVIEW"]);
    assert!(offer.contains(&variable("BABuddyName", "Grace,Hopper")), "{offer}");
    assert!(offer.contains(&variable("user.tier", "A&amp;B")), "{offer}");
    let id = field(&offer, "id").to_owned();
    assert_eq!(act(&server, &id, "HOLD", "").status(), 202);
    let error = event(&mut agent, DIALOGS);
    assert_eq!(field(&error, "errorType"), "Generic Error");
    state(&server, &mut agent, "NOT_READY");
    assert_eq!(act(&server, &id, "ACCEPT", "").status(), 202);
    assert!(event(&mut agent, DIALOGS).contains("<state>ACCEPTED</state>"));
    assert_eq!(field(&event(&mut agent, DIALOGS), "event"), "PUT");
    assert_eq!(field(&event(&mut agent, DIALOGS), "event"), "DELETE");
    let talking = event(&mut agent, USER);
    assert_eq!(["state", "pendingState"].map(|name| field(&talking, name)), ["TALKING", "NOT_READY"]);
    let call = event(&mut agent, DIALOGS);
    assert_eq!(["event", "callType"].map(|name| field(&call, name)), ["POST", "OUTBOUND"]);
    assert!(call.contains(&variable("BAStatus", "PREVIEW_OUTBOUND")), "{call}");
}

#[test]
fn finding_m4_contacts_are_for_administrators_and_have_to_be_good() {
    let server = server("uccx", "12.5");
    let number = "x".repeat(40);
    for (user, line, body, status) in [
        ("1001", format!("POST {CONTACTS}"), "campaign=Renewals&phone_number=1", 403),
        ("1001", format!("GET {CONTACTS}"), "", 403),
        ("1001", format!("DELETE {CONTACTS}/1"), "", 403),
        ("administrator", format!("POST {CONTACTS}"), "", 400),
        ("administrator", format!("POST {CONTACTS}"), "campaign=Renewals", 400),
        ("administrator", format!("POST {CONTACTS}"), "phone_number=1", 400),
        ("administrator", format!("POST {CONTACTS}"), "campaign=Renewals&phone_number=home", 400),
        ("administrator", format!("POST {CONTACTS}"), "campaign=Renewals&phone_number=1&phone_number=1", 400),
        ("administrator", format!("POST {CONTACTS}?phone_number={number}"), "campaign=Renewals", 400),
        ("administrator", format!("POST {CONTACTS}"), "campaign=Renewals&phone_number=1&result=maybe", 400),
        ("administrator", format!("POST {CONTACTS}"), "campaign=Renewals&phone_number=1&BAStatus=x", 400),
        ("administrator", format!("POST {CONTACTS}"), "campaign=Renewals&phone_number=1&first_name=%07", 400),
        ("administrator", format!("POST {CONTACTS}"), "campaign=Nothing&phone_number=1", 404),
        ("administrator", format!("POST {CONTACTS}"), "campaign=Renewals&phone_number=1&agent=nobody", 404),
        ("administrator", format!("POST {CONTACTS}"), "campaign=Renewals&phone_number=1&result=busy", 202),
        ("administrator", format!("DELETE {CONTACTS}/x"), "", 404),
        ("administrator", format!("DELETE {CONTACTS}/01"), "", 404),
        ("administrator", format!("DELETE {CONTACTS}/1"), "", 202),
        ("administrator", format!("DELETE {CONTACTS}/1"), "", 404),
        ("administrator", format!("PUT {CONTACTS}"), "", 405),
    ] {
        assert_eq!(own(&server, user, &line, body).status(), status, "{user} {line} {body}");
    }
    assert_eq!(
        own(&server, "administrator", &format!("GET {CONTACTS}"), "").body,
        "{\"total\":0,\"contacts\":[]}\n"
    );
    // A call of no campaign.
    let mut agent = Client::online(&server, "1001", "desktop");
    state(&server, &mut agent, "LOGIN");
    let id = own(&server, "administrator", "POST /callboard/api/calls?to=1001", "").body.trim().to_owned();
    event(&mut agent, DIALOGS);
    assert_eq!(act(&server, &id, "RECLASSIFY", "").status(), 400);
    for (action, parameters) in [
        ("ACCEPT", String::new()),
        ("CLOSE", String::new()),
        ("REJECT", String::new()),
        ("RECLASSIFY", parameter("outboundClassification", "BUSY")),
        ("UPDATE_SCHEDULED_CALLBACK", parameter("callbackNumber", "1")),
        ("CANCEL_SCHEDULED_CALLBACK", String::new()),
    ] {
        assert_eq!(act(&server, &id, action, &parameters).status(), 202);
        let error = event(&mut agent, DIALOGS);
        assert_eq!(field(&error, "errorMessage"), format!("INVALID_ACTION {action} on extension 1001"));
    }
}

#[test]
fn finding_m10_recording_is_answered_by_an_event_of_the_call() {
    let server = server("uccx", "12.5");
    let mut agent = Client::online(&server, "1001", "desktop");
    state(&server, &mut agent, "LOGIN");
    let id = own(&server, "administrator", "POST /callboard/api/calls?to=1001", "").body.trim().to_owned();
    event(&mut agent, DIALOGS);
    assert_eq!(act(&server, &id, "ANSWER", "").status(), 202);
    event(&mut agent, DIALOGS);
    assert_eq!(act(&server, &id, "START_RECORDING", "").status(), 202);
    let told = event(&mut agent, DIALOGS);
    assert_eq!(["event", "id"].map(|name| field(&told, name)), ["PUT", &id]);
    let server = crate::finesse::outbound::server("ucce", "12.5");
    assert_eq!(act(&server, "16777217", "START_RECORDING", "").status(), 404);
}
