//! Five wrong passwords in a row, at whatever door, close all doors to a user.

use std::thread;
use std::time::Duration;

use crate::support::http::{Answer, Http, basic, post, publish};
use crate::support::{Client, Server};

/// A request of Finesse's REST API.
fn rest(server: &Server, user: &str, password: &str) -> Answer {
    let mut http = Http::connect(server.plain);
    http.ask(format!(
        "GET /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
        basic(user, password)
    ))
}

/// A request of the other API.
fn own(server: &Server, user: &str, password: &str) -> Answer {
    let headers = format!("Authorization: {}\r\n", basic(user, password));
    post(server, "/finesse/api/User/1001", &headers, b"x")
}

/// A login that is refused, in a stream of its own.
#[track_caller]
fn stream_refuses(server: &Server, user: &str, password: &str) {
    let mut client = Client::connect(server);
    client.open();
    client.send_plain(&format!("\0{user}\0{password}"));
    client.expect_failure("not-authorized");
}

/// How often the log says that somebody is locked out.
fn blocked(log: &str) -> usize {
    log.lines().filter(|line| line.contains("blocked for")).count()
}

#[test]
fn five_wrong_passwords_close_every_door_and_nobody_is_told_why() {
    let server = Server::demo();
    let mut up = Client::online(&server, "1001", "desktop");
    let wrong = rest(&server, "1001", "wrong");
    assert_eq!(wrong.status(), 401);
    assert_eq!(own(&server, "1001", "wrong").status(), 401);
    assert_eq!(own(&server, "1001", "1002").status(), 401);
    stream_refuses(&server, "1001", "wrong");
    assert_eq!(blocked(&server.log()), 0);
    stream_refuses(&server, "1001", "wrong");
    let line = server.wait_for_log(&["1001", "blocked for 300s"]);
    assert!(line.contains("WARN"), "{line}");
    // The right one is now as wrong as any, and an unknown name's.
    let right = rest(&server, "1001", "1001");
    assert_eq!((right.status(), &right.body), (401, &wrong.body));
    assert_eq!(right.header("WWW-Authenticate"), wrong.header("WWW-Authenticate"));
    stream_refuses(&server, "1001", "1001");
    let (right, unknown) = (own(&server, "1001", "1001"), own(&server, "nobody", "1001"));
    assert_eq!((right.status(), right.body), (unknown.status(), unknown.body));
    // What a name that nobody has hears does not change either.
    let replies: Vec<Answer> = (0..7).map(|_| rest(&server, "nobody", "wrong")).collect();
    for reply in replies {
        assert_eq!((reply.status(), reply.body), (401, wrong.body.replace("1001", "nobody")));
    }
    // Others come in, and who is in stays in.
    let mut other = Client::online(&server, "1002", "desktop");
    publish(&server, "/finesse/api/User/1001", "still here");
    up.expect_event("1001@localhost", "/finesse/api/User/1001", "still here");
    other.expect_nothing_more();
    drop((up, other));
    let log = server.stop();
    assert_eq!(blocked(&log), 1, "{log}");
    assert!(log.contains("1 users locked out"), "{log}");
}

#[test]
fn a_block_ends() {
    let server = Server::with("[limits]\nlockout = \"1s\"\nlockout_attempts = 2\n");
    assert_eq!(rest(&server, "1001", "wrong").status(), 401);
    assert_eq!(rest(&server, "1001", "1001").status(), 200);
    assert_eq!(rest(&server, "1001", "wrong").status(), 401);
    stream_refuses(&server, "1001", "wrong");
    server.wait_for_log(&["1001", "blocked for 1s"]);
    // It began before the answer came.
    thread::sleep(Duration::from_secs(1));
    assert_eq!(rest(&server, "1001", "1001").status(), 200);
    drop(Client::online(&server, "1001", "desktop"));
}

#[test]
fn guesses_at_the_same_time_count_as_well() {
    // Slow enough that they meet.
    let hash = callboard::config::password::Password::hash("geheim", 100_000).expect("a hash");
    let server = Server::serving(
        "localhost",
        &format!(
            "[[team]]\nid = \"1\"\nname = \"Lab\"\n[[user]]\nid = \"ada\"\nteam = \"1\"\npassword_hash = \"{hash}\"\n\
             [limits]\npassword_checks = 8\n"
        ),
    );
    let mut guesses: Vec<Http> = (0..12)
        .map(|number| {
            let mut http = Http::connect(server.plain);
            http.send(format!(
                "GET /finesse/api/User/ada HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
                basic("ada", &format!("guess {number}"))
            ));
            http
        })
        .collect();
    for guess in &mut guesses {
        assert_eq!(guess.answer().status(), 401);
    }
    assert_eq!(rest(&server, "ada", "geheim").status(), 401);
    stream_refuses(&server, "ada", "geheim");
    let log = server.stop();
    assert_eq!(blocked(&log), 1, "{log}");
}

#[test]
fn an_address_with_too_many_wrong_passwords_waits_whoever_it_asks_for() {
    let server = Server::with("[limits]\naddress_attempts = 4\nlockout = \"4s\"\n");
    let mut up = Client::online(&server, "1001", "desktop");
    for user in ["1002", "1003", "nobody"] {
        assert_eq!(own(&server, user, "wrong").status(), 401);
    }
    stream_refuses(&server, "1004", "wrong");
    let line = server.wait_for_log(&["127.0.0.1", "4 wrong passwords within 4s"]);
    assert!(line.contains("WARN"), "{line}");
    // The same for everybody, be the password right or wrong, or there be nobody of that name.
    for (user, password) in [("1005", "1005"), ("1005", "wrong"), ("nobody", "wrong")] {
        assert_eq!(own(&server, user, password).status(), 429);
        assert_eq!(rest(&server, user, password).status(), 503);
        let mut client = Client::connect(&server);
        client.open();
        client.send_plain(&format!("\0{user}\0{password}"));
        client.expect_failure("temporary-auth-failure");
    }
    // A client that is in stays in, and a try comes back in a second.
    let deadline = std::time::Instant::now() + crate::support::server::PATIENCE;
    while own(&server, "administrator", "1234").status() == 429 {
        assert!(std::time::Instant::now() < deadline, "no try comes back");
        thread::sleep(Duration::from_millis(100));
    }
    up.expect_event("1001@localhost", "/finesse/api/User/1001", "x");
    publish(&server, "/finesse/api/User/1001", "still here");
    up.expect_event("1001@localhost", "/finesse/api/User/1001", "still here");
}
