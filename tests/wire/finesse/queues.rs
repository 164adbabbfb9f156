//! A call from a queue, from its arrival to the end of wrap-up, as two agents and their supervisor see it.

use crate::support::http::{Http, basic};
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::server::DEMO;
use crate::support::{Client, Server};

const TEAM: &str = "/finesse/api/Team/1/Users";

fn dialogs(user: &str) -> String {
    format!("/finesse/api/User/{user}/Dialogs")
}

/// What an agent asks of a call.
fn act(server: &Server, user: &str, id: &str, action: &str, more: &str) {
    let body = format!(
        "<Dialog><targetMediaAddress>{user}</targetMediaAddress><requestedAction>{action}</requestedAction>{more}</Dialog>"
    );
    let headers = "Content-Type: application/xml\r\nrequestId: r-2\r\n";
    let answer = ask(server, user, "PUT", &format!("Dialog/{id}"), headers, &body);
    assert_eq!((answer.status(), answer.body.as_str(), answer.header("requestId")), (202, "", Some("r-2")));
}

/// The next event on the user's own node, and the one on the team's, which must say the same.
fn state(agent: &mut Client, supervisor: &mut Client, user: &str) -> String {
    let own = event(agent, &format!("/finesse/api/User/{user}"));
    let team = event(supervisor, TEAM);
    assert_eq!((field(&team, "loginId"), field(&team, "state")), (user, field(&own, "state")));
    field(&own, "state").to_owned()
}

/// The next event about calls: what happened, and the states of the participants.
fn call(agent: &mut Client, user: &str) -> String {
    let payload = event(agent, &dialogs(user));
    let read = roxmltree::Document::parse(&payload).expect("XML");
    let participants =
        read.descendants().filter(|node| node.has_tag_name("Participant")).map(|participant| {
            let child = |name| {
                let found = participant.children().find(|child| child.has_tag_name(name));
                found.and_then(|child| child.text()).unwrap_or_default()
            };
            format!(" {}={}", child("mediaAddress"), child("state"))
        });
    format!("{}{}", field(&payload, "event"), participants.collect::<String>())
}

#[test]
fn from_arrival_to_wrap_up() {
    let config = DEMO.replace("wrap_up = \"30s\"", "wrap_up = \"300ms\"");
    assert_ne!(config, DEMO);
    let server = Server::serving("localhost", &config);
    let mut first = Client::online(&server, "1001", "desktop");
    let mut second = Client::online(&server, "1002", "desktop");
    let mut supervisor = Client::online(&server, "administrator", "desktop");
    supervisor.subscribe(TEAM);
    for (agent, user) in [(&mut first, "1001"), (&mut second, "1002")] {
        for body in
            [format!("<state>LOGIN</state><extension>{user}</extension>"), "<state>READY</state>".into()]
        {
            assert_eq!(put_state(&server, user, user, &body).status(), 202);
            state(agent, &mut supervisor, user);
        }
    }

    // It rings where somebody has been ready longest.
    let arrival = Http::connect(server.plain).ask(format!(
        "POST /callboard/api/calls?to=9001&from=5550123&callVariable1=A%26B HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Length: 0\r\n\r\n",
        basic("administrator", "1234")
    ));
    assert_eq!(arrival.status(), 202, "{arrival:?}");
    let id = arrival.body.trim();
    assert_eq!(state(&mut first, &mut supervisor, "1001"), "RESERVED");
    let offered = event(&mut first, &dialogs("1001"));
    assert_eq!((field(&offered, "event"), field(&offered, "id")), ("POST", id));
    assert_eq!((field(&offered, "callType"), field(&offered, "queueName")), ("ACD_IN", "Sales"));
    assert!(offered.contains("<name>callVariable1</name><value>A&amp;B</value>"), "{offered}");

    act(&server, "1001", id, "ANSWER", "");
    assert_eq!(call(&mut first, "1001"), "PUT 5550123=ACTIVE 1001=ACTIVE");
    assert_eq!(state(&mut first, &mut supervisor, "1001"), "TALKING");
    assert_eq!(field(&get(&server, "administrator", &format!("Dialog/{id}")).body, "state"), "ACTIVE");

    // The colleague is asked, and gets the call.
    act(&server, "1001", id, "CONSULT_CALL", "<toAddress>1002</toAddress>");
    assert_eq!(call(&mut first, "1001"), "PUT 5550123=ACTIVE 1001=HELD");
    let consultation = event(&mut first, &dialogs("1001"));
    assert_eq!((field(&consultation, "event"), field(&consultation, "requestId")), ("POST", "r-2"));
    let about = format!("<associatedDialogUri>/finesse/api/Dialog/{id}</associatedDialogUri>");
    assert!(consultation.contains(&about), "{consultation}");
    let other = field(&consultation, "id");
    assert_eq!(call(&mut first, "1001"), "PUT 1001=INITIATED");
    assert_eq!(call(&mut first, "1001"), "PUT 1001=INITIATED 1002=ALERTING");
    assert_eq!(state(&mut second, &mut supervisor, "1002"), "RESERVED");
    assert_eq!(call(&mut second, "1002"), "POST 1001=INITIATED 1002=ALERTING");
    act(&server, "1002", other, "ANSWER", "");
    for (agent, user) in [(&mut first, "1001"), (&mut second, "1002")] {
        assert_eq!(call(agent, user), "PUT 1001=ACTIVE 1002=ACTIVE");
    }
    assert_eq!(state(&mut second, &mut supervisor, "1002"), "TALKING");
    // Now the call that is held can be merged with it.
    let held = event(&mut first, &dialogs("1001"));
    assert!(held.contains("<action>TRANSFER</action><action>CONFERENCE</action>"), "{held}");
    act(&server, "1001", id, "TRANSFER", "");
    for happened in ["PUT", "DELETE"] {
        for (agent, user) in [(&mut first, "1001"), (&mut second, "1002")] {
            assert_eq!(call(agent, user), format!("{happened} 1001=DROPPED 1002=DROPPED"));
        }
    }
    assert_eq!(call(&mut first, "1001"), "PUT 5550123=ACTIVE 1001=WRAP_UP 1002=ACTIVE");
    assert_eq!(call(&mut second, "1002"), "POST 5550123=ACTIVE 1001=WRAP_UP 1002=ACTIVE");
    assert_eq!(state(&mut first, &mut supervisor, "1001"), "WORK");
    assert_eq!(state(&mut first, &mut supervisor, "1001"), "READY");
    // When the first has wrapped up, it is gone for both.
    assert_eq!(call(&mut first, "1001"), "PUT 5550123=ACTIVE 1001=DROPPED 1002=ACTIVE");
    assert_eq!(call(&mut first, "1001"), "DELETE 5550123=ACTIVE 1001=DROPPED 1002=ACTIVE");
    assert_eq!(call(&mut second, "1002"), "PUT 5550123=ACTIVE 1001=DROPPED 1002=ACTIVE");
    assert_eq!(call(&mut second, "1002"), "PUT 5550123=ACTIVE 1002=ACTIVE");

    // The end, and the wrap-up after it.
    act(&server, "1002", id, "DROP", "");
    assert_eq!(call(&mut second, "1002"), "PUT 5550123=DROPPED 1002=WRAP_UP");
    assert_eq!(state(&mut second, &mut supervisor, "1002"), "WORK");
    assert_eq!(state(&mut second, &mut supervisor, "1002"), "READY");
    assert_eq!(call(&mut second, "1002"), "PUT 5550123=DROPPED 1002=DROPPED");
    assert_eq!(call(&mut second, "1002"), "DELETE 5550123=DROPPED 1002=DROPPED");
    assert_eq!(get(&server, "1002", &format!("Dialog/{id}")).status(), 404);
    assert_eq!(get(&server, "1002", "User/1002/Dialogs").body, "<Dialogs/>");
    for client in [&mut first, &mut second, &mut supervisor] {
        client.expect_nothing_more();
    }
}
