//! What `/metrics` says, read strictly.

use std::collections::{HashMap, HashSet};

use super::Server;
use super::http::Http;

/// The samples, each with its labels in its name. What is not of the format fails the test.
pub fn metrics(server: &Server) -> HashMap<String, f64> {
    ask(&mut Http::connect(server.plain))
}

/// Asks for the figures on a connection that stays.
pub fn ask(http: &mut Http) -> HashMap<String, f64> {
    let answer = http.ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(answer.body.ends_with('\n'));
    let (mut helped, mut typed, mut samples) = (HashSet::new(), HashMap::new(), HashMap::new());
    for line in answer.body.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect("a help has a text");
            assert!(help.ends_with('.') && helped.insert(name.to_owned()), "{line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a type has a name");
            assert!(helped.contains(name) && ["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            typed.insert(name.to_owned(), kind.to_owned());
        } else {
            let (sample, value) = line.rsplit_once(' ').expect("a sample has a value");
            let name = sample.split('{').next().unwrap_or_default();
            assert!(name.starts_with("callboard_") && typed.contains_key(name), "{line}");
            let known = samples.insert(sample.to_owned(), value.parse().expect("a number"));
            assert!(known.is_none(), "{line} stands twice");
        }
    }
    samples
}
