//! The recipes of the page on faults beside the kinds that there are.

use callboard::fault::Spec;

use super::page::Page;

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
