//! Callers from outside: `/callboard/api/calls`.

use crate::support::http::{Answer, Http, basic};
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::{Client, Server};

const DIALOGS: &str = "/finesse/api/User/1001/Dialogs";
const USER: &str = "/finesse/api/User/1001";

/// A request to callboard's own API; `user` is empty for nobody.
fn request(server: &Server, user: &str, line: &str, body: impl AsRef<[u8]>) -> Answer {
    let password = if user == "administrator" { "1234" } else { user };
    let login = match user {
        "" => String::new(),
        user => format!("Authorization: {}\r\n", basic(user, password)),
    };
    let body = body.as_ref();
    let mut http = Http::connect(server.plain);
    http.send(format!("{line} HTTP/1.1\r\nHost: localhost\r\n{login}Content-Length: {}\r\n\r\n", body.len()));
    http.ask(body)
}

/// Lets somebody call. Returns the id of the dialog.
pub fn call(server: &Server, query: &str, form: &str) -> String {
    let answer = request(server, "administrator", &format!("POST /callboard/api/calls{query}"), form);
    assert_eq!(answer.status(), 202, "{query} {form}: {answer:?}");
    answer.body.trim().to_owned()
}

/// The caller hangs up.
fn hang_up(server: &Server, id: &str) -> u16 {
    request(server, "administrator", &format!("DELETE /callboard/api/calls/{id}"), "").status()
}

/// Signs 1001 in and makes it ready, if it is to be. Returns its client, which has had the events of that.
pub fn agent(server: &Server, is_ready: bool) -> Client {
    let mut agent = Client::online(server, "1001", "desktop");
    let ready = is_ready.then_some("<state>READY</state>");
    for body in ["<state>LOGIN</state><extension>1001</extension>"].into_iter().chain(ready) {
        assert_eq!(put_state(server, "1001", "1001", body).status(), 202);
        event(&mut agent, USER);
    }
    agent
}

fn state(agent: &mut Client) -> String {
    field(&event(agent, USER), "state").to_owned()
}

/// What happened to a call.
fn happened(agent: &mut Client, id: &str) -> String {
    let payload = event(agent, DIALOGS);
    assert_eq!(field(&payload, "id"), id, "{payload}");
    field(&payload, "event").to_owned()
}

#[test]
fn query_and_form_say_who_calls_whom() {
    let server = Server::demo();
    for (query, form, from, variable) in [
        ("?to=9001", "", "5550100", None),
        ("", "to=9001", "5550100", None),
        ("?to=9001&from=%2B4955501234", "", "+4955501234", None),
        ("?to=9001", "from=5550123&callVariable1=Ada", "5550123", Some("callVariable1")),
        ("?user.lab=Ada", "from=sip:ada@example.org&to=9001\r\n", "sip:ada@example.org", Some("user.lab")),
        // The id of the queue is as good as its number.
        ("?to=1", "", "5550100", None),
    ] {
        let id = call(&server, query, form);
        let dialog = get(&server, "administrator", &format!("Dialog/{id}")).body;
        let said = ["id", "fromAddress", "toAddress", "dialedNumber", "queueNumber", "mediaAddress"];
        assert_eq!(
            said.map(|name| field(&dialog, name)),
            [id.as_str(), from, "9001", "9001", "1", from],
            "{query} {form}"
        );
        let variables = field_inside(&dialog, "callvariables").split("</CallVariable>");
        let set: Vec<&str> =
            variables.filter(|one| !one.is_empty() && !one.contains("<value></value>")).collect();
        let expected = variable.map(|name| format!("<CallVariable><name>{name}</name><value>Ada</value>"));
        assert_eq!(set, expected.as_slice(), "{query} {form}");
    }
}

/// What stands inside an element.
fn field_inside<'a>(document: &'a str, name: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("<{name}>")).expect(document);
    rest.split_once(&format!("</{name}>")).expect(document).0
}

#[test]
fn what_is_known_of_the_caller_reaches_the_agent_as_it_was_written() {
    let server = Server::demo();
    let mut agent = agent(&server, false);
    call(
        &server,
        "?to=1001&callVariable1=A%26B+%3Cc%3E",
        "user.note=%ED%95%9C%EA%B5%AD%EC%96%B4+%22%27%26amp%3B",
    );
    // Once as XML, and once more as the text of an event.
    let frame = agent.text();
    for value in ["A&amp;amp;B &amp;lt;c&amp;gt;", "한국어"] {
        assert!(frame.contains(value), "{value} in {frame}");
    }
    let read = roxmltree::Document::parse(&frame).expect("XML");
    let payload: String =
        read.descendants().filter(|node| node.is_text()).filter_map(|node| node.text()).collect();
    let dialog = get(&server, "1001", "User/1001/Dialogs").body;
    for document in [payload, dialog] {
        assert!(document.contains("<value>A&amp;B &lt;c&gt;</value>"), "{document}");
        let read = roxmltree::Document::parse(&document).expect("XML");
        let values = read.descendants().filter(|node| node.has_tag_name("value"));
        let values: Vec<&str> = values.filter_map(|node| node.text()).collect();
        assert_eq!(values, ["A&B <c>", "한국어 \"'&amp;"], "{document}");
    }
    agent.expect_nothing_more();
}

#[test]
fn calls_that_cannot_be_are_refused_with_a_sentence_and_nobody_hears_of_them() {
    let server = Server::demo();
    let mut agent = agent(&server, false);
    let long = format!("POST /callboard/api/calls?to=1001&from={}", "5".repeat(65));
    let value = format!("POST /callboard/api/calls?to=1001&callVariable1={}", "x".repeat(41));
    let korean = format!("POST /callboard/api/calls?to=1001&callVariable1={}", "%ED%95%9C".repeat(14));
    let own = format!("POST /callboard/api/calls?to=1001&user.x={}", "x".repeat(211));
    let name = format!("POST /callboard/api/calls?to=1001&user.{}=x", "x".repeat(60));
    let many: String = (0..41).map(|number| format!("&user.v{number}=x")).collect();
    let many = format!("POST /callboard/api/calls?to=1001{many}");
    for (line, body, status) in [
        ("POST /callboard/api/calls", "", 400),
        ("POST /callboard/api/calls?to=", "", 400),
        ("POST /callboard/api/calls?from=5550123", "", 400),
        ("POST /callboard/api/calls?to=1001&to=1001", "", 400),
        ("POST /callboard/api/calls?to=1001", "to=1001", 400),
        ("POST /callboard/api/calls?to=1001&from=1&from=2", "", 400),
        ("POST /callboard/api/calls?to=1001&from=", "", 400),
        ("POST /callboard/api/calls?to=1001&from=5+5", "", 400),
        ("POST /callboard/api/calls?to=1001&from=%00", "", 400),
        ("POST /callboard/api/calls?to=1001&from=%ED%95%9C", "", 400),
        ("POST /callboard/api/calls?to=1001&callVariable0=x", "", 400),
        ("POST /callboard/api/calls?to=1001&callVariable01=x", "", 400),
        ("POST /callboard/api/calls?to=1001&callVariable11=x", "", 400),
        ("POST /callboard/api/calls?to=1001&callVariable1=x&callVariable1=y", "", 400),
        ("POST /callboard/api/calls?to=1001&user.=x", "", 400),
        ("POST /callboard/api/calls?to=1001&colour=red", "", 400),
        ("POST /callboard/api/calls?to=1001", "{\"from\": \"5550123\"}", 400),
        (long.as_str(), "", 400),
        (value.as_str(), "", 400),
        (korean.as_str(), "", 400),
        (own.as_str(), "", 400),
        (name.as_str(), "", 400),
        (many.as_str(), "", 400),
        ("POST /callboard/api/calls?to=5550123", "", 404),
        ("POST /callboard/api/calls?to=5550001", "", 404),
        ("POST /callboard/api/calls?to=nobody", "", 404),
        ("POST /callboard/api/calls?to=1002", "", 409),
        ("GET /callboard/api/calls?to=1001", "", 405),
        ("DELETE /callboard/api/calls?to=1001", "", 405),
        ("POST /callboard/api/calls/16777217", "", 405),
        ("DELETE /callboard/api/calls/16777217", "", 404),
        ("DELETE /callboard/api/calls/%00", "", 404),
        ("DELETE /callboard/api/calls/99999999999999999999", "", 404),
        ("DELETE /callboard/api/calls/a/b", "", 404),
    ] {
        let answer = request(&server, "administrator", line, body);
        assert_eq!(answer.status(), status, "{line} {body}: {answer:?}");
        assert!(answer.body.contains(' '), "{line} {body}: no sentence in {answer:?}");
        if status == 405 {
            let allowed = if line.contains("calls/") { "DELETE, OPTIONS" } else { "POST, OPTIONS" };
            assert_eq!(answer.header("Allow"), Some(allowed), "{line}");
        }
    }
    let broken = request(&server, "administrator", "POST /callboard/api/calls?to=1001", b"from=\xff");
    assert_eq!(broken.status(), 415, "{broken:?}");
    let large = request(&server, "administrator", "POST /callboard/api/calls?to=1001", vec![b'x'; 2_000_000]);
    assert_eq!(large.status(), 413, "{large:?}");
    assert_eq!(get(&server, "1001", "User/1001/Dialogs").body, "<Dialogs/>");
    agent.expect_nothing_more();
}

#[test]
fn only_administrators_let_people_call() {
    let server = Server::demo();
    let mut agent = agent(&server, false);
    for line in ["POST /callboard/api/calls?to=1001", "DELETE /callboard/api/calls/16777217"] {
        let nobody = request(&server, "", line, "");
        assert_eq!(nobody.status(), 401, "{line}");
        assert!(nobody.header("WWW-Authenticate").is_some_and(|scheme| scheme.starts_with("Basic ")));
        assert_eq!(request(&server, "nobody", line, "").status(), 401, "{line}");
        assert_eq!(request(&server, "1001", line, "").status(), 403, "{line}");
    }
    agent.expect_nothing_more();
    let id = call(&server, "?to=1001", "");
    assert_eq!(happened(&mut agent, &id), "POST");
    assert_eq!(request(&server, "1001", &format!("DELETE /callboard/api/calls/{id}"), "").status(), 403);
    agent.expect_nothing_more();
}

#[test]
fn a_telephone_rings_for_one_caller() {
    let server = Server::demo();
    let mut agent = agent(&server, false);
    let id = call(&server, "?to=1001", "");
    assert_eq!(happened(&mut agent, &id), "POST");
    let busy = request(&server, "administrator", "POST /callboard/api/calls?to=1001", "");
    assert_eq!(busy.status(), 409);
    assert!(busy.body.contains("busy"), "{busy:?}");
    agent.expect_nothing_more();
    // When that one is gone there is room for another.
    assert_eq!(hang_up(&server, &id), 202);
    assert_eq!([happened(&mut agent, &id), happened(&mut agent, &id)], ["PUT", "DELETE"]);
    let next = call(&server, "?to=1001", "");
    assert_eq!(happened(&mut agent, &next), "POST");
}

#[test]
fn as_many_calls_as_the_limit_allows() {
    let server = Server::with("[limits]\ncalls = 2\n");
    let first = call(&server, "?to=9001", "");
    call(&server, "?to=9002", "");
    let third = || request(&server, "administrator", "POST /callboard/api/calls?to=9001", "");
    let refused = third();
    assert_eq!(refused.status(), 503, "{refused:?}");
    assert!(refused.body.contains("[limits]"), "{refused:?}");
    assert_eq!(hang_up(&server, &first), 202);
    assert_eq!(third().status(), 202);
    assert_eq!(third().status(), 503);
}

#[test]
fn out_of_service_nobody_gets_through() {
    let server = Server::demo();
    let status = |status| {
        let line = format!("POST /callboard/api/status?status={status}");
        assert_eq!(request(&server, "administrator", &line, "").status(), 200);
    };
    for out in ["OUT_OF_SERVICE", "PARTIAL_SERVICE"] {
        status(out);
        let refused = request(&server, "administrator", "POST /callboard/api/calls?to=9001", "");
        assert_eq!(refused.status(), 503, "{refused:?}");
        assert!(refused.body.contains("IN_SERVICE"), "{refused:?}");
        status("IN_SERVICE");
        call(&server, "?to=9001", "");
    }
}

#[test]
fn a_caller_who_hangs_up_in_the_queue_is_gone() {
    let server = Server::demo();
    let id = call(&server, "?to=9001", "");
    assert_eq!(get(&server, "administrator", &format!("Dialog/{id}")).status(), 200);
    assert_eq!(field(&get(&server, "administrator", "Queue/1").body, "callsInQueue"), "1");
    assert_eq!(hang_up(&server, &id), 202);
    assert_eq!(get(&server, "administrator", &format!("Dialog/{id}")).status(), 404);
    assert_eq!(field(&get(&server, "administrator", "Queue/1").body, "callsInQueue"), "0");
    assert_eq!(hang_up(&server, &id), 404);
    // Nobody is there for the agent who comes.
    agent(&server, true).expect_nothing_more();
}

#[test]
fn finding_d1_d3_and_d7_a_caller_who_hangs_up_while_talking_leaves_the_agent_to_wrap_up() {
    let server = Server::demo();
    let mut agent = agent(&server, true);
    let id = call(&server, "?to=9001", "");
    assert_eq!((state(&mut agent), happened(&mut agent, &id)), ("RESERVED".into(), "POST".into()));
    let answer = "<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>ANSWER</requestedAction></Dialog>";
    let headers = "Content-Type: application/xml\r\n";
    assert_eq!(ask(&server, "1001", "PUT", &format!("Dialog/{id}"), headers, answer).status(), 202);
    assert_eq!((happened(&mut agent, &id), state(&mut agent)), ("PUT".into(), "TALKING".into()));
    assert_eq!(hang_up(&server, &id), 202);
    assert_eq!((happened(&mut agent, &id), state(&mut agent)), ("PUT".into(), "WORK".into()));
    assert_eq!(hang_up(&server, &id), 404);
    // As Cisco's library gives the reason, without a telephone.
    let reason = "<Dialog><mediaProperties><wrapUpReason>Order</wrapUpReason></mediaProperties>\
                  <requestedAction>UPDATE_CALL_DATA</requestedAction></Dialog>";
    assert_eq!(ask(&server, "1001", "PUT", &format!("Dialog/{id}"), headers, reason).status(), 202);
    let told = event(&mut agent, DIALOGS);
    assert!(told.contains("<wrapUpReason>Order<") && told.contains("<state>WRAP_UP<"), "{told}");
    assert_eq!(put_state(&server, "1001", "1001", "<state>NOT_READY</state>").status(), 202);
    assert_eq!(state(&mut agent), "NOT_READY");
    assert_eq!([happened(&mut agent, &id), happened(&mut agent, &id)], ["PUT", "DELETE"]);
    assert_eq!(get(&server, "1001", "User/1001/Dialogs").body, "<Dialogs/>");
    agent.expect_nothing_more();
}

#[test]
fn a_call_between_agents_has_no_caller_from_outside() {
    let server = Server::demo();
    let mut agent = agent(&server, false);
    let other = "<state>LOGIN</state><extension>1002</extension>";
    assert_eq!(put_state(&server, "1002", "1002", other).status(), 202);
    let make = "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1001</fromAddress><toAddress>1002</toAddress></Dialog>";
    let headers = "Content-Type: application/xml\r\n";
    assert_eq!(ask(&server, "1001", "POST", "User/1001/Dialogs", headers, make).status(), 202);
    let id = field(&event(&mut agent, DIALOGS), "id").to_owned();
    assert_eq!(hang_up(&server, &id), 404);
    assert_eq!(get(&server, "1001", &format!("Dialog/{id}")).status(), 200);
}

#[test]
fn callers_lose_patience_by_themselves() {
    let server = Server::with("[limits]\npatience = \"300ms\"\n");
    let mut agent = agent(&server, false);
    let id = call(&server, "?to=1001", "");
    for expected in ["POST", "PUT", "DELETE"] {
        assert_eq!(happened(&mut agent, &id), expected);
    }
    agent.expect_nothing_more();
    assert_eq!(put_state(&server, "1001", "1001", "<state>READY</state>").status(), 202);
    assert_eq!(state(&mut agent), "READY");
    let id = call(&server, "?to=9001", "");
    assert_eq!((state(&mut agent), happened(&mut agent, &id)), ("RESERVED".into(), "POST".into()));
    assert_eq!([happened(&mut agent, &id), happened(&mut agent, &id)], ["PUT", "DELETE"]);
    assert_eq!(state(&mut agent), "READY");
    assert_eq!(hang_up(&server, &id), 404);
    agent.expect_nothing_more();
}
