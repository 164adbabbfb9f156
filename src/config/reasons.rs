//! Reads `[[reason_code]]`.

use toml::de::DeValue;

use super::people::{self, Declared};
use super::problem::{Placed, Report};
use super::section::{Reported, Section, all, named, number};
use super::{Category, ReasonCode, rules};

const KEYS: &[&str] = &["id", "category", "code", "label", "teams"];

/// The largest id; clients keep it in a signed integer.
const LARGEST_ID: u64 = 2_147_483_647;
/// The largest code of Finesse.
const LARGEST_CODE: u64 = 65_535;

/// A reason code as far as it could be read.
struct Draft {
    id: Option<Placed<String>>,
    code: Option<(Category, Placed<String>)>,
    reason: Result<ReasonCode, Reported>,
}

/// Reads all reason codes.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    teams: Option<&Declared>,
) -> Result<Vec<ReasonCode>, Reported> {
    let sections = root.tables(report, "reason_code", "[[reason_code]]", KEYS)?;
    let drafts: Vec<Draft> = sections.iter().map(|section| draft(report, section, teams)).collect();
    people::unique(report, "id", "reason code", drafts.iter().map(|draft| draft.id.as_ref().map(text)));
    for category in Category::ALL {
        let codes = drafts.iter().filter_map(|draft| draft.code.as_ref());
        let codes = codes.filter(|(of, _)| *of == category).map(|(_, code)| Some(text(code)));
        people::unique(report, "code", "reason code", codes);
    }
    all(drafts.into_iter().map(|draft| draft.reason))
}

fn draft(report: &mut Report, section: &Section, known_teams: Option<&Declared>) -> Draft {
    let id = integer(report, section, "id", LARGEST_ID);
    let category = section.needed(report, "category");
    let category = category.and_then(|name| named(report, "category", name, Category::ALL, Category::name));
    let code = integer(report, section, "code", LARGEST_CODE);
    let label = section.needed(report, "label");
    let label = label.and_then(|label| people::checked(report, "label", label, rules::name));
    let teams = section.strings(report, "teams");
    if let Ok(Some(names)) = &teams {
        people::distinct(report, "teams", names);
        if names.is_empty()
            && let Some(value) = section.value(report, "teams")
        {
            report.add(value.place, "teams names no team; leave the key out for all of them");
        }
        if let Some(known) = known_teams {
            for name in names {
                people::declared(report, "team", name, known);
            }
        }
    }
    let reason = || -> Result<ReasonCode, Reported> {
        let teams = teams?.map(|names| names.iter().map(|name| name.value.into()).collect());
        // Both numbers are within the bounds above.
        let (id, code) = (id?.value as u32, code?.value as u16);
        Ok(ReasonCode { id, category: category?, code, label: label?.value.into(), teams })
    };
    Draft {
        reason: reason(),
        id: id.ok().map(|id| id.map(|id| id.to_string())),
        code: category.ok().zip(code.ok().map(|code| code.map(|code| code.to_string()))),
    }
}

/// Reads an integer from 1 on that must be there.
fn integer(
    report: &mut Report,
    section: &Section,
    key: &'static str,
    largest: u64,
) -> Result<Placed<u64>, Reported> {
    let (place, sentence) = match section.value(report, key) {
        Some(Placed { place, value: DeValue::Integer(integer) })
            if (1..=largest).contains(&number(integer)) =>
        {
            return Ok(Placed { place, value: number(integer) });
        }
        Some(Placed { place, .. }) => (place, format!("{key} must be an integer from 1 to {largest}")),
        None => (section.place, format!("{} has no {key}; add {key} = 1 or another number", section.name)),
    };
    report.add(place, sentence);
    Err(Reported)
}

/// What [`people::unique`] compares.
fn text(of: &Placed<String>) -> Placed<&str> {
    Placed { place: of.place, value: of.value.as_str() }
}
