//! SASL PLAIN (RFC 4616) in its XMPP clothes (RFC 6120 §6).

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::Node;

use crate::text;
use crate::xml::{self, Bounds, write_attribute};
use crate::xmpp::jid;
use crate::xmpp::ns;

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

/// Why a login attempt failed (RFC 6120 §6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Aborted,
    EncryptionRequired,
    IncorrectEncoding,
    InvalidAuthzid,
    InvalidMechanism,
    MalformedRequest,
    NotAuthorized,
    TemporaryAuthFailure,
}

impl Failure {
    /// The element name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::EncryptionRequired => "encryption-required",
            Self::IncorrectEncoding => "incorrect-encoding",
            Self::InvalidAuthzid => "invalid-authzid",
            Self::InvalidMechanism => "invalid-mechanism",
            Self::MalformedRequest => "malformed-request",
            Self::NotAuthorized => "not-authorized",
            Self::TemporaryAuthFailure => "temporary-auth-failure",
        }
    }

    /// The frame.
    pub fn frame(self) -> String {
        format!("<failure xmlns=\"{}\"><{}/></failure>", ns::SASL, self.name())
    }
}

/// The answer to a login that succeeded (RFC 6120 §6.4.6).
pub fn success() -> String {
    format!("<success xmlns=\"{}\"/>", ns::SASL)
}

/// The question to a client that has named the mechanism and said nothing yet: it speaks first, so there is nothing in it
/// (RFC 4422 §5).
pub fn challenge() -> String {
    format!("<challenge xmlns=\"{}\"/>", ns::SASL)
}

/// How a login attempt begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Auth {
    /// With its initial response.
    Response(Plain),
    /// Without one: it has to be asked for.
    Nothing,
}

/// Reads `<auth/>`.
pub fn auth(auth: Node<'_, '_>, domain: &str) -> Result<Auth, Failure> {
    if auth.attribute("mechanism") != Some("PLAIN") {
        return Err(Failure::InvalidMechanism);
    }
    match auth.has_children() {
        true => response(auth, domain).map(Auth::Response),
        false => Ok(Auth::Nothing),
    }
}

/// Reads `<response/>`, or the same in an `<auth/>`.
pub fn response(response: Node<'_, '_>, domain: &str) -> Result<Plain, Failure> {
    let data = match response.text().unwrap_or("") {
        // A single equals sign stands for no data at all (RFC 6120 §6.4.2).
        "=" => Vec::new(),
        text => STANDARD.decode(text).map_err(|_| Failure::IncorrectEncoding)?,
    };
    plain(&data, domain)
}

/// Reads `authzid NUL authcid NUL password`. An authzid is fine if it is empty, or the user's own name or bare JID
/// (RFC 4616 §2); the authcid may be a bare JID too, as Openfire has it.
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
    // A name that can be nobody's is refused as an unknown one would be.
    let user = jid::prepare_login(authcid, domain).map_err(|_| Failure::NotAuthorized)?;
    let is_own = |authzid| jid::prepare_login(authzid, domain).is_ok_and(|name| name == user);
    if !authzid.is_empty() && authzid != authcid && !is_own(authzid) {
        return Err(Failure::InvalidAuthzid);
    }
    Ok(Plain { user: user.into_owned(), password: password.to_owned() })
}

/// A login attempt without its password: what may be shown of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The mechanism, if it is a known one.
    pub mechanism: Option<&'static str>,
    /// The names in a PLAIN message; none if it cannot be read, or has no password.
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
        let speaks_plain = named.is_none() || named == Some("PLAIN");
        let is_whole = element.children().count() == 1;
        let message = element.text().filter(|_| speaks_plain && is_whole);
        Some(Self { mechanism, names: message.and_then(Names::of) })
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
    fn of(message: &str) -> Option<Self> {
        let data = STANDARD.decode(message).ok()?;
        let mut parts = std::str::from_utf8(&data).ok()?.split('\0');
        let (authzid, authcid, password) = (parts.next()?, parts.next()?, parts.next()?);
        // Without a password the other parts may be it.
        let is_read = parts.next().is_none() && !authcid.is_empty() && !password.is_empty();
        let is_text = |name: &str| !name.contains(char::is_control) && xml::is_carriable(name);
        let shown = |name: &str| text::start(name, NAME_MAX).to_owned();
        (is_read && is_text(authzid) && is_text(authcid))
            .then(|| Self { authzid: shown(authzid), authcid: shown(authcid) })
    }
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
