//! What was done becomes the file of a scenario, which does the same again.

use crate::support::Server;
use crate::support::http::{Answer, Http, admin, basic, own};
use crate::support::program;
use crate::support::rest::{ask, get, put_state};
use crate::support::server::{DEMO, Folder};

const XML: &str = "Content-Type: application/xml\r\n";

#[track_caller]
fn well(answer: Answer) -> Answer {
    assert!((200..300).contains(&answer.status()), "{answer:?}");
    answer
}

/// Asks for an action of a user at the telephone of the same number.
fn act(server: &Server, user: &str, call: &str, action: &str, more: &str) {
    let body = format!(
        "<Dialog><targetMediaAddress>{user}</targetMediaAddress><requestedAction>{action}</requestedAction>{more}</Dialog>"
    );
    well(ask(server, user, "PUT", &format!("Dialog/{call}"), XML, &body));
}

fn state(server: &Server, user: &str, state: &str) {
    let extension = if state == "LOGIN" { format!("<extension>{user}</extension>") } else { String::new() };
    well(put_state(server, user, user, &format!("<state>{state}</state>{extension}")));
}

fn recorded(server: &Server, query: &str) -> String {
    let answer = well(admin(server, "GET", &format!("scenario/recorded{query}")));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    answer.body
}

/// Starts the scenario of a text.
fn start(server: &Server, text: &str) -> Answer {
    let login = basic("administrator", "1234");
    Http::connect(server.plain).ask(format!(
        "POST /callboard/api/scenario?do=start HTTP/1.1\r\nHost: localhost\r\nAuthorization: {login}\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    ))
}

/// What REST says of some users and their calls, without the times.
fn stands(server: &Server) -> String {
    let documents = ["1001", "1002", "1003", "1004"].map(|user| {
        let parts =
            ["", "/Dialogs"].map(|more| get(server, "administrator", &format!("User/{user}{more}")).body);
        parts.concat()
    });
    let documents = documents.concat();
    let is_time = |piece: &&str| piece.ends_with('Z') && piece.contains('T');
    documents.split('<').filter(|piece| !is_time(piece)).collect::<Vec<_>>().join("<")
}

#[test]
fn what_people_did_is_played_on_a_fresh_server_and_leads_to_the_same_states() {
    let server = Server::demo();
    for user in ["1001", "1002", "1003"] {
        state(&server, user, "LOGIN");
    }
    // A telephone is reached when its sign-in is over, which the next request of its agent says.
    state(&server, "1001", "READY");
    state(&server, "1002", "READY");
    let call =
        well(own(&server, "administrator", "POST", "calls?to=9001&from=5550199&callVariable1=Gold%22x"));
    let call = call.body.trim().to_owned();
    act(&server, "1001", &call, "ANSWER", "");
    act(&server, "1001", &call, "CONSULT_CALL", "<toAddress>1002</toAddress>");
    let consultation = (call.parse::<u32>().expect("a number") + 1).to_string();
    act(&server, "1002", &consultation, "ANSWER", "");
    act(&server, "1001", &consultation, "TRANSFER", "");
    act(&server, "1002", &consultation, "HOLD", "");
    // In the name of an agent, and refused.
    let path = format!("/callboard/api/as/1003{}", "/finesse/api/User/1003");
    let body = "<User><state>READY</state></User>";
    well(Http::connect(server.plain).ask(format!(
        "PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n{XML}Content-Length: {}\r\n\r\n{body}",
        basic("administrator", "1234"),
        body.len()
    )));
    assert_eq!(put_state(&server, "1004", "1004", "<state>NONSENSE</state>").status(), 400);
    let gone = well(own(&server, "administrator", "POST", "calls?to=1003&from=5550198")).body;
    well(own(&server, "administrator", "DELETE", &format!("calls/{}", gone.trim())));
    let message = "<TeamMessage><duration>300</duration><content>Tea &amp; \"cake\"</content><teams><team>1</team></teams></TeamMessage>";
    well(ask(&server, "administrator", "POST", "TeamMessage", XML, message));
    well(own(&server, "administrator", "PUT", "clock?advance=1s"));
    let expected = stands(&server);
    let file = recorded(&server, "");
    for part in [
        "[[at]]\ntime = \"0ms\"\ndo = \"state\"\nuser = \"1001\"\nstate = \"LOGIN\"\nextension = \"1001\"\n",
        "do = \"call\"\nto = \"9001\"\nfrom = \"5550199\"\nvariables = { \"callVariable1\" = \"Gold\\\"x\" }\n",
        "user = \"1001\"\naction = \"CONSULT_CALL\"\ncall = 1\nto = \"1002\"\nparticipant = \"1001\"\n",
        "user = \"1002\"\naction = \"ANSWER\"\ncall = 2\n",
        "do = \"state\"\nuser = \"1003\"\nstate = \"READY\"\n",
        "do = \"hang_up\"\ncall = 3\n",
        "do = \"message\"\nuser = \"administrator\"\ncontent = \"Tea & \\\"cake\\\"\"\nteams = [\"1\"]\nfor = \"300s\"\n",
        "ms: no step says this: administrator PUT /callboard/api/clock?advance=(masked)\n",
        "# Left out, as they were refused or have no answer yet: 1 requests.\n",
    ] {
        assert!(file.contains(part), "{part} in\n{file}");
    }
    let folder = Folder::new();
    let path = folder.write("recorded.toml", &file);
    let checked = program().args(["scenario", "check"]).arg(&path).output().expect("the program runs");
    assert!(checked.status.success(), "{}\n{file}", String::from_utf8_lossy(&checked.stderr));
    let fresh = Server::demo();
    // A mark behind the last step says that all are done.
    let marked = format!("{file}\n[[at]]\ntime = \"30s\"\ndo = \"mark\"\ntext = \"all is done\"\n");
    well(start(&fresh, &marked));
    well(admin(&fresh, "POST", "scenario?do=speed&speed=20"));
    let done = admin(&fresh, "GET", "wait?kind=scenario&contains=all%20is%20done&after=0&timeout=1m");
    assert!(done.body.starts_with("{\"matched\":true,"), "{}", done.body);
    well(admin(&fresh, "POST", "scenario?do=pause"));
    assert_eq!(stands(&fresh), expected, "{file}");
    assert!(!expected.is_empty() && expected.contains("<state>HELD</state>"), "{expected}");
}

#[test]
fn a_part_of_the_record_and_of_its_users_is_chosen_and_a_reset_begins_again() {
    let server = Server::demo();
    state(&server, "1001", "LOGIN");
    let last = state_then(&server, "1002");
    let of_one = recorded(&server, "?user=1002");
    assert!(of_one.contains("user = \"1002\"") && !of_one.contains("1001"), "{of_one}");
    let behind = recorded(&server, &format!("?after={last}"));
    assert!(!behind.contains("[[at]]") && behind.contains("length = \"60s\"\n"), "{behind}");
    // A second outage follows a first one, and ends.
    for status in ["status=OUT_OF_SERVICE", "finesse=unavailable", "status=IN_SERVICE&finesse=available"] {
        well(own(&server, "administrator", "POST", &format!("status?{status}")));
    }
    let outage = recorded(&server, &format!("?after={last}"));
    let both = "do = \"outage\"\nstatus = \"OUT_OF_SERVICE\"\nfinesse = \"unavailable\"\nfor = \"";
    assert!(outage.contains(both) && outage.matches("[[at]]").count() == 2, "{outage}");
    well(start(&server, &outage));
    well(admin(&server, "POST", "scenario?do=stop"));
    well(admin(&server, "POST", "reset"));
    let begun = recorded(&server, "");
    assert!(!begun.contains("[[at]]") && begun.contains("a reset has emptied it"), "{begun}");
    // Nobody has ended this one.
    well(own(&server, "administrator", "POST", "status?status=OUT_OF_SERVICE"));
    let outage = recorded(&server, "");
    assert!(outage.contains("finesse = \"available\"\nfor = \"60s\"\n"), "{outage}");
    for query in ["?after=x", "?after=1&after=2", "?users=1"] {
        let refused = admin(&server, "GET", &format!("scenario/recorded{query}"));
        assert_eq!(refused.status(), 400);
        assert!(refused.body.starts_with("Say at most, once each: after=120"), "{}", refused.body);
    }
    assert_eq!(own(&server, "1001", "GET", "scenario/recorded").status(), 403);
}

/// Signs a user in. Returns the number of the request in the record.
fn state_then(server: &Server, user: &str) -> String {
    let body = format!("<state>LOGIN</state><extension>{user}</extension>");
    let answer = well(put_state(server, user, user, &body));
    answer.header("x-callboard-sequence").expect("a number").to_owned()
}

#[test]
fn no_secret_gets_into_the_file_and_there_is_none_without_a_record() {
    let server = Server::demo();
    state(&server, "1001", "LOGIN");
    well(put_state(&server, "1001", "1001", "<state>READY</state><password>geheim</password>"));
    let _ = own(&server, "administrator", "POST", "calls?to=9001&password=geheim");
    let file = recorded(&server, "");
    assert!(!file.contains("geheim"), "{file}");
    assert!(file.contains("no step says this: 1001 PUT /finesse/api/User/1001\n"), "{file}");
    let without = Server::serving("localhost", &DEMO.replacen("record = 10000", "record = 0", 1));
    let refused = admin(&without, "GET", "scenario/recorded");
    assert_eq!(refused.status(), 409);
    assert!(refused.body.contains("callboard serve --record 10000"), "{}", refused.body);
}
