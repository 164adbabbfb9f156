//! `callboard probe --compare`, and recordings as text.

use crate::probe::{probe, symptom, url};
use crate::run;
use crate::support::Server;
use crate::support::http::own;
use crate::support::server::{DEMO, Folder};

/// Runs a comparison as agent 1001 with the domain of each URL. Returns the exit code and what it printed.
fn compare(two: [&str; 2], more: &[&str]) -> (Option<i32>, String) {
    let folder = Folder::new();
    let password = folder.write("password", "1001\n");
    let password = password.to_str().expect("the folder of the tests has a plain name");
    let own = ["probe", "--compare", two[0], two[1], "--user", "1001", "--password-file", password];
    let (code, printed, complained) = run(&[&own, more].concat());
    assert_eq!(complained, "", "{two:?} {more:?}");
    (code, printed)
}

#[test]
fn a_server_is_equal_to_itself_over_all_carriers_and_to_its_own_recording() {
    let server = Server::demo();
    let folder = Folder::new();
    let saved = folder.path().join("saved.json");
    let saved = saved.to_str().expect("the folder of the tests has a plain name");
    let (ws, http) = (url("ws", server.plain), url("http", server.plain));
    assert_eq!(probe(&ws, &["--save", saved]).0, Some(0));
    for two in [[&*ws, &ws], [&ws, &http], [&ws, saved], [saved, &http], [saved, saved]] {
        let (code, printed) = compare(two, &["--domain", "localhost"]);
        assert_eq!(code, Some(0), "{two:?}: {printed}");
        assert!(printed.contains("\nEqual in all steps ("), "{two:?}: {printed}");
        assert!(!printed.contains("!= "), "{two:?}: {printed}");
    }
    let (code, printed) = compare([&ws, &ws], &["--domain", "localhost", "--lang", "zh-TW"]);
    assert!(code == Some(0) && printed.contains("所有步驟都相同"), "{printed}");
}

#[test]
fn servers_that_differ_are_told_apart_with_a_summary_for_everybody() {
    let [one, other] = [Server::demo(), Server::demo()];
    let folder = Folder::new();
    let junit = folder.path().join("junit.xml");
    let junit = junit.to_str().expect("the folder of the tests has a plain name");
    let asked = own(&other, "administrator", "PUT", "faults/f?kind=ping-error");
    assert_eq!(asked.status(), 201);
    let two = [url("ws", one.plain), url("ws", other.plain)];
    let (code, printed) = compare([&two[0], &two[1]], &["--domain", "localhost", "--junit", junit]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("!= ping\n     result: passed | failed: ping-error\n"), "{printed}");
    let summary = printed.lines().last().expect("a summary");
    assert!(summary.starts_with("Equal in 9") && summary.ends_with("Differs in: ping."), "{summary}");
    assert!(!summary.contains("localhost"), "{summary}");
    let suite = std::fs::read_to_string(junit).expect("it was written");
    let document = roxmltree::Document::parse(&suite).expect("JUnit is XML");
    let failed: Vec<_> = document.descendants().filter(|node| node.has_tag_name("failure")).collect();
    let [failure] = failed[..] else { panic!("{suite}") };
    assert_eq!(failure.parent().and_then(|case| case.attribute("name")), Some("ping"), "{suite}");
    let (_, printed) = compare([&two[0], &two[1]], &["--domain", "localhost", "--json"]);
    let value: Vec<_> =
        ["\"percent\":9", "\"step\":\"ping\"", "\"a\":\"passed\",\"b\":\"failed: ping-error\""].into();
    value.iter().for_each(|text| assert!(printed.contains(text), "{text}: {printed}"));
    // A side that is not there is no difference, but to be tried again.
    drop(other);
    let (code, printed) = compare([&two[0], &two[1]], &["--domain", "localhost"]);
    assert_eq!(code, Some(75), "{printed}");
}

#[test]
fn domain_user_and_resource_make_no_difference() {
    let config = DEMO.replace("domain = \"localhost\"", "domain = \"finesse.example\"");
    assert_ne!(config, DEMO);
    let other = Server::serving("finesse.example", &config);
    let one = Server::demo();
    let folder = Folder::new();
    let saved = folder.path().join("saved.json");
    let saved = saved.to_str().expect("the folder of the tests has a plain name");
    let more = ["--save", saved, "--domain", "finesse.example", "--resource", "another-one"];
    // The last of two flags wins.
    let password = folder.write("password", "1002\n");
    let password = password.to_str().expect("the folder of the tests has a plain name");
    let address = url("ws", other.plain);
    let words = ["probe", &address, "--user", "1002", "--password-file", password];
    let (code, printed, complained) = run(&[&words[..], &more].concat());
    assert_eq!(code, Some(0), "{printed}{complained}");
    let (code, printed) = compare([&url("ws", one.plain), saved], &["--domain", "localhost"]);
    assert_eq!(code, Some(0), "{printed}");
}

#[test]
fn a_text_of_the_record_and_a_report_are_explained() {
    let server = Server::demo();
    let folder = Folder::new();
    assert_eq!(own(&server, "administrator", "PUT", "faults/f?kind=ping-error").status(), 201);
    let (_, report) = probe(&url("ws", server.plain), &[]);
    let report = folder.write("report.txt", &report);
    let record = own(&server, "administrator", "GET", "record?kind=frame-in&user=1001&limit=1").body;
    let session = record.split("\"session\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let session = session.expect("an entry has its session");
    for form in ["txt", "har", "json"] {
        let exported = own(&server, "administrator", "GET", &format!("record/{session}.{form}")).body;
        let exported = folder.write(&format!("exported.{form}"), &exported);
        let (code, printed, _) =
            run(&["probe", "--explain", exported.to_str().expect("a plain name"), "--json"]);
        assert_eq!((code, &*symptom(&printed)), (Some(1), "ping-error"), "{form}: {printed}");
    }
    let (code, printed, _) = run(&["probe", "--explain", report.to_str().expect("a plain name"), "--json"]);
    assert_eq!((code, &*symptom(&printed)), (Some(1), "ping-error"), "{printed}");
}

#[test]
fn with_strict_a_warning_is_a_failure_of_junit_too() {
    let server = Server::demo();
    let folder = Folder::new();
    let junit = folder.path().join("junit.xml");
    let junit = junit.to_str().expect("the folder of the tests has a plain name");
    for (strict, failures) in [(&["--strict"][..], "1"), (&[], "0")] {
        probe(&url("wss", server.tls), &[&["--insecure", "--junit", junit], strict].concat());
        let suite = std::fs::read_to_string(junit).expect("it was written");
        let document = roxmltree::Document::parse(&suite).expect("JUnit is XML");
        let attribute = document.descendants().find_map(|node| node.attribute("failures")).map(str::to_owned);
        let told = document.descendants().filter(|node| node.has_tag_name("failure")).count().to_string();
        assert_eq!((attribute.as_deref(), &*told), (Some(failures), failures), "{suite}");
    }
}

#[test]
fn what_cannot_be_compared_is_not_equal() {
    let folder = Folder::new();
    let file = |name: &str, text: &str| {
        folder.write(name, text).to_str().expect("the folder of the tests has a plain name").to_owned()
    };
    let nothing = file("nothing.json", r#"{"frames":[{"ms":1,"from":"client","text":"<a/>"}]}"#);
    let (code, printed, _) = run(&["probe", "--compare", &nothing, &nothing]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.ends_with("\nNo step can be compared.\n"), "{printed}");
    let report = file("report.txt", "ws://localhost/ws/\nok open 1.0 ms\n");
    let (code, printed, complained) = run(&["probe", "--compare", &report, &nothing]);
    assert_eq!((code, &*printed), (Some(1), ""), "{complained}");
    assert!(complained.contains("it is a report, and has no frames to be compared"), "{complained}");
}
