//! Parts of the file that several of its sections have.

use toml::de::DeValue;

use crate::config::problem::{Place, Placed, Report, shown};
use crate::config::section::{Reported, Section, all, kind_of};
use crate::desk::CallData;
use crate::scenario::file::{Name, SECTIONS_MAX};
use crate::scenario::values::{whole, wrong};

/// A value of the document, and where it stands.
pub type Value<'d> = Placed<&'d DeValue<'d>>;

/// Opens sections of which there may be several.
pub fn sections<'d>(
    report: &mut Report,
    root: &Section<'d>,
    key: &'static str,
    name: &'static str,
    known: &[&'static str],
) -> Result<Vec<Section<'d>>, Reported> {
    let found = root.tables(report, key, name, known)?;
    bounded(report, name, found)
}

/// Opens steps, whose keys depend on what they do.
pub fn steps<'d>(
    report: &mut Report,
    root: &Section<'d>,
    key: &'static str,
    name: &'static str,
) -> Result<Vec<Section<'d>>, Reported> {
    let found = root.open_tables(report, key, name)?;
    bounded(report, name, found)
}

fn bounded<'d>(
    report: &mut Report,
    name: &str,
    found: Vec<Section<'d>>,
) -> Result<Vec<Section<'d>>, Reported> {
    match found.get(SECTIONS_MAX) {
        Some(more) => {
            let sentence = format!("there can be {SECTIONS_MAX} sections {name}; leave some out");
            wrong(report, more.place, sentence)
        }
        None => Ok(found),
    }
}

/// Reads the id of something of the configuration.
pub fn name_at(report: &mut Report, section: &Section<'_>, key: &'static str) -> Result<Name, Reported> {
    let Placed { place, value } = section.needed(report, key)?;
    Ok(Name { place, id: value.into() })
}

/// Opens a table that can have any keys.
pub fn any_table<'d>(
    report: &mut Report,
    key: &'static str,
    value: Value<'d>,
) -> Result<Section<'d>, Reported> {
    match value.value {
        DeValue::Table(table) => Ok(Section::of_any_keys(key, value.place, table)),
        other => {
            wrong(report, value.place, format!("{key} must be {{ name = \"…\" }}, not {}", kind_of(other)))
        }
    }
}

/// Reports a name or a value that no call variable can have.
pub fn check_variable(report: &mut Report, name: &str, value: &str, place: Place) -> Result<(), Reported> {
    match CallData::default().set(name.to_owned(), value.to_owned()) {
        Ok(()) => Ok(()),
        Err(_) => {
            let sentence = format!(
                "{} is no call variable, or its value is too long; there are callVariable1 to callVariable10 and user.NAME",
                shown(name)
            );
            wrong(report, place, sentence)
        }
    }
}

/// Reads the variables of a call or of a task, each with its value.
pub fn variables(report: &mut Report, section: &Section<'_>) -> Result<Vec<(String, String)>, Reported> {
    let Some(value) = section.value(report, "variables") else { return Ok(Vec::new()) };
    let table = any_table(report, "variables", value)?;
    all(table.entries(report).into_iter().map(|(name, value)| match value.value.as_str() {
        Some(text) => {
            check_variable(report, name.value, text, value.place)?;
            Ok((name.value.to_owned(), text.to_owned()))
        }
        None => wrong(report, value.place, "the value of a call variable must be a string in quotes"),
    }))
}

/// Reads a number from 1.
pub fn number(
    report: &mut Report,
    section: &Section<'_>,
    key: &'static str,
) -> Result<Option<u32>, Reported> {
    let number = whole(report, section, key, (1, u64::from(u32::MAX)))?;
    Ok(number.and_then(|number| u32::try_from(number).ok()))
}
