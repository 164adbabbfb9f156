//! `callboard watch` and `callboard publish`: events of nodes as they come, and an item for a node.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use async_signal::{Signal, Signals};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::net::{self, Beside};
use super::report::Report;
use super::setting::{Input, Setting, Told, of_file, setting};
use super::target;
use crate::cli;
use crate::commands::{Exit, print_error};
use crate::diagnosis::Language;
use crate::json;
use crate::probe::{Errand, Event, Over, Plan, Probe, Step, shown_url};
use crate::text::printable;
use crate::xml;
use crate::xmpp::ns;

/// The nodes that are watched if none is named: all that the server lists.
const ALL: &str = "*";

/// How long a file with a payload may be, in bytes.
const FILE_MAX: u64 = 16 << 20;

/// The flags that both commands have in common with the probe.
macro_rules! flags_of_probe {
    ($flags:expr, $resource:expr) => {
        cli::Probe {
            url: vec![$flags.url.clone()],
            user: Some($flags.user.clone()),
            password_file: $flags.password_file.clone(),
            domain: $flags.domain.clone(),
            resource: $flags.resource.clone().unwrap_or_else(|| $resource.to_owned()),
            ca: $flags.ca.clone(),
            pin: $flags.pin.clone(),
            insecure: $flags.insecure,
            timeout: $flags.timeout,
            ..cli::Probe::default()
        }
    };
}

/// `callboard watch`: prints events until as many as are wanted have come, a time is over, the connection ends or a signal comes.
///
/// # Errors
///
/// Returns an error when standard output cannot be written.
pub fn watch(flags: &cli::Watch) -> io::Result<ExitCode> {
    let probe = flags_of_probe!(flags, "callboard-watch");
    let setting = match setting(&probe)? {
        Ok(setting) => setting,
        Err(refused) => return Ok(complain(refused)),
    };
    let nodes = if flags.node.is_empty() { vec![ALL.to_owned()] } else { flags.node.clone() };
    let mut signals = Signals::new([Signal::Int, Signal::Term])?;
    let (begun, mut left) = (net::now(), flags.count);
    let mut written = Ok(());
    let mut has_watched = false;
    loop {
        let passed = net::now().saturating_duration_since(begun);
        let until = flags.r#for.map(|time| Duration::from_secs(time).saturating_sub(passed));
        let errand = Errand::Watch { count: left, until };
        let mut told = Printed::default();
        let look = &mut |probe: &mut Probe| told.look(probe, flags, &mut written);
        let Some(ended) = session(&probe, &setting, &nodes, errand, Some(&mut signals), look) else {
            return Ok(complain((Exit::WrongUsage, format!("{} cannot be watched", shown_url(&flags.url)))));
        };
        written?;
        written = Ok(());
        left = left.map(|left| left.saturating_sub(ended.progress().seen));
        let all_came = left.is_none_or(|left| left == 0);
        let (over, was_refused) = (ended.progress().over, ended.is_refused());
        let nothing_to_watch = ended.progress().watched == Some(0);
        has_watched |= ended.progress().watched.is_some_and(|nodes| nodes > 0);
        let is_late =
            flags.r#for.is_some_and(|time| net::now().saturating_duration_since(begun).as_secs() >= time);
        // A command that never watched, or whose login is refused now, has not watched until the time was over.
        if over.is_some() || (is_late && has_watched && !was_refused) {
            if all_came {
                return Ok(Exit::Well.into());
            }
            let wanted = flags.count.unwrap_or_default();
            let came = wanted - left.unwrap_or_default();
            return Ok(complain((Exit::ToMend, format!("{came} of {wanted} events have come"))));
        }
        if nothing_to_watch {
            return Ok(complain((Exit::ToMend, "there is no node to watch".to_owned())));
        }
        match flags.retry {
            Some(pause) if !was_refused && !is_late => {
                print_error(&format!("callboard: {}", why(ended, &shown_url(&flags.url), true)));
                let passed = net::now().saturating_duration_since(begun);
                let rest = flags.r#for.map(|time| Duration::from_secs(time).saturating_sub(passed));
                let pause = Duration::from_secs(pause).min(rest.unwrap_or(Duration::MAX));
                if net::pause(pause, &mut signals) {
                    return Ok(if all_came { Exit::Well } else { Exit::ToMend }.into());
                }
            }
            _ => {
                let exit = failed(ended.dialogue().outcomes.failed().map(|(step, _)| step));
                print_error(why(ended, &shown_url(&flags.url), false).trim_end());
                return Ok(exit.into());
            }
        }
    }
}

/// `callboard publish`: publishes an item over XMPP, and prints its id.
///
/// # Errors
///
/// Returns an error when standard input or output fail.
pub fn publish(flags: &cli::Publish) -> io::Result<ExitCode> {
    let payload = match payload(flags) {
        Ok(payload) => payload,
        Err(refused) => return Ok(complain(refused)),
    };
    let probe = flags_of_probe!(flags, "callboard-publish");
    let setting = match setting(&probe)? {
        Ok(setting) => setting,
        Err(refused) => return Ok(complain(refused)),
    };
    let nodes = std::slice::from_ref(&flags.node);
    let Some(ended) = session(&probe, &setting, nodes, Errand::Publish(payload), None, &mut |_| true) else {
        return Ok(complain((Exit::WrongUsage, format!("{} cannot be published to", shown_url(&flags.url)))));
    };
    let progress = ended.progress();
    if let Some((node, condition)) = progress.refused.first() {
        return Ok(complain((Exit::ToMend, format!("{node}: {}", printable(condition)))));
    }
    if progress.over == Some(Over::Published) {
        if let Some(item) = &progress.item {
            writeln!(io::stdout(), "{}", printable(item))?;
        }
        return Ok(Exit::Well.into());
    }
    let exit = failed(ended.dialogue().outcomes.failed().map(|(step, _)| step));
    print_error(why(ended, &shown_url(&flags.url), false).trim_end());
    Ok(exit.into())
}

/// The payload of an item, as an element in XML.
fn payload(flags: &cli::Publish) -> Told<String> {
    let text = match (&flags.text, &flags.file) {
        (Some(text), None) => text.clone(),
        (None, Some(path)) => read_payload(path).map_err(|error| (Exit::ToMend, of_file(path, error)))?,
        _ => {
            let sentence = "say what to publish: a text behind the node, or --file FILE; not both";
            return Err((Exit::WrongUsage, sentence.to_owned()));
        }
    };
    let text = text.strip_prefix(xml::BYTE_ORDER_MARK).unwrap_or(&text);
    let to_mend = |sentence: String| Err((Exit::ToMend, sentence));
    if !xml::is_carriable(text) {
        return to_mend("the text has a character that XML cannot carry".to_owned());
    }
    if !flags.xml {
        return Ok(format!("<notification xmlns='{}'>{}</notification>", ns::PUSH, xml::escape(text)));
    }
    let bounds =
        xml::Bounds { bytes: 16 << 20, elements: 1 << 20, depth: 1024, attributes: 256, prefixes: 64 };
    let document = match xml::read_document(text, &bounds) {
        Ok(document) => document,
        Err(_) => return to_mend("with --xml the payload has to be one element of XML".to_owned()),
    };
    // A stanza has no XML declaration in it, and a payload takes no namespace from around it.
    let mut out = String::new();
    match xml::write_node(&mut out, document.root_element(), None, usize::MAX) {
        Ok(()) => Ok(out),
        Err(_) => to_mend("the payload is too long".to_owned()),
    }
}

/// The text of a file. Not each file has an end.
fn read_payload(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = fs::File::open(path)?.take(FILE_MAX + 1).read_to_string(&mut text)? as u64;
    if read > FILE_MAX { Err(io::Error::other("it is longer than 16 MiB")) } else { Ok(text) }
}

/// Runs a session, from its first step to its last.
fn session(
    flags: &cli::Probe,
    setting: &Setting,
    nodes: &[String],
    errand: Errand,
    signals: Option<&mut Signals>,
    look: &mut dyn FnMut(&mut Probe) -> bool,
) -> Option<Probe> {
    let (Input::Server(to), _) = setting.inputs.first()? else { return None };
    let plan = target::plan(flags, to, setting.login.as_ref().map(|(_, password)| password));
    let mut probe = Probe::new(Plan { nodes: nodes.to_vec(), errand, ..plan }, fastrand::u64(1..1 << 40));
    net::run(&mut probe, to, &setting.recorder, setting.login.clone(), Beside { signals, look });
    Some(probe)
}

/// What has been told of a session.
#[derive(Default)]
struct Printed {
    refused: usize,
    watched: bool,
    ended: bool,
}

impl Printed {
    /// Prints what there is to tell. `false`: nobody reads it any more.
    fn look(&mut self, probe: &mut Probe, flags: &cli::Watch, written: &mut io::Result<()>) -> bool {
        let progress = probe.progress();
        for (node, condition) in progress.refused.iter().skip(self.refused) {
            print_error(&format!("callboard: {}: {}", printable(node), printable(condition)));
        }
        self.refused = progress.refused.len();
        if let Some(watched) = progress.watched
            && !self.watched
        {
            self.watched = true;
            let left_out = match progress.left_out {
                0 => String::new(),
                left_out => format!(", {left_out} are left out"),
            };
            let nodes = if watched == 1 { "node" } else { "nodes" };
            print_error(&format!("callboard: watching {watched} {nodes}{left_out}"));
        }
        for event in probe.take_events() {
            if written.is_ok() {
                *written = io::stdout().write_all(line(&event, flags.json).as_bytes());
            }
        }
        written.is_ok() || std::mem::replace(&mut self.ended, true)
    }
}

/// An event in one line.
fn line(event: &Event, as_json: bool) -> String {
    let Event { node, kind, item, payload } = event;
    if as_json {
        return json::document(|object| {
            let now = OffsetDateTime::now_utc();
            let now = now.replace_nanosecond(now.nanosecond() / 1_000_000 * 1_000_000).unwrap_or(now);
            object.string("time", &now.format(&Rfc3339).unwrap_or_default());
            object.string("node", node);
            object.string("event", kind);
            object.optional("item", item.as_deref());
            object.optional("payload", payload.as_deref());
        });
    }
    let text = match (payload, item) {
        (Some(payload), _) => payload.replace(['\n', '\r', '\t'], " "),
        (None, Some(item)) => format!("({kind} {item})"),
        (None, None) => format!("({kind})"),
    };
    format!("{}\n", printable(&format!("{node} {text}")))
}

/// Why a session has not done what it is for: a line, or each step and what to check.
fn why(probe: Probe, url: &str, in_a_line: bool) -> String {
    let of = probe.judged(url.to_owned());
    let report = Report { of: &of, language: Language::English, strict: false };
    if in_a_line { report.line_of_all() } else { report.text(false) }
}

fn failed(step: Option<Step>) -> Exit {
    match step {
        Some(Step::Dns | Step::Tcp) => Exit::TryLater,
        _ => Exit::ToMend,
    }
}

fn complain((exit, sentence): (Exit, String)) -> ExitCode {
    print_error(&format!("callboard: {sentence}"));
    exit.into()
}
