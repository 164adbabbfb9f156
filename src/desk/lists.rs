//! The lists of the configuration: reason codes, wrap-up reasons, phone books, layouts of call
//! variables; and the lists that are always empty (the guide's pages of the same names).

use std::ops::RangeInclusive;

use crate::config::{Category, Contact, Entry, Layout, PhoneBook, ReasonCode, Release};
use crate::id::UserId;
use crate::xml::write_attribute;

use crate::desk::access::Whose;
use crate::desk::contact_centre::Desk;
use crate::desk::documents::{IN_LIST, write_reason};
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::nodes;
use crate::desk::write::{document, element, end_list, inside, list};

impl Desk {
    /// `GET …/ReasonCodes?category=…`: what there is to choose from, of one category or of both.
    ///
    /// # Errors
    ///
    /// Returns Invalid Input for a category that is not NOT_READY, LOGOUT or ALL, and what [`Desk::scope`] does.
    pub fn reason_codes_document(
        &self,
        actor: UserId,
        whose: Whose<'_>,
        category: &str,
    ) -> Result<String, ApiError> {
        let scope = self.scope(actor, whose)?;
        let asked: Vec<Category> = [Category::NotReady, Category::Logout]
            .into_iter()
            .filter(|kind| category == "ALL" || kind.name() == category)
            .collect();
        if asked.is_empty() {
            return Err(ApiRefusal::CategoryUnknown.about("category"));
        }
        let codes = self
            .reason_codes
            .iter()
            .filter(|code| asked.contains(&code.category) && scope.has(code.teams.as_deref()));
        Ok(document(|out| {
            out.push_str("<ReasonCodes");
            write_attribute(out, "category", category);
            end_list(out, "ReasonCodes", |out| {
                codes.for_each(|code| write_reason(out, "ReasonCode", &code.into(), IN_LIST));
            });
        }))
    }

    /// `GET …/ReasonCode/{id}`: of a user what it has, else for everybody who has it.
    ///
    /// # Errors
    ///
    /// Returns Not Found, Authorization Failure, and what [`Desk::scope`] does for a user.
    pub fn reason_code_document(
        &self,
        actor: UserId,
        whose: Whose<'_>,
        id: &str,
    ) -> Result<String, ApiError> {
        let code = self.listed_reason(actor, whose, id, |code| code.category != Category::WrapUp)?;
        Ok(document(|out| write_reason(out, "ReasonCode", &code.into(), IN_LIST)))
    }

    /// `GET …/WrapUpReasons`.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::scope`] does.
    pub fn wrap_up_reasons_document(&self, actor: UserId, whose: Whose<'_>) -> Result<String, ApiError> {
        let scope = self.scope(actor, whose)?;
        let reasons = self.reason_codes.iter().filter(|code| code.category == Category::WrapUp);
        let reasons = reasons.filter(|reason| scope.has(reason.teams.as_deref()));
        Ok(document(|out| {
            list(out, "WrapUpReasons", |out| {
                reasons.for_each(|reason| self.write_wrap_up(out, whose, reason));
            });
        }))
    }

    /// `GET …/WrapUpReason/{id}`: of a user what it has, else for everybody who has it.
    ///
    /// # Errors
    ///
    /// Returns Not Found, Authorization Failure, and what [`Desk::scope`] does for a user.
    pub fn wrap_up_reason_document(
        &self,
        actor: UserId,
        whose: Whose<'_>,
        id: &str,
    ) -> Result<String, ApiError> {
        let reason = self.listed_reason(actor, whose, id, |code| code.category == Category::WrapUp)?;
        Ok(document(|out| self.write_wrap_up(out, whose, reason)))
    }

    /// `GET …/PhoneBooks`: those for everybody first. Contacts stand in them, except in the list of all books. `range` counts the
    /// contacts from 1 on; the second value is how many there are, if some are left out.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::scope`] does.
    pub fn phone_books_document(
        &self,
        actor: UserId,
        whose: Whose<'_>,
        range: Option<RangeInclusive<usize>>,
    ) -> Result<(String, Option<usize>), ApiError> {
        let scope = self.scope(actor, whose)?;
        let (for_all, for_teams): (Vec<_>, Vec<_>) =
            self.phone_books.iter().partition(|book| book.teams.is_none());
        let books = for_all.into_iter().chain(for_teams).filter(|book| scope.has(book.teams.as_deref()));
        let with_contacts = !matches!(whose, Whose::All);
        let range = range.filter(|_| with_contacts).unwrap_or(1..=usize::MAX);
        let (mut count, mut written) = (0, 0);
        let document = document(|out| {
            list(out, "PhoneBooks", |out| {
                for book in books {
                    let before = count;
                    count += book.contacts.len();
                    let first = (range.start() - 1).saturating_sub(before).min(book.contacts.len());
                    let end = range.end().saturating_sub(before).min(book.contacts.len());
                    let shown = book.contacts.get(first..end).unwrap_or_default();
                    written += shown.len();
                    write_book(out, book, with_contacts.then_some(shown));
                }
            });
        });
        Ok((document, Some(count).filter(|count| *count > written && with_contacts)))
    }

    /// `GET /PhoneBook/{id}`: for everybody who has it.
    ///
    /// # Errors
    ///
    /// Returns Not Found or Authorization Failure.
    pub fn phone_book_document(&self, actor: UserId, id: &str) -> Result<String, ApiError> {
        let book = self.phone_book(actor, id)?;
        Ok(document(|out| write_book(out, book, None)))
    }

    /// `GET /PhoneBook/{id}/Contacts`.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::phone_book_document`] does.
    pub fn contacts_document(&self, actor: UserId, book: &str) -> Result<String, ApiError> {
        let book = self.phone_book(actor, book)?;
        Ok(document(|out| list(out, "Contacts", |out| write_contacts(out, book, &book.contacts))))
    }

    /// `GET /PhoneBook/{id}/Contact/{id}`.
    ///
    /// # Errors
    ///
    /// Returns Not Found, and what [`Desk::phone_book_document`] does.
    pub fn contact_document(&self, actor: UserId, book: &str, id: &str) -> Result<String, ApiError> {
        let book = self.phone_book(actor, book)?;
        let contact = book.contacts.iter().find(|contact| contact.id.to_string() == id);
        let contact = contact.ok_or_else(|| ApiRefusal::NotFound.about(id))?;
        Ok(document(|out| write_contact(out, book, contact)))
    }

    /// `GET …/MediaPropertiesLayouts`.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::scope`] does.
    pub fn layouts_document(&self, actor: UserId, whose: Whose<'_>) -> Result<String, ApiError> {
        let scope = self.scope(actor, whose)?;
        let layouts = self.layouts.iter().filter(|layout| scope.has(layout.teams.as_deref()));
        Ok(document(|out| {
            list(out, "MediaPropertiesLayouts", |out| {
                layouts.for_each(|layout| self.write_layout(out, layout));
            });
        }))
    }

    /// `GET /User/{id}/MediaPropertiesLayout`: the first that the user has.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::scope`] does.
    pub fn layout_of_user(&self, actor: UserId, user: UserId) -> Result<String, ApiError> {
        let scope = self.scope(actor, Whose::User(user))?;
        let layout = self.layouts.iter().find(|layout| scope.has(layout.teams.as_deref()));
        let layout = layout.ok_or_else(|| ApiRefusal::NotFound.about(&self.directory.get(user).id))?;
        Ok(document(|out| self.write_layout(out, layout)))
    }

    /// `GET /MediaPropertiesLayout/{id}`, or `default`: for everybody who has it.
    ///
    /// # Errors
    ///
    /// Returns Not Found or Authorization Failure.
    pub fn layout_document(&self, actor: UserId, id: &str) -> Result<String, ApiError> {
        let layout = match id {
            "default" => self.default_layout(),
            _ => self.layouts.iter().find(|layout| layout.id.to_string() == id),
        };
        let layout = layout.ok_or_else(|| ApiRefusal::NotFound.about(id))?;
        self.may_have(actor, layout.teams.as_deref(), id)?;
        Ok(document(|out| self.write_layout(out, layout)))
    }

    fn listed_reason(
        &self,
        actor: UserId,
        whose: Whose<'_>,
        id: &str,
        wanted: impl Fn(&ReasonCode) -> bool,
    ) -> Result<&ReasonCode, ApiError> {
        let not_found = || ApiRefusal::NotFound.about(id);
        let found = self.reason_codes.iter().find(|code| wanted(code) && code.id.to_string() == id);
        if let Whose::All = whose {
            let reason = found.ok_or_else(not_found)?;
            return self.may_have(actor, reason.teams.as_deref(), id).map(|()| reason);
        }
        let scope = self.scope(actor, whose)?;
        found.filter(|reason| scope.has(reason.teams.as_deref())).ok_or_else(not_found)
    }

    pub(super) fn phone_book(&self, actor: UserId, id: &str) -> Result<&PhoneBook, ApiError> {
        let book = self.phone_books.iter().find(|book| book.id.to_string() == id);
        let book = book.ok_or_else(|| ApiRefusal::NotFound.about(id))?;
        self.may_have(actor, book.teams.as_deref(), id).map(|()| book)
    }

    /// Lets through users who have or supervise what these teams have, and administrators.
    pub(super) fn may_have(&self, actor: UserId, teams: Option<&[String]>, id: &str) -> Result<(), ApiError> {
        let may = teams.is_none_or(|teams| self.sees_one_of(actor, teams));
        if may { Ok(()) } else { Err(ApiRefusal::NotAllowed.about(id)) }
    }

    fn write_wrap_up(&self, out: &mut String, whose: Whose<'_>, reason: &ReasonCode) {
        // In the list of a user each is a part of the user, as captured.
        let owner = match whose {
            Whose::User(user) => nodes::user(&self.directory.get(user).id),
            Whose::Team(_) | Whose::All => "/finesse/api".to_owned(),
        };
        inside(out, "WrapUpReason", |out| {
            element(out, "uri", &format!("{owner}/WrapUpReason/{}", reason.id));
            element(out, "label", &reason.label);
            element(out, "forAll", &reason.teams.is_none().to_string());
        });
    }

    /// The first layout that everybody has.
    fn default_layout(&self) -> Option<&Layout> {
        self.layouts.iter().find(|layout| layout.teams.is_none())
    }

    fn write_layout(&self, out: &mut String, layout: &Layout) {
        let is_default = self.default_layout().is_some_and(|default| default.id == layout.id);
        let write_entry = |out: &mut String, entry: &Entry| {
            inside(out, "entry", |out| {
                element(out, "displayName", &entry.label);
                element(out, "mediaProperty", &entry.variable);
                if self.release >= Release::R12_5 {
                    element(out, "showInPopOver", "false");
                    element(out, "uiEditable", "false");
                }
            });
        };
        inside(out, "MediaPropertiesLayout", |out| {
            element(out, "uri", &format!("/finesse/api/MediaPropertiesLayout/{}", layout.id));
            element(out, "name", &layout.name);
            element(out, "description", &layout.description);
            element(out, "type", if is_default { "DEFAULT" } else { "CUSTOM" });
            inside(out, "header", |out| write_entry(out, &layout.header));
            for column in &layout.columns {
                list(out, "column", |out| column.iter().for_each(|entry| write_entry(out, entry)));
            }
        });
    }
}

fn write_book(out: &mut String, book: &PhoneBook, contacts: Option<&[Contact]>) {
    let uri = book_uri(book);
    inside(out, "PhoneBook", |out| {
        element(out, "uri", &uri);
        element(out, "name", &book.name);
        element(out, "type", if book.teams.is_none() { "GLOBAL" } else { "TEAM" });
        match contacts {
            Some(contacts) => list(out, "contacts", |out| write_contacts(out, book, contacts)),
            None => element(out, "contacts", &format!("{uri}/Contacts")),
        }
    });
}

fn write_contacts(out: &mut String, book: &PhoneBook, contacts: &[Contact]) {
    contacts.iter().for_each(|contact| write_contact(out, book, contact));
}

fn write_contact(out: &mut String, book: &PhoneBook, contact: &Contact) {
    inside(out, "Contact", |out| {
        element(out, "firstName", &contact.first_name);
        element(out, "lastName", &contact.last_name);
        element(out, "phoneNumber", &contact.phone_number);
        element(out, "description", &contact.description);
        element(out, "uri", &format!("{}/Contact/{}", book_uri(book), contact.id));
    });
}

fn book_uri(book: &PhoneBook) -> String {
    format!("/finesse/api/PhoneBook/{}", book.id)
}
