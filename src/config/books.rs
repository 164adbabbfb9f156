//! Phone books, and how `[[phone_book]]` is read.

use crate::config::keys;
use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Placed, Report};
use crate::config::rules;
use crate::config::section::{Reported, Section, all};
use crate::config::shared_keys;
use crate::config::shared_keys::LARGEST_ID;

/// The most contacts of all books together: what Finesse shows one agent, and so the bound of every list.
pub const MOST_CONTACTS: usize = 6000;

/// Numbers to dial, for everybody or for some teams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneBook {
    /// By which requests name it; no two have the same.
    pub id: u32,
    /// For people; without control characters. No two have the same.
    pub name: String,
    /// The ids of the teams that have it; `None`: all.
    pub teams: Option<Vec<String>>,
    /// In the order of the file.
    pub contacts: Vec<Contact>,
}

/// Somebody in a phone book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// By which requests name it; no two of a book have the same.
    pub id: u32,
    /// Empty when the configuration has none.
    pub first_name: String,
    /// Empty when the configuration has none.
    pub last_name: String,
    /// Digits, `+`, `*` and `#` in a file; any line of text from the API.
    pub phone_number: String,
    /// Empty when the configuration has none.
    pub description: String,
}

/// A phone book as far as it could be read.
struct Draft<'d> {
    id: Result<Placed<u64>, Reported>,
    name: Option<Placed<&'d str>>,
    book: Result<PhoneBook, Reported>,
}

/// Reads all phone books.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    teams: Option<&Declared>,
) -> Result<Vec<PhoneBook>, Reported> {
    let sections = root.tables(report, "phone_book", "[[phone_book]]", keys::PHONE_BOOK)?;
    let mut contacts = 0;
    let drafts: Vec<Draft> =
        sections.iter().map(|section| draft(report, section, teams, &mut contacts)).collect();
    shared_keys::unique_numbers(report, "id", "phone book", drafts.iter().flat_map(|draft| &draft.id));
    people::unique(report, "name", "phone book", drafts.iter().map(|draft| draft.name));
    all(drafts.into_iter().map(|draft| draft.book))
}

/// Reads one; `count` is how many contacts there were before.
fn draft<'d>(
    report: &mut Report,
    section: &Section<'d>,
    known_teams: Option<&Declared>,
    count: &mut usize,
) -> Draft<'d> {
    let id = shared_keys::needed_integer(report, section, "id", LARGEST_ID);
    let name = section.needed(report, "name");
    let good_name = name.and_then(|name| people::checked(report, "name", name, &rules::name));
    let teams = shared_keys::teams(report, section, known_teams);
    let contacts = contacts(report, section, count);
    let book = || -> Result<PhoneBook, Reported> {
        Ok(PhoneBook {
            // Within the bound above.
            id: id?.value as u32,
            name: good_name?.value.into(),
            teams: teams?,
            contacts: contacts?,
        })
    };
    Draft { book: book(), id, name: name.ok() }
}

fn contacts(report: &mut Report, book: &Section, count: &mut usize) -> Result<Vec<Contact>, Reported> {
    let sections = book.tables(report, "contact", "[[phone_book.contact]]", keys::CONTACT)?;
    let before = *count;
    *count += sections.len();
    if let Some(first_too_many) = sections.get(MOST_CONTACTS.saturating_sub(before))
        && before <= MOST_CONTACTS
    {
        let sentence = format!("there are more than {MOST_CONTACTS} contacts from here on; leave some out");
        report.add(first_too_many.place, sentence);
    }
    let mut ids = Vec::new();
    let contacts = (1..)
        .zip(&sections)
        .map(|(place, section)| {
            let id = shared_keys::integer(report, section, "id", LARGEST_ID)
                .map(|id| id.unwrap_or(Placed { place: section.place, value: place }));
            ids.extend(id);
            contact(report, section, id)
        })
        .collect::<Vec<_>>();
    shared_keys::unique_numbers(report, "id", "contact", ids.iter());
    contacts.into_iter().collect()
}

fn contact(
    report: &mut Report,
    section: &Section,
    id: Result<Placed<u64>, Reported>,
) -> Result<Contact, Reported> {
    let mut text = |key| {
        let text = section.string(report, key);
        people::optional(report, key, text, &people::name_or_nothing).map(Option::unwrap_or_default)
    };
    let (first_name, last_name, description) = (text("first_name"), text("last_name"), text("description"));
    let number = section.needed(report, "phone_number");
    let number = number.and_then(|number| people::checked(report, "phone_number", number, &rules::extension));
    Ok(Contact {
        // Within the bound above.
        id: id?.value as u32,
        first_name: first_name?,
        last_name: last_name?,
        phone_number: number?.value.into(),
        description: description?,
    })
}
