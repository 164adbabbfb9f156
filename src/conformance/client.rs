//! What a client has said and met, in the order of the record.

use std::time::{Duration, SystemTime};

use roxmltree::Node;

use crate::id::SessionId;
use crate::record::{Entry, Key, Kind, Record, TEXT_MAX, Text};
use crate::xml::{self, Bounds, XmlError};
use crate::xmpp::ns;

/// How much of the frames is read, in bytes: it is done in one turn of the event loop.
const READ_MAX: usize = 1024 * 1024;

/// The most sessions behind the first that are looked at.
const SESSIONS_MAX: usize = 16;

/// The errors of a stream whose client sends no whole element (RFC 6120 §4.9.3.13, §4.9.3.18).
const REFUSALS: [&str; 2] = ["<not-well-formed", "<restricted-xml"];

/// What one frame may have; the hub has read it before.
const BOUNDS: Bounds = Bounds { bytes: TEXT_MAX, elements: 4096, depth: 64, attributes: 64, prefixes: 64 };

/// A fact of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A message that is not one element.
    Broken,
    /// The client opens a stream to this domain.
    Open(String),
    /// The client asks for a resource; empty: the server is to choose it.
    Bind(String),
    /// The client is available with this priority.
    Presence(i64),
    /// A ping (XEP-0199) with this id.
    Ping(String),
    Subscribe {
        node: String,
        jid: String,
    },
    Unsubscribe {
        node: String,
    },
    /// The client ends its stream.
    Close,
    /// Another frame of the client.
    Said,
    /// The server answers the iq of this id.
    Answer(String),
    /// The server has bound a full JID.
    Bound(String),
    Ended,
    /// A login was accepted or refused.
    Login,
    /// A fault of this name acts.
    Hit(String),
    /// A GET of Finesse's API, but of SystemInfo.
    Read,
}

impl What {
    /// Whether the client has said it in its stream, and does not end the stream with it.
    pub fn is_said(&self) -> bool {
        use What::{Bind, Open, Ping, Presence, Said, Subscribe, Unsubscribe};
        matches!(
            self,
            Open(_) | Bind(_) | Presence(_) | Ping(_) | Subscribe { .. } | Unsubscribe { .. } | Said
        )
    }
}

/// A fact with its entry.
pub(super) struct Fact<'r> {
    pub entry: &'r Entry,
    pub what: What,
}

/// A session of a client, what its user has done over HTTP, and the sessions behind it.
pub struct Client<'r> {
    pub session: SessionId,
    pub user: Option<&'r str>,
    pub transport: Option<&'r str>,
    pub jid: Option<&'r str>,
    pub domain: &'r str,
    pub now: SystemTime,
    /// The first entry of the session.
    pub first: &'r Entry,
    /// The end of the session.
    pub ended: Option<&'r Entry>,
    facts: Vec<Fact<'r>>,
    /// The entry behind which frames were not read.
    pub read_until: Option<&'r Entry>,
}

impl<'r> Client<'r> {
    /// Reads a session from the record; `None`: the record has nothing of it.
    pub fn of(record: &'r Record, session: SessionId, domain: &'r str, now: SystemTime) -> Option<Self> {
        let own = || record.entries().filter(move |entry| entry.session == Some(session));
        let first = own().next()?;
        let find = |key| own().filter(|entry| entry.kind != Kind::Login).find_map(|entry| entry.get(key));
        let ended = own().find(|entry| is_session(entry, "ended"));
        let user = find(Key::User);
        let peer = find(Key::Peer).map(host);
        // The sessions in which the client comes back, also before the end of this one is noticed.
        let mut sessions = vec![session];
        let hit = own().find(|entry| entry.kind == Kind::Fault && entry.get(Key::What) == Some("acts"));
        if let (Some(start), Some(_)) = (hit.or(ended), user) {
            let later = record.behind(start.seq).filter(|entry| {
                is_session(entry, "bound")
                    && entry.session != Some(session)
                    && entry.get(Key::User) == user
                    && entry.get(Key::Peer).map(host) == peer
            });
            sessions.extend(later.filter_map(|entry| entry.session).take(SESSIONS_MAX));
        }
        let mut client = Self {
            session,
            user,
            transport: find(Key::Transport),
            jid: find(Key::Jid),
            domain,
            now,
            first,
            ended,
            facts: Vec::new(),
            read_until: None,
        };
        let mut room = READ_MAX;
        let mut last = None;
        for entry in record.behind(first.seq - 1) {
            let is_of_client = entry.session.is_some_and(|session| sessions.contains(&session));
            let is_of_user = user.is_some() && entry.get(Key::User) == user;
            match entry.kind {
                Kind::FrameIn if is_of_client => {
                    client.read_frame(entry, &mut room);
                    last = Some(entry);
                }
                Kind::FrameOut if is_of_client => client.read_answer(entry, last),
                Kind::Session if is_of_client && is_session(entry, "bound") => {
                    client.add(entry, What::Bound(entry.get(Key::Jid).unwrap_or_default().to_owned()));
                }
                Kind::Session if is_of_client && is_session(entry, "ended") => client.add(entry, What::Ended),
                Kind::Fault if is_of_client && entry.get(Key::What) == Some("acts") => {
                    client.add(entry, What::Hit(entry.get(Key::Fault).unwrap_or_default().to_owned()));
                }
                // Others may log in as the same user elsewhere.
                Kind::Login if is_of_user && entry.get(Key::Peer).map(host) == peer => {
                    client.add(entry, What::Login);
                }
                Kind::Request if is_of_user && is_read(entry) => client.add(entry, What::Read),
                _ => {}
            }
        }
        Some(client)
    }

    /// The facts of the session itself.
    pub(super) fn own(&self) -> impl DoubleEndedIterator<Item = &Fact<'r>> {
        self.facts.iter().filter(|fact| fact.entry.session == Some(self.session))
    }

    /// All facts behind an entry.
    pub(super) fn behind(&self, entry: &Entry) -> impl Iterator<Item = &Fact<'r>> {
        let seq = entry.seq;
        self.facts.iter().filter(move |fact| fact.entry.seq > seq)
    }

    /// The time since an entry.
    pub(super) fn since(&self, entry: &Entry) -> Duration {
        self.now.duration_since(entry.time).unwrap_or_default()
    }

    /// Whether each message of the transport is one element.
    pub(super) fn is_framed(&self) -> bool {
        self.transport.is_some_and(|transport| transport.starts_with("ws"))
    }

    fn add(&mut self, entry: &'r Entry, what: What) {
        self.facts.push(Fact { entry, what });
    }

    fn read_frame(&mut self, entry: &'r Entry, room: &mut usize) {
        let Text::Own(text) = &entry.text else { return };
        // The end of a long frame is missing.
        let is_cut = text.len() + char::MAX.len_utf8() > TEXT_MAX;
        if !is_cut && text.len() > *room {
            self.read_until.get_or_insert(entry);
        }
        if is_cut || self.read_until.is_some() {
            return self.add(entry, What::Said);
        }
        *room -= text.len();
        match xml::read(text, &BOUNDS) {
            Ok(document) => {
                let root = document.root_element();
                if !root.has_tag_name((ns::HTTPBIND, "body")) {
                    return self.add(entry, said(root));
                }
                if let Some(to) = root.attribute("to") {
                    self.add(entry, What::Open(to.to_owned()));
                }
                for stanza in root.children().filter(Node::is_element) {
                    self.add(entry, said(stanza));
                }
                if root.attribute("type") == Some("terminate") {
                    self.add(entry, What::Close);
                }
            }
            Err(XmlError::TooMuch(_)) => self.add(entry, What::Said),
            Err(_) if self.is_framed() => self.add(entry, What::Broken),
            Err(_) => self.add(entry, of_stream(text)),
        }
    }

    /// Notes answers to an iq, and that the frame before was refused as no element: of a login that is not shown. Frames of the
    /// server are not read as XML: most are events.
    fn read_answer(&mut self, entry: &'r Entry, last: Option<&'r Entry>) {
        let Text::Own(text) = &entry.text else { return };
        let is_refused = || REFUSALS.iter().any(|condition| text.contains(condition));
        if let Some(last) = last
            && self.is_framed()
            && text.starts_with("<stream:error")
            && is_refused()
        {
            self.add(last, What::Broken);
        }
        for (at, _) in text.match_indices("<iq ") {
            let tag = text[at..].split('>').next().unwrap_or_default();
            let id = ["id='", "id=\""].iter().find_map(|start| {
                let (_, rest) = tag.split_once(&format!(" {start}"))?;
                rest.split(['\'', '"']).next()
            });
            if let Some(id) = id {
                self.add(entry, What::Answer(id.to_owned()));
            }
        }
    }
}

/// What the header or the end of a stream without frames says, which are no whole elements (RFC 6120 §4.2, §4.4).
fn of_stream(text: &str) -> What {
    const END: &str = "</stream:stream>";
    let Some(at) = text.find("<stream:stream") else {
        return if text.trim() == END { What::Close } else { What::Said };
    };
    let whole = format!("{}{END}", &text[at..]);
    xml::read(&whole, &BOUNDS).map_or(What::Said, |document| {
        What::Open(document.root_element().attribute("to").unwrap_or_default().to_owned())
    })
}

/// What an element of a client says.
fn said(element: Node<'_, '_>) -> What {
    if element.has_attribute("masked") {
        return What::Said;
    }
    let attribute = |name| element.attribute(name).unwrap_or_default().to_owned();
    let name = element.tag_name();
    match (name.namespace().unwrap_or_default(), name.name()) {
        (ns::FRAMING, "open") => What::Open(attribute("to")),
        (ns::FRAMING, "close") => What::Close,
        // The framing before RFC 7395.
        (ns::STREAM, "stream") => What::Broken,
        (_, "presence") if element.attribute("type").is_none() && element.attribute("to").is_none() => {
            let priority = element.children().find(|child| child.tag_name().name() == "priority");
            let priority = priority.and_then(|priority| xml::text_content(priority).trim().parse().ok());
            What::Presence(priority.unwrap_or_default())
        }
        (_, "iq") if matches!(element.attribute("type"), Some("get" | "set")) => {
            element.first_element_child().map_or(What::Said, |child| asked(child, attribute("id")))
        }
        _ => What::Said,
    }
}

fn asked(child: Node<'_, '_>, id: String) -> What {
    if child.has_tag_name((ns::PING, "ping")) {
        return What::Ping(id);
    }
    if child.has_tag_name((ns::BIND, "bind")) {
        let resource = child.first_element_child().map(xml::text_content);
        return What::Bind(resource.unwrap_or_default().trim().to_owned());
    }
    let Some(inner) = child.first_element_child().filter(|_| child.has_tag_name((ns::PUBSUB, "pubsub")))
    else {
        return What::Said;
    };
    let attribute = |name| inner.attribute(name).unwrap_or_default().to_owned();
    match inner.tag_name().name() {
        "subscribe" => What::Subscribe { node: attribute("node"), jid: attribute("jid") },
        "unsubscribe" => What::Unsubscribe { node: attribute("node") },
        _ => What::Said,
    }
}

fn is_session(entry: &Entry, what: &str) -> bool {
    entry.kind == Kind::Session && entry.get(Key::What) == Some(what)
}

/// Whether a request reads the state of the contact centre.
fn is_read(entry: &Entry) -> bool {
    let path = entry.get(Key::Path).unwrap_or_default();
    entry.get(Key::Method) == Some("GET")
        && path.contains("/finesse/api/")
        && !path.contains("/api/SystemInfo")
}

/// An address without its port.
fn host(peer: &str) -> &str {
    peer.rsplit_once(':').map_or(peer, |(host, _)| host)
}
