//! The body of a change as a value: a tree of elements with their texts.

use roxmltree::Node;

use crate::desk::error::ApiError;
use crate::desk::request;
use crate::xml;
use crate::xml::Bounds;

/// An element that can have a whole document in it, as text or as it is.
const RAW: &str = "layoutxml";

/// An element of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    /// The text, without white space around it.
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// Reads a body whose outermost element is called `root`.
    ///
    /// # Errors
    ///
    /// Returns Bad Request for what is not XML within `bounds` or has another root.
    pub fn read(body: &str, bounds: &Bounds, root: &str) -> Result<Self, ApiError> {
        request::read(body, bounds, root, |node| Ok(Self::of(node)))
    }

    /// The depth is bounded where the body was read.
    fn of(node: Node<'_, '_>) -> Self {
        let name = node.tag_name().name().to_owned();
        let elements = || node.children().filter(Node::is_element);
        let raw = elements().next().zip(elements().next_back()).filter(|_| name == RAW);
        let (text, children) = match raw {
            Some((first, last)) => {
                let source = node.document().input_text();
                (source.get(first.range().start..last.range().end).unwrap_or_default().to_owned(), Vec::new())
            }
            None if elements().next().is_none() => (xml::text_content(node).trim().to_owned(), Vec::new()),
            None => (String::new(), elements().map(Self::of).collect()),
        };
        Self { name, text, children }
    }

    /// The child of that name; of several the last one counts (the guide, "ReasonCode: update").
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().rev().find(|child| child.name == name)
    }

    /// The text of that child, which may be empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// The elements called `item` in the child called `list`.
    pub fn items<'a>(&'a self, list: &str, item: &'a str) -> impl Iterator<Item = &'a Self> {
        let children = self.child(list).map(|list| list.children.as_slice()).unwrap_or_default();
        children.iter().filter(move |child| child.name == item)
    }
}
