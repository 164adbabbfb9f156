//! Values of the file: times, decimals, distributions, rates.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::limits::Kind as Unit;
use crate::config::problem::{Place, Placed, Report, nearest, shown};
use crate::config::section::{Reported, Section, kind_of, number};
use crate::scenario::distribution::{Distribution, LONGEST, SPREAD_MAX};
use crate::scenario::keys;
use crate::scenario::random::Millionths;
use crate::scenario::rate::Curve;

/// The most points of a rate.
const POINTS_MAX: usize = 64;

/// The most calls for a minute.
const RATE_MAX: u64 = 10_000;

/// Reports a problem.
pub fn wrong<T>(report: &mut Report, place: Place, sentence: impl Into<String>) -> Result<T, Reported> {
    report.add(place, sentence);
    Err(Reported)
}

/// Opens the table that is the value of a key.
pub fn inline<'d>(
    report: &mut Report,
    key: &'static str,
    value: Placed<&'d DeValue<'d>>,
    known: &[&'static str],
) -> Result<Section<'d>, Reported> {
    let table = table(report, key, value, known)?;
    Ok(Section::open(report, key, value.place, table, known))
}

fn table<'d>(
    report: &mut Report,
    key: &'static str,
    value: Placed<&'d DeValue<'d>>,
    known: &[&'static str],
) -> Result<&'d DeTable<'d>, Reported> {
    match value.value {
        DeValue::Table(table) => Ok(table),
        other => {
            let (kind, example) = (kind_of(other), known.first().copied().unwrap_or("…"));
            wrong(report, value.place, format!("{key} must be {{ {example} = … }}, not {kind}"))
        }
    }
}

/// Reads a time up to `most`.
pub fn time(report: &mut Report, key: &str, value: Placed<&DeValue<'_>>, most: u64) -> Result<u64, Reported> {
    let time = value.value.as_str().and_then(|text| Unit::Duration.parse(text));
    match time {
        Some(time) if time <= most => Ok(time),
        Some(_) => {
            let most = Unit::Duration.show(most);
            wrong(report, value.place, format!("{key} must be at most {most}"))
        }
        None => wrong(report, value.place, format!("{key} must be {}", Unit::Duration.form())),
    }
}

/// Reads the time under a key.
pub fn time_at(
    report: &mut Report,
    section: &Section<'_>,
    key: &'static str,
    most: u64,
) -> Result<Option<u64>, Reported> {
    section.value(report, key).map(|value| time(report, key, value, most)).transpose()
}

/// Reads the time under a key that must be there.
pub fn needed_time(
    report: &mut Report,
    section: &Section<'_>,
    key: &'static str,
    most: u64,
) -> Result<u64, Reported> {
    match time_at(report, section, key, most)? {
        Some(time) => Ok(time),
        None => wrong(report, section.place, format!("{} has no {key}; add {key} = \"60s\"", section.name)),
    }
}

/// Reads a number with up to six decimals, in millionths.
pub fn millionths(text: &str) -> Option<Millionths> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || decimals.len() > 6 || !is_digits(whole) || !is_digits(decimals)
    {
        return None;
    }
    let millions: u64 = whole.parse().ok()?;
    let rest: u64 = format!("{decimals:0<6}").parse().ok()?;
    Some(Millionths(millions * Millionths::ONE.0 + rest))
}

fn decimal(value: &DeValue<'_>) -> Option<Millionths> {
    match value {
        DeValue::Integer(integer) if integer.radix() == 10 => millionths(integer.as_str()),
        DeValue::Float(float) => millionths(float.as_str()),
        _ => None,
    }
}

/// Reads a number with decimals up to `most`.
pub fn decimal_at(
    report: &mut Report,
    section: &Section<'_>,
    key: &'static str,
    most: Millionths,
) -> Result<Option<Millionths>, Reported> {
    let Some(value) = section.value(report, key) else { return Ok(None) };
    match decimal(value.value).filter(|number| *number <= most) {
        Some(number) => Ok(Some(number)),
        None => {
            let most = most.0 / Millionths::ONE.0;
            wrong(report, value.place, format!("{key} must be a number from 0 to {most} such as 0.05"))
        }
    }
}

/// Reads the distribution under a key.
pub fn distribution_at(
    report: &mut Report,
    section: &Section<'_>,
    key: &'static str,
) -> Result<Option<Distribution>, Reported> {
    section.value(report, key).map(|value| distribution(report, key, value)).transpose()
}

fn distribution(
    report: &mut Report,
    key: &'static str,
    value: Placed<&DeValue<'_>>,
) -> Result<Distribution, Reported> {
    if let DeValue::String(_) = value.value {
        return time(report, key, value, LONGEST).map(Distribution::Constant);
    }
    let table = table(report, key, value, &["kind"])?;
    let kinds = || keys::DISTRIBUTIONS.iter().map(|(name, _)| *name);
    let names = || kinds().collect::<Vec<_>>().join(", ");
    let Some(kind) = table.get("kind") else {
        return wrong(report, value.place, format!("{key} has no kind; it is one of {}", names()));
    };
    let text = kind.get_ref().as_str().unwrap_or_default();
    let Some((kind, known)) = keys::DISTRIBUTIONS.iter().find(|(name, _)| *name == text) else {
        let place = report.place(kind.span());
        let meant = nearest(text, kinds()).map(|name| format!("; did you mean \"{name}\"?"));
        let sentence = format!("{} is no kind of distribution; it is one of {}", shown(text), names());
        return wrong(report, place, sentence + &meant.unwrap_or_default());
    };
    let section = Section::open(report, key, value.place, table, known);
    let mut time = |key| needed_time(report, &section, key, LONGEST);
    match *kind {
        "uniform" => {
            let (from, to) = (time("from"), time("to"));
            let (from, to) = (from?, to?);
            if from > to {
                return wrong(report, value.place, format!("{key} has a time to that is before from"));
            }
            Ok(Distribution::Uniform(from, to))
        }
        "exponential" => time("mean").map(Distribution::Exponential),
        "normal" => {
            let (mean, deviation) = (time("mean"), time("sd"));
            Ok(Distribution::Normal(mean?, deviation?))
        }
        _ => {
            let median = time("median");
            let spread = decimal_at(report, &section, "spread", SPREAD_MAX);
            match spread? {
                Some(spread) => Ok(Distribution::Lognormal(median?, spread)),
                None => wrong(report, value.place, format!("{key} has no spread; add spread = 0.5")),
            }
        }
    }
}

/// Reads a rate: a number, or points of lines, each a time and a number.
pub fn curve(report: &mut Report, section: &Section<'_>, most: u64) -> Result<Curve, Reported> {
    const FORM: &str = "per_minute must be a number of calls such as 2, or a list such as [[\"0m\", 2], [\"10m\", 20]], with numbers up to 10000";
    let Some(value) = section.value(report, "per_minute") else {
        return wrong(
            report,
            section.place,
            format!("{} has no per_minute; add per_minute = 2", section.name),
        );
    };
    let rate = |value: &DeValue<'_>| {
        let rate = decimal(value).filter(|rate| rate.0 <= RATE_MAX * Millionths::ONE.0)?;
        Some(rate.0 / 1000)
    };
    if let Some(rate) = rate(value.value) {
        return Ok(Curve { points: vec![(0, rate)] });
    }
    let Some(list) = value.value.as_array() else { return wrong(report, value.place, FORM) };
    if list.is_empty() || list.len() > POINTS_MAX {
        return wrong(report, value.place, format!("per_minute must have 1 to {POINTS_MAX} points"));
    }
    let mut points: Vec<(u64, u64)> = Vec::new();
    for point in list {
        let place = report.place(point.span());
        let pair: &[Spanned<DeValue<'_>>] = point.get_ref().as_array().map_or(&[], |pair| pair);
        let [at, calls] = pair else { return wrong(report, place, FORM) };
        let at = Placed { place: report.place(at.span()), value: at.get_ref() };
        let at = time(report, "the time of a point", at, most)?;
        let Some(calls) = rate(calls.get_ref()) else { return wrong(report, place, FORM) };
        if points.last().is_some_and(|(before, _)| *before > at) {
            return wrong(report, place, "the points of per_minute must be in the order of their times");
        }
        points.push((at, calls));
    }
    Ok(Curve { points })
}

/// The number of an integer from `least` to `most`.
pub fn whole(
    report: &mut Report,
    section: &Section<'_>,
    key: &'static str,
    (least, most): (u64, u64),
) -> Result<Option<u64>, Reported> {
    let Some(value) = section.value(report, key) else { return Ok(None) };
    match value.value {
        DeValue::Integer(integer) if (least..=most).contains(&number(integer)) => Ok(Some(number(integer))),
        _ => wrong(report, value.place, format!("{key} must be an integer from {least} to {most}")),
    }
}
