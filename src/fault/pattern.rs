//! Names that a target gives as a pattern.

/// A name as it is, or all names with a beginning: a star stands at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    start: Box<str>,
    is_open: bool,
}

impl Pattern {
    /// Reads a pattern. A star is special at its end only.
    pub fn new(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(start) => Self { start: start.into(), is_open: true },
            None => Self { start: text.into(), is_open: false },
        }
    }

    /// Tells whether the pattern has the name.
    pub fn has(&self, name: &str) -> bool {
        if self.is_open { name.starts_with(&*self.start) } else { name == &*self.start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_stands_for_the_rest() {
        for (pattern, name, has) in [
            ("/a", "/a", true),
            ("/a", "/a/b", false),
            ("/a*", "/a/b", true),
            ("/a/*", "/a", false),
            ("*", "", true),
            ("a*b", "a*b", true),
            ("a*b", "axb", false),
        ] {
            assert_eq!(Pattern::new(pattern).has(name), has, "{pattern} {name}");
        }
    }
}
