//! The outcome of each step.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::step::Step;
use super::symptom::Symptom;
use crate::text;

/// How a step went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The step was not reached, or there was no need of it.
    #[default]
    NotTaken,
    Passed,
    /// The step works, and something about it will fail some day or for somebody.
    Warned,
    Failed,
}

impl Verdict {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotTaken => "not taken",
            Self::Passed => "passed",
            Self::Warned => "warning",
            Self::Failed => "failed",
        }
    }
}

/// Something that was seen at a step: a name in reports and a text.
pub type Fact = (&'static str, String);

/// The outcome of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub verdict: Verdict,
    /// The first thing that was wrong with it.
    pub symptom: Option<Symptom>,
    pub facts: Vec<Fact>,
    /// When it began, since the first step did.
    pub from: Option<Duration>,
    /// How long it took.
    pub took: Option<Duration>,
}

/// An answer that takes as long is worth a warning: a server that is well answers within milliseconds, on a slow line within tenths of
/// a second.
const SLOW: Duration = Duration::from_secs(1);

/// How many facts a step keeps: a server can make any number of them.
const FACTS_MAX: usize = 16;

/// How long the text of a fact is at most, in bytes.
const FACT_MAX: usize = 512;

/// The outcomes of all steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    steps: [Outcome; Step::ALL.len()],
}

impl Outcomes {
    /// The outcome of a step.
    pub fn of(&self, step: Step) -> &Outcome {
        &self.steps[step as usize]
    }

    /// All steps with their outcomes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Step, &Outcome)> {
        Step::ALL.into_iter().zip(&self.steps)
    }

    /// The first step that failed.
    pub fn failed(&self) -> Option<(Step, &Outcome)> {
        self.iter().find(|(_, outcome)| outcome.verdict == Verdict::Failed)
    }

    /// The worst of all steps.
    pub fn worst(&self) -> Verdict {
        self.steps.iter().map(|outcome| outcome.verdict).max().unwrap_or_default()
    }

    /// A step begins. A step that has begun goes on.
    pub fn begin(&mut self, step: Step, at: Duration) {
        self.get(step).from.get_or_insert(at);
    }

    /// A step is over, and nothing was wrong with it but, perhaps, the time that it took. What has been said against it stands.
    pub fn pass(&mut self, step: Step, at: Duration) {
        let from = self.of(step).from.unwrap_or(at);
        let is_slow = step != Step::Event && step != Step::Silence && at.saturating_sub(from) >= SLOW;
        if is_slow && self.of(step).took.is_none() {
            self.end(step, at, Verdict::Warned, Some(Symptom::Slow));
        } else {
            self.end(step, at, Verdict::Passed, None);
        }
    }

    /// A step is over or goes on, and something about it is wrong that does not stop a client.
    pub fn warn(&mut self, step: Step, at: Duration, symptom: Symptom) {
        self.end(step, at, Verdict::Warned, Some(symptom));
    }

    /// A step has failed.
    pub fn fail(&mut self, step: Step, at: Duration, symptom: Symptom) {
        self.end(step, at, Verdict::Failed, Some(symptom));
    }

    /// What is known by now tells more of a failure than what was known then.
    pub fn tell(&mut self, step: Step, from: Symptom, to: Symptom) {
        let outcome = self.get(step);
        if outcome.symptom == Some(from) {
            outcome.symptom = Some(to);
        }
    }

    /// A step is to be taken again, and what was seen of it does not count.
    pub fn forget(&mut self, step: Step) {
        *self.get(step) = Outcome::default();
    }

    /// Something that was seen at a step. The same name and text are kept once.
    pub fn fact(&mut self, step: Step, name: &'static str, text: impl Into<String>) {
        let mut text: String = text.into();
        let longest = text::start(&text, FACT_MAX).len();
        if longest < text.len() {
            text.truncate(longest);
            text.push('…');
        }
        let facts = &mut self.get(step).facts;
        if facts.len() < FACTS_MAX && !facts.iter().any(|fact| *fact == (name, text.as_str().into())) {
            facts.push((name, text));
        }
    }

    fn get(&mut self, step: Step) -> &mut Outcome {
        &mut self.steps[step as usize]
    }

    /// The worse verdict stands, and the symptom that came first with it.
    fn end(&mut self, step: Step, at: Duration, verdict: Verdict, symptom: Option<Symptom>) {
        let outcome = self.get(step);
        let from = *outcome.from.get_or_insert(at);
        outcome.took.get_or_insert(at.saturating_sub(from));
        if verdict > outcome.verdict {
            outcome.verdict = verdict;
            outcome.symptom = symptom;
        }
    }
}

/// A time as reports show it, in milliseconds.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// A number of seconds of a file; what is none is 0.
pub fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// A time as RFC 3339 writes it, since 1970; any other text is 1970.
pub fn rfc3339(text: &str) -> Duration {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok();
    let nanoseconds = time.and_then(|time| u64::try_from(time.unix_timestamp_nanos()).ok());
    nanoseconds.map_or(Duration::ZERO, Duration::from_nanos)
}
