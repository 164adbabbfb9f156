//! The recipes of the page on faults beside the kinds that there are.

use std::path::Path;

use callboard::fault::Spec;

use super::page::{Page, ROOT, read};

/// The failures that are known.
const FAILURES: usize = 45;

#[test]
fn each_failure_has_a_recipe_of_faults_that_there_are() {
    let rows = Page::of("faults.md").rows("## Recipes for each failure");
    let numbers: Vec<_> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(numbers, (1..=FAILURES).map(|number| number.to_string()).collect::<Vec<_>>());
    for row in &rows {
        assert!(row[..4].iter().all(|cell| !cell.is_empty()), "{row:?}");
        for code in row[2].split('`').skip(1).step_by(2).filter(|code| code.starts_with("fault ")) {
            let query = code.split('\'').nth(1).expect("a query in quotes");
            let pairs = query.split('&').map(|pair| pair.split_once('=').expect("a name and a value"));
            if let Err(problem) = Spec::read(pairs) {
                panic!("{}: {}", row[0], problem.sentence);
            }
        }
    }
}

#[test]
fn images_are_named_by_the_version_of_the_program() {
    for (file, least) in [("manual/ci.md", 8), ("manual/operating.md", 2), ("compose.yaml", 1)] {
        let text = read(&Path::new(ROOT).join("deploy").join(file));
        let tags = text.split("callboard:").skip(1);
        let tags = tags.filter_map(|tag| tag.split(|c: char| !c.is_ascii_digit() && c != '.').next());
        // The rest are ports of a host of that name.
        let tags: Vec<_> = tags.filter(|tag| tag.contains('.')).collect();
        assert!(tags.len() >= least, "{file}: {tags:?}");
        for tag in tags {
            assert_eq!(tag, env!("CARGO_PKG_VERSION"), "{file}");
        }
    }
}
