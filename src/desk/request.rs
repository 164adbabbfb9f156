//! The bodies of requests. What they mean is for the desk to say, after it has looked at who asks.

use crate::xmpp::xml::{self, Bounds, XmlError};

use super::error::{ApiError, Refusal};

/// What `PUT /User/{id}` asks for (reference 4.2): the texts of the elements, without white space around them. An
/// empty element is as good as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetState {
    pub state: Option<String>,
    pub extension: Option<String>,
    pub reason_code_id: Option<String>,
}

impl SetState {
    /// Reads `<User>…</User>`, in any order; elements that mean nothing here are passed over.
    ///
    /// # Errors
    ///
    /// Returns Bad Request for what is not XML within `bounds`, has another root, or an element twice.
    pub fn read(body: &str, bounds: &Bounds) -> Result<Self, ApiError> {
        let malformed = |what: &str| Refusal::Malformed.about(what);
        let document = xml::read(body.trim_ascii(), bounds).map_err(|error| {
            malformed(match error {
                XmlError::NotWellFormed => "not well-formed XML",
                XmlError::Restricted => "comments, processing instructions and DTDs are not allowed",
                XmlError::TooMuch(what) => what,
            })
        })?;
        let root = document.root_element();
        if root.tag_name().name() != "User" {
            return Err(malformed("the root element must be User"));
        }
        let mut read = Self::default();
        let mut seen = [false; 3];
        for child in root.children().filter(|child| child.is_element()) {
            let (name, place, field) = match child.tag_name().name() {
                "state" => ("state", 0, &mut read.state),
                "extension" => ("extension", 1, &mut read.extension),
                "reasonCodeId" => ("reasonCodeId", 2, &mut read.reason_code_id),
                _ => continue,
            };
            if child.children().any(|inner| inner.is_element()) {
                return Err(malformed(&format!("{name} must be text")));
            }
            if std::mem::replace(&mut seen[place], true) {
                return Err(malformed(&format!("{name} stands twice")));
            }
            let text = xml::text_content(child);
            *field = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn read(body: &str) -> Result<SetState, ApiError> {
        SetState::read(body, &Bounds::of(&Limits::default()))
    }

    #[test]
    fn elements_in_any_order_with_others_between() {
        let all = SetState {
            state: Some("LOGIN".into()),
            extension: Some("1001".into()),
            reason_code_id: Some("1".into()),
        };
        for body in [
            "<User><state>LOGIN</state><extension>1001</extension><reasonCodeId>1</reasonCodeId></User>",
            "\r\n<?xml version='1.0'?>\n<User>\n <reasonCodeId> 1\n</reasonCodeId><mobileAgent><state>x</state></mobileAgent>\
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

    #[test]
    fn what_is_no_such_body_is_a_bad_request() {
        let deep = format!("<User>{}{}</User>", "<a>".repeat(32), "</a>".repeat(32));
        let long = format!("<User><state>{}</state></User>", "x".repeat(Limits::default().stanza));
        for (body, what) in [
            ("", "not well-formed XML"),
            ("state=READY", "not well-formed XML"),
            ("<User><state>READY</User>", "not well-formed XML"),
            ("<User/><User/>", "not well-formed XML"),
            ("<!DOCTYPE User [<!ENTITY e 'READY'>]><User><state>&e;</state></User>", "comments, processing"),
            ("<User><!-- x --></User>", "comments, processing"),
            ("<user><state>READY</state></user>", "the root element must be User"),
            ("<Dialog/>", "the root element must be User"),
            ("<User><state>READY</state><state>READY</state></User>", "state stands twice"),
            ("<User><extension/><extension>1</extension></User>", "extension stands twice"),
            ("<User><reasonCodeId>1</reasonCodeId><reasonCodeId/></User>", "reasonCodeId stands twice"),
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
