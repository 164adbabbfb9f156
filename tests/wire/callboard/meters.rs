//! What a page cannot see of its own requests, counted by the server.

use std::io::Write as _;

use crate::support::Server;
use crate::support::http::{Http, UPGRADE, basic, own};
use crate::support::raw::frame;

/// Begins a run. Returns its name.
fn begin(server: &Server) -> String {
    let answer = own(server, "1001", "POST", "meters");
    assert_eq!(answer.status(), 200, "{answer:?}");
    let run = answer.body.strip_prefix("{\"run\":\"").and_then(|rest| rest.strip_suffix("\"}\n"));
    run.expect("the name of a run").to_owned()
}

/// What one way has cost: requests, empty, connections, up, down.
fn figures(server: &Server, run: &str, way: &str) -> [u64; 5] {
    let answer = own(server, "1001", "GET", &format!("meters/{run}"));
    assert_eq!(answer.status(), 200, "{answer:?}");
    let start = answer.body.find(&format!("\"{way}\":{{")).expect("the way is there");
    let one = &answer.body[start..];
    let one = &one[..one.find('}').expect("its end")];
    let mut numbers = one.split(':').skip(2).map(|part| {
        part.split(',').next().expect("a number").parse::<u64>().unwrap_or_else(|_| panic!("{part} in {one}"))
    });
    std::array::from_fn(|_| numbers.next().expect("five numbers"))
}

#[test]
fn polls_are_counted_to_the_byte() {
    let server = Server::demo();
    let run = begin(&server);
    let request = |more: &str, headers: &str| {
        format!(
            "GET /finesse/api/User/1001?run={run}{more} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n{headers}\r\n",
            basic("1001", "1001")
        )
    };
    let mut http = Http::connect(server.plain);
    let first = http.ask(request("", ""));
    let condition = format!("If-None-Match: {}\r\n", first.header("ETag").expect("a tag"));
    let again = http.ask(request("", &condition));
    assert_eq!((first.status(), again.status()), (200, 304));
    let [requests, empty, connections, counted, down] = figures(&server, &run, "poll");
    assert_eq!((requests, empty, connections), (2, 1, 1));
    assert_eq!(counted, (request("", "").len() + request("", &condition).len()) as u64);
    assert!(down > first.body.len() as u64 + 100, "{down}");
    // What another asks for, and what names no run, is not counted.
    http.ask("GET /finesse/api/SystemInfo HTTP/1.1\r\nHost: localhost\r\n\r\n");
    http.ask("GET /finesse/api/SystemInfo?run=x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(figures(&server, &run, "poll"), [2, 1, 1, counted, down]);
    // Every request its connection, as HTTP/1.0 had it.
    for _ in 0..2 {
        let mut http = Http::connect(server.plain);
        let closing = http.ask(request("&close", ""));
        assert_eq!((closing.status(), closing.header("Connection")), (200, Some("close")));
        assert_eq!(http.rest(), "");
    }
    let [requests, empty, connections, ..] = figures(&server, &run, "close");
    assert_eq!((requests, empty, connections), (2, 0, 2));
    assert_eq!(figures(&server, &run, "poll"), [2, 1, 1, counted, down]);
    // Whole documents over one connection, as HTTP/1.1 began.
    for _ in 0..2 {
        assert_eq!(http.ask(request("&keep", "")).status(), 200);
    }
    let [requests, empty, connections, ..] = figures(&server, &run, "keep");
    assert_eq!((requests, empty, connections), (2, 0, 1));
    let unknown = own(&server, "1001", "GET", "meters/x");
    assert_eq!(unknown.status(), 404);
    assert_eq!(own(&server, "nobody", "GET", &format!("meters/{run}")).status(), 401);
}

#[test]
fn a_websocket_is_counted_as_long_as_it_lives_and_its_upgrade_is_shown() {
    let server = Server::demo();
    let run = begin(&server);
    let request = format!("GET /ws/?run={run} HTTP/1.1\r\nCookie: secret\r\n{UPGRADE}\r\n");
    let mut http = Http::connect(server.plain);
    let answer = http.ask(&request);
    assert_eq!(answer.status(), 101, "{answer:?}");
    let mut socket = http.into_inner();
    let ping = frame(0x9, b"x");
    socket.write_all(&ping).expect("the socket takes it");
    let mut pong = [0; 3];
    std::io::Read::read_exact(&mut socket, &mut pong).expect("a pong comes");
    let [requests, empty, connections, up, down] = figures(&server, &run, "ws");
    assert_eq!((requests, empty, connections), (1, 0, 1));
    assert_eq!(up, (request.len() + ping.len()) as u64);
    assert!(down > 100, "{down}");
    drop(socket);
    assert_eq!(figures(&server, &run, "ws")[..4], [1, 0, 1, up]);
    let all = own(&server, "1001", "GET", &format!("meters/{run}")).body;
    for part in [
        "\"tls\":null",
        &format!("\"line\":\"GET /ws/?run={run} HTTP/1.1\""),
        "[\"Sec-Websocket-Protocol\",\"xmpp\"]",
        "\"line\":\"HTTP/1.1 101 Switching Protocols\"",
        "[\"Upgrade\",\"WebSocket\"]",
    ] {
        assert!(all.contains(part), "{part} in {all}");
    }
    assert!(!all.contains("secret"), "{all}");
    // One that is refused is shown too.
    let refused =
        Http::connect(server.plain).ask(format!("GET /ws/?run={run} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_eq!(refused.status(), 426);
    let all = own(&server, "1001", "GET", &format!("meters/{run}")).body;
    assert!(all.contains("\"line\":\"HTTP/1.1 426 Upgrade Required\""), "{all}");
}

#[test]
fn the_upgrade_tells_what_tls_has_agreed_on() {
    let server = Server::demo();
    let run = begin(&server);
    let mut http = Http::secure(server.tls);
    let answer = http.ask(format!("GET /ws/?run={run} HTTP/1.1\r\n{UPGRADE}\r\n"));
    assert_eq!(answer.status(), 101);
    let all = own(&server, "1001", "GET", &format!("meters/{run}")).body;
    assert!(all.contains("\"tls\":{\"version\":\"TLSv1_"), "{all}");
}
