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

mod requests;
mod sessions;

const MANUAL: &str = include_str!("../../../../deploy/manual/faults.md");
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

#[test]
fn services_that_are_out() {
    run(requests::SERVICES);
}

#[test]
fn logins_that_fail() {
    run(sessions::LOGINS);
}

#[test]
fn stanzas_that_are_answered_otherwise() {
    run(sessions::STANZAS);
}

#[test]
fn operations_that_fail() {
    run(requests::CALLS);
}

#[test]
fn connections_that_end_or_are_slow() {
    run(requests::CONNECTIONS);
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
        .chain(
            [requests::SERVICES, sessions::LOGINS, sessions::STANZAS, requests::CALLS, requests::CONNECTIONS]
                .into_iter()
                .flat_map(of),
        )
        .collect();
    let all: Vec<u32> = (1..=45).collect();
    assert_eq!(numbers(), all);
    assert_eq!(run, all.into_iter().collect());
}
