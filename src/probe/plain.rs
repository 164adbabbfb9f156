//! Reads text that was written for people: frames that the page or the record of callboard has saved, and reports of the probe.

use std::time::Duration;

use super::dialogue::{Side, bounds};
use super::header;
use super::outcome::{Outcomes, rfc3339, seconds};
use super::plan::Frame;
use super::step::Step;
use super::symptom::Symptom;
use crate::xml;

/// What stands before the lines of a frame in a text of the record, and before a payload that the page has decoded.
const INDENT: &str = "                    ";
const PAYLOAD: &str = "    | ";

/// The connection and the frames that a text tells of.
#[derive(Debug, Default)]
pub struct Plain {
    /// Frames, each with the name of its session.
    pub frames: Vec<(String, Frame)>,
    /// Reports with the URL of each.
    pub reports: Vec<(String, Outcomes)>,
    /// How many frames the text says that it leaves out.
    pub left_out: usize,
}

/// Reads a text. One that is none of those is empty.
pub fn read(text: &str, frames_max: usize) -> Plain {
    let mut lines = text.lines();
    let first = lines.by_ref().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match first {
        _ if first.starts_with("callboard ") && first.contains(", profile ") => of_record(lines, frames_max),
        _ if first.starts_with("callboard:") || first.starts_with("callboard：") => {
            of_page(lines, frames_max)
        }
        _ => Plain { reports: reports(text), ..Plain::default() },
    }
}

/// The frame whose lines are being read.
struct Open {
    session: String,
    frame: Frame,
    /// How long it was, where the text says so.
    size: usize,
}

impl Plain {
    fn close(&mut self, open: Option<Open>, frames_max: usize) {
        let Some(Open { session, mut frame, size }) = open else { return };
        frame.text = undeclared(&frame.text);
        // Of a long frame a text has the start.
        let is_cut = frame.text.len() < size && !is_whole(&frame.text);
        if !frame.text.trim().is_empty() && !is_cut && self.frames.len() < frames_max {
            self.frames.push((session, frame));
        }
    }
}

fn is_whole(text: &str) -> bool {
    xml::read_document(&header::whole(text), &bounds()).is_ok()
}

/// A text without declarations: a payload that was decoded may have one, which no element has in it.
fn undeclared(text: &str) -> String {
    let mut parts = text.split("<?xml");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.filter_map(|part| part.split_once("?>")).fold(first, |text, (_, rest)| text + rest)
}

/// A text of the record: a line with two times and an arrow, and the lines of the frame below it.
fn of_record<'a>(lines: impl Iterator<Item = &'a str>, frames_max: usize) -> Plain {
    let mut found = Plain::default();
    let mut session = String::new();
    let mut open: Option<Open> = None;
    for line in lines {
        if let Some(inner) = line.strip_prefix(INDENT) {
            if inner.starts_with('(') && inner.ends_with(" bytes in all)") {
                // A login is shorter without its secret, too.
                open = open.filter(|open| is_whole(&open.frame.text));
            } else if let Some(open) = &mut open {
                if !open.frame.text.is_empty() {
                    open.frame.text.push('\n');
                }
                open.frame.text.push_str(inner);
            }
            continue;
        }
        found.close(open.take(), frames_max);
        if let Some(about) = line.strip_prefix("session ") {
            about.split(' ').next().unwrap_or_default().clone_into(&mut session);
        }
        let Some((times, title)) = line.split_at_checked(INDENT.len()) else { continue };
        let Ok(at) = times.split_whitespace().next().unwrap_or_default().parse::<f64>() else { continue };
        let side = match title.split_at_checked(3) {
            // A request of the REST API has its method behind the arrow, a response its status.
            Some(("-->", rest)) if is_frame(rest) => Side::Client,
            Some(("<--", rest)) if is_frame(rest) => Side::Server,
            _ => continue,
        };
        let frame = Frame { at: seconds(at), side, text: String::new() };
        open = Some(Open { session: session.clone(), frame, size: 0 });
    }
    found.close(open, frames_max);
    found
}

fn is_frame(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(',') || rest.starts_with(" event of ")
}

/// A text of the page: a line with number, date, arrow, size and what it is, and the frame until the next blank line.
fn of_page<'a>(lines: impl Iterator<Item = &'a str>, frames_max: usize) -> Plain {
    let mut found = Plain::default();
    let mut open: Option<Open> = None;
    for line in lines {
        if let Some(begun) = head(line) {
            found.close(open.take(), frames_max);
            open = begun;
        } else if let Some(missing) = line.strip_prefix("Frames ").or_else(|| line.strip_prefix("訊框 "))
            && open.is_none()
        {
            let digits = missing.split(|c: char| !c.is_ascii_digit());
            found.left_out =
                digits.filter_map(|digits| digits.parse::<usize>().ok()).fold(0, usize::saturating_add);
        } else if let Some(open) = open.as_mut().filter(|_| !line.starts_with(PAYLOAD)) {
            open.frame.text.push_str(line);
            open.frame.text.push('\n');
        }
    }
    found.close(open, frames_max);
    found
}

/// The line before a frame. `Some(None)`: one before a request of the REST API, which is no frame.
fn head(line: &str) -> Option<Option<Open>> {
    let mut words = line.split("  ");
    let (number, date, arrow, rest) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let side = match arrow {
        ">>" => Side::Client,
        "<<" => Side::Server,
        _ => return None,
    };
    let size = rest.strip_suffix(" B")?.parse().ok()?;
    number.parse::<u64>().ok()?;
    let about = words.next().unwrap_or_default();
    if about.starts_with("HTTP") {
        return Some(None);
    }
    let session =
        about.rsplit_once('[').and_then(|(_, who)| who.split([' ', ']']).next()).unwrap_or_default();
    let frame = Frame { at: rfc3339(date), side, text: String::new() };
    Some(Some(Open { session: session.to_owned(), frame, size }))
}

/// Reports of the probe: a line for each step, and a paragraph with its symptom for each that is not well.
fn reports(text: &str) -> Vec<(String, Outcomes)> {
    let mut found: Vec<(String, Vec<Line>)> = Vec::new();
    let mut name = "";
    let mut goes_on = false;
    for line in text.lines() {
        if let Some(step) = step(line) {
            if !goes_on {
                found.push((name.to_owned(), Vec::new()));
            }
            goes_on = true;
            // No report has more.
            if let Some((_, steps)) = found.last_mut().filter(|(_, steps)| steps.len() < Step::ALL.len()) {
                steps.push(step);
            }
            continue;
        }
        goes_on = false;
        if let (Some((step, symptom)), Some((_, steps))) = (wrong(line), found.last_mut()) {
            steps.iter_mut().filter(|line| line.step == step).for_each(|line| line.symptom = Some(symptom));
        } else if !line.trim().is_empty() {
            name = line.trim();
        }
    }
    found.into_iter().map(|(name, steps)| (name, outcomes(&steps))).collect()
}

/// A line of a report.
struct Line {
    mark: String,
    step: Step,
    took: Duration,
    facts: String,
    symptom: Option<Symptom>,
}

fn step(line: &str) -> Option<Line> {
    let (mark, rest) = line.split_once(' ')?;
    if !matches!(mark, "ok" | "!!" | "NO" | "..") {
        return None;
    }
    let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let step = Step::ALL.into_iter().find(|step| step.name() == name)?;
    let (took, facts) = rest.split_once(" ms").unwrap_or(("", rest));
    let took = took.trim().parse().map_or(Duration::ZERO, |took: f64| seconds(took / 1e3));
    Some(Line { mark: mark.to_owned(), step, took, facts: facts.trim().to_owned(), symptom: None })
}

/// A line such as `Failed at this step: tls (no-tls)`.
fn wrong(line: &str) -> Option<(Step, Symptom)> {
    let (rest, name) = line.strip_suffix(')')?.rsplit_once(" (")?;
    let symptom = Symptom::named(name)?;
    let step = rest.rsplit(' ').next()?;
    Some((Step::ALL.into_iter().find(|known| known.name() == step)?, symptom))
}

fn outcomes(lines: &[Line]) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let mut at = Duration::ZERO;
    for Line { mark, step, took, facts, symptom } in lines {
        outcomes.begin(*step, at);
        at = at.saturating_add(*took);
        if !facts.is_empty() {
            outcomes.fact(*step, "seen", facts.clone());
        }
        match (&**mark, symptom) {
            ("NO", Some(symptom)) => outcomes.fail(*step, at, *symptom),
            ("!!", Some(symptom)) => outcomes.warn(*step, at, *symptom),
            ("ok", _) => outcomes.pass(*step, at),
            _ => {}
        }
    }
    outcomes
}
