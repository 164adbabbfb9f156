//! Names and passwords as they are compared: stringprep (RFC 3454) with a bound.
//!
//! Normalising makes up to 18 characters of one, and a client that sends a name need not have logged in. So the bound holds
//! before the text is looked at, and again while it is prepared.

use std::borrow::Cow;

use stringprep::{Error, nameprep, nodeprep, resourceprep, saslprep, tables};
use unicode_normalization::UnicodeNormalization as _;

/// The rules for one kind of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A domain (RFC 3491).
    Nameprep,
    /// A localpart (RFC 6122 appendix A).
    Nodeprep,
    /// A resourcepart (RFC 6122 appendix B).
    Resourceprep,
    /// A password (RFC 4013).
    Saslprep,
}

impl Profile {
    /// The whole of it, without a bound.
    fn apply(self, text: &str) -> Result<Cow<'_, str>, Error> {
        match self {
            Self::Nameprep => nameprep(text),
            Self::Nodeprep => nodeprep(text),
            Self::Resourceprep => resourceprep(text),
            Self::Saslprep => saslprep(text),
        }
    }

    /// Maps a character (RFC 3454 §3).
    fn map(self, c: char) -> impl Iterator<Item = char> {
        let c = if self == Self::Saslprep && tables::non_ascii_space_character(c) { ' ' } else { c };
        let c = Some(c).filter(|c| !tables::commonly_mapped_to_nothing(*c));
        let folds = matches!(self, Self::Nameprep | Self::Nodeprep);
        let folded = c.filter(|_| folds).map(tables::case_fold_for_nfkc);
        folded.into_iter().flatten().chain(c.filter(|_| !folds))
    }
}

/// Prepares `text`, which may come to `longest` bytes. `None` is for what the profile refuses, what is too long, and what is
/// empty then.
///
/// A text that would change if it was prepared again is refused too: the tables are of Unicode 3.2, and of some younger
/// characters they make others that they would fold, so that one name could be two.
pub fn prepare(text: &str, profile: Profile, longest: usize) -> Option<Cow<'_, str>> {
    let prepared = if text.is_ascii() {
        // A character stays one character.
        if text.len() > longest {
            return None;
        }
        #[cfg(test)]
        work::add(text.len());
        profile.apply(text).ok()?
    } else {
        // Normalising makes three bytes one where a letter has two widths, and more only of letters that nobody has in a
        // name.
        if text.len() > 3 * longest {
            return None;
        }
        let mut once = String::with_capacity(text.len());
        let mapped = text.chars().flat_map(|c| {
            #[cfg(test)]
            work::add(1);
            profile.map(c)
        });
        for c in mapped.nfkc() {
            #[cfg(test)]
            work::add(1);
            once.push(c);
            if once.len() > longest {
                return None;
            }
        }
        // It is looked at for what is not allowed here, too.
        let is_stable = profile.apply(&once).is_ok_and(|twice| twice == once);
        is_stable.then_some(Cow::Owned(once))?
    };
    (!prepared.is_empty()).then_some(prepared)
}

/// How much was prepared, for tests.
#[cfg(test)]
pub mod work {
    use std::cell::Cell;

    thread_local!(static CHARACTERS: Cell<usize> = const { Cell::new(0) });

    pub fn add(characters: usize) {
        CHARACTERS.set(CHARACTERS.get() + characters);
    }

    /// The characters that `task` prepares on this thread.
    pub fn of(task: impl FnOnce()) -> usize {
        let before = CHARACTERS.get();
        task();
        CHARACTERS.get() - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Profile; 4] =
        [Profile::Nameprep, Profile::Nodeprep, Profile::Resourceprep, Profile::Saslprep];

    #[test]
    fn what_comes_out_is_what_the_profile_makes_of_it() {
        let texts =
            ["a", "\u{e9}\u{e9}", "\u{ff21}\u{2160}b", "a\u{ad}\u{301}", "\u{10a0}", "\u{5d0}", "a b"];
        for profile in ALL {
            for text in texts {
                let expected = profile.apply(text).ok();
                let stable = expected.filter(|once| profile.apply(once).is_ok_and(|twice| twice == *once));
                assert_eq!(prepare(text, profile, 100), stable, "{profile:?} {text:?}");
            }
        }
        assert_eq!(prepare("\u{ff21}\u{df}", Profile::Nodeprep, 100).as_deref(), Some("ass"));
        assert_eq!(prepare("I\u{200b}\u{2168}", Profile::Saslprep, 100).as_deref(), Some("I IX"));
    }

    #[test]
    fn what_is_refused_or_empty_or_too_long_is_nothing() {
        for (text, profile) in [
            ("", Profile::Nodeprep),
            ("\u{ad}", Profile::Saslprep),
            ("a b", Profile::Nodeprep),
            ("\u{e9}\u{7}", Profile::Resourceprep),
            ("12345678901", Profile::Saslprep),
            ("\u{e9}123456789", Profile::Resourceprep),
            // U+03F9 becomes a capital sigma, which would become a small one.
            ("\u{3f9}", Profile::Nodeprep),
        ] {
            assert_eq!(prepare(text, profile, 10), None, "{text:?}");
        }
        assert!(prepare("\u{e9}12345678", Profile::Resourceprep, 10).is_some());
    }

    /// U+FDFA becomes 18 characters.
    #[test]
    fn a_long_text_is_not_looked_at_and_one_that_grows_is_given_up() {
        for profile in ALL {
            for costly in ["\u{fdfa}", "\u{301}", "\u{df}", "e\u{301}", "\u{ad}", "\u{1d400}", "\u{390}"] {
                for length in [300, 1023, 3069, 3100, 8000, 100_000] {
                    let text = costly.repeat(length / costly.len() + 1);
                    let work = work::of(|| drop(prepare(&text, profile, 1023)));
                    assert!(work <= 1024 + length.min(3069), "{profile:?} {costly:?} {length}: {work}");
                }
            }
            let grows = "\u{fdfa}".repeat(1000);
            assert!(work::of(|| drop(prepare(&grows, profile, 1023))) < 1200, "{profile:?}");
            assert_eq!(work::of(|| drop(prepare(&"\u{e9}".repeat(1600), profile, 1023))), 0);
            assert_eq!(work::of(|| drop(prepare(&"A".repeat(1024), profile, 1023))), 0);
        }
    }
}
