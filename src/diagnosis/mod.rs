//! What a client sees of a fault, why, and what to check, in the languages of the page.
//!
//! The build script makes the table, and the words of the page, from `words.txt`, so that a fault and the page say the same
//! sentence of the same failure. The table is unpacked when it is first asked.

use std::sync::LazyLock;

use crate::console;

/// The symptom of faults of some kinds.
#[derive(Debug)]
pub struct Symptom {
    /// The names of the kinds, and what the probe has.
    kinds: Vec<&'static str>,
    /// The part of a connection at which it appears.
    pub step: &'static str,
    english: Words,
    chinese: Words,
}

/// The texts of a symptom.
#[derive(Debug)]
pub struct Words {
    /// What a client sees.
    pub symptom: &'static str,
    /// The causes of the same symptom outside a laboratory.
    pub cause: &'static str,
    /// What to check, and what a good client does.
    pub check: &'static str,
}

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese as it is written in Taiwan.
    Chinese,
}

/// A line for each symptom, with tabs between its parts.
static TEXT: LazyLock<String> = LazyLock::new(|| {
    let packed = include_bytes!(concat!(env!("OUT_DIR"), "/symptoms"));
    console::unpack(packed).ok().and_then(|text| String::from_utf8(text).ok()).unwrap_or_default()
});

static TABLE: LazyLock<Vec<Symptom>> = LazyLock::new(|| TEXT.lines().filter_map(Symptom::read).collect());

impl Symptom {
    fn read(line: &'static str) -> Option<Self> {
        let mut parts = line.split('\t');
        let (kinds, step) = (parts.next()?.split(' ').collect(), parts.next()?);
        let mut words = || Some(Words { symptom: parts.next()?, cause: parts.next()?, check: parts.next()? });
        Some(Self { kinds, step, english: words()?, chinese: words()? })
    }

    /// The symptom of a kind of faults, by its name.
    pub fn of(kind: &str) -> Option<&'static Self> {
        TABLE.iter().find(|symptom| symptom.kinds.contains(&kind))
    }

    /// Its texts in a language.
    pub fn words(&self, language: Language) -> &Words {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }
}

impl Language {
    /// The language of a tag (RFC 5646), as the page names them.
    pub fn named(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Self::English),
            "zh-TW" => Some(Self::Chinese),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault;

    #[test]
    fn every_kind_of_faults_has_one_symptom_in_both_languages() {
        for row in fault::TABLE {
            let all: Vec<_> = TABLE.iter().filter(|symptom| symptom.kinds.contains(&row.name)).collect();
            assert_eq!(all.len(), 1, "{}: src/diagnosis/words.txt has its symptom", row.name);
        }
        assert!(!TABLE.is_empty());
        for symptom in TABLE.iter() {
            let name = symptom.kinds.join(", ");
            assert!(!symptom.step.is_empty(), "{name}");
            for language in [Language::English, Language::Chinese] {
                let Words { symptom, cause, check } = symptom.words(language);
                for text in [symptom, cause, check] {
                    assert!(!text.contains(['{', '}']), "{name}: {text} has a value of the page");
                    assert!(text.ends_with(['.', '。']), "{name}: {text} is no sentence");
                    assert_eq!(text.is_ascii(), language == Language::English, "{name}: {text}");
                }
            }
        }
    }
}
