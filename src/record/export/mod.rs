//! A session as a file: its frames, and the requests of its user over HTTP.

mod har;
mod plain;

use crate::id::SessionId;
use crate::json;
use crate::record::entry::{Entry, Key, Kind};
use crate::record::ring::Record;

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
        Some(Self {
            session,
            user,
            transport: find(Key::Transport),
            peer: find(Key::Peer),
            jid: find(Key::Jid),
            entries: record.entries().filter(wanted).collect(),
        })
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
