//! `POST /callboard/api/publish`: the door for curl.

use crate::support::http::{Answer, Http, basic, post};
use crate::support::{Client, Server};

const ALARMS: &str = "/lab/alarms";

fn online(server: &Server) -> Client {
    let mut client = Client::online(server, "1001", "desktop");
    client.subscribe(ALARMS);
    client
}

/// Posts as the administrator, with more headers.
fn as_administrator(server: &Server, node: &str, headers: &str, body: &[u8]) -> Answer {
    let authorization = basic("administrator", "1234");
    post(server, node, &format!("Authorization: {authorization}\r\n{headers}"), body)
}

#[test]
fn a_publish_is_accepted_with_the_id_of_the_item() {
    let server = Server::demo();
    let mut client = online(&server);
    for (node, headers, body) in [
        ("/lab/alarms", "", "plain"),
        ("%2Flab%2Falarms", "", "the node encoded"),
        ("/lab/alarms", "Content-Type: text/plain; charset=UTF-8\r\n", "Füße < & > \" ' 漢字 ]]>\n"),
        ("/lab/alarms", "Content-Type: application/xml\r\n", "<Update><data/></Update>"),
        ("/lab/alarms", "Content-Type: application/json\r\n", "{\"a\":1}"),
        // A byte order mark is no part of a text.
        ("/lab/alarms", "Content-Type: application/xml\r\n", "\u{feff}<Update/>"),
        // What curl -d says by itself.
        ("/lab/alarms", "Content-Type: application/x-www-form-urlencoded\r\n", "a=b&c=%20d+e"),
        ("/lab/alarms", "", ""),
    ] {
        let answer = as_administrator(&server, node, headers, body.as_bytes());
        assert_eq!(answer.status(), 202, "{answer:?}");
        let pattern =
            if body.is_empty() { "<notification xmlns=\"urn:xmpp:push:0\"></notification>" } else { "" };
        if pattern.is_empty() {
            let body = body.trim_start_matches('\u{feff}');
            let (_, item) = client.expect_event("1001@localhost/desktop", ALARMS, body);
            assert_eq!(answer.body, format!("{item}\n"));
        } else {
            assert!(client.text().contains(pattern));
        }
    }
    client.expect_nothing_more();
}

#[test]
fn a_body_in_chunks_is_taken() {
    let server = Server::demo();
    let mut client = online(&server);
    let authorization = basic("administrator", "1234");
    let answer = Http::connect(server.plain).ask(format!(
        "POST /callboard/api/publish?node={ALARMS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
         Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    ));
    assert_eq!(answer.status(), 202, "{answer:?}");
    client.expect_event("1001@localhost/desktop", ALARMS, "abcde");
}

#[test]
fn a_publisher_with_a_wrong_password_is_unauthorized() {
    let server = Server::demo();
    let mut client = online(&server);
    for authorization in [
        String::new(),
        "Authorization: Bearer token\r\n".into(),
        "Authorization: Basic\r\n".into(),
        "Authorization: Basic !!!\r\n".into(),
        "Authorization: Basic YWRtaW5pc3RyYXRvcg==\r\n".into(),
        format!("Authorization: {}\r\n", basic("administrator", "wrong")),
        format!("Authorization: {}\r\n", basic("administrator", "")),
        format!("Authorization: {}\r\n", basic("", "1234")),
        format!("Authorization: {}\r\n", basic("nobody", "1234")),
    ] {
        // Whether there is such a node is not told to strangers.
        for node in [ALARMS, "/nowhere", ""] {
            let answer = post(&server, node, &authorization, b"x");
            assert_eq!(answer.status(), 401, "{authorization}");
            let challenge = answer.header("WWW-Authenticate").unwrap_or_default();
            // As the client tried to log in.
            let scheme = if authorization.contains("Bearer") { "Bearer realm=" } else { "Basic realm=" };
            assert!(challenge.starts_with(scheme), "{answer:?}");
        }
    }
    client.expect_nothing_more();
}

#[test]
fn an_agent_is_forbidden() {
    let server = Server::demo();
    let mut client = online(&server);
    let authorization = format!("Authorization: {}\r\n", basic("1001", "1001"));
    for node in [ALARMS, "/finesse/api/User/1001"] {
        assert_eq!(post(&server, node, &authorization, b"x").status(), 403);
    }
    client.expect_nothing_more();
}

#[test]
fn a_user_may_log_in_by_the_login_name() {
    let server = Server::with(
        "[[user]]\nid = \"7\"\nlogin_name = \"Ada\"\nteam = \"1\"\npassword = \"x:y\"\nroles = [\"Administrator\"]\n",
    );
    for (name, status) in [("Ada", 202), ("7", 202), ("nobody", 401)] {
        let authorization = format!("Authorization: {}\r\n", basic(name, "x:y"));
        assert_eq!(post(&server, "/finesse/api/User/1001", &authorization, b"x").status(), status, "{name}");
    }
}

#[test]
fn what_cannot_be_published_is_refused_and_nobody_sees_it() {
    let server = Server::demo();
    let mut client = online(&server);
    let big = vec![b'x'; 32 * 1024 + 1];
    for (node, headers, body, status) in [
        ("/nowhere", "", &b"x"[..], 404),
        ("", "", b"x", 404),
        ("/lab/alarms&node=/lab/alarms", "", b"x", 400),
        (ALARMS, "Content-Type: image/png\r\n", b"x", 415),
        (ALARMS, "Content-Type: application/octet-stream\r\n", b"x", 415),
        (ALARMS, "Content-Type: text/plain; charset=iso-8859-1\r\n", b"x", 415),
        (ALARMS, "Content-Type: \r\n", b"x", 415),
        (ALARMS, "", b"\xff\xfe", 415),
        (ALARMS, "", b"a\0b", 400),
        (ALARMS, "", b"a\x1bb", 400),
        (ALARMS, "", "a\u{ffff}b".as_bytes(), 400),
        (ALARMS, "", &big, 413),
    ] {
        let answer = as_administrator(&server, node, headers, body);
        assert_eq!(answer.status(), status, "{node} {headers}{answer:?}");
        assert!(answer.body.ends_with(".\n") || answer.body.contains('/'), "it says why: {}", answer.body);
    }
    client.expect_nothing_more();
    // The largest there may be.
    assert_eq!(as_administrator(&server, ALARMS, "", &big[1..]).status(), 202);
    client.expect_event("1001@localhost/desktop", ALARMS, &"x".repeat(32 * 1024));
}

#[test]
fn without_a_node_it_is_a_bad_request() {
    let server = Server::demo();
    let authorization = basic("administrator", "1234");
    for query in ["", "?", "?nod=/lab/alarms"] {
        let answer = Http::connect(server.plain).ask(format!(
            "POST /callboard/api/publish{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
             Content-Length: 1\r\n\r\nx"
        ));
        assert_eq!(answer.status(), 400, "{query}");
    }
}

#[test]
fn other_methods_are_not_allowed() {
    let server = Server::demo();
    for method in ["GET", "PUT", "DELETE"] {
        let answer = Http::connect(server.plain).ask(format!(
            "{method} /callboard/api/publish?node={ALARMS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        ));
        assert_eq!((answer.status(), answer.header("Allow")), (405, Some("POST, OPTIONS")), "{method}");
    }
}

#[test]
fn a_body_that_is_announced_too_large_is_refused_before_it_comes() {
    let server = Server::demo();
    let authorization = basic("administrator", "1234");
    for framing in [
        "Content-Length: 1099511627776\r\n\r\n".to_owned(),
        format!("Transfer-Encoding: chunked\r\n\r\n20000\r\n{}", "x".repeat(0x20000)),
    ] {
        let mut http = Http::connect(server.plain);
        http.send(format!(
            "POST /callboard/api/publish?node={ALARMS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n{framing}"
        ));
        assert_eq!(http.answer().status(), 413);
    }
    Client::online(&server, "1002", "desktop").leave();
}

#[test]
fn a_body_that_is_cut_off_is_not_published() {
    let server = Server::demo();
    let mut client = online(&server);
    let authorization = basic("administrator", "1234");
    let mut http = Http::connect(server.plain);
    http.send(format!(
        "POST /callboard/api/publish?node={ALARMS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
         Content-Length: 10\r\n\r\nhalf"
    ));
    http.into_inner().shutdown(std::net::Shutdown::Write).expect("the socket is open");
    assert_eq!(as_administrator(&server, ALARMS, "", b"whole").status(), 202);
    client.expect_event("1001@localhost/desktop", ALARMS, "whole");
    client.expect_nothing_more();
}

#[test]
fn requests_on_one_connection_are_published_in_order() {
    let server = Server::demo();
    let mut client = online(&server);
    let authorization = basic("administrator", "1234");
    let request = |n: usize| {
        let body = format!("event {n}");
        format!(
            "POST /callboard/api/publish?node={ALARMS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let mut http = Http::connect(server.plain);
    http.send((0..50).map(request).collect::<String>());
    for n in 0..50 {
        assert_eq!(http.answer().status(), 202);
        client.expect_event("1001@localhost/desktop", ALARMS, &format!("event {n}"));
    }
}
