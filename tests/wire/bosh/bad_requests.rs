//! Requests that are not BOSH, or name another client's session: every request is answered, and nobody else notices.

use crate::support::bosh::{CREATE, attribute, envelope, ping, request};
use crate::support::http::{Answer, Http};
use crate::support::{Bosh, Server, Session, ns};

/// Somebody who must not notice.
fn witness(server: &Server) -> Session<Bosh> {
    Bosh::online(server, "1002", "desktop")
}

fn post(server: &Server, body: &str) -> Answer {
    Http::connect(server.plain).ask(request(body, ""))
}

#[test]
fn bodies_that_are_none_are_bad_requests() {
    let server = Server::demo();
    let mut witness = witness(&server);
    let body = envelope(CREATE, "");
    for text in [
        "",
        " ",
        "hello",
        "{\"body\":1}",
        "<",
        "<body",
        "<body>",
        "<body/>",
        "</body>",
        &format!("<body {CREATE}/>"),
        &body.replace(ns::HTTPBIND, "jabber:client"),
        &body.replace("body", "bodies"),
        &format!("{body}{body}"),
        &format!("{body}x"),
        &format!("<!-- c -->{body}"),
        &format!("<!DOCTYPE body [<!ENTITY e 'e'>]>{body}"),
        &format!("<?php?>{body}"),
        &format!("\u{feff}\u{feff}{body}"),
        &format!("<?xml version='1.0' encoding='iso-8859-1'?>{body}"),
        &envelope(CREATE, "<a xmlns:b=''/>"),
        &envelope(CREATE, "text"),
        &envelope(CREATE, "<!-- c -->"),
        &envelope(CREATE, "<?x y?>"),
        &envelope(CREATE, "&e;"),
        &envelope(CREATE, "<a>"),
        &envelope(&format!("{CREATE} rid='2'"), ""),
        &envelope(&CREATE.replace("rid='1000'", ""), ""),
        &envelope(&CREATE.replace("1000", "0"), ""),
        &envelope(&CREATE.replace("1000", "-5"), ""),
        &envelope(&CREATE.replace("1000", "9007199254740992"), ""),
        &envelope(&CREATE.replace("wait='60'", "wait='long'"), ""),
        &envelope(&CREATE.replace("hold='1'", "hold='1.5'"), ""),
        &envelope(&CREATE.replace("text/xml; charset=utf-8", "text/xml&#13;&#10;X: y"), ""),
        &envelope(&format!("{CREATE} type='terminate'"), ""),
    ] {
        let answer = post(&server, text);
        assert!(answer.body.contains("condition=\"bad-request\""), "{text}: {answer:?}");
        assert_eq!(answer.header("Content-Type"), Some("text/xml; charset=utf-8"), "{text}");
    }
    let not_utf8 = b"POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n<\xff/>";
    Http::connect(server.plain).ask(not_utf8).expect_terminate("bad-request");
    Http::connect(server.plain)
        .ask("POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect_terminate("bad-request");
    witness.expect_nothing_more();
}

#[test]
fn where_a_session_is_wanted_that_cannot_be_the_reason_is_said() {
    let server = Server::demo();
    for (attributes, condition) in [
        (CREATE.replace("to='localhost'", ""), "improper-addressing"),
        (CREATE.replace("to='localhost'", "to=''"), "improper-addressing"),
        (CREATE.replace("to='localhost'", "to='elsewhere.example'"), "host-unknown"),
        (CREATE.replace("to='localhost'", "to='1001@localhost'"), "host-unknown"),
    ] {
        post(&server, &envelope(&attributes, "")).expect_terminate(condition);
    }
    let old = CREATE.replace("xmpp:version='1.0'", "xmpp:version='0.9'");
    post(&server, &envelope(&old, "")).expect_stream_error("unsupported-version");
    // The schema has a default.
    let none = CREATE.replace("xmpp:version='1.0'", "");
    assert!(attribute(&post(&server, &envelope(&none, "")).body, "sid").is_some());
}

#[test]
fn a_body_that_is_broken_off_is_nobodys() {
    let server = Server::with("[limits]\nlogin = \"1s\"\n");
    let mut witness = witness(&server);
    let whole = request(&envelope(CREATE, ""), "");
    // In time there is nothing more to come.
    let mut slow = Http::connect(server.plain);
    slow.send(&whole[..whole.len() - 5]);
    assert_eq!(slow.answer().status(), 408);
    // The session that it names goes on: such a request has never come, and comes again.
    witness.wire.rid += 1;
    let next = envelope(&format!("rid='{}' sid='{}'", witness.wire.rid, witness.wire.sid), &ping("1"));
    let next = request(&next, "");
    for length in [next.len() - 5, next.len() - 100] {
        let mut broken = Http::connect(server.plain);
        broken.send(&next[..length]);
        drop(broken);
    }
    let mut slow = Http::connect(server.plain);
    slow.send(&next[..next.len() - 5]);
    assert_eq!(slow.answer().status(), 408);
    let answer = Http::connect(server.plain).ask(&next);
    assert!(answer.body.contains("type=\"result\""), "{answer:?}");
    let mut chunked = Http::connect(server.plain);
    let body = envelope(CREATE, "");
    let (a, b) = body.split_at(20);
    let answer = chunked.ask(format!(
        "POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{a}\r\n{:x}\r\n{b}\r\n0\r\n\r\n",
        a.len(),
        b.len()
    ));
    assert!(attribute(&answer.body, "sid").is_some(), "in pieces it is whole: {answer:?}");
    witness.wire.close_idle();
    witness.expect_nothing_more();
}

#[test]
fn a_giant_body_is_not_read_and_ends_the_session_that_it_names() {
    let server = Server::demo();
    let mut witness = witness(&server);
    // Before the login, a little is too much; what is only announced too.
    let mut bosh = Bosh::new(&server, false);
    bosh.create(CREATE);
    let large = format!("<a x='{}'/>", "x".repeat(9000));
    bosh.ask("", &large).expect_terminate("policy-violation");
    bosh.expect_gone();
    for head in ["<body rid='1'>", "x"] {
        let mut http = Http::connect(server.plain);
        http.send(format!(
            "POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000000\r\n\r\n{head}"
        ));
        http.send("x".repeat(9000));
        http.answer().expect_terminate("policy-violation");
    }
    // After it there is more room, and an end of it.
    let mut client = Bosh::online(&server, "1001", "desktop");
    client.send(&format!(
        "<message to='1001@localhost' type='headline' xmlns='jabber:client'><body>{}</body></message>",
        "x".repeat(9000)
    ));
    client.text();
    let giant = format!("<a x='{}'/>", "x".repeat(70_000));
    client.wire.ask("", &giant).expect_terminate("policy-violation");
    client.wire.expect_gone();
    for many in ["<a/>".repeat(40), "<a>".repeat(40)] {
        let mut bosh = Bosh::new(&server, false);
        bosh.create(CREATE);
        let answer = bosh.ask("", &many);
        assert!(answer.body.contains("policy-violation"), "{answer:?}");
    }
    witness.expect_nothing_more();
}

#[test]
fn a_request_with_a_wrong_sid_does_not_reach_the_session() {
    let server = Server::demo();
    let mut client = witness(&server);
    let sid = client.wire.sid.clone();
    for wrong in ["x", "", &sid[1..], &sid.to_lowercase(), &format!("{sid}x"), &"x".repeat(5000)] {
        let answer = post(&server, &envelope(&format!("rid='1007' sid='{wrong}'"), ""));
        let condition = attribute(&answer.body, "condition").expect("it is refused");
        assert!(["item-not-found", "bad-request"].contains(&&*condition), "{wrong}: {answer:?}");
    }
    // One that began without TLS does not go on with it, and the other way round.
    let mut other = Http::secure(server.tls);
    other.send(request(&envelope(&format!("rid='1007' sid='{sid}'"), ""), ""));
    other.answer().expect_terminate("item-not-found");
    let mut secure = Bosh::new(&server, true);
    secure.create(CREATE);
    let answer = post(&server, &envelope(&format!("rid='1001' sid='{}'", secure.sid), ""));
    answer.expect_terminate("item-not-found");
    let abort = "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
    assert!(secure.ask("", abort).body.contains("<aborted/>"), "it goes on");
    client.expect_nothing_more();
}

#[test]
fn other_methods_are_told_which_there_are() {
    let server = Server::demo();
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        for path in ["/http-bind", "/http-bind/"] {
            let mut http = Http::connect(server.plain);
            http.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"));
            let answer = http.head();
            assert_eq!((answer.status(), answer.header("Allow")), (405, Some("POST, OPTIONS")), "{method}");
        }
    }
    let answer = Http::connect(server.plain).ask("GET /http-bind/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(answer.body, "The methods here: POST, OPTIONS.\n");
    let answer = Http::connect(server.plain).ask("OPTIONS /http-bind/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((answer.status(), answer.header("Allow")), (204, Some("POST, OPTIONS")));
}

#[test]
fn sessions_are_counted_for_all_and_for_each_address() {
    for (limit, many) in [("bosh_sessions", 3), ("connections_per_address", 2)] {
        let server = Server::with(&format!("[limits]\n{limit} = {many}\nbosh_inactivity = \"1s\"\n"));
        let mut sessions: Vec<_> = (0..many)
            .map(|_| {
                let mut bosh = Bosh::new(&server, false);
                bosh.create(CREATE);
                bosh
            })
            .collect();
        post(&server, &envelope(CREATE, "")).expect_stream_error("resource-constraint");
        server.wait_for_log(&["WARN", "bosh: refused", &format!("limits.{limit}")]);
        // A place is free when a session has ended in either way.
        sessions[0].ask("type='terminate'", "").expect_body("type='terminate'", "");
        Bosh::new(&server, false).create(CREATE);
        server.wait_for_log(&["no request came in time"]);
        Bosh::new(&server, false).create(CREATE);
    }
}
