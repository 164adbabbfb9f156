//! A change of the configuration as a value.

use crate::desk::configuration::element::Element;
use crate::desk::configuration::objects::Object;

/// What happens to objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Create,
    Update,
    Delete,
    /// A team gets those of a list, and no others of its own.
    Assign,
    /// A phone book gets other contacts.
    Replace,
}

/// A change that the API is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub object: Object,
    pub action: Action,
    /// The ids of the path.
    pub ids: Vec<String>,
    /// The parameter `category` of the query.
    pub category: String,
    /// Empty for DELETE.
    pub body: Element,
}

impl Change {
    /// The outermost element of the body.
    pub fn root(object: Object, action: Action, of_team: bool) -> String {
        match (object, action) {
            (Object::LayoutConfig, _) if of_team => "TeamLayoutConfig".to_owned(),
            (_, Action::Assign) => format!("{}s", object.name()),
            (_, Action::Replace) => "Contacts".to_owned(),
            _ => object.name().to_owned(),
        }
    }

    /// The nth id of the path.
    pub(super) fn id(&self, nth: usize) -> &str {
        self.ids.get(nth).map_or("", String::as_str)
    }
}
