//! Text that is longer than it may be, text that is a number, and text of others on a terminal.

use std::str::FromStr;

/// The start of a text, of so many bytes at the most; no character is cut in two.
pub fn start(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

/// Whether a character of somebody else's text may stand on a terminal and in a line of a log as it is. Control characters, also those
/// behind ASCII, are commands of a terminal; U+2028 and U+2029 end a line for some readers; the directions behind them and the isolates
/// (Unicode Standard Annex 9) turn the order of what stands beside them round; U+FFFE and U+FFFF are no characters of XML.
pub fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

/// Text of somebody else, with a replacement in the place of each character that is not shown.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_shown(c) { c } else { '\u{fffd}' }).collect()
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
