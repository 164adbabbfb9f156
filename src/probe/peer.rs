//! What the world shows of the other side before a stream begins: addresses, a certificate, the answer to the upgrade.

use std::net::SocketAddr;
use std::time::Duration;

use super::dialogue::bounds;
use super::header::{self, HTTP, NO_HTTP, first_line};
use super::outcome::Outcomes;
use super::secret::shown_url;
use super::step::Step;
use super::symptom::Symptom;
use crate::xml;

/// Why a connection was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotConnected {
    /// The system at the address says that nothing listens there.
    Refused,
    /// Any other reason, in the system's words.
    Other(String),
}

/// A flaw of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// When it ended.
    Expired { not_after: String },
    /// When it begins.
    NotYetValid { not_before: String },
    /// The names for which it is.
    WrongName { presented: Vec<String> },
    /// The certificate has signed itself, and nobody has said that it is to be trusted.
    SelfSigned,
    /// Its issuer is not among what came and not among what is trusted, and nothing but it came.
    Incomplete,
    /// The last issuer of what came is not trusted.
    UnknownIssuer,
    /// Anything else, in the words of the library.
    Other(String),
}

/// What was seen of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secured {
    /// As `TLSv1.3`.
    pub version: String,
    pub cipher: String,
    /// The SHA-256 of the certificate of the server, in hexadecimal digits.
    pub sha256: String,
    /// How many certificates came.
    pub certificates: usize,
    pub subject: String,
    pub issuer: String,
    /// What is wrong with it; nothing, if it is verified.
    pub flaw: Option<Flaw>,
    /// The user has said that this certificate is to be trusted, or any.
    pub is_told: bool,
}

/// Why there is no TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotSecured {
    /// What was seen of the certificate, if that is the reason.
    pub certificate: Option<Secured>,
    /// The connection was reset.
    pub is_reset: bool,
    /// The first that the other side said, which may be no TLS.
    pub said: String,
    /// In the words of the library.
    pub words: String,
}

impl Secured {
    /// Whether a password may be sent.
    pub fn is_trusted(&self) -> bool {
        self.flaw.is_none() || self.is_told
    }
}

/// What came in answer to the WebSocket handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// 101, with the subprotocol that the server named.
    Done { protocol: Option<String> },
    /// Another status.
    Status(Refusal),
    /// No HTTP, or against RFC 6455 §4.1, in the words of the library.
    Broken(String),
}

/// An answer that opens no stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub location: Option<String>,
    pub server: Option<String>,
    /// The title of the page in it, by which a proxy is known.
    pub page: Option<String>,
}

/// The title of a page.
pub fn title(page: &str) -> Option<String> {
    let from = page.split_once("<title>")?.1;
    let title = from.split_once("</title>")?.0.trim();
    (!title.is_empty()).then(|| title.to_owned())
}

/// The outcomes of a connection that was tried, address after address.
pub fn connected(
    outcomes: &mut Outcomes,
    at: Duration,
    tried: &[(SocketAddr, NotConnected)],
    to: Option<SocketAddr>,
) {
    for (address, why) in tried {
        let why = match why {
            NotConnected::Refused => "connection refused",
            NotConnected::Other(why) => why,
        };
        outcomes.fact(Step::Tcp, "tried", format!("{address}: {why}"));
    }
    match to {
        Some(address) => {
            outcomes.fact(Step::Tcp, "address", address.to_string());
            outcomes.pass(Step::Tcp, at);
        }
        None if tried.iter().any(|(_, why)| *why == NotConnected::Refused) => {
            outcomes.fail(Step::Tcp, at, Symptom::Refused);
        }
        None => outcomes.fail(Step::Tcp, at, Symptom::Unreachable),
    }
}

/// The outcomes of TLS. A certificate that cannot be verified fails the step unless the user has said that it is to be trusted.
pub fn secured(outcomes: &mut Outcomes, at: Duration, seen: &Secured) {
    let facts = [
        ("version", &seen.version),
        ("cipher", &seen.cipher),
        ("subject", &seen.subject),
        ("issuer", &seen.issuer),
        ("sha256", &seen.sha256),
    ];
    for (name, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
        outcomes.fact(Step::Tls, name, value.clone());
    }
    outcomes.fact(Step::Tls, "certificates", seen.certificates.to_string());
    let Some(flaw) = &seen.flaw else { return outcomes.pass(Step::Tls, at) };
    let symptom = match flaw {
        Flaw::Expired { not_after } => {
            outcomes.fact(Step::Tls, "expired", not_after.clone());
            Symptom::Expired
        }
        Flaw::NotYetValid { not_before } => {
            outcomes.fact(Step::Tls, "valid from", not_before.clone());
            Symptom::NotYetValid
        }
        Flaw::WrongName { presented } => {
            presented.iter().for_each(|name| outcomes.fact(Step::Tls, "name", name.clone()));
            Symptom::WrongName
        }
        Flaw::SelfSigned => Symptom::SelfSigned,
        Flaw::Incomplete => Symptom::IncompleteChain,
        Flaw::UnknownIssuer => Symptom::UnknownIssuer,
        Flaw::Other(words) => {
            outcomes.fact(Step::Tls, "error", words.clone());
            Symptom::CertificateRefused
        }
    };
    if seen.is_told {
        outcomes.warn(Step::Tls, at, symptom);
    } else {
        outcomes.fail(Step::Tls, at, symptom);
    }
}

/// The outcome of a handshake of TLS that failed. `is_tcp`: the stream is to go over TCP.
pub fn not_secured(outcomes: &mut Outcomes, at: Duration, failed: NotSecured, is_tcp: bool) {
    let NotSecured { certificate, is_reset, said, words } = failed;
    if let Some(seen) = certificate {
        let flaw = Some(Flaw::Other(words));
        return secured(outcomes, at, &Secured { flaw, is_told: false, ..seen });
    }
    let is_other = words.contains("NoApplicationProtocol");
    outcomes.fact(Step::Tls, "error", words);
    let symptom = match &*said {
        said if header::is_header(said) => Symptom::SpeaksXmpp,
        said if said.starts_with(HTTP) && is_tcp => Symptom::SpeaksHttp,
        // Who refuses the protocol of XMPP has another one (RFC 7301 §3.2).
        _ if is_tcp && is_other => Symptom::SpeaksHttp,
        _ if is_reset => Symptom::Refused,
        _ => Symptom::NoTls,
    };
    if !said.is_empty() {
        outcomes.fact(Step::Tls, "answer", first_line(&said));
    }
    outcomes.fail(Step::Tls, at, symptom);
}

/// The outcome of the upgrade, or of the first body of BOSH. Returns whether a stream can begin.
pub fn upgraded(outcomes: &mut Outcomes, at: Duration, answer: &Upgrade, bosh: bool) -> bool {
    let symptom = match answer {
        Upgrade::Done { protocol: Some(protocol) } if protocol.eq_ignore_ascii_case("xmpp") => {
            outcomes.pass(Step::Upgrade, at);
            return true;
        }
        Upgrade::Done { protocol } => {
            outcomes.fact(Step::Upgrade, "subprotocol", protocol.clone().unwrap_or_default());
            Symptom::NoSubprotocol
        }
        Upgrade::Status(Refusal { status, location, server, page }) => {
            outcomes.fact(Step::Upgrade, "status", status.to_string());
            let location = location.as_deref().map(shown_url);
            for (name, value) in [("location", &location), ("server", server), ("page", page)] {
                if let Some(value) = value {
                    outcomes.fact(Step::Upgrade, name, value.clone());
                }
            }
            match status {
                502..=504 => Symptom::ServiceDown,
                404 | 410 => Symptom::NotFound,
                300..=399 => Symptom::Redirected,
                401 | 403 | 407 => Symptom::Forbidden,
                413 | 414 | 431 => Symptom::TooLarge,
                _ if bosh => Symptom::BoshRefused,
                200..=299 | 400 | 426 => Symptom::NotUpgraded,
                _ => Symptom::UpgradeRefused,
            }
        }
        Upgrade::Broken(words) => {
            outcomes.fact(Step::Upgrade, "error", words.clone());
            match words {
                // TLS 1.3 lets a client begin before its certificate is asked for (RFC 8446 §4.4.2.4).
                _ if words.contains("CertificateRequired") => Symptom::Forbidden,
                _ if words.contains(NO_HTTP) => Symptom::SpeaksXmpp,
                _ => Symptom::BadHandshake,
            }
        }
    };
    outcomes.fail(Step::Upgrade, at, symptom);
    false
}

/// The answer to a request of the REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

/// The outcome of a request of the REST API. `domain`: the XMPP domain that was used.
pub fn got(outcomes: &mut Outcomes, step: Step, at: Duration, got: &Got, domain: &str) {
    outcomes.fact(step, "status", got.status.to_string());
    if let Some(location) = &got.location {
        outcomes.fact(step, "location", shown_url(location));
    }
    if let Some(title) = title(&got.body) {
        outcomes.fact(step, "page", title);
    }
    match got.status {
        200 => {}
        300..=399 => return outcomes.fail(step, at, Symptom::Redirected),
        // Finesse asks for no login before it tells of itself.
        401 | 403 if step == Step::SystemInfo => return outcomes.fail(step, at, Symptom::Forbidden),
        401 => return outcomes.fail(step, at, Symptom::NotAuthorized),
        407 => return outcomes.fail(step, at, Symptom::Forbidden),
        503 => return outcomes.fail(step, at, Symptom::OutOfService),
        502 | 504 => return outcomes.fail(step, at, Symptom::ServiceDown),
        404 | 410 if step == Step::SystemInfo => return outcomes.fail(step, at, Symptom::NoRest),
        _ => return outcomes.fail(step, at, Symptom::RestRefused),
    }
    let document = xml::read_document(&got.body, &bounds());
    // A proxy may answer any path with a page.
    let root = if step == Step::SystemInfo { "SystemInfo" } else { "User" };
    let Some(document) = document.ok().filter(|read| read.root_element().tag_name().name() == root) else {
        return outcomes.fail(step, at, Symptom::NoRest);
    };
    let text = |name: &str| {
        let found = document.descendants().find(|node| node.tag_name().name() == name);
        found.map(xml::text_content).unwrap_or_default()
    };
    let names: &[&'static str] = match step {
        Step::SystemInfo => &["status", "xmppDomain", "deploymentType", "host"],
        _ => &["state", "teamId", "extension"],
    };
    for name in names {
        let value = text(name);
        if !value.is_empty() {
            outcomes.fact(step, name, value);
        }
    }
    if step == Step::SystemInfo {
        if text("status") != "IN_SERVICE" {
            return outcomes.fail(step, at, Symptom::OutOfService);
        }
        if !text("xmppDomain").eq_ignore_ascii_case(domain) {
            outcomes.warn(step, at, Symptom::OtherDomain);
        }
    }
    outcomes.pass(step, at);
}
