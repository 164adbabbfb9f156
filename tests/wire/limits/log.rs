//! What clients can make the log say: how much, and nothing secret.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};

use crate::support::bosh::{CREATE, envelope};
use crate::support::http::{Http, basic};
use crate::support::server::{DEMO, Folder, PATIENCE};
use crate::support::{Client, Server};

/// Bytes of log that a refused request may cost, if there are many of them.
const BYTES: usize = 20;

/// Of each kind so many requests are made.
const MANY: usize = 200;

fn server(level: &str) -> Server {
    // So many wrong passwords are still answered like the first.
    Server::with_log(level, "[limits]\naddress_attempts = 1000\n")
}

/// A way to be refused without a password.
type Attack = fn(&Server, &str);

/// The header with a name and a password.
fn login(user: &str, password: &str) -> String {
    format!("Authorization: {}\r\n", basic(user, password))
}

/// Asks without waiting for each answer, on a connection that may be closed at any of them.
fn ask(address: SocketAddr, request: impl AsRef<[u8]>) {
    let mut http = Http::connect(address);
    http.send(request);
    http.rest();
}

fn get(server: &Server, start: &str, headers: &str) {
    ask(server.plain, format!("{start} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"));
}

/// What everybody can do, each with a long text of its own choice, and by what the count of it is known.
const ATTACKS: [(Attack, &str); 14] = [
    (|server, long| get(server, &format!("GET /finesse/api/{long}"), ""), "request answered with 401"),
    (
        |server, long| get(server, &format!("GET /finesse/api/User/1001?x={long}"), &login("1001", long)),
        "answered with 401",
    ),
    (|server, long| get(server, &format!("PATCH /finesse/api/User/1001/{long}"), ""), "answered with 401"),
    (
        |server, long| get(server, &format!("{long} /callboard/api/as/1001/finesse/api/User/1001"), ""),
        "answered with 401",
    ),
    (|server, long| get(server, &format!("GET /events?node={long}"), ""), "answered with 401"),
    (|server, long| get(server, &format!("GET /callboard/api/directory?{long}"), ""), "answered with 401"),
    (
        |server, long| get(server, &format!("POST /{long}"), &format!("Origin: http://{long}\r\n")),
        "of a page refused",
    ),
    (|server, long| get(server, &format!("GET /ws/?{long}"), ""), "upgrade to a WebSocket refused"),
    (
        |server, long| get(server, &format!("GET /ws/?{long}"), &format!("Origin: http://{long}\r\n")),
        "of a page refused",
    ),
    (|server, long| get(server, "GET /", &format!("X: {}\r\n", long.repeat(20))), "http connection closed"),
    (|server, long| ask(server.plain, format!("{long}\r\n\r\n")), "http connection closed"),
    (
        |server, long| {
            let body = envelope(CREATE, &format!("<auth>{}</auth>", &long[..500]));
            let length = body.len();
            get(server, "POST /http-bind/", &format!("Content-Length: {length}\r\n\r\n{body}"));
        },
        "session connected",
    ),
    (
        |server, long| {
            let mut client = Client::connect(server);
            client.open();
            client.send_plain(&format!("\0{long}\0{long}"));
            client.expect_failure("not-authorized");
        },
        "login refused",
    ),
    (
        |server, long| {
            let mut stream = TcpStream::connect(server.tls).expect("the server accepts connections");
            stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
            let _ = stream.write_all(&[b"\x16\x03\x01", long.as_bytes()].concat());
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        },
        "connection ended before a request",
    ),
];

#[test]
fn what_is_refused_to_an_address_is_told_once_and_then_counted() {
    let long = "a".repeat(1000);
    for (nth, (attack, counted)) in ATTACKS.into_iter().enumerate() {
        let server = server("info");
        for _ in 0..MANY {
            attack(&server, &long);
        }
        let log = server.stop();
        assert!(log.len() < BYTES * MANY, "attack {nth}: {} bytes\n{log}", log.len());
        assert!(log.contains(counted) && log.contains("127.0.0.1: "), "attack {nth}:\n{log}");
    }
}

#[test]
fn the_count_of_what_was_refused_is_told_while_the_server_runs() {
    let server = server("info");
    for _ in 0..1235 {
        let mut http = Http::connect(server.plain);
        http.ask("GET /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    // All of them came within the first of the times, or some in the next.
    let line = server.wait_for_log(&["127.0.0.1: ", " more: http request answered with 401"]);
    assert!(line.contains("WARN"), "{line}");
    let count = |line: &str| {
        let (_, count) = line.split_once("127.0.0.1: ")?;
        count.split_once(" more: http request answered with 401")?.0.replace(',', "").parse::<usize>().ok()
    };
    assert_eq!(server.stop().lines().filter_map(count).sum::<usize>(), 1234);
}

#[test]
fn no_secret_of_a_url_or_a_header_stands_in_the_log() {
    const SECRET: &str = "4f1d0c5e";
    let config = format!("www = \"www\"\n{DEMO}");
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("www")).expect("the folder is ours");
    let server = Server::serving_in(folder, "localhost", &config);
    for target in [
        format!("http://user:{SECRET}@localhost/finesse/api/User/1001"),
        format!("//user:{SECRET}@localhost/finesse/api/User/1001"),
        format!("/finesse/api/User/1001?password={SECRET}"),
        format!("/finesse/api/User/1001;password={SECRET}"),
        format!("/finesse/api/User/1001&password={SECRET}"),
        format!("/finesse/api/User/1001?{SECRET}"),
        format!("/finesse/api/User/1001?a=1;token={SECRET}"),
        format!("/callboard/api/directory?token={SECRET}"),
        format!("/callboard/api/calls?to=9001&user.pin={SECRET}"),
        format!("/events?node=/finesse/api/User/1001&ticket={SECRET}"),
        format!("/events?node=/finesse/api/User/1001%26ticket%3D{SECRET}"),
        format!("/ws/?access_token={SECRET}"),
        format!("/http-bind/?Authorization={SECRET}"),
        format!("/page?password={SECRET}"),
        format!("/page/?password={SECRET}"),
        format!("/console/board?password={SECRET}"),
    ] {
        for method in ["GET", "POST", "PUT", "OPTIONS", "SECRETLY"] {
            for headers in [
                String::new(),
                login("1001", "1001"),
                login(SECRET, SECRET),
                format!("Authorization: Bearer {SECRET}\r\n"),
                format!("Origin: http://user:{SECRET}@evil.example\r\n"),
                format!("Referer: http://localhost/?password={SECRET}\r\n"),
            ] {
                let mut http = Http::connect(server.plain);
                http.ask_head(format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"));
            }
        }
    }
    let log = server.stop();
    assert!(log.contains("(masked)"), "{log}");
    let line = log.lines().find(|line| line.contains(SECRET));
    assert_eq!(line, None);
}

#[test]
fn a_line_of_the_log_is_short_whoever_causes_it() {
    let server = server("debug");
    let long = "a".repeat(3000);
    for (attack, _) in ATTACKS {
        attack(&server, &long);
    }
    let headers = login("administrator", "1234");
    for path in [
        "finesse/api",
        "callboard/api/as/1001/finesse/api",
        "callboard/api/calls",
        "events",
        "page",
        "console",
    ] {
        for method in ["GET", "PUT", "POST", &long] {
            get(&server, &format!("{method} /{path}/{long}?node={long}"), &headers);
        }
    }
    let mut client = Client::connect(&server);
    client.log_in("1001", &"r".repeat(1000));
    client.become_available();
    drop(client);
    let log = server.stop();
    assert!(log.contains("bytes more)") && log.contains("rrr…: closed"), "{log}");
    let longest = log.lines().max_by_key(|line| line.len()).unwrap_or_default();
    assert!(longest.len() <= 512, "{longest}");
}

#[test]
fn a_user_who_has_logged_in_has_a_share_of_the_log_that_others_do_not_use_up() {
    let server = server("info");
    let ask = |user: &str, http: &mut Http| {
        let headers = login(user, user);
        http.ask(format!("GET /finesse/api/User/{user} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"))
            .status()
    };
    let mut http = Http::connect(server.plain);
    for _ in 0..1000 {
        assert_eq!(ask("1001", &mut http), 200);
    }
    assert_eq!(ask("1002", &mut http), 200);
    let log = server.stop();
    let lines = |user: &str| log.matches(&format!("http {user}: GET /finesse/api/User/{user} 200")).count();
    assert_eq!(lines("1002"), 1, "{log}");
    // 50 a second; a machine with much to do takes its time.
    let told: usize = log
        .lines()
        .filter_map(|line| {
            line.split_once(" 1001: ")?.1.strip_suffix(" more: http request answered with 200")
        })
        .map(|count| count.replace(',', "").parse::<usize>().expect("a number"))
        .sum();
    assert!(lines("1001") >= 50 && told >= 1, "{log}");
    assert_eq!(lines("1001") + told, 1000, "{log}");
}
