//! A session as a file: its frames, and the requests of its user over HTTP.

mod har;
mod plain;

use crate::id::SessionId;
use crate::json;
use crate::record::entry::{Entry, Key, Kind, Text};
use crate::record::ring::Record;

/// About how many bytes of text a file has: it is written in one turn of the event loop.
const FILE_BYTES: usize = 8 * 1024 * 1024;

/// About how many bytes an entry has beside its text.
const LINE: usize = 256;

/// What stands in every file: where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub version: &'a str,
    pub profile: &'a str,
    pub release: &'a str,
    pub domain: &'a str,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// HTTP Archive 1.2, with `_webSocketMessages` as Chromium writes them.
    Har,
    /// For people: payloads are decoded.
    Text,
    Json,
}

impl Form {
    /// The form that a file's name ends with.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "har" => Some(Self::Har),
            "txt" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Har | Self::Json => "application/json",
        }
    }
}

/// The entries of a session, and the requests of its user.
struct Conversation<'r> {
    session: SessionId,
    user: Option<&'r str>,
    transport: Option<&'r str>,
    peer: Option<&'r str>,
    jid: Option<&'r str>,
    entries: Vec<&'r Entry>,
}

impl<'r> Conversation<'r> {
    fn of(record: &'r Record, session: SessionId) -> Option<Self> {
        let own = || record.entries().filter(|entry| entry.session == Some(session));
        own().next()?;
        let find = |key| own().filter(|entry| entry.kind != Kind::Login).find_map(|entry| entry.get(key));
        let user = find(Key::User);
        let is_request = |entry: &&Entry| matches!(entry.kind, Kind::Request | Kind::Response);
        let wanted = |entry: &&Entry| {
            entry.session == Some(session)
                || (is_request(entry) && user.is_some() && entry.get(Key::User) == user)
        };
        // The newest, as far as there is room.
        let mut room = FILE_BYTES;
        let fits = |entry: &&Entry| {
            let had_room = room > 0;
            room = room.saturating_sub(entry.text.searched().len() + LINE);
            had_room
        };
        let mut entries: Vec<&Entry> = record.entries().rev().filter(wanted).take_while(fits).collect();
        entries.reverse();
        // The entry of its beginning may have made room for others.
        let transport = find(Key::Transport).or_else(|| own().find_map(Entry::carried_by));
        Some(Self { session, user, transport, peer: find(Key::Peer), jid: find(Key::Jid), entries })
    }
}

impl Entry {
    /// The transport that a frame shows by itself.
    fn carried_by(&self) -> Option<&'static str> {
        match (self.kind, &self.text) {
            (Kind::FrameOut, Text::Item { .. }) => Some("sse"),
            (Kind::FrameIn | Kind::FrameOut, Text::Own(text)) if text.starts_with("<body") => Some("bosh"),
            _ => None,
        }
    }
}

/// Writes a session; `None`: nothing of it is recorded.
pub fn write(record: &Record, session: SessionId, form: Form, about: &About<'_>) -> Option<String> {
    let conversation = Conversation::of(record, session)?;
    Some(match form {
        Form::Har => har::write(&conversation, record.wire(), about),
        Form::Text => plain::write(&conversation, record.wire(), about),
        Form::Json => json::document(|object| {
            object.string("callboard", about.version);
            object.string("profile", about.profile);
            object.string("release", about.release);
            object.string("domain", about.domain);
            object.string("session", &session.to_string());
            object.optional("user", conversation.user);
            object.optional("transport", conversation.transport);
            object.array("entries", &conversation.entries, |out, entry| entry.write(out, record.wire()));
        }),
    })
}
