//! Every kind of faults has what a kind has to have: a row of the manual, a figure, and tests that name it.

use std::fs;
use std::path::{Path, PathBuf};

use callboard::config::Config;
use callboard::fault::{Faults, TABLE};

use super::page::{Page, ROOT, read};

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if name != "node_modules" {
                files(&path, out);
            }
        } else if name.ends_with(".rs") || name.ends_with(".test.js") {
            out.push(path);
        }
    }
}

/// Tells whether a text names a kind: as a parameter of a request, or between quotation marks.
fn names(text: &str, kind: &str) -> bool {
    let is_whole = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    let as_parameter = format!("kind={kind}");
    text.match_indices(&as_parameter).any(|(at, found)| is_whole(&text[at + found.len()..]))
        || text.contains(&format!("\"{kind}\""))
}

#[test]
fn every_kind_of_faults_has_a_row_a_figure_and_a_test() {
    let mut paths = Vec::new();
    for folder in ["tests/wire", "tests/interop", "src/hub/tests", "src/http/tests"] {
        files(&Path::new(ROOT).join(folder), &mut paths);
    }
    let tests: Vec<String> = paths.iter().map(|path| read(path)).collect();
    let manual = Page::of("faults.md");
    let rows: Vec<String> = manual.rows("## Kinds").iter().map(|row| row[0].clone()).collect();
    let faults = Faults::default();
    let figures: Vec<&str> = faults.fired().map(|(name, _)| name).collect();
    for row in TABLE {
        assert!(rows.contains(&format!("`{}`", row.name)), "faults.md has no row for {}", row.name);
        assert!(figures.contains(&row.name), "{} is not counted", row.name);
        assert!(
            tests.iter().any(|text| names(text, row.name)),
            "no test of sessions or the wire names {}",
            row.name
        );
    }
}

#[test]
fn the_example_of_a_fault_in_the_demo_is_one() {
    let demo = read(&Path::new(ROOT).join("deploy/demo.toml"));
    let (before, rest) = demo.split_once("# [[fault]]\n").expect("an example");
    let example: String = rest
        .lines()
        .take_while(|line| line.starts_with("# "))
        .map(|line| format!("{}\n", &line[2..]))
        .collect();
    let text = format!("{before}\n[[fault]]\n{example}");
    let config = Config::parse(&text, "demo.toml").expect("it is read");
    assert_eq!(callboard::hub::faults_of_file(&config).map(|faults| faults.len()).ok(), Some(1), "{example}");
}
