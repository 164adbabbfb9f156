//! The document beside this file says for each rule of the protocols what the server does, and which test shows it.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

const DOCUMENT: &str = include_str!("conformance.md");

/// How a row says that no test is named, and why.
const REASONS: [&str; 2] = ["Deviates: ", "No test: "];

/// The rows of all tables, cell by cell, without their heads.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").collect()).filter(|row: &Vec<_>| row[0] != "Clause" && row[0] != "---")
}

/// The names of all functions in the Rust files below a folder, and of all tests in the JavaScript ones.
fn names(folder: &Path, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).expect("the sources are there").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            names(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("the sources are text");
            let after = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(after.map(str::to_owned));
        }
    }
}

#[test]
fn every_clause_has_a_test_that_there_is_or_a_reason() {
    let mut known = HashSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    names(&root.join("src"), &mut known);
    names(&root.join("tests"), &mut known);
    let mut count = 0;
    for row in rows() {
        let [clause, behaviour, proof] = row[..] else { panic!("three cells: {row:?}") };
        assert!(!clause.is_empty() && !behaviour.is_empty(), "{row:?}");
        let is_test = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let tests: Vec<_> = proof.split('`').skip(1).step_by(2).filter(is_test).collect();
        for test in &tests {
            assert!(known.contains(*test), "{clause}: there is no test {test}");
        }
        let has_reason = REASONS.iter().any(|reason| proof.starts_with(reason));
        assert!(has_reason || !tests.is_empty(), "{clause}: neither a test nor a reason");
        count += 1;
    }
    assert!(count > 100, "the tables are read: {count}");
}
