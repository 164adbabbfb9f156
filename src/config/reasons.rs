//! Reads `[[reason_code]]`.

use crate::config::keys;
use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Placed, Report};
use crate::config::rules;
use crate::config::section::{Reported, Section, all, named};
use crate::config::shared_keys;
use crate::config::shared_keys::LARGEST_ID;
use crate::config::users::{Category, ReasonCode};

/// The largest code of Finesse.
const LARGEST_CODE: u64 = 65_535;

/// A reason code as far as it could be read.
struct Draft {
    id: Result<Placed<u64>, Reported>,
    category: Result<Category, Reported>,
    code: Result<Placed<u64>, Reported>,
    reason: Result<ReasonCode, Reported>,
}

/// Reads all reason codes.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    teams: Option<&Declared>,
) -> Result<Vec<ReasonCode>, Reported> {
    let sections = root.tables(report, "reason_code", "[[reason_code]]", keys::REASON_CODE)?;
    let drafts: Vec<Draft> = sections.iter().map(|section| draft(report, section, teams)).collect();
    shared_keys::unique_numbers(report, "id", "reason code", drafts.iter().flat_map(|draft| &draft.id));
    for category in Category::ALL {
        let of_category = drafts.iter().filter(|draft| draft.category.is_ok_and(|of| of == category));
        shared_keys::unique_numbers(report, "code", "reason code", of_category.flat_map(|draft| &draft.code));
    }
    all(drafts.into_iter().map(|draft| draft.reason))
}

fn draft(report: &mut Report, section: &Section, known_teams: Option<&Declared>) -> Draft {
    let id = shared_keys::needed_integer(report, section, "id", LARGEST_ID);
    let category = section.needed(report, "category");
    let category = category.and_then(|name| named(report, "category", name, Category::ALL, Category::name));
    let code = shared_keys::needed_integer(report, section, "code", LARGEST_CODE);
    let label = section.needed(report, "label");
    let label = label.and_then(|label| people::checked(report, "label", label, &rules::name));
    let teams = shared_keys::teams(report, section, known_teams);
    let reason = || -> Result<ReasonCode, Reported> {
        // Both numbers are within the bounds above.
        let (id, code) = (id?.value as u32, code?.value as u16);
        Ok(ReasonCode { id, category: category?, code, label: label?.value.into(), teams: teams? })
    };
    Draft { reason: reason(), id, category, code }
}
