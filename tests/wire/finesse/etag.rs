//! Entity tags of the REST API: an empty poll is cheap, over HTTP/1.0 and 1.1.

use crate::support::Server;
use crate::support::http::{Answer, Http};
use crate::support::rest::{ask, get, put_state};
use crate::support::sse::password;

/// Asks for the user 1001 on an open connection.
fn poll(http: &mut Http, version: &str, headers: &str) -> Answer {
    http.send(format!(
        "GET /finesse/api/User/1001 HTTP/{version}\r\nHost: localhost\r\n{}{headers}\r\n",
        password("1001")
    ));
    http.answer()
}

fn tag(answer: &Answer) -> String {
    let tag = answer.header("ETag").unwrap_or_else(|| panic!("no tag: {answer:?}"));
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 20, "{tag} is a strong tag");
    tag.to_owned()
}

#[test]
fn a_client_that_has_the_document_gets_304_until_it_changes() {
    let server = Server::with("[limits]\nsign_in = \"0ms\"\n");
    let mut http = Http::connect(server.plain);
    let first = poll(&mut http, "1.1", "");
    let known = tag(&first);
    for header in [
        known.clone(),
        format!("W/{known}"),
        format!("\"a\" , {known}, \"b\""),
        format!("\"a\"\r\nIf-None-Match: {known}"),
        "*".to_owned(),
    ] {
        let answer = poll(&mut http, "1.1", &format!("If-None-Match: {header}\r\nrequestId: r-1\r\n"));
        assert_eq!((answer.status(), answer.body.as_str()), (304, ""), "{header}");
        assert_eq!(answer.header("ETag"), Some(known.as_str()));
        assert_eq!(answer.header("Cache-Control"), first.header("Cache-Control"));
        assert!(answer.has_header("Vary", "Accept") && first.has_header("Vary", "Accept"));
        assert_eq!(answer.header("Content-Type"), None);
        assert_eq!(answer.header("requestId"), Some("r-1"));
    }
    let bare = known.trim_matches('"').to_owned();
    for header in ["\"a\"", &bare, &known.to_lowercase(), &format!("{known}x"), ""] {
        let answer = poll(&mut http, "1.1", &format!("If-None-Match: {header}\r\n"));
        assert_eq!((answer.status(), &answer.body), (200, &first.body), "{header}");
        assert_eq!(tag(&answer), known, "the same document has the same tag");
    }
    let login = "<state>LOGIN</state><extension>1001</extension>";
    let put = put_state(&server, "1001", "1001", login);
    assert_eq!((put.status(), put.header("ETag")), (202, None));
    let changed = poll(&mut http, "1.1", &format!("If-None-Match: {known}\r\n"));
    assert_eq!(changed.status(), 200);
    assert!(changed.body.contains("<state>NOT_READY</state>") && tag(&changed) != known);
}

#[test]
fn json_has_a_tag_of_its_own() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let json = "Accept: application/json\r\n";
    let (xml, converted) = (tag(&poll(&mut http, "1.1", "")), tag(&poll(&mut http, "1.1", json)));
    assert_ne!(xml, converted);
    for (accept, known, status) in
        [("", &xml, 304), ("", &converted, 200), (json, &xml, 200), (json, &converted, 304)]
    {
        let answer = poll(&mut http, "1.1", &format!("{accept}If-None-Match: {known}\r\n"));
        assert_eq!(answer.status(), status, "{accept} {known}");
        assert_eq!(answer.body.is_empty(), status == 304);
    }
}

#[test]
fn http_1_0_closes_after_each_answer_and_http_1_1_stays() {
    let server = Server::demo();
    let known = tag(&poll(&mut Http::connect(server.plain), "1.1", ""));
    let condition = format!("If-None-Match: {known}\r\n");
    for (headers, status) in [("", 200), (condition.as_str(), 304)] {
        let mut closes = Http::connect(server.plain);
        assert_eq!(poll(&mut closes, "1.0", headers).status(), status);
        assert_eq!(closes.rest(), "", "HTTP/1.0 is over after one answer");
        let mut asks = Http::connect(server.plain);
        assert_eq!(poll(&mut asks, "1.1", &format!("{headers}Connection: close\r\n")).status(), status);
        assert_eq!(asks.rest(), "");
        for (version, keep) in [("1.0", "Connection: keep-alive\r\n"), ("1.1", "")] {
            let mut stays = Http::connect(server.plain);
            for _ in 0..3 {
                let answer = poll(&mut stays, version, &format!("{headers}{keep}"));
                assert_eq!(answer.status(), status, "HTTP/{version}");
            }
        }
    }
}

#[test]
fn every_document_that_one_reads_has_a_tag_and_nothing_else_does() {
    let server = Server::demo();
    for path in [
        "User/1001",
        "User/1001/Dialogs",
        "Team/1",
        "Users",
        "Queues",
        "SystemInfo",
        "User/1001/ReasonCodes?category=ALL",
    ] {
        let answer = get(&server, "administrator", path);
        assert_eq!(answer.status(), 200, "{path}");
        tag(&answer);
    }
    let answer = ask(&server, "1001", "GET", "User/9999", "If-None-Match: *\r\n", "");
    assert_eq!((answer.status(), answer.header("ETag")), (404, None));
    let answer = ask(&server, "1001", "GET", "User/1002", "If-None-Match: *\r\n", "");
    assert!(answer.status() >= 400 && answer.header("ETag").is_none());
    let message =
        "<TeamMessage><duration>60</duration><content>x</content><teams><team>1</team></teams></TeamMessage>";
    let headers = "Content-Type: application/xml\r\nIf-None-Match: *\r\n";
    let answer = ask(&server, "administrator", "POST", "TeamMessage", headers, message);
    assert_eq!((answer.status(), answer.header("ETag")), (200, None), "{}", answer.body);
    // HEAD has the headers of GET.
    let known = tag(&get(&server, "1001", "User/1001"));
    for (headers, status) in [(String::new(), 200), (format!("If-None-Match: {known}\r\n"), 304)] {
        let answer = Http::connect(server.plain).ask_head(format!(
            "HEAD /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost:8445\r\n{}{headers}\r\n",
            password("1001")
        ));
        assert_eq!((answer.status(), answer.header("ETag")), (status, Some(known.as_str())));
    }
}
