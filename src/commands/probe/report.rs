//! What a probe prints: for people, as JSON, and as JUnit.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::diagnosis::Language;
use crate::json;
use crate::probe::{Judged, Outcome, Side, Step, Symptom, Verdict, millis};
use crate::text::printable;
use crate::xml;

/// What there is to say of one connection.
#[derive(Debug)]
pub struct Report<'a> {
    pub of: &'a Judged,
    pub language: Language,
    /// A warning counts as a failure.
    pub strict: bool,
}

/// Words that are no symptom's.
struct Labels {
    cause: &'static str,
    check: &'static str,
    well: &'static str,
    failed: &'static str,
    warned: &'static str,
    warned_beside: &'static str,
    end_is_unknown: &'static str,
    left_out: &'static str,
}

fn labels(language: Language) -> &'static Labels {
    match language {
        Language::English => &Labels {
            cause: "Why",
            check: "Check",
            well: "Every step passed.",
            failed: "Failed at this step:",
            warned: "It works, with a warning at this step:",
            warned_beside: "A warning at this step:",
            end_is_unknown: "The recording does not say how the connection ended: a HAR has neither the close frame nor its code.",
            left_out: "Frames that the file leaves out, and that are not judged:",
        },
        Language::Chinese => &Labels {
            cause: "原因",
            check: "請檢查",
            well: "每個步驟都通過。",
            failed: "失敗步驟：",
            warned: "可以使用，但此步驟有警告：",
            warned_beside: "此步驟有警告：",
            end_is_unknown: "紀錄沒有說明連線如何結束：HAR 不含關閉訊框，也不含關閉碼。",
            left_out: "檔案略去、未經判斷的訊框數：",
        },
    }
}

impl Report<'_> {
    /// A line for each step, and a paragraph about what is wrong. `colours`: for a terminal.
    pub fn text(&self, colours: bool) -> String {
        let mut out = format!("{}\n", printable(&self.of.name));
        for (step, outcome) in self.of.outcomes.iter().filter(|(_, outcome)| outcome.from.is_some()) {
            self.line(&mut out, step, outcome, colours);
        }
        let labels = labels(self.language);
        let worst = self.of.outcomes.worst();
        let wrong: Vec<_> =
            self.of.outcomes.iter().filter(|(_, outcome)| outcome.symptom.is_some()).collect();
        out.push('\n');
        if wrong.is_empty() {
            out.push_str(labels.well);
            out.push('\n');
        }
        if self.of.end_is_unknown {
            out.push_str(labels.end_is_unknown);
            out.push('\n');
        }
        if self.of.is_recording && self.of.left_out > 0 {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{} {}", labels.left_out, self.of.left_out);
        }
        for (step, outcome) in wrong {
            let Some(symptom) = outcome.symptom else { continue };
            let Some(words) = symptom.words(self.language) else { continue };
            let said = match (outcome.verdict, worst) {
                (Verdict::Failed, _) => labels.failed,
                (_, Verdict::Failed) => labels.warned_beside,
                _ => labels.warned,
            };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{said} {} ({})\n  {}", step.name(), symptom.name(), words.symptom);
            let _ = writeln!(out, "  {}: {}\n  {}: {}", labels.cause, words.cause, labels.check, words.check);
        }
        out
    }

    /// The symptom that is told first: that of a failure, or else that of a warning.
    fn wrong(&self) -> Option<(Step, &Outcome)> {
        let warned = || self.of.outcomes.iter().find(|(_, outcome)| outcome.symptom.is_some());
        self.of.outcomes.failed().or_else(warned)
    }

    /// The time, the verdict, the first symptom with its step, and the target.
    pub fn line_of_all(&self) -> String {
        let wrong = self
            .wrong()
            .and_then(|(step, outcome)| Some(format!(" {} at {}", outcome.symptom?.name(), step.name())));
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).ok();
        let now = now.and_then(|now| now.format(&Rfc3339).ok()).unwrap_or_default();
        format!(
            "{now} {}{} {}",
            self.of.outcomes.worst().name(),
            wrong.unwrap_or_default(),
            printable(&self.of.name)
        )
    }

    fn line(&self, out: &mut String, step: Step, outcome: &Outcome, colours: bool) {
        let (mark, colour) = match outcome.verdict {
            Verdict::NotTaken => ("..", "2"),
            Verdict::Passed => ("ok", "32"),
            Verdict::Warned => ("!!", "33"),
            Verdict::Failed => ("NO", "31"),
        };
        let mark = if colours { format!("\u{1b}[{colour}m{mark}\u{1b}[0m") } else { mark.to_owned() };
        let took = outcome.took.map_or_else(String::new, |took| format!("{:.1} ms", millis(took)));
        let facts: Vec<_> =
            outcome.facts.iter().map(|(name, text)| format!("{name}: {}", printable(text))).collect();
        let line = format!("{mark} {:<12} {took:>11}  {}", step.name(), facts.join(", "));
        out.push_str(line.trim_end());
        out.push('\n');
    }

    /// An object with `url`, `verdict`, `symptom`, and `steps`, each with `step`, `verdict`, `ms`, `symptom`, `facts` and the words
    /// of the symptom.
    pub fn json(&self, out: &mut String) {
        json::object(out, |object| {
            object.string("url", &self.of.name);
            object.string("verdict", self.of.outcomes.worst().name());
            let first = self.wrong().and_then(|(_, outcome)| outcome.symptom);
            object.optional("symptom", first.map(Symptom::name));
            object.array("steps", self.of.outcomes.iter(), |out, (step, outcome)| {
                json::object(out, |object| {
                    object.string("step", step.name());
                    object.string("verdict", outcome.verdict.name());
                    if let Some(took) = outcome.took {
                        object.plain("ms", format_args!("{:.3}", millis(took)));
                    }
                    if let Some(symptom) = outcome.symptom {
                        object.string("symptom", symptom.name());
                        if let Some(words) = symptom.words(self.language) {
                            object.string("seen", words.symptom);
                            object.string("cause", words.cause);
                            object.string("check", words.check);
                        }
                    }
                    object.array("facts", &outcome.facts, |out, (name, text)| {
                        json::object(out, |object| object.string(name, text));
                    });
                });
            });
        });
    }

    /// A test suite with a case for each step.
    pub fn junit(&self, out: &mut String) {
        let of = xml::escape(&printable(&self.of.name));
        let cases: Vec<_> = self.of.outcomes.iter().collect();
        let is_failure = |verdict| verdict == Verdict::Failed || (self.strict && verdict == Verdict::Warned);
        let failures = cases.iter().filter(|(_, outcome)| is_failure(outcome.verdict)).count();
        let skipped = cases.iter().filter(|(_, outcome)| outcome.verdict == Verdict::NotTaken).count();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "  <testsuite name=\"{of}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">",
            cases.len()
        );
        for (step, outcome) in cases {
            let seconds = outcome.took.unwrap_or_default().as_secs_f64();
            let _ = write!(
                out,
                "    <testcase classname=\"probe\" name=\"{}\" time=\"{seconds:.3}\"",
                step.name()
            );
            let words = outcome.symptom.and_then(|symptom| symptom.words(self.language));
            match (outcome.verdict, words) {
                (Verdict::NotTaken, _) => out.push_str("><skipped/></testcase>\n"),
                (verdict, Some(words)) if is_failure(verdict) => {
                    let (symptom, check) = (xml::escape(words.symptom), xml::escape(words.check));
                    let _ = writeln!(out, "><failure message=\"{symptom}\">{check}</failure></testcase>");
                }
                _ => out.push_str("/>\n"),
            }
        }
        out.push_str("  </testsuite>\n");
    }
}

/// What `--save` writes: reports and their frames, without secrets. Each frame names its connection.
pub fn saved(reports: &[Report<'_>]) -> String {
    json::document(|object| {
        object.string("what", "callboard probe");
        object.string("version", env!("CARGO_PKG_VERSION"));
        object.array("reports", reports, |out, report| report.json(out));
        let more: usize = reports.iter().map(|report| report.of.left_out).sum();
        object.plain("framesDropped", more);
        let frames =
            reports.iter().flat_map(|report| report.of.frames.iter().map(|frame| (&report.of.name, frame)));
        object.array("frames", frames, |out, (of, frame)| {
            json::object(out, |object| {
                object.string("session", of);
                object.plain("ms", format_args!("{:.3}", millis(frame.at)));
                object.string("from", if frame.side == Side::Client { "client" } else { "server" });
                object.string("text", &frame.text);
            });
        });
    })
}
