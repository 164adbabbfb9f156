//! Text that is longer than it may be.

/// The start of a text, of so many bytes at the most; no character is cut in two.
pub fn start(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::start;

    #[test]
    fn no_character_is_cut_in_two() {
        for (most, expected) in [(0, ""), (1, "a"), (2, "a"), (3, "aé"), (5, "aé"), (6, "aé漢"), (9, "aé漢")]
        {
            assert_eq!(start("aé漢", most), expected);
        }
    }
}
