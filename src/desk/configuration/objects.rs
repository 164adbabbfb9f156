//! The table of the objects that requests create, change and delete: their fields, and how many there can be.

use crate::config::workflows::{
    ACTION_TYPES, HANDLERS, LONGEST_ACTION_NAME, LONGEST_DESCRIPTION, LONGEST_NAME,
};
use crate::config::{MOST_CONTACTS, MOST_LAYOUTS, Profile};
use crate::desk::configuration::element::Element;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::text::number;
use crate::xml::is_carriable;

/// A kind of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    ReasonCode,
    WrapUpReason,
    PhoneBook,
    Contact,
    MediaPropertiesLayout,
    Workflow,
    WorkflowAction,
    LayoutConfig,
    SystemConfig,
    ClusterConfig,
    EnterpriseDatabaseConfig,
    ChatConfig,
    CloudConnectConfig,
}

/// The form of a field's text.
#[derive(Clone, Copy)]
enum Form {
    /// At least and at most so many characters.
    Text(usize, usize),
    /// At most so many bytes, at least one.
    Bytes(usize),
    /// The number of a reason code, whose bound depends on the product.
    Code,
    Flag,
    OneOf(&'static [&'static str]),
    /// An element with others in it, which has rules of its own.
    Nested,
}

/// A field of an object, and whether it is needed when one is created.
type Field = (&'static str, Form, bool);

/// A row of the table.
struct Kind {
    name: &'static str,
    fields: &'static [Field],
    /// How many there can be for everybody, and for some teams.
    most: (usize, usize),
    /// The errors of a field that is missing, and of one that is not valid.
    errors: (ApiRefusal, ApiRefusal),
}

use Form::{Bytes, Code, Flag, Nested, OneOf, Text};

const LENIENT: (ApiRefusal, ApiRefusal) = (ApiRefusal::ParameterMissing, ApiRefusal::ParameterInvalid);
const STRICT: (ApiRefusal, ApiRefusal) = (ApiRefusal::FieldMissing, ApiRefusal::FieldInvalid);

/// The guide's pages of parameters and of errors; the numbers are those of Cisco's administration guide.
#[rustfmt::skip]
const TABLE: [Kind; 7] = [
    Kind { name: "ReasonCode", most: (100, 100), errors: STRICT, fields: &[
        ("category", OneOf(&["NOT_READY", "LOGOUT"]), true), ("code", Code, true), ("label", Text(1, 40), true), ("forAll", Flag, true),
    ] },
    Kind { name: "WrapUpReason", most: (100, 1500), errors: STRICT, fields: &[("label", Bytes(39), true), ("forAll", Flag, true)] },
    Kind { name: "PhoneBook", most: (10, 300), errors: LENIENT, fields: &[
        ("name", Text(1, 64), true), ("type", OneOf(&["GLOBAL", "TEAM"]), true),
    ] },
    Kind { name: "Contact", most: (MOST_CONTACTS, 0), errors: STRICT, fields: &[
        ("firstName", Text(0, 128), false), ("lastName", Text(0, 128), false), ("phoneNumber", Text(1, 32), true),
        ("description", Text(0, 128), false),
    ] },
    Kind { name: "MediaPropertiesLayout", most: (MOST_LAYOUTS, MOST_LAYOUTS), errors: LENIENT, fields: &[
        ("name", Text(1, 40), true), ("description", Text(0, 128), false), ("header", Nested, true), ("column", Nested, false),
    ] },
    Kind { name: "Workflow", most: (100, 100), errors: LENIENT, fields: &[
        ("name", Text(1, LONGEST_NAME), true), ("description", Text(0, LONGEST_DESCRIPTION), false), ("media", Text(1, 10), false),
        ("TriggerSet", Nested, true), ("ConditionSet", Nested, false), ("workflowActions", Nested, false),
    ] },
    Kind { name: "WorkflowAction", most: (100, 100), errors: LENIENT, fields: &[
        ("name", Text(1, LONGEST_ACTION_NAME), true), ("type", OneOf(&ACTION_TYPES), true), ("handledBy", OneOf(&HANDLERS), true),
        ("params", Nested, true), ("actionVariables", Nested, false),
    ] },
];

/// The objects that there is one of, or one for each team.
const SINGLE: [&str; 6] = [
    "LayoutConfig",
    "SystemConfig",
    "ClusterConfig",
    "EnterpriseDatabaseConfig",
    "ChatConfig",
    "CloudConnectConfig",
];

impl Object {
    /// How many kinds there are.
    pub(super) const COUNT: usize = TABLE.len() + SINGLE.len();

    /// The name of the element, and of the resource.
    pub fn name(self) -> &'static str {
        let place = self as usize;
        TABLE.get(place).map_or_else(|| SINGLE[place - TABLE.len()], |kind| kind.name)
    }

    /// Refuses an object beyond the most that there can be; `count` is how many there are that are for everybody, or not.
    pub(super) fn check_room(self, for_all: bool, count: usize) -> Result<(), ApiError> {
        let most = TABLE.get(self as usize).map_or(1, |kind| if for_all { kind.most.0 } else { kind.most.1 });
        if count < most { Ok(()) } else { Err(ApiRefusal::MaximumExceeded.about(self.name())) }
    }

    /// Checks the fields of a body. One that is created needs some of them, one that is changed any.
    ///
    /// # Errors
    ///
    /// Returns Parameter Missing, Invalid Input or Bad Request, as the guide has it for the object.
    pub(super) fn check(self, body: &Element, is_new: bool, profile: Profile) -> Result<(), ApiError> {
        let Some(kind) = TABLE.get(self as usize) else { return Ok(()) };
        let mut any = false;
        for (name, form, needed) in kind.fields {
            let Some(child) = body.child(name) else {
                if *needed && is_new {
                    return Err(kind.errors.0.about(*name));
                }
                continue;
            };
            any = true;
            if !form.takes(child, profile) {
                let missing = child.text.is_empty() && child.children.is_empty() && *needed && is_new;
                return Err(if missing { kind.errors.0 } else { kind.errors.1 }.about(*name));
            }
        }
        if any { Ok(()) } else { Err(ApiRefusal::ParameterInvalid.about(kind.name)) }
    }
}

impl Form {
    fn takes(self, element: &Element, profile: Profile) -> bool {
        let text = element.text.as_str();
        let is_line = |text: &str| is_carriable(text) && !text.chars().any(char::is_control);
        match self {
            Nested => true,
            _ if !element.children.is_empty() => false,
            Text(least, most) => is_line(text) && (least..=most).contains(&text.chars().count()),
            Bytes(most) => is_line(text) && (1..=most).contains(&text.len()),
            Code => number(text).is_some_and(|code: u16| (1..=largest_code(profile)).contains(&code)),
            Flag => text == "true" || text == "false",
            OneOf(names) => names.contains(&text),
        }
    }
}

/// The guide, "ReasonCode API parameters".
fn largest_code(profile: Profile) -> u16 {
    match profile {
        Profile::Uccx => 999,
        Profile::Ucce => u16::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_object_has_its_name() {
        assert_eq!(Object::ReasonCode.name(), "ReasonCode");
        assert_eq!(Object::WorkflowAction.name(), "WorkflowAction");
        assert_eq!(Object::LayoutConfig.name(), "LayoutConfig");
        assert_eq!(Object::CloudConnectConfig.name(), "CloudConnectConfig");
        assert_eq!(Object::CloudConnectConfig as usize + 1, Object::COUNT);
    }
}
