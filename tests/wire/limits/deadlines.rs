//! Deadlines and the number of connections, with limits that are small.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::support::http::{Http, basic};
use crate::support::raw::{PING, PONG, frame};
use crate::support::server::PATIENCE;
use crate::support::{Bosh, Client, Raw, Received, Server, bosh, figures, tls};

const SECOND: Duration = Duration::from_secs(1);

fn impatient() -> Server {
    Server::with("[limits]\nlogin = \"1s\"\n")
}

#[test]
fn a_connection_that_says_nothing_or_not_all_is_closed_at_the_login_deadline() {
    let server = impatient();
    let mut online = Client::online(&server, "1001", "desktop");
    let started = Instant::now();
    // The first record of a TLS handshake, without its end.
    let hello: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let mut silent: Vec<Http> = [
        (server.plain, &b""[..]),
        (server.tls, b""),
        (server.plain, b"GET /ws/ HTTP/1.1\r\nHost: local"),
        (server.plain, b"GET /ws/ HTTP/1.1\r\nHost: localhost\r\n"),
        (server.tls, hello),
    ]
    .into_iter()
    .map(|(address, bytes)| {
        let mut http = Http::connect(address);
        http.send(bytes);
        http
    })
    .collect();
    // One that has shaken hands and says nothing inside.
    let mut secure = smol::block_on(tls::connect(server.tls, None)).expect("the handshake succeeds");
    let ended = smol::block_on(async { smol::io::AsyncReadExt::read(&mut secure, &mut [0; 64]).await });
    assert!(!matches!(ended, Ok(1..)), "nothing is said to it: {ended:?}");
    assert!(started.elapsed() >= SECOND, "it had a second");
    for http in &mut silent {
        let rest = http.rest();
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 408"), "{rest}");
        assert!(started.elapsed() >= SECOND, "it had a second");
    }
    // The next request has its own deadline.
    let mut http = Http::connect(server.plain);
    assert_eq!(http.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status(), 200);
    http.send("GET /ws/ HTTP/1.1\r\n");
    assert_eq!(http.rest(), "");
    online.expect_nothing_more();
}

#[test]
fn a_stream_that_does_not_log_in_is_closed_at_the_login_deadline() {
    let server = impatient();
    let mut online = Client::online(&server, "1001", "desktop");
    let started = Instant::now();
    let mut upgraded = Raw::connect(&server);
    let mut opened = Raw::connect(&server);
    opened.open();
    let mut refused = Raw::connect(&server);
    refused.open();
    refused.send_plain("\x001001\0wrong");
    refused.expect_failure("not-authorized");
    let mut authenticated = Raw::connect(&server);
    authenticated.authenticate("1002");
    upgraded.expect_open_and_stream_error("connection-timeout", 1000);
    for mut raw in [opened, refused, authenticated] {
        raw.expect_stream_error("connection-timeout", 1000);
    }
    assert!(started.elapsed() >= SECOND, "they had a second");
    online.expect_nothing_more();
}

/// Writes the same again and again until the other side has closed.
fn trickle(address: SocketAddr, start: &[u8], drop: &[u8]) {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect(address).expect("the server accepts connections");
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout can be set");
    stream.write_all(start).expect("the server is there");
    let mut buffer = [0; 4096];
    loop {
        assert!(Instant::now() < deadline, "it goes on for ever");
        if stream.write_all(drop).is_err() {
            return;
        }
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
            Err(_) => return,
        }
    }
}

#[test]
fn a_client_that_always_says_a_little_does_not_move_the_deadline() {
    let server = Server::with("[limits]\nlogin = \"1s\"\nclose = \"100ms\"\n");
    let upgrade = format!("GET /ws/ HTTP/1.1\r\n{}\r\n", crate::support::http::UPGRADE);
    std::thread::scope(|scope| {
        scope.spawn(|| trickle(server.plain, b"GET / HTTP/1.1\r\n", b"X: y\r\n"));
        scope.spawn(|| trickle(server.plain, upgrade.as_bytes(), &frame(PING, b"x")));
        // The record of a handshake, which never is whole.
        scope.spawn(|| trickle(server.tls, b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03", b"x"));
    });
    Client::online(&server, "1001", "desktop").leave();
}

#[test]
fn a_body_that_never_comes_is_a_timeout() {
    let server = impatient();
    let authorization = basic("administrator", "1234");
    let mut http = Http::connect(server.plain);
    http.send(format!(
        "POST /callboard/api/publish?node=/lab/alarms HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
         Content-Length: 10\r\n\r\nhalf"
    ));
    assert_eq!(http.answer().status(), 408);
    http.rest();
}

#[test]
fn an_idle_session_is_pinged_and_closed_after_two_unanswered_pings() {
    let server = Server::with("[limits]\nlogin = \"1s\"\nping = \"1s\"\nping_answer = \"1s\"\n");
    let mut dead = Raw::connect(&server);
    dead.log_in("1001", "dead");
    let mut alive = Raw::connect(&server);
    alive.log_in("1002", "alive");
    let started = Instant::now();
    dead.send("<presence xmlns='jabber:client' type='unavailable'/>");
    for _ in 0..2 {
        assert!(matches!(dead.receive(), Received::Ping(_)), "a ping comes");
        // Any sign of life will do.
        let Received::Ping(payload) = alive.receive() else {
            panic!("a ping comes");
        };
        alive.bytes(&frame(PONG, &payload));
    }
    dead.expect_stream_error("connection-timeout", 1000);
    assert!(started.elapsed() >= 3 * SECOND, "it had three seconds");
    alive.expect_nothing_more();
    assert!(matches!(alive.receive(), Received::Ping(_)), "it is asked again");
    server.wait_for_log(&["1001@localhost/dead", "closed", "connection-timeout"]);
}

#[test]
fn the_first_ping_does_not_wait_for_the_login_deadline() {
    let server = Server::with("[limits]\nlogin = \"10m\"\nping = \"1s\"\n");
    let mut raw = Raw::connect(&server);
    raw.log_in("1001", "desktop");
    // Much shorter than the deadline, much longer than it takes.
    raw.wire.stream.set_read_timeout(Some(10 * SECOND)).expect("a timeout can be set");
    assert!(matches!(raw.receive(), Received::Ping(_)), "a ping comes");
}

#[test]
fn a_connection_too_many_is_closed_and_there_is_room_again_when_one_ends() {
    let server = Server::with("[limits]\nconnections = 2\n");
    let mut first = Client::online(&server, "1001", "desktop");
    let second = Client::online(&server, "1002", "desktop");
    for address in [server.plain, server.tls] {
        assert_eq!(Http::connect(address).rest(), "");
    }
    first.expect_nothing_more();
    second.leave();
    wait_for_room(&server);
}

#[test]
fn one_address_has_its_share_of_the_connections() {
    let server = Server::with("[limits]\nconnections_per_address = 2\n");
    let mut first = Client::online(&server, "1001", "desktop");
    let second = Client::online(&server, "1002", "desktop");
    assert_eq!(Http::connect(server.plain).rest(), "");
    // Another machine is let in.
    let mut elsewhere = Http::connect_from([127, 0, 0, 2], server.plain);
    assert_eq!(elsewhere.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status(), 200);
    server.wait_for_log(&["127.0.0.1", "refused", "of its address"]);
    assert_eq!(figures::ask(&mut elsewhere)["callboard_connections_refused_total"], 1.0);
    first.expect_nothing_more();
    second.leave();
    wait_for_room(&server);
}

/// Waits until a connection is served again.
fn wait_for_room(server: &Server) {
    // The end was seen by the client: the server's slot is free at the same time or a moment later.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut http = Http::connect(server.plain);
        http.send("GET /healthz HTTP/1.0\r\n\r\n");
        if http.rest().starts_with("HTTP/1.0 200") {
            break;
        }
        assert!(Instant::now() < deadline, "the slot stays taken");
    }
}

#[test]
fn what_comes_behind_a_request_that_waits_counts_with_the_heads_of_requests() {
    let half = format!("GET /healthz HTTP/1.1\r\nX: {}\r\nHost: loc", "x".repeat(9000));
    for (tls, at_once) in [(false, true), (false, false), (true, true), (true, false)] {
        let server = Server::with("[limits]\nhandshakes = \"64KiB\"\n");
        let read = || figures::metrics(&server)["callboard_read_bytes_total"];
        let mut connections = [(); 2].map(|()| {
            let mut client = Bosh::new(&server, tls);
            client.create(bosh::CREATE);
            let body = bosh::envelope(&format!("rid='{}' sid='{}'", client.rid + 1, client.sid), "");
            (client.connect(), bosh::request(&body, ""))
        });
        for (number, (connection, request)) in connections.iter_mut().enumerate() {
            let (before, deadline) = (read(), Instant::now() + PATIENCE);
            if at_once {
                connection.send(format!("{request}{half}"));
            } else {
                connection.send(&*request);
                while read() < before + request.len() as f64 {
                    assert!(Instant::now() < deadline, "it is not read");
                }
                connection.send(&half);
            }
            while number == 0 && read() < before + (request.len() + half.len()) as f64 {
                assert!(Instant::now() < deadline, "it is not read");
            }
        }
        let answer = connections[1].0.answer();
        assert_eq!(answer.status(), 503, "{answer:?}");
        assert_eq!(figures::metrics(&server)["callboard_handshakes_refused_total"], 1.0);
    }
}

/// On each listener, and on a connection that has had an answer before as on a new one.
#[test]
fn requests_without_the_end_of_their_head_have_a_common_bound_and_an_address_has_a_share() {
    const WHOLE: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let server = Server::with("[limits]\nhandshakes = \"64KiB\"\n");
    // One that was served before, one with a body that nobody wanted, and one that has said nothing before.
    let mut served = Http::connect(server.plain);
    assert_eq!(served.ask(WHOLE).status(), 200);
    let mut refused = Http::connect(server.plain);
    let upload = format!(
        "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n{}",
        "x".repeat(9000)
    );
    assert_eq!(refused.ask(&upload).status(), 405);
    assert_eq!(refused.ask(WHOLE).status(), 200);
    let mut new = Http::connect(server.plain);
    let half = |http: &mut Http| http.send("GET /healthz HTTP/1.1\r\nHost: loc");
    // A long half takes no more than is kept ready for any, and is counted once.
    served.send(format!("GET /healthz HTTP/1.1\r\nX: {}\r\nHost: loc", "x".repeat(6000)));
    half(&mut new);
    // They are served in turn.
    assert_eq!(Http::connect(server.plain).ask(WHOLE).status(), 200);
    for _ in 0..2 {
        half(&mut refused);
        let answer = refused.answer();
        assert_eq!(answer.status(), 503, "{answer:?}");
        assert!(answer.body.contains("handshakes in [limits]"), "{answer:?}");
        refused = Http::connect(server.plain);
    }
    let mut secure = Http::secure(server.tls);
    secure.send("GET /healthz HTTP/1.1\r\nHost: loc");
    assert_eq!(secure.answer().status(), 503);
    // A client that says all at once holds nothing, and another address has its share.
    assert_eq!(Http::connect(server.plain).ask(WHOLE).status(), 200);
    let mut other = Http::connect_from([127, 0, 0, 2], server.plain);
    half(&mut other);
    for http in [&mut served, &mut new, &mut other] {
        assert_eq!(http.ask("alhost\r\n\r\n").status(), 200);
    }
    half(&mut new);
    assert_eq!(new.ask("alhost\r\n\r\n").status(), 200);
    assert_eq!(figures::metrics(&server)["callboard_handshakes_refused_total"], 3.0);
}
