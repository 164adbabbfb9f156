//! XML compared as XML: names, namespaces, attributes in any order, text. Prefixes and quotes do not matter.

use super::glob::glob;
use roxmltree::{Document, Node};

/// Where sentences for people may stand. They are not compared, as no client may depend on them.
const SENTENCES: [&str; 2] = ["urn:ietf:params:xml:ns:xmpp-stanzas", "urn:ietf:params:xml:ns:xmpp-streams"];

/// Compares a message with a pattern, in which `{any}` stands for any text but the empty one.
///
/// A `<text/>` of the error namespaces may be there although the pattern has none.
pub fn compare(pattern: &str, got: &str) -> Result<(), String> {
    let wanted = Document::parse(pattern).unwrap_or_else(|error| panic!("{error} in the pattern {pattern}"));
    let got = Document::parse(got).map_err(|error| format!("it is not one XML element: {error}"))?;
    element(wanted.root_element(), got.root_element())
}

fn element(wanted: Node<'_, '_>, got: Node<'_, '_>) -> Result<(), String> {
    let name = wanted.tag_name().name();
    if wanted.tag_name() != got.tag_name() {
        return Err(format!("{:?} in place of {:?}", got.tag_name(), wanted.tag_name()));
    }
    for attribute in wanted.attributes() {
        let found = got
            .attributes()
            .find(|other| (other.namespace(), other.name()) == (attribute.namespace(), attribute.name()));
        match found {
            Some(found) if glob(attribute.value(), found.value()) => {}
            found => {
                let found = found.map(|found| found.value());
                let (key, value) = (attribute.name(), attribute.value());
                return Err(format!("<{name} {key}={value:?}> has {found:?} there"));
            }
        }
    }
    if let Some(more) = got.attributes().find(|attribute| {
        !wanted
            .attributes()
            .any(|other| (other.namespace(), other.name()) == (attribute.namespace(), attribute.name()))
    }) {
        return Err(format!("<{name}> has an attribute {} beside", more.name()));
    }
    let sentences = wanted.children().any(is_sentence);
    let expected: Vec<_> = wanted.children().collect();
    let found: Vec<_> = got.children().filter(|child| sentences || !is_sentence(*child)).collect();
    if expected.len() != found.len() {
        return Err(format!("<{name}> has {} children in place of {}", found.len(), expected.len()));
    }
    for (wanted, got) in expected.into_iter().zip(found) {
        match (wanted.text(), got.text()) {
            _ if wanted.is_element() && got.is_element() => element(wanted, got)?,
            (Some(wanted), Some(got_text)) if got.is_text() => {
                if !glob(wanted, got_text) {
                    return Err(format!("<{name}> has the text {got_text:?} in place of {wanted:?}"));
                }
            }
            _ => return Err(format!("<{name}> has {got:?} in place of {wanted:?}")),
        }
    }
    Ok(())
}

fn is_sentence(node: Node<'_, '_>) -> bool {
    node.tag_name().name() == "text"
        && node.tag_name().namespace().is_some_and(|name| SENTENCES.contains(&name))
}

/// Text as it stands in an attribute value or between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&apos;")
        .replace('"', "&quot;")
}

#[test]
fn the_comparison_sees_every_difference() {
    let pattern = "<a xmlns='u' b='1' c='x{any}'><d>t{any}</d><e/></a>";
    let same = "<p:a xmlns:p='u' c='xyz' b='1'><p:d>te&amp;</p:d><p:e></p:e></p:a>";
    assert_eq!(compare(pattern, same), Ok(()));
    for other in [
        "<a xmlns='v' b='1' c='xyz'><d>te</d><e/></a>",
        "<a xmlns='u' b='2' c='xyz'><d>te</d><e/></a>",
        "<a xmlns='u' b='1' c='x'><d>te</d><e/></a>",
        "<a xmlns='u' c='xyz'><d>te</d><e/></a>",
        "<a xmlns='u' b='1' c='xyz' d=''><d>te</d><e/></a>",
        "<a xmlns='u' b='1' c='xyz'><d>se</d><e/></a>",
        "<a xmlns='u' b='1' c='xyz'><d>te</d> <e/></a>",
        "<a xmlns='u' b='1' c='xyz'><e/><d>te</d></a>",
        "<a xmlns='u' b='1' c='xyz'><d>te</d><e>t</e></a>",
        "<a xmlns='u' b='1' c='xyz'><d>te</d><e><f/></e></a>",
        "<a xmlns='u' b='1' c='xyz'><d>te</d></a>",
        "<a xmlns='u' b='1' c='xyz'><d>te</d><e/></a><a/>",
    ] {
        assert!(compare(pattern, other).is_err(), "{other}");
    }
    assert!(compare("<a b='{any}'/>", "<a b=''/>").is_err());
    assert!(glob("a{any}c", "abc") && !glob("a{any}c", "ac") && !glob("a{any}c", "abcd"));
    let error = "<error><x xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    let text = "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>For people.</text>";
    assert_eq!(compare(error, &error.replace("</error>", &format!("{text}</error>"))), Ok(()));
}
