//! Text that is longer than it may be, and text that is a number.

use std::str::FromStr;

/// The start of a text, of so many bytes at the most; no character is cut in two.
pub fn start(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

/// Reads a number that is written in digits alone: without a sign, which the standard library takes.
pub fn number<T: FromStr>(text: &str) -> Option<T> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::{number, start};

    #[test]
    fn a_number_is_digits_alone() {
        for (text, expected) in [("0", Some(0)), ("255", Some(255)), ("007", Some(7))] {
            assert_eq!(number::<u8>(text), expected, "{text}");
        }
        for text in ["", "+1", "-1", "256", " 1", "1 ", "0x1", "1.0", "١"] {
            assert_eq!(number::<u8>(text), None, "{text}");
        }
    }

    #[test]
    fn no_character_is_cut_in_two() {
        for (most, expected) in [(0, ""), (1, "a"), (2, "a"), (3, "aé"), (5, "aé"), (6, "aé漢"), (9, "aé漢")]
        {
            assert_eq!(start("aé漢", most), expected);
        }
    }
}
