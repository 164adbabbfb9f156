//! An entry of the record.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::id::SessionId;
use crate::json;
use crate::pubsub::Item;
use crate::record::wire::Wire;
use crate::text;

/// The longest text that an entry shows, in bytes.
pub const TEXT_MAX: usize = 16 * 1024;

/// The longest value of a member, in bytes.
const VALUE_MAX: usize = 1024;

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request over HTTP.
    Request,
    /// The response to a request.
    Response,
    /// A frame from a client, or an envelope of BOSH.
    FrameIn,
    /// A frame, an envelope of BOSH or a server-sent event to a client.
    FrameOut,
    /// An item was published.
    Event,
    /// The state of an agent, or of the service, is another one.
    State,
    /// A fault was set, acts, or has ended.
    Fault,
    /// A session was opened, has bound a resource, or has ended.
    Session,
    /// A login over XMPP was accepted or refused.
    Login,
    /// A scenario does something, for a user or by itself.
    Scenario,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Request,
        Self::Response,
        Self::FrameIn,
        Self::FrameOut,
        Self::Event,
        Self::State,
        Self::Fault,
        Self::Session,
        Self::Login,
        Self::Scenario,
    ];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::FrameIn => "frame-in",
            Self::FrameOut => "frame-out",
            Self::Event => "event",
            Self::State => "state",
            Self::Fault => "fault",
            Self::Session => "session",
            Self::Login => "login",
            Self::Scenario => "scenario",
        }
    }
}

/// The name of a member that is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    User,
    /// What has happened, of the kind: `opened`, `not-authorized`, `READY`.
    What,
    RequestId,
    Method,
    /// The path with its query, masked.
    Path,
    Peer,
    Transport,
    Jid,
    Reason,
    Mechanism,
    Authzid,
    Authcid,
    /// The name of the fault that has touched it.
    Fault,
    Node,
    /// The id of the item that a fault has touched.
    Item,
    /// How long a session lasted.
    Seconds,
    /// How many messages a session never got.
    Lost,
}

impl Key {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::What => "what",
            Self::RequestId => "requestId",
            Self::Method => "method",
            Self::Path => "path",
            Self::Peer => "peer",
            Self::Transport => "transport",
            Self::Jid => "jid",
            Self::Reason => "reason",
            Self::Mechanism => "mechanism",
            Self::Authzid => "authzid",
            Self::Authcid => "authcid",
            Self::Fault => "fault",
            Self::Node => "node",
            Self::Item => "item",
            Self::Seconds => "seconds",
            Self::Lost => "lost",
        }
    }
}

/// The text of an entry. What many entries have in common stands once in memory.
#[derive(Clone, Debug, Default)]
pub enum Text {
    #[default]
    None,
    /// A text of its own.
    Own(Box<str>),
    /// The payload of an item, as it was published, and as streams of server-sent events carry it.
    Item { node: Rc<str>, item: Rc<Item> },
    /// The event of an item on its way to a session of XMPP.
    Message { node: Rc<str>, item: Rc<Item>, to: Box<str>, id: [u8; 8] },
}

impl Text {
    /// A text, as much of it as is kept.
    pub fn own(text: &str) -> Self {
        if text.is_empty() { Self::None } else { Self::Own(text::start(text, TEXT_MAX).into()) }
    }

    /// The node and the item, if it is that of an event.
    pub fn item(&self) -> Option<(&Rc<str>, &Rc<Item>)> {
        match self {
            Self::Item { node, item } | Self::Message { node, item, .. } => Some((node, item)),
            Self::None | Self::Own(_) => None,
        }
    }

    /// The text as a person looks for something in it: of an event, the payload.
    pub(super) fn searched(&self) -> &str {
        match self {
            Self::None => "",
            Self::Own(text) => text,
            Self::Item { item, .. } | Self::Message { item, .. } => item.payload.text(),
        }
    }

    /// The text as it went over the wire.
    pub fn shown(&self, wire: &Wire) -> Cow<'_, str> {
        match self {
            Self::Message { node, item, to, id } => wire.message(node, item, to, id).into(),
            other => other.searched().into(),
        }
    }

    /// The memory that it holds alone.
    fn bytes(&self) -> usize {
        match self {
            Self::None | Self::Item { .. } => 0,
            Self::Own(text) => text.len(),
            Self::Message { to, .. } => to.len(),
        }
    }
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number; the first has 1.
    pub seq: u64,
    pub time: SystemTime,
    pub kind: Kind,
    pub session: Option<SessionId>,
    /// The number of the request to which it is the response, or of the entry that a fault has touched; 0: there is none.
    pub of: u64,
    /// The status of a response.
    pub status: Option<u16>,
    /// The length of the whole text in bytes.
    pub size: usize,
    pub text: Text,
    /// The members that are texts, each once and none empty.
    pub members: Vec<(Key, Box<str>)>,
}

impl Entry {
    /// An entry that has no number yet.
    pub fn new(time: SystemTime, kind: Kind) -> Self {
        Self {
            seq: 0,
            time,
            kind,
            session: None,
            of: 0,
            status: None,
            size: 0,
            text: Text::None,
            members: Vec::new(),
        }
    }

    /// Sets a member; an empty value is none.
    #[must_use]
    pub fn with(mut self, key: Key, value: &str) -> Self {
        self.set(key, value);
        self
    }

    /// Sets a member that may be missing.
    #[must_use]
    pub fn with_some(mut self, key: Key, value: Option<&str>) -> Self {
        self.set(key, value.unwrap_or_default());
        self
    }

    /// Sets the text, of which only the start is kept if it is long.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.size = text.len();
        self.text = Text::own(text);
        self
    }

    /// Sets a member, unless the value is empty. One that is there gets another value.
    pub fn set(&mut self, key: Key, value: &str) {
        if value.is_empty() {
            return;
        }
        let value = text::start(value, VALUE_MAX).into();
        match self.members.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => {
                self.members.reserve_exact(1);
                self.members.push((key, value));
            }
        }
    }

    /// The value of a member.
    pub fn get(&self, key: Key) -> Option<&str> {
        self.members.iter().find(|(known, _)| *known == key).map(|(_, value)| &**value)
    }

    /// The values of all members.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(_, value)| &**value)
    }

    /// The text, unless it is that of an event.
    pub fn own_text(&self) -> &str {
        match &self.text {
            Text::Own(text) => text,
            _ => "",
        }
    }

    /// The node of which it tells.
    pub fn node(&self) -> Option<&str> {
        self.text.item().map(|(node, _)| &**node).or_else(|| self.get(Key::Node))
    }

    /// The time since 1970.
    pub fn since_epoch(&self) -> Duration {
        self.time.duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// The memory that it takes alone.
    pub(super) fn bytes(&self) -> usize {
        let members = self.members.capacity() * size_of::<(Key, Box<str>)>();
        let values: usize = self.values().map(str::len).sum();
        size_of::<Self>() + members + values + self.text.bytes()
    }

    /// Appends it as JSON.
    pub fn write(&self, out: &mut String, wire: &Wire) {
        let time = self.since_epoch().as_micros();
        json::object(out, |object| {
            object.plain("seq", self.seq);
            object.plain("time", format_args!("{}.{:03}", time / 1000, time % 1000));
            object.string("kind", self.kind.name());
            if let Some(session) = self.session {
                object.string("session", &session.to_string());
            }
            for (key, value) in &self.members {
                match key {
                    Key::Seconds | Key::Lost => object.plain(key.name(), value),
                    _ => object.string(key.name(), value),
                }
            }
            if self.of > 0 {
                object.plain("of", self.of);
            }
            if let Some(status) = self.status {
                object.plain("status", status);
            }
            if let Some((node, item)) = self.text.item() {
                object.string("node", node);
                object.string("item", &item.id);
            }
            if !matches!(self.text, Text::None) || self.size > 0 {
                let shown = self.text.shown(wire);
                let start = text::start(&shown, TEXT_MAX);
                object.plain("size", self.size);
                object.string("text", start);
                // A secret in it was longer than its mask, and a stream of events has more around it: only what is as long as a
                // text may be was cut, between two characters.
                if start.len() < self.size && start.len() > TEXT_MAX - 4 {
                    object.plain("cut", true);
                }
            }
        });
    }
}
