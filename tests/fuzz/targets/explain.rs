//! Files that `probe --explain` and `--compare` read: HAR, JSON and text of the page, the record and the probe. Whatever a file
//! says, it is read within bounds, what has been read is equal to itself, and no answer of its judge is without an end.
#![no_main]

use callboard::diagnosis::Language;
use callboard::probe::{compare, explain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(found) = explain(text) else { return };
    assert!(!found.is_empty() && found.len() <= 64, "{} connections", found.len());
    for judged in &found {
        for (step, outcome) in judged.outcomes.iter() {
            assert!(
                outcome.facts.len() <= 16 && outcome.facts.iter().all(|(_, fact)| fact.len() < 600),
                "{step:?}"
            );
            let words = outcome.symptom.map(|symptom| symptom.words(Language::English).is_some());
            assert_ne!(words, Some(false), "{step:?}");
        }
        let equal = compare([judged, judged]);
        assert_eq!(equal.equal(), equal.steps.len(), "{equal:?}");
    }
    if let [first, .., last] = &found[..] {
        let (there, back) = (compare([first, last]), compare([last, first]));
        assert_eq!((there.equal(), there.percent()), (back.equal(), back.percent()));
        assert!(there.steps.iter().all(|(_, differences)| differences.len() <= 32), "{there:?}");
    }
});
