//! SASL PLAIN (RFC 4616) and SCRAM (RFC 5802) in their XMPP clothes (RFC 6120 §6).

mod failure;
mod identity;
pub mod scram;

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::Node;

use crate::config::scram::Mechanism;
use crate::text;
use crate::xml::{self, Bounds, write_attribute};
use crate::xmpp::ns;
use crate::xmpp::sasl::identity::user;
use crate::xmpp::sasl::scram::{First, Parts};

pub use failure::Failure;

/// A PLAIN message.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain {
    /// The user who logs in, by nodeprep.
    pub user: String,
    /// The secret as it came.
    pub password: String,
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The answer to a login that succeeded, with what the mechanism adds to it (RFC 6120 §6.4.6).
pub fn success(data: Option<&str>) -> String {
    element("success", data)
}

/// A challenge. To a client that has named the mechanism and said nothing yet it is empty: it speaks first (RFC 4422 §5).
pub fn challenge(data: Option<&str>) -> String {
    element("challenge", data)
}

fn element(name: &str, data: Option<&str>) -> String {
    match data {
        None => format!("<{name} xmlns=\"{}\"/>", ns::SASL),
        Some(data) => format!("<{name} xmlns=\"{}\">{}</{name}>", ns::SASL, STANDARD.encode(data)),
    }
}

/// A message with which a client begins to log in.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// The mechanism alone: the message has to be asked for.
    Nothing(Mechanism),
    Plain(Plain),
    Scram(First),
}

/// Reads `<auth/>`, where these mechanisms are offered.
pub fn auth(auth: Node<'_, '_>, offered: &[Mechanism], domain: &str) -> Result<Said, Failure> {
    let named = auth.attribute("mechanism");
    let mechanism = offered.iter().find(|mechanism| named == Some(mechanism.name()));
    let mechanism = *mechanism.ok_or(Failure::InvalidMechanism)?;
    match auth.has_children() {
        true => response(mechanism, auth, domain),
        false => Ok(Said::Nothing(mechanism)),
    }
}

/// Reads the first message of a mechanism in a `<response/>`, or in the `<auth/>`.
pub fn response(mechanism: Mechanism, response: Node<'_, '_>, domain: &str) -> Result<Said, Failure> {
    let data = data(response)?;
    match mechanism {
        Mechanism::Plain => plain(&data, domain).map(Said::Plain),
        Mechanism::Scram(hash) => First::read(hash, &data, domain).map(Said::Scram),
    }
}

/// Reads a message of a mechanism, whichever it is.
pub fn data(element: Node<'_, '_>) -> Result<Vec<u8>, Failure> {
    match element.text().unwrap_or("") {
        // A single equals sign stands for no data at all (RFC 6120 §6.4.2).
        "=" => Ok(Vec::new()),
        text => STANDARD.decode(text).map_err(|_| Failure::IncorrectEncoding),
    }
}

/// Reads `authzid NUL authcid NUL password`.
fn plain(data: &[u8], domain: &str) -> Result<Plain, Failure> {
    let text = std::str::from_utf8(data).map_err(|_| Failure::MalformedRequest)?;
    let mut parts = text.split('\0');
    let (Some(authzid), Some(authcid), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Failure::MalformedRequest);
    };
    if authcid.is_empty() || password.is_empty() {
        return Err(Failure::MalformedRequest);
    }
    let user = user(authzid, authcid, domain)?;
    Ok(Plain { user: user.into_owned(), password: password.to_owned() })
}

/// A login attempt without its password: what may be shown of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The mechanism, if it is a known one.
    pub mechanism: Option<&'static str>,
    /// The names in a message of PLAIN, or in the first one of SCRAM; none if it cannot be read, or of PLAIN has no password.
    pub names: Option<Names>,
}

/// Who logs in (RFC 4616 §2), as the client wrote it, cut off behind so many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    pub authzid: String,
    pub authcid: String,
}

/// The mechanisms that are shown: those of RFC 6120 and of its time, and those of clients of Cisco's. Any other word could be a
/// secret in the wrong place.
const MECHANISMS: &[&str] = &[
    "PLAIN",
    "LOGIN",
    "EXTERNAL",
    "ANONYMOUS",
    "CRAM-MD5",
    "DIGEST-MD5",
    "GSSAPI",
    "NTLM",
    "OAUTHBEARER",
    "X-OAUTH2",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-512-PLUS",
];

/// The longest name that is shown, in bytes.
const NAME_MAX: usize = 256;

/// The longest frame of a login that is looked into, in bytes.
const LOGIN_MAX: usize = 16 * 1024;

impl Attempt {
    /// Reads `<auth/>` or `<response/>`; `None`: it is another element.
    pub fn of(element: Node<'_, '_>) -> Option<Self> {
        let is_login = element.tag_name().namespace() == Some(ns::SASL)
            && matches!(element.tag_name().name(), "auth" | "response");
        if !is_login {
            return None;
        }
        let named = element.attribute("mechanism");
        let mechanism = named.and_then(|named| MECHANISMS.iter().find(|known| **known == named).copied());
        let of: fn(&str) -> Option<Names> = match named {
            None | Some("PLAIN") => Names::of_plain,
            Some("SCRAM-SHA-1" | "SCRAM-SHA-256") => Names::of_scram,
            Some(_) => |_| None,
        };
        let is_whole = element.children().count() == 1;
        let decoded = element.text().filter(|_| is_whole).and_then(|text| STANDARD.decode(text).ok());
        let names = decoded.and_then(|message| of(std::str::from_utf8(&message).ok()?));
        Some(Self { mechanism, names })
    }

    /// The element as it is shown.
    fn shown(&self, element: &str) -> String {
        let mut shown = format!("<{element}");
        write_attribute(&mut shown, "xmlns", ns::SASL);
        let (authzid, authcid) = match &self.names {
            Some(Names { authzid, authcid }) => (Some(&**authzid), Some(&**authcid)),
            None => (None, None),
        };
        for (name, value) in [("mechanism", self.mechanism), ("authzid", authzid), ("authcid", authcid)] {
            if let Some(value) = value {
                write_attribute(&mut shown, name, value);
            }
        }
        shown.push_str(" masked=\"true\"/>");
        shown
    }
}

impl Names {
    fn of_plain(message: &str) -> Option<Self> {
        let mut parts = message.split('\0');
        let (authzid, authcid, password) = (parts.next()?, parts.next()?, parts.next()?);
        // Without a password the other parts may be it.
        let is_read = parts.next().is_none() && !authcid.is_empty() && !password.is_empty();
        Self::shown(authzid, authcid).filter(|_| is_read)
    }

    fn of_scram(message: &str) -> Option<Self> {
        let parts = Parts::of(message)?;
        Self::shown(&parts.authzid, &parts.authcid)
    }

    fn shown(authzid: &str, authcid: &str) -> Option<Self> {
        let is_text = |name: &str| !name.contains(char::is_control) && xml::is_carriable(name);
        let start = |name: &str| text::start(name, NAME_MAX).to_owned();
        (is_text(authzid) && is_text(authcid))
            .then(|| Self { authzid: start(authzid), authcid: start(authcid) })
    }
}

/// A frame to a client, or an answer over BOSH, as others may see it: without the messages of SCRAM, of which a password can be
/// guessed where nobody counts the tries.
pub fn masked_answer(frame: &str) -> Cow<'_, str> {
    const STARTS: [(&str, &str); 2] = [
        ("challenge", "<challenge xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">"),
        ("success", "<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">"),
    ];
    let is_envelope = frame.starts_with("<body");
    for (name, start) in STARTS {
        let at = if is_envelope { frame.find(start) } else { frame.starts_with(start).then_some(0) };
        if let Some(at) = at
            && let Some(length) = frame[at..].find(&format!("</{name}>"))
        {
            let end = at + length + name.len() + "</>".len();
            let masked = format!("<{name} xmlns=\"{}\" masked=\"true\"/>", ns::SASL);
            return format!("{}{masked}{}", &frame[..at], &frame[end..]).into();
        }
    }
    frame.into()
}

/// A frame of any server before the login is done, without the messages of SCRAM, however its tags are written.
pub fn masked_before_login(frame: &str) -> String {
    let mut parts = frame.split('<');
    let mut shown = parts.next().unwrap_or_default().to_owned();
    let mut is_secret = false;
    for tag in parts {
        shown.push('<');
        // What stands in CDATA belongs to the tag before it.
        if is_secret && tag.starts_with("![CDATA[") {
            shown.push_str("![CDATA[]]>");
            continue;
        }
        let name = tag.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next();
        let local = name.and_then(|name| name.rsplit(':').next());
        is_secret = matches!(local, Some("challenge" | "success"));
        let end = tag.find('>').filter(|_| is_secret);
        shown.push_str(end.map_or(tag, |end| &tag[..=end]));
    }
    shown
}

/// A frame from a client as others may see it, or the envelope of several. A password does not stand there, whatever way it is
/// written: before the login only the frames that open and close a stream and empty envelopes are shown, after it only those,
/// stanzas, and envelopes without a login in them. Of a login its mechanism and names are shown, if it can be read. Of anything else
/// the name is left, as an empty element.
pub fn masked(frame: &str, logged_in: bool) -> Cow<'_, str> {
    let tag = frame.strip_prefix('<').unwrap_or("");
    let name =
        &tag[..tag.find(|c: char| !c.is_ascii_alphanumeric() && !":_-.".contains(c)).unwrap_or(tag.len())];
    let local = name.rsplit(':').next().unwrap_or(name);
    let single = frame.find('>').is_some_and(|end| end + 1 == frame.len());
    let shown = match local {
        "open" | "close" | "stream" => single,
        // A password is changed or given by an iq, too (XEP-0077, XEP-0078).
        "iq" | "message" | "presence" => logged_in && !has_tag(frame, &["password"]),
        // Stream management (XEP-0198) says numbers, and an id that is worth nothing without the login.
        "enable" | "resume" | "r" | "a" => logged_in && !has_tag(frame, &["auth", "response", "password"]),
        "body" => single || (logged_in && !has_tag(frame, &["auth", "response", "password"])),
        _ => false,
    };
    let local = &local[..local.len().min(16)];
    if shown {
        return frame.into();
    }
    let login = if matches!(local, "auth" | "response" | "body") { login(frame) } else { None };
    match (login, local) {
        (Some(login), _) => login.into(),
        (None, "") => "(masked)".into(),
        (None, _) => format!("<{local} masked='true'/>").into(),
    }
}

/// A frame that is a login, or an envelope with nothing else in it, without the password; `None`: it cannot be read.
fn login(frame: &str) -> Option<String> {
    let bounds = Bounds { bytes: LOGIN_MAX, elements: 2, depth: 2, attributes: 32, prefixes: 8 };
    let document = xml::read(frame, &bounds).ok()?;
    let root = document.root_element();
    if let Some(attempt) = Attempt::of(root) {
        return Some(attempt.shown(root.tag_name().name()));
    }
    let mut children = root.children();
    let (Some(element), None) = (children.next(), children.next()) else { return None };
    let attempt = Attempt::of(element)?;
    let before = &frame[root.range().start..element.range().start];
    let after = &frame[element.range().end..root.range().end];
    // A client may have put it into the envelope as well.
    let secret = element.text().unwrap_or_default();
    let is_elsewhere = !secret.is_empty() && (before.contains(secret) || after.contains(secret));
    (!is_elsewhere).then(|| format!("{before}{}{after}", attempt.shown(element.tag_name().name())))
}

/// Whether there is a tag of one of these names, or what looks like one.
fn has_tag(text: &str, names: &[&str]) -> bool {
    text.split('<').skip(1).any(|tag| {
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let name = tag.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next();
        let local = name.and_then(|name| name.rsplit(':').next());
        local.is_some_and(|local| names.contains(&local))
    })
}

#[cfg(test)]
mod tests;
