//! Reads `[[fault]]` as far as this room understands it: names and values with their places. What they mean is for those who know
//! the kinds of faults.

use toml::de::DeValue;

use crate::config::people;
use crate::config::problem::{Place, Placed, Report, shown};
use crate::config::section::{Reported, Section, all, kind_of};

/// A `[[fault]]` of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSection {
    pub place: Place,
    pub name: String,
    pub name_place: Place,
    /// Every other key.
    pub keys: Vec<FaultKey>,
}

/// A key of a `[[fault]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultKey {
    pub name: String,
    pub name_place: Place,
    /// A number, `true` and `false` as text.
    pub value: String,
    pub value_place: Place,
}

/// Reads all of them.
pub(super) fn read(report: &mut Report, root: &Section) -> Result<Vec<FaultSection>, Reported> {
    let sections = root.open_tables(report, "fault", "[[fault]]")?;
    let names: Vec<_> = sections.iter().map(|section| section.needed(report, "name")).collect();
    people::unique(report, "name", "fault", names.iter().map(|name| name.ok()));
    all(sections.iter().zip(names).map(|(section, name)| {
        if !cfg!(feature = "lab") {
            // Nobody asks what the faults of a program without faults are.
            let name = name?;
            return Ok(FaultSection {
                place: section.place,
                name: name.value.to_owned(),
                name_place: name.place,
                keys: Vec::new(),
            });
        }
        let keys = all(section
            .entries(report)
            .into_iter()
            .filter(|(key, _)| key.value != "name")
            .map(|(key, value)| self::key(report, key, value)));
        let (name, keys) = (name?, keys?);
        Ok(FaultSection { place: section.place, name: name.value.to_owned(), name_place: name.place, keys })
    }))
}

fn key(report: &mut Report, key: Placed<&str>, value: Placed<&DeValue>) -> Result<FaultKey, Reported> {
    let text = match value.value {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        DeValue::Boolean(is_on) => is_on.to_string(),
        other => {
            let (key, found) = (shown(key.value), kind_of(other));
            let sentence =
                format!("{key} must be a string in quotes, a number or true or false, not {found}");
            report.add(value.place, sentence);
            return Err(Reported);
        }
    };
    Ok(FaultKey { name: key.value.to_owned(), name_place: key.place, value: text, value_place: value.place })
}
