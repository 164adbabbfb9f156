//! The contacts of a phone book as comma-separated values (the guide, "PhoneBook: import contact list (CSV)" and "export contact list";
//! RFC 4180).

use crate::config::{Contact, MOST_CONTACTS};
use crate::desk::configuration::element::Element;
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::id::UserId;

/// The names of the columns, and the elements of a contact that they are.
const COLUMNS: [(&str, &str); 4] = [
    ("First Name", "firstName"),
    ("Last Name", "lastName"),
    ("Phone Number", "phoneNumber"),
    ("Notes", "description"),
];

impl Desk {
    /// `GET /PhoneBook/{id}/Contacts/csvFileContent`.
    ///
    /// # Errors
    ///
    /// Returns Not Found, or Authorization Failure to everybody but administrators.
    pub fn contacts_csv(&self, actor: UserId, book: &str) -> Result<String, ApiError> {
        self.administrators_only(actor)?;
        let book = self.phone_book(actor, book)?;
        let mut out = String::new();
        write_line(&mut out, COLUMNS.map(|(name, _)| name));
        for Contact { first_name, last_name, phone_number, description, .. } in &book.contacts {
            write_line(&mut out, [first_name, last_name, phone_number, description]);
        }
        Ok(out)
    }
}

fn write_line(out: &mut String, values: [&str; 4]) {
    for (nth, value) in values.into_iter().enumerate() {
        out.push_str(if nth == 0 { "\"" } else { ",\"" });
        out.push_str(&value.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}

/// Reads contacts, as the body `<Contacts>` has them. A line with the names of the columns, which Finesse writes first, is none.
///
/// # Errors
///
/// Returns Maximum Exceeded for more lines than there can be contacts.
pub fn contacts(text: &str) -> Result<Element, ApiError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = lines(text);
    let is_head = |line: &Vec<String>| {
        line.len() == COLUMNS.len() && line.iter().zip(COLUMNS).all(|(value, (name, _))| value.trim() == name)
    };
    if lines.first().is_some_and(is_head) {
        lines.remove(0);
    }
    if lines.len() > MOST_CONTACTS {
        return Err(ApiRefusal::MaximumExceeded.about("Contact"));
    }
    let named = |(value, (_, name)): (String, (&str, &str))| Element {
        name: name.to_owned(),
        text: value.trim().to_owned(),
        children: Vec::new(),
    };
    let contact = |line: Vec<String>| Element {
        name: "Contact".to_owned(),
        // A line of more than these columns becomes a contact without fields, which is refused for what it lacks.
        children: if line.len() > COLUMNS.len() {
            Vec::new()
        } else {
            line.into_iter().zip(COLUMNS).map(named).collect()
        },
        text: String::new(),
    };
    let children = lines.into_iter().map(contact).collect();
    Ok(Element { name: "Contacts".to_owned(), text: String::new(), children })
}

/// The values of each line, five at most; empty lines are left out, and no more is read than shows that there are too many. A quoted value may have commas, line ends and doubled quotes in it.
fn lines(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut value) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next().filter(|_| lines.len() < MOST_CONTACTS + 2) {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                value.push('"');
            }
            '"' if is_quoted || value.trim().is_empty() => is_quoted = !is_quoted,
            ',' if !is_quoted && line.len() == COLUMNS.len() => value.clear(),
            ',' if !is_quoted => line.push(std::mem::take(&mut value)),
            '\n' if !is_quoted => end_line(&mut lines, &mut line, &mut value),
            '\r' if !is_quoted => {}
            character => value.push(character),
        }
    }
    end_line(&mut lines, &mut line, &mut value);
    lines
}

fn end_line(lines: &mut Vec<Vec<String>>, line: &mut Vec<String>, value: &mut String) {
    let is_empty = line.is_empty() && value.trim().is_empty();
    line.push(std::mem::take(value));
    let line = std::mem::take(line);
    if !is_empty {
        lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let of =
            |contact: &Element| contact.children.iter().map(|child| child.text.clone()).collect::<Vec<_>>();
        contacts(text).expect("not too many").children.iter().map(|contact| of(contact).join("|")).collect()
    }

    #[test]
    fn values_are_quoted_or_not() {
        for (text, expected) in [
            ("", &[][..]),
            ("\r\n\n", &[]),
            (
                "\"First Name\",\"Last Name\",\"Phone Number\",\"Notes\"\r\n\"A\",\"B\",\"1\",\"\"\r\n",
                &["A|B|1|"],
            ),
            ("First Name,Last Name,Phone Number,Notes\nA,B,1,x", &["A|B|1|x"]),
            ("\u{feff}A,B,1,x\n", &["A|B|1|x"]),
            ("A , B,1", &["A|B|1"]),
            ("\"A, B\",\"C \"\"D\"\"\",\"1\",\"x\ny\"", &["A, B|C \"D\"|1|x\ny"]),
            ("A,B,1,x,y\n,,2,\n", &["", "||2|"]),
            ("\"A,B,1", &["A,B,1"]),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn there_are_no_more_lines_than_contacts() {
        let head = "First Name,Last Name,Phone Number,Notes\n";
        let lines = |count: usize| "A,B,1,\n".repeat(count);
        assert_eq!(read(&(head.to_owned() + &lines(MOST_CONTACTS))).len(), MOST_CONTACTS);
        for text in [head.to_owned() + &lines(MOST_CONTACTS + 1), lines(MOST_CONTACTS + 1), lines(100_000)] {
            assert!(contacts(&text).is_err());
        }
        assert_eq!(read(&",".repeat(1_000_000)), [""]);
    }
}
