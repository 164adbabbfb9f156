//! Where documents lead.

use std::fs;
use std::path::{Path, PathBuf};

use super::page::{ROOT, read};

/// All documents but those of other people's packages.
fn documents() -> Vec<PathBuf> {
    let folders = ["", "cross", "deploy", "deploy/manual", "src", "tests", "tests/interop", "tests/wire"];
    let files = folders.iter().flat_map(|folder| {
        let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("the folder is there");
        entries.map(|entry| entry.expect("the folder can be read").path())
    });
    files.filter(|file| file.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The anchors of a document: its headings, as forges make addresses of them.
fn anchors(text: &str) -> Vec<String> {
    let address = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    text.lines().filter(|line| line.starts_with('#')).map(address).collect()
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
fn every_file_of_the_sources_that_a_document_names_is_there() {
    for document in documents() {
        let text = read(&document);
        // Between two backticks of a line; what stands in a block of code begins with three.
        let named = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        let is_path = |name: &&str| {
            ["src/", "tests/", "deploy/", "cross/", ".ci/"].iter().any(|folder| name.starts_with(folder))
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_'))
        };
        for path in named.filter(is_path) {
            assert!(Path::new(ROOT).join(path).exists(), "{}: there is no {path}", document.display());
        }
    }
}

#[test]
fn the_readme_is_short_and_leads_to_every_page_of_the_manual() {
    let readme = read(&Path::new(ROOT).join("README.md"));
    assert!(readme.lines().count() <= 200, "{} lines", readme.lines().count());
    for document in documents() {
        let path = document.strip_prefix(ROOT).expect("it is of the project").to_string_lossy();
        let is_linked = links(&readme).any(|link| link == path);
        assert!(is_linked || !path.starts_with("deploy/manual/"), "the README does not lead to {path}");
    }
}

#[test]
fn the_package_has_the_manual_and_what_its_pages_link_to() {
    let manifest = read(&Path::new(ROOT).join("Cargo.toml"));
    for pattern in ["deploy/manual/*.md", "deploy/proxies/*", "deploy/screenshots/*.png"] {
        let (folder, _) = pattern.split_once('*').expect("it is a pattern");
        let asset = format!("[\"{pattern}\", \"usr/share/doc/callboard/{folder}\", \"644\"]");
        assert!(manifest.contains(&asset), "Cargo.toml has no {asset}");
    }
}

/// A newcomer finds each room in the map.
#[test]
fn the_code_map_names_every_room() {
    let map = read(Path::new(&format!("{ROOT}/src/README.md")));
    for entry in fs::read_dir(Path::new(ROOT).join("src")).expect("the folder is there") {
        let name = entry.expect("the folder can be read").file_name().into_string().expect("a name in ASCII");
        assert!(
            ["README.md", "lib.rs"].contains(&&*name) || map.contains(&format!("`{name}`")),
            "{name} is not in it"
        );
    }
}

/// The map names files and folders below `src` as they are called from there, and the files of a room by their names alone.
#[test]
fn every_file_that_the_code_map_names_is_there() {
    let src = Path::new(ROOT).join("src");
    let map = read(&src.join("README.md"));
    let rooms =
        fs::read_dir(&src).expect("the folder is there").map(|entry| entry.expect("it can be read").path());
    let rooms: Vec<PathBuf> = rooms.filter(|path| path.is_dir()).collect();
    let named = map.split('`').skip(1).step_by(2);
    let is_path = |name: &&str| name.ends_with(".rs") || (name.contains('/') && !name.contains(['<', '(']));
    let mut count = 0;
    let is_elsewhere =
        |name: &&str| ["/", "src/", "deploy/", "tests/"].iter().any(|start| name.starts_with(start));
    for name in named.filter(is_path).filter(|name| !is_elsewhere(name)) {
        let is_there = src.join(name).exists() || rooms.iter().any(|room| room.join(name).exists());
        assert!(is_there, "{name} is not there");
        count += 1;
    }
    assert!(count > 20, "{count}");
}
