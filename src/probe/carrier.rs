//! How a stream travels: what is around its stanzas.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::dialogue::{Side, bounds};
use crate::xml;
use crate::xmpp::ns;
use crate::xmpp::sasl;

/// The carrier of a stream.
#[derive(Debug)]
pub enum Carrier {
    /// RFC 7395: each message is one element.
    WebSocket,
    /// XEP-0124 and XEP-0206: elements stand in bodies, and a request waits at the server for what comes.
    Bosh(Bosh),
}

/// The client's side of a BOSH session.
#[derive(Debug)]
pub struct Bosh {
    /// The number of the next request (XEP-0124 §14.1).
    rid: u64,
    /// The key of the session, from the first answer.
    sid: String,
    /// Requests that have no answer yet.
    waiting: usize,
    /// How many may have none, as the server says (XEP-0124 §7.2).
    requests: usize,
    /// Elements that wait until one has been answered.
    later: String,
    is_over: bool,
}

/// How many seconds a request waits at the server (XEP-0124 §7.1).
const WAIT: u32 = 30;

impl Carrier {
    /// A BOSH session that begins with this request.
    pub fn bosh(rid: u64) -> Self {
        Self::Bosh(Bosh {
            rid,
            sid: String::new(),
            waiting: 0,
            requests: 2,
            later: String::new(),
            is_over: false,
        })
    }

    /// Opens a stream to a domain.
    pub fn open(&mut self, domain: &str) -> String {
        let domain = xml::escape(domain);
        match self {
            Self::WebSocket => {
                format!("<open xmlns='{}' to='{domain}' version='1.0'/>", ns::FRAMING)
            }
            Self::Bosh(bosh) => bosh.body(
                &format!(
                    " to='{domain}' wait='{WAIT}' hold='1' ver='1.6' xml:lang='en' xmlns:xmpp='{}' xmpp:version='1.0'",
                    ns::XBOSH
                ),
                "",
            ),
        }
    }

    /// Opens it again after the login.
    pub fn restart(&mut self, domain: &str) -> String {
        match self {
            Self::WebSocket => self.open(domain),
            Self::Bosh(bosh) => bosh.body(
                &format!(" to='{}' xmlns:xmpp='{}' xmpp:restart='true'", xml::escape(domain), ns::XBOSH),
                "",
            ),
        }
    }

    /// Carries an element; if as many requests wait as may wait, [`Carrier::next`] does.
    pub fn stanza(&mut self, element: &str) -> Option<String> {
        match self {
            Self::WebSocket => Some(element.to_owned()),
            Self::Bosh(bosh) => {
                bosh.later.push_str(element);
                bosh.flush()
            }
        }
    }

    /// Ends the stream. A BOSH session that has not begun has no end.
    pub fn close(&mut self) -> Option<String> {
        match self {
            Self::WebSocket => Some(format!("<close xmlns='{}'/>", ns::FRAMING)),
            Self::Bosh(bosh) if bosh.sid.is_empty() => None,
            // It may be one more than the others (XEP-0124 §11).
            Self::Bosh(bosh) => {
                bosh.is_over = true;
                Some(bosh.body(" type='terminate'", "<presence xmlns='jabber:client' type='unavailable'/>"))
            }
        }
    }

    /// A frame of the server has come.
    pub fn received(&mut self, text: &str) {
        let Self::Bosh(bosh) = self else { return };
        bosh.waiting = bosh.waiting.saturating_sub(1);
        let Ok(document) = xml::read_document(text, &bounds()) else { return };
        let body = document.root_element();
        if let Some(sid) = body.attribute("sid") {
            sid.clone_into(&mut bosh.sid);
        }
        if let Some(requests) = body.attribute("requests").and_then(|requests| requests.parse().ok()) {
            bosh.requests = requests;
        }
        bosh.is_over |= body.attribute("type") == Some("terminate");
    }

    /// A request with what has waited, or one for what comes if none is waiting.
    pub fn next(&mut self) -> Option<String> {
        match self {
            Self::Bosh(bosh) if !bosh.is_over && !bosh.sid.is_empty() => {
                bosh.flush().or_else(|| (bosh.waiting == 0).then(|| bosh.body("", "")))
            }
            _ => None,
        }
    }

    /// A frame as a report may show it: without the password, and without the key of a BOSH session. A server has an `<auth/>` of
    /// its own, by which it offers XEP-0078: that is no login, and stays.
    pub fn shown(&self, side: Side, text: &str) -> String {
        let text = match side {
            Side::Client if text.contains("<auth ") => sasl::masked(text, false).into_owned(),
            _ => text.to_owned(),
        };
        match self {
            // A server may have a key that is a letter.
            Self::Bosh(Bosh { sid, .. }) if !sid.is_empty() => ['\'', '"']
                .iter()
                .fold(text, |text, quote| text.replace(&format!("{quote}{sid}{quote}"), "'(masked)'")),
            _ => text,
        }
    }
}

impl Bosh {
    /// What has waited, if a request may go out.
    fn flush(&mut self) -> Option<String> {
        if self.later.is_empty() || self.waiting >= self.requests.max(1) {
            return None;
        }
        let later = std::mem::take(&mut self.later);
        Some(self.body("", &later))
    }

    fn body(&mut self, attributes: &str, content: &str) -> String {
        let mut out = format!("<body xmlns='{}' rid='{}'", ns::HTTPBIND, self.rid);
        if !self.sid.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(out, " sid='{}'", xml::escape(&self.sid));
        }
        self.rid += 1;
        self.waiting += 1;
        out.push_str(attributes);
        if content.is_empty() {
            out.push_str("/>");
        } else {
            let _ = write!(out, ">{content}</body>");
        }
        out
    }
}

/// SASL PLAIN (RFC 4616) without an authorization identity.
pub fn auth(user: &str, password: &str) -> String {
    let message = STANDARD.encode(format!("\0{user}\0{password}"));
    format!("<auth xmlns='{}' mechanism='PLAIN'>{message}</auth>", ns::SASL)
}
