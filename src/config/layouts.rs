//! Layouts of call variables, and how `[[layout]]` is read.

use toml::Spanned;
use toml::de::DeValue;

use crate::config::call_variable;
use crate::config::keys;
use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Placed, Report};
use crate::config::rules;
use crate::config::section;
use crate::config::section::{Reported, Section, all, kind_of};
use crate::config::shared_keys;
use crate::config::shared_keys::LARGEST_ID;

/// The most layouts (the guide, "MediaPropertiesLayout").
pub const MOST_LAYOUTS: usize = 200;
/// The most variables of a column (the guide, "MediaPropertiesLayout API parameters").
const MOST_IN_COLUMN: usize = 10;
/// The longest name, description and label, in characters (the guide, "MediaPropertiesLayout API parameters").
const LONGEST_NAME: usize = 40;
const LONGEST_DESCRIPTION: usize = 128;
const LONGEST_LABEL: usize = 50;

/// The variables that a layout can show beside call variables: those of outbound calls, and the reason (the guide,
/// "MediaPropertiesLayout").
const OTHERS: [&str; 9] = [
    "BACampaign",
    "BAAccountNumber",
    "BAResponse",
    "BAStatus",
    "BADialedListID",
    "BATimeZone",
    "BABuddyName",
    "BACustomerNumber",
    "wrapUpReason",
];

/// Layout of the variables of a call, for everybody or for some teams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// By which requests name it; no two have the same.
    pub id: u32,
    /// For people; without control characters. No two of the file have the same.
    pub name: String,
    /// Empty when the configuration has none.
    pub description: String,
    /// The ids of the teams that have it; `None`: all.
    pub teams: Option<Vec<String>>,
    /// The variable of a call that is shown at first sight.
    pub header: Entry,
    /// The left one and the right one, each of at most ten.
    pub columns: [Vec<Entry>; 2],
}

/// A variable in a layout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The name of the variable.
    pub variable: String,
    /// The name that people see beside the value; may be empty.
    pub label: String,
}

impl Layout {
    /// The layout of those for whom the file has none; `id` is free.
    fn built_in(id: u32) -> Self {
        let entry = |number: u8| Entry {
            variable: format!("callVariable{number}"),
            label: format!("Call Variable {number}"),
        };
        Layout {
            id,
            name: "Default Layout".into(),
            description: "The layout of every call".into(),
            teams: None,
            header: entry(1),
            columns: [(1..=5).map(entry).collect(), (6..=10).map(entry).collect()],
        }
    }
}

/// A layout as far as it could be read.
struct Draft<'d> {
    id: Result<Placed<u64>, Reported>,
    name: Option<Placed<&'d str>>,
    layout: Result<Layout, Reported>,
}

/// Reads all layouts. If none of them is for all teams, the built-in one follows.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    teams: Option<&Declared>,
) -> Result<Vec<Layout>, Reported> {
    let sections = root.tables(report, "layout", "[[layout]]", keys::LAYOUT)?;
    if let Some(section) = sections.get(MOST_LAYOUTS) {
        report.add(section.place, format!("there can be {MOST_LAYOUTS} layouts; leave some out"));
    }
    let drafts: Vec<Draft> =
        (1..).zip(&sections).map(|(place, section)| draft(report, section, place, teams)).collect();
    shared_keys::unique_numbers(report, "id", "layout", drafts.iter().flat_map(|draft| &draft.id));
    people::unique(report, "name", "layout", drafts.iter().map(|draft| draft.name));
    let mut layouts = all(drafts.into_iter().map(|draft| draft.layout))?;
    if layouts.iter().all(|layout| layout.teams.is_some()) {
        let free = (1..).find(|id| layouts.iter().all(|layout| layout.id != *id));
        layouts.extend(free.map(Layout::built_in));
    }
    Ok(layouts)
}

/// Reads one; `place` counts from 1.
fn draft<'d>(
    report: &mut Report,
    section: &Section<'d>,
    place: u64,
    known_teams: Option<&Declared>,
) -> Draft<'d> {
    let id = shared_keys::integer(report, section, "id", LARGEST_ID)
        .map(|id| id.unwrap_or(Placed { place: section.place, value: place }));
    let name = section.needed(report, "name");
    let good_name = name.and_then(|name| {
        people::checked(report, "name", name, &|text| {
            rules::name(text).and_then(|()| rules::text(text, LONGEST_NAME))
        })
    });
    let description = section.string(report, "description");
    let description =
        people::optional(report, "description", description, &|text| rules::text(text, LONGEST_DESCRIPTION));
    let teams = shared_keys::teams(report, section, known_teams);
    let header = header(report, section);
    let (left, right) = (column(report, section, "left"), column(report, section, "right"));
    let layout = || -> Result<Layout, Reported> {
        Ok(Layout {
            // Within the bound above.
            id: id?.value as u32,
            name: good_name?.value.into(),
            description: description?.unwrap_or_default(),
            teams: teams?,
            header: header?,
            columns: [left?, right?],
        })
    };
    Draft { layout: layout(), id, name: name.ok() }
}

fn header(report: &mut Report, section: &Section) -> Result<Entry, Reported> {
    match section.value(report, "header") {
        Some(value) => entry(report, "header", value),
        None => {
            let sentence = "[[layout]] has no header; add header = [\"callVariable1\", \"…\"]";
            report.add(section.place, sentence);
            Err(Reported)
        }
    }
}

fn column(report: &mut Report, section: &Section, key: &'static str) -> Result<Vec<Entry>, Reported> {
    let Some(Placed { place, value }) = section.value(report, key) else {
        return Ok(Vec::new());
    };
    let Some(pairs) = value.as_array() else {
        let kind = kind_of(value);
        let sentence = format!("{key} must be an array like [[\"callVariable1\", \"Customer\"]], not {kind}");
        report.add(place, sentence);
        return Err(Reported);
    };
    if let Some(pair) = pairs.get(MOST_IN_COLUMN) {
        let place = report.place(pair.span());
        report.add(place, format!("{key} can have {MOST_IN_COLUMN} variables; leave some out"));
    }
    let each = format!("each of {key}");
    all(pairs.iter().map(|pair| {
        let placed = Placed { place: report.place(pair.span()), value: pair.get_ref() };
        entry(report, &each, placed)
    }))
}

/// Reads a variable and its label.
fn entry(report: &mut Report, key: &str, pair: Placed<&DeValue>) -> Result<Entry, Reported> {
    let array = pair.value.as_array().map(|array| array.iter().collect::<Vec<&Spanned<DeValue>>>());
    let Some([variable, label]) = array.as_deref() else {
        let sentence =
            format!("{key} must be a variable and its label, like [\"callVariable1\", \"Customer\"]");
        report.add(pair.place, sentence);
        return Err(Reported);
    };
    let variable = section::string(report, "a variable", variable)
        .and_then(|name| people::checked(report, "variable", name, &variable_name));
    let label = section::string(report, "a label", label)
        .and_then(|label| people::checked(report, "label", label, &|text| rules::text(text, LONGEST_LABEL)));
    Ok(Entry { variable: variable?.value.into(), label: label?.value.into() })
}

fn variable_name(name: &str) -> Result<(), String> {
    if call_variable::is_numbered(name) || call_variable::is_own(name) || OTHERS.contains(&name) {
        return Ok(());
    }
    let others = OTHERS.join(", ");
    Err(format!("is not a variable; known are: callVariable1 to callVariable10, user.NAME, {others}"))
}
