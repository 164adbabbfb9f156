//! The bodies of requests: one reader for all of them. The desk says what they mean, after it has looked at who asks.

use roxmltree::Node;

use crate::xml;
use crate::xml::{Bounds, XmlError};

use crate::desk::error::{ApiError, ApiRefusal};

/// The request `PUT /User/{id}` (the guide, "User: change agent state"): the texts of the elements, without white space
/// around them. An empty element is as good as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetState {
    pub state: Option<String>,
    pub extension: Option<String>,
    /// The device of the telephone that a sign-in chooses.
    pub active_device_id: Option<String>,
    pub reason_code_id: Option<String>,
    /// Whether LOGOUT is from the other media too.
    pub logout_all_media: Option<String>,
    /// What makes a sign-in that of a mobile agent.
    pub mobile_agent: Option<MobileAgent>,
}

/// The element `<mobileAgent>` of a sign-in (the guide, "User: sign in as a mobile agent").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MobileAgent {
    pub mode: Option<String>,
    pub dial_number: Option<String>,
}

impl SetState {
    /// Reads `<User>…</User>`, in any order; elements that mean nothing here are passed over.
    ///
    /// # Errors
    ///
    /// Returns Bad Request for what is not XML within `bounds`, has another root, or an element twice.
    pub fn read(body: &str, bounds: &Bounds) -> Result<Self, ApiError> {
        read(body, bounds, "User", |user| {
            let [state, extension, active_device_id, reason_code_id, logout_all_media] =
                texts(user, ["state", "extension", "activeDeviceId", "reasonCodeId", "logoutAllMedia"])?;
            let mobile_agent = match only_child(user, "mobileAgent")? {
                Some(mobile) if mobile.has_children() => {
                    let [mode, dial_number] = texts(mobile, ["mode", "dialNumber"])?;
                    Some(MobileAgent { mode, dial_number })
                }
                _ => None,
            };
            Ok(Self { state, extension, active_device_id, reason_code_id, logout_all_media, mobile_agent })
        })
    }
}

/// The request `POST /TeamMessage` (the guide, "TeamMessage"): the texts of the elements, as for [`SetState`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMessage {
    pub duration: Option<String>,
    pub content: Option<String>,
    /// The ids of teams.
    pub teams: Vec<String>,
}

impl NewMessage {
    /// Reads `<TeamMessage>…</TeamMessage>`, as [`SetState::read`] does.
    ///
    /// # Errors
    ///
    /// Returns what [`SetState::read`] does.
    pub fn read(body: &str, bounds: &Bounds) -> Result<Self, ApiError> {
        read(body, bounds, "TeamMessage", |message| {
            let [duration, content] = texts(message, ["duration", "content"])?;
            Ok(Self { duration, content, teams: list(message, "teams", "team")? })
        })
    }
}

/// The request `POST /User/{id}/ClientLog` with a log (the guide, "ClientLog"), which nobody keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLog {
    /// Whether there is something in it.
    pub has_data: bool,
}

impl ClientLog {
    /// Reads `<ClientLog><logData>…</logData></ClientLog>`, as [`SetState::read`] does.
    ///
    /// # Errors
    ///
    /// Returns what [`SetState::read`] does.
    pub fn read(body: &str, bounds: &Bounds) -> Result<Self, ApiError> {
        read(body, bounds, "ClientLog", |log| {
            let mut inside = only_child(log, "logData")?.into_iter().flat_map(|data| data.descendants());
            Ok(Self { has_data: inside.any(|node| node.text().is_some_and(|text| !text.trim().is_empty())) })
        })
    }
}

/// Reads a body whose outermost element is called `root`, whatever its namespace, and hands that element to `take`.
///
/// # Errors
///
/// Returns Bad Request for what is not XML within `bounds` or has another root.
pub(super) fn read<T>(
    body: &str,
    bounds: &Bounds,
    root: &str,
    take: impl FnOnce(Node<'_, '_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let document = xml::read_document(body, bounds).map_err(|error| match error {
        XmlError::NotWellFormed(why) => ApiRefusal::Malformed.about(format!("not well-formed XML: {why}")),
        XmlError::Restricted => ApiRefusal::Malformed.about("DTDs and entities of one's own are not allowed"),
        XmlError::Encoding => ApiRefusal::NotUtf8.about("the XML declaration, or the first bytes"),
        XmlError::TooMuch(what) => ApiRefusal::Malformed.about(what),
    })?;
    let element = document.root_element();
    if element.tag_name().name() != root {
        return Err(ApiRefusal::Malformed.about(format!("the root element must be {root}")));
    }
    take(element)
}

/// The texts of the children with these names, without white space around them. An empty element is as good as none.
///
/// # Errors
///
/// Returns Bad Request for one that stands twice or has elements in it.
pub(super) fn texts<const N: usize>(
    parent: Node<'_, '_>,
    names: [&str; N],
) -> Result<[Option<String>; N], ApiError> {
    let mut texts = [const { None }; N];
    for (name, found) in names.into_iter().zip(&mut texts) {
        if let Some(child) = only_child(parent, name)? {
            *found = text(child)?;
        }
    }
    Ok(texts)
}

/// The texts of the children called `item` of the child called `list`, those that are empty left out.
///
/// # Errors
///
/// Returns Bad Request for a list that stands twice, or an item with elements in it.
pub(super) fn list(parent: Node<'_, '_>, list: &str, item: &str) -> Result<Vec<String>, ApiError> {
    let Some(list) = only_child(parent, list)? else { return Ok(Vec::new()) };
    children(list, item).filter_map(|child| text(child).transpose()).collect()
}

pub(super) fn children<'a, 'i>(parent: Node<'a, 'i>, name: &str) -> impl Iterator<Item = Node<'a, 'i>> {
    parent.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

pub(super) fn only_child<'a, 'i>(parent: Node<'a, 'i>, name: &str) -> Result<Option<Node<'a, 'i>>, ApiError> {
    let mut found = children(parent, name);
    let first = found.next();
    match found.next() {
        None => Ok(first),
        Some(_) => Err(ApiRefusal::Malformed.about(format!("{name} stands twice"))),
    }
}

pub(super) fn text(element: Node<'_, '_>) -> Result<Option<String>, ApiError> {
    if element.children().any(|inner| inner.is_element()) {
        return Err(ApiRefusal::Malformed.about(format!("{} must be text", element.tag_name().name())));
    }
    let text = xml::text_content(element);
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::limits::Limits;

    fn read(body: &str) -> Result<SetState, ApiError> {
        SetState::read(body, &Bounds::of(&Limits::default()))
    }

    #[test]
    fn elements_in_any_order_with_others_between() {
        let all = SetState {
            state: Some("LOGIN".into()),
            extension: Some("1001".into()),
            active_device_id: None,
            reason_code_id: Some("1".into()),
            logout_all_media: None,
            mobile_agent: None,
        };
        for body in [
            "<User><state>LOGIN</state><extension>1001</extension><reasonCodeId>1</reasonCodeId></User>",
            "\r\n<?xml version='1.0'?>\n<User>\n <reasonCodeId> 1\n</reasonCodeId><phone><state>x</state></phone><mobileAgent/>\
             <extension><![CDATA[1001]]></extension>and<state>LO&#71;IN</state></User>\n",
            "<f:User xmlns:f='u'><f:extension>1001</f:extension><f:reasonCodeId>1</f:reasonCodeId><f:state>LOGIN</f:state></f:User>",
        ] {
            assert_eq!(read(body), Ok(all.clone()), "{body}");
        }
        for body in [
            "<User/>",
            "<User></User>",
            "<User>LOGIN</User>",
            "<User><state/><extension> </extension></User>",
        ] {
            assert_eq!(read(body), Ok(SetState::default()), "{body}");
        }
    }

    /// .NET writes the mark, editors the comments.
    #[test]
    fn a_body_is_a_document_and_not_a_stanza() {
        let ready = SetState { state: Some("READY".into()), ..SetState::default() };
        for body in [
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<User>\r\n  <state>READY</state>\r\n</User>",
            "<!-- sign in --><User><?a b?><state>READY</state></User><!-- done -->",
            "<User><state>RE<!-- x -->ADY</state><!-- <state>LOGOUT</state> --></User>",
        ] {
            assert_eq!(read(body), Ok(ready.clone()), "{body}");
        }
        let error = read("<?xml version='1.0' encoding='ISO-8859-1'?><User/>").expect_err("another encoding");
        assert_eq!(error.status(), 415);
        assert!(error.document().contains("The body has to be UTF-8"), "{}", error.document());
    }

    #[test]
    fn what_is_no_such_body_is_a_bad_request() {
        let deep = format!("<User>{}{}</User>", "<a>".repeat(32), "</a>".repeat(32));
        let long = format!("<User><state>{}</state></User>", "x".repeat(Limits::default().stanza));
        for (body, what) in [
            ("", "not well-formed XML"),
            ("state=READY", "not well-formed XML"),
            ("<User><state>READY</User>", "not well-formed XML"),
            ("<User/><User/>", "not well-formed XML"),
            ("<!DOCTYPE User [<!ENTITY e 'READY'>]><User><state>&e;</state></User>", "DTDs and entities"),
            ("<User><!-- x -- y --></User>", "not well-formed XML"),
            ("<user><state>READY</state></user>", "the root element must be User"),
            ("<Dialog/>", "the root element must be User"),
            ("<User><state>READY</state><state>READY</state></User>", "state stands twice"),
            ("<User><extension/><extension>1</extension></User>", "extension stands twice"),
            ("<User><reasonCodeId>1</reasonCodeId><reasonCodeId/></User>", "reasonCodeId stands twice"),
            ("<User><mobileAgent/><mobileAgent/></User>", "mobileAgent stands twice"),
            ("<User><mobileAgent><mode/><mode/></mobileAgent></User>", "mode stands twice"),
            ("<User><state>READY<b/></state></User>", "state must be text"),
            (&deep, "elements nested too deep"),
            (&long, "message too large"),
        ] {
            let error = read(body).expect_err(body);
            let document = error.document();
            assert_eq!(error.status(), 400);
            assert!(document.contains("<ErrorType>Bad Request</ErrorType>"), "{document}");
            assert!(document.contains(&format!("<ErrorData>{what}")), "{document}");
        }
    }
}
