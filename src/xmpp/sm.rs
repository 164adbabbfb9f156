//! Stream management (XEP-0198): the counts of stanzas, and the elements that carry them. A state machine: counts and time go in, what
//! has to be done comes out.

use std::time::{Duration, Instant};

use roxmltree::Node;

use crate::xmpp::ns;
use crate::xmpp::stream::StreamError;

/// The feature of a stream on which the client has logged in (XEP-0198 §2).
pub const FEATURE: &str = "<sm xmlns='urn:xmpp:sm:3'/>";

/// The question how many stanzas the other side has handled (XEP-0198 §4).
pub const REQUEST: &str = "<r xmlns='urn:xmpp:sm:3'/>";

/// The beginning of the answer to `<enable/>`: the stanzas behind it count.
pub const ENABLED: &str = "<enabled ";

/// The server asks after so many stanzas.
const ASK_AFTER: u32 = 10;

/// The server asks at the latest so long after the first stanza about which it has not asked.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// An element of stream management that a client sends.
#[derive(Debug, PartialEq, Eq)]
pub enum Nonza<'a> {
    /// `<enable/>`: whether the session is to be resumed later, and for how long at the most, in seconds (XEP-0198 §3).
    Enable { resume: bool, max: Option<u32> },
    /// `<resume/>`: the id of a session before, and how many stanzas of it the client has handled (XEP-0198 §5).
    Resume { previous: &'a str, handled: u32 },
    /// `<r/>`.
    Request,
    /// `<a/>`, with the number of stanzas that the client has handled.
    Answer(u32),
}

impl<'a> Nonza<'a> {
    /// Reads an element of the namespace [`ns::SM`].
    ///
    /// # Errors
    ///
    /// A client sends no such element, or not with such attributes.
    pub fn of(element: Node<'a, '_>) -> Result<Self, StreamError> {
        let handled = || element.attribute("h").and_then(|h| h.parse().ok()).ok_or(StreamError::BAD_COUNT);
        match element.tag_name().name() {
            "enable" => Ok(Self::Enable {
                resume: matches!(element.attribute("resume"), Some("true" | "1")),
                // A text that is no number asks for nothing.
                max: element.attribute("max").and_then(|max| max.parse().ok()),
            }),
            "resume" => Ok(Self::Resume {
                previous: element.attribute("previd").unwrap_or_default(),
                handled: handled()?,
            }),
            "r" => Ok(Self::Request),
            "a" => Ok(Self::Answer(handled()?)),
            _ => Err(StreamError::UNSUPPORTED_STANZA_TYPE),
        }
    }
}

/// The meaning of an `h` of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// This many more stanzas are handled, the oldest first.
    More(usize),
    /// Less than the client has said before: it acknowledges nothing.
    Back,
    /// More than were sent: so many (XEP-0198 §6).
    TooHigh { sent: u32 },
}

/// The counts of a stream. All are modulo 2^32 (XEP-0198 §4).
#[derive(Debug, Default)]
pub struct Counts {
    /// How many stanzas of the client the server has handled since `<enable/>`.
    handled: u32,
    /// How many stanzas the server has sent since `<enabled/>`.
    sent: u32,
    /// How many of them the client has acknowledged.
    acknowledged: u32,
    /// How many were sent since the server asked last.
    unasked: u32,
    /// When the first of those was sent.
    unasked_since: Option<Instant>,
}

impl Counts {
    /// A stanza of the client is handled.
    pub fn handle(&mut self) {
        self.handled = self.handled.wrapping_add(1);
    }

    /// How many stanzas of the client are handled.
    pub fn handled(&self) -> u32 {
        self.handled
    }

    /// A stanza is sent.
    pub fn send(&mut self, now: Instant) {
        self.sent = self.sent.wrapping_add(1);
        self.unasked += 1;
        self.unasked_since.get_or_insert(now);
    }

    /// Tells whether it is time to ask, or if nothing more can be sent (`is_full`) whether there is something to ask about.
    pub fn is_to_ask(&self, is_full: bool) -> bool {
        self.unasked >= if is_full { 1 } else { ASK_AFTER }
    }

    /// When the server has to ask about what it has sent; `None`: it has asked about all.
    pub fn ask_at(&self) -> Option<Instant> {
        Some(self.unasked_since? + ASK_WITHIN)
    }

    /// The server asks.
    pub fn ask(&mut self) {
        (self.unasked, self.unasked_since) = (0, None);
    }

    /// The client has handled so many stanzas.
    pub fn acknowledge(&mut self, h: u32) -> Acknowledged {
        let more = h.wrapping_sub(self.acknowledged);
        if more <= self.sent.wrapping_sub(self.acknowledged) {
            self.acknowledged = h;
            return Acknowledged::More(more as usize);
        }
        // Of the numbers around a count that wraps, the half behind it is smaller.
        if more > u32::MAX / 2 { Acknowledged::Back } else { Acknowledged::TooHigh { sent: self.sent } }
    }

    /// All that is not acknowledged is sent again.
    pub fn send_again(&mut self) {
        self.sent = self.acknowledged;
        self.ask();
    }
}

/// `<enabled/>`. `id`: the id by which the session is resumed and for how long that may be; it needs no escaping. `None`: it cannot be.
pub fn enabled(id: Option<(&str, Duration)>) -> String {
    let resume = id.map_or_else(String::new, |(id, window)| {
        format!("id='{id}' resume='true' max='{}' ", window.as_secs())
    });
    format!("{ENABLED}{resume}xmlns='{}'/>", ns::SM)
}

/// `<a/>`.
pub fn answer(handled: u32) -> String {
    format!("<a h='{handled}' xmlns='{}'/>", ns::SM)
}

/// `<resumed/>`. `id` needs no escaping.
pub fn resumed(id: &str, handled: u32) -> String {
    format!("<resumed previd='{id}' h='{handled}' xmlns='{}'/>", ns::SM)
}

/// `<failed/>`, with how many stanzas of the session before were handled, where that is known.
pub fn failed(condition: &str, handled: Option<u32>) -> String {
    let h = handled.map_or_else(String::new, |handled| format!("h='{handled}' "));
    format!("<failed {h}xmlns='{}'><{condition} xmlns='{}'/></failed>", ns::SM, ns::STANZAS)
}

/// The element in the stream error for an `h` that is too high (XEP-0198 §6).
pub fn too_high(h: u32, sent: u32) -> String {
    format!("<handled-count-too-high h='{h}' send-count='{sent}' xmlns='{}'/>", ns::SM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
    fn start() -> Instant {
        Instant::now()
    }

    fn sent(count: u32) -> Counts {
        let (mut counts, now) = (Counts::default(), start());
        (0..count).for_each(|_| counts.send(now));
        counts
    }

    #[test]
    fn the_client_acknowledges_what_was_sent_and_no_more() {
        let mut counts = sent(5);
        assert_eq!(counts.acknowledge(3), Acknowledged::More(3));
        assert_eq!(counts.acknowledge(3), Acknowledged::More(0));
        assert_eq!(counts.acknowledge(2), Acknowledged::Back);
        assert_eq!(counts.acknowledge(6), Acknowledged::TooHigh { sent: 5 });
        assert_eq!(counts.acknowledge(5), Acknowledged::More(2));
    }

    #[test]
    fn counts_wrap() {
        let last = u32::MAX;
        let mut counts =
            Counts { handled: last, sent: last - 1, acknowledged: last - 1, ..Counts::default() };
        counts.handle();
        assert_eq!(counts.handled(), 0);
        (0..4).for_each(|_| counts.send(start()));
        assert_eq!(counts.acknowledge(1), Acknowledged::More(3));
        assert_eq!(counts.acknowledge(last), Acknowledged::Back);
        assert_eq!(counts.acknowledge(3), Acknowledged::TooHigh { sent: 2 });
        assert_eq!(counts.acknowledge(2), Acknowledged::More(1));
    }

    #[test]
    fn the_server_asks_after_ten_stanzas_or_five_seconds_and_when_it_can_send_no_more() {
        let (mut counts, now) = (sent(0), start());
        assert_eq!(counts.ask_at(), None);
        assert!(!counts.is_to_ask(true));
        for _ in 0..9 {
            counts.send(now);
        }
        assert!(!counts.is_to_ask(false) && counts.is_to_ask(true));
        assert_eq!(counts.ask_at(), Some(now + Duration::from_secs(5)));
        counts.send(now + Duration::from_secs(1));
        assert!(counts.is_to_ask(false));
        assert_eq!(counts.ask_at(), Some(now + Duration::from_secs(5)));
        counts.ask();
        assert!(!counts.is_to_ask(true) && counts.ask_at().is_none());
    }

    #[test]
    fn what_is_sent_again_counts_once() {
        let mut counts = sent(7);
        assert_eq!(counts.acknowledge(4), Acknowledged::More(4));
        counts.send_again();
        assert_eq!(counts.acknowledge(5), Acknowledged::TooHigh { sent: 4 });
        (0..3).for_each(|_| counts.send(start()));
        assert_eq!(counts.acknowledge(7), Acknowledged::More(3));
    }

    #[test]
    fn elements_are_read_as_clients_write_them() {
        let read = |text: &str| {
            let document = roxmltree::Document::parse(text).unwrap();
            Nonza::of(document.root_element())
                .map(|nonza| format!("{nonza:?}"))
                .map_err(|error| error.condition)
        };
        for (text, expected) in [
            ("<enable xmlns='urn:xmpp:sm:3'/>", Ok("Enable { resume: false, max: None }")),
            ("<enable xmlns='urn:xmpp:sm:3' resume='true'/>", Ok("Enable { resume: true, max: None }")),
            (
                "<enable xmlns='urn:xmpp:sm:3' resume='1' max='60'/>",
                Ok("Enable { resume: true, max: Some(60) }"),
            ),
            ("<enable xmlns='urn:xmpp:sm:3' resume='0' max='x'/>", Ok("Enable { resume: false, max: None }")),
            (
                "<resume xmlns='urn:xmpp:sm:3' previd='i' h='4294967295'/>",
                Ok("Resume { previous: \"i\", handled: 4294967295 }"),
            ),
            ("<resume xmlns='urn:xmpp:sm:3' h='0'/>", Ok("Resume { previous: \"\", handled: 0 }")),
            ("<r xmlns='urn:xmpp:sm:3'></r>", Ok("Request")),
            ("<a xmlns='urn:xmpp:sm:3' h='7'/>", Ok("Answer(7)")),
            ("<a xmlns='urn:xmpp:sm:3'/>", Err("bad-format")),
            ("<a xmlns='urn:xmpp:sm:3' h='-1'/>", Err("bad-format")),
            ("<a xmlns='urn:xmpp:sm:3' h='4294967296'/>", Err("bad-format")),
            ("<resume xmlns='urn:xmpp:sm:3' previd='i'/>", Err("bad-format")),
            ("<enabled xmlns='urn:xmpp:sm:3'/>", Err("unsupported-stanza-type")),
        ] {
            assert_eq!(read(text), expected.map(str::to_owned), "{text}");
        }
    }
}
