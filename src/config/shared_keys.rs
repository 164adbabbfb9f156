//! Keys that sections of several kinds have: a number, and the teams that they are for.

use toml::de::DeValue;

use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Placed, Report};
use crate::config::section::{Reported, Section, number};

/// The largest id; clients keep it in a signed integer.
pub(super) const LARGEST_ID: u64 = 2_147_483_647;

/// Reads an integer from 1 on that must be there.
pub(super) fn needed_integer(
    report: &mut Report,
    section: &Section,
    key: &'static str,
    largest: u64,
) -> Result<Placed<u64>, Reported> {
    integer(report, section, key, largest)?.ok_or_else(|| {
        let sentence = format!("{} has no {key}; add {key} = 1 or another number", section.name);
        report.add(section.place, sentence);
        Reported
    })
}

/// Reads an integer from 1 on.
pub(super) fn integer(
    report: &mut Report,
    section: &Section,
    key: &'static str,
    largest: u64,
) -> Result<Option<Placed<u64>>, Reported> {
    match section.value(report, key) {
        None => Ok(None),
        Some(Placed { place, value: DeValue::Integer(integer) })
            if (1..=largest).contains(&number(integer)) =>
        {
            Ok(Some(Placed { place, value: number(integer) }))
        }
        Some(Placed { place, .. }) => {
            report.add(place, format!("{key} must be an integer from 1 to {largest}"));
            Err(Reported)
        }
    }
}

/// Reports a number that stands twice.
pub(super) fn unique_numbers<'n>(
    report: &mut Report,
    key: &str,
    what: &str,
    numbers: impl Iterator<Item = &'n Placed<u64>>,
) {
    unique_numbers_of(report, key, what, &numbers.copied().collect::<Vec<_>>());
}

fn unique_numbers_of(report: &mut Report, key: &str, what: &str, numbers: &[Placed<u64>]) {
    let texts: Vec<Placed<String>> =
        numbers.iter().map(|number| number.map(|number| number.to_string())).collect();
    let placed = texts.iter().map(|text| Some(Placed { place: text.place, value: text.value.as_str() }));
    people::unique(report, key, what, placed);
}

/// Reads `teams`: the ids of those that have something; `None` is all of them.
pub(super) fn teams(
    report: &mut Report,
    section: &Section,
    known: Option<&Declared>,
) -> Result<Option<Vec<String>>, Reported> {
    let Some(names) = section.strings(report, "teams")? else { return Ok(None) };
    people::distinct(report, "teams", &names);
    if names.is_empty()
        && let Some(value) = section.value(report, "teams")
    {
        report.add(value.place, "teams names no team; leave the key out for all of them");
    }
    if let Some(known) = known {
        for name in &names {
            people::declared(report, "team", name, known);
        }
    }
    Ok(Some(names.iter().map(|name| name.value.into()).collect()))
}
