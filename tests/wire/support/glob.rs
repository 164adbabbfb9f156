//! Patterns: text in which `{any}` stands for anything.

/// Tells whether `text` is `pattern`, with something in the place of each `{any}`.
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once("{any}") else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    rest.char_indices()
        .map(|(at, character)| &rest[at + character.len_utf8()..])
        .any(|rest| glob(after, rest))
}
