//! The dialogue with the server: what is said, and what has to come back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::glob::glob;
use super::ns;
use super::reply::Reply;
use super::xml::{compare, escape};

/// Byte for byte what ends a stream (design, compatibility 9).
pub const CLOSE: &str = "<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" />";

/// What comes from the server.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    Text(String),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// A WebSocket close, with 1005 for one without a code.
    Close(u16),
    /// The end of the connection.
    End,
}

/// A way for messages.
pub trait Wire {
    fn send(&mut self, text: &str);
    /// Waits for what comes next. Answers a close.
    fn receive(&mut self) -> Received;
    /// Whether a stream that has ended is closed with a code before its connection ends.
    fn has_codes(&self) -> bool {
        true
    }
}

/// A stream.
pub struct Session<W> {
    pub wire: W,
    pub domain: String,
    /// The full JID, once it is bound.
    pub jid: String,
    asked: usize,
}

impl<W: Wire> Session<W> {
    pub fn new(wire: W, domain: &str) -> Self {
        Self { wire, domain: domain.to_owned(), jid: String::new(), asked: 0 }
    }

    /// The bare JID.
    pub fn bare(&self) -> &str {
        self.jid.split('/').next().unwrap_or_default()
    }

    pub fn send(&mut self, text: &str) {
        self.wire.send(text);
    }

    pub fn receive(&mut self) -> Received {
        self.wire.receive()
    }

    /// The next text message; pings beside them are passed over.
    pub fn text(&mut self) -> String {
        loop {
            match self.receive() {
                Received::Text(text) => return text,
                Received::Ping(_) | Received::Pong(_) => {}
                end => panic!("{end:?} in place of a message"),
            }
        }
    }

    /// The next message is this XML. `{any}` stands for anything.
    #[track_caller]
    pub fn expect(&mut self, pattern: &str) -> String {
        let text = self.text();
        if let Err(difference) = compare(pattern, &text) {
            panic!("{difference}\n expected: {pattern}\n got:      {text}");
        }
        text
    }

    /// The next messages are these, in any order.
    #[track_caller]
    pub fn expect_all(&mut self, patterns: &[&str]) {
        let mut left = patterns.to_vec();
        while !left.is_empty() {
            let text = self.text();
            let found = left.iter().position(|pattern| compare(pattern, &text).is_ok());
            match found {
                Some(found) => drop(left.remove(found)),
                None => panic!("got: {text}\nand not one of: {left:#?}"),
            }
        }
    }

    /// The next message is this, byte for byte but for `{any}`.
    #[track_caller]
    pub fn expect_bytes(&mut self, pattern: &str) -> String {
        let text = self.text();
        assert!(glob(pattern, &text), "\n expected: {pattern}\n got:      {text}");
        text
    }

    /// Nothing has been sent but what was expected: the answer to a question comes next. Also, the session works.
    #[track_caller]
    pub fn expect_nothing_more(&mut self) {
        self.get(&self.domain.clone(), "<ping xmlns='urn:xmpp:ping'/>").is_result("");
    }

    /// The stream ends with an error: the error's frame, the close frame, the WebSocket close, the end of the
    /// connection (RFC 7395 §3.5, §3.6). Conditions that the RFCs leave open are separated by `|`.
    #[track_caller]
    pub fn expect_stream_error(&mut self, conditions: &str, code: u16) {
        let text = self.text();
        let found = conditions.split('|').any(|condition| {
            let pattern = format!(
                "<stream:error xmlns:stream='{}'><{condition} xmlns='{}'/></stream:error>",
                ns::STREAM,
                ns::STREAMS
            );
            compare(&pattern, &text).is_ok()
        });
        assert!(found, "{text} in place of a stream error {conditions}");
        self.expect_close(code);
    }

    /// Expects the stream to be opened first, since it was not, and then this error (RFC 6120 §4.9.1.2).
    #[track_caller]
    pub fn expect_open_and_stream_error(&mut self, conditions: &str, code: u16) {
        self.expect_open();
        self.expect_stream_error(conditions, code);
    }

    /// The stream ends in order.
    #[track_caller]
    pub fn expect_close(&mut self, code: u16) {
        self.expect_bytes(CLOSE);
        if self.wire.has_codes() {
            assert_eq!(self.receive(), Received::Close(code));
        }
        assert_eq!(self.receive(), Received::End);
    }

    /// Ends the session and waits until the server has seen it.
    pub fn leave(mut self) {
        self.send(&format!("<close xmlns='{}'/>", ns::FRAMING));
        while !matches!(self.receive(), Received::End) {}
    }

    /// Closes the connection without a word.
    pub fn vanish(self) {
        drop(self);
    }

    /// The server's side of a stream's opening.
    #[track_caller]
    pub fn expect_open(&mut self) {
        let pattern = format!(
            "<open xmlns='{}' from='{}' id='{{any}}' version='1.0' xml:lang='en'/>",
            ns::FRAMING,
            self.domain
        );
        let text = self.expect(&pattern);
        assert!(text.starts_with("<open "), "{text}");
    }

    pub fn send_open(&mut self) {
        let to = &self.domain;
        self.send(&format!("<open xmlns='{}' to='{to}' version='1.0'/>", ns::FRAMING));
    }

    /// Opens the stream and takes the features, which tests of their own look at.
    #[track_caller]
    pub fn open(&mut self) {
        self.send_open();
        self.expect_opened();
    }

    /// The stream is open, and not only for an error: the features follow.
    #[track_caller]
    pub fn expect_opened(&mut self) {
        self.expect_open();
        let features = self.text();
        assert!(features.starts_with("<stream:features "), "{features}");
    }

    /// Sends a PLAIN message.
    pub fn send_plain(&mut self, message: &str) {
        self.send_auth("PLAIN", &STANDARD.encode(message));
    }

    pub fn send_auth(&mut self, mechanism: &str, data: &str) {
        self.send(&format!("<auth xmlns='{}' mechanism='{mechanism}'>{data}</auth>", ns::SASL));
    }

    /// The login is refused.
    #[track_caller]
    pub fn expect_failure(&mut self, condition: &str) {
        self.expect(&format!("<failure xmlns='{}'><{condition}/></failure>", ns::SASL));
    }

    /// The login succeeds.
    #[track_caller]
    pub fn expect_success(&mut self) {
        self.expect(&format!("<success xmlns='{}'/>", ns::SASL));
    }

    /// Logs in on a fresh connection, up to the second features.
    #[track_caller]
    pub fn authenticate(&mut self, user: &str) {
        self.open();
        self.send_plain(&format!("\0{user}\0{}", password(user)));
        self.expect_success();
        self.open();
    }

    /// Sends a bind request.
    pub fn send_bind(&mut self, resource: &str) {
        let resource = escape(resource);
        self.send(&format!(
            "<iq type='set' id='bind' xmlns='jabber:client'><bind xmlns='{}'><resource>{resource}</resource></bind></iq>",
            ns::BIND
        ));
    }

    /// Binds a resource that is to be had as it is.
    #[track_caller]
    pub fn bind(&mut self, user: &str, resource: &str) {
        self.send_bind(resource);
        self.jid = format!("{user}@{}/{resource}", self.domain);
        let pattern = format!(
            "<iq type='result' id='bind' to='{{any}}' xmlns='jabber:client'><bind xmlns='{}'><jid>{}</jid></bind></iq>",
            ns::BIND,
            escape(&self.jid)
        );
        self.expect(&pattern);
    }

    /// From the upgrade to a bound resource.
    #[track_caller]
    pub fn log_in(&mut self, user: &str, resource: &str) {
        self.authenticate(user);
        self.bind(user, resource);
    }

    /// What comes back to a first presence: the two of the `finesse` user, and one's own.
    #[track_caller]
    pub fn become_available(&mut self) {
        self.send("<presence xmlns='jabber:client'/>");
        let jid = escape(&self.jid);
        let own = format!("<presence xmlns='jabber:client' from='{jid}' to='{jid}'/>");
        let finesse = self.finesse_presence();
        self.expect_all(&[&finesse, &finesse, &own]);
    }

    /// Becomes available beside another available session of the user, which is told too.
    #[track_caller]
    pub fn become_available_beside<V: Wire>(&mut self, other: &mut Session<V>) {
        self.send("<presence xmlns='jabber:client'/>");
        let presence = |from: &str, to: &str| {
            format!("<presence xmlns='jabber:client' from='{}' to='{}'/>", escape(from), escape(to))
        };
        let finesse = self.finesse_presence();
        let (own, others) = (presence(&self.jid, &self.jid), presence(&other.jid, &self.jid));
        self.expect_all(&[&finesse, &finesse, &own, &others]);
        other.expect(&presence(&self.jid, &other.jid));
    }

    /// The presence of the `finesse` user, as Finesse's desktop receives it.
    pub fn finesse_presence(&self) -> String {
        format!(
            "<presence xmlns='jabber:client' from='finesse@{}/{{any}}' to='{}'><c xmlns='{}' hash='sha-1' \
             node='http://www.igniterealtime.org/projects/smack' ver='NfJ3flI83zSdUDzCEICtbypursw='/></presence>",
            self.domain,
            escape(&self.jid),
            ns::CAPS
        )
    }

    /// Asks; `to` is left out if it is empty.
    #[track_caller]
    pub fn get(&mut self, to: &str, payload: &str) -> Reply {
        self.ask("get", to, payload)
    }

    /// Asks for a change.
    #[track_caller]
    pub fn set(&mut self, to: &str, payload: &str) -> Reply {
        self.ask("set", to, payload)
    }

    #[track_caller]
    fn ask(&mut self, kind: &str, to: &str, payload: &str) -> Reply {
        self.asked += 1;
        let id = format!("ask-{}", self.asked);
        let attribute = |name: &str| match to {
            "" => String::new(),
            to => format!(" {name}='{}'", escape(to)),
        };
        self.send(&format!(
            "<iq type='{kind}' id='{id}'{} xmlns='jabber:client'>{payload}</iq>",
            attribute("to")
        ));
        Reply {
            start: format!(
                " id='{id}'{} to='{}' xmlns='jabber:client'>",
                attribute("from"),
                escape(&self.jid)
            ),
            text: self.text(),
        }
    }

    /// Subscribes, by the full JID.
    #[track_caller]
    pub fn subscribe(&mut self, node: &str) {
        let jid = self.jid.clone();
        self.subscribe_as(node, &jid);
    }

    /// Subscribes, by a JID of one's own.
    #[track_caller]
    pub fn subscribe_as(&mut self, node: &str, jid: &str) {
        let (to, jid) = (format!("pubsub.{}", self.domain), escape(jid));
        let request =
            format!("<pubsub xmlns='{}'><subscribe node='{node}' jid='{jid}'/></pubsub>", ns::PUBSUB);
        self.set(&to, &request).is_result(&format!(
            "<pubsub xmlns='{}'><subscription node='{node}' jid='{jid}' subscription='subscribed'>\
             <subscribe-options/></subscription></pubsub>",
            ns::PUBSUB
        ));
    }

    /// The next message is the event of a payload, addressed to `to`. Returns the ids of message and item.
    #[track_caller]
    pub fn expect_event(&mut self, to: &str, node: &str, payload: &str) -> (String, String) {
        let pattern = format!(
            "<message xmlns='jabber:client' from='pubsub.{}' to='{}' id='{{any}}'><event xmlns='{}'>\
             <items node='{node}'><item id='{{any}}'><notification xmlns='{}'>{}</notification></item></items>\
             </event></message>",
            self.domain,
            escape(to),
            ns::PUBSUB_EVENT,
            ns::PUSH,
            escape(payload)
        );
        let text = self.expect(&pattern);
        let document = roxmltree::Document::parse(&text).expect("the comparison has read it");
        let id = |name| {
            let mut elements = document.descendants();
            let element = elements.find(|node| node.has_tag_name(name)).expect("the pattern has it");
            element.attribute("id").expect("the pattern has it").to_owned()
        };
        (id(("jabber:client", "message")), id((ns::PUBSUB_EVENT, "item")))
    }
}

/// The password of a user of the demo.
pub fn password(user: &str) -> &str {
    if user == "administrator" { "1234" } else { user }
}
