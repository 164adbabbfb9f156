//! Queues and the numbers outside, and how `[[queue]]` and `[outside]` are read.

use crate::config::keys;
use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Placed, Report, shown};
use crate::config::rules;
use crate::config::section::{Reported, Section, all};

/// The most queues, and the most numbers of each kind.
const MOST: usize = 1000;

/// Where callers wait for an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// ASCII letters, digits, `-`, `.` and `_`; no two have the same.
    pub id: String,
    /// For people; without control characters.
    pub name: String,
    /// The id of the team whose agents take its calls.
    pub team: String,
    /// The number that callers dial: digits, `+`, `*` and `#`; nobody's extension, and of no other queue.
    pub number: String,
}

/// Numbers outside that behave in a way of their own; every other one is answered after a while.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Numbers that are always busy.
    pub busy: Vec<String>,
    /// Numbers that ring until the caller gives up.
    pub no_answer: Vec<String>,
}

/// Reads all queues and the numbers outside; none of them may be one of `extensions`.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    teams: Option<&Declared>,
    extensions: &Declared,
) -> Result<(Vec<Queue>, Outside), Reported> {
    let mut numbers = Vec::new();
    let queues = queues(report, root, teams, &mut numbers);
    let outside = match root.table(report, "outside", "[outside]", keys::OUTSIDE) {
        Ok(Some(section)) => outside(report, &section, &mut numbers),
        Ok(None) => Ok(Outside::default()),
        Err(reported) => Err(reported),
    };
    for number in &numbers {
        if let Some(line) = extensions.get(number.value) {
            let shown = shown(number.value);
            let sentence =
                format!("number {shown} is the extension of the user in line {line}; choose another");
            report.add(number.place, sentence);
        }
    }
    people::unique(report, "number", "queue or number outside", numbers.into_iter().map(Some));
    Ok((queues?, outside?))
}

fn queues<'d>(
    report: &mut Report,
    root: &Section<'d>,
    teams: Option<&Declared>,
    numbers: &mut Vec<Placed<&'d str>>,
) -> Result<Vec<Queue>, Reported> {
    let sections = root.tables(report, "queue", "[[queue]]", keys::QUEUE)?;
    if let Some(section) = sections.get(MOST) {
        report.add(section.place, format!("there can be {MOST} queues; leave some out"));
    }
    let mut ids = Vec::new();
    let queues = all(sections.iter().map(|section| queue(report, section, teams, &mut ids, numbers)));
    people::unique(report, "id", "queue", ids.into_iter().map(Some));
    queues
}

fn queue<'d>(
    report: &mut Report,
    section: &Section<'d>,
    teams: Option<&Declared>,
    ids: &mut Vec<Placed<&'d str>>,
    numbers: &mut Vec<Placed<&'d str>>,
) -> Result<Queue, Reported> {
    let id = section.needed(report, "id").and_then(|id| people::checked(report, "id", id, &rules::team_id));
    let name = section.needed(report, "name");
    let name = name.and_then(|name| people::checked(report, "name", name, &rules::name));
    let team = section.needed(report, "team");
    if let (Ok(team), Some(known)) = (&team, teams) {
        people::declared(report, "team", team, known);
    }
    let number = section.needed(report, "number");
    let number = number.and_then(|number| people::checked(report, "number", number, &rules::extension));
    ids.extend(id);
    numbers.extend(number);
    let owned = |text: Result<Placed<&str>, Reported>| text.map(|text| text.value.to_owned());
    Ok(Queue { id: owned(id)?, name: owned(name)?, team: owned(team)?, number: owned(number)? })
}

fn outside<'d>(
    report: &mut Report,
    section: &Section<'d>,
    numbers: &mut Vec<Placed<&'d str>>,
) -> Result<Outside, Reported> {
    let mut list = |key| -> Result<Vec<String>, Reported> {
        let texts = section.strings(report, key)?.unwrap_or_default();
        if let Some(text) = texts.get(MOST) {
            report.add(text.place, format!("{key} can have {MOST} numbers; leave some out"));
        }
        all(texts.into_iter().map(|text| {
            let number = people::checked(report, key, text, &rules::extension)?;
            numbers.push(number);
            Ok(number.value.to_owned())
        }))
    };
    let (busy, no_answer) = (list("busy"), list("no_answer"));
    Ok(Outside { busy: busy?, no_answer: no_answer? })
}
