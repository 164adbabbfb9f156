//! Layouts of call variables that are created, changed and deleted (the guide, "MediaPropertiesLayout").

use crate::config::Entry;
use crate::desk::configuration::change::{check_name, set, store};
use crate::desk::configuration::element::Element;
use crate::desk::configuration::objects::Object;
use crate::desk::configuration::request::{Action, Change};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};

/// The most variables of a column, and the longest name and label in characters (the guide, "MediaPropertiesLayout API parameters").
const MOST_IN_COLUMN: usize = 10;
const LONGEST_VARIABLE: usize = 32;
const LONGEST_LABEL: usize = 50;

impl Desk {
    /// A layout that is created is for everybody. The layout that is called `default` stays.
    pub(super) fn change_layout(&mut self, change: &Change) -> Result<Option<u32>, ApiError> {
        let object = Object::MediaPropertiesLayout;
        let default = self.layouts.iter().position(|layout| layout.teams.is_none());
        let asked = change.id(0);
        let place = match change.action {
            Action::Create => None,
            // The path ends in `default`.
            _ if change.ids.is_empty() => default,
            _ => Some(
                self.layouts
                    .iter()
                    .position(|layout| layout.id.to_string() == asked)
                    .ok_or_else(|| ApiRefusal::NotFound.about(asked))?,
            ),
        };
        if let (Some(place), Action::Delete) = (place, change.action) {
            if Some(place) == default {
                return Err(ApiRefusal::DefaultStays.about(asked));
            }
            self.layouts.remove(place);
            return Ok(None);
        }
        let mut layout = place.and_then(|place| self.layouts.get(place)).cloned().unwrap_or_default();
        let body = &change.body;
        set(body, "name", &mut layout.name);
        set(body, "description", &mut layout.description);
        if let Some(header) = body.child("header") {
            let mut entries = entries(header)?.into_iter();
            let (Some(entry), None) = (entries.next(), entries.next()) else {
                return Err(ApiRefusal::ParameterInvalid.about("header"));
            };
            layout.header = entry;
        }
        let columns: Vec<_> = body.children.iter().filter(|child| child.name == "column").collect();
        if columns.len() > layout.columns.len() {
            return Err(ApiRefusal::ParameterInvalid.about("column"));
        }
        if !columns.is_empty() {
            layout.columns = Default::default();
        }
        for (column, own) in columns.into_iter().zip(&mut layout.columns) {
            *own = entries(column)?;
            if own.len() > MOST_IN_COLUMN {
                return Err(ApiRefusal::ParameterInvalid.about("column"));
            }
        }
        check_name(object, &self.layouts, place, |other| other.name == layout.name)?;
        if place.is_none() {
            object.check_room(true, self.layouts.len())?;
            let taken: Vec<u32> = self.layouts.iter().map(|layout| layout.id).collect();
            layout.id = self.configuration.next_id(object, &taken);
        }
        let id = layout.id;
        store(&mut self.layouts, place, layout);
        Ok(place.is_none().then_some(id))
    }
}

fn entries(parent: &Element) -> Result<Vec<Entry>, ApiError> {
    let entries = parent.children.iter().filter(|child| child.name == "entry");
    entries
        .map(|entry| {
            let text = |name: &str, least: usize, most: usize| {
                let text = entry.text(name).unwrap_or_default();
                let good = (least..=most).contains(&text.chars().count());
                if good { Ok(text.to_owned()) } else { Err(ApiRefusal::ParameterInvalid.about(name)) }
            };
            Ok(Entry {
                label: text("displayName", 0, LONGEST_LABEL)?,
                variable: text("mediaProperty", 1, LONGEST_VARIABLE)?,
            })
        })
        .collect()
}
