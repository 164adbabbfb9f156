//! How a change of the configuration is applied.

use crate::clock::Now;
use crate::desk::configuration::element::Element;
use crate::desk::configuration::objects::Object;
use crate::desk::configuration::request::{Action, Change};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step};
use crate::id::UserId;

impl Desk {
    /// Changes the configuration for an administrator. Returns the path of an object that was created, else
    /// nothing, and the events.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure, Not Found, and what the guide has for the object; then nothing has changed.
    pub(in crate::desk) fn configure(
        &mut self,
        now: Now,
        actor: UserId,
        change: &Change,
        request_id: &str,
    ) -> Result<(String, Vec<Event>), ApiError> {
        self.administrators_only(actor)?;
        let mut step = Step::new(now, request_id);
        if matches!(change.action, Action::Create | Action::Update) {
            change.object.check(&change.body, change.action == Action::Create, self.profile)?;
        }
        let created = match (change.object, change.action) {
            (_, Action::Assign) => self.assign(&mut step, change).map(|()| None),
            (Object::ReasonCode | Object::WrapUpReason, _) => self.change_reason(&mut step, change),
            (Object::PhoneBook, _) => self.change_book(change),
            (Object::Contact, _) => self.change_contact(change),
            (Object::MediaPropertiesLayout, _) => self.change_layout(change),
            (Object::Workflow, _) => self.change_workflow(change),
            (Object::WorkflowAction, _) => self.change_workflow_action(change),
            (Object::LayoutConfig, _) => self.change_desktop_layout(change).map(|()| None),
            _ => self.change_settings(change).map(|()| None),
        }?;
        let path = created.map(|id| match change.object {
            Object::Contact => format!("/finesse/api/PhoneBook/{}/Contact/{id}", change.id(0)),
            object => format!("/finesse/api/{}/{id}", object.name()),
        });
        Ok((path.unwrap_or_default(), step.events))
    }
}

/// The place of an object in its list, for a change of what there is; `None` for what is created.
pub(super) fn place<T>(
    change: &Change,
    nth: usize,
    list: &[T],
    id: impl Fn(&T) -> u32,
) -> Result<Option<usize>, ApiError> {
    if change.action == Action::Create {
        return Ok(None);
    }
    let asked = change.id(nth);
    let found = list.iter().position(|one| id(one).to_string() == asked);
    found.map(Some).ok_or_else(|| ApiRefusal::NotFound.about(asked))
}

/// Refuses a name that another object of the list has.
pub(super) fn check_name<T>(
    object: Object,
    list: &[T],
    own: Option<usize>,
    has_name: impl Fn(&T) -> bool,
) -> Result<(), ApiError> {
    let is_taken = (0..).zip(list).any(|(place, one)| Some(place) != own && has_name(one));
    if is_taken {
        Err(ApiRefusal::Duplicate.about(format!("Duplicate {} name.", object.name())))
    } else {
        Ok(())
    }
}

/// Stores an object at its place, or behind the others.
pub(super) fn store<T>(list: &mut Vec<T>, place: Option<usize>, object: T) {
    match place.and_then(|place| list.get_mut(place)) {
        Some(old) => *old = object,
        None => list.push(object),
    }
}

/// Takes a text that is given.
pub(super) fn set(body: &Element, name: &str, value: &mut String) {
    if let Some(text) = body.text(name) {
        text.clone_into(value);
    }
}

/// Takes whether an object is for everybody; one that is no more is for no team at first.
pub(super) fn set_for_all(for_all: bool, teams: &mut Option<Vec<String>>) {
    if for_all {
        *teams = None;
    } else {
        teams.get_or_insert_default();
    }
}
