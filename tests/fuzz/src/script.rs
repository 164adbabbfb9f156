//! Changes scripts as people would: by whole steps, and by words that can stand for each other.
//!
//! Bytes alone seldom make another sequence of steps out of one that is understood.

use std::ops::Range;

use fastrand::Rng;

/// The language of the scripts of one target.
pub struct Language {
    /// What stands between two steps.
    pub separator: &'static str,
    /// What stands between two words.
    pub breaks: &'static [char],
    /// Steps that are put in, with other words of the same kinds.
    pub steps: &'static [&'static str],
    /// Words that can stand for each other.
    pub kinds: &'static [&'static [&'static str]],
}

/// How many steps are copied or taken away at once, at most.
const RUN: usize = 4;

impl Language {
    /// Changes the first `size` bytes of `data` and returns how many there are then, `most` of them or less. `bytes` is
    /// libFuzzer's own change, which takes the same and is left one of four turns.
    pub fn mutate(
        &self,
        data: &mut [u8],
        size: usize,
        most: usize,
        seed: u32,
        bytes: impl FnOnce(&mut [u8], usize, usize) -> usize,
    ) -> usize {
        let mut dice = Rng::with_seed(seed.into());
        match std::str::from_utf8(&data[..size]) {
            Ok(text) if dice.u8(..4) > 0 => {
                let text = self.change(text, &mut dice);
                let length = text.floor_char_boundary(most);
                data[..length].copy_from_slice(&text.as_bytes()[..length]);
                length
            }
            _ => {
                let size = bytes(data, size, most);
                make_text(&mut data[..size]);
                size
            }
        }
    }

    /// Another script.
    fn change(&self, text: &str, dice: &mut Rng) -> String {
        let mut steps: Vec<String> = text.split(self.separator).map(str::to_owned).collect();
        let (from, to) = (dice.usize(..steps.len()), dice.usize(..steps.len()));
        match dice.u8(..10) {
            0 => {
                let copied = steps[some(from, &steps, dice)].to_vec();
                steps.splice(to..to, copied);
            }
            // What is taken away weighs up what is put in, or scripts would only grow.
            1 | 2 => {
                steps.drain(some(from, &steps, dice));
            }
            3 => steps.swap(from, to),
            4 => {
                let moved = steps.remove(from);
                steps.insert(to, moved);
            }
            5 => self.take_word_of_column(&mut steps, from, dice),
            6 => self.vary(&mut steps[from], 1, dice),
            7 => self.rename(&mut steps, dice),
            _ => {
                let mut step = dice.choice(self.steps).map_or(String::new(), |step| (*step).to_owned());
                let words = self.words(&step).len();
                self.vary(&mut step, dice.usize(..=words.min(3)), dice);
                // At the end most has happened before.
                let place = if dice.bool() { steps.len() } else { to };
                steps.insert(place, step);
            }
        }
        steps.join(self.separator)
    }

    /// Puts a word of another step in the same place of this one.
    fn take_word_of_column(&self, steps: &mut [String], place: usize, dice: &mut Rng) {
        let words = self.words(&steps[place]);
        let column = dice.usize(..words.len().max(1));
        let Some(word) = words.get(column).cloned() else { return };
        let others = steps.iter().filter_map(|step| Some(&step[self.words(step).get(column)?.clone()]));
        let others: Vec<&str> = others.filter(|other| *other != &steps[place][word.clone()]).collect();
        if let Some(other) = dice.choice(others).map(str::to_owned) {
            steps[place].replace_range(word, &other);
        }
    }

    /// Puts others in place of so many words, each of its kind, where there are any.
    fn vary(&self, step: &mut String, times: usize, dice: &mut Rng) {
        for _ in 0..times {
            let known = self.words(step).into_iter().filter(|word| self.is_known(&step[word.clone()]));
            let Some(word) = dice.choice(known.collect::<Vec<_>>()) else { return };
            if let Some(other) = self.other(&step[word.clone()], dice) {
                step.replace_range(word, other);
            }
        }
    }

    /// Puts another word in place of one wherever that stands.
    fn rename(&self, steps: &mut [String], dice: &mut Rng) {
        let words = steps.iter().flat_map(|step| self.words(step).into_iter().map(|word| &step[word]));
        let word = dice.choice(words.filter(|word| self.is_known(word)).collect::<Vec<_>>());
        let Some(word) = word.map(str::to_owned) else { return };
        let Some(other) = self.other(&word, dice) else { return };
        for step in steps {
            for place in self.words(step).into_iter().rev() {
                if step[place.clone()] == word {
                    step.replace_range(place, other);
                }
            }
        }
    }

    fn is_known(&self, word: &str) -> bool {
        self.kinds.iter().any(|kind| kind.contains(&word))
    }

    /// A word that can stand where this one does; perhaps itself.
    fn other(&self, word: &str, dice: &mut Rng) -> Option<&'static str> {
        let kinds = self.kinds.iter().filter(|kind| kind.contains(&word));
        dice.choice(kinds.collect::<Vec<_>>()).and_then(|kind| dice.choice(*kind)).copied()
    }

    /// The places of the words of a step.
    fn words(&self, step: &str) -> Vec<Range<usize>> {
        let mut words = Vec::new();
        let mut start = 0;
        for word in step.split(self.breaks) {
            if !word.is_empty() {
                words.push(start..start + word.len());
            }
            // Every break is one character, of one byte or more.
            let end = start + word.len();
            start = end + step[end..].chars().next().map_or(0, char::len_utf8);
        }
        words
    }
}

/// Picks a range of steps from `from` on, but for the end.
fn some(from: usize, steps: &[String], dice: &mut Rng) -> Range<usize> {
    from..(from + dice.usize(1..=RUN)).min(steps.len())
}

/// Puts question marks in place of the bytes that are no text.
fn make_text(bytes: &mut [u8]) {
    let mut start = 0;
    while let Err(error) = std::str::from_utf8(&bytes[start..]) {
        start += error.valid_up_to();
        bytes[start] = b'?';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGE: Language = Language {
        separator: "\n",
        breaks: &[' ', '–'],
        steps: &["a goes home", "b–says ä"],
        kinds: &[&["a", "b", "c"], &["home", "out"], &["ä", "ö", "a"]],
    };

    /// What becomes of a text by many changes, one after the other.
    fn changed(text: &[u8], most: usize, turns: u32) -> Vec<u8> {
        let room = most.max(text.len());
        let mut data = text.to_vec();
        for seed in 0..turns {
            let size = data.len();
            data.resize(room, 0);
            let size = LANGUAGE.mutate(&mut data, size, most, seed, |data, size, most| {
                let size = size.min(most);
                if let Some(byte) = data[..size].first_mut() {
                    *byte = byte.wrapping_add(97);
                }
                size
            });
            assert!(size <= most);
            data.truncate(size);
            assert!(std::str::from_utf8(&data).is_ok(), "{data:?}");
        }
        data
    }

    #[test]
    fn whatever_comes_in_text_comes_out_and_is_not_too_long() {
        for text in
            [&b""[..], b"\n\n", b"a goes home\nb goes out", "b–says ä\n–ö–".as_bytes(), b"\xff\xc3 a\n\x80"]
        {
            for most in [1, 2, 7, 100, 1000] {
                changed(text, most, 500);
            }
        }
    }

    #[test]
    fn the_same_seeds_make_the_same() {
        let one = changed(b"a goes home\nb goes out", 1000, 30);
        assert_eq!(one, changed(b"a goes home\nb goes out", 1000, 30));
        assert_ne!(one, b"a goes home\nb goes out");
    }

    #[test]
    fn most_changes_leave_steps_that_are_understood() {
        let text = "a goes home\nc goes out";
        let mut made: Vec<String> =
            (0..1000).map(|seed| LANGUAGE.change(text, &mut Rng::with_seed(seed))).collect();
        made.sort();
        made.dedup();
        for wanted in [
            "a goes home\na goes home\nc goes out",
            "c goes out",
            "c goes out\na goes home",
            "a goes out\nc goes out",
            "a goes home\na goes out",
            "b goes home\nc goes out",
            "b–says ä\na goes home\nc goes out",
        ] {
            assert!(made.iter().any(|text| text == wanted), "{wanted:?} is not among {made:#?}");
        }
    }

    #[test]
    fn words_are_what_stands_between_breaks() {
        let step = "–b  says–ä";
        let words: Vec<&str> = LANGUAGE.words(step).into_iter().map(|word| &step[word]).collect();
        assert_eq!(words, ["b", "says", "ä"]);
    }
}
