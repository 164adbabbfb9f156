//! The documents of the REST API as JSON, for clients that ask for it: one conversion for all of them.
//!
//! An element is a member of the object of its parent. Text is a string, whatever it says; an attribute is a member
//! whose name has an `@` before it. An element that may stand several times is an array, even if it stands once or never.

use hyper::header::{ACCEPT, HeaderMap};
use roxmltree::{Document, Node};

use crate::http::headers::preference;
use crate::json;

/// The elements that may stand several times, each with its parent.
const LISTS: [(&str, &str); 41] = [
    ("ApiErrors", "ApiError"),
    ("Contacts", "Contact"),
    ("Devices", "Device"),
    ("Dialogs", "Dialog"),
    ("ECCVariableConfig", "ECCVariable"),
    ("LockedOutUsers", "LockedOutUser"),
    ("MediaDomains", "MediaDomain"),
    ("MediaList", "Media"),
    ("MediaPropertiesLayout", "column"),
    ("MediaPropertiesLayouts", "MediaPropertiesLayout"),
    ("PhoneBooks", "PhoneBook"),
    ("Queues", "Queue"),
    ("ReasonCodes", "ReasonCode"),
    ("ScriptSelectors", "ScriptSelector"),
    ("SystemVariables", "SystemVariable"),
    ("TeamMessages", "TeamMessage"),
    ("Teams", "Team"),
    ("Users", "User"),
    ("WorkflowActions", "WorkflowAction"),
    ("Workflows", "Workflow"),
    ("WrapUpReasons", "WrapUpReason"),
    ("actionVariables", "ActionVariable"),
    ("actions", "action"),
    ("callvariables", "CallVariable"),
    ("column", "entry"),
    ("conditions", "Condition"),
    ("contacts", "Contact"),
    ("ctiServers", "ctiServer"),
    ("dialogs", "Dialog"),
    ("params", "Param"),
    ("participants", "Participant"),
    ("queues", "Queue"),
    ("roles", "role"),
    ("services", "service"),
    ("teams", "Team"),
    ("teams", "team"),
    ("triggers", "Trigger"),
    ("userDetails", "userDetail"),
    ("users", "User"),
    ("workflowActions", "WorkflowAction"),
    ("wrapUpItems", "wrapUpItem"),
];

/// Tells whether a client asks for JSON more than for XML, which Finesse answers with. A range that both are in, such as
/// `*/*`, names XML, unless XML stands beside it with a weight of its own (RFC 9110 §12.5.1): axios and Angular send
/// `application/json, text/plain, */*` to everybody, and their users read XML.
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    let (mut wanted, mut xml, mut range) = (0, None, 0);
    for (kind, weight) in preference::choices(headers, ACCEPT) {
        match kind.to_ascii_lowercase().as_str() {
            "application/json" => wanted = weight.max(wanted),
            "application/xml" | "text/xml" => xml = xml.max(Some(weight)),
            "*/*" | "application/*" | "text/*" => range = weight.max(range),
            _ => {}
        }
    }
    wanted > xml.unwrap_or(range)
}

/// Converts a document; `None` if it is not one.
pub fn from_xml(document: &str) -> Option<String> {
    let read = Document::parse(document).ok()?;
    let root = read.root_element();
    let mut out = String::with_capacity(document.len());
    json::object(&mut out, |object| object.with(root.tag_name().name(), |out| value(out, root)));
    Some(out)
}

fn value(out: &mut String, element: Node<'_, '_>) {
    let name = element.tag_name().name();
    let mut members: Vec<(&str, Vec<Node<'_, '_>>)> = Vec::new();
    for child in element.children().filter(Node::is_element) {
        let child_name = child.tag_name().name();
        match members.iter_mut().find(|(known, _)| *known == child_name) {
            Some((_, same)) => same.push(child),
            None => members.push((child_name, vec![child])),
        }
    }
    let text = element.text().unwrap_or_default();
    if members.is_empty() && text.is_empty() {
        // An empty list is a list too.
        let items = LISTS.iter().find(|(list, _)| *list == name);
        members.extend(items.map(|(_, item)| (*item, Vec::new())));
    }
    if members.is_empty() && element.attributes().len() == 0 {
        return json::string(out, text);
    }
    json::object(out, |object| {
        for attribute in element.attributes() {
            object.string(&format!("@{}", attribute.name()), attribute.value());
        }
        for (member, same) in members {
            match same[..] {
                [one] if !LISTS.contains(&(name, member)) => object.with(member, |out| value(out, one)),
                _ => object.array(member, same, value),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn finding_gap_5_json_is_asked_for_when_it_is_named_and_xml_is_not() {
        for (accept, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/json, text/javascript, */*; q=0.01", true),
            ("application/xml;q=0.5, application/json;q=0.9", true),
            ("application/json;q=0.5, text/xml", false),
            ("application/json, application/xml", false),
            ("application/json, application/xml;q=0.5, */*", true),
            // axios and Angular.
            ("application/json, text/plain, */*", false),
            ("application/json, text/*", false),
            ("application/json, application/*;q=0.9", true),
            ("application/json;q=0", false),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
            ("*/*", false),
            ("", false),
            ("application/jsonp", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(is_asked_for(&headers), expected, "{accept}");
        }
        assert!(!is_asked_for(&HeaderMap::new()));
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT, HeaderValue::from_static("application/json;q=0.5"));
        headers.append(ACCEPT, HeaderValue::from_static("application/xml"));
        assert!(!is_asked_for(&headers));
    }

    #[test]
    fn elements_become_members_and_lists_arrays() {
        for (xml, json) in [
            ("<a></a>", r#"{"a":""}"#),
            ("<a> 1 &amp;\t\"\\\n&#13;é</a>", r#"{"a":" 1 &\t\"\\\n\ré"}"#),
            ("<a><b>1</b><c></c><b>2</b></a>", r#"{"a":{"b":["1","2"],"c":""}}"#),
            ("<roles><role>Agent</role></roles>", r#"{"roles":{"role":["Agent"]}}"#),
            ("<roles></roles>", r#"{"roles":{"role":[]}}"#),
            ("<User><dialogs>/u</dialogs></User>", r#"{"User":{"dialogs":"/u"}}"#),
            ("<teams><team>1</team></teams>", r#"{"teams":{"team":["1"]}}"#),
            (
                "<Users><User><roles><role>A</role><role>B</role></roles></User></Users>",
                r#"{"Users":{"User":[{"roles":{"role":["A","B"]}}]}}"#,
            ),
            (
                "<ReasonCodes category=\"ALL\"></ReasonCodes>",
                r#"{"ReasonCodes":{"@category":"ALL","ReasonCode":[]}}"#,
            ),
            (
                "<ReasonCodes category=\"ALL\"><ReasonCode><id>1</id></ReasonCode></ReasonCodes>",
                r#"{"ReasonCodes":{"@category":"ALL","ReasonCode":[{"id":"1"}]}}"#,
            ),
        ] {
            assert_eq!(from_xml(xml).as_deref(), Some(json), "{xml}");
        }
        assert_eq!(from_xml("no XML"), None);
    }
}
