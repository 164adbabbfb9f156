//! The verdict on a scenario, and its figures, for people and for programs.

use std::fmt::Write as _;
use std::time::Duration;

use crate::clock::Seconds;
use crate::desk::Command;
use crate::json::{self, Object};
use crate::scenario::file::{Condition, Do, Figure};
use crate::scenario::play::Scenario;
use crate::scenario::random::Millionths;
use crate::xml::escape;

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Fail,
    /// There was too little to judge.
    Inconclusive,
}

impl Verdict {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Inconclusive => "INCONCLUSIVE",
        }
    }
}

/// What has come of a scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub verdict: Verdict,
    /// For people.
    pub text: String,
    /// For programs, as one line.
    pub json: String,
    /// A report in the form of JUnit.
    pub junit: String,
}

/// A part of the verdict: an expectation or a condition.
#[derive(Clone, Debug)]
struct Judged {
    name: Box<str>,
    verdict: Verdict,
    /// What was found, and what was wanted.
    found: String,
}

impl Scenario {
    /// The verdict so far.
    pub fn verdict(&self) -> Verdict {
        let all = self.judged();
        let has = |verdict| all.iter().any(|judged| judged.verdict == verdict);
        if has(Verdict::Fail) {
            Verdict::Fail
        } else if has(Verdict::Inconclusive) {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        }
    }

    /// All parts of the verdict.
    fn judged(&self) -> Vec<Judged> {
        let conditions = self.file.verdict.iter().map(|condition| self.judge(condition));
        let expectations = self.file.expect.iter().zip(&self.watched).map(|(expect, watched)| {
            let verdict = match (watched.failed, watched.met, watched.left_out) {
                (1.., ..) => Verdict::Fail,
                (0, 1.., 0) => Verdict::Pass,
                _ => Verdict::Inconclusive,
            };
            let mut found = format!("{} in time, {} not", watched.met, watched.failed);
            if watched.left_out > 0 {
                let _ = write!(found, ", {} not watched", watched.left_out);
            }
            Judged { name: expect.name.clone(), verdict, found }
        });
        conditions.chain(expectations).collect()
    }

    fn judge(&self, condition: &Condition) -> Judged {
        let Condition { figure, is_least, bound, .. } = *condition;
        let value = self.calls.figure(figure);
        let verdict = match value {
            None => Verdict::Inconclusive,
            Some(value) if if is_least { value >= bound } else { value <= bound } => Verdict::Pass,
            Some(_) if figure == Figure::Calls => Verdict::Inconclusive,
            Some(_) => Verdict::Fail,
        };
        let found = format!("{}, wanted {}", shown(figure, value), condition.text);
        Judged { name: figure.name().into(), verdict, found }
    }

    /// The figures as members of an object.
    pub fn write_figures(&self, object: &mut Object<'_>) {
        let calls = &self.calls;
        let waiting = calls.waiting().count();
        for (name, count) in [
            ("placed", calls.placed),
            ("not_placed", calls.not_placed),
            ("answered", calls.answered),
            ("abandoned", calls.abandoned),
            ("cut", calls.cut),
            ("waiting", waiting as u64),
            ("talking", calls.talking() as u64),
            ("refused", self.refused),
        ] {
            object.plain(name, count);
        }
        for figure in [Figure::WaitP50, Figure::WaitP95, Figure::WaitMax] {
            if let Some(wait) = calls.figure(figure) {
                object.plain(figure.name(), format_args!("{:.1}", seconds(wait)));
            }
        }
    }

    /// What has come of it. `record`: the sum of its record, if there is one.
    pub fn outcome(&self, record: Option<&str>) -> Outcome {
        let json = json::document(|object| {
            object.string("name", &self.file.name);
            object.plain("position", format_args!("{:.0}", seconds(self.position)));
            object.object("figures", |figures| self.write_figures(figures));
            self.write_judged(object);
            if let Some(record) = record {
                object.string("record", record);
            }
        });
        Outcome { verdict: self.verdict(), text: self.text(), json, junit: self.junit() }
    }

    /// The parts of the verdict as members of an object.
    pub fn write_judged(&self, object: &mut Object<'_>) {
        object.string("verdict", self.verdict().name());
        object.array("judged", self.judged(), |out, judged| {
            json::object(out, |object| {
                object.string("name", &judged.name);
                object.string("verdict", judged.verdict.name());
                object.string("found", &judged.found);
            });
        });
    }

    /// Figures and verdict for people.
    fn text(&self) -> String {
        let calls = &self.calls;
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "scenario     {}, {:.0} s of {:.0} s",
            self.file.name,
            seconds(self.position),
            seconds(self.file.length)
        );
        let _ = writeln!(out, "calls        {} placed, {} found no place", calls.placed, calls.not_placed);
        let _ = writeln!(
            out,
            "             {} answered, {} abandoned, {} cut at the end",
            calls.answered, calls.abandoned, calls.cut
        );
        let waits = [Figure::WaitP50, Figure::WaitP95, Figure::WaitMax]
            .map(|figure| shown(figure, calls.figure(figure)));
        let _ = writeln!(
            out,
            "waits        {} for half of them, {} for 95 of 100, {} at most",
            waits[0], waits[1], waits[2]
        );
        if self.refused > 0 {
            let _ = writeln!(out, "refused      {} requests", self.refused);
        }
        for judged in self.judged() {
            let _ = writeln!(out, "{:<12} {}: {}", judged.verdict.name(), judged.name, judged.found);
        }
        let _ = writeln!(out, "verdict      {}", self.verdict().name());
        out
    }

    /// The parts of the verdict as test cases of JUnit.
    fn junit(&self) -> String {
        let all = self.judged();
        let count = |verdict| all.iter().filter(|judged| judged.verdict == verdict).count();
        let (failures, skipped) = (count(Verdict::Fail), count(Verdict::Inconclusive));
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">",
            escape(&self.file.name),
            all.len()
        );
        for judged in &all {
            let (name, found) = (escape(&judged.name), escape(&judged.found));
            let _ = write!(out, "    <testcase classname=\"scenario\" name=\"{name}\"");
            let _ = match judged.verdict {
                Verdict::Pass => writeln!(out, "/>"),
                Verdict::Fail => writeln!(out, "><failure message=\"{found}\"/></testcase>"),
                Verdict::Inconclusive => writeln!(out, "><skipped message=\"{found}\"/></testcase>"),
            };
        }
        out.push_str("  </testsuite>\n</testsuites>\n");
        out
    }
}

impl Do {
    /// The name, as in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Call { .. } => "call",
            Self::HangUp(_) => "hang_up",
            Self::State { .. } => "state",
            Self::Dialog { .. } => "dialog",
            Self::Medium { .. } => "medium",
            Self::Outside(command) => match **command {
                Command::PlaceTask(_) => "task",
                _ => "contact",
            },
            Self::Outage { .. } => "outage",
            Self::Fault { .. } => "fault",
            Self::Heal(_) => "heal",
            Self::Message { .. } => "message",
            Self::Publish { .. } => "publish",
            Self::EndSession(_) => "end_session",
            Self::Mark(_) => "mark",
        }
    }
}

fn seconds(milliseconds: u64) -> Seconds {
    Seconds(Duration::from_millis(milliseconds))
}

fn shown(figure: Figure, value: Option<u64>) -> String {
    match value {
        None => "none".to_owned(),
        Some(value) if figure.is_time() => format!("{:.1} s", seconds(value)),
        Some(value) if figure == Figure::Calls => value.to_string(),
        Some(value) => {
            let thousandths = value * 1000 / Millionths::ONE.0;
            format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
        }
    }
}
