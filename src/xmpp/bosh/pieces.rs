//! The payloads of a request that are left when some have been taken. Each is read for itself: were the request read anew
//! whenever its session has its turn, one with a thousand payloads would be read more than a hundred times.

use std::collections::VecDeque;
use std::ops::Range;

use roxmltree::Node;

use crate::xml::write_attribute;

/// Payloads of a request, from one of them on.
#[derive(Debug, PartialEq, Eq)]
pub struct Pieces {
    /// A start tag with all that the payloads need of that of their request: the namespaces.
    head: Box<str>,
    text: Box<str>,
    /// Where in the text each of them stands.
    places: VecDeque<Range<usize>>,
    /// The session ends behind the last one.
    pub terminate: bool,
}

impl Pieces {
    /// The payloads of a request, whose text this is, from the one with the number `from` on.
    pub fn new(text: &str, body: Node<'_, '_>, from: usize, terminate: bool) -> Self {
        let mut head = "<body".to_owned();
        for namespace in body.namespaces() {
            match namespace.name() {
                None => write_attribute(&mut head, "xmlns", namespace.uri()),
                // Declared in every document.
                Some("xml") => {}
                Some(prefix) => write_attribute(&mut head, &format!("xmlns:{prefix}"), namespace.uri()),
            }
        }
        head.push('>');
        let payloads = body.children().filter(Node::is_element).skip(from).map(|payload| payload.range());
        let mut places: VecDeque<_> = payloads.collect();
        let start = places.front().map_or(text.len(), |first| first.start);
        for place in &mut places {
            *place = place.start - start..place.end - start;
        }
        Self { head: head.into(), text: text[start..].into(), places, terminate }
    }

    /// Whether all were taken.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl Iterator for Pieces {
    type Item = String;

    /// The next payload, as the only one of a request.
    fn next(&mut self) -> Option<String> {
        let place = self.places.pop_front()?;
        Some([&self.head, &self.text[place], "</body>"].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::limits::Limits;
    use crate::xml;
    use crate::xml::Bounds;

    #[test]
    fn each_payload_stands_for_itself_with_the_namespaces_of_its_request() {
        let text = "<b:body xmlns:b='urn:b' xmlns='urn:d&amp;e' xmlns:x='urn:x' rid='1' x:y='z'> <a/>\n<x:b c='>'><d/>é</x:b><e>ü</e> </b:body>";
        let document = xml::read(text, &Bounds::of(&Limits::default())).expect("it can be read");
        let mut pieces = Pieces::new(text, document.root_element(), 1, false);
        let head = "<body xmlns:b=\"urn:b\" xmlns=\"urn:d&amp;e\" xmlns:x=\"urn:x\">";
        for payload in ["<x:b c='>'><d/>é</x:b>", "<e>ü</e>"] {
            assert_eq!(pieces.next(), Some(format!("{head}{payload}</body>")));
        }
        assert!(pieces.is_empty() && pieces.next().is_none());
    }
}
