//! Bad requests about calls and queues: each gets its error, nobody hears of it, and the call goes on.

use crate::callboard::calls::{agent, call};
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::{Client, Server};

const XML: &str = "Content-Type: application/xml\r\n";
const DIALOGS: &str = "/finesse/api/User/1001/Dialogs";

/// The elements of a good request to make a call.
const MAKE: &str = "<requestedAction>MAKE_CALL</requestedAction>";
const FROM: &str = "<fromAddress>1001</fromAddress>";
const TO: &str = "<toAddress>1002</toAddress>";
/// The element that every request about a call has.
const OWN: &str = "<targetMediaAddress>1001</targetMediaAddress>";

/// A bad request: the user, the path, the body; the status and the type of the error.
type Bad<'a> = (&'a str, &'a str, String, u16, &'static str);

fn dialog(parts: &[&str]) -> String {
    format!("<Dialog>{}</Dialog>", parts.concat())
}

fn action(name: &str) -> String {
    format!("<requestedAction>{name}</requestedAction>")
}

/// `mediaProperties` with one variable.
fn data(name: &str, value: &str) -> String {
    format!(
        "<mediaProperties><callvariables><CallVariable><name>{name}</name><value>{value}</value></CallVariable></callvariables></mediaProperties>"
    )
}

/// Every request gets its error, and the agent and its calls are as they were.
fn refused(server: &Server, agent: &mut Client, method: &str, bad: &[Bad<'_>]) {
    let all = || ["User/1001", "User/1001/Dialogs"].map(|path| get(server, "1001", path).body);
    let before = all();
    for (user, path, body, status, kind) in bad {
        let answer = ask(server, user, method, path, XML, body);
        error(&answer, *status, kind, &format!("{method} {path} {body} by {user}"));
        assert_eq!(all(), before, "{method} {path} {body}");
    }
    agent.expect_nothing_more();
}

fn error(answer: &crate::support::http::Answer, status: u16, kind: &str, case: &str) {
    assert_eq!(answer.status(), status, "{case}: {answer:?}");
    let document = roxmltree::Document::parse(&answer.body).expect("an error is XML");
    assert!(document.root_element().has_tag_name("ApiErrors"), "{case}: {answer:?}");
    assert_eq!(field(&answer.body, "ErrorType"), kind, "{case}: {answer:?}");
}

/// Bodies that are bad XML, in the same way for all requests about calls; `good` is a request that is not.
fn bad_xml<'a>(path: &'a str, good: &str) -> Vec<Bad<'a>> {
    let inner =
        good.strip_prefix("<Dialog>").and_then(|text| text.strip_suffix("</Dialog>")).expect("a dialog");
    let deep = format!("<Dialog>{}{inner}{}</Dialog>", "<a>".repeat(100), "</a>".repeat(100));
    [
        String::new(),
        "not XML".into(),
        good.replace("</Dialog>", ""),
        format!("{good}{good}"),
        format!("<!DOCTYPE Dialog [<!ENTITY a \"1001\">]>{good}"),
        good.replace("1001", "&a;"),
        good.replace("1001", "\u{1}"),
        format!("<User>{inner}</User>"),
        format!("<dialog>{inner}</dialog>"),
        deep,
        good.replace("1001", "<b>1001</b>"),
    ]
    .into_iter()
    .map(|body| ("1001", path, body, 400, "Bad Request"))
    .collect()
}

#[test]
fn calls_that_are_asked_for_badly_are_not_made() {
    let server =
        Server::with("[[user]]\nid = \"chief\"\npassword = \"chief\"\nroles = [\"Administrator\"]\n");
    let mut agent = agent(&server, false);
    let own = "User/1001/Dialogs";
    let good = dialog(&[MAKE, FROM, TO]);
    let long = format!("<toAddress>{}</toAddress>", "5".repeat(65));
    let mut bad = bad_xml(own, &good);
    for twice in [MAKE, FROM, TO] {
        bad.push(("1001", own, dialog(&[MAKE, FROM, TO, twice]), 400, "Bad Request"));
        let without = good.replace(twice, "");
        bad.push(("1001", own, without, 400, "Parameter Missing"));
    }
    for (parts, status, kind) in [
        (&[MAKE, FROM, "<toAddress> </toAddress>"][..], 400, "Parameter Missing"),
        (&[MAKE, FROM, "<toAddress>1001</toAddress>"], 400, "Invalid Destination"),
        (&[MAKE, FROM, "<toAddress>한국</toAddress>"], 400, "Invalid Input"),
        (&[MAKE, FROM, &long], 400, "Invalid Input"),
        (&[MAKE, "<fromAddress>1002</fromAddress>", "<toAddress>1003</toAddress>"], 400, "Invalid Input"),
        (&[&action("DANCE"), FROM, TO], 400, "Invalid Input"),
        (&[&action("make_call"), FROM, TO], 400, "Invalid Input"),
        (&[&action("ANSWER"), FROM, TO], 400, "Invalid Input"),
        // Express knows no call data of a call that an agent makes.
        (&[MAKE, FROM, TO, &data("callVariable1", "x")], 400, "Invalid Input"),
        (&[MAKE, FROM, TO, &data("callVariable11", "x")], 400, "Invalid Input"),
        (&[&action("SILENT_MONITOR"), FROM, TO], 401, "Authorization Failure"),
        (&[&action("BARGE_IN"), FROM, TO], 401, "Authorization Failure"),
    ] {
        bad.push(("1001", own, dialog(parts), status, kind));
    }
    for (user, path, status, kind) in [
        ("1001", "User/1002/Dialogs", 401, "Invalid Authorization User Specified"),
        ("1002", own, 401, "Invalid Authorization User Specified"),
        ("administrator", own, 401, "Invalid Authorization User Specified"),
        ("chief", "User/chief/Dialogs", 401, "Invalid Authorization User Specified"),
        ("1001", "User/nobody/Dialogs", 404, "User Not Found"),
        ("1001", "User/%00/Dialogs", 404, "User Not Found"),
    ] {
        bad.push((user, path, good.clone(), status, kind));
    }
    refused(&server, &mut agent, "POST", &bad);
    let chief = ask(&server, "chief", "POST", "User/chief/Dialogs", XML, &good);
    assert_eq!(field(&chief.body, "ErrorMessage"), "User (chief) is not an authorizied supervisor.");
    not_even_read(&server, "POST", own, &good);
    agent.expect_nothing_more();
    assert_eq!(ask(&server, "1001", "POST", own, XML, &good).status(), 202);
    assert_eq!(field(&event(&mut agent, DIALOGS), "event"), "POST");
}

/// A body that is too large, of a kind that is not XML, with a request id that is too long.
fn not_even_read(server: &Server, method: &str, path: &str, good: &str) {
    let large = good.replace("1001", &"1".repeat(70_000));
    error(&ask(server, "1001", method, path, XML, &large), 413, "Bad Request", "large");
    for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
        let headers = format!("Content-Type: {kind}\r\n");
        error(&ask(server, "1001", method, path, &headers, good), 415, "Bad Request", kind);
    }
    let headers = format!("{XML}requestId: {}\r\n", "r".repeat(257));
    error(&ask(server, "1001", method, path, &headers, good), 400, "Bad Request", "requestId");
}

#[test]
fn what_is_asked_badly_of_a_call_changes_nothing() {
    let server = Server::demo();
    let mut agent = agent(&server, false);
    let id = call(&server, "?to=1001&from=5550123", "");
    event(&mut agent, DIALOGS);
    let path = format!("Dialog/{id}");
    let answer = dialog(&[OWN, &action("ANSWER")]);
    let mut bad = bad_xml(&path, &answer);
    for twice in [OWN, &action("ANSWER")] {
        bad.push(("1001", &path, dialog(&[OWN, &action("ANSWER"), twice]), 400, "Bad Request"));
        bad.push(("1001", &path, answer.replace(twice, ""), 400, "Parameter Missing"));
    }
    for (name, target, status, kind) in [
        ("DANCE", "1001", 400, "Invalid Input"),
        ("answer", "1001", 400, "Invalid Input"),
        ("MAKE_CALL", "1001", 400, "Invalid Input"),
        ("RECLASSIFY", "1001", 400, "Parameter Missing"),
        // One who is not in the call, and the one who is at the other end.
        ("ANSWER", "1002", 400, "Invalid Input"),
        ("ANSWER", "5550123", 401, "Invalid Authorization User Specified"),
        ("DROP", "5550123", 401, "Invalid Authorization User Specified"),
        ("PARTICIPANT_DROP", "1002", 400, "Invalid Destination"),
        ("PARTICIPANT_DROP", "5550123", 400, "Invalid Destination"),
        ("PARTICIPANT_DROP", "1001", 400, "Invalid Input"),
    ] {
        let target = format!("<targetMediaAddress>{target}</targetMediaAddress>");
        bad.push(("1001", &path, dialog(&[&target, &action(name)]), status, kind));
    }
    for user in ["1002", "1004", "administrator"] {
        bad.push((user, &path, answer.clone(), 401, "Invalid Authorization User Specified"));
    }
    let (signed, zeros, name) = (format!("Dialog/+{id}"), format!("Dialog/000{id}"), format!("Dialog/{id}x"));
    for gone in [
        "Dialog/1",
        "Dialog/abc",
        "Dialog/%00",
        "Dialog/-1",
        "Dialog/99999999999999999999",
        &signed,
        &zeros,
        &name,
    ] {
        bad.push(("1001", gone, answer.clone(), 404, "Not Found"));
    }
    refused(&server, &mut agent, "PUT", &bad);
    not_even_read(&server, "PUT", &path, &answer);
    agent.expect_nothing_more();
    assert_eq!(ask(&server, "1001", "PUT", &path, XML, &answer).status(), 202);
    assert_eq!(field(&event(&mut agent, DIALOGS), "state"), "ACTIVE");
}

#[test]
fn parameters_of_actions_are_looked_at_before_anything_happens() {
    let server = Server::demo();
    let mut agent = agent(&server, false);
    let id = call(&server, "?to=1001&callVariable1=before", "");
    let path = format!("Dialog/{id}");
    assert_eq!(ask(&server, "1001", "PUT", &path, XML, &dialog(&[OWN, &action("ANSWER")])).status(), 202);
    event(&mut agent, DIALOGS);
    event(&mut agent, DIALOGS);
    let update = action("UPDATE_CALL_DATA");
    let variables: String = (0..40).map(|number| data(&format!("user.v{number}"), "x")).collect();
    let inside = variables.replace("</callvariables></mediaProperties><mediaProperties><callvariables>", "");
    let reason =
        format!("<mediaProperties><wrapUpReason>{}</wrapUpReason></mediaProperties>", "x".repeat(201));
    let nameless = "<mediaProperties><callvariables><CallVariable><value>x</value></CallVariable></callvariables></mediaProperties>";
    let digits = "<actionParams><ActionParam><name>other</name><value>1</value></ActionParam></actionParams>";
    let mut bad: Vec<Bad<'_>> = Vec::new();
    for (name, value) in [
        ("callVariable0", "x"),
        ("callVariable11", "x"),
        ("callVariable01", "x"),
        ("callVariable", "x"),
        ("CallVariable1", "x"),
        ("user.", "x"),
        ("user.a b", "x"),
        ("callVariable1", &"x".repeat(41)),
        // 14 letters of three bytes each.
        ("callVariable1", &"한".repeat(14)),
        ("user.note", &"x".repeat(211)),
        (&format!("user.{}", "x".repeat(60)), "x"),
    ] {
        bad.push(("1001", &path, dialog(&[OWN, &update, &data(name, value)]), 400, "Invalid Input"));
    }
    for (parts, kind) in [
        (&[OWN, &update, &inside][..], "Invalid Input"),
        (&[OWN, &update, &reason], "Invalid Input"),
        (&[OWN, &update], "Parameter Missing"),
        (&[OWN, &update, nameless], "Parameter Missing"),
        (&[OWN, &update, &data("callVariable2", "x"), &data("callVariable3", "x")], "Bad Request"),
        (&[OWN, &action("SEND_DTMF")], "Parameter Missing"),
        (&[OWN, &action("SEND_DTMF"), digits], "Parameter Missing"),
        (&[OWN, &action("CONSULT_CALL")], "Parameter Missing"),
        (&[OWN, &action("CONSULT_CALL"), TO, TO], "Bad Request"),
        (&[OWN, &action("CONSULT_CALL"), "<toAddress>1001</toAddress>"], "Invalid Destination"),
        (&[OWN, &action("TRANSFER_SST")], "Parameter Missing"),
        (&[OWN, &action("TRANSFER_SST"), "<toAddress>1001</toAddress>"], "Invalid Destination"),
        (&[OWN, &action("TRANSFER_SST"), "<toAddress>한국</toAddress>"], "Invalid Input"),
    ] {
        bad.push(("1001", &path, dialog(parts), 400, kind));
    }
    refused(&server, &mut agent, "PUT", &bad);
    let good = dialog(&[OWN, &update, &data("callVariable1", &"x".repeat(40))]);
    assert_eq!(ask(&server, "1001", "PUT", &path, XML, &good).status(), 202);
    assert_eq!(field(&event(&mut agent, DIALOGS), "value"), "x".repeat(40));
}

#[test]
fn documents_of_calls_and_queues_are_for_those_whom_they_concern() {
    let server = Server::demo();
    let mut agent = agent(&server, false);
    let id = call(&server, "?to=1001", "");
    event(&mut agent, DIALOGS);
    let path = format!("Dialog/{id}");
    let signed = format!("Dialog/+{id}");
    let mine = "Invalid Authorization User Specified";
    let bad: Vec<Bad<'_>> = [
        ("1002", path.as_str(), 401, mine),
        ("1004", path.as_str(), 401, mine),
        ("1002", "User/1001/Dialogs", 401, mine),
        ("1001", "Dialog/1", 404, "Not Found"),
        ("1001", "Dialog/abc", 404, "Not Found"),
        ("1001", "Dialog/%00", 404, "Not Found"),
        ("1001", "Dialog/99999999999999999999", 404, "Not Found"),
        ("1001", signed.as_str(), 404, "Not Found"),
        ("1001", "User/nobody/Dialogs", 404, "User Not Found"),
        ("1001", "User/nobody/Queues", 404, "User Not Found"),
        ("1001", "Queue/9", 404, "Not Found"),
        ("1001", "Queue/9001", 404, "Not Found"),
        ("1001", "Queue/%00", 404, "Not Found"),
        ("1001", "Queues", 401, "Authorization Failure"),
    ]
    .into_iter()
    .map(|(user, path, status, kind)| (user, path, String::new(), status, kind))
    .collect();
    refused(&server, &mut agent, "GET", &bad);
    let gone = get(&server, "1001", "Dialog/1").body;
    assert_eq!(field(&gone, "ErrorMessage"), "Invalid dialogId specified for dialog");
    for (method, path) in
        [("DELETE", path.as_str()), ("POST", &path), ("PUT", "Queue/1"), ("PUT", "User/1001/Dialogs")]
    {
        let answer = ask(&server, "1001", method, path, XML, "<Dialog/>");
        error(&answer, 405, "Method Not Allowed", &format!("{method} {path}"));
    }
    agent.expect_nothing_more();
    for (user, path) in [
        ("1001", path.as_str()),
        ("administrator", &path),
        ("administrator", "User/1001/Dialogs"),
        ("1001", "User/1001/Queues"),
        ("1001", "Queue/1"),
        ("administrator", "Queues"),
    ] {
        assert_eq!(get(&server, user, path).status(), 200, "{user} {path}");
    }
}

/// An accepted request about `path` that fails: the event that the user gets, and no other.
fn fails(server: &Server, agent: &mut Client, (method, path): (&str, &str), body: &str) -> [String; 4] {
    let all = || ["User/1001", "User/1001/Dialogs"].map(|path| get(server, "1001", path).body);
    let before = all();
    let headers = format!("{XML}requestId: r-9\r\n");
    let answer = ask(server, "1001", method, path, &headers, body);
    assert_eq!((answer.status(), answer.body.as_str(), answer.header("requestId")), (202, "", Some("r-9")));
    let failed = event(agent, DIALOGS);
    assert!(failed.starts_with("<Update><data><apiErrors><apiError>"), "{failed}");
    assert_eq!((field(&failed, "event"), field(&failed, "requestId")), ("put", "r-9"), "{failed}");
    assert_eq!(all(), before, "{body}");
    agent.expect_nothing_more();
    ["errorType", "errorMessage", "errorData", "source"].map(|name| field(&failed, name).to_owned())
}

#[test]
fn what_fails_after_it_was_accepted_comes_as_an_event() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    let make = ("POST", "User/1001/Dialogs");
    let state = ["Call Operation Failure", "CF_INVALID_OBJECT_STATE", "22", DIALOGS];
    // Nobody calls from a telephone at which nobody is signed in.
    assert_eq!(fails(&server, &mut agent, make, &dialog(&[MAKE, FROM, TO])), state);
    let login = "<state>LOGIN</state><extension>1001</extension>";
    assert_eq!(put_state(&server, "1001", "1001", login).status(), 202);
    event(&mut agent, "/finesse/api/User/1001");
    let id = call(&server, "?to=1001", "");
    event(&mut agent, DIALOGS);
    let path = format!("Dialog/{id}");
    let source = format!("/finesse/api/Dialog/{id}");
    let put = ("PUT", path.as_str());
    let invalid = |name: &str| {
        let message = format!("INVALID_ACTION {name} on extension 1001");
        ["Generic Error".to_owned(), message, "1001".to_owned(), source.clone()]
    };
    let digits =
        "<actionParams><ActionParam><name>dtmfString</name><value>1</value></ActionParam></actionParams>";
    let others =
        ["CONSULT_CALL", "TRANSFER_SST", "HOLD", "RETRIEVE", "TRANSFER", "CONFERENCE", "DROP", "SEND_DTMF"];
    for name in others {
        let body = dialog(&[OWN, &action(name), TO, digits]);
        assert_eq!(fails(&server, &mut agent, put, &body), invalid(name), "while it rings");
    }
    assert_eq!(fails(&server, &mut agent, make, &dialog(&[MAKE, FROM, TO])), state);
    for name in ["ANSWER", "HOLD"] {
        assert_eq!(ask(&server, "1001", "PUT", &path, XML, &dialog(&[OWN, &action(name)])).status(), 202);
        event(&mut agent, DIALOGS);
    }
    for name in ["ANSWER", "HOLD", "CONSULT_CALL", "TRANSFER", "CONFERENCE"] {
        let body = dialog(&[OWN, &action(name), TO]);
        assert_eq!(fails(&server, &mut agent, put, &body), invalid(name), "while it is held");
    }
    let send = dialog(&[OWN, &action("SEND_DTMF"), digits]);
    error(&ask(&server, "1001", "PUT", &path, XML, &send), 401, "Invalid State", "while it is held");
    assert_eq!(ask(&server, "1001", "PUT", &path, XML, &dialog(&[OWN, &action("RETRIEVE")])).status(), 202);
    assert_eq!(field(&event(&mut agent, DIALOGS), "event"), "PUT");
}
