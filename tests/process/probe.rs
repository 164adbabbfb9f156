//! `callboard probe`: against a server that is well, and against one with each kind of faults.

use std::net::SocketAddr;

use crate::support::Server;
use crate::support::http::own;
use crate::support::server::Folder;
use crate::{pair, run};

/// Runs a probe of a server as agent 1001. Returns the exit code and what it printed.
pub fn probe(url: &str, more: &[&str]) -> (Option<i32>, String) {
    let folder = Folder::new();
    let password = folder.write("password", "1001\n");
    let password = password.to_str().expect("the folder of the tests has a plain name");
    let own = ["probe", url, "--user", "1001", "--password-file", password, "--domain", "localhost"];
    let (code, printed, complained) = run(&[&own, more].concat());
    assert_eq!(complained, "", "{url} {more:?}");
    (code, printed)
}

pub fn url(scheme: &str, address: SocketAddr) -> String {
    let path = match scheme {
        "ws" | "wss" => "/ws/",
        "http" | "https" => "/http-bind/",
        _ => "",
    };
    format!("{scheme}://localhost:{}{path}", address.port())
}

/// The first symptom in a report as JSON, with `-` for none.
pub fn symptom(report: &str) -> String {
    let after = report.split("\"symptom\":").nth(1).expect("a report has a symptom");
    let text = after.strip_prefix('"').and_then(|text| text.split('"').next());
    text.unwrap_or("-").to_owned()
}

#[test]
fn a_server_that_is_well_has_no_finding_over_any_transport() {
    let server = Server::demo();
    for (scheme, address, more) in [
        ("ws", server.plain, &["--strict"][..]),
        ("http", server.plain, &["--strict"]),
        // Its certificate has signed itself, which is worth a warning.
        ("wss", server.tls, &["--insecure"]),
        ("https", server.tls, &["--insecure"]),
    ] {
        let (code, printed) = probe(&url(scheme, address), &[&["--rest", "--team", "1"], more].concat());
        assert_eq!(code, Some(0), "{printed}");
        let steps =
            ["open", "bind", "finesse", "subscribe", "ping", "unsubscribe", "close", "system-info", "user"];
        for step in steps {
            assert!(
                printed.lines().any(|line| line.starts_with(&format!("ok {step} "))),
                "{step}: {printed}"
            );
        }
    }
    assert!(!server.log().contains("panicked"));
}

#[test]
fn a_terminal_shows_the_step_that_is_waited_for_and_keeps_nothing_of_it() {
    let server = Server::demo();
    let folder = Folder::new();
    folder.write("password", "1001\n");
    let command = |url: &str| {
        let program = crate::program();
        let program = program.get_program().display();
        format!("'{program}' probe {url} --user 1001 --password-file password --domain localhost")
    };
    // The command `script` gives it a terminal, and prints what comes to that.
    let output = std::process::Command::new("script")
        .args(["-qec", &command(&url("ws", server.plain)), "/dev/null"])
        .stdin(std::process::Stdio::null())
        .current_dir(folder.path())
        .output()
        .expect("script is there");
    let shown = String::from_utf8_lossy(&output.stdout);
    let empty = "\r\x1b[K";
    for step in ["auth", "subscribe", "ping"] {
        assert!(
            shown.contains(&format!("{empty}ws://localhost:{}/ws/: {step} …", server.plain.port())),
            "{shown:?}"
        );
    }
    // The line is gone before the report.
    let report = shown.rsplit(empty).next().expect("a split has a part");
    assert!(report.starts_with("ws://localhost:") && !report.contains('…'), "{report:?}");
    assert!(output.status.success());
}

#[test]
fn a_password_goes_only_to_a_server_that_is_trusted() {
    let folder = Folder::new();
    let pair = pair();
    let ca = folder.write("ca.pem", &pair.certificate);
    folder.write("server.pem", &pair.certificate);
    folder.write("server.key", &pair.key);
    let config = format!("{}\n{}", crate::DEMO, crate::TLS);
    let server = Server::serving_in(folder, "localhost", &config);
    let secure = url("wss", server.tls);
    let (code, printed) = probe(&secure, &["--json"]);
    assert_eq!((code, &*symptom(&printed)), (Some(1), "certificate-self-signed"), "{printed}");
    assert!(printed.contains("password-kept"), "{printed}");
    let ca = ca.to_str().expect("the folder of the tests has a plain name");
    let (code, printed) = probe(&secure, &["--strict", "--ca", ca]);
    assert_eq!(code, Some(0), "{printed}");
    let other = "00".repeat(32);
    assert_eq!(probe(&secure, &["--pin", &other]).0, Some(1));
    let seen =
        printed.split("sha256: ").nth(1).and_then(|rest| rest.get(..64)).expect("the fingerprint is shown");
    assert_eq!(probe(&secure, &["--pin", seen]).0, Some(0));
}

#[test]
fn nobody_there_is_told_from_something_wrong() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port");
    let (code, printed) = probe(&url("ws", free), &["--json"]);
    assert_eq!((code, &*symptom(&printed)), (Some(75), "refused"), "{printed}");
    let (code, printed) = probe("ws://no-such-host.invalid/ws/", &["--json"]);
    assert_eq!((code, &*symptom(&printed)), (Some(75), "name-unknown"), "{printed}");
    for (words, sentence) in [
        (&["probe"][..], "name what to probe"),
        (&["probe", "ftp://localhost/"], "begins with none of wss, ws, https, http, xmpps and xmpp"),
        (&["probe", "xmpp://localhost:5222/a"], "has a path, which XMPP over TCP does not"),
        (&["probe", "ftp://localhost/?token=secret"], "\"ftp://localhost/?…\" begins with none"),
        (&["probe", "localhost", "--transport", "ws,udp"], "--transport has \"udp\" in it"),
        (&["probe", "ws://localhost/", "--transport", "ws"], "--transport is about the name of a host"),
        (&["probe", "localhost:8445"], "is not like wss://HOST:8445/ws/ or xmpp://HOST:5222"),
        (&["probe", "ws://1001:1001@localhost/"], "\"…@localhost/\" has a user in it; give it with --user"),
        (&["probe", "ws://localhost:99999/"], "has no port of 1 to 65535"),
        (&["probe", "ws://localhost/", "--pin", "00:11"], "--pin is a SHA-256"),
        (&["probe", "ws://localhost/", "--watch", "0"], "no number of seconds from 1 to 600"),
        (&["probe", "ws://localhost/", "--watch", "1", "--json"], "--watch prints lines for ever"),
        (&["probe", "--compare", "ws://localhost/"], "--compare wants two or more"),
        (&["probe", "--explain", "file", "ws://localhost/"], "--explain is about a file alone"),
        (&["probe", "ws://localhost/", "--timeout", "never"], "no number of seconds from 1 to 600"),
    ] {
        let (code, _, complained) = run(words);
        assert_eq!(code, Some(2), "{words:?}");
        assert!(complained.contains(sentence), "{words:?}: {complained}");
    }
    // A file that cannot be read or written is something to fix, and is named.
    let free = url("ws", free);
    for (words, sentence) in [
        (&["probe", "ws://localhost/", "--ca", "/no/such/file"][..], "/no/such/file: No such file"),
        (&["probe", "--explain", "/no/such/file"], "/no/such/file: No such file"),
        (&["probe", "--compare", "/no/such/file", "/no/such/other"], "/no/such/file: No such file"),
        (&["probe", &free, "--user", "1", "--password-file", "/no/such/file"], "/no/such/file: No such file"),
        (&["probe", &free, "--save", "/no/such/file"], "/no/such/file: No such file"),
        (&["probe", &free, "--junit", "/no/such/file"], "/no/such/file: No such file"),
    ] {
        let (code, _, complained) = run(words);
        assert_eq!(code, Some(1), "{words:?}");
        assert!(complained.contains(sentence), "{words:?}: {complained}");
    }
}

#[test]
fn what_is_saved_is_explained_without_a_network_and_has_no_secret() {
    let server = Server::demo();
    let folder = Folder::new();
    let saved = folder.path().join("saved.json");
    let saved = saved.to_str().expect("the folder of the tests has a plain name");
    let junit = folder.path().join("junit.xml");
    let junit = junit.to_str().expect("the folder of the tests has a plain name");
    let asked = own(&server, "administrator", "PUT", "faults/f?kind=ping-error");
    assert_eq!(asked.status(), 201);
    let (code, _) = probe(&url("ws", server.plain), &["--save", saved, "--junit", junit]);
    assert_eq!(code, Some(1));
    let text = std::fs::read_to_string(saved).expect("it was saved");
    assert!(!text.contains("ADEwMDEAMTAwMQ"), "the login is masked: {text}");
    let (code, printed, _) = run(&["probe", "--explain", saved, "--lang", "zh-TW"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("失敗步驟") && printed.contains("ping"), "{printed}");
    let suite = std::fs::read_to_string(junit).expect("it was written");
    let document = roxmltree::Document::parse(&suite).expect("JUnit is XML");
    let failed =
        document.descendants().find(|node| node.has_tag_name("failure")).and_then(|node| node.parent());
    assert_eq!(failed.and_then(|case| case.attribute("name")), Some("ping"), "{suite}");
    // The record of the server tells the same of it.
    let record =
        own(&server, "administrator", "GET", "record?kind=frame-in,frame-out&user=1001&limit=1000").body;
    let recorded = folder.write("record.json", &record);
    let recorded = recorded.to_str().expect("the folder of the tests has a plain name");
    let (code, printed, _) = run(&["probe", "--explain", recorded, "--json"]);
    assert_eq!((code, &*symptom(&printed)), (Some(1), "ping-error"), "{printed}");
}

#[test]
fn a_password_that_is_refused_is_not_tried_again() {
    let server = Server::demo();
    let folder = Folder::new();
    let password = folder.write("password", "wrong\n");
    let password = password.to_str().expect("the folder of the tests has a plain name");
    let url = url("ws", server.plain);
    let own =
        ["--user", "1001", "--password-file", password, "--domain", "localhost", "--rest", "--watch", "1"];
    let (code, printed, complained) = run(&[&["probe", &url], &own[..]].concat());
    assert_eq!(code, Some(1), "{printed}");
    assert!(complained.contains("not tried again"), "{complained}");
    assert_eq!(server.log().matches("login of 1001 refused").count(), 1, "{}", server.log());
}

#[test]
fn reports_follow_no_symbolic_link_and_are_read_by_their_owner() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let server = Server::demo();
    let folder = Folder::new();
    let kept = folder.write("kept", "kept");
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_owned();
    let (link, new) = (path("link"), path("new"));
    symlink(&kept, &link).expect("the folder is ours");
    for flag in ["--save", "--junit"] {
        let (code, _, complained) = run(&["probe", &url("ws", server.plain), flag, &link]);
        assert_eq!(code, Some(1), "{complained}");
        assert!(complained.contains("link: it is a symbolic link"), "{complained}");
    }
    assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), "kept");
    // A dangling one makes no file either.
    let dangling = path("dangling");
    symlink(path("nothing"), &dangling).expect("the folder is ours");
    assert_eq!(run(&["probe", &url("ws", server.plain), "--save", &dangling]).0, Some(1));
    assert!(!folder.path().join("nothing").exists());
    let (code, printed, _) = run(&[
        "probe",
        &url("ws", server.plain),
        "--domain",
        "localhost",
        "--save",
        &new,
        "--junit",
        "/dev/stdout",
    ]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("<testsuites>"), "what is no file may be named by a link: {printed}");
    let mode = std::fs::metadata(&new).expect("it was saved").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_without_an_end_is_no_password() {
    let free = url("ws", ([127, 0, 0, 1], 9).into());
    let folder = Folder::new();
    let long = folder.write("long", &"x".repeat(5000));
    for path in [std::path::Path::new("/dev/zero"), &long] {
        let path = path.to_str().expect("a plain name");
        let (code, _, complained) = run(&["probe", &free, "--user", "1", "--password-file", path]);
        assert_eq!(code, Some(1));
        assert!(complained.contains("its first line is longer than 4 KiB"), "{complained}");
    }
}

#[test]
fn no_secret_of_an_address_stands_in_a_report() {
    let server = Server::demo();
    let folder = Folder::new();
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_owned();
    let (saved, junit) = (path("saved.json"), path("junit.xml"));
    let address = format!("{}?token=s3cret", url("ws", server.plain));
    let (_, text) = probe(&address, &["--save", &saved, "--junit", &junit]);
    let (_, json) = probe(&address, &["--json"]);
    let (_, compared) = probe(&address, &["--compare", &saved]);
    let files = [saved, junit].map(|path| std::fs::read_to_string(path).expect("it was written"));
    let [saved, junit] = files;
    for report in [text, json, compared, saved, junit] {
        assert!(report.contains("/ws/?…") && !report.contains("s3cret"), "{report}");
    }
}
