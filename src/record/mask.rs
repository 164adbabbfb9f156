//! Bodies as the record may have them.

use std::borrow::Cow;

use crate::xml::{self, Bounds};

/// The longest body that is looked into, in bytes.
const BODY_MAX: usize = 1024 * 1024;

/// What the name of an element or an attribute with a secret has in it.
const SECRETS: &[&str] = &[
    "passw",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "ticket",
    "credential",
    "authorization",
    "cookie",
    "apikey",
];

/// The text in place of a secret.
const MASK: &str = "(masked)";

/// A body of Finesse's API without the secrets in it: what stands in elements and attributes that are called so. A body with such a word
/// in it that is no XML is masked whole.
pub fn body(text: &str) -> Cow<'_, str> {
    if text.is_empty() || !has_secret(text) {
        return text.into();
    }
    masked(text).map_or(Cow::Borrowed(MASK), Cow::Owned)
}

fn masked(text: &str) -> Option<String> {
    let bounds = Bounds { bytes: BODY_MAX, elements: 50_000, depth: 64, attributes: 64, prefixes: 64 };
    let document = xml::read_document(text, &bounds).ok()?;
    // Without a byte order mark and white space before it, which the places count from.
    let text = document.input_text();
    let mut places = Vec::new();
    for node in document.descendants() {
        if node.is_element() {
            let is_secret = has_secret(node.tag_name().name());
            // Also those of an element that is called so, whatever they are called.
            let attributes = node.attributes().filter(|attribute| is_secret || has_secret(attribute.name()));
            places.extend(attributes.map(|attribute| attribute.range_value()));
            if is_secret && let Some(first) = node.first_child() {
                // The range of a text that goes on as CDATA is that of its first part: so up to the tag that ends the element.
                let whole = node.range();
                let end = text[whole.clone()].rfind("</").map_or(whole.end, |at| whole.start + at);
                places.push(first.range().start..end);
            }
        } else if !node.is_text() && has_secret(&text[node.range()]) && node.range().len() < text.len() {
            // A comment.
            places.push(node.range());
        }
    }
    places.sort_by_key(|place| place.start);
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for place in places {
        // What is inside an element that is masked is masked with it.
        if place.start >= end {
            shown.push_str(&text[end..place.start]);
            shown.push_str(MASK);
            end = place.end;
        }
    }
    shown.push_str(&text[end..]);
    Some(shown)
}

fn has_secret(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = |at: usize, word: &str| {
        bytes.get(at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    // Most bytes begin no such word, and bodies are long: no copy is made.
    (0..bytes.len()).any(|at| SECRETS.iter().any(|word| begins(at, word)))
}
