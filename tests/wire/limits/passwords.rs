//! Slow password checks: which clients wait for which, and which passwords are not computed.

use callboard::config::password::Password;

use crate::support::bosh::CREATE;
use crate::support::figures::metrics;
use crate::support::http::{Http, basic};
use crate::support::{Bosh, Client, Server};

const WRONG: &str = "callboard_wrong_passwords_total";

/// A user whose password has a hash that slow, and limits.
fn hashed(iterations: u32, limits: &str) -> Server {
    let hash = Password::hash("geheim", iterations).expect("a password that can be hashed");
    let user = format!("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword_hash = \"{hash}\"\n");
    Server::with(&format!("{user}[limits]\n{limits}\n"))
}

fn request(user: &str, password: &str) -> String {
    let authorization = basic(user, password);
    format!(
        "GET /finesse/api/User/{user} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n"
    )
}

/// Asks on a connection of its own.
fn ask(server: &Server, user: &str, password: &str) -> Http {
    ask_from([127, 0, 0, 1], server, user, password)
}

fn ask_from(own: [u8; 4], server: &Server, user: &str, password: &str) -> Http {
    let mut http = Http::connect_from(own, server.plain);
    http.send(request(user, password));
    http
}

#[test]
fn however_much_one_address_asks_for_another_one_waits_for_two_hashes_at_the_most() {
    // So slow that few are made while a request is on its way.
    let server = hashed(80_000, "password_waiting_per_address = 20");
    let mut volley: Vec<Http> = (0..15).map(|_| ask(&server, "nobody", "wrong")).collect();
    assert_eq!(volley[0].answer().status(), 401);
    let before = metrics(&server)[WRONG];
    assert_eq!(ask_from([127, 0, 0, 2], &server, "ada", "geheim").answer().status(), 200);
    let made = metrics(&server)[WRONG] - before;
    assert!(made <= 3.0, "{made} of the others were made before it");
    // What is more than its share is refused at once.
    let mut more: Vec<Http> = (0..30).map(|_| ask(&server, "nobody", "wrong")).collect();
    let statuses: Vec<u16> = more.iter_mut().map(|http| http.answer().status()).collect();
    assert!(
        statuses.contains(&503) && statuses.iter().all(|status| [401, 503].contains(status)),
        "{statuses:?}"
    );
}

#[test]
fn a_volley_of_wrong_passwords_is_no_more_tries_than_its_address_has() {
    let server = hashed(20_000, "address_attempts = 5\nlockout = \"1h\"\npassword_checks = 4");
    let mut volley: Vec<Http> =
        (0..30).map(|number| ask(&server, &format!("nobody{number}"), "wrong")).collect();
    let statuses: Vec<u16> = volley.iter_mut().map(|http| http.answer().status()).collect();
    let of = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((of(401), of(503)), (5, 25), "{statuses:?}");
    assert_eq!(metrics(&server)[WRONG], 5.0);
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain("\0ada\0geheim");
    client.expect_failure("temporary-auth-failure");
}

#[test]
fn nothing_is_computed_for_a_client_that_has_gone_away() {
    let server = hashed(400_000, "");
    let mut first = ask(&server, "nobody", "wrong");
    let mut gone = Client::connect(&server);
    gone.open();
    let mut bosh = Bosh::new(&server, false);
    bosh.create(CREATE);
    // They wait behind the first one, and leave.
    gone.send_plain("\0ada\0wrong");
    gone.vanish();
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFkYQB3cm9uZw==</auth>";
    drop(bosh.send_next("", auth));
    let authorization = basic("ada", "wrong");
    for body in ["", "Content-Length: 10000\r\n\r\nthe rest never comes", "\r\nGET / HTTP/1.1\r\n"] {
        let mut http = Http::connect(server.plain);
        http.send(format!(
            "PUT /finesse/api/User/ada HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n{body}\r\n"
        ));
    }
    assert_eq!(first.answer().status(), 401);
    assert_eq!(ask(&server, "ada", "geheim").answer().status(), 200);
    assert_eq!(metrics(&server)[WRONG], 1.0, "{}", server.log());
}

#[test]
fn a_password_that_was_right_while_others_waited_with_it_is_hashed_once() {
    let server = hashed(100_000, "");
    assert_eq!(ask(&server, "nobody", "wrong").answer().status(), 401);
    let one = server.processor_time();
    let mut all: Vec<Http> = (0..20).map(|_| ask(&server, "ada", "geheim")).collect();
    assert!(all.iter_mut().all(|http| http.answer().status() == 200));
    let twenty = server.processor_time() - one;
    assert!(twenty < 5 * one, "{twenty:?} for all of them, {one:?} for one");
}

#[test]
fn a_user_who_has_logged_in_from_an_address_does_not_wait_for_wrong_passwords_from_there() {
    for iterations in [None, Some(1000)] {
        let limits = "address_attempts = 4\nlockout = \"1h\"";
        let server = match iterations {
            Some(iterations) => hashed(iterations, limits),
            None => Server::with(&format!("[limits]\n{limits}\n")),
        };
        let status = |user: &str, password: &str| ask(&server, user, password).answer().status();
        assert_eq!(status("1001", "1001"), 200);
        for _ in 0..4 {
            assert_eq!(status("nobody", "wrong"), 401);
        }
        assert_eq!(status("1002", "1002"), 503, "it was not there before");
        assert_eq!(status("1001", "1001"), 200);
        let mut client = Client::connect(&server);
        client.open();
        client.send_plain("\x001001\x001001");
        client.expect_success();
        // From elsewhere nobody waits, and knows nobody.
        assert_eq!(ask_from([127, 0, 0, 2], &server, "1002", "1002").answer().status(), 200);
        // One wrong password, and it waits like everybody.
        assert_eq!(status("1001", "wrong"), 401);
        assert_eq!(status("1001", "1001"), 503);
    }
}
