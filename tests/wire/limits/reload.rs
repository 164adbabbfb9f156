//! SIGHUP: users, teams, queues and nodes of another file, while the server runs. What it does to certificates is in
//! `process`.

use std::fs;

use rustix::process::Signal;

use crate::callboard::calls::call;
use crate::support::http::{basic, own, publish};
use crate::support::lab::{Lab, without, without_user};
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::server::DEMO;
use crate::support::sse::{self, Stream};
use crate::support::{Bosh, Client, Http, Server, ns};

const TEAM: &str = "/finesse/api/Team/1/Users";

#[track_caller]
fn sign_in(server: &Server, id: &str) {
    let body = format!("<state>LOGIN</state><extension>{id}</extension>");
    assert_eq!(put_state(server, id, id, &body).status(), 202);
}

#[test]
fn a_new_user_and_its_team_are_there_and_everybody_else_stays() {
    let lab = Lab::new();
    let mut agent = Client::online(&lab.server, "1001", "desktop");
    sign_in(&lab.server, "1001");
    event(&mut agent, "/finesse/api/User/1001");
    let new = "[[team]]\nid = \"3\"\nname = \"New\"\n[[user]]\nid = \"2001\"\npassword = \"2001\"\nteam = \"3\"\n\
               extension = \"2001\"\n[[node]]\nname = \"/lab/new\"\n";
    let said = lab.reload(&format!("{DEMO}\n{new}"));
    assert!(said.contains("8 users (1 new, 0 removed), 3 teams, 2 queues, 0 nodes taken away"), "{said}");
    let mut newcomer = Client::online(&lab.server, "2001", "desktop");
    newcomer.subscribe("/finesse/api/Team/3/Users");
    newcomer.subscribe("/lab/new");
    sign_in(&lab.server, "2001");
    event(&mut newcomer, "/finesse/api/User/2001");
    assert_eq!(field(&event(&mut newcomer, "/finesse/api/Team/3/Users"), "state"), "NOT_READY");
    publish(&lab.server, "/lab/new", "x");
    newcomer.expect_event("2001@localhost/desktop", "/lab/new", "x");
    // The session that was up is as it was, and so is its agent.
    assert_eq!(field(&get(&lab.server, "1001", "User/1001").body, "state"), "NOT_READY");
    publish(&lab.server, "/finesse/api/User/1001", "still here");
    agent.expect_event("1001@localhost", "/finesse/api/User/1001", "still here");
    agent.expect_nothing_more();
}

#[test]
fn a_removed_user_is_signed_out_and_its_sessions_end_with_a_reason() {
    let lab = Lab::new();
    let mut supervisor = Client::online(&lab.server, "administrator", "desktop");
    supervisor.subscribe(TEAM);
    let mut agent = Client::online(&lab.server, "1002", "desktop");
    let mut over_bosh = Bosh::online(&lab.server, "1003", "desktop");
    let mut stream = Stream::open(&lab.server, "1002", &[TEAM]);
    let ticket = sse::ticket(&lab.server, "1002");
    sign_in(&lab.server, "1002");
    for client in [&mut supervisor, &mut agent] {
        client.text();
    }
    stream.event();

    let config = without(&without_user("1002"), "[[user]]", "id = \"1003\"");
    let said = lab.reload(&config);
    assert!(said.contains("5 users (0 new, 2 removed)"), "{said}");
    // Why is the state's reason, for the team and for the agent, before the end of its stream.
    let told = event(&mut supervisor, TEAM);
    assert_eq!((field(&told, "state"), field(&told, "code")), ("LOGOUT", "32748"), "{told}");
    let told = event(&mut agent, "/finesse/api/User/1002");
    assert_eq!(field(&told, "state"), "LOGOUT", "{told}");
    let error = agent.text();
    assert!(
        error.contains("<not-authorized ") && error.contains("does not have this user any more"),
        "{error}"
    );
    agent.expect_close(1000);
    over_bosh.expect_stream_error("not-authorized", 1000);
    let (node, _) = stream.event();
    assert_eq!(node, TEAM);
    stream.expect_end();

    // It is as if it had never been there.
    let mut again = Client::connect(&lab.server);
    again.open();
    again.send_plain("\u{0}1002\u{0}1002");
    again.expect_failure("not-authorized");
    assert_eq!(get(&lab.server, "1002", "User/1002").status(), 401);
    assert_eq!(get(&lab.server, "administrator", "User/1002").status(), 404);
    assert_eq!(sse::ask(&lab.server, &format!("node={TEAM}&ticket={ticket}"), "").status(), 401);
    assert!(!get(&lab.server, "administrator", "Users").body.contains("1002"));
    assert!(!get(&lab.server, "administrator", "Team/1").body.contains("1002"));
    let reply = supervisor.get("1002@localhost", "<ping xmlns='urn:xmpp:ping'/>");
    reply.is_error("503 cancel service-unavailable");
    supervisor.expect_nothing_more();

    // And when it comes back it is signed out, with its subscriptions.
    lab.reload(DEMO);
    let mut back = Client::online(&lab.server, "1002", "desktop");
    assert_eq!(field(&get(&lab.server, "1002", "User/1002").body, "state"), "LOGOUT");
    sign_in(&lab.server, "1002");
    assert_eq!(field(&event(&mut back, "/finesse/api/User/1002"), "state"), "NOT_READY");
}

#[test]
fn the_call_of_who_is_gone_ends_and_the_caller_who_waits_for_a_queue_that_is_gone_is_cut_off() {
    let lab = Lab::new();
    let mut agent = Client::online(&lab.server, "1001", "desktop");
    for (id, other) in [("1001", "1002"), ("1002", "1001")] {
        sign_in(&lab.server, id);
        if id == "1001" {
            event(&mut agent, &format!("/finesse/api/User/{id}"));
        } else {
            let body = format!(
                "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>{id}</fromAddress>\
                 <toAddress>{other}</toAddress></Dialog>"
            );
            assert_eq!(ask(&lab.server, id, "POST", &format!("User/{id}/Dialogs"), "", &body).status(), 202);
        }
    }
    let told = event(&mut agent, "/finesse/api/User/1001/Dialogs");
    assert_eq!(field(&told, "event"), "POST", "{told}");
    let waiting = call(&lab.server, "?to=9002&from=5550123", "");
    let config = without(&without_user("1002"), "[[queue]]", "id = \"2\"");
    let said = lab.reload(&config);
    assert!(said.contains("1 queues"), "{said}");
    for expected in ["PUT", "DELETE"] {
        let told = event(&mut agent, "/finesse/api/User/1001/Dialogs");
        assert_eq!(field(&told, "event"), expected, "{told}");
    }
    assert_eq!(get(&lab.server, "administrator", &format!("Dialog/{waiting}")).status(), 404);
    assert_eq!(get(&lab.server, "administrator", "Queue/2").status(), 404);
}

#[test]
fn subscribers_hear_that_a_node_is_gone() {
    let lab = Lab::new();
    let node = "/finesse/api/Queue/2";
    let mut client = Client::online(&lab.server, "1001", "desktop");
    client.subscribe(node);
    let mut stream = Stream::open(&lab.server, "1001", &[node]);
    lab.reload(&without(DEMO, "[[queue]]", "id = \"2\""));
    client.expect(&format!(
        "<message from='pubsub.localhost' to='1001@localhost/desktop' id='{{any}}' xmlns='jabber:client'>\
         <event xmlns='{}'><delete node='{node}'/></event></message>",
        ns::PUBSUB_EVENT
    ));
    stream.expect_end();
    let headers = format!("Authorization: {}\r\n", basic("1001", "1001"));
    assert_eq!(sse::ask(&lab.server, &format!("node={node}"), &headers).status(), 404);
    let subscribe = format!("<subscribe node='{node}' jid='1001@localhost/desktop'/>");
    client
        .set("pubsub.localhost", &format!("<pubsub xmlns='{}'>{subscribe}</pubsub>", ns::PUBSUB))
        .is_error("404 cancel item-not-found");
}

#[test]
fn another_password_counts_from_then_on_and_sessions_stay() {
    let lab = Lab::new();
    let mut agent = Client::online(&lab.server, "1001", "desktop");
    lab.reload(&DEMO.replace("password = \"1001\"", "password = \"new\""));
    assert_eq!(get(&lab.server, "1001", "User/1001").status(), 401);
    let mut client = Client::connect(&lab.server);
    client.open();
    client.send_plain("\u{0}1001\u{0}1001");
    client.expect_failure("not-authorized");
    client.send_plain("\u{0}1001\u{0}new");
    client.expect_success();
    publish(&lab.server, "/finesse/api/User/1001", "still here");
    agent.expect_event("1001@localhost", "/finesse/api/User/1001", "still here");
}

#[test]
fn a_changed_user_is_told_and_a_former_administrator_sees_no_frames() {
    let lab = Lab::new();
    let mut agent = Client::online(&lab.server, "1001", "desktop");
    let mut supervisor = Client::online(&lab.server, "administrator", "desktop");
    supervisor.subscribe("/finesse/api/Team/2/Users");
    let headers = format!("Authorization: {}\r\n", basic("administrator", "1234"));
    let frames = || own(&lab.server, "administrator", "GET", "frames?session=999.1").status();
    assert_eq!(frames(), 404);
    let mut tap = Stream::at(&lab.server, "/callboard/api/frames", &headers);
    let roles = "roles = [\"Agent\", \"Supervisor\", \"Administrator\"]";
    let moved = DEMO.replace("last_name = \"Hopper\"\nteam = \"1\"", "last_name = \"Murray\"\nteam = \"2\"");
    lab.reload(&moved.replace(roles, "roles = [\"Agent\", \"Supervisor\"]"));
    let told = event(&mut agent, "/finesse/api/User/1001");
    assert_eq!((field(&told, "lastName"), field(&told, "teamId")), ("Murray", "2"), "{told}");
    let told = event(&mut supervisor, "/finesse/api/User/administrator");
    assert!(!told.contains("<role>Administrator</role>"), "{told}");
    while tap.told() != sse::Told::End {}
    assert_eq!(frames(), 403);
}

#[test]
fn a_bad_file_changes_nothing_and_the_log_says_what_is_wrong_where() {
    let lab = Lab::new();
    let mut agent = Client::online(&lab.server, "1002", "desktop");
    for (config, place, words) in [
        (format!("domain = localhost\n{}", without_user("1002")), ":1:10: ", ""),
        (format!("{}\n[[user]]\nid = \"1001\"\n", without_user("1002")), ":", "already belongs to"),
        (format!("[[tls]]\n{}", without_user("1002")), ":", ""),
        (String::new(), ":1:1: ", "there is no user"),
    ] {
        lab.hang_up(&config);
        lab.server.wait_for_log(&[
            "ERROR reload: nothing has changed: ",
            &format!("callboard.toml{place}"),
            words,
        ]);
    }
    fs::remove_file(&lab.file).expect("the file is ours");
    lab.server.signal(Signal::HUP);
    lab.server.wait_for_log(&[
        "reload: nothing has changed: ",
        "callboard.toml:1:1: ",
        "there is no such file",
    ]);
    assert_eq!(lab.reloads().len(), 0);
    publish(&lab.server, "/finesse/api/User/1002", "still here");
    agent.expect_event("1002@localhost", "/finesse/api/User/1002", "still here");
}

#[test]
fn what_counts_only_from_the_start_on_is_named() {
    let lab = Lab::new();
    let config = DEMO.replace("domain = \"localhost\"", "domain = \"other\"");
    lab.reload(&format!("{config}\n[limits]\nstanza = \"32KiB\"\n"));
    for key in ["domain", "[limits]"] {
        lab.server.wait_for_log(&[&format!(
            "WARN  reload: {key} has changed, which counts only from the next start"
        )]);
    }
    // The flags of the command line still win over the file.
    assert!(!lab.server.log().contains("listen has changed"), "{}", lab.server.log());
    let mut client = Client::connect(&lab.server);
    client.open();
}

#[test]
fn the_demo_has_nothing_to_read_again() {
    let server = Server::demo();
    server.signal(Signal::HUP);
    let line = server.wait_for_log(&["reload: "]);
    let said = "INFO  reload: the demo is inside the program, so there is no file to read again";
    assert!(line.ends_with(said), "{line}");
    Client::online(&server, "1001", "desktop");
}

#[test]
fn a_file_that_does_not_come_holds_nobody_up() {
    let lab = Lab::new();
    let mut agent = Client::online(&lab.server, "1001", "desktop");
    fs::remove_file(&lab.file).expect("the file is ours");
    // A reader waits there for a writer.
    let made = std::process::Command::new("mkfifo").arg(&lab.file).status().expect("every system has it");
    assert!(made.success());
    lab.server.signal(Signal::HUP);
    publish(&lab.server, "/finesse/api/User/1001", "still here");
    agent.expect_event("1001@localhost", "/finesse/api/User/1001", "still here");
    lab.server.signal(Signal::TERM);
    agent.expect_stream_error("system-shutdown", 1001);
    assert_eq!(lab.server.ended().0, Some(0));
}

#[test]
fn many_hangups_at_once_are_few_reloads_and_the_last_file_counts() {
    let lab = Lab::new();
    for _ in 0..50 {
        lab.server.signal(Signal::HUP);
    }
    fs::write(&lab.file, without_user("1002")).expect("the file is ours");
    lab.server.signal(Signal::HUP);
    lab.server.wait_for_log(&["reload: 6 users (0 new, 1 removed)"]);
    assert!(lab.reloads().len() < 50, "{}", lab.reloads().len());
    assert_eq!(get(&lab.server, "1002", "User/1002").status(), 401);
    Client::online(&lab.server, "1001", "desktop");
}

/// The password is checked before the body comes, and the role when the request is applied.
#[test]
fn a_request_in_the_name_of_another_user_is_refused_when_its_sender_is_no_administrator_any_more() {
    let lab = Lab::new();
    let body = "<User><state>LOGIN</state><extension>1001</extension></User>";
    let (begin, rest) = body.split_at(5);
    let demoted = DEMO.replace("\"Supervisor\", \"Administrator\"]", "\"Supervisor\"]");
    let gone = without_user("administrator").replace("publish = [\"administrator\"]", "publish = [\"1001\"]");
    for config in [demoted, gone] {
        lab.reload(DEMO);
        let mut http = Http::connect(lab.server.plain);
        http.send(format!(
            "PUT /callboard/api/as/1001/finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
             Content-Type: application/xml\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            basic("administrator", "1234"),
            body.len()
        ));
        // The server waits for the body.
        assert_eq!(http.head().status(), 100);
        http.send(begin);
        lab.reload(&config);
        http.send(rest);
        let answer = http.answer();
        let shown = (answer.status(), field(&answer.body, "ErrorType"));
        assert_eq!(shown, (401, "Authorization Failure"), "{answer:?}");
        assert_eq!(field(&get(&lab.server, "1001", "User/1001").body, "state"), "LOGOUT");
    }
}
