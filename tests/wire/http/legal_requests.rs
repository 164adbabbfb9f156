//! What HTTP allows and hardly anybody sends: each gets the answer that RFC 9110 and RFC 9112 give it. See conformance.md.

use crate::support::Server;
use crate::support::http::{Answer, Http, UPGRADE, basic};
use crate::support::rest::{ask, field, get};

/// Asks without TLS; `request` is all but the last line break.
fn plain(server: &Server, request: &str) -> Answer {
    Http::connect(server.plain).ask(format!("{request}\r\n"))
}

fn user(headers: &str) -> String {
    format!("Host: localhost\r\nAuthorization: {}\r\n{headers}", basic("1001", "1001"))
}

#[test]
fn a_request_with_several_hosts_or_none_that_can_be_is_a_bad_request() {
    let server = Server::demo();
    for version in ["1.0", "1.1"] {
        for host in [
            "Host: a\r\nHost: a",
            "Host: a b",
            "Host: u@localhost",
            "Host: localhost:x",
            "Host: [::1",
            "Host: localhost/x",
            "Host: http://localhost",
        ] {
            let answer = plain(&server, &format!("GET /healthz HTTP/{version}\r\n{host}\r\n"));
            assert_eq!(answer.status(), 400, "{version} {host}");
            assert!(answer.body.contains("Host"), "{}", answer.body);
        }
    }
    for host in ["localhost", "localhost:8445", "[::1]:8445", "127.0.0.1"] {
        assert_eq!(
            plain(&server, &format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n")).status(),
            200,
            "{host}"
        );
    }
}

#[test]
fn a_whole_address_counts_before_the_header_host() {
    let server = Server::demo();
    let info =
        |target: &str, host: &str| plain(&server, &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n"));
    let path = "/finesse/api/SystemInfo";
    let by_path = info(path, "localhost");
    let by_address = info(&format!("http://localhost{path}"), "elsewhere.example");
    for answer in [by_path, by_address] {
        assert_eq!((answer.status(), field(&answer.body, "host")), (200, "localhost"));
    }
}

#[test]
fn an_address_that_is_not_served_on_the_connection_is_misdirected() {
    let server = Server::demo();
    for target in ["https://localhost/healthz", "ftp://localhost/healthz", "ws://localhost/healthz"] {
        assert_eq!(
            plain(&server, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n")).status(),
            421,
            "{target}"
        );
    }
    let over_tls =
        Http::secure(server.tls).ask("GET https://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(over_tls.status(), 200);
}

#[test]
fn a_target_has_the_form_that_goes_with_its_method() {
    let server = Server::demo();
    for line in
        ["GET *", "GET healthz", "GET localhost:80", "POST *", "GET http://1001:1001@localhost/healthz"]
    {
        assert_eq!(
            plain(&server, &format!("{line} HTTP/1.1\r\nHost: localhost\r\n")).status(),
            400,
            "{line}"
        );
    }
    let all = plain(&server, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n");
    assert_eq!((all.status(), all.header("Allow")), (204, Some("GET, HEAD, POST, PUT, DELETE, OPTIONS")));
    assert_eq!(all.header("Content-Length"), None);
}

#[test]
fn a_method_that_there_is_not_is_not_implemented() {
    let server = Server::demo();
    for path in ["/healthz", "/nothing", "/ws/", "/http-bind/", "/callboard/api/status", "/console/"] {
        for method in ["get", "PATCH", "TRACE", "PROPFIND", "GETX"] {
            let answer = plain(&server, &format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n"));
            assert_eq!(answer.status(), 501, "{method} {path}");
        }
        assert!(
            [404, 405, 426, 401, 200]
                .contains(&plain(&server, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n")).status())
        );
    }
    assert_eq!(plain(&server, "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n").status(), 501);
}

#[test]
fn a_method_that_is_not_allowed_is_told_those_that_are() {
    let server = Server::demo();
    for (path, allow) in [
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/ws/", "GET"),
        ("/http-bind/", "POST, OPTIONS"),
        ("/callboard/api/calls/1", "DELETE, OPTIONS"),
    ] {
        let answer =
            plain(&server, &format!("PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"));
        assert_eq!((answer.status(), answer.header("Allow")), (405, Some(allow)), "{path}");
    }
    let of_the_api = ask(&server, "1001", "DELETE", "UserAuthMode/1001", "", "");
    assert_eq!((of_the_api.status(), of_the_api.header("Allow")), (405, Some("GET, HEAD, OPTIONS")));
}

#[test]
fn a_transfer_coding_other_than_chunked_is_not_implemented() {
    let server = Server::demo();
    let with = |headers: &str| {
        plain(&server, &format!("POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n0\r\n"))
    };
    for headers in
        ["Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n"]
    {
        assert_eq!(with(headers).status(), 501, "{headers}");
    }
    assert_eq!(with("Transfer-Encoding: chunked, chunked\r\n").status(), 400);
    assert_eq!(with("Transfer-Encoding: Chunked\r\n").status(), 200, "BOSH says what is wrong in its answer");
}

#[test]
fn a_body_that_does_not_end_in_chunks_is_a_bad_request_and_the_connection_ends() {
    let server = Server::demo();
    for headers in [
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: identity",
        "Content-Length: 1, 2",
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: x",
    ] {
        let mut http = Http::connect(server.plain);
        let answer = http.ask(format!("POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n"));
        assert_eq!(answer.status(), 400, "{headers}");
        http.rest();
    }
    for chunks in ["x\r\n", "10000000000000000\r\n", "3\nabc\n0\n\n", "-1\r\n", "3\r\nabcd\r\n0\r\n\r\n"] {
        let mut http = Http::connect(server.plain);
        let head = "POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(http.ask(format!("{head}{chunks}")).status(), 400, "{chunks:?}");
        http.rest();
    }
    // Nor does HTTP/1.0 know chunks.
    let mut http = Http::connect(server.plain);
    assert_eq!(
        http.ask("POST /http-bind/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").status(),
        400
    );
    http.rest();
}

#[test]
fn chunks_win_over_a_length_and_the_connection_ends_then() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let answer = http.ask(
        "POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
         GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    assert_eq!((answer.status(), answer.header("Connection")), (200, Some("close")));
    assert_eq!(http.rest(), "", "what comes behind it is not taken for a request");
}

#[test]
fn extensions_and_trailers_of_chunks_are_passed_over() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let answer = http.ask(format!(
        "PUT /finesse/api/User/1001 HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\nTrailer: Host\r\n\r\n\
         0A;name=\"a;b\" \r\n<User><sta\r\n34;x\r\nte>LOGIN</state><extension>1001</extension></User>  \r\n0\r\nHost: elsewhere\r\n\r\n",
        user("Content-Type: application/xml\r\n")
    ));
    assert_eq!(answer.status(), 202, "{answer:?}");
    assert_eq!(http.ask(format!("GET /healthz HTTP/1.1\r\n{}\r\n", user(""))).status(), 200);
}

#[test]
fn empty_lines_before_a_request_are_passed_over() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    for _ in 0..2 {
        assert_eq!(http.ask("\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status(), 200);
    }
}

#[test]
fn white_space_where_there_is_none_in_a_header_is_a_bad_request() {
    let server = Server::demo();
    for headers in [
        "Host : x\r\n",
        "Host: localhost\r\nX: a\r\n b\r\n",
        " X: y\r\nHost: localhost\r\n",
        "Host: localhost\r\nX: a\rb\r\n",
        "Host: localhost\r\nX: a\0b\r\n",
    ] {
        let answer = plain(&server, &format!("GET /healthz HTTP/1.1\r\n{headers}"));
        assert_eq!(answer.status(), 400, "{headers:?}");
    }
}

#[test]
fn the_version_is_said_in_capitals_and_with_one_space_before_it() {
    let server = Server::demo();
    for line in [
        "GET /healthz http/1.1",
        "GET /healthz HTTP/1.1 ",
        "GET  /healthz HTTP/1.1",
        "GET /healthz\tHTTP/1.1",
    ] {
        assert_eq!(plain(&server, &format!("{line}\r\nHost: localhost\r\n")).status(), 400, "{line}");
    }
}

#[test]
fn expectations_are_those_of_http_1_1() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let head = |version: &str| {
        format!(
            "PUT /finesse/api/User/1001 HTTP/{version}\r\n{}Content-Length: 16\r\n\r\n",
            user("Content-Type: text/xml\r\nExpect: 100-Continue\r\n")
        )
    };
    assert_eq!(http.ask_head(head("1.1")).status(), 100);
    assert_eq!(http.ask("<User>\n\n\n</User>").status(), 400);
    for expected in ["100-continue, x", "x", "100-continue\r\nExpect: 100-continue"] {
        let head = head("1.1").replace("100-Continue", expected);
        assert_eq!(Http::connect(server.plain).ask(head).status(), 417, "{expected}");
    }
    // A client of HTTP/1.0 would take it for the answer.
    let answer = Http::connect(server.plain).ask(head("1.0") + "<User>\n\n\n</User>");
    assert_eq!(answer.status(), 400);
}

#[test]
fn a_part_cannot_be_put() {
    let server = Server::demo();
    let answer = plain(
        &server,
        &format!(
            "PUT /finesse/api/User/1001 HTTP/1.1\r\n{}\r\n",
            user("Content-Type: application/xml\r\nContent-Range: bytes 0-1/2\r\nContent-Length: 0\r\n")
        ),
    );
    assert_eq!(answer.status(), 400);
}

#[test]
fn a_change_is_made_on_the_conditions_that_it_names() {
    let server = Server::with("[limits]\nsign_in = \"0ms\"\n");
    let before = get(&server, "1001", "User/1001");
    let tag = before.header("ETag").expect("there is one").to_owned();
    let login = "<User><state>LOGIN</state><extension>1001</extension></User>";
    let put = |condition: &str| {
        plain(
            &server,
            &format!(
                "PUT /finesse/api/User/1001 HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{login}",
                user(&format!("Content-Type: application/xml\r\n{condition}\r\n")),
                login.len()
            ),
        )
    };
    for condition in [
        "If-Match: \"other\"".to_owned(),
        format!("If-Match: W/{tag}"),
        format!("If-None-Match: {tag}"),
        "If-None-Match: *".to_owned(),
    ] {
        let answer = put(&condition);
        assert_eq!(answer.status(), 412, "{condition}");
        assert!(answer.body.contains("<ErrorType>Precondition Failed</ErrorType>"), "{}", answer.body);
    }
    assert_eq!(get(&server, "1001", "User/1001").body, before.body, "nothing has changed");
    assert_eq!(put(&format!("If-Match: \"other\", {tag}")).status(), 202);
    assert_eq!(put(&format!("If-Match: {tag}")).status(), 412, "it has changed since");
    assert_eq!(put("If-Match: *").status(), 202);
    // What would fail anyhow fails for its own reason.
    let unknown = plain(
        &server,
        &format!(
            "PUT /finesse/api/User/nobody HTTP/1.1\r\n{}\r\n",
            user("If-Match: \"a\"\r\nContent-Length: 0\r\n")
        ),
    );
    assert_eq!(unknown.status(), 404);
}

#[test]
fn conditions_hold_for_everything_that_is_read() {
    let server = Server::demo();
    for (path, has_tag) in [
        ("/finesse/api/User/1001", true),
        ("/console/", true),
        ("/healthz", false),
        ("/callboard/api/directory", false),
    ] {
        let ask = |method: &str, condition: &str| {
            let mut http = Http::connect(server.plain);
            http.ask_head(format!("{method} {path} HTTP/1.1\r\n{}\r\n", user(&format!("{condition}\r\n"))))
        };
        for method in ["GET", "HEAD"] {
            assert_eq!(ask(method, "If-Match: \"other\"").status(), 412, "{method} {path}");
            assert_eq!(ask(method, "If-Match: *").status(), 200, "{method} {path}");
            let known = ask(method, "If-None-Match: *");
            assert_eq!(known.status(), 304, "{method} {path}");
            let whole = ask(method, "X: y");
            assert_eq!(whole.header("ETag").is_some(), has_tag);
            for name in ["ETag", "Cache-Control", "Vary"] {
                assert_eq!(known.header(name), whole.header(name), "{path} {name}");
            }
            assert_eq!(known.header("Content-Length"), None);
        }
    }
    let missing = plain(&server, "GET /nothing HTTP/1.1\r\nHost: localhost\r\nIf-Match: \"a\"\r\n");
    assert_eq!(missing.status(), 404, "a condition is for what would be answered");
}

#[test]
fn the_answer_to_head_is_that_to_get_without_a_body() {
    let server = Server::demo();
    for path in [
        "/healthz",
        "/console/",
        "/nothing",
        "/",
        "/finesse/api/User/1001",
        "/finesse/api/User/none",
        "/callboard/api/directory",
    ] {
        let headers = user("Connection: close\r\n");
        let whole = plain(&server, &format!("GET {path} HTTP/1.1\r\n{headers}"));
        let mut http = Http::connect(server.plain);
        let head = http.ask_head(format!("HEAD {path} HTTP/1.1\r\n{headers}\r\n"));
        assert_eq!(http.rest(), "", "{path}");
        assert_eq!(head.status(), whole.status(), "{path}");
        for name in [
            "Content-Type",
            "Content-Length",
            "ETag",
            "Vary",
            "Location",
            "Cache-Control",
            "WWW-Authenticate",
        ] {
            assert_eq!(head.header(name), whole.header(name), "{path} {name}");
        }
    }
}

#[test]
fn every_answer_has_a_date_and_those_without_a_body_no_length() {
    let server = Server::demo();
    let tag = get(&server, "1001", "User/1001").header("ETag").expect("there is one").to_owned();
    for (request, status) in [
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n".to_owned(), 200),
        ("OPTIONS /healthz HTTP/1.1\r\nHost: localhost\r\n".to_owned(), 204),
        (format!("GET /finesse/api/User/1001 HTTP/1.1\r\n{}If-None-Match: {tag}\r\n", user("")), 304),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n".to_owned(), 307),
        ("GET /nothing HTTP/1.1\r\nHost: localhost\r\n".to_owned(), 404),
        ("GET /ws/ HTTP/1.1\r\nHost: localhost\r\n".to_owned(), 426),
        (format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}"), 101),
    ] {
        let answer = Http::connect(server.plain).ask_head(format!("{request}\r\n"));
        assert_eq!(answer.status(), status);
        assert!(answer.header("Date").is_some_and(|date| date.ends_with(" GMT")), "{answer:?}");
        let bare = [101, 204, 304].contains(&status);
        assert_eq!(answer.header("Content-Length").is_none(), bare, "{answer:?}");
        assert_eq!(answer.header("Transfer-Encoding"), None);
    }
}

#[test]
fn a_key_or_a_version_that_stands_twice_is_no_upgrade() {
    let server = Server::demo();
    let with = |more: &str| plain(&server, &format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}{more}\r\n"));
    assert_eq!(with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==").status(), 400);
    let versions = with("Sec-WebSocket-Version: 8");
    assert_eq!((versions.status(), versions.header("Sec-WebSocket-Version")), (426, Some("13")));
    assert_eq!(with("Sec-WebSocket-Protocol: other\r\nUpgrade: h2c\r\nConnection: keep-alive").status(), 101);
}

#[test]
fn a_subprotocol_is_taken_letter_by_letter() {
    let server = Server::demo();
    let with = |offer: &str| {
        let headers =
            UPGRADE.replace("Sec-WebSocket-Protocol: xmpp", &format!("Sec-WebSocket-Protocol: {offer}"));
        Http::connect(server.plain).ask(format!("GET /ws/ HTTP/1.1\r\n{headers}\r\n"))
    };
    for offer in ["XMPP", "Xmpp, XMPP"] {
        assert_eq!(with(offer).status(), 400, "{offer}");
    }
    for offer in ["xmpp", "XMPP,xmpp", "chat ,\txmpp"] {
        let answer = with(offer);
        assert_eq!(
            (answer.status(), answer.header("Sec-WebSocket-Protocol")),
            (101, Some("xmpp")),
            "{offer}"
        );
    }
}

#[test]
fn upgrade_says_nothing_in_http_1_0_and_elsewhere() {
    let server = Server::demo();
    let old = Http::connect(server.plain).ask(format!("GET /ws/ HTTP/1.0\r\n{UPGRADE}\r\n"));
    let bare = Http::connect(server.plain).ask("GET /ws/ HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!((old.status(), &old.body), (bare.status(), &bare.body));
    assert_eq!(old.status(), 426);
    let elsewhere = Http::connect(server.plain).ask(format!("GET /healthz HTTP/1.1\r\n{UPGRADE}\r\n"));
    assert_eq!((elsewhere.status(), elsewhere.body.as_str()), (200, "ok\n"));
}

#[test]
fn the_availability_is_set_on_the_conditions_that_are_named() {
    let server = Server::demo();
    let post = |condition: &str| {
        let password = basic("administrator", "1234");
        plain(
            &server,
            &format!(
                "POST /callboard/api/status?status=OUT_OF_SERVICE HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
                 Authorization: {password}\r\n{condition}\r\n"
            ),
        )
    };
    for condition in ["If-Match: \"x\"", "If-None-Match: *"] {
        assert_eq!(post(condition).status(), 412, "{condition}");
    }
    assert!(get(&server, "1001", "SystemInfo").body.contains("IN_SERVICE"), "nothing has changed");
    assert_eq!(post("If-Match: *").status(), 200);
}

#[test]
fn an_address_is_the_same_whatever_is_escaped_in_it_without_need() {
    let server = Server::demo();
    let asked = |path: &str| plain(&server, &format!("GET {path} HTTP/1.1\r\n{}", user("")));
    for (path, same) in [
        ("/%68ealth%7A", "/healthz"),
        ("/finess%65/api/%55ser/100%31", "/finesse/api/User/1001"),
        ("/callboard/api%2Fdirectory", "/callboard/api/other"),
        ("/%2568ealthz", "/nothing"),
    ] {
        let (one, other) = (asked(path), asked(same));
        assert_eq!((one.status(), one.body), (other.status(), other.body), "{path}");
    }
}
