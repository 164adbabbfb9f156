//! The attributes of the `<body/>` of a request (XEP-0124 §7.1, XEP-0206 §3).

use roxmltree::Node;

use crate::xml::BYTE_ORDER_MARK;
use crate::xmpp::bosh::condition::Violation;
use crate::xmpp::bosh::keys::Key;
use crate::xmpp::{ns, stanza};

/// The largest number that all clients can count to (XEP-0124 §14.1).
const RID_MAX: u64 = (1 << 53) - 1;

/// The longest content type that is repeated in every answer, in bytes.
const CONTENT_MAX: usize = 128;

/// The longest that the namespaces of a body and their prefixes may be together, in bytes: they go with each payload that has to
/// wait.
const NAMESPACES_MAX: usize = 1024;

/// How much of a body is looked at for the `sid`, in bytes.
const HEAD_MAX: usize = 4096;

/// A version of BOSH: the parts of the number are counted each for itself (XEP-0124 §7.1).
pub type Version = (u32, u32);

/// A request without its payloads.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    pub sid: Option<&'a str>,
    pub rid: u64,
    pub to: Option<&'a str>,
    /// `None`: a client of the time before there was a version.
    pub ver: Option<Version>,
    /// Seconds.
    pub wait: Option<u64>,
    pub hold: Option<u64>,
    pub ack: Option<u64>,
    pub content: Option<&'a str>,
    /// The attribute `key` as written; whether it is the right one is for the sequence to say.
    pub key: Option<&'a str>,
    pub newkey: Option<Key>,
    /// Seconds.
    pub pause: Option<u64>,
    /// The session shall end, after the payloads.
    pub terminate: bool,
    /// The stream shall be opened again; payloads do not count then (XEP-0206 §5).
    pub restart: bool,
    /// The version of XMPP.
    pub version: Option<&'a str>,
    /// The language of the stream.
    pub lang: Option<&'a str>,
    /// Whether there are no payloads.
    pub empty: bool,
}

impl<'a> Envelope<'a> {
    /// Reads the root of a request. Attributes that have no meaning here are passed over: `route` and `from` say
    /// nothing to a server of one domain, `stream` belongs to several streams, and others may come.
    pub fn read(body: Node<'a, '_>) -> Result<Self, Violation> {
        if !stanza::is(body, "body", ns::HTTPBIND) {
            return Err(Violation::NO_BODY);
        }
        let length = |namespace: &roxmltree::Namespace<'_>| {
            namespace.uri().len() + namespace.name().map_or(0, str::len)
        };
        if body.namespaces().map(length).sum::<usize>() > NAMESPACES_MAX {
            return Err(Violation::NAMESPACES);
        }
        let said = |node: Node<'_, '_>| node.text().is_some_and(|text| !text.trim_ascii().is_empty());
        if body.children().any(|child| child.is_text() && said(child)) {
            return Err(Violation::CHARACTERS);
        }
        let number = |name, violation| match body.attribute(name) {
            None => Ok(None),
            Some(text) => number(text).ok_or(violation).map(Some),
        };
        let content = body.attribute("content");
        if content.is_some_and(|content| !is_content_type(content)) {
            return Err(Violation::CONTENT);
        }
        let rid = number("rid", Violation::NO_RID)?.filter(|rid| (1..=RID_MAX).contains(rid));
        Ok(Self {
            sid: body.attribute("sid"),
            rid: rid.ok_or(Violation::NO_RID)?,
            to: body.attribute("to").filter(|to| !to.is_empty()),
            ver: body.attribute("ver").map(version),
            wait: number("wait", Violation::WAIT)?,
            hold: number("hold", Violation::HOLD)?,
            ack: number("ack", Violation::ACK)?,
            content,
            key: body.attribute("key"),
            newkey: match body.attribute("newkey") {
                None => None,
                Some(key) => Some(Key::read(key).ok_or(Violation::NEWKEY)?),
            },
            pause: number("pause", Violation::PAUSE)?,
            terminate: match body.attribute("type") {
                // A client may report errors, which changes nothing (XEP-0124 §17.2).
                None | Some("error") => false,
                Some("terminate") => true,
                Some(_) => return Err(Violation::TYPE),
            },
            restart: matches!(body.attribute((ns::XBOSH, "restart")), Some("true" | "1")),
            version: body.attribute((ns::XBOSH, "version")),
            lang: stanza::lang(body),
            empty: !body.has_children() || !body.children().any(|child| child.is_element()),
        })
    }

    /// Whether the client leaves, for a time or for ever: it may send one request more than others then
    /// (XEP-0124 §11).
    pub fn leaves(&self) -> bool {
        self.terminate || self.pause.is_some()
    }

    /// Whether it asks for nothing but what waits.
    pub fn polls(&self) -> bool {
        self.empty && !self.restart && !self.leaves()
    }
}

/// Digits only, without a sign. A number that is too large becomes the largest one.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// A version that cannot be read is an old one.
fn version(text: &str) -> Version {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    match (number(major).map(u32::try_from), number(minor).map(u32::try_from)) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
        _ => (1, 0),
    }
}

/// A content type of XML (RFC 7303 §4) in UTF-8, which a header can have as its value. Any other one would let a page have what
/// others have written shown as a page of this server, or read as other characters than it has.
fn is_content_type(text: &str) -> bool {
    let fits = text.len() <= CONTENT_MAX && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let text = text.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim_ascii);
    let kind = parts.next().unwrap_or_default();
    let is_utf_8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        name.trim_ascii() != "charset" || ["utf-8", "utf8"].contains(&value.trim_ascii().trim_matches('"'))
    });
    let is_token = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let is_xml = match kind.split_once('/') {
        Some(("text" | "application", "xml")) => true,
        // A picture and a page can both be XML and run scripts.
        Some(("application", name)) => {
            name.strip_suffix("+xml").is_some_and(is_token) && !["xhtml+xml", "xslt+xml"].contains(&name)
        }
        _ => false,
    };
    fits && is_utf_8 && is_xml
}

/// A body is a document over HTTP, which may begin with a byte order mark (RFC 7303 §3.3). All else in it is as in a stream
/// (XEP-0124 §6).
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// The `sid` in the first tag of a text that need not be all there, nor XML: a look that costs little, so that it can be
/// known whose request it is before it is read. A `sid` that is not written plainly counts as none.
pub fn sid_of(text: &str) -> Option<&str> {
    let text = without_mark(text);
    let mut rest = (0..4).find_map(|less| text.get(..HEAD_MAX - less)).unwrap_or(text);
    if rest.starts_with("<?") {
        rest = rest.split_once("?>")?.1.trim_ascii_start();
    }
    rest = rest.strip_prefix('<')?;
    loop {
        let at = rest.find(['=', '>', '<'])?;
        if rest.as_bytes()[at] != b'=' {
            return None;
        }
        let name = rest[..at].trim_ascii_end();
        let name = &name[name.rfind(|c: char| c.is_ascii_whitespace()).map_or(0, |at| at + 1)..];
        let value = rest[at + 1..].trim_ascii_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = value[1..].split_once(quote)?;
        if name == "sid" {
            return Some(value);
        }
        rest = after;
    }
}

/// An envelope without what would let its reader take over the session.
pub fn without_sid(text: &str) -> String {
    match sid_of(text) {
        Some(sid) if !sid.is_empty() => text.replace(sid, "…"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(u64, bool), Violation> {
        let document = roxmltree::Document::parse(text).expect("XML");
        Envelope::read(document.root_element()).map(|envelope| (envelope.rid, envelope.polls()))
    }

    fn body(attributes: &str, content: &str) -> Result<(u64, bool), Violation> {
        read(&format!("<body xmlns='{}' {attributes}>{content}</body>", ns::HTTPBIND))
    }

    #[test]
    fn every_attribute_has_its_error() {
        for (attributes, violation) in [
            ("", Violation::NO_RID),
            ("rid=''", Violation::NO_RID),
            ("rid='0'", Violation::NO_RID),
            ("rid='-1'", Violation::NO_RID),
            ("rid='+1'", Violation::NO_RID),
            ("rid='1.0'", Violation::NO_RID),
            ("rid='9007199254740992'", Violation::NO_RID),
            ("rid='99999999999999999999999'", Violation::NO_RID),
            ("rid='1' wait='x'", Violation::WAIT),
            ("rid='1' hold='-1'", Violation::HOLD),
            ("rid='1' ack='one'", Violation::ACK),
            ("rid='1' pause=''", Violation::PAUSE),
            ("rid='1' newkey='abc'", Violation::NEWKEY),
            ("rid='1' content=''", Violation::CONTENT),
            ("rid='1' content='text/html&#10;Set-Cookie: a=b'", Violation::CONTENT),
            ("rid='1' content='text/html'", Violation::CONTENT),
            ("rid='1' content='text/html; a=text/xml'", Violation::CONTENT),
            ("rid='1' content='text/plain'", Violation::CONTENT),
            ("rid='1' content='text/xml; charset=iso-8859-1'", Violation::CONTENT),
            ("rid='1' content='text/xml; a=b; Charset = utf-16'", Violation::CONTENT),
            ("rid='1' content='text/xml; charset=utf-8; charset=utf-7'", Violation::CONTENT),
            ("rid='1' content='application/xhtml+xml'", Violation::CONTENT),
            ("rid='1' content='image/svg+xml'", Violation::CONTENT),
            ("rid='1' content='application/+xml'", Violation::CONTENT),
            ("rid='1' content='application/a/b+xml'", Violation::CONTENT),
            ("rid='1' content='xml'", Violation::CONTENT),
            ("rid='1' content=';text/xml'", Violation::CONTENT),
            ("rid='1' type='end'", Violation::TYPE),
        ] {
            assert_eq!(body(attributes, ""), Err(violation), "{attributes}");
        }
        assert_eq!(body("rid='9007199254740991'", ""), Ok((9_007_199_254_740_991, true)));
        for content in [
            "text/xml",
            "Text/XML; charset=utf-8",
            "text/xml;charset=&quot;UTF-8&quot;",
            "application/xml ; a=b",
            "application/xmpp+xml",
        ] {
            assert_eq!(body(&format!("rid='1' content='{content}'"), ""), Ok((1, true)), "{content}");
        }
    }

    #[test]
    fn the_root_is_the_body_and_has_no_text() {
        let other = "<body xmlns='jabber:client' rid='1'/>";
        for text in [other, "<body rid='1'/>", "<x xmlns='http://jabber.org/protocol/httpbind' rid='1'/>"] {
            assert_eq!(read(text), Err(Violation::NO_BODY), "{text}");
        }
        assert_eq!(body("rid='1'", "x<a/>"), Err(Violation::CHARACTERS));
        assert_eq!(body("rid='1'", "<a/>x"), Err(Violation::CHARACTERS));
        assert_eq!(body("rid='1'", "\n  <a>text</a>\n  <b/>\n"), Ok((1, false)));
        assert_eq!(body("rid='1'", " "), Ok((1, true)));
    }

    #[test]
    fn what_is_no_poll() {
        for attributes in ["type='terminate'", "pause='1'", "x:restart='true' xmlns:x='urn:xmpp:xbosh'"] {
            assert_eq!(body(&format!("rid='1' {attributes}"), ""), Ok((1, false)), "{attributes}");
        }
        assert_eq!(
            body("rid='1' x:restart='false' xmlns:x='urn:xmpp:xbosh' type='error'", ""),
            Ok((1, true))
        );
    }

    #[test]
    fn versions_are_two_numbers() {
        for (text, parts) in
            [("1.6", (1, 6)), ("1.10", (1, 10)), ("2", (2, 0)), ("x", (1, 0)), ("1.x", (1, 0))]
        {
            assert_eq!(version(text), parts, "{text}");
        }
        assert!(version("1.10") > version("1.6"));
    }

    #[test]
    fn the_sid_is_seen_in_the_first_tag_only() {
        for (text, sid) in [
            ("<body rid='1' sid='abc' xmlns='u'/>", Some("abc")),
            ("<body a=\"x'>\" sid = \"a'c\"><a", Some("a'c")),
            ("<?xml version='1.0'?>\n<body\nsid='abc'", Some("abc")),
            ("<body rid='1'/><a sid='abc'/>", None),
            ("<body rid='1'><a sid='abc'/></body>", None),
            ("<body x:sid='abc' xsid='abc'/>", None),
            ("<body sid='ab", None),
            ("<body sid=abc>", None),
            ("sid='abc'", None),
            ("<a<body sid='abc'", None),
            ("", None),
            ("<", None),
            ("<=", None),
            ("<body é='1' sid='ü'>", Some("ü")),
            ("\u{feff}<body sid='abc'>", Some("abc")),
            ("\u{feff}\u{feff}<body sid='abc'>", None),
        ] {
            assert_eq!(sid_of(text), sid, "{text}");
        }
        for filler in ["x", "é", "xé"] {
            assert_eq!(sid_of(&format!("<body a='{}' sid='abc'>", filler.repeat(HEAD_MAX))), None);
        }
    }
}
