//! Phone books and contacts that are created, changed and deleted (the guide, "PhoneBook" and "Contact").

use crate::config::{Contact, PhoneBook};
use crate::desk::configuration::change::{check_name, place, set, set_for_all, store};
use crate::desk::configuration::element::Element;
use crate::desk::configuration::objects::Object;
use crate::desk::configuration::request::{Action, Change};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};

impl Desk {
    /// A book that teams have stays theirs.
    pub(super) fn change_book(&mut self, change: &Change) -> Result<Option<u32>, ApiError> {
        let object = Object::PhoneBook;
        let place = place(change, 0, &self.phone_books, |book| book.id)?;
        let old = place.and_then(|place| self.phone_books.get(place));
        let is_in_use = old.and_then(|book| book.teams.as_ref()).is_some_and(|teams| !teams.is_empty());
        let for_all = change.body.text("type").map(|kind| kind == "GLOBAL");
        if is_in_use && (change.action == Action::Delete || for_all == Some(true)) {
            return Err(ApiRefusal::InUse.about(change.id(0)));
        }
        if let (Some(place), Action::Delete) = (place, change.action) {
            self.phone_books.remove(place);
            return Ok(None);
        }
        let none = PhoneBook { id: 0, name: String::new(), teams: None, contacts: Vec::new() };
        let (mut name, mut teams) =
            old.map_or((none.name.clone(), None), |book| (book.name.clone(), book.teams.clone()));
        set(&change.body, "name", &mut name);
        if let Some(for_all) = for_all {
            set_for_all(for_all, &mut teams);
        }
        check_name(object, &self.phone_books, place, |book| book.name == name)?;
        let others = (0..).zip(&self.phone_books).filter(|(other, _)| Some(*other) != place);
        let count = others.filter(|(_, book)| book.teams.is_none() == teams.is_none()).count();
        object.check_room(teams.is_none(), count)?;
        if let Some(book) = place.and_then(|place| self.phone_books.get_mut(place)) {
            (book.name, book.teams) = (name, teams);
            return Ok(None);
        }
        let taken: Vec<u32> = self.phone_books.iter().map(|book| book.id).collect();
        let id = self.configuration.next_id(object, &taken);
        self.phone_books.push(PhoneBook { id, name, teams, ..none });
        Ok(Some(id))
    }

    pub(super) fn change_contact(&mut self, change: &Change) -> Result<Option<u32>, ApiError> {
        let count: usize = self.phone_books.iter().map(|book| book.contacts.len()).sum();
        let id = change.id(0);
        let book = self.phone_books.iter_mut().find(|book| book.id.to_string() == id);
        let book = book.ok_or_else(|| ApiRefusal::NotFound.about(id))?;
        if change.action == Action::Replace {
            let others = count - book.contacts.len();
            return replace(book, others, &change.body, self.profile).map(|()| None);
        }
        let place = place(change, 1, &book.contacts, |contact| contact.id)?;
        if let (Some(place), Action::Delete) = (place, change.action) {
            book.contacts.remove(place);
            return Ok(None);
        }
        let mut contact = place.and_then(|place| book.contacts.get(place)).cloned().unwrap_or_default();
        take(&change.body, &mut contact);
        if place.is_none() {
            Object::Contact.check_room(true, count)?;
            let taken: Vec<u32> = book.contacts.iter().map(|contact| contact.id).collect();
            contact.id = self.configuration.next_id(Object::Contact, &taken);
        }
        let id = contact.id;
        store(&mut book.contacts, place, contact);
        Ok(place.is_none().then_some(id))
    }
}

/// Takes other contacts in place of those of a book; those with errors are left out (the guide, "PhoneBook: import contact list").
fn replace(
    book: &mut PhoneBook,
    others: usize,
    body: &Element,
    profile: crate::config::Profile,
) -> Result<(), ApiError> {
    let given = body.children.iter().filter(|child| child.name == "Contact");
    let good = given.filter(|contact| Object::Contact.check(contact, true, profile).is_ok());
    let contacts: Vec<Contact> = (1..)
        .zip(good)
        .map(|(id, element)| {
            let mut contact = Contact { id, ..Contact::default() };
            take(element, &mut contact);
            contact
        })
        .collect();
    if contacts.is_empty() {
        return Err(ApiRefusal::ParameterInvalid.about("Contacts"));
    }
    Object::Contact.check_room(true, others + contacts.len() - 1)?;
    book.contacts = contacts;
    Ok(())
}

fn take(body: &Element, contact: &mut Contact) {
    set(body, "firstName", &mut contact.first_name);
    set(body, "lastName", &mut contact.last_name);
    set(body, "phoneNumber", &mut contact.phone_number);
    set(body, "description", &mut contact.description);
}
