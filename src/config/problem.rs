//! The problems of a configuration file, and their places.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// Characters (not bytes) from the start of the line, counted from 1.
    pub column: usize,
}

impl Place {
    /// Where what concerns the whole file is reported.
    pub const START: Place = Place { line: 1, column: 1 };
}

/// A problem of a configuration file, for people: `FILE:LINE:COL: sentence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// Where in the file.
    pub place: Place,
    /// The sentence says what is wrong and what to do, on one line, without a full stop, and never with the text of a password.
    pub sentence: String,
}

impl Problem {
    /// Brings problems into the order of the file; those of one place stay as they are.
    pub fn sort(problems: &mut [Self]) {
        problems.sort_by_key(|problem| problem.place);
    }

    /// Returns the line of a warning: it says so, as a warning stops nothing.
    pub fn warning(&self) -> String {
        let Self { file, place, sentence } = self;
        format!("{file}:{}:{}: warning: {sentence}", place.line, place.column)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        write!(f, "{}:{line}:{column}: {}", self.file, self.sentence)
    }
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<T> {
    pub place: Place,
    pub value: T,
}

impl<T> Placed<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Placed<U> {
        Placed { place: self.place, value: change(self.value) }
    }
}

/// Collects the problems of one file.
pub(crate) struct Report<'t> {
    file: Arc<str>,
    text: &'t str,
    /// The offsets at which the lines start.
    lines: Vec<usize>,
    problems: Vec<Problem>,
}

impl<'t> Report<'t> {
    pub fn new(file: &str, text: &'t str) -> Self {
        let lines = [0].into_iter().chain(text.match_indices('\n').map(|(offset, _)| offset + 1)).collect();
        Report { file: file.into(), text, lines, problems: Vec::new() }
    }

    /// Finds the place at which a range of bytes starts.
    pub fn place(&self, span: Range<usize>) -> Place {
        let line = self.lines.partition_point(|start| *start <= span.start);
        // The first line starts at 0, so there is always one before the partition point.
        let before = self.text.get(self.lines[line - 1]..span.start).unwrap_or_default();
        Place { line, column: before.chars().count() + 1 }
    }

    pub fn add(&mut self, place: Place, sentence: impl Into<String>) {
        self.problems.push(Problem { file: self.file.clone(), place, sentence: sentence.into() });
    }

    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns the problems in the order of the file; those of one place in the order they were found.
    pub fn into_problems(mut self) -> Vec<Problem> {
        Problem::sort(&mut self.problems);
        self.problems
    }
}

/// Quotes a text of the file for a sentence: on one line and no longer than a line can bear.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut quoted: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        quoted.push('…');
    }
    format!("\"{quoted}\"")
}

/// Says what could have been meant by a name that is not known: the nearest one, if it is near, else all.
///
/// Returns the end of a sentence, or nothing if there is nothing to propose.
pub fn proposal<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    // More than anybody would read, and few enough to compare for every mistake of a large file.
    proposal_of(name, known.into_iter().take(1000).collect())
}

fn proposal_of(name: &str, mut known: Vec<&str>) -> String {
    const MOST_LISTED: usize = 80;
    if known.is_empty() {
        return String::new();
    }
    if let Some(candidate) = nearest_of(name, &known) {
        return format!("; did you mean \"{candidate}\"?");
    }
    let more = if known.len() > MOST_LISTED { ", …" } else { "" };
    known.truncate(MOST_LISTED);
    format!("; known are: {}{more}", known.join(", "))
}

/// Finds the name that could have been meant by one that is not known.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    nearest_of(name, &known.into_iter().collect::<Vec<_>>())
}

fn nearest_of<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let same = |name: &str| name.to_lowercase().replace('-', "_");
    let name = same(name);
    // Another number is another thing, and no slip: release 12.6 is not 11.6.
    let words = known.iter().copied().filter(|candidate| candidate.chars().any(char::is_alphabetic));
    let all = words.map(|candidate| (distance(&name, &same(candidate)), candidate));
    // A word with one slip in three characters still looks like the word that was meant.
    all.min()
        .filter(|(slips, candidate)| slips * 3 <= candidate.chars().count())
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance; texts of very different lengths are not compared in full.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 3 {
        return usize::MAX / 3;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let change = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_in_any_way() {
        let text = "a\r\näöü = 1\n\nend";
        let report = Report::new("f", text);
        let place = |needle: &str| {
            let start = text.find(needle).expect("the needle is in the text");
            let Place { line, column } = report.place(start..start);
            (line, column)
        };
        assert_eq!(place("a"), (1, 1));
        assert_eq!(place("= 1"), (2, 5));
        assert_eq!(place("end"), (4, 1));
        assert_eq!(report.place(text.len()..text.len()), Place { line: 4, column: 4 });
    }

    #[test]
    fn problems_come_in_the_order_of_the_file() {
        let mut report = Report::new("f", "");
        for (line, column) in [(10, 1), (2, 10), (2, 9)] {
            report.add(Place { line, column }, "x");
        }
        let lines: Vec<_> = report.into_problems().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["f:2:9: x", "f:2:10: x", "f:10:1: x"]);
    }

    #[test]
    fn the_nearest_name_is_proposed_only_when_it_is_near() {
        let known = ["listen", "listen_plain", "domain"];
        assert_eq!(proposal("listn", known), "; did you mean \"listen\"?");
        assert_eq!(proposal("Listen-Plain", known), "; did you mean \"listen_plain\"?");
        assert_eq!(proposal("colour", known), "; known are: listen, listen_plain, domain");
        assert_eq!(proposal("x", []), "");
        assert_eq!(proposal("12.6", ["12.5", "11.6"]), "; known are: 12.5, 11.6");
    }

    #[test]
    fn a_quoted_text_stays_on_one_short_line() {
        assert_eq!(shown("a\n\"b\""), r#""a\n\"b\"""#);
        assert_eq!(shown(&"x".repeat(61)).chars().count(), 63);
        assert_eq!(shown(&"x".repeat(60)), format!("\"{}\"", "x".repeat(60)));
    }
}
