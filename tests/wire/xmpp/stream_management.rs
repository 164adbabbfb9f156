//! Stream management (XEP-0198): acknowledgements, and sessions that are resumed after a cut.

use super::{Client, Server};
use crate::support::client::password;
use crate::support::http::{Http, basic, publish};
use crate::support::server::DEMO;
use crate::support::{Received, ns};

const ALARMS: &str = "/lab/alarms";
const ENABLE: &str = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
const EVENTS: usize = 1000;

fn managed(more: &str) -> Server {
    let on = "stream_management = true\nframe_tap = true";
    Server::serving("localhost", &format!("{}\n{more}", DEMO.replacen("frame_tap = true", on, 1)))
}

fn failed(condition: &str) -> String {
    format!("<failed xmlns='urn:xmpp:sm:3'><{condition} xmlns='{}'/></failed>", ns::STANZAS)
}

/// Enables stream management. Returns the id by which the session is resumed.
#[track_caller]
fn enable(client: &mut Client) -> String {
    client.send(ENABLE);
    let text = client.expect("<enabled id='{any}' resume='true' max='300' xmlns='urn:xmpp:sm:3'/>");
    text.split('\'').nth(1).expect("an id").to_owned()
}

/// An available session that follows a node by its full JID, and its id.
fn resumable(server: &Server) -> (Client, String) {
    let mut client = Client::online(server, "1001", "desktop");
    client.subscribe(ALARMS);
    let id = enable(&mut client);
    (client, id)
}

/// Logs in again and asks for the session of that id, of which so many stanzas are handled.
#[track_caller]
fn resume(server: &Server, user: &str, id: &str, handled: usize) -> Client {
    let mut client = Client::connect(server);
    client.authenticate(user);
    client.jid = format!("{user}@localhost/desktop");
    client.send(&format!("<resume xmlns='urn:xmpp:sm:3' previd='{id}' h='{handled}'/>"));
    client
}

/// Takes stanzas until so many events have come, and acknowledges them when the server asks. Returns the payloads.
#[track_caller]
fn events(client: &mut Client, handled: &mut usize, count: usize) -> Vec<String> {
    let mut payloads = Vec::new();
    while payloads.len() < count {
        let text = client.text();
        if text.starts_with("<r ") {
            client.send(&format!("<a xmlns='urn:xmpp:sm:3' h='{handled}'/>"));
            continue;
        }
        *handled += 1;
        if let Some((_, rest)) = text.split_once("event-") {
            payloads.push(rest.split('<').next().unwrap_or_default().to_owned());
        }
    }
    payloads
}

fn ask(server: &Server, method: &str, path: &str) -> (u16, String) {
    let authorization = basic("administrator", password("administrator"));
    let answer = Http::connect(server.plain).ask(format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\nContent-Length: 0\r\n\r\n"
    ));
    (answer.status(), answer.body)
}

/// The id of the only session of XMPP that is listed, and whether it waits.
fn listed(server: &Server) -> (String, bool) {
    let list = ask(server, "GET", "/callboard/api/sessions").1;
    let id = list.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
    (id.expect("a session").to_owned(), list.contains("\"state\":\"waiting\""))
}

#[test]
fn unless_the_configuration_asks_for_it_there_is_none() {
    let server = Server::demo();
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain("\u{0}1001\u{0}1001");
    client.expect_success();
    client.send_open();
    client.expect_open();
    let features = client.text();
    assert!(!features.contains("urn:xmpp:sm"), "{features}");
    client.bind("1001", "desktop");
    client.send(ENABLE);
    let text = client.text();
    assert!(
        text.contains("<invalid-namespace ")
            && text.contains("Stanzas need xmlns=&apos;jabber:client&apos;."),
        "{text}"
    );
}

#[test]
fn it_is_offered_after_the_login_and_enabled_once_behind_a_resource() {
    let server = managed("");
    let mut client = Client::connect(&server);
    client.send_open();
    client.expect_open();
    let features = client.text();
    assert!(!features.contains("urn:xmpp:sm"), "{features}");
    client.send_plain("\u{0}1001\u{0}1001");
    client.expect_success();
    client.send_open();
    client.expect_open();
    let features = client.text();
    assert!(features.contains("<sm xmlns='urn:xmpp:sm:3'/>"), "{features}");
    client.send(ENABLE);
    client.expect(&failed("unexpected-request"));
    client.bind("1001", "desktop");
    let id = enable(&mut client);
    assert!(id.len() >= 22, "128 bits: {id}");
    client.send("<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>");
    client.expect(&failed("unexpected-request"));
    client.send(ENABLE);
    let text = client.text();
    assert!(text.contains("<policy-violation "), "{text}");
}

#[test]
fn stanzas_are_acknowledged_both_ways() {
    let server = managed("");
    let (mut client, _) = resumable(&server);
    client.expect_nothing_more();
    client.send("<r xmlns='urn:xmpp:sm:3'/>");
    client.expect("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    // What goes back acknowledges nothing.
    for h in [1, 0, 1] {
        client.send(&format!("<a xmlns='urn:xmpp:sm:3' h='{h}'/>"));
    }
    client.expect_nothing_more();
    assert!(ask(&server, "GET", "/metrics").1.contains("\ncallboard_acknowledged_back_total 1\n"));
    client.send("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    client.expect(&format!(
        "<stream:error xmlns:stream='{}'><undefined-condition xmlns='{}'/>\
         <handled-count-too-high h='3' send-count='2' xmlns='urn:xmpp:sm:3'/></stream:error>",
        ns::STREAM,
        ns::STREAMS
    ));
    client.expect_close(1000);
}

#[test]
fn after_a_cut_among_a_thousand_events_each_comes_once_and_in_order() {
    let server = managed("");
    let (mut client, id) = resumable(&server);
    let mut handled = 0;
    let mut heard = Vec::new();
    for number in 0..EVENTS / 2 {
        publish(&server, ALARMS, &format!("event-{number}"));
    }
    heard.extend(events(&mut client, &mut handled, 100));
    client.vanish();
    for number in EVENTS / 2..EVENTS {
        publish(&server, ALARMS, &format!("event-{number}"));
    }
    let mut client = resume(&server, "1001", &id, handled);
    client.expect(&format!("<resumed previd='{id}' h='0' xmlns='urn:xmpp:sm:3'/>"));
    heard.extend(events(&mut client, &mut handled, EVENTS - 100));
    assert!(heard.iter().enumerate().all(|(number, event)| *event == number.to_string()), "{heard:?}");
    // The session goes on: its presence, its subscription, its counts.
    publish(&server, ALARMS, "event-last");
    assert_eq!(events(&mut client, &mut handled, 1), ["last"]);
    client.send("<r xmlns='urn:xmpp:sm:3'/>");
    client.expect("<a xmlns='urn:xmpp:sm:3' h='0'/>");
    client.send(&format!("<a xmlns='urn:xmpp:sm:3' h='{handled}'/>"));
    client.expect_nothing_more();
    let metrics = ask(&server, "GET", "/metrics").1;
    for figure in ["dropped_total 0", "sessions_resumed_total 1", "sessions_waiting 0"] {
        assert!(metrics.contains(&format!("\ncallboard_{figure}\n")), "{figure}: {metrics}");
    }
}

#[test]
fn a_session_that_a_fault_has_cut_waits_and_an_administrator_may_end_it() {
    let server = managed("");
    for ends in [false, true] {
        let (client, id) = resumable(&server);
        let (session, waits) = listed(&server);
        assert!(!waits);
        assert_eq!(ask(&server, "POST", &format!("/callboard/api/sessions/{session}?do=cut&how=rst")).0, 204);
        publish(&server, ALARMS, "event-x");
        let (waiting, waits) = listed(&server);
        assert!(waits);
        assert_eq!(ask(&server, "POST", &format!("/callboard/api/sessions/{waiting}?do=cut")).0, 404);
        client.vanish();
        if ends {
            assert_eq!(ask(&server, "DELETE", &format!("/callboard/api/sessions/{waiting}")).0, 204);
            let mut client = resume(&server, "1001", &id, 0);
            client.expect(&format!(
                "<failed h='0' xmlns='urn:xmpp:sm:3'><item-not-found xmlns='{}'/></failed>",
                ns::STANZAS
            ));
            server.wait_for_log(&[
                "1001@localhost/desktop: not resumed, 1 messages lost: an administrator has ended it",
            ]);
            // The stream is there yet.
            client.bind("1001", "desktop");
        } else {
            let mut client = resume(&server, "1001", &id, 0);
            client.expect("<resumed previd='{any}' h='0' xmlns='urn:xmpp:sm:3'/>");
            assert_eq!(events(&mut client, &mut 0, 1), ["x"]);
            client.leave();
        }
    }
}

#[test]
fn a_session_that_ended_in_order_is_not_resumed_nor_one_of_somebody_else() {
    let server = managed("");
    let (client, id) = resumable(&server);
    client.leave();
    resume(&server, "1001", &id, 0).expect(&failed("item-not-found"));
    let (client, id) = resumable(&server);
    resume(&server, "1002", &id, 0).expect(&failed("item-not-found"));
    client.vanish();
    server.wait_for_log(&["waits 300 s to be resumed"]);
    resume(&server, "1002", &id, 0).expect(&failed("item-not-found"));
}

#[test]
fn after_the_window_what_was_owed_is_lost_and_the_log_says_so() {
    let server = managed("[limits]\nresume = \"100ms\"");
    let mut client = Client::online(&server, "1001", "desktop");
    client.subscribe(ALARMS);
    client.send(ENABLE);
    let text = client.expect("<enabled id='{any}' resume='true' max='0' xmlns='urn:xmpp:sm:3'/>");
    let id = text.split('\'').nth(1).expect("an id");
    publish(&server, ALARMS, "event-x");
    client.vanish();
    server.wait_for_log(&["not resumed, 1 messages lost: its client has not come back in time"]);
    let mut client = resume(&server, "1001", id, 0);
    client.expect(&format!(
        "<failed h='0' xmlns='urn:xmpp:sm:3'><item-not-found xmlns='{}'/></failed>",
        ns::STANZAS
    ));
    assert!(ask(&server, "GET", "/metrics").1.contains("\ncallboard_sessions_given_up_total 1\n"));
}

#[test]
fn a_session_whose_connection_is_there_yet_moves_to_the_new_one() {
    let server = managed("");
    let (mut old, id) = resumable(&server);
    publish(&server, ALARMS, "event-x");
    let mut client = resume(&server, "1001", &id, 0);
    client.expect("<resumed previd='{any}' h='0' xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(events(&mut client, &mut 0, 1), ["x"]);
    assert_eq!(events(&mut old, &mut 0, 1), ["x"], "it had got it");
    old.expect_stream_error("conflict", 1000);
}

#[test]
fn the_record_tells_the_whole_story() {
    let server = managed("");
    let (client, id) = resumable(&server);
    client.vanish();
    server.wait_for_log(&["waits 300 s to be resumed"]);
    let mut client = resume(&server, "1001", &id, 0);
    client.expect("<resumed previd='{any}' h='0' xmlns='urn:xmpp:sm:3'/>");
    let record = ask(&server, "GET", "/callboard/api/record?kind=session&user=1001").1;
    let at = |what: &str| {
        record.find(&format!("\"what\":\"{what}\"")).unwrap_or_else(|| panic!("{what}: {record}"))
    };
    assert!(at("bound") < at("waits") && at("waits") < at("resumed"), "{record}");
    // The shutdown ends it as every session.
    assert!(!matches!(client.receive(), Received::End));
}
