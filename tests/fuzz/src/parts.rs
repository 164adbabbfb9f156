//! What an XML text means, by two parsers: the one of the program and another one that knows namespaces.

use roxmltree::{Document, Node, NodeType};
use rxml::{Event, Options, Parse as _, Parser, WithOptions as _};

/// A step through a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Namespace and name, and the same of the attributes with their values, in order.
    Start(String, String, Vec<(String, String, String)>),
    Text(String),
    End,
}

impl Part {
    /// An attribute without a namespace does not count any more.
    pub fn forget_attribute(&mut self, name: &str) {
        if let Self::Start(_, _, attributes) = self {
            attributes.retain(|(namespace, other, _)| !(namespace.is_empty() && other == name));
        }
    }
}

/// All that the program's parser sees in an element.
pub fn parts(element: Node<'_, '_>) -> Vec<Part> {
    let mut parts = Vec::new();
    collect(element, &mut parts);
    parts
}

fn collect(element: Node<'_, '_>, parts: &mut Vec<Part>) {
    let attributes = element.attributes();
    let attributes = attributes.map(|attribute| {
        let namespace = attribute.namespace().unwrap_or_default();
        (namespace.to_owned(), attribute.name().to_owned(), attribute.value().to_owned())
    });
    let mut attributes: Vec<_> = attributes.collect();
    attributes.sort();
    let name = element.tag_name();
    parts.push(Part::Start(
        name.namespace().unwrap_or_default().to_owned(),
        name.name().to_owned(),
        attributes,
    ));
    for child in element.children() {
        match child.node_type() {
            NodeType::Element => collect(child, parts),
            NodeType::Text => add_text(parts, child.text().unwrap_or_default()),
            NodeType::Root | NodeType::Comment | NodeType::PI => {}
        }
    }
    parts.push(Part::End);
}

fn add_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(before)) => before.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// All that the second parser sees. It has to take the text.
pub fn by_second_parser(text: &str) -> Vec<Part> {
    let mut parser = Parser::with_options(Options { max_token_length: 1 << 24, ..Options::default() });
    let mut rest = text.as_bytes();
    let mut parts = Vec::new();
    loop {
        match parser.parse(&mut rest, true) {
            Ok(None) => return parts,
            Ok(Some(Event::XmlDeclaration(..))) => {}
            Ok(Some(Event::StartElement(_, (namespace, name), attributes))) => {
                let attributes = attributes.iter().map(|((namespace, name), value)| {
                    (namespace.to_string(), name.to_string(), value.to_string())
                });
                let mut attributes: Vec<_> = attributes.collect();
                attributes.sort();
                parts.push(Part::Start(namespace.to_string(), name.to_string(), attributes));
            }
            Ok(Some(Event::EndElement(_))) => parts.push(Part::End),
            Ok(Some(Event::Text(_, text))) => add_text(&mut parts, &text),
            Err(error) => panic!("{error:?}: {text}"),
        }
    }
}

/// What leaves the program is one element, and means the same to both.
pub fn agree(document: &Document<'_>) {
    let text = document.input_text();
    assert_eq!(parts(document.root_element()), by_second_parser(text), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_see_the_same() {
        for text in [
            "<a xmlns='u' xmlns:p='v' p:b='1' c='2'>x<p:d/><![CDATA[y]]>&amp;<e xmlns=''/></a>",
            "<?xml version='1.0'?><a xml:lang='en'/>",
        ] {
            agree(&Document::parse(text).expect("XML"));
        }
    }

    #[test]
    #[should_panic(expected = "EmptyNamespaceUri")]
    fn the_second_one_refuses_what_the_first_one_takes() {
        let text = "<x xmlns:a='' a:c='1'/>";
        agree(&Document::parse(text).expect("the first one takes it"));
    }
}
