//! Reads other files that are written as the configuration is.

use toml::de::DeTable;

use crate::config::problem::{Place, Problem, Report};
use crate::config::read::syntax;
use crate::config::section::{Reported, Section};

/// Reads the text of a file with these keys above its first section. `file` is its name in problems.
///
/// # Errors
///
/// Returns every problem, in the order of the file.
pub(crate) fn read<T>(
    text: &str,
    file: &str,
    known: &[&'static str],
    take: impl FnOnce(&mut Report, &Section<'_>) -> Result<T, Reported>,
) -> Result<T, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut report = Report::new(file, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !syntax(&mut report, &errors) {
        return Err(report.into_problems());
    }
    let root = Section::open(&mut report, "the file", Place::START, document.get_ref(), known);
    match take(&mut report, &root) {
        Ok(read) if report.is_empty() => Ok(read),
        _ => Err(report.into_problems()),
    }
}
