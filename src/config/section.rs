//! Typed access to the tables of a TOML document; what has the wrong type is reported where it stands.

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::config::keys::is_above_sections;
use crate::config::problem::{Place, Placed, Report, nearest, proposal, shown};

/// Stands for a value that is there but wrong, which has already been reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// A value that is there and good, not there (`None`), or there and wrong.
pub(crate) type Read<T> = Result<Option<Placed<T>>, Reported>;

/// A table of the document: the root, `[tls]`, one `[[user]]`…
pub(crate) struct Section<'d> {
    /// Name of the section as written in the file, such as `[[user]]`; sentences quote it.
    pub name: &'static str,
    /// Where it starts.
    pub place: Place,
    table: &'d DeTable<'d>,
}

impl<'d> Section<'d> {
    /// Opens a table and reports each key that is not one of `known`.
    pub fn open(
        report: &mut Report,
        name: &'static str,
        place: Place,
        table: &'d DeTable<'d>,
        known: &[&'static str],
    ) -> Self {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let text = key.get_ref().as_ref();
            // In TOML a key below a section belongs to that section, also where it is added at the end of a file.
            let end = if is_above_sections(text) && nearest(text, known.iter().copied()).is_none() {
                " but of the file; move it above the first section".to_owned()
            } else {
                proposal(text, known.iter().copied())
            };
            report.add(report.place(key.span()), format!("{} is not a key of {name}{end}", shown(text)));
        }
        Section { name, place, table }
    }

    /// Opens a table that can have any keys.
    pub fn of_any_keys(name: &'static str, place: Place, table: &'d DeTable<'d>) -> Self {
        Section { name, place, table }
    }

    /// Opens the table under `key`, written `[key]`.
    pub fn table(
        &self,
        report: &mut Report,
        key: &'static str,
        name: &'static str,
        known: &[&'static str],
    ) -> Result<Option<Section<'d>>, Reported> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let place = report.place(value.span());
        let Some(table) = value.get_ref().as_table() else {
            report.add(place, format!("{key} must be one section {name}, not {}", kind(value)));
            return Err(Reported);
        };
        Ok(Some(Section::open(report, name, place, table, known)))
    }

    /// Opens the tables under `key`, each written `[[key]]`; `Err` when that is not what stands there.
    pub fn tables(
        &self,
        report: &mut Report,
        key: &'static str,
        name: &'static str,
        known: &[&'static str],
    ) -> Result<Vec<Section<'d>>, Reported> {
        self.tables_of(report, key, name, Some(known))
    }

    /// Opens tables as [`Section::tables`] does that can have any keys.
    pub fn open_tables(
        &self,
        report: &mut Report,
        key: &'static str,
        name: &'static str,
    ) -> Result<Vec<Section<'d>>, Reported> {
        self.tables_of(report, key, name, None)
    }

    fn tables_of(
        &self,
        report: &mut Report,
        key: &'static str,
        name: &'static str,
        known: Option<&[&'static str]>,
    ) -> Result<Vec<Section<'d>>, Reported> {
        let Some(value) = self.table.get(key) else {
            return Ok(Vec::new());
        };
        let Some(array) = value.get_ref().as_array() else {
            let place = report.place(value.span());
            report
                .add(place, format!("{key} must be sections {name} with two brackets, not {}", kind(value)));
            return Err(Reported);
        };
        all(array.iter().map(|element| {
            let place = report.place(element.span());
            let table = element.get_ref().as_table().ok_or_else(|| {
                report.add(place, format!("{key} must be sections {name}, not {}", kind(element)));
                Reported
            })?;
            Ok(match known {
                Some(known) => Section::open(report, name, place, table, known),
                None => Section { name, place, table },
            })
        }))
    }

    /// Every key and its value.
    pub fn entries(&self, report: &Report) -> Vec<(Placed<&'d str>, Placed<&'d DeValue<'d>>)> {
        let entry = |(key, value): (&'d Spanned<_>, &'d Spanned<DeValue<'d>>)| {
            let key_text: &std::borrow::Cow<'d, str> = key.get_ref();
            let key = Placed { place: report.place(key.span()), value: &**key_text };
            (key, Placed { place: report.place(value.span()), value: value.get_ref() })
        };
        self.table.iter().map(entry).collect()
    }

    /// Returns the raw value under `key`.
    pub fn value(&self, report: &Report, key: &str) -> Option<Placed<&'d DeValue<'d>>> {
        let value = self.table.get(key)?;
        Some(Placed { place: report.place(value.span()), value: value.get_ref() })
    }

    /// Reads a string.
    pub fn string(&self, report: &mut Report, key: &'static str) -> Read<&'d str> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        string(report, key, value).map(Some)
    }

    /// Reads a string that must be there.
    pub fn needed(&self, report: &mut Report, key: &'static str) -> Result<Placed<&'d str>, Reported> {
        self.string(report, key)?.ok_or_else(|| {
            report.add(self.place, format!("{} has no {key}; add {key} = \"…\"", self.name));
            Reported
        })
    }

    /// Reads `true` or `false`.
    pub fn boolean(&self, report: &mut Report, key: &'static str) -> Read<bool> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let place = report.place(value.span());
        match value.get_ref().as_bool() {
            Some(value) => Ok(Some(Placed { place, value })),
            None => {
                report.add(place, format!("{key} must be true or false, not {}", kind(value)));
                Err(Reported)
            }
        }
    }

    /// Reads a number from 0 to `most`.
    pub fn integer(
        &self,
        report: &mut Report,
        key: &'static str,
        most: usize,
    ) -> Result<Option<usize>, Reported> {
        match self.value(report, key) {
            None => Ok(None),
            Some(Placed { value: DeValue::Integer(integer), .. }) if number(integer) <= most as u64 => {
                Ok(Some(number(integer) as usize))
            }
            Some(Placed { place, .. }) => {
                report.add(place, format!("{key} must be an integer from 0 to {most}"));
                Err(Reported)
            }
        }
    }

    /// Reads an array of strings; every element of another type is reported.
    pub fn strings(
        &self,
        report: &mut Report,
        key: &'static str,
    ) -> Result<Option<Vec<Placed<&'d str>>>, Reported> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let Some(array) = value.get_ref().as_array() else {
            let place = report.place(value.span());
            report.add(place, format!("{key} must be an array of strings like [\"…\"], not {}", kind(value)));
            return Err(Reported);
        };
        let each = format!("each of {key}");
        all(array.iter().map(|element| string(report, &each, element))).map(Some)
    }
}

/// Takes every result, so that the first wrong one doesn't keep the others from being reported.
pub(crate) fn all<T>(results: impl Iterator<Item = Result<T, Reported>>) -> Result<Vec<T>, Reported> {
    let mut good = Ok(Vec::new());
    for result in results {
        match (result, &mut good) {
            (Ok(value), Ok(values)) => values.push(value),
            (Ok(_), Err(Reported)) => {}
            (Err(Reported), _) => good = Err(Reported),
        }
    }
    good
}

/// Reads a value that must be a string.
pub(crate) fn string<'d>(
    report: &mut Report,
    key: &str,
    value: &'d Spanned<DeValue<'d>>,
) -> Result<Placed<&'d str>, Reported> {
    let place = report.place(value.span());
    match value.get_ref().as_str() {
        Some(value) => Ok(Placed { place, value }),
        None => {
            report.add(place, format!("{key} must be a string in quotes, not {}", kind(value)));
            Err(Reported)
        }
    }
}

/// Names the type of a value and not the value, which might be a password.
fn kind(value: &Spanned<DeValue>) -> &'static str {
    kind_of(value.get_ref())
}

/// Returns the type of a value with its article, as [`kind`] does.
pub(crate) fn kind_of(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// Finds the one of a few things that has this name.
pub(crate) fn named<T: Copy>(
    report: &mut Report,
    key: &'static str,
    text: Placed<&str>,
    all: impl IntoIterator<Item = T> + Copy,
    name: fn(T) -> &'static str,
) -> Result<T, Reported> {
    let names = all.into_iter().map(name).collect();
    let place = place_among(report, key, text, names)?;
    all.into_iter().nth(place).ok_or(Reported)
}

fn place_among(
    report: &mut Report,
    key: &'static str,
    Placed { place, value }: Placed<&str>,
    names: Vec<&'static str>,
) -> Result<usize, Reported> {
    names.iter().position(|name| *name == value).ok_or_else(|| {
        let proposal = proposal(value, names);
        report.add(place, format!("{} is not a {key}{proposal}", shown(value)));
        Reported
    })
}

/// Returns the value of an integer; what is negative or too large becomes `u64::MAX`, which no range contains.
pub(crate) fn number(integer: &DeInteger) -> u64 {
    u64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(u64::MAX)
}
