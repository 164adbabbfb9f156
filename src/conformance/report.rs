//! The score as a table: JSON, text, and a test suite as JUnit writes it.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::conformance::client::Client;
use crate::conformance::rules::{Finding, RULES, Rule, Verdict};
use crate::diagnosis::{Language, Symptom, Words};
use crate::json;
use crate::record::{Entry, Key, Wire};
use crate::text::{self, printable};
use crate::xml;

/// How much of an entry is shown as evidence, in bytes.
const EVIDENCE_MAX: usize = 300;

/// The form of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    /// For people.
    Text,
    /// A test suite with a case for each rule.
    Junit,
}

impl Form {
    /// The form of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "text" => Some(Self::Text),
            "junit" => Some(Self::Junit),
            _ => None,
        }
    }

    /// The form that a media type of the header Accept asks for.
    pub fn accepted(media: &str) -> Option<Self> {
        match media {
            "application/json" => Some(Self::Json),
            "text/plain" => Some(Self::Text),
            "application/xml" | "text/xml" => Some(Self::Junit),
            _ => None,
        }
    }

    /// The content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
            Self::Junit => "application/xml",
        }
    }
}

/// A rule with what was found of it.
struct Line<'r> {
    rule: &'static Rule,
    finding: Finding<'r>,
    /// A fault waits for its moment to provoke it.
    armed: bool,
    /// The words for a rule that the client breaks: what is wrong, and what to do.
    words: Option<&'static Words>,
}

/// Writes the score of a client. `is_armed`: the faults that provoke a rule are set.
pub fn write(
    client: &Client<'_>,
    wire: &Wire,
    language: Language,
    is_armed: impl Fn(&Rule) -> bool,
    form: Form,
) -> String {
    let line = |rule: &'static Rule| {
        let finding = rule.judge(client);
        let is_broken = finding.verdict == Verdict::Failed;
        let symptom = finding.symptom.unwrap_or(rule.symptom);
        let words = Symptom::of(symptom).filter(|_| is_broken).map(|symptom| symptom.words(language));
        Line { rule, finding, armed: is_armed(rule), words }
    };
    let lines: Vec<_> = RULES.iter().map(line).collect();
    match form {
        Form::Json => as_json(client, wire, &lines),
        Form::Text => as_text(client, wire, &lines),
        Form::Junit => as_junit(client, wire, &lines),
    }
}

fn number(lines: &[Line<'_>], verdict: Verdict) -> usize {
    lines.iter().filter(|line| line.finding.verdict == verdict).count()
}

/// The start of what an entry has: its text, or what has happened.
fn evidence<'r>(entry: &'r Entry, wire: &Wire) -> Cow<'r, str> {
    let shown = entry.text.shown(wire);
    if shown.is_empty() {
        let keys = [Key::What, Key::Method, Key::Path, Key::Jid, Key::Reason, Key::Fault];
        let members = keys.into_iter().filter_map(|key| entry.get(key));
        return std::iter::once(entry.kind.name()).chain(members).collect::<Vec<_>>().join(" ").into();
    }
    match shown {
        Cow::Borrowed(shown) => text::start(shown, EVIDENCE_MAX).into(),
        Cow::Owned(shown) => text::start(&shown, EVIDENCE_MAX).to_owned().into(),
    }
}

fn as_json(client: &Client<'_>, wire: &Wire, lines: &[Line<'_>]) -> String {
    json::document(|object| {
        object.string("session", &client.session.to_string());
        object.optional("user", client.user);
        object.optional("transport", client.transport);
        object.optional("jid", client.jid);
        object.plain("over", client.ended.is_some());
        object.plain("rules", lines.len());
        object.plain("passed", number(lines, Verdict::Passed));
        object.plain("failed", number(lines, Verdict::Failed));
        object.array("score", lines, |out, Line { rule, finding, armed, words }| {
            json::object(out, |object| {
                object.string("rule", rule.name);
                object.string("source", rule.source);
                object.string("verdict", finding.verdict.name());
                object.plain("provoked", !rule.faults.is_empty());
                object.plain("armed", armed);
                if let Some(entry) = finding.entry {
                    object.plain("seq", entry.seq);
                    object.string("evidence", &evidence(entry, wire));
                }
                if let Some(words) = words {
                    object.string("symptom", words.symptom);
                    object.string("cause", words.cause);
                    object.string("check", words.check);
                }
            });
        });
    })
}

fn as_text(client: &Client<'_>, wire: &Wire, lines: &[Line<'_>]) -> String {
    let mut out = format!(
        "session {} of {} over {}: {} of {} rules passed, {} failed\n\n",
        client.session,
        client.jid.or(client.user).unwrap_or("nobody"),
        client.transport.unwrap_or("?"),
        number(lines, Verdict::Passed),
        lines.len(),
        number(lines, Verdict::Failed),
    );
    for Line { rule, finding, armed, words } in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:9} {:14} {}", finding.verdict.name(), rule.name, rule.source);
        if let Some(entry) = finding.entry {
            let _ = writeln!(out, "          #{} {}", entry.seq, printable(&evidence(entry, wire)));
        }
        if let Some(words) = words {
            let _ = writeln!(out, "          {}\n          {}", words.symptom, words.check);
        }
        if *armed {
            out.push_str("          A fault is set that provokes it.\n");
        } else if finding.verdict == Verdict::NotSeen && !rule.faults.is_empty() && client.ended.is_none() {
            let _ =
                writeln!(out, "          PUT ?session={}&rule={} provokes it.", client.session, rule.name);
        }
    }
    out
}

fn as_junit(client: &Client<'_>, wire: &Wire, lines: &[Line<'_>]) -> String {
    let (of, tests) = (client.session, lines.len());
    let (failures, skipped) = (number(lines, Verdict::Failed), number(lines, Verdict::NotSeen));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"conformance of session {of}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n"
    );
    for Line { rule, finding, words, .. } in lines {
        let _ = write!(out, "  <testcase classname=\"conformance\" name=\"{}\"", rule.name);
        match (finding.verdict, words) {
            (Verdict::Passed, _) => out.push_str("/>\n"),
            (Verdict::NotSeen, _) => out.push_str("><skipped/></testcase>\n"),
            (Verdict::Failed, words) => {
                let (symptom, check) = words.map_or(("", ""), |words| (words.symptom, words.check));
                let evidence = finding.entry.map_or_else(String::new, |entry| {
                    format!(" #{} {}", entry.seq, printable(&evidence(entry, wire)))
                });
                let body = format!("{check} {}{evidence}", rule.source);
                let _ = writeln!(
                    out,
                    "><failure message=\"{}\">{}</failure></testcase>",
                    xml::escape(symptom),
                    xml::escape(&body)
                );
            }
        }
    }
    out + "</testsuite>\n"
}
