//! Every problem of a configuration, or of a scenario, has a place in it and one line; a good configuration makes a hub.
#![no_main]

use callboard::config::{Config, Problem};
use callboard::hub::{Hub, faults_of_file};
use callboard::scenario::File;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // The file of a scenario is read as a configuration is.
    match File::read(text, "scenario.toml") {
        Ok(file) => assert!(file.length > 0 || file.name.len() < 101),
        Err(problems) => check(text, &problems),
    }
    match Config::parse(text, "callboard.toml") {
        Ok(mut config) => {
            config.faults = true;
            if let Err(problems) = faults_of_file(&config) {
                check(text, &problems);
            }
            assert!(!config.users.is_empty());
            let hub = Hub::new(config.clone(), |bytes| bytes.fill(7));
            for user in &config.users {
                assert!(hub.desk().directory().find(&user.id).is_some(), "{:?}", user.id);
            }
        }
        Err(problems) => {
            check(text, &problems);
        }
    }
});

fn check(text: &str, problems: &[Problem]) {
    assert!(!problems.is_empty());
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in problems {
        let line = problem.place.line.checked_sub(1).and_then(|line| lines.get(line));
        let length = line.unwrap_or_else(|| panic!("{problem}")).chars().count();
        assert!((1..=length + 1).contains(&problem.place.column), "{problem}");
        assert!(!problem.sentence.is_empty() && !problem.sentence.contains('\n'), "{problem}");
    }
    assert!(problems.is_sorted_by_key(|problem| problem.place), "{problems:?}");
}
