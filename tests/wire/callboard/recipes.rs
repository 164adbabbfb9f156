//! The recipes of the manual: each failure is caused as its row says, seen by a client, and healed.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::time::Instant;

use super::calls::agent;
use super::certificates::{from, right, strict, wrong};
use crate::support::bosh::Bosh;
use crate::support::http::{Answer, Http, basic, own, publish};
use crate::support::polite::Client;
use crate::support::raw::Raw;
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::server::PATIENCE;
use crate::support::{Server, ns};

const MANUAL: &str = include_str!("../../../deploy/manual/faults.md");
const XML: &str = "Content-Type: application/xml\r\n";
const USER: &str = "/finesse/api/User/1001";
const PUBSUB: &str = "pubsub.localhost";
const LOGIN: &str = "<state>LOGIN</state><extension>1001</extension>";
const CALL: &str = "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1001</fromAddress><toAddress>1002</toAddress></Dialog>";

/// A row of the manual.
struct Recipe {
    /// The name and the query of each fault.
    faults: Vec<(String, String)>,
    /// The user, the password, the method, the path and the body of each request.
    requests: Vec<[String; 5]>,
}

/// The numbers of all rows.
fn numbers() -> Vec<u32> {
    let (_, rows) = MANUAL.split_once("\n## Recipes for each failure\n").expect("the manual has recipes");
    rows.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect()
}

impl Recipe {
    fn of(number: u32) -> Self {
        let start = format!("| {number} | ");
        let line = MANUAL.lines().find(|line| line.starts_with(&start)).expect("the manual has the row");
        let cell = line.split(" | ").nth(2).expect("it has a cell");
        let mut recipe = Self { faults: Vec::new(), requests: Vec::new() };
        for code in cell.split('`').skip(1).step_by(2) {
            let words: Vec<&str> = code.split('\'').collect();
            let mut plain = words[0].split_whitespace();
            let quoted = words.get(1).copied().unwrap_or_default().to_owned();
            match plain.next() {
                Some("fault") => recipe.faults.push((plain.next().expect("a name").to_owned(), quoted)),
                Some("finesse") => {
                    let (user, password) =
                        plain.next().and_then(|word| word.split_once(':')).expect("credentials");
                    let [method, path] = [plain.next(), plain.next()].map(|word| word.expect("a request"));
                    let request = [user, password, method, path, &quoted].map(str::to_owned);
                    recipe.requests.push(request);
                }
                _ => {}
            }
        }
        recipe
    }

    /// The recipe with a parameter of a test's own in its first fault.
    fn with(&self, parameter: &str) -> Self {
        let mut recipe = Self { faults: self.faults.clone(), requests: Vec::new() };
        recipe.faults[0].1.push_str(parameter);
        recipe
    }

    /// Sets its faults.
    fn cause(&self, server: &Server) {
        assert!(!self.faults.is_empty());
        for (name, query) in &self.faults {
            let answer = own(server, "administrator", "PUT", &format!("faults/{name}?{query}"));
            assert_eq!(answer.status(), 201, "{query}: {}", answer.body);
        }
    }

    /// Sends its request.
    fn ask(&self, server: &Server) -> Answer {
        let [user, password, method, path, body] = &self.requests[0];
        Http::connect(server.plain).ask(format!(
            "{method} /finesse/api/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n{XML}Content-Length: {}\r\n\r\n{body}",
            basic(user, password),
            body.len()
        ))
    }
}

fn heal(server: &Server) {
    assert_eq!(own(server, "administrator", "DELETE", "faults").status(), 204);
}

/// Waits until a fault has acted.
fn acted(server: &Server) {
    let deadline = Instant::now() + PATIENCE;
    while own(server, "administrator", "GET", "faults").body.contains("\"hits\":0") {
        assert!(Instant::now() < deadline, "{}", server.log());
    }
}

/// Waits until agent 1001 is signed out.
fn is_signed_out(server: &Server) {
    let deadline = Instant::now() + PATIENCE;
    while field(&get(server, "1001", "User/1001").body, "state") != "LOGOUT" {
        assert!(Instant::now() < deadline, "{}", server.log());
    }
}

fn online(server: &Server) -> Client {
    Client::online(server, "1001", "desktop")
}

/// The texts that come before the answer to a ping.
fn before_ping(client: &mut Client) -> Vec<String> {
    client.send(
        "<iq xmlns='jabber:client' type='get' id='last' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    let mut texts = Vec::new();
    loop {
        let text = client.text();
        if text.contains("id=\"last\"") {
            return texts;
        }
        texts.push(text);
    }
}

fn upgrade(server: &Server) -> Answer {
    Http::connect(server.plain).ask_head(
        "GET /ws/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n",
    )
}

/// A run of a row.
type Run = fn(&Recipe);

/// Requests that are refused without a fault: number, status, ErrorType if there is a document.
const REFUSED: &[(u32, u16, &str)] = &[
    (2, 401, "Authorization Failure"),
    (3, 401, "Invalid Authorization User Specified"),
    (4, 401, "Invalid Authorization User Specified"),
    (5, 404, "User Not Found"),
];

#[test]
fn requests_that_are_refused() {
    let server =
        Server::with("[[user]]\nid = \"chief\"\npassword = \"chief\"\nroles = [\"Administrator\"]\n");
    for (number, status, kind) in REFUSED {
        let answer = Recipe::of(*number).ask(&server);
        let found = if answer.body.is_empty() { "" } else { field(&answer.body, "ErrorType") };
        assert_eq!((answer.status(), found), (*status, *kind), "{number}");
    }
    assert_eq!(get(&server, "1001", "User/1001").status(), 200);
}

const SERVICES: &[(u32, Run)] = &[
    (6, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        assert!(event(&mut client, "/finesse/api/SystemInfo").contains("OUT_OF_SERVICE"));
        assert_eq!(get(&server, "1001", "User/1001").status(), 503);
        heal(&server);
        assert!(event(&mut client, "/finesse/api/SystemInfo").contains("IN_SERVICE"));
        assert_eq!(get(&server, "1001", "User/1001").status(), 200);
    }),
    (7, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        let texts = before_ping(&mut client);
        assert!(texts.iter().any(|text| text.contains("from=\"finesse@") && text.contains("unavailable")));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| get(&server, "1001", "User/1001"));
            acted(&server);
            heal(&server);
            assert!(waiting.join().expect("an answer").header("X-Callboard-Fault").is_some());
        });
        let texts = before_ping(&mut client);
        assert!(texts[0].starts_with("<presence"), "{texts:?}");
        assert!(texts.iter().any(|text| text.contains("IN_SERVICE")), "{texts:?}");
    }),
    (8, |recipe| {
        let server = Server::demo();
        let mut client = Raw::connect(&server);
        client.log_in("1001", "desktop");
        recipe.cause(&server);
        assert!(matches!(client.receive(), crate::support::client::Received::End));
        assert_eq!(upgrade(&server).status(), 503);
        assert_eq!(get(&server, "1001", "User/1001").status(), 503);
        heal(&server);
        online(&server);
    }),
    (34, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        let told = before_ping(&mut client).concat();
        assert!(told.contains("OUT_OF_SERVICE") && told.contains("127.0.0.2"), "{told}");
        heal(&server);
        let told = before_ping(&mut client).concat();
        assert!(told.contains("IN_SERVICE"), "{told}");
        assert!(!get(&server, "1001", "SystemInfo").body.contains("secondaryNode"));
    }),
    (36, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        let refused = recipe.ask(&server);
        assert_eq!((refused.status(), field(&refused.body, "ErrorType")), (403, "Forbidden"));
        heal(&server);
        assert_eq!(recipe.ask(&server).status(), 200);
    }),
    (42, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.with("&notice=100ms").cause(&server);
        assert!(client.text().contains("<system-shutdown "));
        heal(&server);
        online(&server).expect_nothing_more();
    }),
    (33, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        publish(&server, USER, "lost");
        heal(&server);
        publish(&server, USER, "next");
        assert_eq!(event(&mut client, USER), "next");
    }),
];

#[test]
fn services_that_are_out() {
    run(SERVICES);
}

const LOGINS: &[(u32, Run)] = &[
    (1, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        let mut client = Client::connect(&server);
        client.open();
        client.send_plain("\x001001\x001001");
        client.expect_failure("not-authorized");
        heal(&server);
        client.send_plain("\x001001\x001001");
        client.expect_success();
    }),
    (12, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        let mut client = Client::bound(&server, "1001", "desktop");
        client.send("<presence xmlns='jabber:client'/>");
        assert!(!before_ping(&mut client).iter().any(|text| text.contains("from=\"finesse@")));
        heal(&server);
        client.expect(&client.finesse_presence());
    }),
    (13, |_| {
        let server = Server::demo();
        let mut client = Client::bound(&server, "1001", "desktop");
        client.send("<presence xmlns='jabber:client'><priority>-1</priority></presence>");
        before_ping(&mut client);
        publish(&server, USER, "unheard");
        assert!(!before_ping(&mut client).iter().any(|text| text.contains("unheard")));
        client.send("<presence xmlns='jabber:client'/>");
        before_ping(&mut client);
        publish(&server, USER, "heard");
        assert_eq!(event(&mut client, USER), "heard");
    }),
    (14, |_| {
        let server = Server::with("[limits]\nforced_logout = \"100ms\"\n");
        drop(agent(&server, false));
        is_signed_out(&server);
    }),
    (15, |_| {
        let server = Server::demo();
        drop(agent(&server, false));
        server.wait_for_log(&["1001@localhost/desktop: closed"]);
        online(&server).expect_nothing_more();
        assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "NOT_READY");
    }),
    (43, |recipe| {
        let server = Server::demo();
        recipe.with("&delay=100ms").cause(&server);
        drop(agent(&server, false));
        server.wait_for_log(&["1001@localhost/desktop: closed"]);
        let _back = online(&server);
        is_signed_out(&server);
        heal(&server);
        assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
    }),
    (16, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        assert!(client.text().contains("<conflict "));
        heal(&server);
        let mut client = online(&server);
        let _other = Client::bound(&server, "1001", "desktop");
        assert!(client.text().contains("<conflict "));
    }),
    (23, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        assert_eq!(upgrade(&server).header("Sec-WebSocket-Protocol"), None);
        heal(&server);
        assert_eq!(upgrade(&server).header("Sec-WebSocket-Protocol"), Some("xmpp"));
    }),
    (24, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        let mut client = Client::connect(&server);
        client.send_open();
        assert!(client.text().starts_with("<stream:stream "));
        heal(&server);
        Client::connect(&server).open();
    }),
    (25, |_| {
        let server = Server::demo();
        let mut client = Client::connect(&server);
        client.send(&format!("<open xmlns='{}' to='other.example' version='1.0'/>", ns::FRAMING));
        client.expect_open_and_stream_error("host-unknown", 1000);
    }),
    (22, |recipe| {
        let server = Server::demo();
        let trusting = strict(&right(&server));
        let seen = || wrong(&trusting, from([127, 0, 0, 1], server.tls));
        assert_eq!(seen(), None);
        recipe.cause(&server);
        assert_eq!(seen(), Some("issuer"));
        heal(&server);
        assert_eq!(seen(), None);
    }),
];

#[test]
fn logins_that_fail() {
    run(LOGINS);
}

/// A request of the pubsub service about a node.
fn pubsub(payload: &str) -> String {
    format!("<pubsub xmlns='{}'>{payload}</pubsub>", ns::PUBSUB)
}

const STANZAS: &[(u32, Run)] = &[
    (9, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        acted(&server);
        publish(&server, USER, "lost");
        heal(&server);
        client.expect_nothing_more();
    }),
    (10, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        client.send(
            "<iq xmlns='jabber:client' type='get' id='late' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
        );
        client.get("localhost", "<query xmlns='jabber:iq:version'/>").is_result_with(&["callboard"]);
        heal(&server);
        assert!(client.text().contains("id=\"late\""));
        client.expect_nothing_more();
    }),
    (11, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        let ping = "<ping xmlns='urn:xmpp:ping'/>";
        client.get("localhost", ping).is_error("503 cancel service-unavailable");
        heal(&server);
        client.expect_nothing_more();
    }),
    (17, |_| {
        let server = Server::demo();
        let mut client = online(&server);
        let subscribe =
            pubsub(&format!("<subscribe node='/finesse/api/Team/999/Users' jid='{}'/>", client.jid));
        client.set(PUBSUB, &subscribe).is_error("404 cancel item-not-found");
    }),
    (18, |_| {
        let server = Server::demo();
        let mut client = online(&server);
        let subscribe = pubsub(&format!("<subscribe node='{USER}' jid='1002@localhost'/>"));
        client.set(PUBSUB, &subscribe).is_error("400 modify bad-request invalid-jid");
    }),
    (19, |_| {
        let server = Server::demo();
        let mut client = online(&server);
        let unsubscribe =
            pubsub(&format!("<unsubscribe node='/finesse/api/User/1002' jid='{}'/>", client.jid));
        client.set(PUBSUB, &unsubscribe).is_error("400 wait unexpected-request not-subscribed");
    }),
    (20, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        let subscribe = pubsub(&format!("<subscribe node='{USER}' jid='{}'/>", client.jid));
        client.set(PUBSUB, &subscribe).is_error("404 cancel item-not-found");
        heal(&server);
        client.subscribe(USER);
    }),
    (21, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        publish(&server, USER, "once");
        assert_eq!([event(&mut client, USER), event(&mut client, USER)], ["once", "once"]);
        heal(&server);
        publish(&server, USER, "again");
        assert_eq!(event(&mut client, USER), "again");
        client.expect_nothing_more();
    }),
    (35, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        publish(&server, USER, "late");
        client.expect_nothing_more();
        heal(&server);
        assert_eq!(event(&mut client, USER), "late");
    }),
    (37, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        publish(&server, USER, "<Update>한국</Update>");
        let cut = event(&mut client, USER);
        assert!(cut.starts_with("<Upd") && !cut.ends_with("</Update>"), "{cut}");
        heal(&server);
        publish(&server, USER, "<Update>한국</Update>");
        assert_eq!(event(&mut client, USER), "<Update>한국</Update>");
    }),
];

#[test]
fn stanzas_that_are_answered_otherwise() {
    run(STANZAS);
}

const CALLS: &[(u32, Run)] = &[
    (27, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        let failed = event(&mut client, USER);
        assert!(failed.contains("<errorType>Invalid Device</errorType>"), "{failed}");
        heal(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        assert_eq!(field(&event(&mut client, USER), "state"), "NOT_READY");
    }),
    (28, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        let failed = event(&mut client, USER);
        assert!(failed.contains("<errorType>Invalid State</errorType>"), "{failed}");
        assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
        assert_eq!(field(&event(&mut client, USER), "state"), "NOT_READY");
        recipe.cause(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        let failed = event(&mut client, USER);
        assert!(failed.contains("<errorData>22</errorData>"), "{failed}");
        heal(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        assert_eq!(field(&event(&mut client, USER), "state"), "READY");
    }),
    (29, |_| {
        let server = Server::demo();
        let mut client = agent(&server, false);
        assert_eq!(put_state(&server, "1002", "1002", &LOGIN.replace("1001", "1002")).status(), 202);
        assert_eq!(ask(&server, "1001", "POST", "User/1001/Dialogs", XML, CALL).status(), 202);
        let dialog = field(&get(&server, "1001", "User/1001/Dialogs").body, "id").to_owned();
        before_ping(&mut client);
        let retrieve = "<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>RETRIEVE</requestedAction></Dialog>";
        assert_eq!(ask(&server, "1001", "PUT", &format!("Dialog/{dialog}"), XML, retrieve).status(), 202);
        let failed = before_ping(&mut client).concat();
        assert!(failed.contains("Generic Error") && failed.contains("INVALID_ACTION"), "{failed}");
    }),
    (30, |recipe| call_fails(recipe, "<errorType>Call Operation Failure</errorType>")),
    (31, |recipe| call_fails(recipe, "CF_CONFERENCE_MEMBER_LIMIT_EXCEEDED")),
    (32, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
        assert_eq!(field(&event(&mut client, USER), "requestId"), "");
        heal(&server);
        assert_eq!(put_state(&server, "1001", "1001", "<state>READY</state>").status(), 202);
        assert_eq!(field(&event(&mut client, USER), "requestId"), "r-1");
    }),
    (40, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        assert_eq!(get(&server, "1001", "User/1001").status(), 401);
        heal(&server);
        assert_eq!(get(&server, "1001", "User/1001").status(), 200);
    }),
    (41, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        std::thread::scope(|scope| {
            let asked = Instant::now();
            let waiting = scope.spawn(|| put_state(&server, "1001", "1001", LOGIN));
            assert_eq!(field(&event(&mut client, USER), "state"), "NOT_READY");
            assert!(!waiting.is_finished() || asked.elapsed() > PATIENCE / 2, "the event comes first");
            heal(&server);
            assert_eq!(waiting.join().expect("an answer").status(), 202);
        });
    }),
];

/// A call that the agent makes fails, and the next one does not.
fn call_fails(recipe: &Recipe, sign: &str) {
    let server = Server::demo();
    let mut client = agent(&server, false);
    assert_eq!(put_state(&server, "1002", "1002", &LOGIN.replace("1001", "1002")).status(), 202);
    let call = || assert_eq!(ask(&server, "1001", "POST", "User/1001/Dialogs", XML, CALL).status(), 202);
    recipe.cause(&server);
    call();
    let failed = before_ping(&mut client).concat().replace("&lt;", "<").replace("&gt;", ">");
    assert!(failed.contains(sign), "{failed}");
    heal(&server);
    call();
    assert!(before_ping(&mut client).concat().contains("INITIATED"), "the call is made");
}

#[test]
fn operations_that_fail() {
    run(CALLS);
}

const CONNECTIONS: &[(u32, Run)] = &[
    (26, |recipe| {
        let server = Server::demo();
        let mut session = Bosh::online(&server, "1001", "desktop");
        recipe.cause(&server);
        session.wire.ask("", "").expect_terminate("item-not-found");
    }),
    (38, |recipe| {
        let server = Server::demo();
        let mut client = Raw::connect(&server);
        client.log_in("1001", "desktop");
        recipe.cause(&server);
        assert!(client.wire.stream.read(&mut [0]).is_err(), "it is reset");
        heal(&server);
        online(&server);
    }),
    (39, |recipe| {
        let server = Server::demo();
        let mut client = Raw::connect(&server);
        client.log_in("1001", "desktop");
        let mut sooner = recipe.with("");
        sooner.faults[0].1 = sooner.faults[0].1.replace("idle=30s", "idle=100ms");
        sooner.cause(&server);
        assert!(matches!(client.receive(), crate::support::client::Received::End));
        heal(&server);
        online(&server);
    }),
    (44, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        acted(&server);
        publish(&server, USER, &"x".repeat(20_000));
        heal(&server);
        assert_eq!(event(&mut client, USER).len(), 20_000);
    }),
    (45, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        acted(&server);
        publish(&server, USER, "in pieces");
        assert_eq!(event(&mut client, USER), "in pieces");
        heal(&server);
        client.expect_nothing_more();
    }),
];

#[test]
fn connections_that_end_or_are_slow() {
    run(CONNECTIONS);
}

fn run(all: &[(u32, Run)]) {
    for (number, run) in all {
        println!("recipe {number}");
        run(&Recipe::of(*number));
    }
}

#[test]
fn every_recipe_of_the_manual_is_run() {
    let of = |all: &'static [(u32, Run)]| all.iter().map(|(number, _)| *number);
    let run: BTreeSet<u32> = REFUSED
        .iter()
        .map(|(number, ..)| *number)
        .chain([SERVICES, LOGINS, STANZAS, CALLS, CONNECTIONS].into_iter().flat_map(of))
        .collect();
    let all: Vec<u32> = (1..=45).collect();
    assert_eq!(numbers(), all);
    assert_eq!(run, all.into_iter().collect());
}
