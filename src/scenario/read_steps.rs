//! Steps, expectations and the verdict, from the text of a file.

use toml::de::DeValue;

use crate::config::limits::Kind as Unit;
use crate::config::problem::{Placed, Report, proposal, shown};
use crate::config::section::{Reported, Section, all, kind_of, named};
use crate::desk::Status;
use crate::fault::{self, Origin, Point, Spec};
use crate::record::{Filter, Query};
use crate::scenario::distribution::LONGEST;
use crate::scenario::file::{At, Condition, Do, Expect, Figure, LENGTH_MAX, NAME_MAX, On, TEXT_MAX};
use crate::scenario::keys;
use crate::scenario::parts::{Value, any_table, name_at, number, sections, steps, variables};
use crate::scenario::random::Millionths;
use crate::scenario::read_requests;
use crate::scenario::values::{
    distribution_at, inline, millionths, needed_time, time, time_at, whole, wrong,
};
use crate::text::is_shown;

/// Reads `[[at]]`, in the order of their times.
pub fn at(report: &mut Report, root: &Section<'_>, length: u64) -> Result<Vec<At>, Reported> {
    let found = steps(report, root, "at", "[[at]]")?;
    let mut read = all(found.iter().map(|section| {
        let what = what(report, section, keys::AT, length);
        let time = needed_time(report, section, "time", length);
        Ok(At { time: time?, place: section.place, what: what? })
    }))?;
    read.sort_by_key(|at| at.time);
    Ok(read)
}

/// Reads `[[on]]`.
pub fn on(report: &mut Report, root: &Section<'_>, length: u64) -> Result<Vec<On>, Reported> {
    let found = steps(report, root, "on", "[[on]]")?;
    all(found.iter().map(|section| {
        let what = what(report, section, keys::ON, length);
        let filter = needed_filter(report, section, "match");
        let after = time_at(report, section, "after", length);
        let count = whole(report, section, "count", (0, 1_000_000));
        let count = count?.filter(|count| *count > 0).and_then(|count| u32::try_from(count).ok());
        Ok(On {
            filter: filter?,
            after: after?.unwrap_or_default(),
            count,
            place: section.place,
            what: what?,
        })
    }))
}

/// Reads `[[expect]]`.
pub fn expect(report: &mut Report, root: &Section<'_>, length: u64) -> Result<Vec<Expect>, Reported> {
    let found = sections(report, root, "expect", "[[expect]]", keys::EXPECT)?;
    all(found.iter().enumerate().map(|(nth, section)| {
        let name = section.string(report, "name");
        if let Ok(Some(name)) = name
            && (name.value.len() > NAME_MAX || !name.value.chars().all(is_shown))
        {
            report.add(name.place, format!("name must have at most {NAME_MAX} bytes, on one line"));
        }
        let filter = needed_filter(report, section, "match");
        let of = section.value(report, "of").map(|value| self::filter(report, "of", value)).transpose();
        let within = needed_time(report, section, "within", length);
        let name = name?.map_or_else(|| format!("expectation {}", nth + 1).into(), |name| name.value.into());
        Ok(Expect { name, filter: filter?, of: of?, within: within? })
    }))
}

/// Reads `[verdict]`.
pub fn verdict(report: &mut Report, root: &Section<'_>) -> Result<Vec<Condition>, Reported> {
    let known = Figure::ALL.map(Figure::name);
    let Some(section) = root.table(report, "verdict", "[verdict]", &known)? else { return Ok(Vec::new()) };
    let present = Figure::ALL.into_iter().map(|figure| (figure, section.string(report, figure.name())));
    let present: Vec<_> = present.collect();
    all(present.into_iter().filter_map(|(figure, text)| match text {
        Ok(None) => None,
        Ok(Some(text)) => Some(condition(report, figure, text)),
        Err(Reported) => Some(Err(Reported)),
    }))
}

fn condition(report: &mut Report, figure: Figure, text: Placed<&str>) -> Result<Condition, Reported> {
    let (is_least, rest) = match text.value.split_at_checked(2) {
        Some((">=", rest)) => (true, rest.trim()),
        Some(("<=", rest)) => (false, rest.trim()),
        _ => (true, ""),
    };
    let bound = match figure {
        Figure::Calls => crate::text::number(rest).filter(|_| is_least && !rest.is_empty()),
        _ if figure.is_time() => Unit::Duration.parse(rest),
        _ => millionths(rest).filter(|share| *share <= Millionths::ONE).map(|share| share.0),
    };
    let Some(bound) = bound else {
        let form = match figure {
            Figure::Calls => ">= 20",
            _ if figure.is_time() => "<= 30s",
            _ => ">= 0.90",
        };
        let sentence = format!("{} must be a condition such as \"{form}\"", figure.name());
        return wrong(report, text.place, sentence);
    };
    Ok(Condition { figure, is_least, bound, text: text.value.into() })
}

fn needed_filter(report: &mut Report, section: &Section<'_>, key: &'static str) -> Result<Filter, Reported> {
    match section.value(report, key) {
        Some(value) => filter(report, key, value),
        None => {
            let sentence = format!("{} has no {key}; add {key} = {{ kind = \"event\" }}", section.name);
            wrong(report, section.place, sentence)
        }
    }
}

/// Reads a pattern of entries of the record.
fn filter(report: &mut Report, key: &'static str, value: Value<'_>) -> Result<Filter, Reported> {
    let table = inline(report, key, value, keys::MATCH)?;
    let given = keys::MATCH.iter().map(|name| table.string(report, name)).collect::<Vec<_>>();
    let given = all(given.into_iter())?;
    let pairs: Vec<_> =
        keys::MATCH.iter().zip(given).filter_map(|(name, text)| Some((*name, text?))).collect();
    if pairs.is_empty() {
        return wrong(report, value.place, format!("{key} is empty; add kind = \"event\""));
    }
    for (name, text) in &pairs {
        if let Err(problem) = Query::read([(*name, text.value)]) {
            report.add(text.place, problem.0.trim_end_matches('.'));
        }
    }
    Query::read(pairs.iter().map(|(name, text)| (*name, text.value)))
        .map(|query| query.filter)
        .map_err(|_| Reported)
}

/// Reads what a step does, beside the keys that every such step has.
fn what(
    report: &mut Report,
    section: &Section<'_>,
    common: &[&'static str],
    length: u64,
) -> Result<Do, Reported> {
    let what = section.needed(report, "do")?;
    let Some((what, own)) = keys::DO.iter().find(|(name, _)| *name == what.value) else {
        let end = proposal(what.value, keys::DO.iter().map(|(name, _)| *name));
        return wrong(report, what.place, format!("{} is nothing that a step does{end}", shown(what.value)));
    };
    for (key, _) in section.entries(report) {
        let known = || common.iter().chain(*own).copied();
        if !known().any(|known| known == key.value) {
            let end = proposal(key.value, known());
            let sentence =
                format!("{} is not a key of {} with do = \"{what}\"{end}", shown(key.value), section.name);
            report.add(key.place, sentence);
        }
    }
    match *what {
        "call" => call(report, section),
        "hang_up" => Ok(Do::HangUp(number(report, section, "call")?)),
        "state" => {
            let (user, state) = (name_at(report, section, "user"), section.needed(report, "state"));
            let reason = number(report, section, "reason");
            let extension = section.string(report, "extension");
            let by = section.value(report, "by").map(|_| name_at(report, section, "by")).transpose();
            let extension = extension?.map(|extension| extension.value.into());
            Ok(Do::State { user: user?, state: state?.value.into(), reason: reason?, extension, by: by? })
        }
        "dialog" => read_requests::dialog(report, section),
        "medium" => read_requests::medium(report, section),
        "task" => read_requests::task(report, section),
        "contact" => read_requests::contact(report, section),
        "outage" => outage(report, section, length),
        "fault" => match section.value(report, "fault") {
            Some(value) => fault(report, value),
            None => wrong(
                report,
                section.place,
                "do = \"fault\" has no fault; add fault = { name = \"late\", kind = \"ping-delay\" }",
            ),
        },
        "heal" => Ok(Do::Heal(section.needed(report, "fault")?.value.into())),
        "message" => {
            let (user, content) = (name_at(report, section, "user"), text_at(report, section, "content"));
            let teams = section.strings(report, "teams");
            let time = time_at(report, section, "for", LONGEST);
            let teams = teams?.unwrap_or_default().iter().map(|team| team.value.into()).collect();
            let seconds = time?.unwrap_or(300_000).div_ceil(1000);
            Ok(Do::Message { user: user?, teams, content: content?, seconds })
        }
        "publish" => {
            let (user, node) = (name_at(report, section, "user"), section.needed(report, "node"));
            let payload = text_at(report, section, "payload");
            Ok(Do::Publish { user: user?, node: node?.value.into(), payload: payload? })
        }
        "end_session" => Ok(Do::EndSession(name_at(report, section, "user")?)),
        _ => Ok(Do::Mark(text_at(report, section, "text")?)),
    }
}

fn text_at(report: &mut Report, section: &Section<'_>, key: &'static str) -> Result<Box<str>, Reported> {
    let text = section.needed(report, key)?;
    if text.value.len() > TEXT_MAX {
        return wrong(report, text.place, format!("{key} must have at most {TEXT_MAX} bytes"));
    }
    Ok(text.value.into())
}

fn call(report: &mut Report, section: &Section<'_>) -> Result<Do, Reported> {
    let (to, from) = (section.needed(report, "to"), section.string(report, "from"));
    let patience = distribution_at(report, section, "patience");
    let variables = variables(report, section);
    Ok(Do::Call {
        from: from?.map(|from| from.value.into()),
        to: to?.value.into(),
        patience: patience?,
        variables: variables?,
    })
}

fn outage(report: &mut Report, section: &Section<'_>, length: u64) -> Result<Do, Reported> {
    let status = match section.string(report, "status") {
        Ok(None) => Ok(Status::InService),
        Ok(Some(text)) => named(report, "status", text, Status::ALL, Status::name),
        Err(Reported) => Err(Reported),
    };
    let finesse = match section.string(report, "finesse") {
        Ok(None) => Ok(true),
        Ok(Some(text)) => {
            named(
                report,
                "finesse",
                text,
                [true, false],
                |there| {
                    if there { "available" } else { "unavailable" }
                },
            )
        }
        Err(Reported) => Err(Reported),
    };
    let time = needed_time(report, section, "for", length);
    let (status, finesse) = (status?, finesse?);
    if finesse && status == Status::InService {
        let sentence = "do = \"outage\" changes nothing; add status = \"OUT_OF_SERVICE\", finesse = \"unavailable\" or both";
        return wrong(report, section.place, sentence);
    }
    Ok(Do::Outage { status, finesse, time: time? })
}

/// Reads a fault: the keys of `[[fault]]` of the configuration, but for `after`, which is the time of the step.
fn fault(report: &mut Report, value: Value<'_>) -> Result<Do, Reported> {
    let table = any_table(report, "fault", value)?;
    let name = table.needed(report, "name")?;
    if !fault::is_name(name.value) {
        let sentence = "the name of a fault must have 1 to 64 letters, digits, dots, dashes and underscores, and not be kinds, active, root.pem or intermediate.pem";
        return wrong(report, name.place, sentence);
    }
    let mut heals = None;
    let mut pairs = Vec::new();
    for (key, value) in table.entries(report) {
        let text = match value.value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Boolean(is_on) => is_on.to_string(),
            other => {
                let sentence = format!(
                    "{} must be a string, a number or true or false, not {}",
                    shown(key.value),
                    kind_of(other)
                );
                return wrong(report, value.place, sentence);
            }
        };
        match key.value {
            "name" => {}
            "after" => {
                return wrong(report, key.place, "a fault of a step begins with the step; leave after out");
            }
            "for" => heals = Some(time(report, "for", value, LENGTH_MAX)?),
            _ => pairs.push((key, value.place, text)),
        }
    }
    match Spec::of_file(pairs.iter().map(|(key, _, text)| (key.value, text.as_str()))) {
        Ok(spec) if matches!(spec.row.point, Point::Accept | Point::Handshake) => {
            let sentence = format!(
                "{} is a fault of new connections, which no scenario sets: it could lock out who stops it",
                spec.row.name
            );
            wrong(report, table.place, sentence)
        }
        Ok(mut spec) => {
            (spec.origin, spec.time) = (Origin::Scenario, None);
            Ok(Do::Fault { name: name.value.into(), spec: Box::new(spec), time: heals })
        }
        Err(problem) => {
            let wrong_key = pairs.iter().find(|(key, ..)| *key.value == *problem.parameter);
            let place = wrong_key
                .map_or(table.place, |(key, value, _)| if problem.is_name { key.place } else { *value });
            wrong(report, place, problem.sentence.trim_end_matches('.'))
        }
    }
}
