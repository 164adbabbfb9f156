//! A scenario of what was done, from the record: the changes that were asked for over HTTP become steps by time.
//!
//! A change that no step can say stands in the file as a comment. Refused requests have changed nothing, and are counted only.

use std::fmt::Write as _;
use std::time::SystemTime;

use percent_encoding::percent_decode_str;

use crate::config::limits::Kind as Unit;
use crate::desk::{CallData, DialogRequest, MediumRequest, NewMessage, SetState, Status};
use crate::id::DialogId;
use crate::record::{self, Entry, Key, Kind, Record};
use crate::scenario::acts::MAKES_CALLS;
use crate::scenario::file::{LENGTH_MAX, SECTIONS_MAX, TEXT_MAX};
use crate::scenario::keys;
use crate::scenario::play::dialogs_in;
use crate::scenario::read_requests::{AT_LOGOUT, INTERRUPT};
use crate::xml::Bounds;

/// Behind which a path is one of Finesse's API.
const FINESSE: &str = "/finesse/api/";

/// Behind which a path is one of callboard's API.
const OWN: &str = "/callboard/api/";

/// The text in place of a secret.
const MASK: &str = "(masked)";

/// How long the scenario goes on behind its last step, in milliseconds.
const REST: u64 = 60_000;

/// The most bytes of a comment.
const SHOWN: usize = 240;

/// Writes the file. `after`: the number of the entry behind which it begins; `user`: only what this user has asked for, or what was
/// asked for in its name.
pub fn recorded(record: &Record, after: u64, user: Option<&str>, bounds: &Bounds) -> String {
    let mut answers: Vec<&Entry> =
        record.behind(after).filter(|entry| entry.kind == Kind::Response).collect();
    answers.sort_by_key(|answer| answer.of);
    let answer_to = |entry: &Entry| {
        let place = answers.binary_search_by_key(&entry.seq, |answer| answer.of).ok()?;
        answers.get(place).copied()
    };
    // A reset, with which the numbers of calls begin again, empties the record.
    let first_call = first_call(record, after, last_call(record, after));
    let mut file = File::new(bounds, first_call);
    if record.lost(after) > 0 {
        file.note(
            "entries of the beginning are not in the record: a reset has emptied it, or it has lost them and keeps more with --record 100000",
        );
    }
    for entry in record.behind(after).filter(|entry| entry.kind == Kind::Request) {
        let (actor, path) = file.whose(entry);
        if user.is_some_and(|user| user != actor && Some(user) != entry.get(Key::User)) {
            continue;
        }
        let method = entry.get(Key::Method).unwrap_or_default();
        if matches!(method, "GET" | "HEAD" | "OPTIONS") || path.is_empty() {
            continue;
        }
        match answer_to(entry) {
            Some(answer) if is_well(answer) => file.take(entry, method, &actor, &path),
            _ => file.refused += 1,
        }
    }
    file.finish(after, record.last())
}

fn is_well(answer: &Entry) -> bool {
    answer.status.is_some_and(|status| (200..300).contains(&status))
}

/// The calls of which an entry tells.
fn calls_of(entry: &Entry) -> Vec<DialogId> {
    let is_call = entry.get(Key::Path).is_some_and(|path| path.starts_with("/callboard/api/calls"));
    match entry.text.item() {
        Some((node, item)) if node.ends_with("/Dialogs") => dialogs_in(item.payload.text()).collect(),
        None if entry.kind == Kind::Response && is_call => entry.own_text().parse().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The last call of which is told up to an entry.
fn last_call(record: &Record, up_to: u64) -> DialogId {
    let before = record.entries().take_while(|entry| entry.seq <= up_to);
    before.flat_map(calls_of).max().unwrap_or_default()
}

/// The first call behind an entry that is behind a call.
fn first_call(record: &Record, after: u64, last: DialogId) -> Option<DialogId> {
    record.behind(after).flat_map(calls_of).filter(|id| *id > last).min()
}

struct File<'b> {
    bounds: &'b Bounds,
    first_call: Option<DialogId>,
    out: String,
    steps: usize,
    notes: usize,
    refused: usize,
    left_out: usize,
    /// The time of the first change, and how long after it the one is that is looked at, in milliseconds.
    first: Option<SystemTime>,
    now: u64,
    /// An outage that goes on: since when, and what it is.
    outage: Option<(u64, Box<str>, Box<str>)>,
}

impl<'b> File<'b> {
    fn new(bounds: &'b Bounds, first_call: Option<DialogId>) -> Self {
        Self {
            bounds,
            first_call,
            out: String::new(),
            steps: 0,
            notes: 0,
            refused: 0,
            left_out: 0,
            first: None,
            now: 0,
            outage: None,
        }
    }

    /// The user in whose name a request was made, and its path without what says so.
    fn whose(&self, entry: &Entry) -> (String, String) {
        let (user, path) =
            (entry.get(Key::User).unwrap_or_default(), entry.get(Key::Path).unwrap_or_default());
        match path.split_once(FINESSE) {
            Some((before, _)) => {
                let of = before.strip_prefix("/callboard/api/as/").map(decoded);
                (of.unwrap_or_else(|| user.to_owned()), path[before.len()..].to_owned())
            }
            None if path.starts_with(OWN) => (user.to_owned(), path.to_owned()),
            None => (user.to_owned(), String::new()),
        }
    }

    fn take(&mut self, entry: &Entry, method: &str, actor: &str, path: &str) {
        let first = *self.first.get_or_insert(entry.time);
        let passed = entry.time.duration_since(first).unwrap_or_default().as_millis();
        self.now = self.now.max(u64::try_from(passed).unwrap_or(u64::MAX));
        if self.now > LENGTH_MAX - REST {
            self.left_out += 1;
            return;
        }
        let text = entry.own_text();
        let is_cut = text.len() + 4 > record::TEXT_MAX;
        // A call, task or contact from outside stands in the text, without what may be a secret.
        let is_outside = ["calls", "tasks", "contacts"]
            .iter()
            .any(|kind| path.strip_prefix(OWN).is_some_and(|path| path.split('?').next() == Some(*kind)));
        let is_masked = text.contains(MASK) || (path.contains(MASK) && !is_outside);
        let done = if is_cut || is_masked {
            None
        } else if let Some(rest) = path.strip_prefix(FINESSE) {
            self.finesse(method, actor, rest, text)
        } else {
            self.own(method, path.strip_prefix(OWN).unwrap_or_default(), text)
        };
        if done.is_none() {
            let about = [actor, " ", method, " ", path].concat();
            self.note(&["no step says this: ", &about].concat());
        }
    }

    /// A request of Finesse's API. `None`: no step says it.
    fn finesse(&mut self, method: &str, actor: &str, path: &str, body: &str) -> Option<()> {
        let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
        let parts: Vec<String> = path.split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match (method, &*parts) {
            ("PUT", ["User", user]) => {
                let asked = SetState::read(body, self.bounds).ok()?;
                let SetState {
                    state,
                    extension,
                    active_device_id,
                    reason_code_id,
                    logout_all_media,
                    mobile_agent,
                } = asked;
                if active_device_id.is_some() || logout_all_media.is_some() || mobile_agent.is_some() {
                    return None;
                }
                self.step(
                    "state",
                    &[
                        ("user", Some(user)),
                        ("state", Some(&state?)),
                        ("reason", reason_code_id.as_deref()),
                        ("extension", extension.as_deref()),
                        ("by", Some(actor).filter(|actor| actor != user)),
                    ],
                    "",
                )
            }
            ("POST", ["User", user, "Dialogs"]) if *user == actor => {
                let asked = DialogRequest::read(body, self.bounds).ok()?;
                let is_one = MAKES_CALLS.contains(&asked.action.as_deref()?);
                if is_one { self.dialog(actor, None, asked) } else { None }
            }
            ("PUT", ["Dialog", id]) => {
                let call = self.call(id)?;
                self.dialog(actor, Some(&call), DialogRequest::read(body, self.bounds).ok()?)
            }
            ("PUT", ["User", user, "Media", medium]) if *user == actor => {
                let asked = MediumRequest::read(body, self.bounds).ok()?;
                let is = |value: &Option<String>, usual| value.as_deref().is_none_or(|value| value == usual);
                if !is(&asked.interrupt_action, INTERRUPT)
                    || !is(&asked.logout_action, AT_LOGOUT)
                    || asked.routable.is_some()
                {
                    return None;
                }
                let pairs = [
                    ("user", Some(*user)),
                    ("medium", Some(*medium)),
                    ("state", Some(asked.state.as_deref()?)),
                    ("reason", asked.reason_code_id.as_deref()),
                    ("limit", asked.max_dialogs.as_deref()),
                ];
                self.step("medium", &pairs, "")
            }
            ("POST", ["TeamMessage"]) => {
                let NewMessage { duration, content, teams } = NewMessage::read(body, self.bounds).ok()?;
                let teams: Vec<String> = teams.iter().map(|team| quoted(team)).collect();
                let time = duration.as_deref().and_then(crate::text::number::<u64>)?;
                let more = format!("teams = [{}]\nfor = \"{time}s\"\n", teams.join(", "));
                let content = content.filter(|content| content.len() <= TEXT_MAX)?;
                self.step("message", &[("user", Some(actor)), ("content", Some(&content))], &more)
            }
            // Nothing in the contact centre changes by them.
            ("POST", ["User", _, "ClientLog" | "CompressedClientLog"]) => Some(()),
            _ => None,
        }
    }

    fn dialog(&mut self, user: &str, call: Option<&str>, asked: DialogRequest) -> Option<()> {
        let data = asked.data.unwrap_or_default();
        if asked.associated.is_some() || asked.script_selector.is_some() || data.wrap_up_items.is_some() {
            return None;
        }
        let pairs = [
            ("user", Some(user)),
            ("action", Some(asked.action.as_deref()?)),
            ("call", call),
            ("to", asked.to.as_deref()),
            ("participant", asked.target.as_deref()),
            ("digits", asked.digits.as_deref()),
            ("wrap_up", data.wrap_up_reason.as_deref()),
            ("classification", asked.classification.as_deref()),
            ("callback_time", asked.callback_time.as_deref()),
            ("callback_number", asked.callback_number.as_deref()),
        ];
        self.step("dialog", &pairs, &variables(&data))
    }

    /// A request of callboard's API. `None`: no step says it.
    fn own(&mut self, method: &str, path: &str, text: &str) -> Option<()> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (kind, id) = path.split_once('/').unwrap_or((path, ""));
        let pairs: Vec<_> =
            form_urlencoded::parse(if text.is_empty() { query } else { text }.as_bytes()).collect();
        let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
        let mut data = CallData::default();
        let named = |name: &str| name.starts_with("callVariable") || name.starts_with("user.");
        data.variables.extend(
            pairs
                .iter()
                .filter(|(name, _)| named(name))
                .map(|(name, value)| (name.to_string(), value.to_string())),
        );
        match (method, kind, id) {
            ("POST", "calls", "") => {
                self.step("call", &[("to", get("to")), ("from", get("from"))], &variables(&data))
            }
            ("DELETE", "calls", id) => {
                let call = self.call(id.trim_matches('/'))?;
                self.step("hang_up", &[("call", Some(&call))], "")
            }
            ("POST", "tasks", "") => self.step("task", &[("media", get("media"))], &variables(&data)),
            ("POST", "contacts", "") => {
                let names = keys::CONTACT.iter().filter(|name| **name != "variables");
                let values: Vec<_> = names.map(|name| (*name, get(name))).collect();
                self.step("contact", &values, &variables(&data))
            }
            ("POST", "status", "") => {
                let (_, status, finesse) =
                    self.end_outage().unwrap_or((0, Status::InService.name().into(), "available".into()));
                let status = get("status").map_or(status, Box::from);
                let finesse = get("finesse").map_or(finesse, Box::from);
                let is_out = *status != *Status::InService.name() || &*finesse != "available";
                self.outage = is_out.then_some((self.now, status, finesse));
                Some(())
            }
            ("PUT", "faults", name) if get("session").is_none() && get("after").is_none() => {
                let mut table = format!("fault = {{ name = {}", quoted(&decoded(name)));
                for (key, value) in &pairs {
                    let _ = write!(table, ", {} = {}", quoted(key), quoted(value));
                }
                self.step("fault", &[], &(table + " }\n"))
            }
            ("DELETE", "faults", name) if !name.is_empty() => {
                self.step("heal", &[("fault", Some(&decoded(name)))], "")
            }
            // A request that only looks changes nothing.
            (_, "ticket" | "meters" | "record" | "wait", _) => Some(()),
            _ => None,
        }
    }

    /// The number of a call since the beginning.
    fn call(&self, id: &str) -> Option<String> {
        let id: DialogId = id.parse().ok()?;
        Some((id.checked_sub(self.first_call?)? + 1).to_string())
    }

    /// An outage is over, or goes over into another one.
    fn end_outage(&mut self) -> Option<(u64, Box<str>, Box<str>)> {
        let (since, status, finesse) = self.outage.take()?;
        let now = self.now;
        self.now = since;
        let time = Unit::Duration.show((now - since).max(1));
        let pairs = [("status", Some(&*status)), ("finesse", Some(&*finesse))];
        let _ = self.step("outage", &pairs, &format!("for = {time}\n"));
        self.now = now;
        Some((since, status, finesse))
    }

    /// Writes a step: what it does, its keys with their values, and lines that are TOML already.
    fn step(&mut self, what: &str, pairs: &[(&str, Option<&str>)], more: &str) -> Option<()> {
        if self.steps == SECTIONS_MAX {
            self.left_out += 1;
            return Some(());
        }
        self.steps += 1;
        let _ = write!(self.out, "\n[[at]]\ntime = {}\ndo = \"{what}\"\n", Unit::Duration.show(self.now));
        for (key, value) in pairs {
            let Some(value) = value else { continue };
            let is_number = matches!(*key, "call" | "reason" | "limit")
                && value.parse::<u32>().is_ok_and(|number| number.to_string() == *value);
            let value = if is_number { (*value).to_owned() } else { quoted(value) };
            let _ = writeln!(self.out, "{key} = {value}");
        }
        self.out.push_str(more);
        Some(())
    }

    fn note(&mut self, sentence: &str) {
        if self.notes == SECTIONS_MAX {
            self.left_out += 1;
            return;
        }
        self.notes += 1;
        let sentence = crate::text::start(sentence, SHOWN).escape_debug();
        let _ = writeln!(self.out, "\n# {}: {sentence}", Unit::Duration.show(self.now).trim_matches('"'));
    }

    fn finish(mut self, after: u64, last: u64) -> String {
        // An outage that nobody has ended lasts until the end.
        self.now = (self.now + REST).min(LENGTH_MAX);
        self.end_outage();
        let mut file = format!(
            "# What was done from entry {after} to entry {last} of the record. Times count from the first change, and `call` is the\n\
             # number of a call among all since then. What clients do over XMPP is not in it.\n"
        );
        if self.refused > 0 {
            let _ = writeln!(
                file,
                "# Left out, as they were refused or have no answer yet: {} requests.",
                self.refused
            );
        }
        if self.left_out > 0 {
            let _ = writeln!(
                file,
                "# Left out, as a scenario has {SECTIONS_MAX} steps and is a week long at most: {} changes.",
                self.left_out
            );
        }
        let length = Unit::Duration.show(self.now);
        let _ = write!(file, "name = \"Recorded\"\nlength = {length}\n{}", self.out);
        file
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The line for call variables, if there are any.
fn variables(data: &CallData) -> String {
    if data.variables.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> =
        data.variables.iter().map(|(name, value)| format!("{} = {}", quoted(name), quoted(value))).collect();
    format!("variables = {{ {} }}\n", pairs.join(", "))
}

/// A text as a basic string (TOML 1.0, "String").
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
