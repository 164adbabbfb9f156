//! The built-in page as a browser gets it.

use std::fs;

use crate::support::http::{Answer, Http};
use crate::support::server::Folder;
use crate::support::{Server, server::DEMO};

fn get(http: &mut Http, path: &str, headers: &str) -> Answer {
    http.ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"))
}

#[test]
fn the_page_is_served_with_what_keeps_it_safe() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    for (path, kind) in [
        ("/console/", "text/html; charset=utf-8"),
        ("/console/board", "text/html; charset=utf-8"),
        ("/console/style.css", "text/css; charset=utf-8"),
        ("/console/app.js?v=1", "text/javascript; charset=utf-8"),
        ("/console/wire/wire.css", "text/css; charset=utf-8"),
        ("/console/shared/xml.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = get(&mut http, path, "");
        assert_eq!((answer.status(), answer.header("Content-Type")), (200, Some(kind)), "{path}");
        assert!(!answer.body.is_empty());
        assert_eq!(answer.header("Content-Encoding"), None, "this client takes no gzip");
        for (name, value) in [
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-cache"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Vary", "Accept-Encoding"),
        ] {
            assert!(answer.has_header(name, value), "{path}: {name} {answer:?}");
        }
        let policy = answer.header("Content-Security-Policy").expect("a policy");
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[test]
fn the_page_is_sent_small_and_once() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let plain = get(&mut http, "/console/style.css", "");
    http.send("HEAD /console/style.css HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br, gzip\r\n\r\n");
    let head = http.head();
    assert_eq!(head.header("Content-Encoding"), Some("gzip"));
    let length =
        |answer: &Answer| answer.header("Content-Length").and_then(|length| length.parse::<usize>().ok());
    assert!(length(&head) < Some(plain.body.len() / 2), "{head:?}");
    let tags = [&plain, &head].map(|answer| answer.header("ETag").expect("a tag").to_owned());
    assert_ne!(tags[0], tags[1], "two forms, two tags");
    for (tag, accept) in [(&tags[0], ""), (&tags[1], "Accept-Encoding: gzip\r\n")] {
        let again =
            get(&mut http, "/console/style.css", &format!("If-None-Match: \"x\", W/{tag}\r\n{accept}"));
        assert_eq!(
            (again.status(), again.header("ETag"), again.body.as_str()),
            (304, Some(tag.as_str()), "")
        );
        assert_eq!(again.header("Cache-Control"), Some("no-cache"));
        http.send(format!(
            "HEAD /console/style.css HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"x\"\r\n{accept}\r\n"
        ));
        let other = http.head();
        assert_eq!(other.status(), 200);
    }
}

#[test]
fn a_newcomer_is_led_to_the_page_unless_there_is_another_one() {
    let server = Server::demo();
    for path in ["/", "/console"] {
        let answer = get(&mut Http::connect(server.plain), path, "");
        assert_eq!((answer.status(), answer.header("Location")), (307, Some("/console/")), "{path}");
    }
    let folder = Folder::new();
    folder.write("index.html", "mine");
    folder.write("console", "not this");
    let www = folder.path().to_str().expect("a plain name").to_owned();
    let server = Server::serving("localhost", &format!("www = {www:?}\n{DEMO}"));
    assert_eq!(get(&mut Http::connect(server.plain), "/", "").body, "mine");
    assert_eq!(get(&mut Http::connect(server.plain), "/console", "").status(), 307);
    assert_eq!(get(&mut Http::connect(server.plain), "/console/", "").status(), 200);
}

#[test]
fn what_the_page_has_not_is_not_there() {
    let server = Server::demo();
    for path in [
        "/console/x.js",
        "/console/wire.js",
        "/console/wire/",
        "/console/wire/../app.js",
        "/console/shared/xml.js/",
        "/console/pack.rs",
        "/console/../Cargo.toml",
        "/console/board/",
        "/console/index%252Ehtml",
        "/console//",
    ] {
        let answer = get(&mut Http::connect(server.plain), path, "");
        assert_eq!(
            (answer.status(), answer.body.as_str()),
            (404, "The built-in page has no such file.\n"),
            "{path}"
        );
    }
    let answer = Http::connect(server.plain)
        .ask("POST /console/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((answer.status(), answer.header("Allow")), (405, Some("GET, HEAD, OPTIONS")));
}

#[test]
fn the_manual_is_served_if_it_is_in_the_program() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let page = get(&mut http, "/console/", "").body;
    if cfg!(not(feature = "manual")) {
        assert!(!page.contains("manual"), "{page}");
        for path in [
            "/console/manual/",
            "/console/manual",
            "/console/manual/clients.html",
            "/console/manual/manual.css",
        ] {
            assert_eq!(get(&mut http, path, "").status(), 404, "{path}");
        }
        return;
    }
    assert!(page.contains("<link rel=\"help\" href=\"./manual/\">"), "{page}");
    let answer = get(&mut http, "/console/manual", "");
    assert_eq!((answer.status(), answer.header("Location")), (307, Some("/console/manual/")));
    let pages = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/manual")).expect("the manual");
    let mut paths: Vec<String> = pages
        .map(|entry| entry.expect("a page").path())
        .map(|path| format!("/console/manual/{}.html", path.file_stem().expect("a name").display()))
        .collect();
    paths.push("/console/manual/".to_owned());
    assert!(paths.len() >= 10, "{paths:?}");
    for path in paths {
        let answer = get(&mut http, &path, "");
        let kind = answer.header("Content-Type");
        assert_eq!((answer.status(), kind), (200, Some("text/html; charset=utf-8")), "{path}");
        assert!(answer.body.contains("<h1 id="), "{path}");
        assert!(
            answer
                .header("Content-Security-Policy")
                .is_some_and(|policy| policy.contains("style-src 'self';"))
        );
    }
    for (path, kind) in
        [("proxies/nginx.conf", "text/plain; charset=utf-8"), ("manual.css", "text/css; charset=utf-8")]
    {
        let answer = get(&mut http, &format!("/console/manual/{path}"), "");
        assert_eq!((answer.status(), answer.header("Content-Type")), (200, Some(kind)), "{path}");
    }
}

#[test]
fn the_container_of_gadgets_is_served_if_it_is_in_the_program() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let expected = if cfg!(feature = "gadgets") { 200 } else { 404 };
    for path in ["/desktop/", "/desktop/desktop.js", "/tunnel/", "/tunnel/tunnel.js"] {
        assert_eq!(get(&mut http, path, "").status(), expected, "{path}");
    }
    let list = get(&mut http, "/nothing", "").body;
    assert_eq!(list.contains("/desktop/ (gadgets)"), cfg!(feature = "gadgets"), "{list}");
}

#[test]
fn failures_on_purpose_are_offered_if_they_are_in_the_program() {
    let server = Server::demo();
    let mut http = Http::connect(server.plain);
    let expected = if cfg!(feature = "lab") { 401 } else { 404 };
    for path in ["/callboard/api/faults", "/callboard/api/faults/kinds"] {
        assert_eq!(get(&mut http, path, "").status(), expected, "{path}");
    }
}

#[test]
fn scripts_come_without_the_comments_that_have_lines_of_their_own() {
    let server = Server::demo();
    let served = get(&mut Http::connect(server.plain), "/console/app.js", "").body;
    let source = include_str!("../../../src/console/page/app.js");
    assert_eq!(served.lines().count(), source.lines().count());
    let comments = |text: &str| text.lines().filter(|line| line.trim().starts_with("//")).count();
    assert!(comments(source) > 0 && comments(&served) == 0, "{served}");
    // What is left is the source, but for how its lines are indented.
    for (served, source) in served.lines().zip(source.lines()).filter(|(served, _)| !served.is_empty()) {
        assert_eq!(served.trim(), source.trim());
    }
}
