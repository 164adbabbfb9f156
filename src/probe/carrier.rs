//! How a stream travels: what is around its stanzas.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::dialogue::{Side, bounds};
use super::plan::Way;
use super::secret::without_key;
use crate::xml;
use crate::xmpp::ns;
use crate::xmpp::sasl;
use crate::xmpp::stream::END;

/// The carrier of a stream.
#[derive(Debug)]
pub enum Carrier {
    /// RFC 7395: each message is one element.
    WebSocket,
    /// RFC 6120 §4.2: the stream is one document.
    Tcp,
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
    /// How many the server keeps until there is something to say; with none the client has to ask again and again.
    hold: usize,
    /// The shortest time between two requests that ask (XEP-0124 §12).
    polling: Duration,
    /// When the next of them may go out.
    poll_at: Duration,
    /// The last request had nothing in it.
    was_empty: bool,
    /// Elements that wait until one has been answered.
    later: String,
    is_over: bool,
}

/// How many seconds a request waits at the server (XEP-0124 §7.1).
const WAIT: u32 = 30;

/// The time between two requests that ask, where the server says none, and the longest that it may say: nobody waits for ever.
const POLLING: Duration = Duration::from_secs(5);
const POLLING_MAX: u64 = 60;

impl Carrier {
    /// A carrier of a kind; a BOSH session begins with this request.
    pub fn new(way: Way, rid: u64) -> Self {
        match way {
            Way::WebSocket => Self::WebSocket,
            Way::Tcp => Self::Tcp,
            Way::Bosh => Self::Bosh(Bosh {
                rid,
                sid: String::new(),
                waiting: 0,
                requests: 2,
                hold: 1,
                polling: POLLING,
                poll_at: Duration::ZERO,
                was_empty: false,
                later: String::new(),
                is_over: false,
            }),
        }
    }

    /// Opens a stream to a domain.
    pub fn open(&mut self, domain: &str) -> String {
        let domain = xml::escape(domain);
        match self {
            Self::WebSocket => {
                format!("<open xmlns='{}' to='{domain}' version='1.0'/>", ns::FRAMING)
            }
            // The end of a line lets a server of HTTP answer what it takes for a request.
            Self::Tcp => format!(
                "<?xml version='1.0'?>\n<stream:stream xmlns='{}' xmlns:stream='{}' to='{domain}' version='1.0'>",
                ns::CLIENT,
                ns::STREAM
            ),
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
            Self::WebSocket | Self::Tcp => self.open(domain),
            Self::Bosh(bosh) => bosh.body(
                &format!(" to='{}' xmlns:xmpp='{}' xmpp:restart='true'", xml::escape(domain), ns::XBOSH),
                "",
            ),
        }
    }

    /// Carries an element; if as many requests wait as may wait, [`Carrier::next`] does.
    pub fn stanza(&mut self, element: &str) -> Option<String> {
        match self {
            Self::WebSocket | Self::Tcp => Some(element.to_owned()),
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
            Self::Tcp => Some(END.to_owned()),
            Self::Bosh(bosh) if bosh.sid.is_empty() => None,
            // It may be one more than the others (XEP-0124 §11).
            Self::Bosh(bosh) => {
                bosh.is_over = true;
                Some(bosh.body(" type='terminate'", "<presence xmlns='jabber:client' type='unavailable'/>"))
            }
        }
    }

    /// A frame of the server has come.
    pub fn received(&mut self, at: Duration, text: &str) {
        let Self::Bosh(bosh) = self else { return };
        bosh.waiting = bosh.waiting.saturating_sub(1);
        let Ok(document) = xml::read_document(text, &bounds()) else { return };
        let body = document.root_element();
        if let Some(sid) = body.attribute("sid") {
            sid.clone_into(&mut bosh.sid);
        }
        let number = |name| body.attribute(name).and_then(|digits| digits.trim().parse::<u64>().ok());
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(hold) = number("hold").map(count) {
            (bosh.hold, bosh.requests) = (hold, hold.saturating_add(1));
        }
        bosh.requests = number("requests").map_or(bosh.requests, count);
        if let Some(seconds) = number("polling") {
            bosh.polling = Duration::from_secs(seconds.min(POLLING_MAX));
        }
        let is_empty = !body.children().any(|child| child.is_element());
        bosh.poll_at = if bosh.polls() && bosh.was_empty && is_empty { at + bosh.polling } else { at };
        bosh.is_over |= body.attribute("type") == Some("terminate");
    }

    /// A request with what has waited, or one for what comes if none is waiting and it is time for it.
    pub fn next(&mut self, at: Duration) -> Option<String> {
        match self {
            Self::Bosh(bosh) if !bosh.is_over && !bosh.sid.is_empty() => {
                bosh.flush().or_else(|| (bosh.waiting == 0 && at >= bosh.poll_at).then(|| bosh.body("", "")))
            }
            _ => None,
        }
    }

    /// When [`Carrier::next`] has a request that asks.
    pub fn wake_at(&self) -> Duration {
        match self {
            Self::Bosh(bosh) if !bosh.is_over && !bosh.sid.is_empty() && bosh.waiting == 0 => bosh.poll_at,
            _ => Duration::MAX,
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
            Self::Bosh(Bosh { sid, .. }) => {
                let quoted = |quote| format!("{quote}{sid}{quote}");
                let text = match sid.is_empty() {
                    true => text,
                    false => ['\'', '"']
                        .iter()
                        .fold(text, |text, quote| text.replace(&quoted(quote), "'(masked)'")),
                };
                // It may be written with references to characters.
                without_key(&text)
            }
            _ => text,
        }
    }
}

impl Bosh {
    /// Whether the server keeps no request, or the client would have none left to say something.
    fn polls(&self) -> bool {
        self.hold == 0 || self.requests <= 1
    }

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
        self.was_empty = content.is_empty() && attributes.is_empty();
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
