mod compare;
mod dialogue;
mod errand;
mod explain;
mod peer;
mod plain;
mod plan;
mod response;
mod tcp;

use crate::diagnosis::Language;
use crate::probe::Symptom;

#[test]
fn every_symptom_has_words_in_both_languages() {
    for symptom in Symptom::ALL {
        for language in [Language::English, Language::Chinese] {
            assert!(
                symptom.words(language).is_some(),
                "src/diagnosis/words.txt has probe-{}",
                symptom.name()
            );
        }
    }
}
