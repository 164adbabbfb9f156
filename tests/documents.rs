//! README, manual and the other documents: their links lead somewhere, and what they say of the program is so.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the project.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// All documents but those of other people's packages.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["", "cross", "deploy", "deploy/manual", "src", "tests", "tests/interop", "tests/wire"]
            .map(|folder| Path::new(ROOT).join(folder))
            .into();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let files = entries.map(|entry| entry.expect("the folder can be read").path());
        found.extend(files.filter(|file| file.extension().is_some_and(|extension| extension == "md")));
    }
    assert!(found.len() >= 10, "{found:?}");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The anchors of a document: its headings as GitHub makes addresses of them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    let address = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(address).collect()
}

/// What the links of a document lead to.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    for document in documents() {
        let text = read(&document);
        let here = document.parent().expect("a file has a folder");
        for link in links(&text).filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { document.clone() } else { here.join(file) };
            assert!(target.exists(), "{}: {link} leads nowhere", document.display());
            let is_there = || anchors(&read(&target)).iter().any(|heading| heading == anchor);
            assert!(anchor.is_empty() || is_there(), "{}: {link} has no such heading", document.display());
        }
    }
}

#[test]
fn the_package_has_every_page_of_the_manual_and_what_they_link_to_beside_the_sources() {
    let manifest = read(&Path::new(ROOT).join("Cargo.toml"));
    for folder in ["deploy/manual/*.md", "deploy/proxies/*", "deploy/screenshots/*.png"] {
        let (kept, _) = folder.split_once('*').expect("it is a pattern");
        let asset = format!("[\"{folder}\", \"usr/share/doc/callboard/{kept}\", \"644\"]");
        assert!(manifest.contains(&asset), "Cargo.toml has no {asset}");
    }
}
